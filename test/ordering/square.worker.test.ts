import { createHmac, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { isSquares } from '../../src/ordering/square-signature.ts'
import { withDatabase } from '../factories.ts'
import { fire, type Guest, sit, type Tavern } from './evenings.ts'
import { until } from './phones.ts'
import {
  eventOf,
  fulfillmentEvent,
  openSquare,
  openWithSquare,
  orderEvent,
  paymentEvent,
  saysSquare,
  signatureKey,
  type Square,
} from './square-till.ts'

const where = inject('stack')
let square: Square
beforeAll(async () => {
  square = await openSquare()
})
afterAll(() => square.stop())

type Placed = { house: Tavern; guest: Guest; id: string; named: string; total: number }

/** An order that Square has, and what it calls it. */
async function placed(behave: Square['behave'] = 'ok'): Promise<Placed> {
  const house = await openWithSquare(where, square)
  const guest = await sit(where, house)
  await guest.phone.order(house.menu.soup)
  square.behave = behave
  const { order } = (await fire(guest)).data
  await guest.phone.next('order_status', (one) => one.status === 'accepted')
  square.behave = 'ok'
  const named = square.orders.find((one) => one.reference_id === order.id)?.id ?? ''
  return { house, guest, id: order.id, named, total: order.total_minor }
}
const says = ({ house }: Placed, body: unknown, how: Parameters<typeof saysSquare>[3] = {}) =>
  saysSquare(where, house, body, how)
const statusOf = async ({ house, id }: Placed): Promise<string> =>
  (await house.call('GET', `/orders?limit=200`)).data.find((one: { id: string }) => one.id === id).status

describe('R79 Square’s words', () => {
  test('the example of Square’s own libraries is signed as they sign it', async () => {
    const [key, address, body] = ['asdf1234', 'https://example.com/webhook', '{"hello":"world"}']
    expect(await isSquares(key, address, body, '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=')).toBe(true)
    expect(await isSquares(key, `${address}/`, body, '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=')).toBe(false)
  })

  test('in progress, ready, handed over, paid: each reaches the phones, by the id that Square gave', async () => {
    const order = await placed()
    const asked = square.asked
    for (const [state, status] of [
      ['RESERVED', 'preparing'],
      ['PREPARED', 'ready'],
      ['COMPLETED', 'served'],
    ] as const) {
      expect(await says(order, fulfillmentEvent(order.named, state))).toMatchObject({ data: { applied: status } })
      await order.guest.phone.next('order_status', (one) => one.status === status)
    }
    // Late and out of order changes nothing.
    expect((await says(order, orderEvent(order.named, 'OPEN'))).data).toEqual({ applied: 'served' })
    expect((await says(order, orderEvent(order.named, 'COMPLETED'))).data).toEqual({ applied: 'paid' })
    expect(square.asked).toBe(asked)
  })

  test('of several parts the one that is least far counts, cancelled ones do not; all cancelled is rejected', async () => {
    const order = await placed()
    expect((await says(order, fulfillmentEvent(order.named, 'PREPARED', 'RESERVED', 'CANCELED'))).data).toEqual({
      applied: 'preparing',
    })
    expect((await says(order, orderEvent(order.named, 'CANCELED'))).data).toEqual({ applied: 'rejected' })
  })

  test('a payment pays an order that it covers; half of one, a failed one or other money does not', async () => {
    const order = await placed()
    expect((await says(order, paymentEvent(order.named, order.total - 1))).data).toEqual({ applied: 'ignored' })
    expect((await says(order, paymentEvent(order.named, order.total, 'FAILED'))).data).toEqual({ applied: 'ignored' })
    const yen = paymentEvent(order.named, order.total)
    expect((await says(order, JSON.stringify(yen).replace('SGD', 'JPY'))).data).toEqual({ applied: 'ignored' })
    expect(await statusOf(order)).toBe('accepted')
    expect((await says(order, paymentEvent(order.named, order.total))).data).toEqual({ applied: 'paid' })
  })

  test('where its answer was lost Square is asked once whose the order is; out of reach it comes again', async () => {
    const order = await placed('silent')
    square.behave = 'away'
    const event = fulfillmentEvent(order.named, 'PREPARED')
    expect(await says(order, event)).toMatchObject({ status: 503, code: 'unavailable' })
    square.behave = 'ok'
    const asked = square.asked
    expect((await says(order, event)).data).toEqual({ applied: 'ready' })
    expect((await says(order, orderEvent(order.named, 'COMPLETED'))).data).toEqual({ applied: 'paid' })
    expect(square.asked).toBe(asked + 1)
  })

  test('what is not ours is heard and left: another location, the counter’s own orders, other kinds of event', async () => {
    const order = await placed()
    const asked = square.asked
    for (const event of [
      orderEvent(order.named, 'COMPLETED', 'L2'),
      orderEvent('rung-up-at-the-counter', 'COMPLETED'),
      orderEvent(order.named, 'DRAFT'),
      eventOf('inventory.count.updated', { inventory_counts: [] }),
    ])
      expect(await says(order, event)).toMatchObject({ status: 200, data: { applied: 'ignored' } })
    expect(await statusOf(order)).toBe('accepted')
    // Nothing is unsure: Square is not asked of each thing that is sold at the counter.
    expect(square.asked).toBe(asked)
  })

  test('an order of another house, under this one’s signature: left alone, even where Square vouches for it', async () => {
    const [mine, theirs] = [await placed('silent'), await placed('silent')]
    expect((await says(mine, orderEvent(theirs.named, 'COMPLETED'))).data).toEqual({ applied: 'ignored' })
    expect(await statusOf(theirs)).toBe('accepted')
  })
})

describe('R79 its signature', () => {
  test('another key, another address, one letter changed, none, nonsense: 401, and nothing happens', async () => {
    const order = await placed()
    const event = orderEvent(order.named, 'COMPLETED')
    const good = createHmac('sha256', signatureKey)
      .update(`${where.origin}/webhooks/pos/${order.house.slug}${JSON.stringify(event)}`)
      .digest('base64')
    for (const how of [
      { key: 'another-key' },
      { address: `https://elsewhere.test/webhooks/pos/${order.house.slug}` },
      { signature: null },
      { signature: 'not base64 !' },
      { signature: good.slice(0, -4) },
    ])
      expect(await says(order, event, how), JSON.stringify(how)).toMatchObject({ code: 'invalid_signature' })
    const tampered = JSON.stringify(event).replace('M1', 'M2')
    expect(await says(order, tampered, { signature: good })).toMatchObject({ status: 401 })
    // What is signed as the other kind of till signs is no word of Square's.
    const standard = await fetch(`${where.origin}/webhooks/pos/${order.house.slug}`, {
      method: 'POST',
      body: JSON.stringify({ type: 'order.paid', order_id: order.id }),
      headers: { 'webhook-id': 'w1', 'webhook-timestamp': String(Date.now() / 1000), 'webhook-signature': 'v1,x' },
    })
    expect(standard.status).toBe(401)
    expect(await statusOf(order)).toBe('accepted')
    expect(await says(order, event, { signature: good })).toMatchObject({ data: { applied: 'paid' } })
  })

  test('an event twice, ten times at once, is one step; older than a day or from to-morrow it is refused', async () => {
    const order = await placed()
    const event = fulfillmentEvent(order.named, 'RESERVED')
    const answers = await Promise.all(Array.from({ length: 10 }, () => says(order, event)))
    expect(new Set(answers.map((one) => `${one.status} ${one.data.applied}`))).toEqual(new Set(['200 preparing']))
    const steps = await withDatabase(where, async (client) => {
      const found = await client.query("select 1 from events where restaurant_id = $1 and type = 'order.preparing'", [
        order.house.id,
      ])
      return found.rowCount
    })
    expect(steps).toBe(1)
    for (const hours of [-24.1, 0.2]) {
      const created_at = new Date(Date.now() + hours * 3_600_000).toISOString()
      const late = { ...orderEvent(order.named, 'COMPLETED'), created_at }
      expect(await says(order, late), String(hours)).toMatchObject({ status: 401, code: 'invalid_signature' })
    }
    // The same id with another body is a forger's, or a bug's.
    expect(await says(order, { ...orderEvent(order.named, 'COMPLETED'), event_id: event['event_id'] })).toMatchObject({
      status: 422,
    })
    expect(await statusOf(order)).toBe('preparing')
  })

  test('signed nonsense is 422, never 500', async () => {
    const order = await placed()
    for (const body of ['[]', '{}', 'not json', JSON.stringify(eventOf('order.updated', { order_updated: null }))])
      expect([400, 422]).toContain((await says(order, body)).status)
    const long = { ...orderEvent(order.named, 'OPEN'), event_id: 'x'.repeat(300) }
    expect((await says(order, long)).status).toBe(422)
  })
})

test('R48 a till that answers with a redirect has not taken the order, and nothing follows it there', async () => {
  const order = await placed()
  const { createServer } = await import('node:http')
  const met: string[] = []
  const server = createServer((request, response) => {
    met.push(request.url ?? '')
    response.writeHead(request.url === '/inside' ? 200 : 307, { location: '/inside' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const { house, guest } = order
  const till = { kind: 'http', url: `http://127.0.0.1:${port}/orders`, secret: `whsec_${randomUUID()}`, lookup: true }
  expect((await house.call('PUT', '/integrations/pos', till)).status).toBe(200)
  await guest.phone.order(house.menu.soup)
  const { id } = (await fire(guest)).data.order
  const look = async () => (await fetch(`${where.origin}/orders/${id}`, { headers: bearer(house) })).json()
  await until(async () => Object(await look()).data.attempts.length === 1, 'the attempt')
  expect(Object(await look()).data).toMatchObject({
    status: 'fired',
    attempts: [{ outcome: 'refused', status: 307, error: 'HTTP 307' }],
  })
  server.close()
  expect(met).toEqual(['/orders'])
})

function bearer(house: Tavern): Record<string, string> {
  return { authorization: `Bearer ${house.key}` }
}
