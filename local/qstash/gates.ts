import type { Flow, Message } from './message.ts'

export type Queue = { name: string; parallelism: number; paused: boolean; created_at: number; updated_at: number }

/** What may hold a message back beyond its time: its queue and its flow control. */
export class Gates {
  readonly queues = new Map<string, Queue>()
  readonly paused_flows = new Set<string>()
  readonly #starts = new Map<string, number[]>()
  readonly #active = new Map<string, number>()

  /** When a waiting message may be delivered; Infinity while only another event can free it. `open` is in order of arrival. */
  readyAt(message: Message, open: Iterable<Message>): number {
    if (message.queue !== null && !this.#firstInQueue(message, message.queue, open)) return Infinity
    return message.flow ? Math.max(message.due_at, this.#freeInFlow(message.flow)) : message.due_at
  }

  started(message: Message, now: number): void {
    if (!message.flow) return
    const { key, period_ms, rate } = message.flow
    this.#active.set(key, this.activeIn(key) + 1)
    if (rate !== Infinity) this.#starts.set(key, [...this.#recent(key, now - period_ms), now])
  }

  ended({ flow }: Message): void {
    if (flow) this.#active.set(flow.key, this.activeIn(flow.key) - 1)
  }

  activeIn(key: string): number {
    return this.#active.get(key) ?? 0
  }

  startsIn(flow: Flow, now: number): number {
    return this.#recent(flow.key, now - flow.period_ms).length
  }

  /** A queue passes on the next message only when the one before is delivered or dead. */
  #firstInQueue(message: Message, name: string, open: Iterable<Message>): boolean {
    const queue = this.queues.get(name)
    if (queue?.paused) return false
    let ahead = 0
    for (const other of open) {
      if (other === message) break
      if (other.queue === name) ahead++
    }
    return ahead < (queue?.parallelism ?? 1)
  }

  #freeInFlow(flow: Flow): number {
    if (this.paused_flows.has(flow.key) || this.activeIn(flow.key) >= flow.parallelism) return Infinity
    const oldest = this.#starts.get(flow.key)?.at(-flow.rate)
    return flow.rate === Infinity || oldest === undefined ? 0 : oldest + flow.period_ms
  }

  #recent(key: string, after: number): number[] {
    return (this.#starts.get(key) ?? []).filter((at) => at > after)
  }

  /** Forgets all but what is under way, which will still end. */
  clear(): void {
    this.queues.clear()
    this.paused_flows.clear()
    this.#starts.clear()
  }
}
