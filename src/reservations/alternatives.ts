import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { problems } from '../platform/problem.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { refuseUnusable } from './asked-tables.ts'
import {
  type Alternative,
  datesAround,
  datesNear,
  nearestOpen,
  nearestTimes,
  offered,
  wantedOf,
} from './nearest-rules.ts'
import { selectClaims } from './queries.ts'
import { askOf, longestLook, serviceDaysToRead, slotsOn } from './rules.ts'
import type { BookingRequest, Claim, RefusalCode } from './schema.ts'

/** Refusals that another time could answer. */
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
 * R302. The nearest times that are open, nearest first, and a sentence that offers them. `known` are the claims of
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
  const wanted = wantedOf(restaurant, request.moment)
  const ask = askOf(restaurant, request)
  if (ask.refusal) return { alternatives: [], sentence: null }
  const openOn = async (dates: string[], claims?: Claim[]): Promise<Alternative[]> => {
    if (dates.every((date) => slotsOn(restaurant, date).length === 0)) return []
    const read = claims ?? (await claimsOf(ctx, serviceDaysToRead(restaurant, dates)))
    return nearestOpen(restaurant, read, ask, dates, wanted.at, ctx.now)
  }
  const near = await openOn(datesNear(restaurant, wanted), known)
  // Read only where that evening has nothing: a refusal of the evening that everybody wants stays one round trip.
  const alternatives = near.length > 0 ? near : await openOn(datesAround(wanted.date))
  const offer = offered(alternatives, wanted.date)
  return { alternatives, sentence: offer ? `${problems[refusal][2]} I could offer ${offer}.` : null }
}

async function claimsOf(ctx: TenantCtx, days: string[]): Promise<Claim[]> {
  const read = await withRetry(() => selectClaims(ctx.db, ctx.restaurant.id, days, ctx.now), ctx.request_id)
  return read?.claims ?? []
}

/** The service days whose claims the times near the asked one could touch, and the stretch of time that these lie in. */
export function dayAround(restaurant: Restaurant, request: BookingRequest): { days: string[]; day_during: string } {
  const dates = datesNear(restaurant, wantedOf(restaurant, request.moment))
  const slots = dates.flatMap((date) => slotsOn(restaurant, date))
  const from = slots[0]?.arrival.at
  const last = slots.at(-1)?.arrival.at
  if (from === undefined || last === undefined) return { days: [], day_during: 'empty' }
  const until = last + longestLook(restaurant.settings) * 60_000
  return {
    days: serviceDaysToRead(restaurant, dates),
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
  const { date, at } = wantedOf(restaurant, request.moment)
  return nearestTimes(restaurant, claims, askOf(restaurant, request), date, at, now)
}
