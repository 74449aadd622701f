import { randomUUID } from 'node:crypto'
import { describe, expect, inject, test } from 'vitest'
import { withDatabase } from '../factories.ts'
import { fire, openWithTill, ordersOf, sit } from './evenings.ts'
import { atRoot, openTavern, until } from './phones.ts'

const where = inject('stack')

describe('R72 one key is one order', () => {
  test('a double tap × 20 with one key is one order and one ticket; the cart is empty after it', async () => {
    const house = await openWithTill(where)
    const guest = await sit(where, house)
    await guest.phone.order(house.menu.soup, { qty: 2 })
    const key = randomUUID()
    const { cart_version } = guest.phone
    const cart_hash = guest.phone.hash()
    const taps = await Promise.all(Array.from({ length: 20 }, () => fire(guest, key, { cart_version, cart_hash })))
    expect(new Set(taps.map((one) => one.status))).toEqual(new Set([201]))
    expect(new Set(taps.map((one) => one.data.order.id)).size).toBe(1)
    expect(await ordersOf(where, house)).toHaveLength(1)
    await guest.phone.next('order_fired')
    expect(guest.phone.lines).toEqual([])
    expect(taps[0]?.data).toMatchObject({ pos_ticket: '001', order: { total_minor: 1800, status: 'fired' } })
    // Another table that hits on the same key has an order of its own.
    const elsewhere = await sit(where, house, '2')
    await elsewhere.phone.order(house.menu.soup)
    expect((await fire(elsewhere, key)).data).toMatchObject({ pos_ticket: '002', order: { table_number: '2' } })
    // Long after, too, and on whatever the cart is by then.
    const late = await fire(guest, key, { cart_version, cart_hash })
    expect(late.data.order.id).toBe(taps[0]?.data.order.id)
  })

  test('an identical second round is a second order, with the next ticket', async () => {
    const house = await openTavern(where)
    const guest = await sit(where, house)
    const tickets: string[] = []
    for (let round = 1; round <= 2; round++) {
      await guest.phone.order(house.menu.soup)
      tickets.push((await fire(guest)).data.pos_ticket)
      await guest.phone.next('order_fired', (one) => one.pos_ticket === tickets.at(-1))
    }
    expect(tickets).toEqual(['001', '002'])
  })

  test('the same key with another cart is 422; two phones that press at once make one order and one refusal', async () => {
    const house = await openTavern(where)
    const one = await sit(where, house)
    const two = await sit(where, house)
    await one.phone.order(house.menu.soup)
    await two.phone.order(house.menu.cake)
    await until(() => one.phone.hash() === two.phone.hash(), 'one cart')
    const answers = await Promise.all([fire(one), fire(two)])
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201, 409]))
    expect(['stale_cart', 'cart_frozen', 'cart_empty']).toContain(answers.find((a) => a.status === 409)?.code)
    expect(await ordersOf(where, house)).toHaveLength(1)

    const key = randomUUID()
    await one.phone.order(house.menu.wine, { variant_id: house.menu.glass })
    expect((await fire(one, key)).status).toBe(201)
    expect(await fire(one, key, { cart_version: 99 })).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  })
})

test('R72 one key with two bodies at once: one order, the other is 422, and nothing of it stays in the cart', async () => {
  const house = await openTavern(where)
  for (let round = 1; round <= 5; round++) {
    const guest = await sit(where, house, '2', { force: true })
    await guest.phone.order(house.menu.soup)
    const key = randomUUID()
    const cart = { cart_version: guest.phone.cart_version, cart_hash: guest.phone.hash() }
    const answers = await Promise.all([
      fire(guest, key, cart),
      fire(guest, key, { ...cart, cart_version: 99 }),
      fire(guest, key, { ...cart, cart_hash: 'other' }),
    ])
    const placed = answers.filter((one) => one.status === 201)
    expect(placed.length, JSON.stringify(answers.map((one) => one.code))).toBeLessThanOrEqual(1)
    const left = (await guest.call('GET', '/cart_snapshot')).data.lines
    expect(left).toHaveLength(placed.length === 1 ? 0 : 1)
    expect((await fire(guest, randomUUID(), left.length > 0 ? cart : {})).status).toBe(left.length > 0 ? 201 : 409)
  }
  expect(await ordersOf(where, house)).toHaveLength(5)
})

