import { closesAt, serviceAt } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { candidateTables, type Candidate } from '../reservations/tables-rules.ts'
import { isoAt, wallOf } from '../platform/time.ts'
import { wallClock } from './board-rules.ts'
import type { Suggestion } from './board-schema.ts'
import type { FloorClaim } from './floor-schema.ts'
import { holdsAt, tableNumbers } from './rules.ts'

/** Whom to seat and when, in milliseconds; `minutes` is the whole turn. */
export type SeatWish = { party_size: number; area: string | null; starts_at: number; minutes: number; but?: string }

/** A shorter stay than this is none. */
export const shortestStay = 10

type Option = Candidate & { until: number | null; minutes: number; gap: number; serves: number }

/**
 * R107. Tables and combinations for a party, best first: those free for its whole turn before others, one table before
 * several, fewest empty seats, fewest combinations broken, then the one whose free time it fills best. Of tables that
 * are free for less than the turn, the longest first.
 */
export function suggestTables(restaurant: Restaurant, claims: FloorClaim[], wish: SeatWish, now: number): Suggestion[] {
  const options = optionsFor(restaurant, claims, wish, now)
  const whole = options.filter((one) => one.minutes >= wish.minutes).toSorted(byFit)
  const short = options
    .filter((one) => one.minutes < wish.minutes)
    .toSorted((a, b) => b.minutes - a.minutes || byFit(a, b))
  const largest = whole.reduce<Option | undefined>(
    (best, one) => (one.seats > (best?.seats ?? 0) ? one : best),
    undefined,
  )
  return [...whole, ...short].map((one) => present(restaurant, one, wish, largest))
}

function byFit(a: Option, b: Option): number {
  return a.table_ids.length - b.table_ids.length || a.seats - b.seats || a.serves - b.serves || a.gap - b.gap
}

function optionsFor(restaurant: Restaurant, claims: FloorClaim[], wish: SeatWish, now: number): Option[] {
  const closes = closingFor(restaurant, wish.starts_at)
  if (closes === null) return []
  const others = claims.filter((claim) => claim.owner !== wish.but)
  return candidateTables(restaurant, { ...wish, table_id: null }).flatMap((candidate) => {
    const until = freeUntil(others, candidate.table_ids, wish.starts_at, now)
    if (until !== null && until <= wish.starts_at) return []
    const minutes = Math.min(wish.minutes, stayUntil(restaurant, wish.starts_at, until, closes))
    if (minutes < Math.min(shortestStay, wish.minutes)) return []
    const gap = until === null ? Infinity : until - wish.starts_at - minutes * 60_000
    const serves = restaurant.combinations.filter((one) => one.table_ids.some((id) => candidate.table_ids.includes(id)))
    return [{ ...candidate, until, minutes, gap, serves: serves.length }]
  })
}

function closingFor(restaurant: Restaurant, at: number): number | null {
  const wall = wallOf(at, restaurant.timezone)
  const service = serviceAt(restaurant, wall.date, wall.minute)
  return service ? closesAt(restaurant, service) : null
}

/** Until when all of these tables are free from then on: null for good, then itself where one is taken. */
export function freeUntil(claims: FloorClaim[], table_ids: string[], at: number, now: number): number | null {
  let until: number | null = null
  for (const claim of claims) {
    if (!table_ids.includes(claim.table_id) || claim.party?.status === 'completed') continue
    if (holdsAt(claim, at, Math.abs(at - now) < 60_000)) return at
    if (claim.starts_at > at && (until === null || claim.starts_at < until)) until = claim.starts_at
  }
  return until
}

/** How many minutes a party may stay, the time to lay the table again left over; never past closing. */
function stayUntil(restaurant: Restaurant, at: number, until: number | null, closes: number): number {
  const toClosing = Math.floor((closes - at) / 60_000)
  if (until === null) return toClosing
  return Math.min(toClosing, Math.floor((until - at) / 60_000) - restaurant.settings.buffer_minutes)
}

function present(restaurant: Restaurant, one: Option, wish: SeatWish, largest: Option | undefined): Suggestion {
  const { timezone } = restaurant
  const tables = tableNumbers(restaurant, one.table_ids)
  const empty_seats = one.seats - wish.party_size
  const reasons: Suggestion['reasons'] = []
  const say = (code: string, text: string): number => reasons.push({ code, text })
  if (one.minutes < wish.minutes) say('short_stay', `Free for ${one.minutes} of ${wish.minutes} minutes.`)
  if (empty_seats === 0) say('fits_exactly', 'Seats the party exactly.')
  else say('spare_seats', `Leaves ${empty_seats} ${empty_seats === 1 ? 'seat' : 'seats'} empty.`)
  if (tables.length > 1) say('joins_tables', `Joins tables ${tables.join(' and ')}.`)
  if (one.until === null) say('free_to_closing', 'Nobody comes after.')
  else say('free_until', `Free until ${wallClock(one.until, timezone)}.`)
  if (largest && largest.seats > one.seats && !largest.table_ids.some((id) => one.table_ids.includes(id))) {
    const kept = tableNumbers(restaurant, largest.table_ids)
    say(
      'keeps_large_free',
      `Keeps ${kept.length > 1 ? 'tables' : 'table'} ${kept.join(' and ')} free for ${largest.seats}.`,
    )
  }
  return {
    table_ids: one.table_ids,
    tables,
    seats: one.seats,
    empty_seats,
    minutes: one.minutes,
    reasons,
    free_until: one.until === null ? null : isoAt(one.until, timezone),
    whole_turn: one.minutes >= wish.minutes,
  }
}
