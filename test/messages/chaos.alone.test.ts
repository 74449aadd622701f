import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { daysAhead, type House, withDatabase } from '../factories.ts'
import { book, control, mailsTo, messagesOf, newGuest, openTalkative, settled, textsTo, until } from './houses.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())
beforeEach(() => control(stack, '/qstash/reset'))

type Row = {
  id: string
  kind: string
  channel: string
  state: string
  attempts: number
  reason: string | null
  due_at: string
}
const sweep = (at: number): Promise<void> => stack.worker.scheduled({ cron: '*/5 * * * *', time: new Date(at) })
const queued = async (): Promise<unknown[]> => {
  const all: { pending: { url: string }[] } = JSON.parse(
    await (await fetch(`${stack.control_origin}/qstash/messages`)).text(),
  )
  return all.pending.filter((message) => message.url.endsWith('/jobs/message'))
}
const sql = (text: string, values: unknown[]): Promise<unknown> =>
  withDatabase(stack, (client) => client.query(text, values))
async function one(house: House, id: string, kind: string, so: (row: Row) => boolean): Promise<Row> {
  const all = await until<Row[]>(
    () => messagesOf(house, id),
    (now) => now.some((row) => row.kind === kind && so(row)),
  )
  const found = all.find((row) => row.kind === kind && so(row))
  if (!found) throw new Error(`no such ${kind}: ${JSON.stringify(all)}`)
  return found
}

const noReminders = { messages: { mail: 'on', sms: 'on', reminder_hours: [] } }

describe('R164 attempts', () => {
  test('at once, then after 30 s, 2 min, 8 min and 32 min by QStash; the guest has it once', async () => {
    const house = await openTalkative(stack, noReminders)
    const guest = newGuest()
    await control(stack, '/mail/fail', { next: 2, status: 500 })
    const made = await book(house, guest)
    await one(house, made.id, 'confirmation', (row) => row.state === 'due' && row.attempts === 1)
    await until(queued, (all) => all.length === 1)
    await control(stack, '/qstash/advance', { seconds: 29 })
    expect((await messagesOf(house, made.id)).find((row: Row) => row.kind === 'confirmation').attempts).toBe(1)
    await control(stack, '/qstash/advance', { seconds: 1 })
    await one(house, made.id, 'confirmation', (row) => row.attempts === 2)
    expect(await mailsTo(stack, guest.email)).toEqual([])
    await control(stack, '/qstash/advance', { seconds: 120 })
    await one(house, made.id, 'confirmation', (row) => row.state === 'sent' && row.attempts === 3)
    await control(stack, '/qstash/advance', { seconds: 86_400 })
    expect(await mailsTo(stack, guest.email)).toHaveLength(1)
  })

  test('five, then it has failed, which the house is told; what the provider refuses for good fails at once', async () => {
    const house = await openTalkative(stack, noReminders)
    const guest = newGuest()
    await control(stack, '/mail/fail', { next: 5, status: 503 })
    const made = await book(house, guest)
    await one(house, made.id, 'confirmation', (row) => row.attempts === 1)
    await until(queued, (all) => all.length === 1)
    await control(stack, '/qstash/advance', { seconds: 3_000 })
    const failed = await one(house, made.id, 'confirmation', (row) => row.state === 'failed')
    expect(failed).toMatchObject({ attempts: 5, reason: 'HTTP 503 application_error' })
    await sweep(Date.now() + 3_600_000)
    expect(await mailsTo(stack, guest.email)).toEqual([])

    await control(stack, '/mail/fail', { next: 1, status: 422 })
    const other = await book(house, { ...newGuest(), reservation_time: '12:00' })
    await one(house, other.id, 'confirmation', (row) => row.state === 'failed' && row.attempts === 1)
    const told = await withDatabase(stack, (client) =>
      client.query("select from events where restaurant_id = $1 and type = 'message.failed'", [house.id]),
    )
    expect(told.rowCount).toBe(2)
  })

  test('with QStash away the sweep makes them', async () => {
    const house = await openTalkative(stack, noReminders)
    const guest = newGuest()
    await control(stack, '/qstash/fail', { on: true })
    await control(stack, '/mail/fail', { next: 1, status: 500 })
    const made = await book(house, guest)
    await one(house, made.id, 'confirmation', (row) => row.attempts === 1)
    await sweep(Date.now() + 10_000)
    expect(await mailsTo(stack, guest.email)).toEqual([])
    await sweep(Date.now() + 60_000)
    await one(house, made.id, 'confirmation', (row) => row.state === 'sent')
    expect(await mailsTo(stack, guest.email)).toHaveLength(1)
    await control(stack, '/qstash/fail', { on: false })
  })
})

