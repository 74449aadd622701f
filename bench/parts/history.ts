import type pg from 'pg'
import * as z from 'zod'
import type { Backend } from '../../local/stack.ts'
import { migrate } from '../../migrations/migrate.ts'
import { addDays } from '../../src/platform/time.ts'
import { openAttempts } from '../measure/attempts.ts'
import { scansOf, type Scan } from '../measure/explain.ts'
import { inTurns, medianOf, ratioOf, type Figures } from '../measure/figures.ts'
import { fillHistory } from '../measure/history.ts'
import { firstDay, hotParty, seatedParty } from '../measure/parties.ts'
import { openQueue } from '../measure/queue.ts'
import { copyRoom, openRoom } from '../measure/room.ts'
import { readingOf } from '../measure/statements.ts'
import { withBackend, withClient } from '../measure/stack.ts'
import { ms, type Row } from '../measure/table.ts'
import type { Options } from './part.ts'

const restaurants = 100
/** Days to come that are booked as usual; one of them is read. */
const live_days = 10
const calls_a_round = 400

type Past = {
  size: number
  megabytes: number
  /** How the reading of a day came to its claims. */
  scans: Scan[]
  read(): Promise<Figures>
  book(): Promise<Figures>
  end(): Promise<void>
}

/** Whether a restaurant that has been busy for years still answers as it did in its first weeks. */
export function history({ rounds, rows, say }: Options): Promise<Row[]> {
  // What is built afresh needs no journal, where nobody copies it.
  const journal = { wal_level: 'minimal', max_wal_senders: '0', max_wal_size: '4GB' }
  const settings = { fsync: 'off', shared_buffers: '1GB', ...journal }
  return withBackend({ postgres_settings: settings, migrations: false }, async (stack) => {
    const pasts: Past[] = []
    for (const size of rows) {
      const began = performance.now()
      pasts.push(await openPast(stack, size))
      say(`history: ${size.toLocaleString('en')} past reservations after ${ms(performance.now() - began)}`)
    }
    const byName = (call: (past: Past) => Promise<Figures>): Record<string, () => Promise<Figures>> =>
      Object.fromEntries(pasts.map((past) => [String(past.size), () => call(past)]))
    const reading = await inTurns(
      rounds,
      byName((past) => past.read()),
    )
    const booking = await inTurns(
      rounds,
      byName((past) => past.book()),
    )
    await Promise.all(pasts.map((past) => past.end()))
    return [
      ...rowsOf('availability of a day', reading, 1.3),
      // What it writes goes into indexes that memory no longer holds.
      ...rowsOf('a booking', booking, null),
      planRow(pasts),
      ...pasts.map(sizeRow),
    ]
  })
}

/** A database of its own for each size, side by side, so that all are measured in turns. */
async function openPast(stack: Backend, size: number): Promise<Past> {
  const name = `past_${size}`
  await withClient(stack.database_url, (client) => client.query(`create database ${name}`))
  const url = stack.database_url.replace(/[^/]*$/, name)
  const superuser_url = stack.postgres.superuser_url.replace(/[^/]*$/, name)
  await migrate(url)
  const restaurant = await openRoom({ ...stack, database_url: url }, 'ours')
  const others = await withClient(url, (client) => copyRoom(client, restaurant.id, restaurants - 1))
  const ids = [restaurant, ...others].map((one) => one.id)
  await fillHistory({ superuser_url, restaurants: ids, from: 0, to: size })

  const first = firstDay()
  const live = await openQueue(url, hotParty, () => restaurant, 1)
  await live.times(150 * live_days)
  await live.end()
  await withClient(superuser_url, (client) => client.query('vacuum analyze'))

  const reading = await readingOf(restaurant, addDays(first, live_days / 2))
  const reader = await openAttempts(url, 1, reading.query, async () => reading.params)
  const afterwards = addDays(first, live_days + 3)
  const queue = await openQueue(
    url,
    (n) => seatedParty(n, afterwards),
    () => restaurant,
    1,
  )
  return {
    size,
    megabytes: await withClient(url, sizeOf),
    scans: await withClient(url, (client) => scansOf(client, reading)),
    read: () => reader.times(calls_a_round),
    book: () => queue.times(calls_a_round),
    end: async () => {
      await reader.end()
      await queue.end()
    },
  }
}

function sizeRow({ size, megabytes }: Past): Row {
  const what = `size of the database with ${size.toLocaleString('en')} past reservations`
  return { what, ours: `${Math.round(megabytes).toLocaleString('en')} MB`, yardstick: '', ratio: null, aim: null }
}

async function sizeOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query('select pg_database_size(current_database()) / 1048576.0 as megabytes')
  return z.tuple([z.object({ megabytes: z.coerce.number() })]).parse(rows)[0].megabytes
}

function rowsOf(what: string, measured: Record<string, Figures[]>, most: number | null): Row[] {
  const [smallest = '', ...larger] = Object.keys(measured)
  const told = (size: string): string => {
    const { p50, p99 } = medianOf(measured[size] ?? [])
    return `p50 ${ms(p50)}, p99 ${ms(p99)} at ${Number(size).toLocaleString('en')}`
  }
  return larger.map((size) => ({
    what: `${what} (growth of its p50)`,
    ours: told(size),
    yardstick: told(smallest),
    ratio: ratioOf(measured[size] ?? [], measured[smallest] ?? [], 'p50'),
    aim: most === null ? null : { most },
  }))
}

/** Claims are read from the index of the day alone, as many as the day has and no more, whatever the past. */
function planRow(pasts: Past[]): Row {
  const scans = pasts.map((past) => past.scans.find((scan) => scan.relation === 'claims'))
  const [least] = scans
  return {
    what: `plan of a day's reading: ${least?.node ?? ''} on ${least?.index ?? ''}`,
    ours: pagesOf(scans.at(-1)),
    yardstick: pagesOf(least),
    ratio: null,
    aim: null,
    holds: scans.every((scan) => scan !== undefined && least !== undefined && readsOneDay(scan, least)),
  }
}

const pagesOf = (scan: Scan | undefined): string => (scan ? `${scan.rows} rows from ${scan.buffers} pages` : 'no scan')

/** A taller tree is one page more on the way down, for each day. */
function readsOneDay(scan: Scan, least: Scan): boolean {
  const by_index =
    scan.index === 'claims_day' && /restaurant_id/.test(scan.condition) && /service_day/.test(scan.condition)
  return by_index && scan.rows === least.rows && scan.buffers <= least.buffers * 1.5 + 8
}
