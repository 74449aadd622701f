import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer, Where } from '../factories.ts'
import { openTavern } from './phones.ts'
import type { Tavern } from './evenings.ts'

export const signatureKey = 'square-signature-key-of-the-subscription'
type Kept = { id: string; reference_id: string; idempotency_key: string }

/** As much of Square as a till needs: it makes orders, and gives them back by its own id. */
export type Square = {
  origin: string
  orders: Kept[]
  /** How often RetrieveOrder was asked. */
  asked: number
  /** What its next answers are: `silent` makes the order and answers with a body that says nothing. */
  behave: 'ok' | 'silent' | 'away'
  stop(): Promise<void>
}

export async function openSquare(): Promise<Square> {
  const square: Square = { origin: '', orders: [], asked: 0, behave: 'ok', stop: async () => {} }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (bytes: Buffer) => (body += bytes.toString()))
    request.on('end', () => {
      const [status, answer] = answerTo(square, request.method ?? '', request.url ?? '', body)
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  square.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  square.stop = () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections())
  return square
}

function answerTo(square: Square, method: string, url: string, body: string): [number, string] {
  if (square.behave === 'away') return [503, '{}']
  if (method === 'GET') {
    square.asked += 1
    const found = square.orders.find((one) => url === `/v2/orders/${one.id}`)
    return found ? [200, JSON.stringify({ order: found })] : [404, '{"errors":[]}']
  }
  const { idempotency_key, order } = JSON.parse(body)
  const known = square.orders.find((one) => one.idempotency_key === idempotency_key)
  const made = known ?? { id: `sq-${randomUUID()}`, reference_id: order.reference_id, idempotency_key }
  if (!known) square.orders.push(made)
  return [200, square.behave === 'silent' ? 'not json' : JSON.stringify({ order: made })]
}

export async function openWithSquare(where: Where, square: Square): Promise<Tavern> {
  const tavern = await openTavern(where)
  const put = await tavern.call('PUT', '/integrations/pos', {
    kind: 'square',
    url: square.origin,
    secret: signatureKey,
    access_token: 'EAAA-square-access-token',
    location_id: 'L1',
  })
  if (put.status >= 300) throw new Error(`no till: ${JSON.stringify(put.body)}`)
  return tavern
}

/** An event as Square sends it; `object` as its type has it. */
export function eventOf(type: string, object: unknown, more: Record<string, unknown> = {}): Record<string, unknown> {
  const created_at = new Date().toISOString()
  return { merchant_id: 'M1', type, event_id: randomUUID(), created_at, data: { type, id: 'x', object }, ...more }
}
export const orderEvent = (order_id: string, state: string, location_id = 'L1'): Record<string, unknown> =>
  eventOf('order.updated', { order_updated: { order_id, location_id, state, version: 2 } })
export const fulfillmentEvent = (order_id: string, ...states: string[]): Record<string, unknown> =>
  eventOf('order.fulfillment.updated', {
    order_fulfillment_updated: {
      order_id,
      location_id: 'L1',
      state: 'OPEN',
      fulfillment_update: states.map((new_state, n) => ({
        fulfillment_uid: `f${n}`,
        old_state: 'PROPOSED',
        new_state,
      })),
    },
  })
export const paymentEvent = (order_id: string, amount: number, status = 'COMPLETED'): Record<string, unknown> =>
  eventOf('payment.updated', {
    payment: { id: 'p1', order_id, location_id: 'L1', status, amount_money: { amount, currency: 'SGD' } },
  })

type How = { key?: string; signature?: string | null; address?: string }

/** Signed as Square signs, over the address as the world knows it and the body. */
export async function saysSquare(where: Where, house: Tavern, body: unknown, how: How = {}): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const path = `/webhooks/pos/${house.slug}`
  const { key = signatureKey, address = `${where.origin}${path}` } = how
  const signature =
    how.signature === undefined
      ? createHmac('sha256', key)
          .update(address + text)
          .digest('base64')
      : how.signature
  const response = await fetch(`${where.origin}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(signature ? { 'x-square-hmacsha256-signature': signature } : {}),
    },
    body: text,
  })
  const parsed = await response.json()
  const { data, code } = Object(parsed)
  return { status: response.status, headers: response.headers, body: parsed, data, code }
}