describe('R70 and R71 money', () => {
  test('the price is the server’s: what a phone says of it is refused or ignored, and a new price counts at once', async () => {
    const house = await openTavern(where)
    const guest = await sit(where, house)
    const line = await guest.phone.order(house.menu.pasta, {
      qty: 2,
      modifiers: [{ group_id: house.menu.cheese, option_ids: [house.menu.parmesan] }],
    })
    expect(line.unit_price_minor).toBe(1950)
    const { phone, session_id } = guest
    const asked = { session_id, cart_version: phone.cart_version, cart_hash: phone.hash() }
    for (const lie of [{ total_minor: 1 }, { lines: [{ ...line, unit_price_minor: 1 }] }, { currency: 'IDR' }])
      expect(await guest.call('POST', '/orders', { ...asked, ...lie })).toMatchObject({ code: 'validation_failed' })

    // The house changes its menu while the line is in the cart.
    const menu = structuredClone(house.menu.menu)
    const pasta = menu.categories[0]?.items[1]
    if (pasta) Object.assign(pasta, { price_minor: 2000, tax_permille: 90 })
    expect((await house.call('PUT', '/menu', menu)).status).toBe(200)
    const placed = await fire(guest)
    expect(placed.data.order).toMatchObject({
      total_minor: 4300,
      tax_minor: 355,
      taxes: [{ tax_permille: 90, gross_minor: 4300, tax_minor: 355 }],
      currency: 'SGD',
      lines: [{ price_minor: 2150, total_minor: 4300, modifiers: [{ option: 'Parmesan', price_minor: 150 }] }],
    })
  })

  test('a stale version or hash is 409 with the cart as it is; nothing is ordered', async () => {
    const house = await openTavern(where)
    const guest = await sit(where, house)
    const seen = { cart_version: guest.phone.cart_version, cart_hash: guest.phone.hash() }
    await guest.phone.order(house.menu.soup)
    const stale = await fire(guest, randomUUID(), seen)
    expect(stale).toMatchObject({ status: 409, code: 'stale_cart' })
    expect(stale.body.current.lines).toHaveLength(1)
    const { cart_version } = guest.phone
    expect(await fire(guest, randomUUID(), { cart_version, cart_hash: seen.cart_hash })).toMatchObject({
      code: 'stale_cart',
    })
    expect(await ordersOf(where, house)).toEqual([])
    expect((await fire(guest)).status).toBe(201)
  })
})

describe('stock', () => {
  test('six are left and ten tables want one each: six have it, four hear that it is sold out, and nothing else of theirs is taken', async () => {
    const house = await openTavern(where, { tables: Array.from({ length: 10 }, (_, i) => ({ number: i, seats: 2 })) })
    await house.call('PATCH', `/menu/items/${house.menu.cake}`, { stock: 6 })
    await house.call('PATCH', `/menu/items/${house.menu.soup}`, { stock: 100 })
    const guests = await Promise.all(Array.from({ length: 10 }, (_, i) => sit(where, house, String(i))))
    for (const guest of guests) {
      await guest.phone.order(house.menu.soup)
      await guest.phone.order(house.menu.cake)
    }
    const answers = await Promise.all(guests.map((guest) => fire(guest)))
    expect(answers.filter((one) => one.status === 201)).toHaveLength(6)
    const refused = answers.filter((one) => one.code === 'sold_out_item')
    expect(refused).toHaveLength(4)
    const items = (await house.call('GET', '/menu')).data.categories.flatMap((one: { items: unknown[] }) => one.items)
    expect(items.find((one: { id: string }) => one.id === house.menu.cake)).toMatchObject({ stock: 0, sold_out: true })
    expect(items.find((one: { id: string }) => one.id === house.menu.soup)).toMatchObject({ stock: 94 })
    // Those who were refused hear of it and may go on: the cart is theirs again.
    const loser = guests[answers.findIndex((one) => one.code === 'sold_out_item')]
    if (!loser) throw new Error('nobody lost')
    await loser.phone.next('menu_update', (one) => one.menu_item_id === house.menu.cake && one.sold_out)
    const cake = loser.phone.lines.find((one) => one.menu_item_id === house.menu.cake)
    await loser.phone.mutate({ op: 'delete', line_id: cake?.id, version: cake?.version ?? 0 })
    expect((await fire(loser)).data.order.total_minor).toBe(900)
  })
})