describe('R158 a reminder', () => {
  test('goes in its minute, once; QStash is told within the hour before', async () => {
    const house = await openTalkative(stack, { messages: { mail: 'on', sms: 'on', reminder_hours: [24] } })
    const guest = newGuest()
    const made = await book(house, guest)
    const reminder = (await settled(house, made.id, 2)).find((row: Row) => row.kind === 'reminder')
    expect(await queued()).toEqual([])
    await sweep(Date.parse(reminder.due_at) - 1_800_000)
    expect(await queued()).toHaveLength(1)
    await sweep(Date.parse(reminder.due_at) - 1_500_000)
    expect(await queued()).toHaveLength(1)
    await control(stack, '/qstash/advance', { seconds: 1_799 })
    expect(await textsTo(stack, guest.phone_number)).toEqual([])
    await control(stack, '/qstash/advance', { seconds: 1 })
    await one(house, made.id, 'reminder', (row) => row.state === 'sent')
    await sweep(Date.parse(reminder.due_at) + 600_000)
    expect(await textsTo(stack, guest.phone_number)).toHaveLength(1)
  })

  test('that nobody sent is not sent once the visit has begun, nor of a visit that was moved', async () => {
    const house = await openTalkative(stack, { messages: { mail: 'on', sms: 'on', reminder_hours: [24] } })
    const late = newGuest()
    const made = await book(house, late)
    await settled(house, made.id, 2)
    await control(stack, '/qstash/fail', { on: true })
    await sweep(Date.parse(made.starts_at) - 60_000 * 60 * 25)
    // The job that marks who did not come has not run yet at this moment.
    await sql('update messages set due_at = $3 where restaurant_id = $1 and subject_id = $2', [
      house.id,
      made.id,
      made.starts_at,
    ])
    await sweep(Date.parse(made.starts_at) + 60_000)
    await one(house, made.id, 'reminder', (row) => row.state === 'skipped' && row.reason === 'too_late')
    expect(await textsTo(stack, late.phone_number)).toEqual([])
    await control(stack, '/qstash/fail', { on: false })
  })
})

describe('R157 changes within two minutes', () => {
  test('are one, as it is in the end; back as it was, none', async () => {
    const house = await openTalkative(stack)
    const [moves, stays] = [newGuest(), newGuest()]
    const first = await book(house, moves)
    const second = await book(house, { ...stays, reservation_time: '12:00' })
    await settled(house, first.id, 3)
    await settled(house, second.id, 3)
    for (const time of ['20:00', '20:30'])
      await house.call('PUT', `/reservations/${first.id}`, { reservation_time: time })
    for (const time of ['13:00', '12:00'])
      await house.call('PUT', `/reservations/${second.id}`, { reservation_time: time })
    await until(queued, (all) => all.length >= 2)
    await control(stack, '/qstash/advance', { seconds: 125 })
    await one(house, first.id, 'changed', (row) => row.state === 'sent')
    await one(house, second.id, 'changed', (row) => row.state === 'skipped' && row.reason === 'nothing_new')
    const told = await mailsTo(stack, moves.email)
    expect(told).toHaveLength(2)
    expect(told[1]?.subject).toContain('8:30 pm')
    expect(await mailsTo(stack, stays.email)).toHaveLength(1)
  })
})

describe('R165 whatever dies, nothing is lost and nothing told twice', () => {
  test('a text of which nobody knows what became is looked for before it is sent again', async () => {
    const house = await openTalkative(stack)
    const guest = { ...newGuest(), email: undefined }
    const made = await book(house, guest)
    const all = await settled(house, made.id, 3)
    const sent = all.find((row: Row) => row.kind === 'confirmation')
    // As a Worker leaves it that died between the provider's answer and writing it down.
    const died = `update messages set state = 'sending', sent_at = null, provider_id = null, lease = gen_random_uuid(),
                         leased_until = now() - interval '1 second', attempts = 0
                   where restaurant_id = $1 and id = $2`
    await sql(died, [house.id, sent.id])
    await sweep(Date.now())
    const found = await one(house, made.id, 'confirmation', (row) => row.state === 'sent')
    expect(found).toMatchObject({ provider_id: sent.provider_id })
    expect(await textsTo(stack, guest.phone_number)).toHaveLength(1)
    // Where it never got there, it goes now.
    await fetch(`${stack.control_origin}/sms`, { method: 'DELETE' })
    await sql(died, [house.id, sent.id])
    await sweep(Date.now())
    await one(house, made.id, 'confirmation', (row) => row.state === 'sent')
    expect(await textsTo(stack, guest.phone_number)).toHaveLength(1)
  })

  test('a Worker killed in the midst of it, again and again', async () => {
    const tables = Array.from({ length: 40 }, (_, n) => ({ number: String(n + 1), seats: 2 }))
    const house = await openTalkative(stack, { messages: { mail: 'on', sms: 'on', reminder_hours: [] } }, { tables })
    for (const [round, wait] of [5, 40, 90, 160].entries()) {
      const guests = Array.from({ length: 16 }, (_, n) => ({ ...newGuest(), ...(n % 2 ? { email: undefined } : {}) }))
      const bookings = guests.map((guest) =>
        house
          .call('POST', '/reservations', {
            ...guest,
            reservation_date: daysAhead(10 + round),
            reservation_time: '19:00',
            party_size: 2,
          })
          .catch(() => null),
      )
      await Promise.race([Promise.all(bookings), new Promise((resolve) => setTimeout(resolve, 250))])
      await new Promise((resolve) => setTimeout(resolve, wait))
      await stack.worker.kill()
      await Promise.all(bookings)
      await stack.worker.restart()
      // The leases of the dead run out.
      await sql('update message_positions set leased_until = now() where restaurant_id = $1 and lease is not null', [
        house.id,
      ])
      await sql(
        "update messages set leased_until = now() where restaurant_id = $1 and state = 'sending' and lease is not null",
        [house.id],
      )
      await sweep(Date.now() + 1_000)
      await sweep(Date.now() + 3_600_000)
      const there = await withDatabase(stack, (client) =>
        client.query<{ phone_number: string }>('select phone_number from reservations where restaurant_id = $1', [
          house.id,
        ]),
      )
      const booked = new Set(there.rows.map((row) => row.phone_number))
      for (const guest of guests) {
        const mails = guest.email === undefined ? [] : await mailsTo(stack, guest.email)
        const told = mails.length + (await textsTo(stack, guest.phone_number)).length
        expect(told, JSON.stringify(guest)).toBe(booked.has(guest.phone_number) ? 1 : 0)
      }
    }
  })

  test('forty who book at once are told once each, with no job having run', async () => {
    const tables = Array.from({ length: 40 }, (_, n) => ({ number: String(n + 1), seats: 2 }))
    const house = await openTalkative(stack, { messages: { mail: 'on', reminder_hours: [] } }, { tables })
    const guests = tables.map(() => newGuest())
    const made = await Promise.all(guests.map((guest) => book(house, guest)))
    expect(made).toHaveLength(40)
    for (const guest of guests) {
      const mails = await until(
        () => mailsTo(stack, guest.email),
        (all) => all.length > 0,
      )
      expect(mails, guest.email).toHaveLength(1)
    }
  })
})

