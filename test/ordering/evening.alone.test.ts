import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { openWithTill, posSecret } from './evenings.ts'
import { atRoot, Phone, until } from './phones.ts'

// Alone: the till misbehaves, QStash's clock is moved, and the cron job works for every restaurant.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

// oxlint-disable-next-line typescript/no-explicit-any
async function control(path: string, body?: unknown): Promise<any> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return (await fetch(`${stack.control_origin}${path}`, init)).json()
}

const minutes = (n: number): Date => new Date(Date.now() + n * 60_000)

test('an evening: scan, three join, one cart, the pass, the order, a till that fails twice, paid, closed', async () => {
  await control('/pos/secret', { secret: posSecret })
  await control('/qstash/hold', { on: true })
  const email = `owner-${randomUUID()}@tavern.test`
  const house = await openWithTill(stack, { email, settings: { daily_pass: 'on' } })

  // The night's pass came to the owner by mail.
  await stack.worker.scheduled({ cron: '0 * * * *' })
  const [mail] = await control(`/mail?to=${encodeURIComponent(email)}`)
  const pass = /is ([A-Z2-9]{6})\./.exec(mail.text)?.[1]

  // Scan: the sticker on table 1.
  const tables = (await house.call('GET', '/tables')).data
  const { qr_token } = tables.find((one: { number: string }) => one.number === '1')
  const scan = (nickname: string, allergies: string[] = []) =>
    atRoot(
      stack.origin,
      null,
      'POST',
      '/table_session',
      { qr_token, nickname, allergies, device_id: randomUUID() },
      {
        'cf-connecting-ip': '2001:db8::1',
      },
    )
  const joined = await Promise.all([scan('Ada'), scan('Bob', ['nuts']), scan('Cleo')])
  expect(joined.map((one) => one.status)).toEqual([201, 201, 201])
  expect(new Set(joined.map((one) => one.data.session.id)).size).toBe(1)
  expect(joined.filter((one) => one.data.created)).toHaveLength(1)
  const session_id: string = joined[0]?.data.session.id
  const phones = await Promise.all(joined.map((one) => new Phone(stack.origin, one.data.ws_token).connect()))
  const [ada, bob, cleo] = phones
  if (!ada || !bob || !cleo) throw new Error('somebody is missing')
  for (const phone of phones) await phone.next('snapshot')
  const says = (phone: Phone, method: string, path: string, body?: unknown, key?: string) =>
    atRoot(stack.origin, phone.token, method, path, body, key ? { 'idempotency-key': key } : {})

  // The pass, then the cart: nobody before, everybody after.
  expect(await ada.mutate({ op: 'create', menu_item_id: house.menu.soup, version: 0 })).toMatchObject({
    code: 'pass_required',
  })
  for (const phone of phones) {
    expect((await says(phone, 'POST', `/session/${session_id}/validate_pass`, { pass })).status).toBe(200)
  }
  await Promise.all([ada.order(house.menu.soup), cleo.order(house.menu.wine, { variant_id: house.menu.glass })])
  expect(await bob.mutate({ op: 'create', menu_item_id: house.menu.cake, version: bob.cart_version })).toMatchObject({
    code: 'allergy_not_acknowledged',
  })
  await bob.order(house.menu.cake, { acknowledged: ['nuts'], note: 'no cream' })
  await until(() => phones.every((one) => one.lines.length === 3), 'the whole cart')
  expect(new Set(phones.map((one) => one.hash())).size).toBe(1)

  // The order, by a thumb that trembles, at a till that is out of order twice.
  await control('/pos/behave', { script: [{ mode: 'timeout' }, { mode: 'drop-after-accept' }] })
  const key = randomUUID()
  const cart = { session_id, cart_version: cleo.cart_version, cart_hash: cleo.hash() }
  const taps = await Promise.all([1, 2, 3].map(() => says(cleo, 'POST', '/orders', cart, key)))
  expect(taps.map((one) => one.status)).toEqual([201, 201, 201])
  const { order, pos_ticket } = taps[0]?.data ?? {}
  expect(order).toMatchObject({ status: 'fired', total_minor: 900 + 1200 + 700 })
  for (const phone of phones) {
    expect(await phone.next('order_fired')).toMatchObject({ order_id: order.id, pos_ticket })
    await until(() => phone.lines.length === 0, 'an empty cart')
  }
  const waiting = () => control('/qstash/messages')
  await until(async () => (await waiting()).pending.length === 1, 'the message to QStash')
  await control('/qstash/advance', { seconds: 30 })
  await control('/qstash/advance', { seconds: 120 })
  for (const phone of phones) await phone.next('order_status', (one) => one.status === 'accepted')
  const { tickets, attempts } = await control('/pos/tickets')
  expect(tickets).toMatchObject([
    {
      idempotency_key: order.id,
      order: {
        type: 'order.fired',
        pos_ticket,
        table_number: '1',
        allergies: [{ member: 'Bob', allergens: ['nuts'] }],
        total_minor: 2800,
        currency: 'SGD',
      },
    },
  ])
  expect(attempts.map((one: { signature: string }) => one.signature)).toEqual(['verified', 'verified', 'verified'])
  const staff = await atRoot(stack.origin, house.key, 'GET', `/orders/${order.id}`)
  expect(staff.data.attempts.map((one: { outcome: string }) => one.outcome)).toEqual(['unknown', 'unknown', 'accepted'])

  // The kitchen, the bill, the till.
  const report = (type: string) =>
    control('/pos/callback', {
      url: `${stack.origin}/webhooks/pos/${house.slug}`,
      secret: posSecret,
      body: { type, order_id: order.id },
    })
  for (const step of ['preparing', 'ready', 'served'] as const) {
    await report(`order.${step}`)
    for (const phone of phones) await phone.next('order_status', (one) => one.status === step)
  }
  const bill = (await says(ada, 'POST', `/session/${session_id}/call`, { kind: 'bill' })).data
  expect((await house.call('GET', '/calls')).data).toMatchObject([{ kind: 'bill', member: 'Ada', table_number: '1' }])
  await house.call('POST', `/calls/${bill.id}/acknowledge`)
  await ada.next('call_update', (one) => one.acknowledged)
  await report('order.paid')
  for (const phone of phones) await phone.next('order_status', (one) => one.status === 'paid')
  expect(phones.map((one) => one.gaps)).toEqual([0, 0, 0])

  // Ten quiet minutes later the table is free.
  await stack.worker.scheduled({ cron: '*/5 * * * *', time: minutes(5) })
  expect(phones.map((one) => one.closed)).toEqual([null, null, null])
  await stack.worker.scheduled({ cron: '*/5 * * * *', time: minutes(15) })
  expect(await Promise.all(phones.map((one) => one.gone()))).toEqual([4403, 4403, 4403])
  const path = `/table_session_details?session_id=${session_id}`
  const details = await atRoot(stack.origin, house.key, 'GET', path)
  expect(details.data.session).toMatchObject({ status: 'closed', close_reason: 'paid' })
  expect((await says(ada, 'POST', '/orders', cart)).status).toBe(401)
  expect((await scan('Dora')).data.session.id).not.toBe(session_id)
})
