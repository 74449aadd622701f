/**
 * Measures what docs/bench.md explains, each figure next to a yardstick of the same run, and prints one table.
 *
 *     npm run bench -- [http | postgres | spread | usual | distance | history]… [--seconds 3] [--rounds 5]
 *                      [--rows 10000,1000000,10000000] [--strict]
 *
 * Without a part: all of them. --strict: exits with 1 where an aim is not met.
 */
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { isMet, tableOf, type Row } from './measure/table.ts'
import { distance } from './parts/distance.ts'
import { history } from './parts/history.ts'
import { http } from './parts/http.ts'
import type { Part } from './parts/part.ts'
import { postgres } from './parts/postgres.ts'
import { spread } from './parts/spread.ts'
import { usual } from './parts/usual.ts'

const parts = new Map<string, Part>(Object.entries({ http, postgres, spread, usual, distance, history }))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '10000,1000000,10000000' },
    strict: { type: 'boolean', default: false },
  },
})
const options = {
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  rows: values.rows.split(',').map(Number),
  say: (line: string) => console.error(line),
}
const asked = positionals.length > 0 ? positionals : [...parts.keys()]

const busy_before = loadavg()[0] ?? 0
const rows: Row[] = []
for (const name of asked) {
  const part = parts.get(name)
  if (!part) throw new Error(`there is no part ${name}; there are ${[...parts.keys()].join(', ')}`)
  rows.push(...(await part(options)))
}
console.log(tableOf(rows))
console.log(
  `\nOn ${availableParallelism()} cores that others kept busy with a load of ${busy_before.toFixed(1)} before.`,
)
if (values.strict && rows.some((row) => isMet(row) === false)) process.exitCode = 1
