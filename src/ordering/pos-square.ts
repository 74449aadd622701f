import type { Pos } from '../restaurants/integrations-schema.ts'
import type { Order, OrderLine } from './order-schema.ts'
import type { PosAdapter, PosRequest } from './pos.ts'
import { SquareAnswer } from './square-schema.ts'

const squareVersion = '2024-09-19'

/** Square's CreateOrder. Its idempotency_key makes a repeat the same order, so there is nothing to look up. */
export const squarePos: PosAdapter<Extract<Pos, { kind: 'square' }>> = {
  async push(order, pos) {
    return {
      method: 'POST',
      url: `${pos.url.replace(/\/$/, '')}/v2/orders`,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${pos.access_token}`,
        'square-version': squareVersion,
        'idempotency-key': order.id,
      },
      body: JSON.stringify(squareOrder(order, pos.location_id)),
    }
  },
  lookup: async () => null,
  idIn: (answer) => {
    const made = SquareAnswer.safeParse(answer)
    return made.success ? made.data.order.id : null
  },
}

/** Square's RetrieveOrder, by its own id. */
export function retrieveOrder(id: string, pos: Extract<Pos, { kind: 'square' }>): PosRequest {
  return {
    method: 'GET',
    url: `${pos.url.replace(/\/$/, '')}/v2/orders/${encodeURIComponent(id)}`,
    headers: { authorization: `Bearer ${pos.access_token}`, 'square-version': squareVersion },
    body: null,
  }
}

/** Our order as a CreateOrderRequest. Texts are cut to Square's lengths: a ticket that is refused feeds nobody. */
export function squareOrder(order: Order, location_id: string): Record<string, unknown> {
  return {
    idempotency_key: order.id,
    order: {
      location_id,
      reference_id: order.id,
      ticket_name: cut(`${order.table_number} · ${order.pos_ticket}`, 30),
      source: { name: 'Tableside' },
      line_items: [...allergyLines(order), ...order.lines.map((line, index) => lineItem(line, index, order.currency))],
      taxes: order.taxes
        .filter((one) => one.tax_permille > 0)
        .map((one) => ({
          uid: taxUid(one.tax_permille),
          name: 'Tax',
          percentage: String(one.tax_permille / 10),
          // Our prices include it.
          type: 'INCLUSIVE',
          scope: 'LINE_ITEM',
        })),
      metadata: { table_number: order.table_number, pos_ticket: order.pos_ticket },
    },
  }
}

function lineItem(line: OrderLine, index: number, currency: string): Record<string, unknown> {
  const extras = line.modifiers.reduce((sum, one) => sum + one.price_minor, 0)
  const warning = line.acknowledged.length > 0 ? `ALLERGY (knows): ${line.acknowledged.join(', ')}` : null
  const note = [line.member, line.note, warning].filter((one) => one !== null).join(' · ')
  return {
    uid: `line-${index + 1}`,
    name: cut(line.name, 512),
    quantity: String(line.qty),
    // Square adds the modifiers to it.
    base_price_money: { amount: line.price_minor - extras, currency },
    modifiers: line.modifiers.map((one) => ({
      name: cut(`${one.group}: ${one.option}`, 255),
      base_price_money: { amount: one.price_minor, currency },
    })),
    ...(note ? { note: cut(note, 2000) } : {}),
    ...(line.tax_permille > 0 ? { applied_taxes: [{ tax_uid: taxUid(line.tax_permille) }] } : {}),
  }
}

/** An order of Square's has no note of its own: what a member must not eat is a line of the ticket that costs nothing. */
function allergyLines(order: Order): Record<string, unknown>[] {
  return order.allergies.map((one, index) => ({
    uid: `allergy-${index + 1}`,
    name: cut(`ALLERGY ${one.member}: ${one.allergens.join(', ')}`, 512),
    quantity: '1',
    base_price_money: { amount: 0, currency: order.currency },
  }))
}

const taxUid = (permille: number): string => `tax-${permille}`

/** Whole characters, at most so many UTF-16 units. */
function cut(value: string, most: number): string {
  let out = ''
  for (const char of value) {
    if (out.length + char.length > most) break
    out += char
  }
  return out
}
