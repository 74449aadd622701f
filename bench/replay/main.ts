import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack } from '../../local/stack.ts'
import { audit } from './audit.ts'
import { readRows } from './csv.ts'
import { openTenant, type ReplayHouse } from './houses.ts'
import { passes, report } from './report.ts'
import { busiestTenants, type Tenant } from './requests.ts'
import { runReplay } from './run.ts'

const usage = 'npm run replay -- FILE [--restaurants 20] [--clients 16] [--seed N]'

export type MainOptions = {
  say?: (line: string) => void
  /** Once the houses are open: how a test spoils one, to see that the oracle notices. */
  spoil?: (database_url: string, houses: ReplayHouse[]) => Promise<void>
}

/** 0: nothing wrong; 1: something was found; 2: it could not be run. */
export async function main(argv: string[], { say = console.log, spoil }: MainOptions = {}): Promise<0 | 1 | 2> {
  const wish = readWish(argv)
  if ('mistakes' in wish) return giveUp(wish.mistakes, say)
  const read = readFile(wish.file)
  if ('mistakes' in read) return giveUp(read.mistakes, say)
  const tenants = busiestTenants(read.rows, wish.restaurants, wish.seed)
  for (const line of describe(wish.file, read.rows.length, tenants)) say(line)

  const began = performance.now()
  const stack = await startStack({ postgres_settings: { fsync: 'off' } })
  try {
    await insertPlatformKey(stack.database_url)
    const houses: ReplayHouse[] = []
    for (const tenant of tenants) houses.push(await openTenant(stack, tenant))
    await spoil?.(stack.database_url, houses)
    say(`${houses.length} restaurants open after ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
    const run = await runReplay(stack.control_origin, houses, wish.clients)
    await audit(stack, houses, run.tallies)
    const passed = passes(run.tallies)
    for (const line of report(run)) say(line)
    say(`\n${passed ? 'PASSED' : 'FAILED'} after ${((performance.now() - began) / 1000).toFixed(1)} s in all`)
    return passed ? 0 : 1
  } finally {
    await stack.stop()
  }
}

function giveUp(mistakes: string[], say: (line: string) => void): 2 {
  for (const line of ['NO REPLAY WAS RUN', ...mistakes]) say(line)
  return 2
}

type Wish = { file: string; restaurants: number; clients: number; seed: number | null }

function readWish(argv: string[]): Wish | { mistakes: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        restaurants: { type: 'string', default: '20' },
        clients: { type: 'string', default: '16' },
        seed: { type: 'string' },
      },
    })
    const [file, ...more] = positionals
    const counts = [values.restaurants, values.clients, values.seed ?? '1']
    if (file === undefined || more.length > 0) return { mistakes: ['exactly one file is wanted', usage] }
    if (!counts.every((count) => /^[1-9]\d{0,8}$/.test(count)))
      return { mistakes: ['restaurants, clients and seed are whole numbers from 1', usage] }
    const seed = values.seed === undefined ? null : Number(values.seed)
    return { file, restaurants: Number(values.restaurants), clients: Number(values.clients), seed }
  } catch (error) {
    return { mistakes: [error instanceof Error ? error.message : String(error), usage] }
  }
}

function readFile(file: string): ReturnType<typeof readRows> {
  if (!existsSync(file)) return { mistakes: [`the data is absent: there is no file ${file}`] }
  try {
    const read = readRows(readFileSync(file, 'utf8'))
    return 'mistakes' in read ? { mistakes: read.mistakes.map((mistake) => `${file}: ${mistake}`) } : read
  } catch (error) {
    return { mistakes: [`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`] }
  }
}

function describe(file: string, rows: number, tenants: Tenant[]): string[] {
  const asks = tenants.flatMap((tenant) => tenant.asks)
  const late = tenants.reduce((sum, tenant) => sum + tenant.nudged, 0)
  const atOnce = asks.filter((ask) => ask.now === ask.visit).length - late
  return [
    `${file}: ${rows} reservations; ${asks.length} of the ${tenants.length} busiest restaurants are replayed`,
    `${atOnce} were made within the hour of the visit, and are asked for as of that hour; ${late} were written down after it, and are asked for as of the visit`,
  ]
}
