import { neon } from '@neondatabase/serverless'
import * as z from 'zod'
import { openDb } from '../../src/platform/db.ts'
import { callBook } from '../../src/reservations/queries.ts'
import { inTurns, medianOf, ratioOf } from '../measure/figures.ts'
import { closedLoop, type Caller } from '../measure/loop.ts'
import { firstDay, seatedParty } from '../measure/parties.ts'
import { openRoom, room } from '../measure/room.ts'
import { bookingOf, planIn } from '../measure/statements.ts'
import { analyze, withBackend, withClient } from '../measure/stack.ts'
import { ms, type Row } from '../measure/table.ts'
import {
  insertLog,
  insertReservation,
  readFree,
  readRestaurant,
  usualSchema,
  usualTables,
  wishOf,
} from '../measure/usual-design.ts'
import type { Options } from './part.ts'

const distance_ms = 30
const callers = 8

/** A database 30 ms away: our one call next to reading, checking, inserting and logging one after another. */
export function distance({ seconds, rounds, say }: Options): Promise<Row[]> {
  return withBackend({}, async (stack) => {
    await withClient(stack.database_url, async (client) => {
      await client.query(usualSchema)
      await client.query(usualTables, [1, room.tables.map((table) => table.seats)])
    })
    const restaurant = await openRoom(stack, 'far')
    const db = openDb(stack.database_url, new URL(stack.control_origin).host)
    const sql = neon(stack.database_url)
    const day = firstDay()
    let [ours, theirs] = [0, 0]

    const oneCall = async (): Promise<string> => {
      const plan = planIn(await bookingOf(restaurant, seatedParty(ours++, day)))
      return (await callBook(db, 'book', Plan.parse(JSON.parse(plan)))).outcome
    }
    const fourCalls = async (): Promise<string> => {
      const { restaurant: id, starts_at, ends_at, party_size } = wishOf(1, seatedParty(theirs++, day))
      await sql.query(readRestaurant, [id])
      const [free] = FreeTable.parse(await sql.query(readFree, [id, starts_at, ends_at, party_size]))
      if (!free) return 'refused'
      await sql.query(insertReservation, [id, free.id, starts_at, ends_at, party_size, 'Party', '+6580000000'])
      await sql.query(insertLog, ['reservation.booked'])
      return 'booked'
    }
    say(`distance: ${rounds} rounds of ${seconds} s each, ${callers} callers, ${distance_ms} ms away`)
    await control(stack.control_origin, distance_ms)
    const measured = await inTurns(
      rounds,
      {
        ours: () => closedLoop(Array<Caller>(callers).fill(oneCall), seconds),
        theirs: () => closedLoop(Array<Caller>(callers).fill(fourCalls), seconds),
      },
      () => analyze(stack.database_url),
    )
    return [
      {
        what: `p50 of a booking, the database ${distance_ms} ms away`,
        ours: `${ms(medianOf(measured.ours).p50)} in one call`,
        yardstick: `${ms(medianOf(measured.theirs).p50)} in four, unsafe`,
        ratio: 1 / ratioOf(measured.ours, measured.theirs, 'p50'),
        aim: null,
      },
    ]
  })
}

const Plan = z.record(z.string(), z.unknown())
const FreeTable = z.array(z.object({ id: z.int() }))

async function control(origin: string, milliseconds: number): Promise<void> {
  const answer = await fetch(`${origin}/neon/latency`, { method: 'POST', body: JSON.stringify({ ms: milliseconds }) })
  if (!answer.ok) throw new Error(await answer.text())
}
