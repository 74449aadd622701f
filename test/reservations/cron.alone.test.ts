import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { daysAhead, type House, openHouse } from '../factories.ts'

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
  await house.call('POST', `/reservations/${seated}/seat`)
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
