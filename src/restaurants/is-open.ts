import * as z from 'zod'
import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { PublicCtx, Result } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import { doorsAt } from './context-rules.ts'
import { nowSentence } from './context-sentence-rules.ts'
import { rememberRestaurant, specialDaysFrom } from './load.ts'
import { type DoorRow, selectRestaurantNamed } from './queries.ts'
import type { Restaurant } from './schema.ts'

export const IsOpen = z
  .object({
    open: z.literal(true),
    closes_at: z.string().nullable().meta({ description: 'null: it does not close' }),
  })
  .meta({ id: 'IsOpen' })
export type IsOpen = z.infer<typeof IsOpen>

/** By slug or by name, as it is at this moment; 404 where there is none, or more than one of that name. */
export async function findByName(ctx: Ctx, name: string): Promise<DoorRow> {
  const row = await withRetry(() => selectRestaurantNamed(ctx.db, name, specialDaysFrom(ctx.now)), ctx.request_id)
  if (!row) throw new Problem('not_found', { detail: 'There is no one restaurant of that name.' })
  rememberRestaurant(row.restaurant)
  return row
}

/**
 * R47. Whether something can be ordered at a table now. 404 for no such table; 403 `restaurant_closed` with when it
 * opens; 423 `table_disabled` while the table, or ordering in the whole house, is switched off.
 */
export async function isOpen(ctx: PublicCtx, restaurant_name: string, table_number: string): Promise<Result<IsOpen>> {
  await ctx.limit(`is_open:${ctx.address}`, 60)
  const { restaurant, ordering_enabled } = await findByName(ctx, restaurant_name)
  const wanted = table_number.toLowerCase()
  const table = restaurant.tables.find((one) => one.number.toLowerCase() === wanted)
  if (!table) throw new Problem('not_found', { detail: `There is no table ${table_number}.` })
  const doors = doorsAt(restaurant, ctx.now)
  if (!doors.open) throw closedNow(restaurant, ctx.now)
  if (!table.enabled || !ordering_enabled) throw new Problem('table_disabled')
  return { data: { open: true, closes_at: isoOrNull(doors.closes_at, restaurant.timezone) } }
}

/** R47. `restaurant_closed`, with when the house opens next and a sentence that says so. `now` in milliseconds. */
export function closedNow(restaurant: Restaurant, now: number): Problem {
  const doors = doorsAt(restaurant, now)
  const { timezone } = restaurant
  const sentence = nowSentence(doors, now, timezone)
  return new Problem('restaurant_closed', {
    detail: sentence,
    hint: sentence,
    more: {
      next_opens_at: isoOrNull(doors.next_opens_at, timezone),
      next_closes_at: isoOrNull(doors.next_closes_at, timezone),
    },
  })
}

function isoOrNull(at: number | null, timezone: string): string | null {
  return at === null ? null : isoAt(at, timezone)
}
