import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { linkLibraries } from '../../local/postgres/home.ts'
import { startPostgres, type Postgres, type PostgresOptions } from '../../local/postgres.ts'
import { makeFolder, temporaryFolder } from './temporary.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const is_root = process.getuid?.() === 0

async function start(options: Partial<PostgresOptions> & { directory: string }) {
  const postgres = await startPostgres({ port: 0, settings: { fsync: 'off' }, say: () => {}, ...options })
  onTestFinished(() => postgres.stop())
  return postgres
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

describe('the cluster', () => {
  const directory = makeFolder()
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres({ directory, port: 0, settings: { fsync: 'off', max_connections: '20' } })
  })
  afterAll(async () => {
    await postgres.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  test('is PostgreSQL 18 in UTF-8 and UTC, and the application owns its database without being a superuser', async () => {
    const [found] = await ask(
      postgres.url,
      `select current_setting('server_version_num')::int / 10000 as version, current_setting('TimeZone') as zone,
        pg_encoding_to_char(encoding) as encoding, pg_get_userbyid(datdba) as owner, rolsuper as superuser
       from pg_database, pg_roles where datname = current_database() and rolname = current_user`,
    )
    expect(found).toEqual({ version: 18, zone: 'UTC', encoding: 'UTF8', owner: 'tableside', superuser: false })
  })

  test('lets the application make extensions, roles and databases and end other sessions, as Neon does', async () => {
    const { url } = postgres
    for (const name of ['btree_gist', 'pg_trgm', 'unaccent', 'citext']) await ask(url, `create extension ${name}`)
    await ask(url, 'create role reader')
    await ask(url, 'create database another')
    expect(await ask(url.replace(/tableside$/, 'another'), 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await ask(url, 'select count(pg_terminate_backend(pid)) from pg_stat_activity where pid is null')).toEqual([
      { count: '0' },
    ])
  })

  test('takes settings', async () => {
    expect(await ask(postgres.url, 'show max_connections')).toEqual([{ max_connections: '20' }])
  })
})

describe('a crash', () => {
  test('keeps what was committed, and comes back on the same port', async () => {
    const postgres = await start({ directory: temporaryFolder(), settings: {} })
    const before = postgres.pid()
    await ask(postgres.url, 'create table kept (note text); insert into kept values (null), (null)')
    await postgres.kill()
    expect(postgres.pid()).toBeUndefined()
    await expect(ask(postgres.url, 'select 1')).rejects.toThrow('ECONNREFUSED')

    await postgres.restart()
    expect(postgres.pid()).not.toBe(before)
    expect(await ask(postgres.url, 'select count(*)::int from kept')).toEqual([{ count: 2 }])
  })

  test('leaves no server when the process that started it is killed', async () => {
    const directory = temporaryFolder()
    const module = join(import.meta.dirname, '../../local/postgres.ts')
    const script = `const { startPostgres } = await import(${JSON.stringify(module)})
      const postgres = await startPostgres({ directory: ${JSON.stringify(directory)}, port: 0, settings: { fsync: 'off' } })
      console.log(postgres.pid())`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(child.stdout, 'data')
    const pid = Number(String(line))
    expect(existsSync(`/proc/${pid}`)).toBe(true)
    child.kill('SIGKILL')
    while (isAlive(pid)) await sleep(20)
  })
})

describe('a start', () => {
  test('is refused on data that a running server has', async () => {
    const directory = temporaryFolder()
    const first = await start({ directory })
    await expect(start({ directory })).rejects.toThrow(`(process ${first.pid()}): stop it first`)
    expect(await ask(first.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('says so when the port is taken, be it by another PostgreSQL', async () => {
    const { port } = await start({ directory: temporaryFolder() })
    await expect(start({ directory: temporaryFolder(), port })).rejects.toThrow(`Port ${port} is in use`)
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const taken = typeof address === 'object' && address ? address.port : 0
    await expect(start({ directory: temporaryFolder(), port: taken })).rejects.toThrow(`Port ${taken} is in use`)
  })

  test('works twice in a row, and over a lock file whose process number another program has now', async () => {
    const directory = temporaryFolder()
    const first = await start({ directory })
    await ask(first.url, 'create table kept ()')
    const lock = join(first.place, 'data', 'postmaster.pid')
    const [, ...rest] = readFileSync(lock, 'utf8').split('\n')
    await first.stop()
    const { uid, gid } = statSync(join(first.place, 'data'))
    const other = spawn('sleep', ['60'], { uid, gid, cwd: '/' })
    onTestFinished(() => void other.kill())
    writeFileSync(lock, [other.pid, ...rest].join('\n'))

    const second = await start({ directory })
    expect(await ask(second.url, 'select * from kept')).toEqual([])
  })

  test('begins anew where an earlier one was interrupted half-way', async () => {
    const directory = temporaryFolder()
    mkdirSync(join(directory, 'data.new'))
    writeFileSync(join(directory, 'data.new', 'PG_VERSION'), '18')
    const { url } = await start({ directory })
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('shows the log when the server does not come up', async () => {
    const settings = { shared_buffers: 'nonsense' }
    await expect(start({ directory: temporaryFolder(), settings })).rejects.toThrow(/shared_buffers/)
  })

  test.runIf(is_root)('goes elsewhere, and says so, where the unprivileged user may not enter', async () => {
    const closed = temporaryFolder()
    chmodSync(closed, 0o700)
    const said: string[] = []
    const options = { directory: join(closed, 'postgres'), say: (line: string) => void said.push(line) }
    const first = await start(options)
    onTestFinished(() => rmSync(first.place, { recursive: true, force: true }))
    expect(first.place).not.toContain(closed)
    expect(said).toEqual([expect.stringContaining(`its data is in ${first.place}`)])
    await ask(first.url, 'create table kept ()')
    await first.stop()

    const second = await start(options)
    expect(await ask(second.url, 'select * from kept')).toEqual([])
  })
})

test('the links between libraries are made when the package was installed without them', () => {
  const native = join(temporaryFolder(), 'native')
  mkdirSync(join(native, 'lib'), { recursive: true })
  writeFileSync(join(native, 'lib', 'libpq.so.5.18'), 'library')
  symlinkSync('libpq.so.5.18', join(native, 'lib', 'libpq.so'))
  const source = 'native/lib/libpq.so.5.18'
  const targets = ['native/lib/libpq.so', 'native/lib/libpq.so.5']
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(targets.map((target) => ({ source, target }))))
  linkLibraries(native)
  expect(readFileSync(join(native, 'lib', 'libpq.so.5'), 'utf8')).toBe('library')
})

/** A process that has ended but that nobody has waited for counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
