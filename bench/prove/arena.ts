import pg from 'pg'
import { readFrom } from '../../local/process.ts'
import { insertPlatformKey, platformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { sender, type Sender } from './http.ts'
import type { Options } from './options.ts'
import { plantBug } from './plants.ts'

type Row = Record<string, unknown>

/** Where the proof takes place: a stack of its own, or a deployment that runs. */
export type Arena = {
  origin: string
  platform_key: string
  send: Sender
  sql: (text: string, params?: unknown[]) => Promise<Row[]>
  /** What only a stack of one's own lets us do; null on a deployment. */
  powers: Powers | null
  /** Deadlocks and alarms since the last time it was asked. */
  troubles: () => Promise<Troubles>
  close: () => Promise<void>
}

export type Powers = {
  /** A command of the local services' control API, such as `postgres/kill`, and its answer. */
  control: (command: string, body?: unknown) => Promise<unknown>
}
export type Troubles = { deadlocks: number; alarms: string[]; unexpected: string[] }

export async function openArena(options: Options): Promise<Arena> {
  const { deployment, clients, plant } = options
  if (deployment) {
    const { origin, database_url, platform_key } = deployment
    return arenaAt({ origin, database_url, platform_key, clients, powers: null, logs: null, stop: async () => {} })
  }
  const stack = await startRaceStack()
  try {
    if (plant) await plantBug(stack.database_url, plant)
  } catch (error) {
    await stack.stop()
    throw error
  }
  return arenaOn(stack, clients)
}

export async function startRaceStack(): Promise<Stack> {
  // A commit at Neon waits for a quorum: two milliseconds in which locks are held and races can happen.
  const stack = await startStack({ postgres_settings: { commit_delay: '2000', commit_siblings: '0' } })
  try {
    await insertPlatformKey(stack.database_url)
    return stack
  } catch (error) {
    await stack.stop()
    throw error
  }
}

/** On a stack that runs, and ends with the arena. */
export function arenaOn(stack: Stack, clients: number): Arena {
  const control: Powers['control'] = async (command, body = {}) => {
    const answer = await fetch(`${stack.control_origin}/${command}`, { method: 'POST', body: JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${command} failed: ${answer.status} ${text}`)
    return JSON.parse(text)
  }
  return arenaAt({
    origin: stack.origin,
    database_url: stack.database_url,
    platform_key: platformKey,
    clients,
    powers: { control },
    logs: { postgres: stack.postgres.log_file, worker: stack.worker.log_file },
    stop: () => stack.stop(),
  })
}

type Ground = {
  origin: string
  database_url: string
  platform_key: string
  clients: number
  powers: Powers | null
  logs: { postgres: string; worker: string } | null
  stop: () => Promise<void>
}

function arenaAt(ground: Ground): Arena {
  const pool = new pg.Pool({ connectionString: ground.database_url, max: 4 })
  // The database is killed under us, on purpose.
  pool.on('error', () => {})
  const { send, close } = sender(ground.origin, ground.clients)
  const sql = async (text: string, params: unknown[] = []): Promise<Row[]> => (await pool.query<Row>(text, params)).rows
  const counted = async (): Promise<number> => {
    const [row] = await sql('select deadlocks::int from pg_stat_database where datname = current_database()')
    return Number(row?.['deadlocks'] ?? 0)
  }
  const read = { deadlocks: 0, postgres: 0, worker: 0 }

  return {
    origin: ground.origin,
    platform_key: ground.platform_key,
    send,
    sql,
    powers: ground.powers,
    async troubles() {
      const before = read.deadlocks
      read.deadlocks = await counted()
      // The counter is flushed late and forgotten in a crash; a stack's own log has every one at once.
      const said = { postgres: '', worker: '' }
      for (const who of ['postgres', 'worker'] as const) {
        if (!ground.logs) continue
        said[who] = readFrom(ground.logs[who], read[who])
        read[who] += Buffer.byteLength(said[who])
      }
      const logged = said.postgres.split('\n').filter((line) => line.includes('deadlock detected')).length
      const lines = said.worker.split('\n')
      return {
        deadlocks: ground.logs ? logged : Math.max(0, read.deadlocks - before),
        alarms: lines.filter((line) => line.includes('claims_alarm')),
        unexpected: lines.filter((line) => line.includes('"event":"unexpected"')),
      }
    },
    async close() {
      close()
      await pool.end()
      await ground.stop()
    },
  }
}
