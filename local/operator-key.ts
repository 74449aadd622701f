/**
 * Makes a platform operator's key, stores its hash, and prints it once.
 *
 *     DATABASE_URL=postgres://… npm run operator-key
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { hashOf } from './keys.ts'

const databaseUrl = process.argv[2] ?? process.env['DATABASE_URL']
if (!databaseUrl) {
  console.error('Which database? Set DATABASE_URL or pass the URL: npm run operator-key -- postgres://…')
  process.exit(2)
}
const key = `tsk_${randomBytes(32).toString('base64url')}`
const client = new pg.Client({ connectionString: databaseUrl })
await client.connect()
await client.query("insert into api_keys (name, prefix, hash, scopes) values ('Operator', $1, $2, '{platform}')", [
  key.slice(0, 12),
  hashOf(key),
])
await client.end()
console.log(`${key}\nKeep it: only its hash is stored.`)
