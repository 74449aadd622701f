import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { copyCluster } from './postgres/copy.ts'
import { findHome, type Home } from './postgres/home.ts'
import { end, freePort, guard, hasEnded, isFree, portInUse, readFrom } from './process.ts'

export type PostgresOptions = {
  /** Data and log; kept from one start to the next. */
  directory: string
  /** 0 takes a free one. */
  port: number
  /** Parameters of postgresql.conf, such as { fsync: 'off' }. */
  settings?: Record<string, string>
  /** A stopped server's data, to begin with a copy of it where there is none yet. */
  template?: string
  /** Hears what the person at the machine should know. */
  say?: (line: string) => void
}

export type Postgres = {
  port: number
  /** As the application signs in: owner of the database `tableside`, with the rights Neon gives and no more. */
  url: string
  /** As `postgres`, who may do everything. */
  superuser_url: string
  log_file: string
  /** Holds the data: the directory, or a temporary one where PostgreSQL's user may not enter that. */
  place: string
  /** Of the postmaster; undefined while it is down. */
  pid(): number | undefined
  /** SIGKILL to the postmaster, as if the machine had failed. */
  kill(): Promise<void>
  /** Stops if it runs, and starts again on the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts PostgreSQL 18 from its npm package; the first time in a directory also makes the cluster, role and database. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const directory = resolve(options.directory)
  const home = findHome(directory, options.say ?? ((line) => console.error(line)))
  const data = join(home.place, 'data')
  const log_file = join(directory, 'postgres.log')
  writeFileSync(log_file, '')
  refuseSecondServer(data)
  const port = options.port === 0 ? await freePort() : options.port
  if (!(await isFree(port))) throw new Error(portInUse(port))
  if (!existsSync(join(data, 'PG_VERSION'))) {
    if (options.template === undefined) createCluster(home, data)
    else await copyCluster(options.template, data)
  }

  const server = { home, data, log_file, port, settings: options.settings ?? {} }
  let child = await boot(server)

  return {
    port,
    url: `postgres://tableside:tableside@127.0.0.1:${port}/tableside`,
    superuser_url: superuserUrl(port),
    log_file,
    place: home.place,
    pid: () => (hasEnded(child) ? undefined : child.pid),
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      await end(child, 'SIGINT')
      child = await boot(server)
    },
    stop: () => end(child, 'SIGINT'),
  }
}

type Server = { home: Home; data: string; log_file: string; port: number; settings: Record<string, string> }

function superuserUrl(port: number): string {
  return `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
}

/** Runs one of PostgreSQL's programs to its end, without the PG… variables of whoever started us. */
function run(home: Home, program: string, args: string[], input = ''): { ok: boolean; output: string } {
  const path = join(home.native, 'bin', program)
  const done = spawnSync(path, args, { ...home.user, cwd: '/', env: bareEnvironment(), input, encoding: 'utf8' })
  const output = `${done.error?.message ?? ''}${done.stdout ?? ''}${done.stderr ?? ''}`
  return { ok: done.status === 0, output }
}

/** Ours, save what would direct PostgreSQL elsewhere or make it speak another language. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const elsewhere = { PGDATA: undefined, PGPORT: undefined, PGUSER: undefined, PGOPTIONS: undefined, PGTZ: undefined }
  return { ...process.env, ...elsewhere, LC_ALL: 'C', TZ: 'UTC' }
}

/** Made aside and renamed, so that a start that was interrupted leaves no half of a cluster behind. */
function createCluster(home: Home, data: string): void {
  const unfinished = `${data}.new`
  const password = `${data}.password`
  writeFileSync(password, 'postgres\n')
  chmodSync(password, 0o644)
  const initialise = (locale: string) => {
    rmSync(unfinished, { recursive: true, force: true })
    const login = ['--username=postgres', `--pwfile=${password}`]
    // `password`: Neon's driver sends a cleartext password with its first packet, without waiting to be asked.
    const kind = ['--auth=password', '--encoding=UTF8', `--locale=${locale}`, '--no-sync', '--no-instructions']
    return run(home, 'initdb', ['--pgdata', unfinished, ...login, ...kind])
  }
  let made = initialise('C.UTF-8')
  if (!made.ok && made.output.includes('invalid locale')) made = initialise('C')
  rmSync(password)
  if (!made.ok) throw new Error(`initdb failed: ${made.output}`)
  const roles = run(home, 'postgres', ['--single', '-D', unfinished, 'postgres'], roleAndDatabase)
  if (!roles.ok || /ERROR|FATAL/.test(roles.output)) throw new Error(`Making the role failed: ${roles.output}`)
  renameSync(unfinished, data)
}

/** Neon's owners are no superusers but may make roles and databases, see activity and end other sessions. */
const roleAndDatabase = `
create role tableside login createdb createrole bypassrls password 'tableside'
grant pg_read_all_data, pg_write_all_data, pg_monitor, pg_signal_backend to tableside with admin option
create database tableside owner tableside
`

/** Backends outlive a killed postmaster for a moment and hold its memory: a start is tried again until they are gone. */
async function boot(server: Server): Promise<ChildProcess> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const { child, said } = await attempt(server)
    if (!said) return child
    if (!said.includes('shared memory block') || Date.now() > deadline) throw new Error(explain(server, said))
    await sleep(100)
  }
}

/** `said` is empty when the server answers, or else what it logged before it ended. */
async function attempt(server: Server): Promise<{ child: ChildProcess; said: string }> {
  const { home, data, log_file, port } = server
  refuseSecondServer(data)
  const start = statSync(log_file).size
  const log = openSync(log_file, 'a')
  const settings = { timezone: 'UTC', log_timezone: 'UTC', max_connections: '150', ...server.settings }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const listen = ['-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=']
  const child = spawn(join(home.native, 'bin', 'postgres'), ['-D', data, ...listen, ...flags], {
    ...home.user,
    cwd: '/',
    env: bareEnvironment(),
    stdio: ['ignore', log, log],
    // Its own session: Ctrl-C is for us, who end the Worker before its database.
    detached: true,
  })
  closeSync(log)
  guard(child, 'SIGINT')
  const failures: string[] = []
  child.once('error', (error) => failures.push(error.message))
  while (!hasEnded(child) && failures.length === 0) {
    if (isReady(server, child.pid)) return { child, said: '' }
    await sleep(10)
  }
  return { child, said: failures[0] ?? (readFrom(log_file, start) || 'nothing') }
}

/** As pg_ctl finds out: by the lock file, since on the port another program may be listening. */
function isReady({ data }: Server, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

/** A lock file whose process is gone, or is another program that got its number since, is removed. */
function refuseSecondServer(data: string): void {
  const lock = join(data, 'postmaster.pid')
  if (!existsSync(lock)) return
  const pid = Number(readFileSync(lock, 'utf8').split('\n')[0])
  if (isServerOf(pid, data)) throw new Error(`PostgreSQL already runs on ${data} (process ${pid}): stop it first`)
  rmSync(lock, { force: true })
}

function isServerOf(pid: number, data: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data)
  } catch {
    return false
  }
}

function explain({ port, data, log_file }: Server, said: string): string {
  if (said.includes('Address already in use')) return portInUse(port)
  if (said.includes('lock file')) return `PostgreSQL already runs on ${data}: stop it first`
  return `PostgreSQL did not start; ${log_file} says:\n${said.trim().split('\n').slice(-8).join('\n')}`
}
