/**
 * Applies every migration that has not been applied yet, in order, each in a transaction of its own.
 *
 *     DATABASE_URL=postgres://… npm run migrate        or        npm run migrate -- postgres://…
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

const folder = import.meta.dirname
const lockKey = 7_226_001 // any constant: two deploys at once take turns

type Applied = { name: string; checksum: string }

/** Applied file names, in order; throws when a file that was applied has been edited since. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey])
    await client.query(`create table if not exists schema_migrations (
      name text primary key, checksum text not null, applied_at timestamptz not null default now())`)
    const known = await client.query<Applied>('select name, checksum from schema_migrations')
    const checksums = new Map(known.rows.map((row) => [row.name, row.checksum]))
    const applied: string[] = []
    for (const name of migrationFiles()) {
      const text = readFileSync(join(folder, name), 'utf8')
      const checksum = createHash('sha256').update(text).digest('hex')
      const before = checksums.get(name)
      if (before === checksum) continue
      if (before) throw new Error(`${name} was applied and has been edited since; write a new migration instead`)
      await applyOne(client, name, text, checksum)
      applied.push(name)
    }
    return applied
  } finally {
    await client.end()
  }
}

async function applyOne(client: pg.Client, name: string, text: string, checksum: string): Promise<void> {
  await client.query('begin')
  try {
    // A migration waits for its locks a short while only: during service it gives way and is run again later.
    await client.query("set local lock_timeout = '5s'")
    await client.query(text)
    await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** Names, in the order in which they are applied. */
export function migrationFiles(): string[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_.*\.sql$/.test(name))
    .toSorted()
}

if (import.meta.main) {
  const databaseUrl = process.argv[2] ?? process.env['DATABASE_URL']
  if (!databaseUrl) {
    console.error('Which database? Set DATABASE_URL or pass the URL: npm run migrate -- postgres://…')
    process.exit(2)
  }
  const applied = await migrate(databaseUrl)
  console.log(applied.length ? `applied ${applied.join(', ')}` : 'nothing to apply: the database is up to date')
}
