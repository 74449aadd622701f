import { beforeAll, describe, expect, inject, test } from 'vitest'
import { type Answer, daysAhead, type House, openHouse, withDatabase } from '../factories.ts'
import { until } from '../waitlist/queues.ts'

const where = inject('stack')
const date = daysAhead(10)
const ghost = '00000000-0000-4000-8000-000000000000'
const slot = { date, time: '19:00', party_size: 2 }

const notThere = 'names a table that is not there'
const outOfUse = 'names a table that is out of use'
const problem = (path: string, message: string) => ({
  status: 422,
  code: 'validation_failed',
  body: { detail: `${path}: ${message}`, errors: [{ path, message }] },
})

let house: House
let booked: { id: string; version: number }
let group: { id: string }
let series: { id: string }
let waits: { id: string }
const ids = { unknown: ghost, stranger: '', off: '', small: '' }

async function made(answer: Promise<Answer>): Promise<Answer['data']> {
  const { status, body, data } = await answer
  expect(status, JSON.stringify(body)).toBe(201)
  return data
}

/** All that a refusal must leave as it was. */
async function written(): Promise<unknown> {
  const found = await withDatabase(where, (client) =>
    client.query(
      `select (select count(*) from denied_requests where restaurant_id = $1) as denied,
              (select count(*) from events where restaurant_id = $1) as events,
              (select count(*) from claims where restaurant_id = $1) as claims`,
      [house.id],
    ),
  )
  return found.rows
}

/** Every verb that takes tables by id. */
const asks: [string, string, (id: string) => Promise<Answer>][] = [
  ['a booking', 'table_id', (table_id) => house.call('POST', '/reservations', { ...slot, name: 'Bo', table_id })],
  ['a hold', 'table_id', (table_id) => house.call('POST', '/reservations/holds', { ...slot, table_id })],
  ['a change', 'table_id', (table_id) => house.call('PUT', `/reservations/${booked.id}`, { table_id })],
  ['a change of a group', 'table_id', (table_id) => house.call('PUT', `/reservations/${group.id}`, { table_id })],
  [
    'a group',
    'tables',
    (id) => house.call('POST', '/reservations/groups', { ...slot, party_size: 12, name: 'Bo', tables: [id] }),
  ],
  [
    'a series',
    'table_id',
    (table_id) =>
      house.call('POST', '/reservations/series', {
        rrule: 'FREQ=WEEKLY;COUNT=2',
        start_date: date,
        time: '19:00',
        party_size: 2,
        name: 'Bo',
        table_id,
      }),
  ],
  [
    'a change of a series',
    'table_id',
    (table_id) => house.call('PUT', `/reservations/series/${series.id}`, { scope: 'all', table_id }),
  ],
  [
    'a change of one of a series',
    'table_id',
    (table_id) =>
      house.call('PUT', `/reservations/series/${series.id}`, { scope: 'this', from_date: daysAhead(12), table_id }),
  ],
  [
    'a seat from the waitlist',
    'table_id',
    (table_id) => house.call('POST', `/waitlist/${waits.id}/seat`, { table_id }),
  ],
  ['an offer by hand', 'table_id', (table_id) => house.call('POST', `/waitlist/${waits.id}/notify`, { table_id })],
  ['a walk-in', 'table_ids', (table_id) => house.call('POST', '/walk-ins', { party_size: 2, table_id })],
  ['a move', 'table_ids', (id) => house.call('POST', '/floor/move', { reservation: booked.id, table_ids: [id] })],
]

