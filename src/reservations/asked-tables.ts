import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { loadAgain } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { selectAnswered } from './queries.ts'
import { unusableTables } from './tables-rules.ts'

/** R276. 422, as the floor says it, where a table that is named is none of the house's, or is out of use. */
export function refuseUnusable(restaurant: Restaurant, path: string, ids: readonly string[]): void {
  const message = unusableTables(restaurant, ids)
  if (message) throw new Problem('validation_failed', { detail: `${path}: ${message}`, errors: [{ path, message }] })
}

/**
 * R276. The house, knowing the tables that are named; 422 where it does not. Nobody is told so on a memory, nor who repeats
 * what was answered before the table was put away.
 */
export async function withTables(ctx: TenantCtx, path: string, ids: readonly string[], once: Once): Promise<TenantCtx> {
  if (unusableTables(ctx.restaurant, ids) === null) return ctx
  const restaurant = await loadAgain(ctx, ctx.restaurant.id)
  if (unusableTables(restaurant, ids) !== null && !(await wasAnswered(ctx, once))) refuseUnusable(restaurant, path, ids)
  return { ...ctx, restaurant }
}

/** Whether this key has its answer already, for who would decide otherwise by now. */
export function wasAnswered(ctx: TenantCtx, once: Once): Promise<boolean> {
  return withRetry(() => selectAnswered(ctx.db, ctx.restaurant.id, once), ctx.request_id)
}
