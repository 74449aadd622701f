import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { templateCluster } from '../../local/postgres/template.ts'
import { startPostgres } from '../../local/postgres.ts'
import { migrate, migrationFiles } from '../../migrations/migrate.ts'
import { temporaryFolder } from './temporary.ts'

vi.setConfig({ testTimeout: 60_000 })

async function startFrom(template: string): Promise<string> {
  const postgres = await startPostgres({ directory: temporaryFolder(), port: 0, settings: { fsync: 'off' }, template })
  onTestFinished(() => postgres.stop())
  return postgres.url
}

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

describe('a template of a cluster', () => {
  test('is made once, and nobody runs on it', async () => {
    const template = await templateCluster({ migrations: true })
    const { ino } = statSync(template)
    expect(statSync(await templateCluster({ migrations: true })).ino).toBe(ino)
    await startFrom(template)
    expect(existsSync(join(template, 'postmaster.pid'))).toBe(false)
  })

  test('has all migrations; what is written to a copy is the copy’s alone', async () => {
    const template = await templateCluster({ migrations: true })
    const [one, other] = [await startFrom(template), await startFrom(template)]
    await ask(one, 'create table mine ()')
    const applied = 'select name from schema_migrations order by name collate "C"'
    expect(await ask(other, applied)).toEqual(migrationFiles().map((name) => ({ name })))
    expect(await migrate(other)).toEqual([])
    expect(await ask(other, "select to_regclass('mine') as mine")).toEqual([{ mine: null }])
  })

  test('without migrations is empty', async () => {
    const url = await startFrom(await templateCluster({ migrations: false }))
    expect(await ask(url, "select tablename from pg_tables where schemaname = 'public'")).toEqual([])
  })
})
