import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { serveWorker } from '../../local/worker.ts'
import { addDays } from '../../src/platform/time.ts'
import { Restaurant } from '../../src/restaurants/schema.ts'
import { openHouse, type House } from '../../test/factories.ts'
import { buildBare } from '../http/build-bare.ts'
import type { loads } from '../http/protocol.ts'
import { startClient } from '../http/start-client.ts'
import { inTurns, medianOf, ratioOf, shareOf, type Figures } from '../measure/figures.ts'
import { firstDay, hotParty } from '../measure/parties.ts'
import { openQueue } from '../measure/queue.ts'
import { room } from '../measure/room.ts'
import { analyze, withClient } from '../measure/stack.ts'
import { ms, perSecond, type Row } from '../measure/table.ts'
import type { Options } from './part.ts'

const connections = 32
const read_days = 30
type Load = (typeof loads)[number]

/** The whole way through the Worker, next to its one statement without the Worker, and to an app that does nothing. */
export async function http({ seconds, rounds, say }: Options): Promise<Row[]> {
  await using started = new AsyncDisposableStack()
  const stack = await startStack()
  started.defer(() => stack.stop())
  const directory = mkdtempSync(join(tmpdir(), 'tableside-bench-'))
  started.defer(() => rmSync(directory, { recursive: true, force: true }))
  const bare = await serveWorker({ built: await buildBare(), port: 0, bindings: {}, directory })
  started.defer(() => bare.stop())

  await insertPlatformKey(stack.database_url)
  const { name: _name, ...changes } = room
  const house = await openHouse(stack, changes)
  const restaurant = await restaurantOf(stack, house)
  await fillDays(stack, restaurant)
  const client = await startClient({
    origin: stack.origin,
    bare_origin: bare.origin,
    control_origin: stack.control_origin,
    database_url: stack.database_url,
    key: house.key,
    other_keys: [],
    restaurant,
    connections,
    first_day: addDays(firstDay(), read_days + 3),
    read_days: Array.from({ length: read_days }, (_, day) => addDays(firstDay(), day)),
  })
  started.defer(async () => client.stop())

  let first_party = 0
  const measure = async (load: Load): Promise<Figures> => {
    const most = Math.ceil(seconds * 4_000)
    const figures = await client.measure({ load, seconds, first_party, most })
    if (load.startsWith('book')) first_party += figures.count
    const wanted = load === 'book' ? '201' : '200'
    if (shareOf(figures, wanted) < 0.999) throw new Error(`${load} answered ${JSON.stringify(figures.outcomes)}`)
    return figures
  }
  say(`http: ${rounds} rounds of ${seconds} s each, ${connections} connections kept alive`)
  const measured = await inTurns(
    rounds,
    {
      bare: () => measure('bare'),
      book: () => measure('book'),
      book_statement: () => measure('book_statement'),
      availability: () => measure('availability'),
      availability_statement: () => measure('availability_statement'),
    },
    () => analyze(stack.database_url),
  )
  return [
    ...rowsOf('booking', measured.book, measured.book_statement, measured.bare),
    ...rowsOf('availability', measured.availability, measured.availability_statement, measured.bare),
  ]
}

function rowsOf(what: string, ours: Figures[], statement: Figures[], bare: Figures[]): Row[] {
  const { rate, p50, p99 } = medianOf(ours)
  const floor = medianOf(statement)
  const own = `${perSecond(rate)}, p50 ${ms(p50)}, p99 ${ms(p99)}`
  return [
    {
      what: `${what} through the Worker`,
      ours: own,
      yardstick: `${perSecond(floor.rate)}, p50 ${ms(floor.p50)}, p99 ${ms(floor.p99)}: its statement, no Worker`,
      ratio: ratioOf(ours, statement),
      aim: { least: 0.6 },
    },
    {
      what: `${what} through the Worker`,
      ours: perSecond(rate),
      yardstick: `${perSecond(medianOf(bare).rate)}: Hono's c.text on the same workerd`,
      ratio: ratioOf(ours, bare),
      aim: null,
    },
  ]
}

async function restaurantOf(stack: Stack, house: House): Promise<Restaurant> {
  return withClient(stack.database_url, async (client) => {
    const found = await client.query(
      'select restaurant_json(r, current_date) as restaurant from restaurants r where r.id = $1',
      [house.id],
    )
    return z.tuple([z.object({ restaurant: Restaurant })]).parse(found.rows)[0].restaurant
  })
}

/** Evenings that are full, as far as availability is read. */
async function fillDays(stack: Stack, restaurant: Restaurant): Promise<void> {
  await withClient(stack.database_url, async (client) => {
    const queue = await openQueue(stack.database_url, hotParty, () => restaurant, 4)
    await queue.times(150 * read_days)
    await queue.end()
    await client.query('vacuum analyze claims')
  })
}
