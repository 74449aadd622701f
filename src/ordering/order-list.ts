import { readTimeCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TableCtx, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { selectOrder, selectOrders } from './order-queries.ts'
import type { Order, OrderFilter, OrderWithAttempts } from './order-schema.ts'

/** For staff, and for the members of the session it was ordered in; to everybody else there is no such order. */
export async function getOrder(ctx: TableCtx, id: string): Promise<Result<OrderWithAttempts>> {
  const order = await withRetry(() => selectOrder(ctx.db, ctx.restaurant.id, id), ctx.request_id)
  if (!order || (ctx.member && order.session_id !== ctx.member.session_id)) throw new Problem('not_found')
  // How the till was reached, and what it said, is for staff.
  return { data: ctx.member ? { ...order, attempts: [] } : order }
}

/** Newest first. */
export async function listOrders(ctx: TenantCtx, filter: OrderFilter): Promise<Result<Order[]>> {
  const rows = await withRetry(
    () =>
      selectOrders(ctx.db, ctx.restaurant.id, {
        statuses: filter.status ?? null,
        session_id: filter.session_id ?? null,
        from: filter.from ?? null,
        after: readTimeCursor(filter.cursor),
        limit: filter.limit + 1,
      }),
    ctx.request_id,
  )
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  const more = rows.length > filter.limit && last
  return { data: page, meta: { next_cursor: more ? writeCursor([last.placed_at, last.id]) : null } }
}
