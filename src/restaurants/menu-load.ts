import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { Problem } from '../platform/problem.ts'
import { withStock } from './menu-rules.ts'
import type { Menu } from './menu-schema.ts'
import { selectMenu } from './queries.ts'

const keptForMs = 5_000
const kept = new Map<string, { menu: Menu; until: number }>()
type Reader = Pick<Ctx, 'db' | 'request_id'>

/**
 * The menu as one value, from this isolate's memory for some seconds. What is decided with it carries its version and
 * is refused where that has moved on, as with `loadRestaurant`; what is shown to somebody is read by `loadMenuAgain`.
 */
export async function loadMenu(ctx: Reader, restaurant: { id: string }): Promise<Menu> {
  const known = kept.get(restaurant.id)
  return known && known.until > Date.now() ? known.menu : loadMenuAgain(ctx, restaurant)
}

/** R46. As it is at this moment, in one statement; only the version and the counted items where this isolate knows the rest. */
export async function loadMenuAgain(ctx: Reader, restaurant: { id: string }): Promise<Menu> {
  const known = kept.get(restaurant.id)?.menu
  const row = await withRetry(() => selectMenu(ctx.db, restaurant.id, known?.version ?? null), ctx.request_id)
  const menu = row?.menu ?? known
  if (!row || !menu) throw new Problem('not_found')
  return rememberMenu(restaurant.id, withStock(menu, row.counted))
}

export function rememberMenu(restaurantId: string, menu: Menu): Menu {
  if (kept.size > 500) kept.clear()
  kept.set(restaurantId, { menu, until: Date.now() + keptForMs })
  return menu
}

/** After a change here; the next read brings it whole. */
export function forgetMenu(restaurantId: string): void {
  kept.delete(restaurantId)
}
