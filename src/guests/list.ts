import { readCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { searchable } from '../platform/text.ts'
import { presentGuest } from './present.ts'
import { selectGuest, selectGuests, type GuestFacets } from './queries.ts'
import { phoneSearch, readSearch } from './rules.ts'
import type { Guest, GuestFilter } from './schema.ts'

export async function getGuest(ctx: TenantCtx, id: string): Promise<Result<Guest>> {
  const row = await withRetry(() => selectGuest(ctx.db, ctx.restaurant.id, id), ctx.request_id)
  if (!row) throw new Problem('not_found', { detail: 'There is no such guest.' })
  return { data: presentGuest(row, ctx.restaurant.timezone) }
}

/** Best match first where a name is searched for, else by name; whoever has no name comes last. */
export async function listGuests(ctx: TenantCtx, filter: GuestFilter): Promise<Result<Guest[]>> {
  const { restaurant } = ctx
  const facets = facetsOf(filter, restaurant.country)
  const rows = await withRetry(() => selectGuests(ctx.db, restaurant.id, facets), ctx.request_id)
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  const more = rows.length > filter.limit && last
  return {
    data: page.map((row) => presentGuest(row.guest, restaurant.timezone)),
    meta: { next_cursor: more ? writeCursor([last.sort_key, last.guest.id]) : null },
  }
}

function facetsOf(filter: GuestFilter, country: string): GuestFacets {
  const { q, phone, email, language, tag, vip, min_visits, limit } = filter
  const search = q === undefined ? null : readSearch(q, country)
  const asked = phone === undefined ? null : phoneSearch(phone, country)
  if (phone !== undefined && !asked) {
    const errors = [{ path: 'query.phone', message: 'is neither a phone number nor three digits of one' }]
    throw new Problem('invalid_phone', { errors })
  }
  const name = search?.name ? searchable(search.name) : null
  return {
    name,
    phones: [asked, search?.phone].filter(isSome),
    emails: [email, search?.email].filter(isSome),
    language: language ?? null,
    tag: tag ?? null,
    vip: vip ?? null,
    min_visits: min_visits ?? null,
    after: readListCursor(filter.cursor, name === null ? isName : isLikeness),
    limit: limit + 1,
  }
}

const isSome = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined

// Postgres has no NUL in a text.
const isName = (key: string): boolean => !key.includes('\0') && key.isWellFormed()
const isLikeness = (key: string): boolean => /^[01](\.\d{1,4})?$/.test(key)

function readListCursor(cursor: string | undefined, isKey: (key: string) => boolean): [string, string] | null {
  const keyset = readCursor(cursor)
  return keyset && !isKey(keyset[0]) ? readCursor('-') : keyset
}
