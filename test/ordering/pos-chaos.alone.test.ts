import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { withDatabase } from '../factories.ts'
import { fire, type Guest, openWithTill, posSecret, sit, type Tavern } from './evenings.ts'
import { until } from './phones.ts'

// Alone: the till and QStash are told to misbehave, and the Worker is killed.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())
beforeEach(async () => {
  await control('/pos/reset')
  await control('/pos/secret', { secret: posSecret })
  await control('/qstash/reset')
  await control('/qstash/fail', { on: false })
  // Deliveries happen when the test moves the clock, and at no other time.
  await control('/qstash/hold', { on: true })
})

// oxlint-disable-next-line typescript/no-explicit-any
async function control(path: string, body: unknown = {}): Promise<any> {
  const response = await fetch(`${stack.control_origin}${path}`, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  return response.json()
}
type Ticket = { idempotency_key: string; pushes: number; order: Record<string, unknown> }
type Push = { key: string; mode: string; outcome: string; signature: string; body: string }
const till = async (): Promise<{ tickets: Ticket[]; attempts: Push[] }> =>
  (await fetch(`${stack.control_origin}/pos/tickets`)).json()
const advance = (seconds: number): Promise<unknown> => control('/qstash/advance', { seconds })
const sweep = (inSeconds: number): Promise<void> =>
  stack.worker.scheduled({ cron: '*/5 * * * *', time: new Date(Date.now() + inSeconds * 1000) })

type Seen = {
  id: string
  status: string
  pos_ticket: string
  delivery: { state: string; round: number; attempts: number }
  attempts: { round: number; attempt: number; outcome: string; status: number | null; error: string | null }[]
}
async function look(house: Tavern, id: string): Promise<Seen> {
  const headers = { authorization: `Bearer ${house.key}` }
  return dataOf(await (await fetch(`${stack.origin}/orders/${id}`, { headers })).json())
}
// oxlint-disable-next-line typescript/no-explicit-any
const dataOf = (body: any): Seen => body.data

/** Until so many attempts are written down. */
async function afterAttempts(house: Tavern, id: string, attempts: number): Promise<Seen> {
  await until(async () => (await look(house, id)).attempts.length >= attempts, `attempt ${attempts}`)
  return look(house, id)
}

async function place(guest: Guest, house: Tavern, key?: string): Promise<string> {
  await guest.phone.order(house.menu.soup)
  const placed = await fire(guest, key)
  expect(placed.status, JSON.stringify(placed.body)).toBe(201)
  return placed.data.order.id
}

/** The till's whole book: one ticket for each of these orders, and no other. */
async function oneTicketEach(ids: string[]): Promise<void> {
  const { tickets, attempts } = await till()
  expect(tickets.map((one) => one.idempotency_key).toSorted()).toEqual(ids.toSorted())
  // Every push of an order says the same, under a signature that holds.
  for (const id of ids)
    expect(new Set(attempts.filter((one) => one.key === id).map((one) => one.body)).size, id).toBe(1)
  expect(attempts.filter((one) => one.signature !== 'verified')).toEqual([])
}

describe('R76 attempts at 0, +30 s, +2 min, +8 min, +32 min', () => {
  test('and not a second sooner; after the fifth the staff are alerted, and a resend brings it there', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    await control('/pos/behave', { mode: 'error', status: 503 })
    const id = await place(guest, house)
    const seen = [(await afterAttempts(house, id, 1)).attempts.length]
    await until(async () => (await queued()).length === 1, 'the message to QStash')
    for (const wait of [30, 120, 480, 1920]) {
      await advance(wait - 1)
      seen.push((await look(house, id)).attempts.length)
      await advance(1)
      seen.push((await look(house, id)).attempts.length)
    }
    expect(seen).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5])
    const failed = await look(house, id)
    expect(failed).toMatchObject({ status: 'pos_failed', delivery: { state: 'failed', attempts: 5 } })
    expect(failed.attempts.map((one) => [one.attempt, one.outcome, one.status])).toEqual(
      [1, 2, 3, 4, 5].map((n) => [n, 'unknown', 503]),
    )
    await guest.phone.next('order_status', (one) => one.order_id === id && one.status === 'pos_failed')
    expect(await events(house, 'order.pos_failed')).toBe(1)
    // Nothing more comes of it by itself.
    await advance(86_400)
    await sweep(3600)
    expect((await look(house, id)).attempts).toHaveLength(5)
    expect((await house.call('GET', '/orders?status=pos_failed')).data).toMatchObject([{ id }])

    await control('/pos/behave', { script: [{ mode: 'error', status: 503 }] })
    const key = { 'idempotency-key': randomUUID() }
    await Promise.all([1, 2, 3].map(() => house.call('POST', `/orders/${id}/resend`, {}, key)))
    await afterAttempts(house, id, 6)
    await until(async () => (await queued()).length === 1, 'the message to QStash')
    await advance(30)
    const delivered = await look(house, id)
    expect(delivered).toMatchObject({ status: 'accepted', delivery: { state: 'delivered', round: 2, attempts: 2 } })
    await guest.phone.next('order_status', (one) => one.order_id === id && one.status === 'accepted')
    await oneTicketEach([id])
  })
})