describe('R70 sold out between cart and order', () => {
  test('409 names the line; nothing is written or taken, and the cart is the table’s again', async () => {
    const house = await openWithTill(where)
    const guest = await sit(where, house)
    await house.call('PATCH', `/menu/items/${house.menu.soup}`, { stock: 10 })
    await guest.phone.order(house.menu.soup)
    const cake = await guest.phone.order(house.menu.cake)
    await house.call('PATCH', `/menu/items/${house.menu.cake}`, { sold_out: true })
    const key = randomUUID()
    const refused = await fire(guest, key)
    expect(refused).toMatchObject({
      status: 409,
      code: 'sold_out_item',
      body: { line_id: cake.id, menu_item_id: house.menu.cake, detail: expect.stringContaining('Cake') },
    })
    expect((await fire(guest, key)).body).toMatchObject({ line_id: cake.id })
    expect(await ordersOf(where, house)).toEqual([])
    const items = (await house.call('GET', '/menu')).data.categories.flatMap((one: { items: unknown[] }) => one.items)
    expect(items.find((one: { id: string }) => one.id === house.menu.soup)).toMatchObject({ stock: 10 })
    await guest.phone.mutate({ op: 'delete', line_id: cake.id, version: cake.version })
    expect((await fire(guest)).data.order.total_minor).toBe(900)
  })

  test('even when it runs out after the menu was read and before the order is written', async () => {
    const house = await openTavern(where)
    const guest = await sit(where, house)
    await guest.phone.order(house.menu.cake)
    await withDatabase(where, async (client) => {
      // The menu is read past this lock; the order waits for it, and finds what the kitchen has done.
      await client.query('begin')
      await client.query('select from menu_items where id = $1 for update', [house.menu.cake])
      const firing = fire(guest)
      await until(async () => {
        await client.query('select pg_stat_clear_snapshot()')
        const waiting = await client.query(
          "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%place_order(%'",
        )
        return waiting.rowCount === 1
      }, 'the order')
      await client.query('update menu_items set sold_out = true where id = $1', [house.menu.cake])
      await client.query('commit')
      expect(await firing).toMatchObject({
        status: 409,
        code: 'sold_out_item',
        body: { items: [{ menu_item_id: house.menu.cake, name: 'Cake' }] },
      })
    })
    expect(await ordersOf(where, house)).toEqual([])
    expect((await guest.call('GET', '/cart_snapshot')).data.lines).toHaveLength(1)
  })
})

describe('R75 review', () => {
  test('an order waits for its staff: accepted it goes to the till, rejected its stock comes back', async () => {
    const house = await openWithTill(where, { settings: { order_review: 'on' } })
    await house.call('PATCH', `/menu/items/${house.menu.cake}`, { stock: 1 })
    const guest = await sit(where, house)
    await guest.phone.order(house.menu.cake)
    const first = (await fire(guest)).data.order
    expect(first).toMatchObject({ status: 'review', delivery: null })
    expect((await house.call('GET', '/orders?status=review')).data).toMatchObject([{ id: first.id }])
    expect(await house.call('POST', `/orders/${first.id}/resend`)).toMatchObject({ code: 'illegal_step' })
    expect(await house.call('POST', `/orders/${first.id}/mark`, { status: 'paid' })).toMatchObject({
      code: 'illegal_step',
    })
    const stale = await house.call('POST', `/orders/${first.id}/accept`, { version: 9 })
    expect(stale).toMatchObject({ status: 409, code: 'stale_version', body: { current: { id: first.id } } })

    const rejected = await house.call('POST', `/orders/${first.id}/reject`, { why: 'The cake fell.' })
    expect(rejected.data).toMatchObject({ status: 'rejected', why: 'The cake fell.' })
    await guest.phone.next('order_status', (one) => one.status === 'rejected')
    await guest.phone.next('menu_update', (one) => one.stock === 1 && !one.sold_out)
    expect(await house.call('POST', `/orders/${first.id}/accept`)).toMatchObject({ code: 'illegal_step' })

    await guest.phone.order(house.menu.cake)
    const second = (await fire(guest)).data.order
    const keys = { 'idempotency-key': randomUUID() }
    const accepts = await Promise.all([1, 2, 3].map(() => house.call('POST', `/orders/${second.id}/accept`, {}, keys)))
    expect(accepts.map((one) => one.data.status)).toEqual(['fired', 'fired', 'fired'])
    await guest.phone.next('order_status', (one) => one.order_id === second.id && one.status === 'accepted')
    expect((await house.call('POST', `/orders/${second.id}/mark`, { status: 'paid' })).data.status).toBe('paid')
    expect(await house.call('POST', `/orders/${second.id}/mark`, { status: 'served' })).toMatchObject({
      code: 'illegal_step',
    })
  })
})

