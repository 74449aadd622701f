import * as z from 'zod'
import { Problem } from './problem.ts'
import { Instant } from './text.ts'

/** How a list is asked for by pages. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
})
export type PageQuery = z.output<typeof PageQuery>

/** One more row was asked for than the page holds: it is there where there is a next page. */
export function pageOf<T extends { id: string }>(
  rows: T[],
  limit: number,
  sortValue: (row: T) => string,
): { data: T[]; meta: { next_cursor: string | null } } {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return { data, meta: { next_cursor: rows.length > limit && last ? writeCursor([sortValue(last), last.id]) : null } }
}

const Keyset = z.tuple([z.string().max(120), z.uuid()])

/** Where a page ended: the last row's sort value and id, opaque to clients. */
export function writeCursor(keyset: [string, string]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(keyset))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** Null where there is none; a cursor that is none of ours is refused. */
export function readCursor(cursor: string | undefined): [string, string] | null {
  if (cursor === undefined) return null
  try {
    const bytes = Uint8Array.from(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
    return Keyset.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)))
  } catch {
    const message = 'is no cursor of this list'
    throw new Problem('validation_failed', {
      detail: `cursor: ${message}`,
      errors: [{ path: 'query.cursor', message }],
    })
  }
}

/** As `readCursor`, for a list sorted by time. */
export function readTimeCursor(cursor: string | undefined): [string, string] | null {
  const keyset = readCursor(cursor)
  // Postgres takes less for a time than Date.parse does.
  if (keyset && !Instant.safeParse(keyset[0]).success) readCursor('-')
  return keyset
}
