import type { Ctx } from '../platform/ctx.ts'
import { askTable } from './at-table.ts'
import type { Order } from './order-schema.ts'

/** The phones at the table hear how their order stands. One that cannot be told reads it when it asks. */
export async function tellStatus(ctx: Pick<Ctx, 'table' | 'request_id'>, order: Order): Promise<void> {
  const { session_id, id: order_id, status } = order
  // Not reached: that is logged there, and no reason to do anything again.
  await askTable(ctx, order, (table) => table.orderStatus({ session_id, order_id, status })).catch(() => undefined)
}
