import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { daysAhead, type House, openHouse } from '../factories.ts'

let stack: Stack
let house: House
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
  house = await openHouse(stack)
  // Warm: the isolate knows the key and the house, as it does from the second request on.
  await house.call('GET', `/availability?date=${daysAhead(3)}&guests=2`)
})
afterAll(() => stack.stop())

async function tripsOf(work: () => Promise<{ status: number }>, status: number): Promise<number> {
  await fetch(`${stack.control_origin}/neon/reset`, { method: 'POST' })
  const answer = await work()
  expect(answer.status).toBe(status)
  const stats: { round_trips: number } = JSON.parse(await (await fetch(`${stack.control_origin}/neon/stats`)).text())
  return stats.round_trips
}

test('availability, booking and cancelling cost one database round trip each', async () => {
  const date = daysAhead(10)
  expect(await tripsOf(() => house.call('GET', `/availability?date=${date}&guests=2`), 200)).toBe(1)
  expect(await tripsOf(() => house.call('GET', `/availability?date=${date}&guests=2&time=19:00`), 200)).toBe(1)
  expect(
    await tripsOf(
      () => house.call('POST', '/tables/availability/bulk', { dates: [1, 2, 3, 30, 60].map(daysAhead), party_size: 2 }),
      200,
    ),
  ).toBe(1)
  expect(await tripsOf(() => house.call('GET', `/availability/explain?date=${date}&time=04:00&guests=2`), 200)).toBe(1)

  let id = ''
  const book = async (): Promise<{ status: number }> => {
    const answer = await house.call('POST', '/reservations', {
      name: 'Ana',
      phone_number: '98207272',
      reservation_date: date,
      reservation_time: '19:00',
      party_size: 2,
    })
    id = answer.data.id
    return answer
  }
  expect(await tripsOf(book, 201)).toBe(1)
  expect(await tripsOf(() => house.call('GET', `/reservations/${id}`), 200)).toBe(1)
  expect(await tripsOf(() => house.call('POST', `/reservations/${id}/late`), 200)).toBe(1)
  expect(await tripsOf(() => house.call('DELETE', `/reservations/${id}`), 200)).toBe(1)
  expect(
    await tripsOf(() => house.call('POST', '/reservations/holds', { date, time: '19:00', party_size: 2 }), 201),
  ).toBe(1)
  expect(
    await tripsOf(
      () => house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 2 }, { 'idempotency-key': 'k1' }),
      201,
    ),
  ).toBe(1)

  // Every table that fits is taken now: the refusal brings the nearest free times along.
  const third = () => house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 2 })
  expect(await tripsOf(third, 201)).toBe(1)
  const refused = await house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 2 })
  expect(refused.body.alternatives).not.toEqual([])
  expect(await tripsOf(third, 409)).toBe(1)
})

test('the menu and the door of a table cost one each', async () => {
  const menu = { categories: [{ name: 'Mains', items: [{ name: 'Laksa', price_minor: 1450, stock: 9 }] }] }
  expect((await house.call('PUT', '/menu', menu)).status).toBe(200)
  // The phones of the house are told meanwhile, which is a round trip of its own.
  await house.call('GET', '/menu')
  expect(await tripsOf(() => house.call('GET', '/menu'), 200)).toBe(1)
  const door = `${stack.origin}/is_open?restaurant_name=${house.slug}&table_number=1`
  const noon = { headers: { 'x-tableside-now': `${daysAhead(1)}T12:00:00+08:00` } }
  expect(await tripsOf(() => fetch(door, noon), 200)).toBe(1)
})

/** A request to sit down, to be made when it is counted. */
function join(body: unknown, headers: Record<string, string>): () => Promise<Response> {
  return () =>
    fetch(`${stack.origin}/table_session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
}

test('sitting down at a table costs one, by a sticker as by its number, for the first and for who comes next', async () => {
  const tables = (await house.call('GET', '/tables')).data
  const { qr_token } = tables.find((one: { number: string }) => one.number === '2')
  const noon = { 'x-tableside-now': `${daysAhead(0)}T12:00:00+08:00` }
  const staff = { authorization: `Bearer ${house.key}` }
  await house.call('GET', '/menu')
  expect(await tripsOf(join({ qr_token }, noon), 201)).toBe(1)
  expect(await tripsOf(join({ qr_token, nickname: 'Bo' }, noon), 201)).toBe(1)
  expect(await tripsOf(join({ table_number: '3' }, staff), 201)).toBe(1)
})

test('a cold isolate learns the key and the house in one more', async () => {
  await stack.worker.restart()
  expect(await tripsOf(() => house.call('GET', `/availability?date=${daysAhead(10)}&guests=2`), 200)).toBe(2)
})
