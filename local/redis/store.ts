import { wrongType } from './reply.ts'

type Values = {
  string: string
  hash: Map<string, string>
  list: string[]
  set: Set<string>
  zset: Map<string, number>
}
export type Kind = keyof Values
type EntryOf<K extends Kind> = { kind: K; value: Values[K]; expires_at: number | null; readonly serial: number }
export type Entry = { [K in Kind]: EntryOf<K> }[Kind]

/** The keys of one database. A key past its time is gone the moment anyone looks. */
export class Store {
  readonly now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #touched = new Set<string>()
  #serial = 0

  constructor(now: () => number) {
    this.now = now
  }

  find(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (!entry || entry.expires_at === null || entry.expires_at > this.now()) return entry
    this.#entries.delete(key)
    return undefined
  }

  /** The value of a key, undefined where there is none; refuses a key of another kind. */
  read<K extends Kind>(key: string, kind: K): Values[K] | undefined {
    const entry = this.find(key)
    if (!entry) return undefined
    if (!isKind(entry, kind)) throw wrongType()
    this.#touched.add(key)
    return entry.value
  }

  /** The value of a key to be changed in place, made of `empty` where there is none. */
  change<K extends Exclude<Kind, 'string'>>(key: string, kind: K, empty: Values[K]): Values[K] {
    return this.read(key, kind) ?? this.put(key, kind, empty)
  }

  /** Replaces whatever the key held. */
  put<K extends Kind>(key: string, kind: K, value: Values[K], expiresAt: number | null = null): Values[K] {
    this.#touched.add(key)
    const serial = this.find(key)?.serial ?? ++this.#serial
    this.#entries.set(key, entryOf(kind, value, expiresAt, serial))
    return value
  }

  /** Keeps the time a key has left, as INCR and APPEND do. */
  putText(key: string, text: string): void {
    this.put(key, 'string', text, this.find(key)?.expires_at ?? null)
  }

  remove(key: string): boolean {
    return this.find(key) !== undefined && this.#entries.delete(key)
  }

  /** To be called after every command: Redis keeps no empty hash, list, set or sorted set. */
  settle(): void {
    for (const key of this.#touched) {
      const entry = this.#entries.get(key)
      if (!entry || entry.kind === 'string') continue
      const size = entry.kind === 'list' ? entry.value.length : entry.value.size
      if (size === 0) this.#entries.delete(key)
    }
    this.#touched.clear()
  }

  /** Gives an entry another name and keeps its time; whatever was there is gone. */
  rename(from: string, to: string): boolean {
    const entry = this.find(from)
    if (!entry) return false
    this.#entries.delete(from)
    this.#entries.delete(to)
    this.#entries.set(to, { ...entry, serial: ++this.#serial })
    return true
  }

  /** Every living key, oldest first, with the serial that SCAN uses as its cursor. */
  keys(): { key: string; entry: Entry }[] {
    const found: { key: string; entry: Entry }[] = []
    for (const key of this.#entries.keys()) {
      const entry = this.find(key)
      if (entry) found.push({ key, entry })
    }
    return found
  }

  clear(): void {
    this.#entries.clear()
  }
}

function isKind<K extends Kind>(entry: Entry, kind: K): entry is Entry & EntryOf<K> {
  return entry.kind === kind
}

/** Pairs a kind with its value. Guaranteed by the parameters: `Values[K]` is the value of exactly that kind. */
function entryOf<K extends Kind>(kind: K, value: Values[K], expiresAt: number | null, serial: number): Entry {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { kind, value, expires_at: expiresAt, serial } as Entry
}
