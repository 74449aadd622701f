import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../migrations/migrate.ts'
import { buildWorker } from './build.ts'
import { startCron } from './cron.ts'
import { templateCluster } from './postgres/template.ts'
import { startPostgres, type Postgres } from './postgres.ts'
import { freePort } from './process.ts'
import { devQstash } from './qstash.ts'
import { startServices, type Services } from './services.ts'
import type { Command, CommandArgument } from './services/protocol.ts'
import { serveWorker, type Worker } from './worker.ts'

export type StackOptions = {
  /** Data, objects and logs; without it, a temporary one that goes at stop(). */
  directory?: string
  /** Without one, or 0: a free one. */
  ports?: { postgres?: number; services?: number; worker?: number }
  /** Over what the Worker is given by default. */
  bindings?: Record<string, string>
  /** Parameters of postgresql.conf. */
  postgres_settings?: Record<string, string>
  /** False: an empty database. */
  migrations?: boolean
  /** From buildWorker, to serve another build than the present sources'. */
  built?: string
  /** Whether the Worker's cron triggers fire as their minutes come. */
  cron?: boolean
  /** Hears what goes on; silent without it. */
  say?: (line: string) => void
}

/** All but the Worker. */
export type Backend = {
  directory: string
  database_url: string
  /** Of the local services and their control API. */
  control_origin: string
  postgres: Postgres
  services: Services
  /** The variables and secrets the Worker gets. */
  bindings: Record<string, string>
  stop(): Promise<void>
}
export type Stack = Backend & { origin: string; worker: Worker }

/** Brings up all of production's parts on this machine, or with `worker: false` all but the Worker. */
export async function startStack(options: StackOptions & { worker: false }): Promise<Backend>
export async function startStack(options?: StackOptions): Promise<Stack>
export async function startStack(options: StackOptions & { worker?: false } = {}): Promise<Backend | Stack> {
  await using started = new AsyncDisposableStack()
  const say = options.say ?? (() => {})
  const directory = options.directory ?? temporaryDirectory(started)
  const building = options.worker === false ? undefined : (options.built ?? buildWorker())
  // Its failure is met where it is awaited; until then it must not count as unhandled.
  Promise.resolve(building).catch(() => {})

  const postgres = await startPostgres({
    directory: join(directory, 'postgres'),
    port: options.ports?.postgres ?? 0,
    settings: options.postgres_settings ?? {},
    // What soon goes need not be made from nothing each time.
    ...(options.directory ? {} : { template: await templateCluster({ migrations: options.migrations !== false }) }),
    say,
  })
  if (!options.directory) started.defer(() => rmSync(postgres.place, { recursive: true, force: true }))
  started.defer(() => postgres.stop())
  const applied = options.migrations === false ? [] : await migrate(postgres.url)
  if (applied.length) say(`Migrations applied: ${applied.join(', ')}`)

  let worker: Worker | undefined
  const database = { host: '127.0.0.1', port: postgres.port }
  const services = await startServices({ port: options.ports?.services ?? 0, database }, (command, argument) =>
    obey(command, argument, postgres, worker),
  )
  started.defer(() => services.stop())

  const worker_port = options.ports?.worker || (await freePort())
  const backend = {
    directory,
    database_url: postgres.url,
    control_origin: services.origin,
    postgres,
    services,
    bindings: { ...defaultBindings(postgres, services, worker_port), ...options.bindings },
  }
  const built = await building
  if (built !== undefined) {
    worker = await serveWorker({
      built,
      port: worker_port,
      bindings: backend.bindings,
      directory: join(directory, 'worker'),
    })
    const serving = worker
    // workerd waits a second for connections that stay open; what goes with the stack need not be put in order.
    started.defer(() => (options.directory ? serving.stop() : serving.kill()))
    if (options.cron) started.defer(startCron(serving, say))
  }
  const all = started.move()
  const stop = () => all.disposeAsync()
  return worker ? { ...backend, stop, origin: worker.origin, worker } : { ...backend, stop }
}

function temporaryDirectory(started: AsyncDisposableStack): string {
  const directory = mkdtempSync(join(tmpdir(), 'tableside-stack-'))
  // The user who runs PostgreSQL must get to a folder within.
  chmodSync(directory, 0o755)
  started.defer(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Known to all, and so of no use anywhere else: production sets its own. */
const localSecrets = {
  TOKEN_SECRET: 'tableside-local-token-secret-0123456789',
  QR_KEYS: JSON.stringify({ current: 'k1', keys: { k1: 'tableside-local-qr-secret' } }),
  SEALING_KEY: Buffer.from('tableside-local-sealing-key-0123').toString('base64'),
}

function defaultBindings(postgres: Postgres, services: Services, worker_port: number): Record<string, string> {
  return {
    ENVIRONMENT: 'local',
    PUBLIC_ORIGIN: `http://127.0.0.1:${worker_port}`,
    DATABASE_URL: postgres.url,
    NEON_PROXY: `127.0.0.1:${services.port}`,
    UPSTASH_REDIS_REST_URL: `${services.origin}/redis`,
    UPSTASH_REDIS_REST_TOKEN: 'local',
    ...localSecrets,
    QSTASH_URL: `${services.origin}/qstash`,
    QSTASH_TOKEN: devQstash.token,
    QSTASH_CURRENT_SIGNING_KEY: devQstash.current_key,
    QSTASH_NEXT_SIGNING_KEY: devQstash.next_key,
    MAIL_URL: `${services.origin}/mail`,
    MAIL_TOKEN: 'local',
    OPENAI_URL: `${services.origin}/openai`,
    SMS_URL: `${services.origin}/sms`,
    SMS_ACCOUNT: 'AClocal',
    SMS_TOKEN: 'local',
    SMS_FROM: '+15005550006',
  }
}

/** Does what the control API asks of us. */
async function obey(command: Command, argument: CommandArgument, postgres: Postgres, worker?: Worker) {
  if (command === 'postgres/kill') await postgres.kill()
  else if (command === 'postgres/restart') await postgres.restart()
  else if (!worker) throw new Error('There is no Worker in this stack')
  else if (command === 'worker/kill') await worker.kill()
  else if (command === 'worker/restart') await worker.restart()
  else {
    const { cron = worker.crons[0], time } = argument
    if (cron === undefined) throw new Error('wrangler.toml has no cron trigger')
    await worker.scheduled({ cron, ...(time === undefined ? {} : { time: new Date(time) }) })
  }
  return { postgres: postgres.pid() ?? null, worker: worker?.pid() ?? null }
}
