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

/** The nearest times of that day that are open, nearest first, and a sentence that offers them. */
export async function alternativesTo(
  ctx: TenantCtx,
  refusal: RefusalCode,
  request: BookingRequest,
): Promise<{ alternatives: Alternative[]; sentence: string | null }> {
  if (!timely.has(refusal)) return { alternatives: [], sentence: null }
  const { restaurant } = ctx
  const arrival = arrivalOf(request.moment, restaurant.timezone)
  const date = arrival?.date ?? ('date' in request.moment ? request.moment.date : '')
  const wanted = arrival?.at ?? Date.parse(`${date}T12:00:00Z`)
  if (slotsOn(restaurant, date).length === 0) return { alternatives: [], sentence: null }
  const read = await withRetry(
    () => selectClaims(ctx.db, restaurant.id, serviceDaysToRead(restaurant, [date]), ctx.now),
    ctx.request_id,
  )
  const ask = askOf(restaurant, request)
  const alternatives = nearestTimes(restaurant, read?.claims ?? [], ask, date, wanted, ctx.now)
  const times = alternatives.slice(0, 2).map((one) => one.time)
  const offer = times.length > 0 ? `${problems[refusal][2]} I could offer ${times.join(' or ')}.` : null
  return { alternatives, sentence: offer }
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
