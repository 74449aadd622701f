import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildWorker } from '../../local/build.ts'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack } from '../../local/stack.ts'
import { serveWorker } from '../../local/worker.ts'
import type { House } from '../../test/factories.ts'
import { atRoot, openTavern } from '../../test/ordering/phones.ts'
import { inTurns, medianOf, ratioOf, type Figures } from '../measure/figures.ts'
import { ms, perSecond, type Row } from '../measure/table.ts'
import { buildPlain } from '../sockets/build-plain.ts'
import { crowds, type sides } from '../sockets/protocol.ts'
import { startCrowd } from '../sockets/start-client.ts'
import type { Options } from './part.ts'

const party = 50
const tables = 200
const phones_each = 4
/** A table of fifty with two thumbs a second each; and two hundred tables with a change every half a second. */
const paces = { one: 100, many: 400 }
const crowdNames = { one: `${party} phones at one table`, many: `${tables} tables of ${phones_each} phones` }

/** From the sending of a change until each phone has seen it, next to a room that checks and keeps nothing. */
export async function sockets({ seconds, rounds, say }: Options): Promise<Row[]> {
  await using started = new AsyncDisposableStack()
  const backend = await startStack({ worker: false })
  started.defer(() => backend.stop())
  await insertPlatformKey(backend.database_url)
  const ours = await buildWorker()
  // Nobody presses as fast as is measured here.
  const bindings = { ...backend.bindings, TABLE_OPS_PER_SECOND: '1000000' }
  const serve = async (built: string, place: string): Promise<string> => {
    const directory = mkdtempSync(join(place, 'tableside-bench-'))
    started.defer(() => rmSync(directory, { recursive: true, force: true }))
    const worker = await serveWorker({ built, port: 0, bindings, directory })
    started.defer(() => worker.stop())
    return worker.origin
  }
  const origin = await serve(ours, memory())
  const origins = {
    ours: origin,
    on_disk: await serve(ours, tmpdir()),
    plain: await serve(await buildPlain(), memory()),
  }
  const room = Array.from({ length: tables + 1 }, (_, number) => ({ number: String(number), seats: phones_each }))
  const house = await openTavern({ origin, database_url: backend.database_url }, { tables: room })
  const client = await startCrowd({
    origins: { ours: inSockets(origins.ours), on_disk: inSockets(origins.on_disk), plain: inSockets(origins.plain) },
    menu_item_id: house.menu.soup,
    tables: {
      one: [await sitDown(origin, house, '0', party)],
      many: await sitDownAll(origin, house, room.slice(1)),
    },
  })
  started.defer(async () => client.stop())

  const sizes = { ours: 0, on_disk: 0, plain: 0 }
  const measure = async (side: Side, crowd: Crowd, changes_per_second: number | null): Promise<Figures> => {
    const { figures, bytes_per_change } = await client.measure({ side, crowd, seconds, changes_per_second })
    sizes[side] = bytes_per_change
    return figures
  }
  const rows: Row[] = []
  for (const crowd of crowds) {
    say(`sockets: ${crowdNames[crowd]}, ${rounds} rounds of ${seconds} s each way`)
    const measured = await inTurns(rounds, {
      ours: () => measure('ours', crowd, paces[crowd]),
      plain: () => measure('plain', crowd, paces[crowd]),
      ours_flat: () => measure('ours', crowd, null),
      on_disk_flat: () => measure('on_disk', crowd, null),
      plain_flat: () => measure('plain', crowd, null),
    })
    if (Math.abs(sizes.ours / sizes.plain - 1) > 0.05) throw new Error(`of other sizes: ${JSON.stringify(sizes)}`)
    rows.push(
      seenRow(crowd, measured.ours, measured.plain),
      // Of many small tables the plain rooms have little to send, and what is left is all that ours do besides.
      rateRow(
        `${crowdNames[crowd]}, as fast as they can`,
        measured.ours_flat,
        measured.plain_flat,
        crowd === crowds[0] ? { least: 0.8 } : null,
      ),
      rateRow('the same, ours flushing each change to this disk', measured.on_disk_flat, measured.plain_flat, null),
    )
  }
  return rows
}

/**
 * workerd here flushes the SQLite of all objects on one thread, one after the other; where it runs in earnest each object
 * has its own place. What is compared is the product, so its storage is in memory where the machine has a place for that.
 */
function memory(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}

const inSockets = (origin: string): string => origin.replace('http', 'ws')

type Side = (typeof sides)[number]
type Crowd = (typeof crowds)[number]

/** The tokens of so many who sit down there. */
async function sitDown(origin: string, house: House, table_number: string, phones: number): Promise<string[]> {
  const tokens: string[] = []
  for (let n = 0; n < phones; n++) {
    const joined = await atRoot(origin, house.key, 'POST', '/table_session', { table_number })
    if (joined.status !== 201) throw new Error(`nobody sat down: ${JSON.stringify(joined.body)}`)
    tokens.push(joined.data.ws_token)
  }
  return tokens
}

/** Four at once: they wait for one another's lock, which is not what is measured here. */
async function sitDownAll(origin: string, house: House, room: { number: string }[]): Promise<string[][]> {
  const all: string[][] = []
  for (let n = 0; n < room.length; n += 4) {
    const some = room.slice(n, n + 4)
    all.push(...(await Promise.all(some.map(({ number }) => sitDown(origin, house, number, phones_each)))))
  }
  return all
}

function seenRow(crowd: Crowd, ours: Figures[], plain: Figures[]): Row {
  const [mine, theirs] = [medianOf(ours), medianOf(plain)]
  return {
    what: `${crowdNames[crowd]}, ${paces[crowd]} changes a second: a change until each has seen it`,
    ours: `p50 ${ms(mine.p50)}, p99 ${ms(mine.p99)}`,
    yardstick: `p50 ${ms(theirs.p50)}, p99 ${ms(theirs.p99)}: a plain room`,
    ratio: ratioOf(plain, ours, 'p50'),
    aim: null,
    holds: mine.p99 < 1_000,
  }
}

function rateRow(what: string, ours: Figures[], plain: Figures[], aim: Row['aim']): Row {
  const [mine, theirs] = [medianOf(ours), medianOf(plain)]
  return {
    what,
    ours: `${perSecond(mine.rate)}, p99 ${ms(mine.p99)}`,
    yardstick: `${perSecond(theirs.rate)}, p99 ${ms(theirs.p99)}: a plain room`,
    ratio: ratioOf(ours, plain),
    aim,
  }
}
