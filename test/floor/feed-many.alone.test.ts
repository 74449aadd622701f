import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { type Answer, daysAhead, type House, openHouse, withDatabase } from '../factories.ts'
import { atRoot } from '../ordering/phones.ts'
import { Screen, until } from './screens.ts'

const screenCount = 60
const changes = Number(process.env['FEED_CHANGES'] ?? 1_000)
const kills = Number(process.env['FEED_KILLS'] ?? 4)
const callers = 8
const seed = Number(process.env['FEED_SEED'] ?? Date.now() % 1_000_000)

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

/** Mulberry32: the same numbers for the same seed. */
function dice(from: number): () => number {
  let state = from >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** As a client does whose connection broke: the same key until there is an answer. */
async function surely(house: House, method: string, path: string, body?: unknown): Promise<Answer> {
  const key = randomUUID()
  for (let attempt = 0; ; attempt++) {
    const answer = await house.call(method, path, body, { 'idempotency-key': key }).catch(() => null)
    if (answer && answer.status < 500) return answer
    if (attempt > 300) throw new Error(`no answer to ${method} ${path}: ${JSON.stringify(answer?.body)}`)
    await pause(30)
  }
}

async function control(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${stack.control_origin}${path}`, { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(await answer.text())
}

type Row = { event: string; subject_id: string; request_id: string }
const nameOf = ({ event, subject_id, request_id }: Row): string => `${event} ${subject_id} ${request_id}`

/** The events of each thing, in order. */
const perSubject = (list: readonly Row[]): unknown =>
  Object.fromEntries(
    Object.entries(Object.groupBy(list, (row) => row.subject_id)).map(([id, events = []]) => [
      id,
      events.map((one) => one.event),
    ]),
  )

test(`seed ${seed}: ${screenCount} consoles × ${changes} changes, dropped, killed and untold: each number once, in order`, async () => {
  const tables = Array.from({ length: 30 }, (_none, n) => ({ number: String(n + 1), seats: 4 }))
  const house = await openHouse(stack, { tables })
  const screens = Array.from({ length: screenCount }, () => new Screen(stack.origin, { key: house.key }))
  await Promise.all(screens.map((screen) => screen.resume()))
  await until(() => screens.every((one) => one.snapshots === 1), 'that all look on')
  const begin = screens[0]?.seq ?? -1
  const before = await withDatabase(stack, async (client) => {
    const found = await client.query('select id from events where restaurant_id = $1', [house.id])
    return new Set(found.rows.map((row: { id: string }) => row.id))
  })

  // A third of the reads that the telling needs fails, one way or another: those changes wait for whoever comes next.
  // Or comes so late that somebody else has read meanwhile.
  const faults = ['error_500', 'delay', 'drop_before', 'delay', 'drop_after_commit', 'delay'] as const
  const work = { done: false, drops: 0, killed: 0, faults: 0 }
  const live = async (screen: Screen, random: () => number): Promise<void> => {
    while (!work.done) {
      await pause(200 + random() * 1_500)
      if (random() < 0.6) {
        work.drops += 1
        screen.drop()
        await pause(random() * 400)
      }
      if (screen.closed !== null) await screen.resume(random() < 0.5)
    }
  }
  const disturb = async (random: () => number): Promise<void> => {
    while (!work.done) {
      const mode = faults[work.faults % faults.length]
      await control('/neon/fail', { mode, match: 'events_since', probability: 0.33, seed: work.faults, ms: 3_200 })
      work.faults += 1
      await pause(500 + random() * 500)
      if (work.killed < kills && !work.done && (work.killed === 0 || random() < 0.6)) {
        await stack.worker.kill()
        await stack.worker.restart()
        work.killed += 1
      }
    }
    await control('/neon/fail', { next: 0 })
  }
  let next = 0
  const change = async (): Promise<void> => {
    while (next < changes) {
      const n = next
      next += 2
      const made = await surely(house, 'POST', '/reservations', {
        phone_number: `+65${80000000 + n}`,
        name: `Party ${n}`,
        reservation_date: daysAhead(2 + (n % 20)),
        reservation_time: `${String(12 + (Math.floor(n / 40) % 9)).padStart(2, '0')}:00`,
        party_size: 2,
      })
      expect(made.status).toBe(201)
      expect((await surely(house, 'DELETE', `/reservations/${made.data.id}`)).status).toBe(200)
      // So that all the rest happens meanwhile.
      await pause(60)
    }
  }
  // Changes that are numbered early and committed late, and of which nobody tells.
  const dawdle = async (random: () => number): Promise<void> => {
    await withDatabase(stack, async (client) => {
      while (!work.done) {
        await client.query('begin')
        await client.query(
          `insert into events (restaurant_id, at, type, subject_id, actor, request_id)
           values ($1, now(), 'table.changed', gen_random_uuid(), '{"kind": "cron"}', 'slow')`,
          [house.id],
        )
        await pause(random() * 300)
        await client.query('commit')
        await pause(random() * 200)
      }
    })
  }
  const living = screens.map((screen, n) => live(screen, dice(seed + n)))
  const disturbing = disturb(dice(seed + 99))
  const dawdling = [1, 2].map((n) => dawdle(dice(seed - n)))
  await Promise.all(Array.from({ length: callers }, change))
  work.done = true
  await Promise.all([...living, disturbing, ...dawdling])
  for (const screen of screens) if (screen.closed !== null) await screen.resume()

  const last = await atRoot(stack.origin, house.key, 'GET', `/admin/feed?last_seq=${begin}`)
  expect(last.status).toBe(200)
  await until(() => screens.every((one) => one.seq === last.data.seq), 'that all have heard everything')

  const rows = await withDatabase(stack, async (client) => {
    const found = await client.query<Row & { id: string }>(
      'select id, type as event, subject_id, request_id from events where restaurant_id = $1 order by id',
      [house.id],
    )
    return found.rows.filter((row) => !before.has(row.id))
  })
  expect(rows.length).toBeGreaterThanOrEqual(changes)
  const wanted = rows.map(nameOf).toSorted()
  const whole = Array.from({ length: rows.length }, (_none, n) => begin + 1 + n)
  for (const screen of screens) {
    expect(screen.events.map((one) => one.seq)).toEqual(whole)
    expect([screen.gaps, screen.snapshots]).toEqual([0, 1])
    expect(screen.events).toEqual(screens[0]?.events)
  }
  const told = screens[0]?.events ?? []
  expect(told.map(nameOf).toSorted()).toEqual(wanted)
  // What happened to one thing is told in the order in which it happened.
  expect(perSubject(told)).toEqual(perSubject(rows))
  if (changes >= 500) expect([work.drops > 20, work.killed > 0, work.faults > 1]).toEqual([true, true, true])
  const repeats = screens.reduce((sum, one) => sum + one.repeats, 0)
  console.log(
    `${rows.length} events, ${work.drops} drops, ${work.killed} kills, ${work.faults} faults, ${repeats} repeats`,
  )
  for (const screen of screens) screen.drop()
})

test('R95: a change with consoles costs one read more, however many look on; without any, none', async () => {
  const house = await openHouse(stack)
  const book = (n: number): Promise<Answer> =>
    house.call('POST', '/reservations', {
      phone_number: `+65${81000000 + n}`,
      name: 'Ana',
      reservation_date: daysAhead(3),
      reservation_time: `${13 + n}:00`,
      party_size: 2,
    })
  const tripsOf = async (n: number, heard: () => boolean): Promise<number> => {
    await control('/neon/reset', {})
    expect((await book(n)).status).toBe(201)
    await until(heard)
    const stats: { round_trips: number } = JSON.parse(await (await fetch(`${stack.control_origin}/neon/stats`)).text())
    return stats.round_trips
  }
  expect((await book(0)).status).toBe(201)
  expect(await tripsOf(1, () => true)).toBe(1)
  const screens = await Promise.all([0, 1, 2].map(() => new Screen(stack.origin, { key: house.key }).connect()))
  await until(() => screens.every((one) => one.snapshots === 1))
  const heardOf = (n: number): boolean => screens.every((one) => one.events.length >= n)
  expect(await tripsOf(2, () => heardOf(1))).toBe(2)
  const after = screens[0]?.events.length ?? 0
  expect(await tripsOf(3, () => heardOf(after + 1))).toBe(2)

  const plan = await withDatabase(stack, async (client) => {
    await client.query('set enable_seqscan = off; set enable_bitmapscan = off')
    const found = await client.query<{ 'QUERY PLAN': string }>(
      `explain select * from events e
        where e.restaurant_id = $1 and e.tx >= pg_snapshot_xmin(pg_current_snapshot())`,
      [house.id],
    )
    return found.rows.map((row) => row['QUERY PLAN']).join('\n')
  })
  expect(plan).toContain('Index Scan using events_tx')
  for (const screen of screens) screen.drop()
})
