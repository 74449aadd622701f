import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { type House, withDatabase } from '../factories.ts'
import { fire, type Guest, sit, type Tavern } from './evenings.ts'
import { atRoot, openTavern } from './phones.ts'

// Alone, because a job works for every restaurant there is.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

const everyFive = (at: number): Promise<void> => stack.worker.scheduled({ cron: '*/5 * * * *', time: new Date(at) })
const hourly = (at: number): Promise<void> => stack.worker.scheduled({ cron: '0 * * * *', time: new Date(at) })
/** A zone where it is noon now: the next night is far, whatever the hour this runs at. */
function noonZone(): string {
  const ahead = 12 - new Date().getUTCHours()
  return ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}
const minutes = (n: number): number => Date.now() + n * 60_000

async function rows<T extends Record<string, unknown>>(statement: string, ...values: unknown[]): Promise<T[]> {
  return withDatabase(stack, async (client) => (await client.query<T>(statement, values)).rows)
}
async function sessionOf(house: House, guest: Guest): Promise<{ status: string; close_reason: string | null }> {
  const path = `/table_session_details?session_id=${guest.session_id}`
  return (await atRoot(stack.origin, house.key, 'GET', path)).data.session
}

describe('R82 idle sessions', () => {
  test('closed after ninety minutes of silence, not before, once; its phones are told and cut off, its table is free', async () => {
    const house = await openTavern(stack)
    const guest = await sit(stack, house)
    await everyFive(minutes(85))
    expect((await sessionOf(house, guest)).status).toBe('active')
    await everyFive(minutes(92))
    await everyFive(minutes(92))
    expect(await sessionOf(house, guest)).toMatchObject({ status: 'closed', close_reason: 'idle' })
    expect(await guest.phone.gone()).toBe(4403)
    expect(await guest.call('GET', `/cart_snapshot`)).toMatchObject({ code: 'unauthorized' })
    const closings = await rows(
      'select 1 from events where restaurant_id = $1 and type = $2',
      house.id,
      'session.closed',
    )
    expect(closings).toHaveLength(1)
    expect((await sit(stack, house)).session_id).not.toBe(guest.session_id)
  })

  test('what happens in the cart keeps it open, though Postgres hears nothing of it', async () => {
    const house = await openTavern(stack)
    const guest = await sit(stack, house)
    // Seven hours at the table as Postgres knows; the last line was put in the cart just now.
    await rows(
      "update table_sessions set last_activity_at = now() - interval '7 hours' where id = $1",
      guest.session_id,
    )
    await guest.phone.order(house.menu.soup)
    await everyFive(minutes(30))
    expect((await sessionOf(house, guest)).status).toBe('active')
    await everyFive(minutes(95))
    expect((await sessionOf(house, guest)).status).toBe('closed')
  })

  test('paid: ten minutes; partly paid: ninety; restored it may be closed again', async () => {
    const house = await openTavern(stack)
    const guest = await sit(stack, house)
    const ids: string[] = []
    for (let n = 0; n < 2; n++) {
      await guest.phone.order(house.menu.soup)
      const { order } = (await fire(guest)).data
      ids.push(order.id)
      await guest.phone.next('order_fired', (one) => one.order_id === order.id)
    }
    const pay = (id: string | undefined): Promise<unknown> =>
      house.call('POST', `/orders/${id}/mark`, { status: 'paid' })
    await pay(ids[0])
    await everyFive(minutes(20))
    expect((await sessionOf(house, guest)).status).toBe('active')
    await pay(ids[1])
    await everyFive(minutes(9))
    expect((await sessionOf(house, guest)).status).toBe('active')
    await everyFive(minutes(12))
    expect(await sessionOf(house, guest)).toMatchObject({ status: 'closed', close_reason: 'paid' })
    await atRoot(stack.origin, house.key, 'PATCH', `/session/${guest.session_id}/restore`, {})
    expect((await sessionOf(house, guest)).status).toBe('active')
    await everyFive(minutes(12))
    expect((await sessionOf(house, guest)).status).toBe('closed')
  })
})

const openAt = (timezone: string, owner: string): Promise<Tavern> =>
  openTavern(stack, { timezone, email: owner, settings: { daily_pass: 'on' } })