describe('R155 reading', () => {
  test('is one reader’s at a time, and who came meanwhile is read for', async () => {
    const house = await openTalkative(stack)
    await withDatabase(stack, async (client) => {
      const event = `insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
                     values ($1, now(), 'reservation.seat', gen_random_uuid(), '{"kind": "system"}', 'test', '{}')`
      const begin = async () =>
        (await client.query('select begin_messages($1, 9) as answer', [house.id])).rows[0].answer
      const take = async (read: { events: { id: number }[] }, lease: string) => {
        const last_id = read.events.at(-1)?.id
        const plan = { ...read, lease, restaurant_id: house.id, now: new Date().toISOString(), steps: [], last_id }
        return (await client.query('select take_messages($1) as answer', [plan])).rows[0].answer
      }
      await client.query(event, [house.id])
      const read = await begin()
      expect(read).toMatchObject({ outcome: 'read', more: false })
      await client.query(event, [house.id])
      expect(await begin()).toEqual({ outcome: 'busy' })
      expect(await take(read, '00000000-0000-4000-8000-000000000000')).toEqual({ outcome: 'lost' })
      expect(await take(read, read.lease)).toEqual({ outcome: 'taken', again: true, made: [] })
      const next = await begin()
      expect(next.events).toHaveLength(1)
      expect(await take(next, next.lease)).toMatchObject({ again: false })
      expect(await begin()).toEqual({ outcome: 'nothing' })
    })
  })

  test('page by page loses nothing that is committed late, and sees nothing twice', async () => {
    const house = await openTalkative(stack)
    await sql("update message_positions set leased_until = now() + interval '1 hour' where restaurant_id = $1", [
      house.id,
    ])
    const event = `insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
                   values ($1, now(), 'reservation.seat', gen_random_uuid(), '{"kind": "system"}', 'test', '{}')`
    const seen: number[] = []
    await withDatabase(stack, async (late) => {
      await withDatabase(stack, async (client) => {
        // It has its number first and is committed last.
        await late.query('begin')
        await late.query(event, [house.id])
        for (let n = 0; n < 5; n++) await client.query(event, [house.id])
        await client.query('update message_positions set leased_until = null where restaurant_id = $1', [house.id])
        for (let page = 1; page <= 6; page++) {
          const read = await client.query('select begin_messages($1, 2) as answer', [house.id])
          const { answer } = read.rows[0]
          if (answer.outcome === 'read') {
            seen.push(...answer.events.map((row: { id: number }) => row.id))
            const plan = { ...answer, restaurant_id: house.id, now: new Date().toISOString(), steps: [] }
            const last_id = answer.events.at(-1).id
            await client.query('select take_messages($1)', [{ ...plan, last_id }])
          }
          if (page === 2) await late.query('commit')
        }
        const all = await client.query<{ id: string }>(
          "select id from events where restaurant_id = $1 and request_id = 'test' order by id",
          [house.id],
        )
        expect(seen.toSorted((a, b) => a - b)).toEqual(all.rows.map((row) => Number(row.id)))
        expect(seen).toHaveLength(6)
      })
    })
  })
})
