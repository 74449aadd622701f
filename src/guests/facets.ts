import { readCursor } from '../platform/cursor.ts'
import { Problem } from '../platform/problem.ts'
import { searchable } from '../platform/text.ts'
import type { GuestFacets } from './queries.ts'
import { phoneSearch, readSearch } from './rules.ts'
import type { GuestFilter } from './schema.ts'

/** What is asked for, as the query takes it; one row more than the page holds. Throws for what is no phone or cursor. */
export function facetsOf(filter: GuestFilter, country: string, now: number): GuestFacets {
  const { q, phone, email, language, tag, vip, min_visits, segment, limit } = filter
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
    segment: segment ?? null,
    now,
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
