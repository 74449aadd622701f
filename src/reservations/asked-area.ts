import type { Once } from '../platform/ctx.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { loadAgain } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { wasAnswered } from './asked-tables.ts'
import { areasOf, isUnknownArea } from './tables-rules.ts'

/** R303. 422 with the areas there are, where one is named that the house does not have. */
export function refuseUnknownArea(restaurant: Restaurant, area: string | null | undefined): void {
  if (!isUnknownArea(restaurant, area)) return
  const areas = areasOf(restaurant)
  const named = new Intl.ListFormat('en').format(areas)
  const message =
    areas.length > 0 ? `is none of the areas of the house: ${named}` : 'names an area, and the house has none'
  throw new Problem('validation_failed', {
    detail: `area: ${message}`,
    hint: areas.length > 0 ? `We do not have that area. We have ${named}.` : 'We have one room only.',
    errors: [{ path: 'area', message }],
    more: { areas },
  })
}

/** R303. The house, knowing the area that is named. As with tables (R276): nobody is refused on a memory, nor who repeats. */
export async function withArea(ctx: TenantCtx, area: string | null | undefined, once: Once): Promise<TenantCtx> {
  if (!isUnknownArea(ctx.restaurant, area)) return ctx
  const restaurant = await loadAgain(ctx, ctx.restaurant.id)
  if (isUnknownArea(restaurant, area) && !(await wasAnswered(ctx, once))) refuseUnknownArea(restaurant, area)
  return { ...ctx, restaurant }
}
