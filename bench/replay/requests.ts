import { modulo } from './wall.ts'

/** A line of the file; times in wall minutes. */
export type Row = { line: number; restaurant: string; visit: number; reserved: number; party_size: number }

/** A request as it is made: `now` is when. */
export type Ask = { line: number; visit: number; now: number; party_size: number }

export type Tenant = { name: string; asks: Ask[]; nudged: number }

/**
 * The restaurants with the most reservations, each with its requests in the order they were made. What was written
 * down after the guests came is asked for at the very moment they come, the last at which it can be; that is `nudged`.
 * The data knows the hour only: within it the order is the file's, or with a seed one drawn at random.
 */
export function busiestTenants(rows: Row[], most: number, seed: number | null): Tenant[] {
  const byName = Map.groupBy(rows, (row) => row.restaurant)
  return [...byName]
    .toSorted(([a, some], [b, others]) => others.length - some.length || a.localeCompare(b, 'en', { numeric: true }))
    .slice(0, most)
    .map(([name, own], i) => {
      const random = randomOf((seed ?? 0) + i)
      const asks = own
        .map((row) => ({
          ask: {
            line: row.line,
            visit: row.visit,
            now: Math.min(row.reserved, row.visit),
            party_size: row.party_size,
          },
          tie: seed === null ? row.line : random(),
        }))
        .toSorted((a, b) => a.ask.now - b.ask.now || a.tie - b.tie)
        .map(({ ask }) => ask)
      return { name, asks, nudged: own.filter((row) => row.reserved > row.visit).length }
    })
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = modulo(seed, 2 ** 32)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
