import { beforeAll, expect, inject, test } from 'vitest'
import { type Answer, daysAhead, type House, openHouse, withDatabase } from '../factories.ts'
import { until } from '../waitlist/queues.ts'

const where = inject('stack')
const date = daysAhead(10)
const slot = { date, time: '19:00', party_size: 2 }
const moon = { area: 'moon' }

let house: House
let booked: { id: string; version: number }
let waits: { id: string }
let series: { id: string }
beforeAll(async () => {
  house = await openHouse(where, {
    tables: [
      { number: '1', seats: 2, area: 'Terrace' },
      { number: '2', seats: 4, area: 'Room' },
      { number: '3', seats: 4, area: 'room' },
    ],
  })
  booked = (await house.call('POST', '/reservations', { ...slot, name: 'Ana', phone_number: '98207272' })).data
  waits = (await house.call('POST', '/waitlist', { name: 'Bo', party_size: 2, date, from: '12:00', to: '13:00' })).data
  // There is a table already: what an offer writes is written before anything is asked.
  const entry = () => house.call('GET', `/waitlist/${waits.id}`)
  await until(entry, ({ data }) => data.status === 'offered')
  const dates = { rrule: 'FREQ=WEEKLY;COUNT=2', start_date: date, time: '12:00', party_size: 2, name: 'Di' }
  series = (await house.call('POST', '/reservations/series', { ...dates, phone_number: '98207273' })).data.series
})

const asks: [string, () => Promise<Answer>][] = [
  ['availability', () => house.call('GET', `/availability?date=${date}&guests=2&area=moon`)],
  ['explain', () => house.call('GET', `/availability/explain?date=${date}&time=19:00&guests=2&area=moon`)],
  ['a table', () => house.call('POST', '/tables/availability', { ...slot, ...moon })],
  ['many days', () => house.call('POST', '/tables/availability/bulk', { dates: [date], party_size: 2, ...moon })],
  ['a booking', () => house.call('POST', '/reservations', { ...slot, ...moon, name: 'Cy', phone_number: '98207274' })],
  [
    'a booking of a table',
    () =>
      house.call('POST', '/reservations', { date: `${date}T15:00`, guests: 2, table_id: house.tables[0]?.id, ...moon }),
  ],
  ['a hold', () => house.call('POST', '/reservations/holds', { ...slot, ...moon })],
  ['a change', () => house.call('PUT', `/reservations/${booked.id}`, moon)],
  ['a group', () => house.call('POST', '/reservations/groups', { ...slot, ...moon, party_size: 9, name: 'Cy' })],
  ['a series', () => house.call('POST', '/reservations/series', seriesIn('moon'))],
  ['a change of a series', () => house.call('PUT', `/reservations/series/${series.id}`, { scope: 'all', ...moon })],
  ['the waitlist', () => house.call('POST', '/waitlist', { name: 'Cy', party_size: 2, ...moon })],
  ['a change of an entry', () => house.call('PUT', `/waitlist/${waits.id}`, moon)],
  ['a quote', () => house.call('GET', '/waitlist/quote?party_size=2&area=moon')],
]

function seriesIn(area: string): Record<string, unknown> {
  const rule = { rrule: 'FREQ=WEEKLY;COUNT=2', start_date: date, time: '15:00', party_size: 2 }
  return { ...rule, name: 'Ed', phone_number: '98207275', area }
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

test.each(asks)('R303 %s: an area that the house does not have is said so, with those it has', async (_name, ask) => {
  const before = await written()
  const answer = await ask()
  expect(answer, JSON.stringify(answer.body)).toMatchObject({
    status: 422,
    code: 'validation_failed',
    body: {
      areas: ['Terrace', 'Room'],
      errors: [{ path: 'area', message: 'is none of the areas of the house: Terrace and Room' }],
      hint: 'We do not have that area. We have Terrace and Room.',
    },
  })
  expect(await written()).toEqual(before)
})

test('R303 an area is the same in any case, and one that came to be is known at once', async () => {
  const wish = { ...slot, name: 'Fa', phone_number: '98207276', area: 'ROOM' }
  expect((await house.call('POST', '/reservations', wish)).data.tables).toMatchObject([{ area: 'Room' }])
  const other = await openHouse(where)
  const key = { 'idempotency-key': 'in-the-garden' }
  const garden = { ...slot, name: 'Fa', phone_number: '98207276', area: 'garden' }
  expect(await other.call('POST', '/reservations', garden)).toMatchObject({
    code: 'validation_failed',
    body: { areas: [] },
  })
  const table = other.tables[0]
  expect((await other.call('PATCH', `/tables/${table?.id}`, { area: 'garden' })).status).toBe(200)
  const made = await other.call('POST', '/reservations', garden, key)
  expect(made.body).toMatchObject({ data: { tables: [{ area: 'garden' }] } })

  // Gone again: who repeats what was answered is answered so once more, and who only moves is not kept to it.
  await other.call('PATCH', `/tables/${table?.id}`, { area: null })
  expect((await other.call('POST', '/reservations', garden, key)).data.id).toBe(made.data.id)
  const moved = await other.call('PUT', `/reservations/${made.data.id}`, { time: '20:00' })
  expect(moved).toMatchObject({ status: 200, data: { area: null, reservation_time: '20:00' } })
})
