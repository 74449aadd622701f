import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { daysAhead, openHouse, overlaps, withDatabase } from '../factories.ts'
import { clockAt, day, entry, join } from './queues.ts'

// Alone, because a job works for every restaurant there is.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

const cron = '*/5 * * * *'
const runAt = (time: string, date = day): Promise<unknown> =>
  stack.worker.scheduled({ cron, time: new Date(`${date}T${time}:00+08:00`) })

test('R126 the five-minute job offers, lets lapse and offers to the next; twice is as once; a day that is over is closed', async () => {
  const house = await openHouse(stack, { tables: [{ number: '1', seats: 4 }] })
  const made = await house.call('POST', '/reservations', { date: `${day}T17:30:00`, guests: 2 }, clockAt('12:00'))
  const ana = await join(house, {}, clockAt('18:00'))
  const bo = await join(house, { name: 'Bo' }, clockAt('18:01'))
  // Freed without a word to the queue, as by a program of somebody else's.
  await withDatabase(stack, (client) =>
    client.query('update claims set blocking = false where restaurant_id = $1', [house.id]),
  )
  expect(made.status).toBe(201)
  const seen: string[][] = []
  for (const time of ['18:05', '18:05', '18:10', '18:15', '18:15', '18:25', '18:35']) {
    await runAt(time)
    seen.push([(await entry(house, ana.id, clockAt(time))).status, (await entry(house, bo.id, clockAt(time))).status])
  }
  expect(seen).toEqual([
    ['offered', 'waiting'],
    ['offered', 'waiting'],
    ['offered', 'waiting'],
    ['waiting', 'offered'],
    ['waiting', 'offered'],
    ['offered', 'waiting'],
    ['lapsed', 'offered'],
  ])
  expect(await overlaps(stack, house.id)).toBe(0)
  await runAt('04:00', daysAhead(2))
  await runAt('05:30', daysAhead(2))
  const over = await entry(house, bo.id, clockAt('05:30', daysAhead(2)))
  expect(over.status).toBe('lapsed')
})

test('how long parties stay is learned from what they did, once a day', async () => {
  const house = await openHouse(stack, { tables: [{ number: '1', seats: 4 }] })
  await withDatabase(stack, (client) =>
    client.query(
      `insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
                                 table_ids, source, seated_at, completed_at, created_at, updated_at)
       select $1, 'A' || chr(66 + n) || 'CDEF', 'completed', 2, (now() - interval '3 days')::date,
              now() - interval '3 days', now() - interval '3 days' + interval '90 minutes', array[$2::uuid], 'walk_in',
              now() - interval '3 days', now() - interval '3 days' + make_interval(mins => 40 + n), now(), now()
         from generate_series(1, 10) n where chr(66 + n) not in ('I')`,
      [house.id, house.tables[0]?.id],
    ),
  )
  await join(house, {}, clockAt('18:00'))
  await runAt('18:05')
  await runAt('18:10')
  const rows = await withDatabase(stack, (client) =>
    client.query('select party_size, median_minutes, parties from turn_lengths where restaurant_id = $1', [house.id]),
  )
  expect(rows.rows).toEqual([{ party_size: 2, median_minutes: expect.any(Number), parties: expect.any(Number) }])
  expect(rows.rows[0].median_minutes).toBeGreaterThan(42)
  expect(rows.rows[0].median_minutes).toBeLessThan(50)
})