describe('R77 whatever the till does, it has each order once', () => {
  const faults = [
    { mode: 'error', status: 500 },
    { mode: 'error', status: 429, retry_after: 3600 },
    { mode: 'error', status: 500, commit: true },
    { mode: 'timeout' },
    { mode: 'timeout', commit: true },
    { mode: 'slow', ms: 1500 },
    { mode: 'drop' },
    { mode: 'drop-after-accept' },
    { mode: 'cut' },
  ]
  test.each([false, true])('each fault once, then twice in a row; a till that can be asked: %s', async (lookup) => {
    const house = await openWithTill(stack, { tables: faults.map((_, n) => ({ number: n, seats: 2 })) }, { lookup })
    const guests = await Promise.all(faults.map((_, n) => sit(stack, house, String(n))))
    const ids: string[] = []
    for (const [n, fault] of faults.entries()) {
      const guest = guests[n]
      if (!guest) throw new Error('nobody sits there')
      await control('/pos/behave', { script: [fault, fault] })
      const id = await place(guest, house)
      ids.push(id)
      await afterAttempts(house, id, 1)
      if ((await look(house, id)).delivery.state === 'pending') {
        await until(async () => (await queued()).length === 1, 'the message to QStash')
        await advance(30)
        await advance(120)
      }
      const done = await look(house, id)
      expect(done, JSON.stringify([fault, done.attempts])).toMatchObject({
        status: 'accepted',
        delivery: { state: 'delivered' },
      })
      await control('/pos/behave', { mode: 'ok' })
      await advance(86_400)
    }
    await oneTicketEach(ids)
    // Told that it has the order, nobody sends it again.
    const { tickets } = await till()
    const committed = ids.filter((_, n) => ['error', 'timeout'].includes(faults[n]?.mode ?? '') && faults[n]?.commit)
    const pushes = committed.map((id) => tickets.find((one) => one.idempotency_key === id)?.pushes)
    expect(pushes).toEqual(lookup ? [1, 1] : [3, 3])
  })

  test('a till that says no in so many words is asked again too: the staff may mend it meanwhile', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    await control('/pos/behave', { script: [{ mode: 'error', status: 401 }] })
    const id = await place(guest, house)
    expect((await afterAttempts(house, id, 1)).attempts).toMatchObject([{ outcome: 'refused', status: 401 }])
    await until(async () => (await queued()).length === 1, 'the message to QStash')
    await advance(30)
    expect(await look(house, id)).toMatchObject({ status: 'accepted' })
  })

  test('a house without a till keeps its orders to itself; once it has one, they can be sent', async () => {
    const house = await openWithTill(stack)
    await withDatabase(stack, (client) => client.query('delete from integrations where restaurant_id = $1', [house.id]))
    const guest = await sit(stack, house)
    const id = await place(guest, house)
    await until(async () => (await look(house, id)).delivery.state === 'no_till')
    expect(await look(house, id)).toMatchObject({ status: 'fired', attempts: [] })
    const pos = { kind: 'http', url: `${stack.control_origin}/pos/orders`, secret: posSecret }
    await house.call('PUT', '/integrations/pos', pos)
    await house.call('POST', `/orders/${id}/resend`)
    await until(async () => (await look(house, id)).status === 'accepted')
    await oneTicketEach([id])
  })
})

