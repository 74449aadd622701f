import * as z from 'zod'
import { Allergen, Menu } from '../restaurants/menu-schema.ts'
import type { SessionFacts } from './object.ts'
import { CartLine, CartRefusal, ServerMessage } from './schema.ts'

const keptMessages = 500
const keptOperations = 5_000

const StoredSession = z.object({
  id: z.string(),
  restaurant_id: z.string(),
  table_id: z.string(),
  opened_at: z.string(),
  currency: z.string(),
  timezone: z.string(),
  pass_required: z.boolean(),
  version: z.int(),
  status: z.enum(['active', 'closed']),
  cart_version: z.int(),
  seq: z.int(),
  last_activity_at: z.number(),
})
export type StoredSession = z.infer<typeof StoredSession>

const StoredMember = z.object({
  id: z.string(),
  nickname: z.string(),
  is_host: z.boolean(),
  allergies: z.array(Allergen),
  pass_ok: z.boolean(),
  online: z.boolean(),
  removed: z.boolean(),
})
export type StoredMember = z.infer<typeof StoredMember>

/** What a command of a member came to, kept so that a repeat finds it. */
const Outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), message: ServerMessage }),
  z.object({ ok: z.literal(false), code: CartRefusal }),
])
export type Outcome = z.infer<typeof Outcome>

const StoredFreeze = z.object({
  key: z.string(),
  state: z.enum(['open', 'ordered']),
  lines: z.array(CartLine),
  allergies: z.array(z.object({ member_id: z.string(), nickname: z.string(), allergies: z.array(Allergen) })),
  at: z.number(),
  order_id: z.string().nullable(),
})
export type StoredFreeze = z.infer<typeof StoredFreeze>

const Text = z.object({ json: z.string() })
const Numbered = z.object({ seq: z.int(), json: z.string() })

/** The SQLite of one table's object. Everything is JSON by key: it is read whole when the object wakes. */
export class TableStore {
  private readonly storage: DurableObjectStorage
  private readonly sql: SqlStorage
  constructor(storage: DurableObjectStorage) {
    this.storage = storage
    this.sql = storage.sql
    this.sql.exec(`
      create table if not exists facts (name text primary key, json text not null) without rowid;
      create table if not exists members (id text primary key, json text not null);
      create table if not exists lines (id text primary key, json text not null);
      create table if not exists messages (seq integer primary key, json text not null);
      create table if not exists operations (n integer primary key autoincrement, member_id text not null,
        request_id text not null, json text not null, unique (member_id, request_id));
      create table if not exists freezes (key text primary key, json text not null);
    `)
  }

  /** All or nothing. */
  write(work: () => void): void {
    this.storage.transactionSync(work)
  }

  session(): StoredSession | null {
    return this.fact('session', StoredSession)
  }
  putSession(session: StoredSession): void {
    this.putFact('session', session)
  }
  menu(): Menu | null {
    return this.fact('menu', Menu)
  }
  putMenu(menu: Menu): void {
    this.putFact('menu', menu)
  }

  members(): StoredMember[] {
    return this.all('select json from members order by rowid', StoredMember)
  }
  putMember(member: StoredMember): void {
    this.sql.exec(
      'insert into members values (?, ?) on conflict (id) do update set json = excluded.json',
      member.id,
      JSON.stringify(member),
    )
  }
  lines(): CartLine[] {
    return this.all('select json from lines order by rowid', CartLine)
  }
  putLine(line: CartLine): void {
    this.sql.exec(
      'insert into lines values (?, ?) on conflict (id) do update set json = excluded.json',
      line.id,
      JSON.stringify(line),
    )
  }
  deleteLine(id: string): void {
    this.sql.exec('delete from lines where id = ?', id)
  }

  /** The log is bounded: who missed more than it holds gets a snapshot. */
  appendMessage(seq: number, json: string): void {
    this.sql.exec('insert into messages values (?, ?)', seq, json)
    this.sql.exec('delete from messages where seq <= ?', seq - keptMessages)
  }
  /** The messages after a number, or null where the log no longer reaches back to it. */
  messagesAfter(seq: number): string[] | null {
    const rows = this.sql.exec('select seq, json from messages where seq > ? order by seq', seq).toArray()
    const found = rows.map((row) => Numbered.parse(row))
    return found[0] && found[0].seq > seq + 1 ? null : found.map((row) => row.json)
  }

  operation(member_id: string, request_id: string): Outcome | null {
    const sql = 'select json from operations where member_id = ? and request_id = ?'
    return this.all(sql, Outcome, member_id, request_id)[0] ?? null
  }
  putOperation(member_id: string, request_id: string, outcome: Outcome): void {
    const json = JSON.stringify(outcome)
    this.sql.exec('insert into operations (member_id, request_id, json) values (?, ?, ?)', member_id, request_id, json)
    this.sql.exec('delete from operations where n <= (select max(n) from operations) - ?', keptOperations)
  }

  freezes(): StoredFreeze[] {
    return this.all('select json from freezes order by rowid', StoredFreeze)
  }
  putFreeze(freeze: StoredFreeze): void {
    this.sql.exec(
      'insert into freezes values (?, ?) on conflict (key) do update set json = excluded.json',
      freeze.key,
      JSON.stringify(freeze),
    )
  }
  deleteFreeze(key: string): void {
    this.sql.exec('delete from freezes where key = ?', key)
  }

  /** Nothing of the session before is left; the menu stays. */
  beginAnew(session: StoredSession): void {
    for (const table of ['members', 'lines', 'messages', 'operations', 'freezes']) this.sql.exec(`delete from ${table}`)
    this.putSession(session)
  }

  private fact<T>(name: string, shape: z.ZodType<T>): T | null {
    return this.all('select json from facts where name = ?', shape, name)[0] ?? null
  }
  private putFact(name: string, value: unknown): void {
    this.sql.exec(
      'insert into facts values (?, ?) on conflict (name) do update set json = excluded.json',
      name,
      JSON.stringify(value),
    )
  }
  private all<T>(statement: string, shape: z.ZodType<T>, ...values: string[]): T[] {
    return this.sql
      .exec(statement, ...values)
      .toArray()
      .map((row) => shape.parse(JSON.parse(Text.parse(row).json)))
  }
}

/** A session as it begins. */
export function beginning(session: SessionFacts, now: number): StoredSession {
  const { id, restaurant_id, table_id, opened_at, currency, timezone, pass_required, version } = session
  const facts = { id, restaurant_id, table_id, opened_at, currency, timezone, pass_required, version }
  return { ...facts, status: 'active', cart_version: 0, seq: 0, last_activity_at: now }
}