describe('R83 the restaurant’s own night', () => {
  const evening = Date.parse('2026-12-01T20:00:00Z')

  test('at four local time, each house in its own; twice is as once; a job that was missed is done late', async () => {
    const email = {
      singapore: `sg-${randomUUID()}@x.test`,
      york: `ny-${randomUUID()}@x.test`,
      nepal: `np-${randomUUID()}@x.test`,
    }
    const houses = {
      singapore: await openAt('Asia/Singapore', email.singapore),
      york: await openAt('America/New_York', email.york),
      nepal: await openAt('Asia/Kathmandu', email.nepal),
    }
    // All have had their present night.
    await hourly(evening - 3_600_000)
    const before = {
      singapore: await mails(email.singapore),
      york: await mails(email.york),
      nepal: await mails(email.nepal),
    }
    expect(before).toEqual({ singapore: 1, york: 1, nepal: 1 })
    const seen: [number, number, number][] = []
    for (let hour = 0; hour <= 13; hour++) {
      const at = evening + hour * 3_600_000
      await Promise.all([hourly(at), hourly(at)])
      await hourly(at)
      seen.push([await mails(email.singapore), await mails(email.nepal), await mails(email.york)])
    }
    // Singapore's four o'clock is 20:00 UTC, Kathmandu's 22:15, so the job of 23:00; New York's 09:00.
    expect(seen.map((one) => one.join(''))).toEqual([
      '211',
      '211',
      '211',
      '221',
      '221',
      '221',
      '221',
      '221',
      '221',
      '221',
      '221',
      '221',
      '221',
      '222',
    ])
    // A whole day without jobs, then one.
    await hourly(evening + 40 * 3_600_000)
    expect([await mails(email.singapore), await mails(email.nepal), await mails(email.york)]).toEqual([3, 3, 3])
    const nights = await rows<{ night: string }>(
      'select night::text from daily_passes where restaurant_id = $1 order by night',
      houses.singapore.id,
    )
    expect(nights.map((one) => one.night)).toEqual(['2026-12-01', '2026-12-02', '2026-12-03'])
  })

  test('the pass that is mailed is the one that opens; one whose mail failed is made anew and mailed within hours', async () => {
    const email = `late-${randomUUID()}@x.test`
    const house = await openTavern(stack, { email, timezone: noonZone(), settings: { daily_pass: 'on' } })
    await fetch(`${stack.control_origin}/mail/fail`, {
      method: 'POST',
      body: JSON.stringify({ next: 20, status: 500 }),
    })
    await hourly(minutes(0))
    expect(await mails(email)).toBe(0)
    await fetch(`${stack.control_origin}/mail/fail`, { method: 'POST', body: JSON.stringify({ next: 0 }) }).catch(
      () => null,
    )
    for (let hour = 1; hour <= 3; hour++) await hourly(minutes(hour * 60))
    await expect.poll(() => mails(email)).toBe(1)
    const guest = await sit(stack, house)
    const pass = /is ([A-Z2-9]{6})\./.exec(await lastMail(email))?.[1]
    const answer = await guest.call('POST', `/session/${guest.session_id}/validate_pass`, { pass })
    expect(answer.status).toBe(200)
  })

  test('sessions closed for more than a day are forgotten, their sums and their orders kept; twice counts once', async () => {
    const house = await openTavern(stack, { timezone: 'Asia/Singapore' })
    const old = await sit(stack, house, '1')
    await sit(stack, house, '1')
    await old.phone.order(house.menu.soup)
    const { order } = (await fire(old)).data
    await old.call('POST', `/session/${old.session_id}/call`, { kind: 'bill' })
    const young = await sit(stack, house, '2')
    const open = await sit(stack, house, '3')
    const close = `update table_sessions set opened_at = $2::timestamptz - interval '75 minutes', closed_at = $2, close_reason = 'x' where id = $1`
    const night = Date.parse('2026-12-10T20:00:00Z')
    await rows(close, old.session_id, new Date(night - 25 * 3_600_000).toISOString())
    await rows(close, young.session_id, new Date(night - 23 * 3_600_000).toISOString())
    await hourly(night)
    await hourly(night)
    await hourly(night + 3_600_000)
    const left = await rows<{ id: string }>('select id from table_sessions where restaurant_id = $1', house.id)
    expect(left.map((one) => one.id).toSorted()).toEqual([young.session_id, open.session_id].toSorted())
    const days = await rows(
      'select sessions, members, minutes, calls from session_days where restaurant_id = $1',
      house.id,
    )
    expect(days).toEqual([{ sessions: 1, members: 2, minutes: 75, calls: 1 }])
    expect(await rows('select 1 from session_members where session_id = $1', old.session_id)).toEqual([])
    expect((await atRoot(stack.origin, house.key, 'GET', `/orders/${order.id}`)).data.total_minor).toBe(900)
    await hourly(night + 24 * 3_600_000)
    const after = await rows('select sum(sessions)::int as n from session_days where restaurant_id = $1', house.id)
    expect(after).toEqual([{ n: 2 }])
  })
})

test('R81 with Redis out of reach nobody learns whether a pass is right', async () => {
  const house = await openTavern(stack, { settings: { daily_pass: 'on' } })
  const { pass } = (await atRoot(stack.origin, house.key, 'POST', '/admin/daily_pass', {})).data
  const guest = await sit(stack, house)
  const give = (said: string) => guest.call('POST', `/session/${guest.session_id}/validate_pass`, { pass: said })
  const redis = (on: boolean) =>
    fetch(`${stack.control_origin}/redis/fail`, { method: 'POST', body: JSON.stringify({ on }) })
  await redis(true)
  const answers = [await give(pass), await give('WRONG2')]
  await redis(false)
  expect(answers.map((one) => [one.status, one.code])).toEqual([
    [503, 'unavailable'],
    [503, 'unavailable'],
  ])
  expect((await give(pass)).status).toBe(200)
})

async function inbox(to: string): Promise<{ text: string }[]> {
  const found: unknown = await (await fetch(`${stack.control_origin}/mail?to=${encodeURIComponent(to)}`)).json()
  return Array.isArray(found) ? found : []
}
async function mails(to: string): Promise<number> {
  return (await inbox(to)).length
}
async function lastMail(to: string): Promise<string> {
  return (await inbox(to))[0]?.text ?? ''
}
