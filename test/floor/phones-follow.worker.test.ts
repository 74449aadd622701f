import { describe, expect, inject, test } from 'vitest'
import type { Answer } from '../factories.ts'
import { overlaps } from '../factories.ts'
import { atRoot, openTavern, Phone, until } from '../ordering/phones.ts'

const where = inject('stack')
const { origin } = where
type Tavern = Awaited<ReturnType<typeof openTavern>>

const idOf = (house: Tavern, number: string): string => house.tables.find((one) => one.number === number)?.id ?? ''

/** A walk-in at a table, and a phone of it. */
async function party(house: Tavern, number: string, device_id: string): Promise<{ id: string; phone: Phone }> {
  const seated = await house.call('POST', '/walk-ins', { party_size: 2, table_id: idOf(house, number) })
  expect(seated.status, JSON.stringify(seated.body)).toBe(201)
  return { id: seated.data.id, phone: await scan(house, number, device_id) }
}

async function scan(house: Tavern, table_number: string, device_id: string): Promise<Phone> {
  const joined = await join(house, table_number, device_id)
  expect(joined.status, JSON.stringify(joined.body)).toBe(201)
  const phone = await new Phone(origin, joined.data.ws_token).connect()
  await phone.next('snapshot')
  return phone
}
const join = (house: Tavern, table_number: string, device_id: string): Promise<Answer> =>
  atRoot(origin, house.key, 'POST', '/table_session', { table_number, device_id })
const move = (house: Tavern, reservation: string, number: string, headers: Record<string, string> = {}) =>
  house.call('POST', '/floor/move', { reservation, table_ids: [idOf(house, number)] }, headers)

describe('the phones of a party that moves', () => {
  test('R119 are told and cut off; at the new table they are who they were, with their cart and their bill', async () => {
    const house = await openTavern(where)
    const { id, phone } = await party(house, '1', 'phone-of-ana')
    await phone.order(house.menu.soup, { qty: 2, note: 'hot' })
    const cart = { cart_version: phone.cart_version, cart_hash: phone.hash() }
    const session_id = await sessionAt(house, '1')
    const placed = await atRoot(origin, phone.token, 'POST', '/orders', { session_id, ...cart })
    expect(placed.status, JSON.stringify(placed.body)).toBe(201)
    await until(() => phone.lines.length === 0)
    await phone.order(house.menu.pasta, {
      modifiers: [{ group_id: house.menu.cheese, option_ids: [house.menu.parmesan] }],
    })
    await atRoot(origin, phone.token, 'POST', `/session/${session_id}/call`, { kind: 'water' })

    const key = { 'idempotency-key': 'drag' }
    const moved = await move(house, id, '3', key)
    expect(moved.status, JSON.stringify(moved.body)).toBe(200)
    expect(moved.data.sessions).toEqual([{ session_id, from_table: '1', to_table: '3', lines: 1, lines_left: 0 }])
    expect(await phone.gone()).toBe(4403)
    expect(phone.heard.at(-1)).toMatchObject({ type: 'session_closed', why: 'moved' })
    expect((await atRoot(origin, phone.token, 'GET', '/cart_snapshot')).code).toBe('unauthorized')

    const again = await scan(house, '3', 'phone-of-ana')
    expect(again.you).toBe(phone.you)
    expect(again.lines).toMatchObject([{ name: 'Pasta', member_id: phone.you, unit_price_minor: 1950 }])
    await again.order(house.menu.cake)
    const replayed = await move(house, id, '3', key)
    expect(replayed.status).toBe(200)
    expect((await atRoot(origin, again.token, 'GET', '/cart_snapshot')).data.lines).toHaveLength(2)

    const [board] = (await atRoot(origin, house.key, 'GET', '/admin/tables')).data.filter(
      (one: { number: string }) => one.number === '3',
    )
    expect(board).toMatchObject({
      status: 'occupied',
      session: { id: session_id, members: 1, orders: 1 },
      unpaid_minor: 1800,
      pos: 'waiting',
      calls: [{ kind: 'water' }],
    })
    const more = { cart_version: again.cart_version, cart_hash: again.hash() }
    const second = await atRoot(origin, again.token, 'POST', '/orders', { session_id, ...more })
    expect(second.data.order).toMatchObject({ table_number: '3', session_id })
    // The old table is nobody's: who scans there opens a session of their own.
    const other = await join(house, '1', 'phone-of-bo')
    expect(other.data).toMatchObject({ created: true })
    expect(other.data.session.id).not.toBe(session_id)
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R119 go back with it, and cross with those of the party that takes its place', async () => {
    const house = await openTavern(where)
    const ana = await party(house, '1', 'phone-of-ana')
    const bo = await party(house, '2', 'phone-of-bo')
    await ana.phone.order(house.menu.soup)
    await bo.phone.order(house.menu.wine, { variant_id: house.menu.glass })
    const swapped = await house.call('POST', '/floor/swap', { a: { reservation: ana.id }, b: { reservation: bo.id } })
    expect(swapped.data.sessions, JSON.stringify(swapped.body)).toHaveLength(2)
    const anaNow = await scan(house, '2', 'phone-of-ana')
    const boNow = await scan(house, '1', 'phone-of-bo')
    expect([anaNow.you, boNow.you]).toEqual([ana.phone.you, bo.phone.you])
    expect([anaNow.lines, boNow.lines]).toMatchObject([[{ name: 'Soup' }], [{ name: 'Wine, Glass' }]])
    await anaNow.order(house.menu.cake)
    await house.call('POST', '/floor/swap', { a: { reservation: ana.id }, b: { reservation: bo.id } })
    const anaBack = await scan(house, '1', 'phone-of-ana')
    expect(anaBack.you).toBe(ana.phone.you)
    expect(anaBack.lines.map((line) => line.name).toSorted()).toEqual(['Cake', 'Soup'])
    // There and back again, to where its old lines still lie.
    for (const number of ['3', '1']) expect((await move(house, ana.id, number)).status).toBe(200)
    const anaAgain = await scan(house, '1', 'phone-of-ana')
    expect(anaAgain.lines.map((line) => line.name).toSorted()).toEqual(['Cake', 'Soup'])
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R119 never join those of somebody else: a session at the new table is in the way', async () => {
    const house = await openTavern(where)
    const ana = await party(house, '1', 'phone-of-ana')
    const other = await join(house, '3', 'phone-of-bo')
    const refused = await move(house, ana.id, '3')
    expect(refused.body).toMatchObject({
      code: 'table_taken',
      in_the_way: [{ kind: 'session', owner: other.data.session.id, table: '3' }],
    })
    expect(await ana.phone.order(house.menu.soup)).toMatchObject({ name: 'Soup' })
  })
})

async function sessionAt(house: Tavern, number: string): Promise<string> {
  const active = await atRoot(origin, house.key, 'GET', '/admin/sessions/active')
  return active.data.find((one: { table_number: string }) => one.table_number === number)?.id
}
