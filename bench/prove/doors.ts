import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import type { Arena } from './arena.ts'
import { readAnswer, type Deed, type Seat, type Verb, type Wish } from './deed.ts'
import type { House } from './house.ts'

/** How one attempt ended: as HTTP would say it, whatever the door's own envelope. */
export type Told = { status: number; code: string | null; output: Record<string, unknown>; text: string }
export type Manner = { key: string; moment: number | null }
export type Input = Record<string, unknown>

/** Somebody on a line: an agent who speaks through one door. */
export type Line = {
  door: string
  /** One attempt; rejects where no answer came. */
  ask: (operation: string, input: Input, manner: Manner) => Promise<Told>
  /** Where the door names what is said by itself: the name that the next thing said will have. */
  nextKey?: () => string
  /** Null where there is nothing to hang up: what nobody says yes to lapses by itself. */
  hangUp: ((manner: Manner) => Promise<Told>) | null
}
export type Door = {
  name: string
  open: (arena: Arena, house: House, phone: string, moment: number | null) => Promise<Line>
}

/** A table that is kept for somebody who has not said yes yet. */
export type Prepared = { line: Line; house: House; wish: Wish; phone: string; token: string; seat: Seat }

const patience_ms = 30_000
let asked = 0

function mannerOf(line: Line, house: House, moment: number | null): Manner {
  asked += 1
  return { key: line.nextKey?.() ?? `${house.name}:said:${asked}`, moment }
}

/** What agents do for their callers, in two steps. Each returns once there is an answer, and writes it down. */
export function agentOf(arena: Arena, hear: (deed: Deed) => void) {
  async function deedOf(
    about: Pick<Deed, 'verb' | 'house' | 'path' | 'wish' | 'subject'>,
    { key, moment }: Manner,
    attempt: () => Promise<Told>,
    seatOf: (told: Told) => Promise<Seat | null>,
  ): Promise<{ deed: Deed; told: Told }> {
    const sent_at = performance.now()
    const failures: string[] = []
    let told: Told = { status: 0, code: null, output: {}, text: '' }
    while (performance.now() - sent_at < patience_ms) {
      told = await attempt().catch((error: unknown) => ({ status: 0, code: null, output: {}, text: String(error) }))
      if ((told.status > 0 && told.status < 500) || told.status === 500) break
      failures.push(told.status === 0 ? told.text.slice(0, 200) : `${told.status} ${told.code}`)
      await sleep(Math.random() * Math.min(800, 50 * 2 ** failures.length))
    }
    const answered_at = performance.now()
    const { status, code, text } = told
    const seat = status > 0 && status < 300 ? await seatOf(told) : null
    const attempts = failures.length + (status > 0 && status < 501 ? 1 : 0)
    const deed: Deed = { ...about, key, moment, sent_at, answered_at, attempts, failures, status, code, seat, text }
    hear(deed)
    return { deed, told }
  }

  /** The row that an answer speaks of, as the house's own key sees it: agents are told less. */
  async function seatNow(house: House, id: string): Promise<Seat | null> {
    const headers = { authorization: `Bearer ${house.key}` }
    const { text } = await arena.send({ method: 'GET', path: `/api/reservations/${id}`, headers })
    return readAnswer(text).seat
  }

  /** Asks for a table and keeps it while it is read back; with `before`, for another one in its place. */
  async function prepare(
    line: Line,
    house: House,
    wish: Wish,
    phone: string,
    { moment = null, before }: { moment?: number | null; before?: Prepared } = {},
  ): Promise<Prepared | null> {
    const verb: Verb = before ? 'move' : 'hold'
    const about = { verb, house, path: line.door, wish, subject: before?.seat.id ?? null }
    const manner = mannerOf(line, house, moment)
    const { deed, told } = await deedOf(
      about,
      manner,
      () => line.ask('make_reservation', fieldsOf(wish, phone), manner),
      async ({ output }) => {
        const held = subjectOf(output['commit_token'])
        const seat = held && (await seatNow(house, held.id))
        // What is read back is this version of the hold and no other.
        return seat?.version === held?.version ? seat : null
      },
    )
    const token = told.output['commit_token']
    return deed.seat && typeof token === 'string' ? { line, house, wish, phone, token, seat: deed.seat } : null
  }

  /** The guest says yes; under one key, however often. */
  async function commit(
    kept: Prepared,
    { moment = null, key }: { moment?: number | null; key?: string } = {},
  ): Promise<Deed> {
    const { line, house, wish, phone, token, seat } = kept
    const manner = key === undefined ? mannerOf(line, house, moment) : { key, moment }
    const about = { verb: 'confirm', house, path: line.door, wish: null, subject: seat.id } as const
    const ask = () => line.ask('make_reservation', { ...fieldsOf(wish, phone), commit_token: token }, manner)
    return (await deedOf(about, manner, ask, () => seatNow(house, seat.id))).deed
  }

  /** The line goes dead before anybody said yes. */
  async function hangUp({ line, house, seat }: Prepared): Promise<Deed | null> {
    const { hangUp: end } = line
    if (end === null) return null
    const manner = mannerOf(line, house, null)
    const about = { verb: 'release', house, path: line.door, wish: null, subject: seat.id } as const
    return (
      await deedOf(
        about,
        manner,
        () => end(manner),
        () => seatNow(house, seat.id),
      )
    ).deed
  }

  return { prepare, commit, hangUp }
}
export type Agent = ReturnType<typeof agentOf>

function fieldsOf({ date, time, party }: Wish, phone: string): Input {
  return { date, time, party_size: party, name: 'Caller', phone }
}

/** What a token says openly of what it is for: seconds it ends, version and id, four, four and sixteen bytes. */
function subjectOf(token: unknown): { id: string; version: number } | null {
  if (typeof token !== 'string') return null
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length < 24) return null
  const hex = bytes.subarray(8, 24).toString('hex')
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  return { id, version: bytes.readUInt32BE(4) }
}

const Refused = z.object({ problem: z.looseObject({ status: z.int(), code: z.string() }) })

/** An operation's end, where a door gives it as the output or as `{problem}`. */
export function toldOf(answer: unknown, text: string): Told {
  const refused = Refused.safeParse(answer)
  if (refused.success) return { status: refused.data.problem.status, code: refused.data.problem.code, output: {}, text }
  const output = z.record(z.string(), z.unknown()).safeParse(answer)
  return { status: output.success ? 200 : 0, code: null, output: output.data ?? {}, text }
}

/** What must be asked again, or must never be, where a door says the code alone; a refusal of any other kind is one. */
export function statusOf(code: string): number {
  return { busy: 503, unavailable: 503, internal: 500 }[code] ?? 409
}

/** An answer that is HTTP's own: a problem, or that something was done. */
export function plainly({ status, text }: { status: number; text: string }): Told {
  return { status, code: readAnswer(text).code, output: {}, text }
}

/** Of all that is sent for one deed: how its events are found again, and the moment it claims to live in. */
export function headersOf({ key, moment }: Manner, bearer?: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'idempotency-key': key,
    'x-request-id': key,
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(moment === null ? {} : { 'x-tableside-now': new Date(moment).toISOString() }),
  }
}
