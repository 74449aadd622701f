import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { overlaps, withDatabase } from '../factories.ts'
import { atRoot } from '../ordering/phones.ts'
import { claimsOf, date, eventsOf, type FloorHouse, openFloor } from './houses.ts'

// Alone, because the job works for every house there is, and round trips are counted.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

const tick = (time: string, day = date): Promise<void> =>
  stack.worker.scheduled({ cron: '*/5 * * * *', time: new Date(`${day}T${time}:00+08:00`) })
const walkIn = async (house: FloorHouse, number: string): Promise<string> =>
  (await house.at('18:00', 'POST', '/walk-ins', { party_size: 2, table_id: house.table(number) })).data.id
const one = { tables: [{ number: '1', seats: 2 }] }

test('R114 who outstays its plan keeps its table a quarter of an hour at a time, up to the next claim; twice is once', async () => {
  const house = await openFloor(stack, one)
  const ana = await house.at('18:00', 'POST', '/walk-ins', { party_size: 2 })
  await house.book('20:00', 2, { name: 'Bo' })
  const seen: string[] = []
  for (const time of ['19:10', '19:15', '19:20', '19:20', '19:40', '19:50', '20:05']) {
    await Promise.all([tick(time), tick(time)])
    seen.push((await claimsOf(stack, house)).find((claim) => claim.includes('walk_in')) ?? '')
  }
  expect(seen.map((claim) => claim.slice(-5))).toEqual(['19:30', '19:30', '19:35', '19:35', '19:55', '20:00', '20:00'])
  expect(await overlaps(stack, house.id)).toBe(0)
  const told = (await eventsOf(stack, ana.data.id)).filter((event) => event.type === 'reservation.stays')
  expect(told).toHaveLength(3)
  await house.at('20:06', 'POST', `/reservations/${ana.data.id}/complete`)
  expect(await claimsOf(stack, house)).toEqual(['1 reservation 20:00-21:30'])
})

test('R114 nobody books on top of it; once it has left, at once', async () => {
  const house = await openFloor(stack, one)
  const ana = await house.book('18:00', 2)
  await house.at('18:05', 'POST', `/reservations/${ana.id}/seat`)
  await tick('19:30')
  const asked = { date: `${date}T19:40`, guests: 2 }
  expect((await house.at('19:35', 'POST', '/reservations', asked)).code).toBe('sold_out')
  await house.at('19:36', 'POST', `/reservations/${ana.id}/complete`)
  await tick('19:40')
  expect((await house.at('19:37', 'POST', '/reservations', asked)).status).toBe(201)
})

test('R114 where the next party went elsewhere the table is kept again; one nobody said goodbye to is given up', async () => {
  const house = await openFloor(stack, one)
  const ana = await house.at('12:00', 'POST', '/walk-ins', { party_size: 2 })
  const next = await house.book('13:30', 2)
  await tick('13:30')
  await house.at('13:31', 'DELETE', `/reservations/${next.id}`)
  await tick('13:35')
  expect(await claimsOf(stack, house)).toEqual(['1 walk_in 12:00-13:50'])
  for (let minutes = 13 * 60 + 40; minutes <= 17 * 60; minutes += 5)
    await tick(`${String(Math.floor(minutes / 60))}:${String(minutes % 60).padStart(2, '0')}`)
  expect(await claimsOf(stack, house)).toEqual(['1 walk_in 12:00-16:40'])
  expect((await house.at('16:45', 'POST', '/walk-ins', { party_size: 2 })).status).toBe(201)
  expect((await house.at('16:50', 'POST', `/reservations/${ana.data.id}/complete`)).status).toBe(200)
})

test('R114 who is seated early has its table from then on', async () => {
  const house = await openFloor(stack, one)
  const ana = await house.book('19:00', 2)
  await house.at('18:40', 'POST', `/reservations/${ana.id}/seat`)
  expect((await house.at('18:41', 'POST', '/walk-ins', { party_size: 2, minutes: 15 })).code).toBe('sold_out')
  await tick('18:45')
  expect(await claimsOf(stack, house)).toEqual(['1 reservation 18:45-19:00', '1 reservation 19:00-20:30'])
  await house.at('18:50', 'POST', `/reservations/${ana.id}/complete`)
  expect(await claimsOf(stack, house)).toEqual([])
})

