import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { isoAt } from '../platform/time.ts'
import { loadAgain } from '../restaurants/load.ts'
import { serviceAt } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { refuseUnknownArea } from './asked-area.ts'
import { selectClaims } from './queries.ts'
import { arrivalOf, askOf, availabilityAt, serviceDaysToRead, slotsOn, type SlotAvailability } from './rules.ts'
import type { Claim, DayAvailability } from './schema.ts'

/**
 * What a decision about these dates needs: the restaurant as it is now and the claims of its days, in one round trip
 * while this isolate remembers the restaurant as it is.
 */
export async function readDays(ctx: TenantCtx, dates: string[]): Promise<{ restaurant: Restaurant; claims: Claim[] }> {
  let { restaurant } = ctx
  for (let attempt = 1; ; attempt++) {
    const days = serviceDaysToRead(restaurant, dates)
    const read = await withRetry(() => selectClaims(ctx.db, restaurant.id, days, ctx.now), ctx.request_id)
    if (!read || read.version === restaurant.version || attempt === 3) return { restaurant, claims: read?.claims ?? [] }
    restaurant = await loadAgain(ctx, restaurant.id)
  }
}

/** The slots of a local date for a party: never yes by default, always with the first rule that says no. */
export async function dayAvailability(
  ctx: TenantCtx,
  asked: { date: string; guests: number; time?: string | undefined; area?: string | undefined },
): Promise<Result<DayAvailability>> {
  const { restaurant, claims } = await readDays(ctx, [asked.date])
  refuseUnknownArea(restaurant, asked.area)
  return { data: availabilityOn(restaurant, claims, asked, ctx.now) }
}

export function availabilityOn(
  restaurant: Restaurant,
  claims: Claim[],
  asked: { date: string; guests: number; time?: string | undefined; area?: string | undefined },
  now: number,
): DayAvailability {
  const ask = askOf(restaurant, { party_size: asked.guests, area: asked.area ?? null })
  const slots = slotsOn(restaurant, asked.date).map((slot) => availabilityAt(restaurant, claims, slot, ask, now))
  const at = asked.time === undefined ? null : slotAt(restaurant, claims, asked.date, asked.time, ask, now)
  return {
    date: asked.date,
    guests: asked.guests,
    availableSlots: slots.filter((slot) => slot.parties > 0).map((slot) => slot.time),
    tablesAvailable: at ? at.parties : Math.max(0, ...slots.map((slot) => slot.parties)),
    totalTables: restaurant.tables.filter((table) => table.enabled).length,
    ...(at?.reason ? { reason: at.reason } : {}),
    slots: slots.map((slot) => ({
      time: slot.time,
      starts_at: isoAt(slot.at, restaurant.timezone),
      tablesAvailable: slot.parties,
      ...(slot.reason ? { reason: slot.reason } : {}),
    })),
  }
}

/** A time that was asked for, on the grid of slots or not. */
function slotAt(
  restaurant: Restaurant,
  claims: Claim[],
  date: string,
  time: string,
  ask: ReturnType<typeof askOf>,
  now: number,
): Pick<SlotAvailability, 'parties' | 'reason'> {
  const arrival = arrivalOf({ date, time }, restaurant.timezone)
  if (!arrival) return { parties: 0, reason: 'nonexistent_time' }
  const service = serviceAt(restaurant, arrival.date, arrival.minute)
  return availabilityAt(restaurant, claims, { arrival, service }, ask, now)
}
