import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { hashOf, insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { addDays } from '../../src/platform/time.ts'
import { Restaurant } from '../../src/restaurants/schema.ts'
import { openHouse, type House } from '../../test/factories.ts'
import { startClient } from '../http/start-client.ts'
import { inTurns, medianOf, ratioOf, shareOf, type Figures } from '../measure/figures.ts'
import { firstDay } from '../measure/parties.ts'
import { copyRoom, room } from '../measure/room.ts'
import { analyze, withClient } from '../measure/stack.ts'
import { ms, perSecond, type Row } from '../measure/table.ts'
import type { Options } from './part.ts'

const connections = 64
const restaurants = 100

/** Everybody at one restaurant on one evening, next to the same crowd over a hundred restaurants and a month. */
export async function spread({ seconds, rounds, say }: Options): Promise<Row[]> {
  await using started = new AsyncDisposableStack()
  const stack = await startStack()
  started.defer(() => stack.stop())
  await insertPlatformKey(stack.database_url)
  const { name: _name, ...changes } = room
  const house = await openHouse(stack, changes)
  const { restaurant, other_keys } = await copiesOf(stack, house)
  const client = await startClient({
    origin: stack.origin,
    bare_origin: stack.origin,
    control_origin: stack.control_origin,
    database_url: stack.database_url,
    key: house.key,
    other_keys,
    restaurant,
    connections,
    first_day: addDays(firstDay(), 3),
    read_days: [],
  })
  started.defer(async () => client.stop())

  const asked = { hot: 0, seated: 0, spread: 0 }
  const measure = async (load: keyof typeof asked): Promise<Figures> => {
    const figures = await client.measure({
      load,
      seconds,
      first_party: asked[load],
      most: Math.ceil(seconds * 4_000),
    })
    asked[load] += figures.count
    if (shareOf(figures, '201') + shareOf(figures, '409') < 0.999)
      throw new Error(`${load} answered ${JSON.stringify(figures.outcomes)}`)
    return figures
  }
  say(`spread: ${rounds} rounds of ${seconds} s each, ${connections} connections kept alive`)
  const measured = await inTurns(
    rounds,
    {
      hot: () => measure('hot'),
      seated: () => measure('seated'),
      spread: () => measure('spread'),
    },
    () => analyze(stack.database_url),
  )
  const [hot, seated, everywhere] = [measured.hot, measured.seated, measured.spread].map(medianOf)
  if (!hot || !seated || !everywhere) throw new Error('nothing was measured')
  const share = Math.round(shareOf(hot, '201') * 100)
  const yardstick = `${perSecond(everywhere.rate)}, p99 ${ms(everywhere.p99)}: over ${restaurants} restaurants × 30 days`
  return [
    {
      what: `attempts on hot days of one restaurant, through the Worker (${share} % get a table)`,
      ours: `${perSecond(hot.rate)}, p99 ${ms(hot.p99)}`,
      yardstick,
      ratio: ratioOf(measured.hot, measured.spread),
      aim: { least: 0.8 },
    },
    {
      what: 'bookings there that all succeed, one evening after another',
      ours: `${perSecond(seated.rate)}, p99 ${ms(seated.p99)}`,
      yardstick,
      ratio: ratioOf(measured.seated, measured.spread),
      aim: null,
    },
  ]
}

const Known = z.tuple([z.object({ restaurant: Restaurant })])

/** The restaurant as its statements need it, and the keys of as many others like it. */
async function copiesOf(stack: Stack, house: House): Promise<{ restaurant: Restaurant; other_keys: string[] }> {
  return withClient(stack.database_url, async (client) => {
    const found = await client.query(
      'select restaurant_json(r, current_date) as restaurant from restaurants r where r.id = $1',
      [house.id],
    )
    const other_keys: string[] = []
    for (const copy of await copyRoom(client, house.id, restaurants)) {
      const key = `tsk_bench_${randomUUID()}`
      other_keys.push(key)
      await client.query(
        `insert into api_keys (restaurant_id, name, prefix, hash, scopes, rate_per_minute)
         values ($1, 'Bench', 'tsk_bench', $2, '{reservations:write}', 10000000)`,
        [copy.id, hashOf(key)],
      )
    }
    return { restaurant: Known.parse(found.rows)[0].restaurant, other_keys }
  })
}
