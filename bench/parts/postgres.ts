import type { Restaurant } from '../../src/restaurants/schema.ts'
import { openAttempts } from '../measure/attempts.ts'
import { inTurns, medianOf, ratioOf, shareOf } from '../measure/figures.ts'
import { hotParty, seatedParty } from '../measure/parties.ts'
import { callers, openQueue } from '../measure/queue.ts'
import { openRoom } from '../measure/room.ts'
import { withBackend, withClient } from '../measure/stack.ts'
import { perSecond, type Row } from '../measure/table.ts'
import type { Options } from './part.ts'

const bareTable = `create table bare (id uuid primary key, restaurant_id uuid not null, party_size smallint not null)`
const bareInsert = 'insert into bare (id, restaurant_id, party_size) values ($1, $2, 4)'

/** What booking costs the database, next to the least that anything durable can cost: the insert of one short row. */
export function postgres({ seconds, rounds, say }: Options): Promise<Row[]> {
  return withBackend({ postgres_settings: { max_connections: '300' } }, async (stack) => {
    await withClient(stack.database_url, (client) => client.query(bareTable))
    const url = stack.database_url
    const [hot, calm]: [Restaurant, Restaurant] = [await openRoom(stack, 'hot'), await openRoom(stack, 'calm')]
    const attempts = await openQueue(url, hotParty, () => hot)
    const seated = await openQueue(url, seatedParty, () => calm)
    const bareParams = async () => [crypto.randomUUID(), hot.id]
    const bare = await openAttempts(url, callers, bareInsert, bareParams, 40_000)

    say(`postgres: ${rounds} rounds of ${seconds} s of hot days, bookings and bare inserts, ${callers} connections`)
    const measured = await inTurns(rounds, {
      attempts: () => attempts.run(seconds),
      seated: () => seated.run(seconds),
      bare: () => bare.run(seconds),
    })
    await Promise.all([attempts.end(), seated.end(), bare.end()])
    const yardstick = `${perSecond(medianOf(measured.bare).rate)} bare durable inserts`
    const share = Math.round(shareOf(medianOf(measured.attempts), 'booked') * 100)
    return [
      {
        what: `booking attempts on hot days (${share} % get a table), on Postgres alone`,
        ours: perSecond(medianOf(measured.attempts).rate),
        yardstick,
        ratio: ratioOf(measured.attempts, measured.bare),
        aim: { least: 0.25 },
      },
      {
        what: 'bookings that all succeed, on Postgres alone',
        ours: perSecond(medianOf(measured.seated).rate),
        yardstick,
        ratio: ratioOf(measured.seated, measured.bare),
        aim: null,
      },
    ]
  })
}
