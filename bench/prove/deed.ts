import * as z from 'zod'
import { zone, type House } from './house.ts'

export type Verb = 'book' | 'hold' | 'move' | 'cancel' | 'confirm' | 'extend' | 'release' | 'read'

/** Where and when a party wants to sit, on the house's clock. */
export type Wish = { date: string; time: string; party: number; table_id?: string }

/** A seat as an answer states it; instants in milliseconds. */
export type Seat = {
  id: string
  version: number
  party: number
  starts_at: number
  ends_at: number
  tables: string[]
  status: string
  /** Of a hold that still is one. */
  expires_at: number | null
}

/** One request as its client lived it, from the first attempt to the answer it was content with. */
export type Deed = {
  verb: Verb
  house: House
  key: string
  path: string
  wish: Wish | null
  /** The reservation it was about; null where it was to make one. */
  subject: string | null
  /** The moment it claimed to live in; null for the present one. */
  moment: number | null
  /** Milliseconds of this process's clock. */
  sent_at: number
  answered_at: number
  attempts: number
  /** Attempts that got no answer, or one of the 5xx: `503 busy`, `ECONNRESET`. */
  failures: string[]
  /** 0 where it never got an answer. */
  status: number
  code: string | null
  seat: Seat | null
  text: string
}

/** By how much the clocks of a deployment and of its clients may differ. */
const clocks_differ_ms = 2_000

/** The moments the house may have taken for now: one where it was said, else any between question and answer. */
export function momentsOf(deed: Deed): { first: number; last: number } {
  if (deed.moment !== null) return { first: deed.moment, last: deed.moment }
  const { timeOrigin } = performance
  return { first: timeOrigin + deed.sent_at - clocks_differ_ms, last: timeOrigin + deed.answered_at + clocks_differ_ms }
}

export function instantOf(date: string, time: string): number {
  return Date.parse(`${date}T${time}:00${zone.offset}`)
}

const Table = z.object({ id: z.string() })
const Body = z.looseObject({ code: z.string().optional(), data: z.unknown().optional() })
const Seated = z.object({
  id: z.string().optional(),
  hold_id: z.string().optional(),
  version: z.int(),
  party_size: z.int(),
  starts_at: z.string(),
  ends_at: z.string(),
  tables: z.array(Table),
  status: z.string().default('held'),
  hold_expires_at: z.string().nullish(),
  expires_at: z.string().optional(),
})

/** What an answer says; the code of a problem, the seat of a reservation or hold. */
export function readAnswer(text: string): { code: string | null; seat: Seat | null } {
  const body = Body.safeParse(parseJson(text))
  if (!body.success) return { code: null, seat: null }
  const seated = Seated.safeParse(body.data.data)
  return { code: body.data.code ?? null, seat: seated.success ? seatOf(seated.data) : null }
}

function seatOf(seated: z.output<typeof Seated>): Seat {
  const expires = seated.expires_at ?? seated.hold_expires_at
  return {
    id: seated.id ?? seated.hold_id ?? '',
    version: seated.version,
    party: seated.party_size,
    starts_at: Date.parse(seated.starts_at),
    ends_at: Date.parse(seated.ends_at),
    tables: seated.tables.map((table) => table.id),
    status: seated.status,
    expires_at: expires ? Date.parse(expires) : null,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
