import { parseJson } from '../control.ts'
import type { Verdict } from '../standard-webhooks.ts'
import type { Behaviour, PushAnswer } from './behaviour.ts'

export type Push = {
  path: string
  headers: Record<string, string>
  body: string
  key: string | null
  signature: Verdict | 'not_checked'
}

type Ticket = {
  idempotency_key: string
  ticket_number: number
  created_at: string
  order: unknown
  body: string
  pushes: number
}

type Outcome = 'accepted' | 'replayed' | 'refused' | 'not_understood'
type Attempt = Push & { at: string; mode: Behaviour['mode']; outcome: Outcome }
type Accepted = PushAnswer & { outcome: Outcome }

/** The till's book: one ticket for each key, and every push that came in, whatever became of it. */
export class Till {
  readonly #now: () => number
  readonly #tickets = new Map<string, Ticket>()
  readonly #attempts: Attempt[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  find(key: string) {
    const ticket = this.#tickets.get(key)
    return ticket && view(ticket)
  }

  /** Makes a ticket of a push. The same key and body again is the same ticket; another body is refused. */
  accept({ key, body }: Push): Accepted {
    if (!key) return { status: 400, body: { error: 'Idempotency-Key is missing' }, outcome: 'refused' }
    const known = this.#tickets.get(key)
    if (known && known.body !== body) {
      return { status: 422, body: { error: 'this key came with another order before' }, outcome: 'refused' }
    }
    const created_at = new Date(this.#now()).toISOString()
    const ticket_number = this.#tickets.size + 1
    const ticket = known ?? { idempotency_key: key, ticket_number, created_at, order: parseJson(body), body, pushes: 0 }
    ticket.pushes++
    this.#tickets.set(key, ticket)
    const answer = { external_id: key, ticket_number: ticket.ticket_number, status: 'accepted' }
    return { status: known ? 200 : 201, body: answer, outcome: known ? 'replayed' : 'accepted' }
  }

  record(push: Push, { mode }: Behaviour, accepted: Accepted | null): void {
    const outcome = accepted?.outcome ?? 'not_understood'
    this.#attempts.push({ at: new Date(this.#now()).toISOString(), mode, outcome, ...push })
  }

  report() {
    return { tickets: [...this.#tickets.values()].map(view), attempts: [...this.#attempts] }
  }

  clear(): void {
    this.#tickets.clear()
    this.#attempts.length = 0
  }
}

function view({ body: _body, ...ticket }: Ticket) {
  return { ...ticket }
}
