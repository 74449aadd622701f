import { addDays } from '../../src/platform/time.ts'
import type { Restaurant } from '../../src/restaurants/schema.ts'
import { inTurns, medianOf, ratioOf } from '../measure/figures.ts'
import { hotParty, randomOf, seatedParty, type Party } from '../measure/parties.ts'
import { openQueue } from '../measure/queue.ts'
import { copyRoom, openRoom } from '../measure/room.ts'
import { withBackend, withClient } from '../measure/stack.ts'
import { perSecond, type Row } from '../measure/table.ts'
import type { Options } from './part.ts'

const restaurants = 1_000
const days = 30

/** Everybody at one restaurant on one evening, next to the same crowd over a thousand restaurants and a month. */
export function spread({ seconds, rounds, say }: Options): Promise<Row[]> {
  return withBackend({ postgres_settings: { max_connections: '300' } }, async (stack) => {
    const hot = await openRoom(stack, 'hot')
    const calm = await openRoom(stack, 'calm')
    say(`spread: opening ${restaurants} restaurants`)
    const many = await withClient(stack.database_url, (client) => copyRoom(client, calm.id, restaurants))
    const anyOf = (n: number): Restaurant => many[Math.floor(randomOf(n)() * many.length)] ?? calm
    const url = stack.database_url
    const queues = {
      hot: await openQueue(url, hotParty, () => hot),
      seated: await openQueue(url, seatedParty, () => calm),
      spread: await openQueue(url, anyDay, anyOf),
    }
    say(`spread: ${rounds} rounds of ${seconds} s each`)
    const measured = await inTurns(rounds, {
      hot: () => queues.hot.run(seconds),
      seated: () => queues.seated.run(seconds),
      spread: () => queues.spread.run(seconds),
    })
    await Promise.all(Object.values(queues).map((queue) => queue.end()))
    const yardstick = `${perSecond(medianOf(measured.spread).rate)} over ${restaurants} restaurants × ${days} days`
    return [
      {
        what: 'attempts on one restaurant-day, half of them sold out',
        ours: perSecond(medianOf(measured.hot).rate),
        yardstick,
        ratio: ratioOf(measured.hot, measured.spread),
        aim: { least: 0.8 },
      },
      {
        what: 'bookings on one restaurant-day that all succeed',
        ours: perSecond(medianOf(measured.seated).rate),
        yardstick,
        ratio: ratioOf(measured.seated, measured.spread),
        aim: null,
      },
    ]
  })
}

function anyDay(n: number, first: string): Party {
  const party = hotParty(n, first)
  return { ...party, reservation_date: addDays(first, Math.floor(randomOf(n + 0.5)() * days)) }
}
