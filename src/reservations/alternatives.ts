import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { isoAt } from '../platform/time.ts'
import { problems } from '../platform/problem.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { refuseUnusable } from './asked-tables.ts'
import { selectClaims } from './queries.ts'
import { arrivalOf, type Ask, askOf, availabilityAt, longestStay, serviceDaysToRead, slotsOn } from './rules.ts'
import type { BookingRequest, Claim, RefusalCode } from './schema.ts'

export type Alternative = { date: string; time: string; starts_at: string; tablesAvailable: number }

/** Refusals that another time of the same day could answer. */
const timely = new Set<RefusalCode>([
  'nonexistent_time',
  'in_past',
  'too_soon',
  'closed',
  'past_closing',
  'after_last_seating',
  'sold_out',
  'pacing_covers',
  'pacing_parties',
])

/**
 * The nearest times of that day that are open, nearest first, and a sentence that offers them. `known` are the claims of
 * dayAround, where the refusal came with them; without, they are read. 422 where the table asked for could be had at none.
 */
export async function alternativesTo(
  ctx: TenantCtx,
  refusal: RefusalCode,
  request: BookingRequest,
  known?: Claim[],
): Promise<{ alternatives: Alternative[]; sentence: string | null }> {
  const { restaurant } = ctx
  refuseUnusable(restaurant, 'table_id', request.table_id ? [request.table_id] : [])
  if (!timely.has(refusal)) return { alternatives: [], sentence: null }
  const { date } = wantedOf(restaurant, request)
  if (slotsOn(restaurant, date).length === 0) return { alternatives: [], sentence: null }
  const claims = known ?? (await claimsOf(ctx, serviceDaysToRead(restaurant, [date])))
  const alternatives = alternativesOn(restaurant, claims, refusal, request, ctx.now)
  const times = alternatives.slice(0, 2).map((one) => one.time)
  const offer = times.length > 0 ? `${problems[refusal][2]} I could offer ${times.join(' or ')}.` : null
  return { alternatives, sentence: offer }
}

async function claimsOf(ctx: TenantCtx, days: string[]): Promise<Claim[]> {
  const read = await withRetry(() => selectClaims(ctx.db, ctx.restaurant.id, days, ctx.now), ctx.request_id)
  return read?.claims ?? []
}

/** The service days whose claims the times of the asked day could touch, and the stretch of time that these lie in. */
export function dayAround(restaurant: Restaurant, request: BookingRequest): { days: string[]; day_during: string } {
  const { date } = wantedOf(restaurant, request)
  const slots = slotsOn(restaurant, date)
  const from = slots[0]?.arrival.at
  const last = slots.at(-1)?.arrival.at
  if (from === undefined || last === undefined) return { days: [], day_during: 'empty' }
  const until = last + longestStay(restaurant.settings) * 60_000
  return {
    days: serviceDaysToRead(restaurant, [date]),
    day_during: `[${new Date(from).toISOString()},${new Date(until).toISOString()})`,
  }
}

/** The nearest times of the asked day that are open by these claims; none where no other time could answer the refusal. */
export function alternativesOn(
  restaurant: Restaurant,
  claims: Claim[],
  refusal: RefusalCode,
  request: BookingRequest,
  now: number,
): Alternative[] {
  if (!timely.has(refusal)) return []
  const { date, at } = wantedOf(restaurant, request)
  return nearestTimes(restaurant, claims, askOf(restaurant, request), date, at, now)
}

/** The day that was asked for, and the instant; noon, where the clocks skip the time. */
function wantedOf(restaurant: Restaurant, request: BookingRequest): { date: string; at: number } {
  const arrival = arrivalOf(request.moment, restaurant.timezone)
  const date = arrival?.date ?? ('date' in request.moment ? request.moment.date : '')
  return { date, at: arrival?.at ?? Date.parse(`${date}T12:00:00Z`) }
}

/** Open slots of that date, nearest first, four at the most. */
export function nearestTimes(
  restaurant: Restaurant,
  claims: Claim[],
  ask: Ask,
  date: string,
  wanted: number,
  now: number,
): Alternative[] {
  const near = slotsOn(restaurant, date).toSorted(
    (a, b) => Math.abs(a.arrival.at - wanted) - Math.abs(b.arrival.at - wanted) || a.arrival.at - b.arrival.at,
  )
  const found: Alternative[] = []
  // From the nearest on: most slots of a day are never looked at.
  for (const slot of near) {
    if (found.length === 4) break
    const { time, at, parties } = availabilityAt(restaurant, claims, slot, ask, now)
    if (parties > 0) found.push({ date, time, starts_at: isoAt(at, restaurant.timezone), tablesAvailable: parties })
  }
  return found
}
