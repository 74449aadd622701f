import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { wallOf } from '../platform/time.ts'
import { serviceDaysToRead } from '../reservations/rules.ts'
import { loadAgain } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import type { Floor } from './floor-schema.ts'
import { selectFloor } from './queries.ts'

/**
 * The floor between two instants in milliseconds, and the restaurant as it is now: one round trip while this isolate
 * remembers the restaurant as it is. `past` adds the parties that have left again.
 */
export async function readFloor(
  ctx: TenantCtx,
  spanOf: (restaurant: Restaurant) => { from: number; to: number; past: boolean },
): Promise<{ restaurant: Restaurant; floor: Floor }> {
  let { restaurant } = ctx
  for (let attempt = 1; ; attempt++) {
    const { from, to, past } = spanOf(restaurant)
    const dates = [from, to].map((at) => wallOf(at, restaurant.timezone).date)
    const days = serviceDaysToRead(restaurant, dates)
    const wish = { days, from, to, now: ctx.now, past }
    const { id } = restaurant
    const read = await withRetry(() => selectFloor(ctx.db, id, wish), ctx.request_id)
    if (!read || read.version === restaurant.version || attempt === 3)
      return { restaurant, floor: read ?? { claims: [], sessions: [], escalations: [] } }
    restaurant = await loadAgain(ctx, id)
  }
}
