import { signWebhook } from '../platform/standard-webhooks.ts'
import type { Pos } from '../restaurants/integrations-schema.ts'
import type { Order } from './order-schema.ts'
import type { PosAdapter } from './pos.ts'

/** Any till that takes JSON: signed as a Standard Webhook, the order's id as key, any 2xx accepts. */
export const httpPos: PosAdapter<Extract<Pos, { kind: 'http' }>> = {
  async push(order, pos, at) {
    const body = JSON.stringify(ticketOf(order))
    return {
      method: 'POST',
      url: pos.url,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': order.id,
        // The same order is the same message, however often it is sent.
        ...(await signWebhook(pos.secret, order.id, at, body)),
      },
      body,
    }
  },
  async lookup(order_id, pos, at) {
    if (!pos.lookup) return null
    const headers = await signWebhook(pos.secret, order_id, at, '')
    return { method: 'GET', url: `${pos.url.replace(/\/$/, '')}/${order_id}`, headers: { ...headers }, body: null }
  },
}

/** What the kitchen prints. `price_minor` is of one. */
function ticketOf(order: Order): Record<string, unknown> {
  return {
    type: 'order.fired',
    order_id: order.id,
    pos_ticket: order.pos_ticket,
    table_number: order.table_number,
    lines: order.lines.map((line) => ({
      menu_item_id: line.menu_item_id,
      name: line.name,
      qty: line.qty,
      modifiers: line.modifiers,
      note: line.note,
      member: line.member,
      price_minor: line.price_minor,
      allergens_acknowledged: line.acknowledged,
    })),
    allergies: order.allergies,
    total_minor: order.total_minor,
    tax_minor: order.tax_minor,
    currency: order.currency,
  }
}
