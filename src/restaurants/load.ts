import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { Problem } from '../platform/problem.ts'
import { selectRestaurant } from './queries.ts'
import type { Restaurant } from './schema.ts'

const keptForMs = 5_000
const kept = new Map<string, { restaurant: Restaurant; until: number }>()

/**
 * The restaurant as one value, from this isolate's memory for some seconds. What is decided with it carries its
 * version, and the database refuses an old one, so an answer is never wrong for it: see `loadAgain`.
 */
export async function loadRestaurant(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>, id: string): Promise<Restaurant> {
  const known = kept.get(id)
  if (known && known.until > Date.now()) return known.restaurant
  return loadAgain(ctx, id)
}

/** Past the memory: after `stale_restaurant`, or when a read says that its version has moved on. */
export async function loadAgain(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>, id: string): Promise<Restaurant> {
  const restaurant = await withRetry(() => selectRestaurant(ctx.db, id, specialDaysFrom(ctx.now)), ctx.request_id)
  if (!restaurant) throw new Problem('not_found')
  rememberRestaurant(restaurant)
  return restaurant
}

/** The first date whose special day is part of the value: an evening that began then may still go on somewhere. */
export function specialDaysFrom(now: number): string {
  return new Date(now - 3 * 86_400_000).toISOString().slice(0, 10)
}

export function rememberRestaurant(restaurant: Restaurant): void {
  if (kept.size > 2_000) kept.clear()
  kept.set(restaurant.id, { restaurant, until: Date.now() + keptForMs })
}

export function forgetRestaurant(id: string): void {
  kept.delete(id)
}
