import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { contextOf } from './context-rules.ts'
import type { HouseContext } from './context-schema.ts'
import { loadAgain } from './load.ts'
import { loadMenuAgain } from './menu-load.ts'
import { menuBrief } from './menu-rules.ts'

/** For whoever answers the telephone, read as it is at this moment. */
export async function houseContext(ctx: TenantCtx): Promise<Result<HouseContext>> {
  const [restaurant, menu] = await Promise.all([loadAgain(ctx, ctx.restaurant.id), loadMenuAgain(ctx, ctx.restaurant)])
  return { data: contextOf(restaurant, ctx.now, menuBrief(menu)) }
}
