import { setTimeout as sleep } from 'node:timers/promises'
import type { Arena } from './arena.ts'
import { readAnswer, type Deed, type Seat, type Verb, type Wish } from './deed.ts'
import { zone, type House } from './house.ts'

export type Manner = {
  /** Without one, a key of its own. */
  key?: string
  phone?: string
  /** Which of the shapes a booking may have; in turn without it. */
  shape?: number
  /** The moment it claims to live in (own stack only). */
  moment?: number | null
}

/** What clients do, over HTTP alone. Each returns once the client is content with the answer. */
export type Guest = {
  book: (house: House, wish: Wish, manner?: Manner) => Promise<Deed>
  hold: (house: House, wish: Wish, manner?: Manner) => Promise<Deed>
  confirm: (house: House, seat: Seat, manner?: Manner) => Promise<Deed>
  extend: (house: House, seat: Seat, manner?: Manner) => Promise<Deed>
  release: (house: House, seat: Seat, manner?: Manner) => Promise<Deed>
  move: (house: House, seat: Seat, wish: Wish, manner?: Manner) => Promise<Deed>
  cancel: (house: House, seat: Seat, manner?: Manner) => Promise<Deed>
  /** Anything else, which must change nothing. */
  read: (house: House, path: string, method?: string, body?: unknown) => Promise<Deed>
}

let asked = 0

/**
 * A client that, with the same Idempotency-Key, asks again until it has an answer that is one. `impatience` says after
 * how many milliseconds an attempt hangs up; null: it waits. After `patience_ms` it goes without an answer.
 */
export function guestOf(
  arena: Arena,
  patience_ms: number,
  hear: (deed: Deed) => void,
  impatience: () => number | null,
): Guest {
  async function ask(method: string, about: Asked, manner: Manner, body?: unknown): Promise<Deed> {
    asked += 1
    const key = manner.key ?? `${about.house.name}:${asked}`
    const moment = manner.moment ?? null
    const headers: Record<string, string> = {
      authorization: `Bearer ${about.house.key}`,
      'idempotency-key': key,
      // The events carry it: how many effects a key had is counted there, and not in the table of kept answers.
      'x-request-id': key,
    }
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (moment !== null) headers['x-tableside-now'] = new Date(moment).toISOString()
    const text = body === undefined ? undefined : JSON.stringify(body)
    const sent_at = performance.now()
    const failures: string[] = []
    let answer = { status: 0, text: '' }
    for (let attempt = 1; performance.now() - sent_at < patience_ms; attempt++) {
      const asking = { method, path: about.path, headers, body: text, hangs_up_after_ms: impatience() }
      const reply = await arena.send(asking).catch((error: unknown) => nameOf(error))
      answer = typeof reply === 'string' ? { status: 0, text: reply } : reply
      if (answer.status > 0 && answer.status < 500) break
      // A 500 says that nobody knows what happened: to ask again would only hide it.
      if (answer.status === 500) break
      failures.push(answer.status === 0 ? answer.text : `${answer.status} ${readAnswer(answer.text).code}`)
      await sleep(Math.random() * Math.min(800, 50 * 2 ** attempt))
    }
    const deed = {
      ...about,
      key,
      moment,
      sent_at,
      answered_at: performance.now(),
      attempts: failures.length + (answer.status > 0 && answer.status < 501 ? 1 : 0),
      failures,
      ...answer,
      ...readAnswer(answer.text),
    }
    hear(deed)
    return deed
  }

  const step = (verb: Verb, method: string, house: House, seat: Seat, path: string, manner: Manner, body?: unknown) =>
    ask(method, { verb, house, path: `/api/reservations/${path}`, wish: null, subject: seat.id }, manner, body)

  return {
    book: (house, wish, manner = {}) => {
      const about = { verb: 'book', house, path: '/api/reservations', wish, subject: null } as const
      return ask('POST', about, manner, bookingOf(wish, manner.phone ?? phoneOf(asked), manner.shape ?? asked))
    },
    hold: (house, wish, manner = {}) => {
      const about = { verb: 'hold', house, path: '/api/reservations/holds', wish, subject: null } as const
      const { date, time, party, table_id } = wish
      return ask('POST', about, manner, { date, time, party_size: party, ...(table_id ? { table_id } : {}) })
    },
    confirm: (house, seat, manner = {}) => {
      const contact = { name: 'Holder', phone_number: manner.phone ?? phoneOf(asked) }
      return step('confirm', 'POST', house, seat, `holds/${seat.id}/confirm`, manner, contact)
    },
    extend: (house, seat, manner = {}) => step('extend', 'POST', house, seat, `holds/${seat.id}/extend`, manner),
    release: (house, seat, manner = {}) => step('release', 'DELETE', house, seat, `holds/${seat.id}`, manner),
    cancel: (house, seat, manner = {}) => step('cancel', 'DELETE', house, seat, seat.id, manner),
    move: (house, seat, wish, manner = {}) => {
      const about = { verb: 'move', house, path: `/api/reservations/${seat.id}`, wish, subject: seat.id } as const
      const { date, time, party, table_id } = wish
      const change = { reservation_date: date, reservation_time: time, party_size: party }
      return ask('PUT', about, manner, { ...change, ...(table_id ? { table_id } : {}) })
    },
    read: (house, path, method = 'GET', body) =>
      ask(method, { verb: 'read', house, path, wish: null, subject: null }, {}, body),
  }
}

type Asked = Pick<Deed, 'verb' | 'house' | 'path' | 'wish' | 'subject'>

/** The three shapes that a booking may have, in turn. */
function bookingOf(wish: Wish, phone_number: string, turn: number): Record<string, unknown> {
  const { date, time, party, table_id } = wish
  const who = { name: 'Guest', phone_number, ...(table_id ? { table_id } : {}) }
  if (turn % 3 === 0) return { ...who, reservation_date: date, reservation_time: time, party_size: party }
  if (turn % 3 === 1) return { ...who, date: `${date}T${time}:00${zone.offset}`, guests: party }
  return { ...who, date, time, party_size: party }
}

/** Everyone has a phone of their own, unless said. */
function phoneOf(turn: number): string {
  return `98${String(turn % 1_000_000).padStart(6, '0')}`
}

function nameOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : String(error)
}
