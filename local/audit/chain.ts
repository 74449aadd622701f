import { createHash } from 'node:crypto'

// What migrations/0026_audit.sql makes its digests of, said once more: a check that asked the database for them would
// believe whoever changed the database.

export type Seal = {
  restaurant_id: string
  seal_no: number
  sealed_at_micros: string
  upto_tx: string
  first_event_id: string
  last_event_id: string
  events: number
  total: string
  root: Buffer
  previous: Buffer | null
  digest: Buffer
  signature: string | null
}

/** An entry with the event it speaks of; `event` is null where that is not there. */
export type Entry = {
  event_id: string
  seal_no: number
  at_micros: string
  type: string
  actor_key: string
  salt: string
  digest: Buffer
  event: AuditedEvent | null
}

/** As Postgres writes it: JSON in its own spelling, `at` in microseconds. */
export type AuditedEvent = {
  restaurant_id: string
  id: string
  tx: string
  at_micros: string
  type: string
  subject_id: string
  actor: string
  actor_key: string
  request_id: string
  before: string | null
  after: string | null
  why: string | null
}

export type Redaction = { erasure_id: string; event_id: string; old_content: Buffer; new_content: Buffer }

/** One field after another, each with its length in bytes: two lists of fields never read the same. */
export function fields(...values: (string | null)[]): Buffer {
  const written = values.map((value) => (value === null ? '-,' : `${Buffer.byteLength(value)}:${value},`))
  return Buffer.from(written.join(''))
}

export function sha256(...parts: Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export function contentDigest(event: AuditedEvent, salt: string): Buffer {
  return sha256(Buffer.from(salt.replaceAll('-', ''), 'hex'), fields(event.before, event.after, event.why))
}

export function eventDigest(event: AuditedEvent, content: Buffer): Buffer {
  const { restaurant_id, id, tx, at_micros, type, subject_id, actor, request_id } = event
  return sha256(fields(restaurant_id, id, tx, at_micros, type, subject_id, actor, request_id, content.toString('hex')))
}

/** Over the entries of one seal in the order of their numbers. */
export function rootOf(entries: readonly Entry[]): Buffer {
  return sha256(...entries.flatMap((one) => [int8(one.event_id), one.digest]))
}

export function sealDigest(seal: Seal): Buffer {
  return sha256(
    fields(
      seal.restaurant_id,
      String(seal.seal_no),
      seal.sealed_at_micros,
      seal.upto_tx,
      seal.first_event_id,
      seal.last_event_id,
      String(seal.events),
      seal.total,
      seal.root.toString('hex'),
      seal.previous?.toString('hex') ?? null,
    ),
  )
}

/** What the event of an erasure says of its redactions, in the order of the events. */
export function redactionsDigest(redactions: readonly Redaction[]): string {
  return sha256(...redactions.flatMap((one) => [int8(one.event_id), one.old_content, one.new_content])).toString('hex')
}

function int8(value: string): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
