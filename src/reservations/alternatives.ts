import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { isoAt } from '../platform/time.ts'
import { problems } from '../platform/problem.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { selectClaims } from './queries.ts'
import { arrivalOf, type Ask, askOf, availabilityAt, serviceDaysToRead, slotsOn } from './rules.ts'
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
 * daysAround, where the refusal came with them; without, they are read.
 */
export async function alternativesTo(
  ctx: TenantCtx,
  refusal: RefusalCode,
  request: BookingRequest,
  known?: Claim[],
): Promise<{ alternatives: Alternative[]; sentence: string | null }> {
  if (!timely.has(refusal)) return { alternatives: [], sentence: null }
  const { restaurant } = ctx
  const { date } = wantedOf(restaurant, request)
  if (slotsOn(restaurant, date).length === 0) return { alternatives: [], sentence: null }
  const claims = known ?? (await claimsOf(ctx, daysAround(restaurant, request)))
  const alternatives = alternativesOn(restaurant, claims, refusal, request, ctx.now)
  const times = alternatives.slice(0, 2).map((one) => one.time)
  const offer = times.length > 0 ? `${problems[refusal][2]} I could offer ${times.join(' or ')}.` : null
  return { alternatives, sentence: offer }
}

async function claimsOf(ctx: TenantCtx, days: string[]): Promise<Claim[]> {
  const read = await withRetry(() => selectClaims(ctx.db, ctx.restaurant.id, days, ctx.now), ctx.request_id)
  return read?.claims ?? []
}

/** The service days whose claims the times of the asked day could touch. */
export function daysAround(restaurant: Restaurant, request: BookingRequest): string[] {
  return serviceDaysToRead(restaurant, [wantedOf(restaurant, request).date])
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
  return slotsOn(restaurant, date)
    .map((slot) => availabilityAt(restaurant, claims, slot, ask, now))
    .filter((slot) => slot.parties > 0)
    .toSorted((a, b) => Math.abs(a.at - wanted) - Math.abs(b.at - wanted) || a.at - b.at)
    .slice(0, 4)
    .map((slot) => ({
      date,
      time: slot.time,
      starts_at: isoAt(slot.at, restaurant.timezone),
      tablesAvailable: slot.parties,
    }))
}
