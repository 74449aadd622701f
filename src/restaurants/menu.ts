import * as z from 'zod'
import { announceMenu } from '../ordering/announce.ts'
import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { PublicCtx, Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt, isoWeekday, wallOf } from '../platform/time.ts'
import { writtenRow } from './change-house.ts'
import { findByName } from './is-open.ts'
import { decideMenu } from './menu-edit-rules.ts'
import { loadMenuAgain, rememberMenu } from './menu-load.ts'
import { servedMenu, type WallMinute } from './menu-rules.ts'
import { Menu, type NewMenu, type ServedMenu } from './menu-schema.ts'
import { callPutMenu } from './queries.ts'
import type { Restaurant } from './schema.ts'

const Stale = z.object({ outcome: z.literal('stale_menu'), menu: Menu })

/** The whole menu as it is kept, what is off it for now too. */
export async function readMenu(ctx: TenantCtx): Promise<Result<Menu>> {
  return { data: await loadMenuAgain(ctx, ctx.restaurant) }
}

/**
 * R44–R46. The menu as a guest may order from it now: of the restaurant that is named, else of the caller's own. A
 * session is its members' own.
 */
export async function servedMenuFor(
  ctx: PublicCtx,
  wish: { restaurant_name?: string | undefined; session_id?: string | undefined },
): Promise<Result<ServedMenu>> {
  const { now, caller } = ctx
  if (wish.session_id !== undefined) {
    if (caller.kind === 'nobody') throw new Problem('unauthorized')
    if (caller.kind === 'member' && caller.claims.session_id !== wish.session_id) throw new Problem('not_found')
  }
  const restaurant = await namedOrOwn(ctx, wish.session_id === undefined ? wish.restaurant_name : undefined)
  const menu = await loadMenuAgain(ctx, restaurant)
  const { slug, name, languages, timezone } = restaurant
  const categories = servedMenu(menu, wallMinute(restaurant, now))
  return { data: { restaurant: { slug, name }, languages, at: isoAt(now, timezone), ...menu, categories } }
}

async function namedOrOwn(ctx: PublicCtx, name: string | undefined): Promise<Restaurant> {
  if (name === undefined) {
    if (!ctx.restaurant) throw new Problem('restaurant_required')
    return ctx.restaurant
  }
  await ctx.limit(`menu:${ctx.address}`, 60)
  return (await findByName(ctx, name)).restaurant
}

/** `now` in milliseconds as windows of the menu count it. */
export function wallMinute(restaurant: Pick<Restaurant, 'timezone'>, now: number): WallMinute {
  const wall = wallOf(now, restaurant.timezone)
  return { weekday: isoWeekday(wall.date), minute: wall.minute }
}

/**
 * Replaces the menu: decided on the menu as it is, written only while it is so, decided again where it has moved on.
 * 409 `stale_version` with the present menu where the client has seen another version.
 */
export async function replaceMenu(
  ctx: TenantCtx,
  wish: NewMenu,
  if_match: number | null,
  once: Once,
): Promise<Result<Menu>> {
  const { restaurant } = ctx
  let menu = await loadMenuAgain(ctx, restaurant)
  for (let attempt = 1; attempt <= 4; attempt++) {
    const decision = decideMenu(menu, wish, wish.version ?? if_match, () => crypto.randomUUID())
    if ('same' in decision) return { data: menu }
    if ('stale' in decision) throw new Problem('stale_version', { more: { current: menu } })
    if ('errors' in decision) {
      const [first] = decision.errors
      throw new Problem('validation_failed', { detail: `${first?.path}: ${first?.message}`, errors: decision.errors })
    }
    const change = { ...causeOf(ctx), restaurant_id: restaurant.id, menu_version: menu.version, ...once, ...decision }
    const answer = await withRetry(() => callPutMenu(ctx.db, change), ctx.request_id)
    const stale = Stale.safeParse(answer)
    if (!stale.success) {
      const written = rememberMenu(restaurant.id, writtenRow(answer, Menu))
      ctx.after(announceMenu(ctx, restaurant, written))
      return { data: written }
    }
    menu = rememberMenu(restaurant.id, stale.data.menu)
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}
