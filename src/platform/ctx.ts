import type { Db } from './db.ts'

/** Who does something; written with every change. */
export type Actor =
  | { kind: 'key'; id: string; name: string; scopes: string[] }
  | { kind: 'cron' }
  | { kind: 'system'; name: string }

/** What every verb is handed: built once per request at the edge, nothing ambient. `now` is milliseconds. */
export type Ctx = {
  db: Db
  actor: Actor
  now: number
  request_id: string
  /** Runs after the answer has been sent. */
  after: (work: Promise<unknown>) => void
}

/** One call of a write: the same key and fingerprint get the first answer again. */
export type Once = { key: string; fingerprint: string }
