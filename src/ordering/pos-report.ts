import { parseJson } from '../platform/body.ts'
import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { sha256Hex } from '../platform/ids.ts'
import { Problem } from '../platform/problem.ts'
import { verifyWebhook } from '../platform/standard-webhooks.ts'
import { loadPos } from '../restaurants/integrations.ts'
import type { Pos } from '../restaurants/integrations-schema.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import { editMenuItem } from '../restaurants/menu-item.ts'
import { selectHouse } from './order-queries.ts'
import { PosReport } from './order-schema.ts'
import { reportOrder } from './order-step.ts'
import { OrderStatus } from './schema.ts'
import { hearSquare } from './square-report.ts'

/**
 * R79. What a house's till says, in any order and any number of times, under its own signature over the raw body: a
 * status only ever moves on, and a message that was heard before changes nothing. `applied`: the status there is now.
 */
export async function hearTill(
  ctx: Ctx,
  slug: string,
  headers: Headers,
  body: string,
): Promise<{ restaurant_id: string; applied: string }> {
  const row = await withRetry(() => selectHouse(ctx.db, slug), ctx.request_id)
  const pos = row ? await loadPos(ctx, row) : null
  if (!row || !pos) throw new Problem('not_found')
  const restaurant = await loadRestaurant(ctx, row.id)
  const asked: TenantCtx = { ...ctx, restaurant, actor: { kind: 'system', name: 'pos' } }
  const hear = pos.kind === 'square' ? hearSquare(asked, pos, headers, body) : hearHttp(asked, pos, headers, body)
  return { restaurant_id: row.id, ...(await hear) }
}

const Reported = OrderStatus.extract(['accepted', 'preparing', 'ready', 'served', 'paid', 'rejected'])

/** A Standard Webhook; 404 for an order or an item that is not this house's. */
async function hearHttp(ctx: TenantCtx, pos: Pos, headers: Headers, body: string): Promise<{ applied: string }> {
  // By the real hour: the window is what keeps an old message from being sent again.
  if (!(await verifyWebhook(pos.secret, headers, body, Date.now()))) throw new Problem('invalid_signature')
  const report = PosReport.safeParse(parseJson(body))
  if (!report.success) {
    const errors = report.error.issues.map((one) => ({ path: one.path.join('.'), message: one.message }))
    throw new Problem('validation_failed', { errors })
  }
  const id = headers.get('webhook-id') ?? ''
  if (!/^[\x21-\x7e]{1,255}$/.test(id)) throw new Problem('validation_failed')
  const once = { key: `webhook:pos:${id}`, fingerprint: await sha256Hex(body) }
  if ('order_id' in report.data) {
    const { order_id, type, why = null } = report.data
    const status = Reported.parse(type.slice('order.'.length))
    return { applied: (await reportOrder(ctx, order_id, status, why, once)).status }
  }
  const sold_out = report.data.type === 'item.sold_out'
  await editMenuItem(ctx, report.data.menu_item_id, { sold_out }, null, once)
  return { applied: sold_out ? 'sold_out' : 'available' }
}
