import type { Message } from './message.ts'

export type EventState = 'CREATED' | 'ACTIVE' | 'DELIVERED' | 'RETRY' | 'ERROR' | 'FAILED' | 'CANCELED'
export type Event = { time: number; state: EventState; message: Message; next_at: number | null; error: string | null }

const kept = 2000
const dedupMs = 90 * 86_400_000

/** Every message, what happened to it, and who asked twice. Finished messages and events are kept up to a number. */
export class Ledger {
  /** Waiting or under way, in order of arrival. */
  readonly open = new Map<string, Message>()
  readonly dead = new Map<string, Message>()
  readonly finished: Message[] = []
  /** Newest first. */
  readonly events: Event[] = []
  readonly #published = new Map<string, { message_id: string; until: number }>()

  add(message: Message): void {
    this.open.set(message.id, message)
  }

  finish(message: Message, state: 'delivered' | 'failed' | 'cancelled'): void {
    message.state = state
    this.open.delete(message.id)
    this.finished.push(message)
    if (this.finished.length > kept) this.finished.shift()
  }

  log(time: number, state: EventState, message: Message, error: string | null = null): void {
    this.events.unshift({ time, state, message, error, next_at: state === 'RETRY' ? message.due_at : null })
    if (this.events.length > kept) this.events.pop()
  }

  /** The message that was published under this deduplication id, if any still counts. */
  publishedAs(id: string, now: number): string | undefined {
    const known = this.#published.get(id)
    return known && known.until > now ? known.message_id : undefined
  }

  remember(id: string, message: Message, now: number): void {
    this.#published.set(id, { message_id: message.id, until: now + dedupMs })
  }

  clear(): void {
    this.open.clear()
    this.dead.clear()
    this.#published.clear()
    this.finished.length = 0
    this.events.length = 0
  }
}
