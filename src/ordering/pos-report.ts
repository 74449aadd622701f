import type { Ctx, Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { loadPos } from '../restaurants/integrations.ts'
import type { Pos } from '../restaurants/integrations-schema.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import { editMenuItem } from '../restaurants/menu-item.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { selectHouse } from './order-queries.ts'
import type { PosReport } from './order-schema.ts'
import { reportOrder } from './order-step.ts'
import { OrderStatus } from './schema.ts'

/** The house of that name on the web, and how its till signs; null where there is none, or it has no till. */
export async function tillOf(
  ctx: Pick<Ctx, 'db' | 'now' | 'request_id' | 'secrets'>,
  slug: string,
): Promise<{ restaurant: Restaurant; pos: Pos } | null> {
  const row = await withRetry(() => selectHouse(ctx.db, slug), ctx.request_id)
  const pos = row ? await loadPos(ctx, row) : null
  return row && pos ? { restaurant: await loadRestaurant(ctx, row.id), pos } : null
}

const Reported = OrderStatus.extract(['accepted', 'preparing', 'ready', 'served', 'paid', 'rejected'])

/**
 * R79. What the till says, in any order and any number of times: a status only ever moves on, and a message that was
 * heard before (`once` is of its webhook-id) changes nothing. 404 for an order or an item that is not this house's.
 */
export async function takeReport(ctx: TenantCtx, report: PosReport, once: Once): Promise<{ applied: string }> {
  if ('order_id' in report) {
    const status = Reported.parse(report.type.slice('order.'.length))
    const order = await reportOrder(ctx, report.order_id, status, report.why ?? null, once)
    return { applied: order.status }
  }
  const sold_out = report.type === 'item.sold_out'
  await editMenuItem(ctx, report.menu_item_id, { sold_out }, null, once)
  return { applied: sold_out ? 'sold_out' : 'available' }
}
