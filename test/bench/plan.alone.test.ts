import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { nestedScans, scansOf, type Scan } from '../../bench/measure/explain.ts'
import { fillHistory } from '../../bench/measure/history.ts'
import { firstDay, hotParty } from '../../bench/measure/parties.ts'
import { openQueue } from '../../bench/measure/queue.ts'
import { copyRoom, openRoom } from '../../bench/measure/room.ts'
import { bookingOf, firstStatementOf, readingOf, type Statement } from '../../bench/measure/statements.ts'
import { startStack, type Backend } from '../../local/stack.ts'
import { addDays } from '../../src/platform/time.ts'
import { openEvening, works } from './works.ts'
import { getReservation, listReservations } from '../../src/reservations/list.ts'
import type { Restaurant } from '../../src/restaurants/schema.ts'

const restaurants = 10
const [little, much] = [20_000, 200_000]
const live_days = 4

let stack: Backend
let superuser: pg.Client
let house: Restaurant
let ids: string[]

beforeAll(async () => {
  // The jobs tell what they did.
  vi.spyOn(console, 'info').mockImplementation(() => {})
  stack = await startStack({ worker: false, postgres_settings: { fsync: 'off', max_wal_size: '4GB' } })
  superuser = new pg.Client({ connectionString: stack.postgres.superuser_url.replace(/[^/]*$/, 'tableside') })
  await superuser.connect()
  house = await openRoom(stack, 'busy')
  ids = [house.id, ...(await copyRoom(superuser, house.id, restaurants - 1)).map((one) => one.id)]
  const queue = await openQueue(stack.database_url, hotParty, () => house, 1)
  await queue.times(150 * live_days)
  await queue.end()
})
afterAll(async () => {
  await superuser.end()
  await stack.stop()
})

describe('a day is found in the index, and nothing else is read, however long the past', () => {
  const seen: { rows: number; buffers: number; booking: number }[] = []
  const worked = new Map(works.map(({ name }) => [name, new Array<Scan[]>()]))

  test.for([
    [0, little],
    [little, much],
  ] as const)('with reservations %i to %i behind it', { timeout: 300_000 }, async ([from, to]) => {
    await fillHistory({
      superuser_url: stack.postgres.superuser_url.replace(/[^/]*$/, 'tableside'),
      restaurants: ids,
      from,
      to,
    })
    await superuser.query(whatElsePiledUp)
    const reading = await readingOf(house, addDays(firstDay(), 2))
    const claims = (await scansOf(superuser, reading)).filter((scan) => scan.relation === 'claims')
    expect(claims).toMatchObject([{ index: 'claims_day', removed: 0 }])
    expect(claims[0]?.node).toMatch(/^Index (Only )?Scan$/)
    expect(claims[0]?.condition).toMatch(/restaurant_id.*service_day/)

    const booking = await scansWithin(await bookingOf(house, hotParty(150 * live_days + to, addDays(firstDay(), 9))))
    expect(tablesReadWhole(booking)).toEqual([])
    seen.push({ rows: claims[0]?.rows ?? 0, buffers: claims[0]?.buffers ?? 0, booking: buffersOf(booking) })
    for (const { name, scans } of await scansOfWorks()) worked.get(name)?.push(scans)
  })

  test('ten times the past, the same rows and pages', () => {
    const [before, after] = seen
    expect(after?.rows).toBe(before?.rows)
    expect(before?.rows).toBeGreaterThan(50)
    // A taller tree: a page more on the way down, for each day.
    expect(after?.buffers).toBeLessThanOrEqual((before?.buffers ?? 0) + 4)
    expect(after?.booking).toBeLessThanOrEqual((before?.booking ?? 0) * 1.5 + 8)
  })

  test.for(works)('R287 $name: no table is read whole, and ten times the past, the same pages', ({ name }) => {
    const [before, after] = worked.get(name) ?? []
    expect(tablesReadWhole(after ?? [])).toEqual([])
    expect(after?.length).toBeGreaterThan(0)
    expect(buffersOf(after ?? [])).toBeLessThanOrEqual(buffersOf(before ?? []) * 1.5 + 16)
  })
})

