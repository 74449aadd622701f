import { callbackFor } from './callback.ts'
import { LocalClock } from './clock.ts'
import { deliver } from './deliver.ts'
import { Gates } from './gates.ts'
import { Ledger } from './ledger.ts'
import { createMessage, deduplicationId, Refusal, type Answer, type Headers, type Message } from './message.ts'
import { outcomeOf } from './outcome.ts'
import { Schedules } from './schedules.ts'
import { sign, type Signing, type SigningKeys } from './signature.ts'

export type Published = { messageId: string; deduplicated?: true; url?: string }
type Origin = { queue?: string; schedule_id?: string }

/** A runaway receiver that publishes to itself must not make one advance endless. */
const mostDeliveriesAtOnce = 10_000

/** Takes messages in, delivers each when its time has come, and tries again as QStash does. */
export class Broker {
  readonly keys: SigningKeys
  readonly clock: LocalClock
  readonly ledger = new Ledger()
  readonly gates = new Gates()
  readonly schedules = new Schedules()
  readonly faults: { hold: boolean; duplicates: number; signing: Signing } = {
    hold: false,
    duplicates: 0,
    signing: 'current',
  }
  readonly #closing = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #advancing = false
  #turn: Promise<unknown> = Promise.resolve()
  #deaths = 0

  constructor(keys: SigningKeys, real: () => number) {
    this.keys = keys
    this.clock = new LocalClock(real)
  }

  /** Accepts a message, or finds it published before under the same deduplication id. Throws Refusal. */
  publish(url: string, headers: Headers, body: Buffer, origin: Origin = {}): Published {
    const now = this.clock.now()
    const message = createMessage(url, headers, body, { ...origin, now, clock_offset: this.clock.offset })
    const id = deduplicationId(message)
    const known = id === undefined ? undefined : this.ledger.publishedAs(id, now)
    if (known) return { messageId: known, deduplicated: true, url }
    if (id !== undefined) this.ledger.remember(id, message, now)
    this.ledger.add(message)
    this.ledger.log(now, 'CREATED', message)
    this.wake()
    return { messageId: message.id }
  }

  cancel(message: Message): void {
    this.ledger.finish(message, 'cancelled')
    this.ledger.log(this.clock.now(), 'CANCELED', message)
    this.wake()
  }

  /** Publishes a dead letter anew, as it was first published but without its delay and deduplication. */
  revive(dlqId: string): Published | undefined {
    const message = this.ledger.dead.get(dlqId)
    if (!message) return undefined
    this.ledger.dead.delete(dlqId)
    const spent = ['upstash-delay', 'upstash-not-before', 'upstash-deduplication-id']
    const headers = Object.fromEntries(Object.entries(message.options).filter(([name]) => !spent.includes(name)))
    delete headers['upstash-content-based-deduplication']
    return this.publish(message.url, headers, message.body, message.queue === null ? {} : { queue: message.queue })
  }

