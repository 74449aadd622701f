import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { daysAhead, type House, openHouse, withDatabase } from '../factories.ts'
import { meet, visits } from '../guests/people.ts'
import { overtaken, waiting } from './gate.ts'

// Alone, because a job works for every restaurant there is.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

const cron = '*/5 * * * *'
const date = daysAhead(10)
const one = { tables: [{ number: '1', seats: 2 }] }

async function book(house: House): Promise<string> {
  const answer = await house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 2 })
  expect(answer.status).toBe(201)
  return answer.data.id
}
const statusOf = async (house: House, id: string): Promise<string> =>
  (await house.call('GET', `/reservations/${id}`)).data.status

test('marks who has not come once the grace, and the lateness they told of, is over; twice is as once', async () => {
  const house = await openHouse(stack, { settings: { grace_minutes: 15 } })
  const strict = await openHouse(stack, { settings: { grace_minutes: 0 }, ...one })
  const onTime = await book(house)
  const late = await book(house)
  const seated = await book(house)
  const elsewhere = await book(strict)
  await house.call('POST', `/reservations/${late}/late`, { minutes: 30 })
  await house.call('POST', `/reservations/${seated}/seat`, undefined, {
    'x-tableside-now': `${date}T18:00:00+08:00`,
  })
  const starts = Date.parse(`${date}T19:00:00+08:00`)
  const seen: string[][] = []
  for (const minutes of [-1, 0, 14, 15, 44, 45, 45]) {
    await stack.worker.scheduled({ cron, time: new Date(starts + minutes * 60_000) })
    seen.push([
      await statusOf(strict, elsewhere),
      await statusOf(house, onTime),
      await statusOf(house, late),
      await statusOf(house, seated),
    ])
  }
  expect(seen).toEqual([
    ['confirmed', 'confirmed', 'confirmed', 'seated'],
    ['no_show', 'confirmed', 'confirmed', 'seated'],
    ['no_show', 'confirmed', 'confirmed', 'seated'],
    ['no_show', 'no_show', 'confirmed', 'seated'],
    ['no_show', 'no_show', 'confirmed', 'seated'],
    ['no_show', 'no_show', 'no_show', 'seated'],
    ['no_show', 'no_show', 'no_show', 'seated'],
  ])
  // The table of who never came is free at once.
  await book(strict)
})

test('gives back the tables of lapsed holds, and only those', async () => {
  const house = await openHouse(stack)
  const hold = { date, time: '12:00', party_size: 2 }
  const held = await house.call('POST', '/reservations/holds', hold)
  const soon = Date.now()
  await stack.worker.scheduled({ cron, time: new Date(soon + 4 * 60_000) })
  expect(await statusOf(house, held.data.hold_id)).toBe('held')
  await stack.worker.scheduled({ cron, time: new Date(soon + 6 * 60_000) })
  await stack.worker.scheduled({ cron, time: new Date(soon + 6 * 60_000) })
  const gone = await house.call('GET', `/reservations/${held.data.hold_id}`)
  expect(gone.data).toMatchObject({ status: 'cancelled', cancel_reason: 'hold_lapsed' })
})

test('a cron pattern that nobody serves fails loudly', async () => {
  await expect(stack.worker.scheduled({ cron: '1 2 3 4 5' })).rejects.toThrow('exception')
})

const at = (time: string): Record<string, string> => ({ 'x-tableside-now': `${date}T${time}:00+08:00` })
const two = {
  tables: [
    { number: '1', seats: 2 },
    { number: '2', seats: 2 },
  ],
}
const moveAside = async (house: House, id: string, time: string): Promise<void> => {
  const table_ids = house.tables.filter((table) => table.number === '2').map((table) => table.id)
  const moved = await house.call('POST', '/floor/move', { reservation: id, table_ids }, at(time))
  expect(moved.status, JSON.stringify(moved.body)).toBe(200)
}
const blocking = (id: string): Promise<unknown[]> =>
  withDatabase(stack, async (client) => {
    const found = await client.query('select * from claims where owner = $1 and blocking', [id])
    return found.rows
  })
