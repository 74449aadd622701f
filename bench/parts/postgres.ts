import type pg from 'pg'
import * as z from 'zod'
import type { Restaurant } from '../../src/restaurants/schema.ts'
import { openAttempts } from '../measure/attempts.ts'
import { bareRows, bareRowsParams, copyTables } from '../measure/bare-rows.ts'
import { inTurns, medianOf, ratioOf, shareOf, type Figures } from '../measure/figures.ts'
import { hotParty, scatteredParty } from '../measure/parties.ts'
import { callers, openQueue } from '../measure/queue.ts'
import { openRoom } from '../measure/room.ts'
import { analyze, withBackend, withClient } from '../measure/stack.ts'
import { perSecond, type Row } from '../measure/table.ts'
import type { Options } from './part.ts'

const bareTable = `create table bare (id uuid primary key, restaurant_id uuid not null, party_size smallint not null)`
const bareInsert = 'insert into bare (id, restaurant_id, party_size) values ($1, $2, 4)'

/**
 * What booking costs the database, next to the bare insert of what it has to leave behind, and next to the least that
 * anything durable can cost: one short row.
 */
export function postgres({ seconds, rounds, say }: Options): Promise<Row[]> {
  return withBackend({ postgres_settings: { max_connections: '300' } }, async (stack) => {
    await withClient(stack.database_url, async (client) => {
      await client.query(bareTable)
      await copyTables(client)
    })
    const url = stack.database_url
    const [hot, calm]: [Restaurant, Restaurant] = [await openRoom(stack, 'hot'), await openRoom(stack, 'calm')]
    const attempts = await openQueue(url, hotParty, () => hot)
    const seated = await openQueue(url, scatteredParty, () => calm)
    // What one booking keeps: in the event and as the answer to its key.
    await seated.times(1)
    const kept = await withClient(url, keptOf)
    let n = 0
    const rows = await openAttempts(url, callers, bareRows, async () => bareRowsParams(hot.id, kept, n++), 10_000)
    const bareParams = async () => [crypto.randomUUID(), hot.id]
    const bare = await openAttempts(url, callers, bareInsert, bareParams, 40_000)

    say(`postgres: ${rounds} rounds of ${seconds} s of hot days, bookings and bare inserts, ${callers} connections`)
    const measured = await inTurns(
      rounds,
      {
        attempts: () => attempts.run(seconds),
        seated: () => seated.run(seconds),
        rows: () => rows.run(seconds),
        bare: () => bare.run(seconds),
      },
      () => analyze(url),
    )
    await Promise.all([attempts.end(), seated.end(), rows.end(), bare.end()])
    const same_rows = `${perSecond(medianOf(measured.rows).rate)} bare durable inserts of the same rows`
    const short_row = `${perSecond(medianOf(measured.bare).rate)} bare durable inserts of one short row`
    const share = Math.round(shareOf(medianOf(measured.attempts), 'booked') * 100)
    const hot_days = `booking attempts on hot days (${share} % get a table), on Postgres alone`
    const all_booked = 'bookings on 60 evenings, on Postgres alone'
    return [
      row(all_booked, measured.seated, same_rows, measured.rows, 0.25),
      row(hot_days, measured.attempts, same_rows, measured.rows, null),
      row(all_booked, measured.seated, short_row, measured.bare, null),
    ]
  })
}

function row(what: string, ours: Figures[], yardstick: string, than: Figures[], least: number | null): Row {
  return {
    what,
    ours: perSecond(medianOf(ours).rate),
    yardstick,
    ratio: ratioOf(ours, than),
    aim: least === null ? null : { least },
  }
}

const Kept = z.tuple([z.object({ answer: z.string() })])

async function keptOf(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query(
    `select answer::text from idempotency_keys where answer ->> 'outcome' = 'booked' limit 1`,
  )
  return Kept.parse(rows)[0].answer
}
