import type { Turn } from './feed-object.ts'

/** Longer than a read takes; after it whoever waits goes next, and the late one's read is most likely not taken. */
const leaseMs = 3_000

type Waiter = (turn: Turn) => void

/**
 * Who reads what changed. One at a time; who comes meanwhile waits for the next read, since this one may have begun
 * before their change was there. All who wait are served by one read. A timer runs only while somebody waits.
 */
export class FeedTurns {
  private readonly since: () => string | null
  private lease = 0
  /** Until when the present read has its turn, in milliseconds; null while nobody reads. */
  private until: number | null = null
  private timer: ReturnType<typeof setTimeout> | null = null
  /** Came before the present read began: its arrival serves them. */
  private served: Waiter[] = []
  /** Came after it had begun. */
  private waiting: Waiter[] = []

  constructor(since: () => string | null) {
    this.since = since
  }

  ask(now: number): Promise<Turn> {
    // Whoever waited for a turn that ran out goes first.
    if (this.until !== null && this.until <= now) this.end(this.lease, false, now)
    if (this.until === null) return Promise.resolve(this.lead(now))
    this.timer ??= this.watch(this.until - now)
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  /** A read has arrived, or will not: `arrived` says which. A lease that has run out changes nothing. */
  end(lease: number, arrived: boolean, now: number): void {
    if (this.until === null || lease !== this.lease) return
    this.until = null
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    if (arrived) for (const one of this.served) one({ read: false, why: 'covered' })
    const queue = arrived ? this.waiting : [...this.served, ...this.waiting]
    this.served = []
    this.waiting = []
    const [next, ...rest] = queue
    if (!next) return
    this.served = rest
    next(this.lead(now))
    if (rest.length > 0) this.timer = this.watch(leaseMs)
  }

  /** Nobody looks on any more: nobody needs to read. */
  release(): void {
    const all = [...this.served, ...this.waiting]
    this.served = []
    this.waiting = []
    for (const one of all) one({ read: false, why: 'nobody' })
  }

  private lead(now: number): Turn {
    this.lease += 1
    this.until = now + leaseMs
    return { read: true, lease: this.lease, since: this.since() }
  }

  private watch(ms: number): ReturnType<typeof setTimeout> {
    const { lease } = this
    return setTimeout(() => this.end(lease, false, Date.now()), ms)
  }
}
