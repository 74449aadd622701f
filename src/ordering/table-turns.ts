import type { Menu } from '../restaurants/menu-schema.ts'
import { cartHash } from './rules.ts'
import type { CartLine, ServerMessage } from './schema.ts'
import type { StoredFreeze, StoredMember, StoredSession, TableStore } from './table-store.ts'

/** A message before it has its number. */
export type Unnumbered = ServerMessage extends infer M ? (M extends { seq: number } ? Omit<M, 'seq'> : never) : never

/** What a table is, in memory as in SQLite, and the one way of changing it: a turn. Nothing here waits. */
export class TableTurns {
  protected readonly store: TableStore
  private readonly broadcast: (json: string) => void
  private told: string[] = []
  session: StoredSession | null = null
  protected members = new Map<string, StoredMember>()
  protected lines: CartLine[] = []
  protected freezes: StoredFreeze[] = []
  protected menu: Menu | null = null
  protected hash = ''

  constructor(store: TableStore, broadcast: (json: string) => void) {
    this.store = store
    this.broadcast = broadcast
    this.load()
  }

  private load(): void {
    this.session = this.store.session()
    this.members = new Map(this.store.members().map((one) => [one.id, one]))
    this.lines = this.store.lines()
    this.freezes = this.store.freezes()
    this.menu = this.store.menu()
    this.hash = cartHash(this.lines)
  }

  /** One turn: all of it is stored, or none. Phones hear of it once it is. */
  protected turn<T>(work: () => T): T {
    const done: { result?: T } = {}
    this.told = []
    try {
      this.store.write(() => {
        done.result = work()
        if (this.session) this.store.putSession(this.session)
      })
    } catch (error) {
      this.load()
      throw error
    }
    for (const message of this.told) this.broadcast(message)
    return resultOf(done)
  }

  /** A numbered message to all phones, sent when the turn is over. */
  protected tell(message: Unnumbered): ServerMessage | null {
    if (!this.session) return null
    this.session = { ...this.session, seq: this.session.seq + 1 }
    const numbered: ServerMessage = { ...message, seq: this.session.seq }
    const json = JSON.stringify(numbered)
    this.store.appendMessage(this.session.seq, json)
    this.told.push(json)
    return numbered
  }
}

/** `transactionSync` ran the work to its end, or threw. */
function resultOf<T>(done: { result?: T }): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return done.result as T
}
