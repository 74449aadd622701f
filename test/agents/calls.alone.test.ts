import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { type Answer, daysAhead, type House, withDatabase } from '../factories.ts'
import { bookAs, openLine, ring } from './lines.ts'

// Alone: it counts round trips, and the jobs work for every restaurant there is.
let stack: Stack
let house: House
const ana = '+6598207272'
const soon = daysAhead(5)
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
  house = await openLine(stack)
})
afterAll(() => stack.stop())

async function trips(): Promise<number> {
  const stats: { round_trips: number } = JSON.parse(await (await fetch(`${stack.control_origin}/neon/stats`)).text())
  return stats.round_trips
}
async function tripsOf(work: () => Promise<{ status: number }>, status = 200): Promise<number> {
  await fetch(`${stack.control_origin}/neon/reset`, { method: 'POST' })
  expect((await work()).status).toBe(status)
  return trips()
}
async function rows<T extends Record<string, unknown>>(statement: string, ...values: unknown[]): Promise<T[]> {
  return withDatabase(stack, async (client) => (await client.query<T>(statement, values)).rows)
}

const ask = (operation: string, input: Record<string, unknown>): Promise<Answer> =>
  house.call('POST', `/agents/operations/${operation}`, input)

describe('one database round trip', () => {
  test('for each operation without a call', async () => {
    await ask('check_availability', { date: soon, party_size: 2 })
    const slot = { date: soon, time: '19:00', party_size: 2 }
    expect(await tripsOf(() => ask('check_availability', slot))).toBe(1)
    expect(await tripsOf(() => ask('explain_unavailable', slot))).toBe(1)
    expect(await tripsOf(() => ask('hold_table', slot))).toBe(1)
    expect(await tripsOf(() => ask('restaurant_info', { topic: 'all' }))).toBe(0)
    expect(await tripsOf(() => ask('menu_info', {}))).toBe(1)
    const wish = { ...slot, time: '12:00', name: 'Ana', phone: ana }
    let token = ''
    const prepare = async (): Promise<{ status: number }> => {
      const answer = await ask('make_reservation', wish)
      token = answer.data.output.commit_token
      return answer
    }
    expect(await tripsOf(prepare)).toBe(1)
    expect(await tripsOf(() => ask('make_reservation', { ...wish, commit_token: token }))).toBe(1)
    expect(await tripsOf(() => ask('find_reservation', { phone: ana, name: 'Ana' }))).toBe(1)
  })

  test('in a call, and one more for its record, after the answer', async () => {
    const line = await ring(stack, house, ana)
    const slot = { date: soon, time: '15:00', party_size: 2 }
    const noted = async (operation: string): Promise<void> => {
      const statement = 'select 1 from voice_tool_calls where call_id = $1 and operation = $2'
      await expect.poll(async () => (await rows(statement, line.id, operation)).length).toBe(1)
    }
    for (const operation of ['check_availability', 'hold_table']) {
      await tripsOf(() => line.ask(operation, slot))
      await noted(operation)
      expect([operation, await trips()]).toEqual([operation, 2])
    }
    await line.hangUp()
  })
})

describe('R224 calls that nobody ended', () => {
  test('are over after half an hour of silence, and their table is free; a second run finds nothing', async () => {
    const line = await ring(stack, house, ana)
    await line.ask('hold_table', { date: soon, time: '21:00', party_size: 2 })
    const at = (minutes: number): Promise<void> =>
      stack.worker.scheduled({ cron: '*/5 * * * *', time: new Date(Date.now() + minutes * 60_000) })
    await at(25)
    expect((await house.call('GET', `/agents/calls/${line.id}`)).data.ended_at).toBeNull()
    await at(32)
    await at(32)
    expect((await house.call('GET', `/agents/calls/${line.id}`)).data).toMatchObject({
      ended_reason: 'silence',
      hold_id: null,
    })
    expect(await rows('select 1 from events where subject_id = $1 and type = $2', line.id, 'call.ended')).toHaveLength(
      1,
    )
    expect(await rows(`select 1 from reservations where status = 'held' and source = 'voice'`)).toEqual([])
  })
})

describe('R225 what was said', () => {
  test('is forgotten after the house’s days, its figures stay', async () => {
    const quick = await openLine(stack, { settings: { voice: { transcript_days: 2 } } })
    await bookAs(quick, { name: 'Ana Garcia', phone_number: ana }, soon)
    const [kept, old] = [await ring(stack, house, ana), await ring(stack, quick, ana)]
    for (const line of [kept, old]) {
      const turns = [{ speaker: 'caller', text: 'Ana Garcia here' }]
      await line.call('POST', `/agents/calls/${line.id}/turns`, { turns })
      await line.call('POST', `/agents/calls/${line.id}/handoffs`, {
        from: 'main',
        to: 'reservation',
        data: { name: 'Ana' },
      })
      await line.ask('find_reservation', { name: 'Ana Garcia' })
      await line.ask('escalate', { reason: 'vip', urgency: 'low', summary: 'Ana Garcia again' })
      await expect
        .poll(async () => (await rows('select 1 from voice_tool_calls where call_id = $1', line.id)).length)
        .toBe(2)
      await line.hangUp()
    }
    const night = (days: number): Promise<void> =>
      stack.worker.scheduled({ cron: '0 * * * *', time: new Date(Date.now() + days * 86_400_000) })
    await night(1)
    expect((await quick.call('GET', `/agents/calls/${old.id}`)).data.turns).toHaveLength(1)
    await night(3)
    await night(3)
    const { data } = await quick.call('GET', `/agents/calls/${old.id}`)
    expect(data).toMatchObject({
      turns: [],
      state: {},
      caller_phone: null,
      summary: null,
      recognised: false,
      escalation: { reason: 'vip', urgency: 'low' },
      handoffs: [{ data: {}, entities_filled: ['name'] }],
    })
    expect(JSON.stringify(data)).not.toMatch(/Ana|98207272/)
    expect(data.tools).toHaveLength(2)
    expect((await house.call('GET', `/agents/calls/${kept.id}`)).data.turns).toHaveLength(1)
    // And at once, of who asks for it: of this house, and of that number.
    const forget = 'select forget_caller($1, $2, now()) as n'
    expect(await rows(forget, quick.id, ana)).toEqual([{ n: 0 }])
    expect(await rows(forget, house.id, '+6590009999')).toEqual([{ n: 0 }])
    expect((await rows<{ n: number }>(forget, house.id, ana))[0]?.n).toBeGreaterThan(0)
    expect(JSON.stringify((await house.call('GET', `/agents/calls/${kept.id}`)).data)).not.toMatch(/Ana|98207272/)
    const late = await old.call('POST', `/agents/calls/${old.id}/turns`, { turns: [{ speaker: 'agent', text: 'Hm' }] })
    expect(late.code).toBe('not_found')
  })
})