  /**
   * Moves the clock and resolves when every delivery that fell due on the way is done, one after the other in the
   * order of their times, retries and callbacks included. The clock stands at each delivery's own instant.
   */
  advance(seconds: number): Promise<Message[]> {
    return this.#alone(async () => {
      const end = this.clock.now() + seconds * 1000
      const touched: Message[] = []
      for (let next = this.#next(end); next; next = this.#next(end)) {
        if (touched.length >= mostDeliveriesAtOnce) throw new Error('too many deliveries in one advance')
        this.clock.freeze(next.at)
        const message = next.take()
        if (!message) continue
        touched.push(message)
        await this.#attempt(message)
      }
      this.clock.runFrom(end)
      return touched
    })
  }

  /** Delivers one waiting message now, whatever its time and its place in the order. */
  deliverNow(message: Message): Promise<void> {
    return this.#alone(async () => {
      if (this.ledger.open.has(message.id)) await this.#attempt(message)
    })
  }

  /** Starts what is due and sets the timer for what comes next. Called whenever something has changed. */
  wake(): void {
    clearTimeout(this.#timer)
    if (this.faults.hold || this.#advancing || this.#closing.signal.aborted) return
    const next = this.#next(Infinity)
    if (!next) return
    const wait = Math.min(Math.max(0, next.at - this.clock.now()), 2 ** 31 - 1)
    this.#timer = setTimeout(() => this.#startDue(), wait).unref()
  }

  reset(): void {
    this.ledger.clear()
    this.gates.clear()
    this.schedules.clear()
    this.clock.reset()
    Object.assign(this.faults, { hold: false, duplicates: 0, signing: 'current' })
    this.wake()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#closing.abort()
    await Promise.allSettled(this.#underWay)
  }

  #startDue(): void {
    for (let next = this.#next(this.clock.now()); next; next = this.#next(this.clock.now())) {
      const message = next.take()
      if (!message) continue
      const attempt = this.#attempt(message).finally(() => {
        this.#underWay.delete(attempt)
        this.wake()
      })
      this.#underWay.add(attempt)
    }
    this.wake()
  }

  /** Runs work by itself: after earlier such work and after what is under way, with the timer stopped and the clock still. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      this.#advancing = true
      clearTimeout(this.#timer)
      await Promise.allSettled(this.#underWay)
      const start = this.clock.now()
      this.clock.freeze(start)
      try {
        return await work()
      } finally {
        if (this.clock.frozen) this.clock.runFrom(this.clock.now())
        this.#advancing = false
        this.wake()
      }
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** What falls due first, up to an instant: a message to deliver, or a schedule, which only publishes one. */
  #next(until: number): { at: number; take: () => Message | undefined } | undefined {
    let first: Message | undefined
    let at = Infinity
    for (const message of this.ledger.open.values()) {
      if (message.state !== 'pending') continue
      const ready = this.gates.readyAt(message, this.ledger.open.values())
      if (ready < at) [first, at] = [message, ready]
    }
    const schedule = this.schedules.next()
    if (schedule && schedule.next_at < at && schedule.next_at <= until) {
      return { at: schedule.next_at, take: () => this.#runSchedule(schedule.id) }
    }
    return first && at <= until ? { at, take: () => first } : undefined
  }

  #runSchedule(id: string): undefined {
    const schedule = this.schedules.get(id)
    if (!schedule) return
    this.schedules.ran(schedule, this.clock.now())
    this.publish(schedule.destination, schedule.headers, schedule.body, { schedule_id: id })
  }

  async #attempt(message: Message): Promise<void> {
    message.state = 'active'
    this.gates.started(message, this.clock.now())
    this.ledger.log(this.clock.now(), 'ACTIVE', message)
    const answer = await this.#send(message, false)
    if (this.faults.duplicates > 0) {
      this.faults.duplicates--
      await this.#send(message, true)
    }
    this.gates.ended(message)
    // A message cancelled meanwhile is finished already.
    if (this.ledger.open.has(message.id)) this.#settle(message, answer)
  }

  async #send(message: Message, duplicate: boolean): Promise<Answer> {
    const signature = sign(this.keys, this.faults.signing, message.url, message.body, this.clock.real())
    const at = this.clock.now()
    const answer = await deliver(message, signature, this.#closing.signal)
    message.attempts.push({ at, retried: message.retried, status: answer.status, duplicate, error: answer.error })
    return answer
  }

  /** Draws the consequence of an answer. Each attempt is told to `callback`, the last failure also to `failureCallback`. */
  #settle(message: Message, answer: Answer): void {
    const now = this.clock.now()
    const outcome = outcomeOf(message, answer, this.clock.real())
    this.#tell('callback', message, answer)
    if (outcome.kind === 'delivered') {
      this.ledger.finish(message, 'delivered')
      this.ledger.log(now, 'DELIVERED', message)
    } else if (outcome.kind === 'dead') {
      message.dead = { dlq_id: `${Math.round(now)}-${this.#deaths++}`, answer }
      this.ledger.dead.set(message.dead.dlq_id, message)
      this.ledger.finish(message, 'failed')
      this.ledger.log(now, 'FAILED', message, answer.error)
      this.#tell('failure-callback', message, answer)
    } else {
      message.retried++
      message.due_at = now + outcome.after_ms
      message.state = 'pending'
      this.ledger.log(now, 'RETRY', message, answer.error)
    }
  }

  #tell(kind: 'callback' | 'failure-callback', message: Message, answer: Answer): void {
    const callback = callbackFor(kind, message, answer)
    if (!callback) return
    try {
      this.publish(callback.url, callback.headers, callback.body)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.ledger.log(this.clock.now(), 'ERROR', message, `${kind}: ${error.message}`)
    }
  }
}
