import type { Ctx, Once } from '../platform/ctx.ts'
import { type PageQuery, pageOf, readCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { toE164 } from '../platform/phone.ts'
import { changeHouse } from './change-house.ts'
import { loadAgain } from './load.ts'
import { selectRestaurants } from './queries.ts'
import { byNumber, type HouseDecision, mistake, refusalOf, withoutUndefined } from './room-rules.ts'
import { editedSettings, hoursMistakes, specialDaysMistakes } from './rules.ts'
import { Restaurant, type RestaurantBrief, type RestaurantEdit } from './schema.ts'

/** Past the isolate's memory: what is read here is about to be edited. */
export async function getRestaurant(ctx: TenantCtx): Promise<Result<Restaurant>> {
  return { data: inOrder(await loadAgain(ctx, ctx.restaurant.id)) }
}

function inOrder(restaurant: Restaurant): Restaurant {
  return { ...restaurant, tables: restaurant.tables.toSorted((a, b) => byNumber([a.number, a.id], [b.number, b.id])) }
}

/** All of the platform's, in the order they opened. */
export async function listRestaurants(ctx: Ctx, page: PageQuery): Promise<Result<RestaurantBrief[]>> {
  const [, after = null] = readCursor(page.cursor) ?? []
  const rows = await withRetry(() => selectRestaurants(ctx.db, after, page.limit + 1), ctx.request_id)
  return pageOf(rows, page.limit, () => '')
}

/**
 * Edits what is named and leaves the rest; a list that is named is replaced as a whole. 409 `stale_version` with the
 * restaurant as it is where the client has seen another version. From here on nothing is booked on what it was before.
 */
export async function editRestaurant(
  ctx: TenantCtx,
  edit: RestaurantEdit,
  if_match: number | null,
  once: Once,
): Promise<Result<Restaurant>> {
  const decide = (house: Restaurant): HouseDecision => decideEdit(house, edit, edit.version ?? if_match)
  return { data: inOrder(await changeHouse(ctx, once, 'edit_restaurant', Restaurant, decide)) }
}

function decideEdit(restaurant: Restaurant, edit: RestaurantEdit, seen: number | null): HouseDecision {
  const stale = refusalOf(restaurant, seen)
  if (stale) return { refusal: stale }
  const { version: _version, settings, phone: said, ...named } = edit
  const [hours] = hoursMistakes(named.hours ?? [])
  if (hours) return { refusal: mistake('hours', hours) }
  const [special] = specialDaysMistakes(named.special_days ?? [])
  if (special) return { refusal: mistake('special_days', special) }
  const phone = said ? toE164(said, named.country ?? restaurant.country) : said
  if (said && !phone)
    return { refusal: { outcome: 'invalid_phone', errors: [{ path: 'phone', message: 'is no phone number' }] } }
  const fields = { ...named, phone, settings: settings && editedSettings(restaurant.settings, settings) }
  return { fields: withoutUndefined(fields) }
}
