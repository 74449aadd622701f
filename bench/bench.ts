/**
 * Measures what docs/bench.md explains, each figure next to a yardstick of the same run, and prints one table.
 *
 *     npm run bench -- [http | postgres | spread | usual | distance | feed | sockets | history]… [--seconds 3] [--rounds 5]
 *                      [--rows 10000,1000000,10000000] [--strict]
 *     npm run bench -- forecast FILE [--cutoff 2017-03-17] [--horizon 14] [--bookings FILE] [--holidays 2017-03-20,… | none]
 *     npm run bench -- extract [FILE] [--failures]
 *
 * Without a part: all of them. --strict: exits with 1 where an aim is not met.
 */
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { isMet, tableOf, type Row } from './measure/table.ts'
import { distance } from './parts/distance.ts'
import { sentences } from './parts/extract.ts'
import { feed } from './parts/feed.ts'
import { forecast } from './parts/forecast.ts'
import { history } from './parts/history.ts'
import { http } from './parts/http.ts'
import type { Part } from './parts/part.ts'
import { postgres } from './parts/postgres.ts'
import { sockets } from './parts/sockets.ts'
import { spread } from './parts/spread.ts'
import { usual } from './parts/usual.ts'

const parts = new Map<string, Part>(
  Object.entries({ http, postgres, spread, usual, distance, feed, sockets, history, forecast, extract: sentences }),
)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '10000,1000000,10000000' },
    cutoff: { type: 'string' },
    horizon: { type: 'string', default: '14' },
    bookings: { type: 'string' },
    holidays: { type: 'string' },
    failures: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
})
const file = positionals[positionals.indexOf('forecast') + 1]
const isFile = positionals.includes('forecast') && file !== undefined && !parts.has(file)
const sentencesFile = positionals[positionals.indexOf('extract') + 1]
const isSentences = positionals.includes('extract') && sentencesFile !== undefined && !parts.has(sentencesFile)
const horizon = Number(values.horizon)
if (!Number.isInteger(horizon) || horizon < 1 || horizon > 60) throw new Error('--horizon must be 1 to 60 days')
const options = {
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  rows: values.rows.split(',').map(Number),
  forecast: {
    file: isFile ? file : '../shared/data/visits.csv',
    bookings: values.bookings ?? null,
    cutoff: values.cutoff ?? null,
    horizon,
    holidays: values.holidays?.split(',').filter((day) => day !== 'none') ?? null,
  },
  extract: { file: isSentences ? sentencesFile : '../shared/data/utterances.jsonl', failures: values.failures },
  say: (line: string) => console.error(line),
}
const named = positionals.filter((one) => !(isFile && one === file) && !(isSentences && one === sentencesFile))
const asked = named.length > 0 ? named : [...parts.keys()]

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