const reservation = (house: House, id: string): Promise<unknown> =>
  house.call('GET', `/reservations/${id}`).then((answer) => answer.data)

describe('R286 a table that a party moved to while the clock came to it is free too', () => {
  test('of who did not come', async () => {
    const house = await openHouse(stack, { settings: { grace_minutes: 15 }, ...two })
    const id = await book(house)
    const job = { text: `select mark_no_shows($1, 'test')`, values: [`${date}T19:16:00+08:00`] }
    await overtaken(stack, job, () => moveAside(house, id, '19:10'))
    expect(await reservation(house, id)).toMatchObject({ status: 'no_show', tables: [{ number: '2' }] })
    expect(await blocking(id)).toEqual([])
  })

  test('of a hold', async () => {
    const house = await openHouse(stack, two)
    const hold = { date, time: '12:00', party_size: 2 }
    const id = (await house.call('POST', '/reservations/holds', hold, at('11:00'))).data.hold_id
    const job = { text: `select release_lapsed_holds($1, 'test')`, values: [`${date}T11:06:00+08:00`] }
    await overtaken(stack, job, () => moveAside(house, id, '11:04'))
    expect(await reservation(house, id)).toMatchObject({ status: 'cancelled', cancel_reason: 'hold_lapsed' })
    expect(await blocking(id)).toEqual([])
  })

  test('of an offer to who waits', async () => {
    const house = await openHouse(stack, two)
    const wish = { name: 'Ana', phone_number: '91234567', party_size: 2 }
    const waits = await house.call('POST', '/waitlist', wish, at('18:00'))
    const entry = `/waitlist/${waits.data.id}`
    await house.call('POST', `${entry}/notify`, {}, at('18:00'))
    const offered = await house.call('GET', entry, undefined, at('18:01'))
    expect(offered.data).toMatchObject({ status: 'offered' })
    const id = offered.data.reservation.id
    const plan = {
      restaurant_id: house.id,
      service_day: date,
      kind: 'now',
      now: `${date}T20:00:00+08:00`,
      actor: { kind: 'cron' },
      request_id: 'test',
    }
    const job = { text: 'select lapse_offers(jsonb_populate_record(null::waitlist_plan, $1))', values: [plan] }
    await overtaken(stack, job, () => moveAside(house, id, '18:02'))
    expect(await reservation(house, id)).toMatchObject({ status: 'cancelled', cancel_reason: 'hold_lapsed' })
    expect(await blocking(id)).toEqual([])
    expect((await house.call('GET', entry, undefined, at('20:01'))).data).toMatchObject({ status: 'waiting' })
  })
})

test('R288 who did not come is reckoned in one order of guests, whoever came first', async () => {
  const house = await openHouse(stack)
  const guests = await Promise.all([meet(house, {}), meet(house, {})])
  const [first, second] = guests.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  if (!first || !second) throw new Error('two are two')
  for (const guest of [second, first]) await visits(house, guest.phone, 1)
  for (const guest of [second, first]) {
    const wish = { date: `${date}T20:00:00`, guests: 2, phone_number: guest.phone }
    expect((await house.call('POST', '/reservations', wish)).status).toBe(201)
  }
  const held = 'select from guest_stats where guest_id = $1 for update nowait'
  await withDatabase(stack, (step) =>
    withDatabase(stack, (job) =>
      withDatabase(stack, async (other) => {
        await step.query('begin')
        await step.query(held, [first.id])
        const marking = job.query(`select mark_no_shows($1, 'test') as marked`, [`${date}T21:00:00+08:00`])
        await waiting(other, job)
        await other.query(held, [second.id])
        await step.query('rollback')
        expect((await marking).rows).toEqual([{ marked: 2 }])
      }),
    ),
  )
})
