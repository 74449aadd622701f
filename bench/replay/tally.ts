import type { Fault } from './oracle.ts'

export type Finding = Omit<Fault, 'kind'> & { kind: Fault['kind'] | 'server_error' | 'lost'; restaurant: string }

/** What one restaurant's requests came to. */
export type Tally = {
  restaurant: string
  tables: number
  combinations: number
  seats: number
  /** Seats times the minutes open on the working days on which somebody wanted to come. */
  seat_minutes_open: number
  requests: number
  booked: number
  covers_booked: number
  covers_asked: number
  /** Seats of the tables that were given. */
  seats_given: number
  seat_minutes: number
  /** Answers 5xx, and requests without one. */
  server_errors: number
  refused: Map<string, number>
  offers: number
  overlaps_in_sql: number
  findings: Finding[]
}

export function emptyTally(
  house: Pick<Tally, 'restaurant' | 'tables' | 'combinations' | 'seats' | 'seat_minutes_open'>,
): Tally {
  return {
    ...house,
    requests: 0,
    booked: 0,
    covers_booked: 0,
    covers_asked: 0,
    seats_given: 0,
    seat_minutes: 0,
    server_errors: 0,
    refused: new Map(),
    offers: 0,
    overlaps_in_sql: 0,
    findings: [],
  }
}

export function sumOf(tallies: Tally[]): Tally {
  const sum = emptyTally({ restaurant: 'all', tables: 0, combinations: 0, seats: 0, seat_minutes_open: 0 })
  for (const one of tallies) {
    sum.tables += one.tables
    sum.combinations += one.combinations
    sum.seats += one.seats
    sum.seat_minutes_open += one.seat_minutes_open
    sum.requests += one.requests
    sum.booked += one.booked
    sum.covers_booked += one.covers_booked
    sum.covers_asked += one.covers_asked
    sum.seats_given += one.seats_given
    sum.seat_minutes += one.seat_minutes
    sum.server_errors += one.server_errors
    for (const [code, count] of one.refused) sum.refused.set(code, (sum.refused.get(code) ?? 0) + count)
    sum.offers += one.offers
    sum.overlaps_in_sql += one.overlaps_in_sql
    sum.findings.push(...one.findings)
  }
  return sum
}

export function countOf(tally: Tally, kind: Finding['kind']): number {
  return tally.findings.filter((one) => one.kind === kind).length
}
