import * as z from 'zod'
import { Problem } from './problem.ts'

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
  if (keyset && Number.isNaN(Date.parse(keyset[0]))) readCursor('-')
  return keyset
}
