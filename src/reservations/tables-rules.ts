import { tablesOf } from '../restaurants/rules.ts'
import type { Restaurant, Table } from '../restaurants/schema.ts'
import type { BookingRequest, Claim, RefusalCode } from './schema.ts'

/** Tables that together seat a party; more than one is a combination. */
export type Candidate = { table_ids: string[]; seats: number }

// Made once: comparing by locale from scratch costs more than all the rest of a request.
const byNumber = new Intl.Collator('en', { numeric: true })

type Wish = Pick<BookingRequest, 'party_size' | 'area' | 'table_id'>

/**
 * R16. The tables that seat this party, in order of fit: single tables before combinations, the fewest empty seats
 * first, and among equals the one that serves the fewest combinations, so that large parties keep their tables.
 */
export function candidateTables(restaurant: Restaurant, wish: Wish): Candidate[] {
  if (wish.table_id) {
    const asked = tableNamed(restaurant, wish.table_id)
    return asked?.enabled && asked.seats >= wish.party_size ? [{ table_ids: [asked.id], seats: asked.seats }] : []
  }
  const inArea = (area: string | null): boolean => !wish.area || area?.toLowerCase() === wish.area.toLowerCase()
  const usable = restaurant.tables.filter((table) => table.enabled && inArea(table.area))
  const combined = new Map<string, number>()
  for (const id of restaurant.combinations.flatMap((one) => one.table_ids))
    combined.set(id, (combined.get(id) ?? 0) + 1)

  const singles = usable
    .filter((table) => table.seats >= wish.party_size && table.min_party <= wish.party_size)
    .toSorted(
      (a, b) =>
        a.seats - b.seats ||
        (combined.get(a.id) ?? 0) - (combined.get(b.id) ?? 0) ||
        byNumber.compare(a.number, b.number),
    )
    .map((table) => ({ table_ids: [table.id], seats: table.seats }))
  const joined = restaurant.combinations
    .filter((one) => one.min_party <= wish.party_size && wish.party_size <= one.max_party)
    .flatMap((one) => {
      const tables = tablesOf(one, usable)
      return tables ? [{ table_ids: one.table_ids, seats: tables.reduce((sum, table) => sum + table.seats, 0) }] : []
    })
    .toSorted((a, b) => a.seats - b.seats || a.table_ids.length - b.table_ids.length)
  return [...singles, ...joined]
}

/** R276. Why tables that are named cannot be had at any time; null where each is the house's own and in use. */
export function unusableTables(restaurant: Pick<Restaurant, 'tables'>, ids: readonly string[]): string | null {
  const named = ids.map((id) => tableNamed(restaurant, id))
  if (named.includes(undefined)) return 'names a table that is not there'
  return named.every((table) => table?.enabled) ? null : 'names a table that is out of use'
}

/** The areas that tables of the house stand in, each as it was written first. */
export function areasOf({ tables }: Pick<Restaurant, 'tables'>): string[] {
  const areas = new Map<string, string>()
  for (const { area } of tables) if (area && !areas.has(area.toLowerCase())) areas.set(area.toLowerCase(), area)
  return [...areas.values()]
}

/** R303. Whether an area is named in which the house has no table at all. */
export function isUnknownArea(restaurant: Pick<Restaurant, 'tables'>, area: string | null | undefined): boolean {
  return Boolean(area) && !restaurant.tables.some((table) => table.area?.toLowerCase() === area?.toLowerCase())
}

/** A UUID is the same in any case. */
function tableNamed({ tables }: Pick<Restaurant, 'tables'>, id: string): Table | undefined {
  return tables.find((table) => table.id === id.toLowerCase())
}

/** The tables that somebody has for any of that time. */
export function busyTables(
  claims: Claim[],
  seating: { starts_at: number; ends_at: number; buffer_minutes: number },
): Set<string> {
  const until = seating.ends_at + seating.buffer_minutes * 60_000
  const busy = new Set<string>()
  for (const claim of claims) {
    if (claim.starts_at < until && claim.ends_at > seating.starts_at) busy.add(claim.table_id)
  }
  return busy
}

/** How many such parties could be seated one after another, as the book would seat them. */
export function partiesThatFit(candidates: Candidate[], busy: ReadonlySet<string>): number {
  // A table is there once alone, and again only in combinations.
  const joined = candidates.some((candidate) => candidate.table_ids.length > 1)
  const taken = new Set<string>()
  let parties = 0
  for (const { table_ids } of candidates) {
    if (table_ids.some((id) => busy.has(id) || taken.has(id))) continue
    if (joined) for (const id of table_ids) taken.add(id)
    parties += 1
  }
  return parties
}

/** What no hour of the day could change: the party, the table asked for, the room; `candidates` are its candidateTables. */
export function roomRefusal(restaurant: Restaurant, wish: Wish, candidates: Candidate[]): RefusalCode | null {
  const { max_party } = restaurant.settings
  if (max_party !== null && wish.party_size > max_party) return 'party_too_large'
  if (candidates.length > 0) return null
  return wish.table_id ? 'table_too_small' : 'no_table_fits'
}
