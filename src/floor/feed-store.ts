import * as z from 'zod'
import type { Rendered } from './feed-rules.ts'
import type { Sees } from './feed-schema.ts'

/** Whoever missed more than this many events, or was away longer, gets a snapshot. */
export const keptEvents = 2_000
const keptMs = 12 * 3_600_000

const Fact = z.object({ seq: z.int(), since: z.string().nullable() })
const Row = z.object({ seq: z.int(), full: z.string(), plain: z.string().nullable() })
const Count = z.object({ n: z.int() })

/** The SQLite of a restaurant's object: the last number, how far Postgres was read, and the last events. */
export class FeedStore {
  private readonly storage: DurableObjectStorage
  private readonly sql: SqlStorage
  private fact: z.infer<typeof Fact>

  constructor(storage: DurableObjectStorage) {
    this.storage = storage
    this.sql = storage.sql
    this.sql.exec(`
      create table if not exists feed (one integer primary key check (one = 1), seq integer not null, since text);
      create table if not exists events (seq integer primary key, at integer not null, full text not null, plain text);
    `)
    this.fact = this.readFact()
  }

  private readFact(): z.infer<typeof Fact> {
    const [row] = this.sql.exec('select seq, since from feed').toArray()
    return row ? Fact.parse(row) : { seq: 0, since: null }
  }

  get seq(): number {
    return this.fact.seq
  }
  get since(): string | null {
    return this.fact.since
  }

  /** Numbers and keeps what was read, all or nothing; answers the numbers given. */
  append(events: Rendered[], upto: string, now: number): number[] {
    return this.write(() => {
      const numbers = events.map((event, n) => {
        const seq = this.fact.seq + 1 + n
        if (event.forgets) this.sql.exec('delete from events')
        this.sql.exec('insert into events values (?, ?, ?, ?)', seq, now, event.full, event.plain)
        return seq
      })
      const seq = this.fact.seq + events.length
      this.sql.exec('delete from events where seq <= ?', seq - keptEvents)
      this.put({ seq, since: upto })
      return numbers
    })
  }

  /** Nothing that came before can be resumed from: a number is left out. */
  skipTo(upto: string): void {
    this.write(() => {
      this.sql.exec('delete from events')
      this.put({ seq: this.fact.seq + 1, since: upto })
    })
  }

  /** The events after a number, numbered; null where it reaches too far back, or beyond what there is. */
  after(last_seq: number, sees: Sees): string[] | null {
    if (last_seq > this.fact.seq) return null
    if (last_seq === this.fact.seq) return []
    const found = this.sql
      .exec('select seq, full, plain from events where seq > ? order by seq', last_seq)
      .toArray()
      .map((row) => Row.parse(row))
    if (found.length !== this.fact.seq - last_seq) return null
    return found.map((row) => numbered(row.seq, row, sees))
  }

  /** What is older than a night is not kept for anybody. */
  forgetOld(now: number): void {
    this.sql.exec('delete from events where at < ?', now - keptMs)
  }
  /** When the oldest event is to go; null where none is kept. */
  forgetAt(): number | null {
    const [row] = this.sql.exec('select count(*) as n, min(at) as at from events').toArray()
    const at = z.object({ at: z.number().nullable() }).parse(row).at
    return Count.parse(row).n === 0 || at === null ? null : at + keptMs
  }

  private put(fact: z.infer<typeof Fact>): void {
    this.sql.exec(
      'insert into feed values (1, ?, ?) on conflict (one) do update set seq = excluded.seq, since = excluded.since',
      fact.seq,
      fact.since,
    )
    this.fact = fact
  }

  /** Where the write fails, memory is what is stored. */
  private write<T>(work: () => T): T {
    try {
      return this.storage.transactionSync(work)
    } catch (error) {
      this.fact = this.readFact()
      throw error
    }
  }
}

/** An event as one console is to hear it. */
export function numbered(seq: number, event: Pick<Rendered, 'full' | 'plain'>, sees: Sees): string {
  const body = sees === 'full' ? event.full : (event.plain ?? event.full)
  return `{"type":"event","seq":${seq},${body.slice(1)}`
}
