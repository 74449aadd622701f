/**
 * Checks that the audit trail is what was sealed: every row, every seal, every signature. Reads only.
 *
 *     DATABASE_URL=postgres://… SEALING_KEY=… npm run audit:verify -- [--restaurant slug] [--head 12:9f86d0…] [postgres://…]
 *
 * Says OK or the first that is broken for each house, and exits with 1 where anything is. Without SEALING_KEY signatures
 * are not checked; after a change of it give both, `new,old`. `--head` is a head that was kept elsewhere (GET /api/audit/head): the chain must still go through it.
 */
import { parseArgs } from 'node:util'
import pg from 'pg'
import { readHouses } from './audit/read.ts'
import { type Known, type Verdict, verifyHouse } from './audit/verify.ts'

const { values, positionals } = parseArgs({
  options: { restaurant: { type: 'string' }, head: { type: 'string' } },
  allowPositionals: true,
})
const databaseUrl = positionals[0] ?? process.env['DATABASE_URL']
const head = /^(\d+):([0-9a-f]{64})$/.exec(values.head ?? '')
if (!databaseUrl || (values.head !== undefined && (!head || values.restaurant === undefined))) {
  console.error('Which database? npm run audit:verify -- [--restaurant slug [--head seal_no:digest]] postgres://…')
  process.exit(2)
}
const known: Known = {
  sealing_keys: (process.env['SEALING_KEY'] ?? '').split(',').filter((key) => key !== ''),
  head: head ? { seal_no: Number(head[1]), digest: head[2] ?? '' } : null,
}

const client = new pg.Client({ connectionString: databaseUrl })
await client.connect()
// One moment for all that is read: what is sealed meanwhile is not half seen.
await client.query('begin isolation level repeatable read read only')
const houses = await readHouses(client, values.restaurant ?? null)
if (houses.length === 0) {
  console.error(`There is no restaurant${values.restaurant ? ` ${values.restaurant}` : ''}.`)
  process.exit(2)
}
let bad = 0
for (const house of houses) {
  const verdict = await verifyHouse(client, house, known)
  if (verdict.broken.length > 0) bad += 1
  console.log(lineOf(verdict))
}
await client.end()
if (known.sealing_keys.length === 0) console.log('Signatures were not checked: SEALING_KEY is not set.')
process.exit(bad > 0 ? 1 : 0)

function lineOf(verdict: Verdict): string {
  const { slug, events, seals, unsealed, purged_seals, erasures, broken, head: last } = verdict
  const kept = last ? `head ${last.seal_no}:${last.digest}` : 'no seal yet'
  const counts = `${events} events in ${seals} seals, ${unsealed} not sealed yet, ${purged_seals} seals purged, ${erasures} erasures`
  const state = broken.length === 0 ? 'OK' : `BROKEN (${broken.length}): ${broken[0]}`
  return `${slug}: ${state}\n  ${counts}\n  ${kept}`
}
