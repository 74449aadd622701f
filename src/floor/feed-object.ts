import type { Rendered } from './feed-rules.ts'
import type { Sees } from './feed-schema.ts'

/**
 * What a restaurant's Durable Object can be asked. It reads nothing itself: the Worker brings it what it asks for. Every
 * call is safe to make twice.
 */
export type FloorObject = {
  /**
   * Before what changed is read. Answers at once where nobody looks on (unless `anyway`), and to one at a time otherwise: the others
   * wait, and are done (`covered`) once a read that began after they came has arrived.
   */
  turn(anyway: boolean): Promise<Turn>
  /** What was read in one's turn. Of two that began at the same place one is taken. */
  take(read: FeedRead): Promise<{ taken: boolean }>
  /** The read failed: whoever waits may try. */
  pass(lease: number): Promise<void>
  /** A console that was let in hears what it missed, or the snapshot, and then everything. */
  begin(start: Start): Promise<Begun>
  /** What came after a number; null where that is no longer kept. */
  missedSince(last_seq: number, sees: Sees): Promise<{ seq: number; events: string[] | null }>
  consoles(): Promise<number>
}

export type Turn =
  | { read: false; why: 'nobody' | 'covered' }
  /** `since` is a snapshot of Postgres; null where nothing was ever read. */
  | { read: true; lease: number; since: string | null }

export type FeedRead = {
  lease: number
  since: string | null
  upto: string
  /** More happened than is worth sending, or the database was set back: every console begins anew. */
  reset: boolean
  events: Rendered[]
}

export type Start = { id: string; last_seq: number | null; snapshot: Snapshot | null }
/** The state of the floor when every event up to `seq` had happened, and perhaps some more; `rest` is JSON. */
export type Snapshot = { seq: number; rest: string }
export type Begun = 'begun' | 'gone' | { need_snapshot_from: number }

/** As the Worker reaches it; `fetch` takes the upgrade of a socket. */
export type RestaurantFloorStub = FloorObject & { fetch(request: Request): Promise<Response> }