describe('with two hundred thousand reservations behind it, no table is read whole', () => {
  const day = { date: addDays(new Date().toISOString().slice(0, 10), -3), limit: 50 }
  const reads: [string, () => Promise<Statement>][] = [
    ['a code', () => firstStatementOf(house, (ctx) => getReservation(ctx, 'HGGGGA'))],
    ['a phone', () => firstStatementOf(house, (ctx) => getReservation(ctx, '+6580000007'))],
    ['an id', () => firstStatementOf(house, (ctx) => getReservation(ctx, crypto.randomUUID()))],
    ['the list of a day', () => firstStatementOf(house, (ctx) => listReservations(ctx, day))],
    ['a search for a code', () => firstStatementOf(house, (ctx) => listReservations(ctx, { q: 'HGGGGA', limit: 50 }))],
    ['a search for a name', () => firstStatementOf(house, (ctx) => listReservations(ctx, { q: 'nobody', limit: 50 }))],
  ]
  test.for(reads)('%s reads what it finds', async ([, statementOf]) => {
    const scans = await scansWithin(await statementOf())
    expect(tablesReadWhole(scans)).toEqual([])
    expect(rowsRead(scans, 'reservations')).toBeLessThan(150)
  })

  test.for(['release_lapsed_holds', 'mark_no_shows'])('%s', async (job) => {
    const scans = await scansWithin({ query: `select ${job}($1, 'bench')`, params: [new Date().toISOString()] })
    expect(scans.length).toBeGreaterThan(0)
    expect(tablesReadWhole(scans)).toEqual([])
  })
})

/** Every scan of a statement and of what the functions in it ask, also once the backend has settled on its plans. */
async function scansWithin(statement: Statement): Promise<Scan[]> {
  await superuser.query('begin')
  const scans = await settledScans(() => superuser.query(statement.query, statement.params))
  await superuser.query('rollback')
  return scans
}

/** Within a transaction, which is as before at the end. */
async function settledScans(work: () => Promise<unknown>, before?: () => Promise<unknown>): Promise<Scan[]> {
  const scans: Scan[] = []
  for (let call = 0; call <= 7; call++) {
    await superuser.query('savepoint before')
    await before?.()
    if (call < 7) await work()
    else scans.push(...(await nestedScans(superuser, work)))
    await superuser.query('rollback to before')
  }
  return scans
}

/** What is done on an evening of which nobody else knows. */
async function scansOfWorks(): Promise<{ name: string; scans: Scan[] }[]> {
  const found: { name: string; scans: Scan[] }[] = []
  for (const one of works) {
    await superuser.query('begin')
    const evening = await openEvening(superuser, house, addDays(firstDay(), live_days + 2))
    const scans = await settledScans(
      () => one.work(evening),
      async () => one.before?.(evening),
    )
    found.push({ name: one.name, scans })
    await superuser.query('rollback')
  }
  return found
}

/**
 * Of every reservation of the past a guest, a session, an event, a refusal and a key, none of them old enough to be
 * forgotten. Nothing checks foreign keys, or is told of it.
 */
const whatElsePiledUp = `
  set session_replication_role = replica;
  create temporary table past as
    select r.* from reservations r
     where r.status = 'completed' and not exists (select from idempotency_keys k where k.scope = r.restaurant_id and k.key = r.id::text);
  insert into guests (id, restaurant_id, name, search_name, phone)
  select p.id, p.restaurant_id, p.name, lower(p.name), p.id::text from past p;
  insert into guest_stats (restaurant_id, guest_id) select p.restaurant_id, p.id from past p;
  insert into table_sessions (restaurant_id, table_id, opened_at, closed_at, close_reason, last_activity_at, updated_at)
  select p.restaurant_id, p.table_ids[1], p.starts_at, p.ends_at, 'idle', p.ends_at, p.ends_at from past p;
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  select p.restaurant_id, p.created_at, 'reservation.booked', p.id, '{"kind": "system"}', 'bench', '{}' from past p;
  insert into denied_requests (restaurant_id, at, kind, reason, source, request_id)
  select p.restaurant_id, p.created_at, 'booking', 'sold_out', 'api', 'bench' from past p;
  insert into idempotency_keys (scope, key, fingerprint, answer, created_at)
  select p.restaurant_id, p.id::text, '', '{}', now() + interval '30 days' from past p;
  drop table past;
  set session_replication_role = origin;
  analyze`

/** Of those that grow; a restaurant's own tables fit one page, where reading all of it is the best plan. */
function tablesReadWhole(scans: Scan[]): string[] {
  const growing = 'claims reservations guests guest_stats events table_sessions idempotency_keys denied_requests'.split(
    ' ',
  )
  return scans
    .filter((scan) => scan.node === 'Seq Scan' && growing.includes(scan.relation))
    .map((scan) => scan.relation)
}

function rowsRead(scans: Scan[], relation: string): number {
  const read = scans.filter((scan) => scan.relation === relation)
  return read.reduce((sum, scan) => sum + scan.rows + scan.removed, 0)
}

function buffersOf(scans: Scan[]): number {
  return scans.reduce((sum, scan) => sum + scan.buffers, 0)
}
