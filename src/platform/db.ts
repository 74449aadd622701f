import { neon, neonConfig, NeonDbError } from '@neondatabase/serverless'
import type { SQL } from 'drizzle-orm'
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http'
import type * as z from 'zod'
import { log } from './log.ts'
import { Problem } from './problem.ts'

export type Db = NeonHttpDatabase

const statementDeadlineMs = 8_000
const databases = new Map<string, Db>()

/** Neon over HTTP: one statement or one batch is one round trip. `proxy` is host:port of a local stand-in. */
export function openDb(databaseUrl: string, proxy?: string): Db {
  const known = databases.get(databaseUrl)
  if (known) return known
  if (proxy) neonConfig.fetchEndpoint = () => `http://${proxy}/sql`
  neonConfig.fetchFunction = (input: string, init: RequestInit) =>
    fetch(input, { ...init, signal: AbortSignal.timeout(statementDeadlineMs) })
  const db = drizzle({ client: neon(databaseUrl) })
  databases.set(databaseUrl, db)
  return db
}

/** The database as one request knows it, so that what is heard of its answers is told apart from the others'. */
export function ownDb(db: Db): Db {
  const own: Db = Object.create(db)
  return own
}

const replays = new WeakSet<Db>()

/** Whether an answer that was kept under a key came back on this `ownDb`. */
export function wasReplayed(db: Db): boolean {
  return replays.has(db)
}

export function noteReplay(db: Db): void {
  replays.add(db)
}

/** As `replay_of` in the migrations marks an answer that was kept. */
function isReplay({ answer }: Record<string, unknown>): boolean {
  return typeof answer === 'object' && answer !== null && 'replayed' in answer && answer.replayed === true
}

/** One statement; its rows parsed at the edge of the database. */
export async function query<T>(db: Db, row: z.ZodType<T>, statement: SQL): Promise<T[]> {
  const result = await db.execute(statement)
  if (result.rows.some(isReplay)) noteReplay(db)
  return result.rows.map((one) => row.parse(one))
}

/** Serialization, deadlock, shutdown and connection trouble: the same call may be made again. */
const transient = new Set([
  '40001',
  '40P01',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08006',
  '23P01',
])
/** Never met in normal running, whatever the load: the locks should have prevented it. */
const alarming = new Set(['23P01', '40P01'])

/** What Postgres said, through whatever wrapped it; undefined when it is no database error. */
export function databaseError(error: unknown): NeonDbError | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof NeonDbError) return one
  }
  return undefined
}

/**
 * Runs a call that is safe to repeat: a read, or a write under an idempotency key. Waits with full jitter, never at
 * once (immediate retries livelock), four times at the most; then `unavailable`. A lock not had in time is `busy`.
 */
export async function withRetry<T>(call: () => Promise<T>, requestId: string): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      const database = databaseError(error)
      if (!database && !isNetworkError(error)) throw error
      if (database?.code === '55P03') throw new Problem('busy', { retry_after_seconds: 1 })
      if (database?.code && !transient.has(database.code) && !guestWentAway(database)) throw error
      if (database?.code && alarming.has(database.code)) {
        log('error', 'claims_alarm', { request_id: requestId, code: database.code, detail: database.message })
      }
      if (attempt === 4) throw new Problem('unavailable', { retry_after_seconds: 2 })
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 100 * 2 ** attempt))
    }
  }
}

/** A booking found a guest who was merged or removed before it committed: it is made again, with whoever is there now. */
function guestWentAway(database: NeonDbError): boolean {
  return database.code === '23503' && database.constraint === 'reservations_restaurant_id_guest_id_fkey'
}

function isNetworkError(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one.name === 'TimeoutError' || /network|fetch failed|connection/i.test(one.message)) return true
  }
  return false
}
