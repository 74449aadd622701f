import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { contextOf } from './context-rules.ts'
import type { HouseContext } from './context-schema.ts'
import { loadAgain } from './load.ts'

/** For whoever answers the telephone, read as it is at this moment. */
export async function houseContext(ctx: TenantCtx): Promise<Result<HouseContext>> {
  return { data: contextOf(await loadAgain(ctx, ctx.restaurant.id), ctx.now) }
}