test('R114 a session keeps the table it claimed, and one whose party left does not', async () => {
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }]
  const house = await openFloor(stack, { hours })
  const now = Date.now()
  const after = (minutes: number): Date => new Date(now + minutes * 60_000)
  const join = (number: string) => atRoot(stack.origin, house.key, 'POST', '/table_session', { table_number: number })
  const ahead = await house.call('POST', '/reservations', {
    date: after(30).toISOString(),
    guests: 2,
    table_id: house.table('1'),
  })
  expect(ahead.status, JSON.stringify(ahead.body)).toBe(201)
  const session = await join('1')
  const seated = await house.call('POST', '/walk-ins', { party_size: 2, table_id: house.table('2') })
  await join('2')
  const until = async (number: string): Promise<number | null> =>
    withDatabase(stack, async (client) => {
      const found = await client.query<{ minutes: number }>(
        `select round(extract(epoch from max(upper(during)) - $2::timestamptz) / 60)::int as minutes
           from claims where table_id = $1 and blocking`,
        [house.table(number), new Date(now).toISOString()],
      )
      return found.rows[0]?.minutes ?? null
    })
  const cron = '*/5 * * * *'
  await house.call('DELETE', `/reservations/${ahead.data.id}`)
  await stack.worker.scheduled({ cron, time: after(10) })
  expect(await until('1')).toBe(30)
  await stack.worker.scheduled({ cron, time: after(25) })
  expect(await until('1')).toBe(40)
  // Nobody ran the job for a while: from now on, not for the time that is over.
  await stack.worker.scheduled({ cron, time: after(60) })
  expect(await until('1')).toBe(75)
  await house.call('POST', `/reservations/${seated.data.id}/complete`)
  await stack.worker.scheduled({ cron, time: after(62) })
  expect(await until('2')).toBeNull()
  await atRoot(stack.origin, house.key, 'PATCH', `/session/${session.data.session.id}/close`)
  await stack.worker.scheduled({ cron, time: after(70) })
  expect(await until('1')).toBeNull()
  expect(await overlaps(stack, house.id)).toBe(0)
})

test('R290 one party’s trouble is not its house’s, nor one house’s the others’; it is told', async () => {
  const [troubled, broken, other] = [await openFloor(stack), await openFloor(stack), await openFloor(stack)]
  const ana = await walkIn(troubled, '1')
  await walkIn(troubled, '2')
  await walkIn(broken, '1')
  await walkIn(other, '1')
  await withDatabase(stack, (client) =>
    client.query(`
      create function refuse_claim() returns trigger language plpgsql as $$
      begin raise exception 'planted' using errcode = tg_argv[0]; end $$;
      create trigger refuse_ana before update on claims for each row
        when (new.owner = '${ana}') execute function refuse_claim('23P01');
      create trigger refuse_house before update on claims for each row
        when (new.restaurant_id = '${broken.id}') execute function refuse_claim('55P03')`),
  )
  await tick('19:30')
  await withDatabase(stack, (client) => client.query('drop function refuse_claim() cascade'))
  const claims = async (house: FloorHouse): Promise<string[]> =>
    (await claimsOf(stack, house)).map((claim) => claim.slice(-5))
  expect(await claims(troubled)).toEqual(['19:30', '19:45'])
  expect(await claims(broken)).toEqual(['19:30'])
  expect(await claims(other)).toEqual(['19:45'])
  const log = readFileSync(stack.worker.log_file, 'utf8')
  const told = log.split('\n').filter((line) => /claims_alarm|stays_not_extended/.test(line))
  expect(told).toHaveLength(2)
  expect(told.find((line) => line.includes('claims_alarm'))).toContain(ana)
  expect(told.find((line) => line.includes('stays_not_extended'))).toContain(broken.id)
})

test('the board, the timeline, alerts and suggestions cost one database round trip each', async () => {
  const house = await openFloor(stack)
  await house.at('12:00', 'GET', '/floor/alerts')
  const trips = async (work: () => Promise<{ status: number }>): Promise<[number, number]> => {
    await fetch(`${stack.control_origin}/neon/reset`, { method: 'POST' })
    const { status } = await work()
    const stats: { round_trips: number } = JSON.parse(await (await fetch(`${stack.control_origin}/neon/stats`)).text())
    return [status, stats.round_trips]
  }
  expect(await trips(() => house.root('18:00', 'GET', '/admin/tables'))).toEqual([200, 1])
  expect(await trips(() => house.at('18:00', 'GET', `/floor/timeline?date=${date}`))).toEqual([200, 1])
  expect(await trips(() => house.at('18:00', 'GET', '/floor/alerts'))).toEqual([200, 1])
  expect(await trips(() => house.at('18:00', 'GET', '/floor/suggest?party_size=2'))).toEqual([200, 1])
})