describe('who may see and do what', () => {
  test('an order is its session’s and its house’s; to anybody else it is not there', async () => {
    const house = await openTavern(where)
    const other = await openTavern(where)
    const guest = await sit(where, house, '1')
    const beside = await sit(where, house, '1')
    const elsewhere = await sit(where, house, '2')
    const abroad = await sit(where, other)
    await guest.phone.order(house.menu.soup)
    const { id } = (await fire(guest)).data.order
    expect((await beside.call('GET', `/orders/${id}`)).data).toMatchObject({ id, attempts: [] })
    for (const stranger of [elsewhere, abroad])
      expect(await stranger.call('GET', `/orders/${id}`)).toMatchObject({ status: 404, code: 'not_found' })
    expect((await atRoot(where.origin, house.key, 'GET', `/orders/${id}`)).data.id).toBe(id)
    expect(await atRoot(where.origin, other.key, 'GET', `/orders/${id}`)).toMatchObject({ code: 'not_found' })
    for (const [path, body] of [
      ['accept', {}],
      ['reject', {}],
      ['mark', { status: 'paid' }],
      ['resend', {}],
    ] as const)
      expect(await other.call('POST', `/orders/${id}/${path}`, body), path).toMatchObject({ code: 'not_found' })
    // Another session's cart is not mine to order.
    expect(
      await elsewhere.call('POST', '/orders', {
        session_id: guest.session_id,
        cart_version: 1,
        cart_hash: 'x',
      }),
    ).toMatchObject({ code: 'not_found' })
    const reader = await house.call('POST', '/keys', { name: 'reader', scopes: ['orders:read'] })
    const { api_key } = reader.data
    expect((await atRoot(where.origin, api_key, 'GET', `/orders/${id}`)).status).toBe(200)
    expect(await atRoot(where.origin, api_key, 'POST', `/api/orders/${id}/mark`, { status: 'paid' })).toMatchObject({
      code: 'forbidden',
    })
    expect(await atRoot(where.origin, house.key, 'POST', '/orders', {})).toMatchObject({ code: 'forbidden' })
  })

  test('a closed session, a switched-off house and a disabled table order nothing', async () => {
    const house = await openTavern(where)
    const guest = await sit(where, house)
    await guest.phone.order(house.menu.soup)
    const staff = (path: string): ReturnType<typeof atRoot> => atRoot(where.origin, house.key, 'POST', path, {})
    await staff('/admin/system/disable_ordering')
    expect(await fire(guest)).toMatchObject({ status: 423, code: 'ordering_disabled' })
    await staff('/admin/system/enable_ordering')
    await staff(`/admin/table/${house.tables[0]?.id}/disable`)
    expect(await fire(guest)).toMatchObject({ status: 423, code: 'table_disabled' })
    await staff(`/admin/table/${house.tables[0]?.id}/enable`)
    await withDatabase(where, (client) =>
      client.query("update table_sessions set closed_at = now(), close_reason = 'x' where id = $1", [guest.session_id]),
    )
    expect(await fire(guest)).toMatchObject({ status: 409, code: 'session_closed' })
    expect(await ordersOf(where, house)).toEqual([])
  })

  test('lists page by page, newest first, by status, session and time', async () => {
    const house = await openTavern(where)
    const guest = await sit(where, house)
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      await guest.phone.order(house.menu.soup)
      const { order } = (await fire(guest)).data
      ids.unshift(order.id)
      await guest.phone.next('order_fired', (one) => one.order_id === order.id)
    }
    const seen: string[] = []
    let cursor = ''
    do {
      const page = await house.call('GET', `/orders?session_id=${guest.session_id}&limit=2${cursor}`)
      seen.push(...page.data.map((one: { id: string }) => one.id))
      cursor = page.body.meta.next_cursor ? `&cursor=${page.body.meta.next_cursor}` : ''
    } while (cursor)
    expect(seen).toEqual(ids)
    expect((await house.call('GET', '/orders?status=paid,served')).data).toEqual([])
    expect((await house.call('GET', `/orders?from=${new Date(Date.now() + 60_000).toISOString()}`)).data).toEqual([])
    expect(await house.call('GET', '/orders?status=nonsense')).toMatchObject({ code: 'validation_failed' })
  })
})

describe('R73 whoever comes next mends what a crash left', () => {
  test('frozen and gone: after some seconds another order settles it; ordered and not marked: the lines are ordered once', async () => {
    const house = await openTavern(where)
    const guest = await sit(where, house)
    await guest.phone.order(house.menu.soup)
    const key = randomUUID()
    const { cart_version } = guest.phone
    const cart_hash = guest.phone.hash()
    const placed = await fire(guest, key, { cart_version, cart_hash })
    // As if nobody had told the object: its order is there, and its key says so to whoever settles it.
    const kept = await withDatabase(where, (client) =>
      client.query('select settle_order_key($1, $2, $3, $4, now()) as answer', [
        house.id,
        `order:${guest.session_id}:${key}`,
        'abandoned',
        '{"outcome": "abandoned"}',
      ]),
    )
    expect(kept.rows[0]).toMatchObject({ answer: { outcome: 'placed', order: { id: placed.data.order.id } } })
    // A key that never placed anything never will.
    const dead = `order:${guest.session_id}:dead`
    await withDatabase(where, (client) =>
      client.query('select settle_order_key($1, $2, $3, $4, now())', [
        house.id,
        dead,
        'abandoned',
        '{"outcome": "abandoned"}',
      ]),
    )
    await guest.phone.order(house.menu.soup)
    expect(await fire(guest, 'dead')).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
    expect((await fire(guest)).status).toBe(201)
  })
})
