import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, migrationFiles } from '../../migrations/migrate.ts'
import { keepLatest } from '../kept.ts'
import { startPostgres } from '../postgres.ts'
import { copyCluster } from './copy.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, '.local', 'clusters')
const kept_clusters = 4

/**
 * A cluster that nobody runs on, with or without the migrations, to be copied for a stack that soon goes: initdb and
 * all migrations take seconds, a copy a fraction of one. Known by the hash of what it was made from, as builds are.
 */
export async function templateCluster({ migrations }: { migrations: boolean }): Promise<string> {
  const template = join(folder, sourcesHash(migrations))
  if (existsSync(template)) {
    utimesSync(template, new Date(), new Date())
    return join(template, 'data')
  }
  mkdirSync(folder, { recursive: true })
  const unfinished = mkdtempSync(join(folder, 'unfinished-'))
  try {
    await make(unfinished, migrations)
    renameSync(unfinished, template)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // Another process may have finished the same one first.
    if (!existsSync(template)) throw error
  }
  keepLatest(folder, kept_clusters)
  return join(template, 'data')
}

async function make(unfinished: string, migrations: boolean): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tableside-cluster-'))
  // The user who runs PostgreSQL must get to a folder within.
  chmodSync(directory, 0o755)
  // A log that is not recycled is half as large, and so soon copied.
  const settings = { fsync: 'off', wal_recycle: 'off', min_wal_size: '32MB' }
  const postgres = await startPostgres({ directory, port: 0, settings, say: () => {} })
  try {
    if (migrations) await migrate(postgres.url)
    await postgres.stop()
    await copyCluster(join(postgres.place, 'data'), join(unfinished, 'data'))
  } finally {
    await postgres.stop()
    rmSync(postgres.place, { recursive: true, force: true })
    rmSync(directory, { recursive: true, force: true })
  }
}

function sourcesHash(migrations: boolean): string {
  const made_by = ['package-lock.json', 'local/postgres.ts', 'local/postgres/template.ts']
  const hash = createHash('sha256').update(String(process.getuid?.()))
  for (const file of [...made_by, ...(migrations ? migrationFiles().map((name) => join('migrations', name)) : [])]) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex').slice(0, 16)
}
