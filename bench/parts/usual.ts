import pg from 'pg'
import { inTurns, median, medianOf, ratioOf, shareOf } from '../measure/figures.ts'
import { closedLoop } from '../measure/loop.ts'
import { bookByCall, plansFor } from '../measure/our-design.ts'
import { firstDay, hotParty } from '../measure/parties.ts'
import { callers } from '../measure/queue.ts'
import { openRoom, room } from '../measure/room.ts'
import { analyze, withBackend } from '../measure/stack.ts'
import { ms, perSecond, type Row } from '../measure/table.ts'
import { bookAsUsual, usualSchema, usualTables, wishOf } from '../measure/usual-design.ts'
import { duel } from './duel.ts'
import type { Options } from './part.ts'

const tries = 5

/** The same hot evenings, and 40 callers for 4 tables, by our one call and by the field's usual transaction. */
export function usual({ seconds, rounds, say }: Options): Promise<Row[]> {
  return withBackend({}, async (stack) => {
    const pool = new pg.Pool({ connectionString: stack.database_url, max: callers })
    await pool.query(usualSchema)
    await pool.query(usualTables, [1, room.tables.map((table) => table.seats)])
    const clients = await Promise.all(Array.from({ length: callers }, () => pool.connect()))

    const plans = plansFor(await openRoom(stack, 'hot'))
    const day = firstDay()
    let asked = 0
    say(`usual: ${rounds} rounds of ${seconds} s each, ${callers} callers, then the duels`)
    const measured = await inTurns(
      rounds,
      {
        ours: async () => {
          await plans.fill(4_000 * seconds)
          const calls = clients.map((client) => async () => bookByCall(client, await plans.next()))
          return closedLoop(calls, seconds)
        },
        usual: () =>
          closedLoop(
            clients.map((client) => () => bookAsUsual(client, wishOf(1, hotParty(asked++, day)), tries)),
            seconds,
          ),
      },
      () => analyze(stack.database_url),
    )
    const duels = await duel(clients, stack, tries)
    for (const client of clients) client.release()
    await pool.end()

    const [ours, theirs] = [medianOf(measured.ours), medianOf(measured.usual)]
    const answered = measured.usual.map((one) => ({ ...one, rate: one.rate * (1 - shareOf(one, 'gave up')) }))
    const gave_up = `${Math.round(shareOf(theirs, 'gave up') * 100)} % more gave up after ${tries} tries`
    return [
      {
        what: 'hot day, attempts that got an answer',
        ours: perSecond(ours.rate),
        yardstick: `${perSecond(medianOf(answered).rate)} SERIALIZABLE; ${gave_up}`,
        ratio: ratioOf(measured.ours, answered),
        aim: null,
      },
      {
        what: 'hot day, p99 of an attempt',
        ours: ms(ours.p99),
        yardstick: `${ms(theirs.p99)} SERIALIZABLE`,
        ratio: 1 / ratioOf(measured.ours, measured.usual, 'p99'),
        aim: null,
      },
      {
        what: 'tables sold of 4 to 40 callers at once, in the worst round',
        ours: `${Math.min(...duels.ours.sold)}, all answered in ${ms(median(duels.ours.took))}`,
        yardstick: `${Math.min(...duels.usual.sold)} in ${ms(median(duels.usual.took))} SERIALIZABLE`,
        ratio: median(duels.usual.took) / median(duels.ours.took),
        aim: null,
        holds: duels.ours.sold.every((sold) => sold === 4),
      },
    ]
  })
}
