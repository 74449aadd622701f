import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { overlaps, withDatabase } from '../factories.ts'
import { claimsOf, date, type FloorHouse, openFloor } from './houses.ts'

const where = inject('stack')
const job = new pg.Client({ connectionString: where.database_url })
beforeAll(() => job.connect())
afterAll(() => job.end())

/** The job for this house, as it was at that time of the evening. */
const stays = async (house: FloorHouse, time: string): Promise<unknown> => {
  const at = `${date}T${time}:00+08:00`
  return (await job.query('select extended, failed from extend_stays($1, $2, $3)', [house.id, at, 'test'])).rows[0]
}
const single = {
  tables: [{ number: '1', seats: 2 }],
  hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
}

async function seatedEarly(at: string, time: string): Promise<FloorHouse> {
  const house = await openFloor(where, { ...single, settings: { hold_minutes: 1 } })
  const asked = { date: `${date}T${time}:00+08:00`, guests: 2 }
  const ana = await house.at('00:05', 'POST', '/reservations', asked)
  const seated = await house.at(at, 'POST', `/reservations/${ana.data.id}/seat`)
  if (seated.status !== 200) throw new Error(JSON.stringify(seated.body))
  return house
}

describe('R290 seated before its time', () => {
  test('past five o’clock too, whoever books what is left until then comes before or after, not in between', async () => {
    const house = await seatedEarly('04:30', '06:00')
    await withDatabase(where, async (booking) => {
      await booking.query('begin')
      await booking.query('select lock_day(lock_no, $2) from restaurants where id = $1', [house.id, date])
      const done = stays(house, '04:35')
      const waiting = 'select from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))'
      const claim = `insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
                     values ($1, $2, $3, tstzrange($4, $5), 'block', gen_random_uuid())`
      const during = [`${date}T05:10:00+08:00`, `${date}T05:30:00+08:00`]
      await booking.query(claim, [house.id, date, house.table('1'), ...during])
      await expect
        .poll(async () => (await booking.query(waiting)).rowCount, { interval: 20, timeout: 5_000 })
        .not.toBe(0)
      await booking.query('commit')
      expect(await done).toEqual({ extended: 1, failed: [] })
    })
    const claims = await claimsOf(where, house)
    expect(claims.filter((one) => one.includes('-05:10'))).toHaveLength(1)
    expect(claims.filter((one) => one.includes('-06:00'))).toHaveLength(0)
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('a hold that has lapsed is not in the way, however long before their time', async () => {
    const house = await seatedEarly('00:06', '03:30')
    const held = await house.at('00:06', 'POST', '/reservations/holds', { date, time: '01:30', party_size: 2 })
    expect(held.status, JSON.stringify(held.body)).toBe(201)
    expect(await stays(house, '00:10')).toEqual({ extended: 1, failed: [] })
    expect(await claimsOf(where, house)).toEqual(['1 reservation 00:10-03:30', '1 reservation 03:30-05:00'])
  })

  test('it claims no further than the days that it has locked', async () => {
    const house = await seatedEarly('00:06', '03:30')
    await house.call('POST', '/blocks', { table_ids: [house.table('1')], date, time: '23:00', minutes: 30 })
    await withDatabase(where, (client) =>
      client.query(`delete from claims where restaurant_id = $1 and kind = 'reservation'`, [house.id]),
    )
    await stays(house, '00:10')
    expect(await claimsOf(where, house)).toEqual(['1 reservation 00:10-04:10', '1 block 23:00-23:30'])
  })
})