describe('R78 crashes and silence', () => {
  test('killed between the commit and the push: the sweep brings it to the till, the lines leave the cart', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    await guest.phone.order(house.menu.soup)
    const key = randomUUID()
    await control('/neon/fail', { mode: 'delay_after_commit', ms: 60_000, match: 'place_order(', next: 1 })
    const cart = { cart_version: guest.phone.cart_version, cart_hash: guest.phone.hash() }
    const pressed = fire(guest, key, cart).catch(() => null)
    const id = await written(house)
    await stack.worker.kill()
    await pressed
    await control('/neon/fail', { next: 0 })
    await stack.worker.restart()
    expect(await look(house, id)).toMatchObject({ status: 'fired', attempts: [] })
    await sweep(10)
    expect((await look(house, id)).attempts).toEqual([])
    await sweep(25)
    await sweep(25)
    expect(await look(house, id)).toMatchObject({ status: 'accepted', delivery: { attempts: 1 } })
    await oneTicketEach([id])
    expect((await guest.call('GET', '/cart_snapshot')).data.lines).toEqual([])
    // The phone that never had an answer asks again, and has it.
    expect(await fire(guest, key, cart)).toMatchObject({ status: 201, data: { order: { id } } })
    expect((await till()).attempts).toHaveLength(1)
  })

  test('killed before the order was written: after some seconds whoever orders next has the cart; the old key is spent', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    await guest.phone.order(house.menu.soup)
    const cart = { cart_version: guest.phone.cart_version, cart_hash: guest.phone.hash() }
    await control('/neon/fail', { mode: 'drop_before', match: 'place_order(' })
    const key = randomUUID()
    const pressed = fire(guest, key, cart).catch(() => null)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await stack.worker.kill()
    await pressed
    await control('/neon/fail', { next: 0 })
    await stack.worker.restart()
    expect(await fire(guest, randomUUID(), cart)).toMatchObject({ status: 409, code: 'cart_frozen' })
    await new Promise((resolve) => setTimeout(resolve, 5_500))
    const placed = await fire(guest, randomUUID(), cart)
    expect(placed.status).toBe(201)
    expect(await fire(guest, key, cart)).toMatchObject({ status: 409, code: 'stale_cart' })
    await until(async () => (await look(house, placed.data.order.id)).status === 'accepted')
    await oneTicketEach([placed.data.order.id])
  })

  test('killed after it was written, and another phone orders before the sweep: still once', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    const beside = await sit(stack, house)
    await guest.phone.order(house.menu.soup)
    const cart = { cart_version: guest.phone.cart_version, cart_hash: guest.phone.hash() }
    await control('/neon/fail', { mode: 'delay_after_commit', ms: 60_000, match: 'place_order(', next: 1 })
    const pressed = fire(guest, randomUUID(), cart).catch(() => null)
    const id = await written(house)
    await stack.worker.kill()
    await pressed
    await control('/neon/fail', { next: 0 })
    await stack.worker.restart()
    await new Promise((resolve) => setTimeout(resolve, 5_500))
    // It finds the lines ordered already: they leave the cart, and there is nothing left for a second order.
    expect(await fire(beside, randomUUID(), cart)).toMatchObject({ status: 409, code: 'stale_cart' })
    expect((await beside.call('GET', '/cart_snapshot')).data.lines).toEqual([])
    await sweep(25)
    await oneTicketEach([id])
  })

  test('killed during the push: once its lease has run out the next one asks the till, which has it', async () => {
    const house = await openWithTill(stack, {}, { lookup: true })
    const guest = await sit(stack, house)
    await control('/pos/behave', { script: [{ mode: 'timeout', commit: true }] })
    const id = await place(guest, house)
    await until(async () => (await till()).attempts.length === 1, 'the push')
    await stack.worker.kill()
    await stack.worker.restart()
    await sweep(30)
    expect((await till()).attempts).toHaveLength(1)
    await withDatabase(stack, (client) =>
      client.query("update deliveries set leased_until = now() - interval '1 second' where order_id = $1", [id]),
    )
    await sweep(30)
    expect(await look(house, id)).toMatchObject({ status: 'accepted', delivery: { state: 'delivered' } })
    await oneTicketEach([id])
  })

  test('QStash down: the sweep makes the attempts; back again it makes the rest, none of them twice', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    await control('/qstash/fail', { on: true })
    await control('/pos/behave', { mode: 'error', next: 4 })
    const id = await place(guest, house)
    await afterAttempts(house, id, 1)
    await sweep(29)
    expect((await look(house, id)).attempts).toHaveLength(1)
    await sweep(35)
    expect((await look(house, id)).attempts).toHaveLength(2)
    await control('/qstash/fail', { on: false })
    // Two sweeps at once make one attempt.
    await Promise.all([sweep(300), sweep(300)])
    expect((await look(house, id)).attempts).toHaveLength(3)
    expect(await queued()).toMatchObject([{ attempts: [] }])
    await advance(480)
    expect((await look(house, id)).attempts).toHaveLength(4)
    await advance(1920)
    expect(await look(house, id)).toMatchObject({ status: 'accepted', delivery: { attempts: 5 } })
    await oneTicketEach([id])
  })

  test('a message that comes twice, late or forged makes no attempt of its own', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    await control('/pos/behave', { mode: 'error', next: 3 })
    const id = await place(guest, house)
    await afterAttempts(house, id, 1)
    await until(async () => (await queued()).length === 1, 'the message to QStash')
    await control('/qstash/signature', { mode: 'wrong' })
    await advance(30)
    expect((await look(house, id)).attempts).toHaveLength(1)
    await control('/qstash/signature', { mode: 'expired' })
    await advance(120)
    expect((await look(house, id)).attempts).toHaveLength(1)
    // A rotated key is good. The attempt that is due is made, once, though the message comes twice.
    await control('/qstash/signature', { mode: 'next' })
    await control('/qstash/duplicate', { next: 1 })
    await advance(480)
    expect((await look(house, id)).attempts).toHaveLength(2)
    const forged = await fetch(`${stack.origin}/jobs/deliver`, { method: 'POST', body: '{}' })
    expect(forged.status).toBe(401)
    await control('/qstash/signature', { mode: 'current' })
    await advance(1920)
    expect((await look(house, id)).attempts).toHaveLength(3)
    // QStash has no tries left; the sweep makes those that it wasted.
    await sweep(3600)
    expect(await look(house, id)).toMatchObject({ status: 'accepted', delivery: { attempts: 4 } })
    await oneTicketEach([id])
  })
})

