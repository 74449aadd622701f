/**
 * The race proof: many clients against few tables, over HTTP alone, and a judge who trusts nobody. See docs/proof.md.
 *
 *     npm run prove -- --quick
 */
import { openArena } from './prove/arena.ts'
import { readOptions, usage, type Options } from './prove/options.ts'
import { plants } from './prove/plants.ts'
import { play, type Outcome } from './prove/run.ts'
import { scenarios } from './prove/scenarios.ts'
import { headLine, line, violationLines } from './prove/table.ts'
import type { Scenario } from './prove/stage.ts'

function chosen({ scenarios: names, deployment }: Options): Scenario[] {
  const unknown = names.filter((name) => !scenarios.some((one) => one.name === name))
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}; --list names them`)
  const asked = scenarios.filter((one) => names.length === 0 || names.includes(one.name))
  // Nothing of a deployment is broken on purpose.
  return deployment ? asked.filter((one) => !one.needs_powers) : asked
}

async function prove(options: Options, toPlay: Scenario[]): Promise<boolean> {
  const began = performance.now()
  const arena = await openArena(options)
  const outcomes: Outcome[] = []
  try {
    const { clients, seed, plant, deployment } = options
    console.log(`${deployment ? deployment.origin : 'A stack of our own'}, ${clients} clients, seed ${seed}`)
    if (plant) console.log(`Planted: ${plant}`)
    console.log(`\n${headLine()}`)
    for (const scenario of toPlay) {
      const outcome = await play(arena, scenario, options)
      outcomes.push(outcome)
      console.log(line(outcome))
    }
  } finally {
    await arena.close()
  }
  const broken = outcomes.filter((one) => one.violations.length > 0)
  for (const outcome of broken) console.log(['', ...violationLines(outcome)].join('\n'))
  const requests = outcomes.reduce((sum, one) => sum + one.requests, 0)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const verdict =
    broken.length === 0 ? 'Everything holds' : `BROKEN: ${broken.map((one) => one.scenario.name).join(', ')}`
  console.log(`\n${verdict}. ${requests} requests in ${seconds} s, seed ${options.seed}.`)
  return broken.length === 0
}

function list(): void {
  for (const { name, shows } of scenarios) console.log(`${name.padEnd(22)} ${shows}`)
  console.log('\nBugs to plant:')
  for (const { name, does } of plants) console.log(`${name.padEnd(22)} ${does}`)
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.list) list()
  else process.exitCode = (await prove(options, chosen(options))) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.error(`\n${usage}`)
  process.exitCode = 2
}
