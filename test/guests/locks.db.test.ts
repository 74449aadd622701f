import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { daysAhead, openHouse } from '../factories.ts'
import { meet, visits } from './people.ts'

const where = inject('stack')
const booking = new pg.Client({ connectionString: where.database_url })
const merging = new pg.Client({ connectionString: where.database_url })
beforeAll(() => Promise.all([booking.connect(), merging.connect()]))
afterAll(() => Promise.all([booking.end(), merging.end()]))

test('a merge waits for a booking under way, and takes its reservation along', async () => {
  const house = await openHouse(where)
  const kept = await meet(house, { name: 'Ana' })
  const gone = await meet(house, { name: 'Ana B' })
  const date = `${daysAhead(2)}T19:00:00`
  const { data } = await house.call('POST', '/reservations', { date, guests: 2, phone_number: '+6580000000' })
  await booking.query('begin')
  await booking.query('update reservations set guest_id = $2 where id = $1', [data.id, gone.id])
  const merged = merging.query('select merge_guests($1) as answer', [
    {
      restaurant_id: house.id,
      id: kept.id,
      from_id: gone.id,
      now: new Date().toISOString(),
      actor: { kind: 'cron' },
      request_id: 'test',
    },
  ])
  await new Promise((resolve) => setTimeout(resolve, 200))
  await booking.query('commit')
  expect((await merged).rows[0].answer).toMatchObject({ outcome: 'merged' })
  expect((await house.call('GET', `/reservations/${data.id}`)).data.guest_id).toBe(kept.id)
})

test('writes take turns in a restaurant; one that would wait too long is busy, and reads wait for nobody', async () => {
  const house = await openHouse(where)
  const guest = await meet(house, { name: 'Ana' })
  const other = await meet(house, { name: 'Ana B' })
  await booking.query('begin')
  await booking.query('select lock_guests($1)', [house.id])
  const path = `/guests/${guest.id}`
  const answers = await Promise.all([
    house.call('POST', '/guests', { phone: '98207272' }),
    house.call('PUT', path, { vip: true }),
    house.call('DELETE', path),
    house.call('POST', `${path}/merge`, { from_id: other.id }),
  ])
  for (const answer of answers) {
    expect([answer.status, answer.code, answer.headers.get('retry-after')]).toEqual([503, 'busy', '1'])
  }
  expect((await house.call('GET', path)).data).toMatchObject({ version: 1 })
  const date = `${daysAhead(2)}T19:00:00`
  expect((await house.call('POST', '/reservations', { date, guests: 2, phone_number: guest.phone })).status).toBe(201)
  await booking.query('rollback')
  expect((await house.call('PUT', path, { vip: true })).status).toBe(200)
})

test('R288 the repair passes by a guest whose figures somebody is refreshing, and waits for nobody', async () => {
  // The only house of that zone: it is five in the morning in no other.
  const house = await openHouse(where, { timezone: 'Pacific/Chatham' })
  const ids: string[] = []
  for (const name of ['Ana', 'Bo', 'Cy']) {
    const guest = await meet(house, { name })
    await visits(house, guest.phone, 1)
    ids.push(guest.id)
  }
  const repair = async (): Promise<unknown> => {
    const done = await merging.query(
      `select repair_guest_stats(($1::date + time '05:30') at time zone 'Pacific/Chatham') as guests`,
      [daysAhead(3)],
    )
    return done.rows[0].guests
  }
  await booking.query('begin')
  await booking.query('select refresh_guest($1, $2)', [house.id, ids.toSorted()[1]])
  await merging.query(`set lock_timeout = '2s'`)
  expect(await repair()).toBe(2)
  await booking.query('commit')
  expect(await repair()).toBe(3)
})