/** The till reports back. */
const say = (
  house: Tavern,
  body: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Promise<{
  status: number
  body: string
  webhook_id: string
}> => control('/pos/callback', { url: `${stack.origin}/webhooks/pos/${house.slug}`, secret: posSecret, body, ...more })

describe('R79 what the till reports', () => {
  test('in any order, any number of times: an order only moves on, and the phones hear each step once', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    const id = await place(guest, house)
    await until(async () => (await look(house, id)).status === 'accepted')
    const steps: [string, string][] = [
      ['order.ready', 'ready'],
      ['order.accepted', 'ready'],
      ['order.preparing', 'ready'],
      ['order.rejected', 'ready'],
      ['order.ready', 'ready'],
      ['order.paid', 'paid'],
      ['order.served', 'paid'],
      ['order.rejected', 'paid'],
    ]
    for (const [type, status] of steps) {
      expect((await say(house, { type, order_id: id })).status, type).toBe(200)
      expect((await look(house, id)).status, type).toBe(status)
    }
    await guest.phone.next('order_status', (one) => one.status === 'paid')
    const heard = guest.phone.heard.flatMap((one) => (one.type === 'order_status' ? [one.status] : []))
    expect(heard).toEqual(['accepted', 'ready', 'paid'])
    expect(await events(house, 'order.ready')).toBe(1)
  })

  test('its word that it has the order ends the pushing, though no answer ever came', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    await control('/pos/behave', { script: [{ mode: 'drop-after-accept' }] })
    const id = await place(guest, house)
    await afterAttempts(house, id, 1)
    await until(async () => (await queued()).length === 1, 'the message to QStash')
    await say(house, { type: 'order.preparing', order_id: id })
    await advance(86_400)
    const seen = await look(house, id)
    expect(seen).toMatchObject({ status: 'preparing', delivery: { state: 'delivered' } })
    expect(seen.attempts.map((one) => one.outcome)).toEqual(['unknown', 'told'])
    expect((await till()).attempts).toHaveLength(1)
  })

  test('86 and back: carts and menu hear it; an old message that comes again changes nothing', async () => {
    const house = await openWithTill(stack)
    const guest = await sit(stack, house)
    const menu_item_id = house.menu.cake
    const soldOut = { type: 'item.sold_out', menu_item_id }
    const first = await say(house, soldOut)
    expect(first.status).toBe(200)
    await guest.phone.next('menu_update', (one) => one.menu_item_id === menu_item_id && one.sold_out)
    await say(house, { type: 'item.available', menu_item_id })
    await guest.phone.next('menu_update', (one) => one.menu_item_id === menu_item_id && !one.sold_out)
    expect((await say(house, soldOut, { id: first.webhook_id })).status).toBe(200)
    expect(await guest.phone.order(menu_item_id)).toMatchObject({ sold_out: false })
    expect((await say(house, { ...soldOut, why: 'else' }, { id: first.webhook_id })).status).toBe(422)
  })

  test('another’s signature, an old one, another house’s order, nonsense: the right refusal, and nothing changed', async () => {
    const house = await openWithTill(stack)
    const other = await openWithTill(stack)
    const guest = await sit(stack, house)
    const id = await place(guest, house)
    await until(async () => (await look(house, id)).status === 'accepted')
    const paid = { type: 'order.paid', order_id: id }
    const old = Math.floor(Date.now() / 1000) - 301
    expect((await say(house, paid, { secret: 'whsec_b3RoZXI=' })).status).toBe(401)
    expect((await say(house, paid, { timestamp: old })).status).toBe(401)
    expect((await say(house, paid, { timestamp: old + 602 })).status).toBe(401)
    expect((await say(other, paid)).status).toBe(404)
    expect((await say(house, { type: 'order.paid', order_id: randomUUID() })).status).toBe(404)
    expect((await say(house, { type: 'item.sold_out', menu_item_id: other.menu.cake })).status).toBe(404)
    expect((await say(house, { type: 'order.eaten', order_id: id })).status).toBe(422)
    expect((await say({ ...house, slug: 'no-such-house' }, paid)).status).toBe(404)
    const bare = await fetch(`${stack.origin}/webhooks/pos/${house.slug}`, { method: 'POST', body: '{}' })
    expect(bare.status).toBe(401)
    expect((await look(house, id)).status).toBe('accepted')
  })
})

async function queued(): Promise<{ attempts: unknown[] }[]> {
  // oxlint-disable-next-line typescript/no-explicit-any
  const messages: any = await (await fetch(`${stack.control_origin}/qstash/messages`)).json()
  return messages.pending
}

async function events(house: Tavern, type: string): Promise<number> {
  return withDatabase(stack, async (client) => {
    const found = await client.query('select 1 from events where restaurant_id = $1 and type = $2', [house.id, type])
    return found.rows.length
  })
}

/** The one order of a house, as soon as it is committed. */
async function written(house: Tavern): Promise<string> {
  return withDatabase(stack, async (client) => {
    for (;;) {
      const found = await client.query<{ id: string }>('select id from orders where restaurant_id = $1', [house.id])
      if (found.rows[0]) return found.rows[0].id
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })
}