beforeAll(async () => {
  const other = await openHouse(where)
  house = await openHouse(where, {
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
    tables: [1, 2, 3, 4, 5, 6].map((number) => ({ number, seats: number === 6 ? 2 : 6 })),
  })
  booked = await made(house.call('POST', '/reservations', { ...slot, name: 'Ana' }))
  group = await made(house.call('POST', '/reservations/groups', { ...slot, party_size: 12, name: 'Cy' }))
  const rule = { rrule: 'FREQ=WEEKLY;COUNT=2', start_date: daysAhead(12) }
  const club = await made(
    house.call('POST', '/reservations/series', { ...rule, time: '19:00', party_size: 2, name: 'Di' }),
  )
  series = club.series
  waits = await made(house.call('POST', '/waitlist', { name: 'Eve', party_size: 2 }))
  // It is offered a table in a moment; from then on nothing happens by itself.
  await until(
    async () => (await house.call('GET', `/waitlist/${waits.id}`)).data,
    (one) => one.status === 'offered',
  )
  const off = house.tables[4]?.id ?? ''
  const switched = await house.call('PATCH', `/tables/${off}`, { enabled: false })
  expect(switched.status, JSON.stringify(switched.body)).toBe(200)
  Object.assign(ids, { stranger: other.tables[0]?.id, off, small: house.tables[5]?.id })
})

describe.each(asks)('R276 %s for a table', (_who, path, ask) => {
  test.each([
    ['that nobody has', 'unknown', notThere],
    ['of another house', 'stranger', notThere],
    ['that is switched off', 'off', outOfUse],
  ] as const)('%s is told so, and nothing is written', async (_what, which, message) => {
    const before = await written()
    expect(await ask(ids[which])).toMatchObject(problem(path, message))
    expect(await written()).toEqual(before)
  })
})

test('R276 a table that is there and too small still is just that, and demand that was denied', async () => {
  const refused = await house.call('POST', '/reservations', { ...slot, party_size: 4, table_id: ids.small })
  expect(refused).toMatchObject({ status: 422, code: 'table_too_small' })
  // Written after the answer.
  await expect
    .poll(async () => (await house.call('GET', '/denied-requests?reason=table_too_small')).data, { timeout: 10_000 })
    .toMatchObject([{ kind: 'booking', party_size: 4 }])
})

test('R276 what the clock refuses besides does not hide that there is no such table', async () => {
  const late = await house.call('POST', '/reservations', { ...slot, date: '2020-01-01', table_id: ghost })
  expect(late).toMatchObject(problem('table_id', notThere))
})

test.each(['/availability?', '/availability/explain?time=19:00&'])('R276 %s asks for no table', async (path) => {
  const answer = await house.call('GET', `${path}date=${date}&guests=2&table_id=${ghost}`)
  expect(answer).toMatchObject({ status: 422, code: 'validation_failed' })
  expect(JSON.stringify(answer.body.errors)).toContain('table_id')
})

test('R276 a table that was switched on or off a moment ago is known as it is', async () => {
  const own = await openHouse(where)
  const table_id = own.tables[0]?.id ?? ''
  const ask = { ...slot, table_id: table_id.toUpperCase(), name: 'Bo' }
  // What was remembered is not the house any more, as where another isolate was told of it.
  const set = (enabled: boolean): Promise<unknown> =>
    withDatabase(where, (client) =>
      client.query(
        `with switched as (update tables set enabled = $3 where restaurant_id = $1 and id = $2)
         update restaurants set version = version + 1 where id = $1`,
        [own.id, table_id, enabled],
      ),
    )
  await set(false)
  expect(await own.call('POST', '/reservations', ask)).toMatchObject(problem('table_id', outOfUse))
  expect((await own.call('GET', '/denied-requests')).data).toEqual([])
  await set(true)
  expect(await own.call('POST', '/reservations', ask)).toMatchObject({
    status: 201,
    data: { tables: [{ number: '1' }] },
  })
})

test('R276 R26 what was answered before the table was put away is answered again', async () => {
  const own = await openHouse(where)
  const table_id = own.tables[2]?.id
  const key = { 'idempotency-key': 'club' }
  const club = { rrule: 'FREQ=WEEKLY;COUNT=2', start_date: date, time: '19:00', party_size: 2, name: 'Bo', table_id }
  const first = await own.call('POST', '/reservations/series', club, key)
  expect(first.status, JSON.stringify(first.body)).toBe(201)
  await own.call('PATCH', `/tables/${table_id}`, { enabled: false })
  const again = await own.call('POST', '/reservations/series', club, key)
  expect([again.status, again.data]).toEqual([201, first.data])
  const more = await own.call('POST', `/reservations/series/${first.data.series.id}/extend`, { count: 3 })
  expect(more).toMatchObject(problem('table_id', outOfUse))
})
