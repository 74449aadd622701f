import { turnMinutes } from '../../restaurants/rules.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { clock, wallOf } from '../../platform/time.ts'
import type { Candidate } from '../tables-rules.ts'
import { seatableFrom, waitCandidates, type WaitWish } from './rules.ts'
import type { Quote } from './schema.ts'

const minuteMs = 60_000

/** A claim on a table of today; `seated_at` where somebody sits there. Milliseconds. */
export type LiveClaim = {
  table_id: string
  starts_at: number
  ends_at: number
  seated_at: number | null
  party_size: number | null
}
/** How long parties of a size really stay: one in four is shorter than `short_minutes`, one in four longer than `long_minutes`. */
export type TurnLength = { party_size: number; short_minutes: number; median_minutes: number; long_minutes: number }
/** The floor as it is: what a quote is reckoned from. `queue` in fair order. */
export type Floor = {
  claims: LiveClaim[]
  /** Tables where somebody sits past its time. */
  overstayed: string[]
  queue: (WaitWish & { id: string })[]
  turns: TurnLength[]
}

type Mood = 'hopeful' | 'careful'
type Taken = { from: number; to: number }
type Tables = Map<string, Taken[]>

/** Without figures of its own, a house is quoted a fifth less, and a sixth more, than its planned turns. */
const factor = { hopeful: 0.8, careful: 1.15 }
/** Somebody whose time is over goes in five minutes, or in twenty. */
const goesIn = { hopeful: 5 * minuteMs, careful: 20 * minuteMs }

/** How long a party of this size keeps a table, as hope or care has it; never less than ten minutes. */
export function stayMinutes(
  settings: Restaurant['settings'],
  turns: TurnLength[],
  party_size: number,
  mood: Mood,
): number {
  const known = turns.find((one) => one.party_size === party_size)
  if (known)
    return Math.max(10, mood === 'hopeful' ? known.short_minutes : Math.max(known.long_minutes, known.short_minutes))
  return Math.max(10, turnMinutes(settings, party_size) * factor[mood])
}

/** R122. When each table is taken from now on: a party that sits goes when such parties go, one to come stays its plan. */
function tablesTaken(restaurant: Restaurant, floor: Floor, now: number, mood: Mood): Tables {
  const taken: Tables = new Map()
  const add = (table_id: string, from: number, to: number): void => {
    if (to > now) taken.set(table_id, [...(taken.get(table_id) ?? []), { from, to }])
  }
  for (const claim of floor.claims) {
    if (claim.seated_at === null) {
      add(claim.table_id, claim.starts_at, claim.ends_at)
      continue
    }
    const planned = (claim.ends_at - claim.starts_at) / minuteMs
    const stays =
      claim.party_size === null
        ? planned * factor[mood]
        : Math.min(
            stayMinutes(restaurant.settings, floor.turns, claim.party_size, mood),
            mood === 'hopeful' ? planned : Infinity,
          )
    const goes = claim.seated_at + (stays + restaurant.settings.buffer_minutes) * minuteMs
    add(claim.table_id, Math.min(claim.starts_at, now), goes > now ? goes : now + goesIn[mood])
  }
  for (const table_id of floor.overstayed) add(table_id, now, now + goesIn[mood])
  return taken
}

type Fit = { at: number; table_ids: string[] }

/** The earliest moment at which one of these is free for the whole turn; among equals the best fit. Null: not today. */
function earliestFit(
  tables: Tables,
  candidates: Candidate[],
  from: number,
  until: number,
  keepsMs: number,
): Fit | null {
  let best: Fit | null = null
  for (const { table_ids } of candidates) {
    const taken = table_ids.flatMap((id) => tables.get(id) ?? [])
    const moments = [from, ...taken.map((one) => one.to)].filter(
      (at) => at >= from && at <= until && (!best || at < best.at),
    )
    for (const at of moments.toSorted((a, b) => a - b)) {
      if (taken.some((one) => one.from < at + keepsMs && one.to > at)) continue
      best = { at, table_ids }
      break
    }
    if (best?.at === from) break
  }
  return best
}

/**
 * R123. The wait of each in a queue in its order, in minutes: those ahead take the tables first as they come free. Nobody
 * gives up what it took for who comes later, so one more at the end of those ahead never shortens a wait.
 */
function waits(
  restaurant: Restaurant,
  floor: Floor,
  asked: WaitWish[],
  now: number,
  mood: Mood,
): { minutes: number | null; table_ids: string[] }[] {
  const { settings } = restaurant
  const tables = tablesTaken(restaurant, floor, now, mood)
  return asked.map((wish) => {
    const keepsMs = (turnMinutes(settings, wish.party_size) + settings.buffer_minutes) * minuteMs
    const hours = seatableFrom(restaurant, wish.party_size, now)
    const fit = hours && earliestFit(tables, waitCandidates(restaurant, wish), hours.from, hours.until, keepsMs)
    if (!fit) return { minutes: null, table_ids: [] }
    const stays = stayMinutes(settings, floor.turns, wish.party_size, mood) + settings.buffer_minutes
    for (const id of fit.table_ids)
      tables.set(id, [...(tables.get(id) ?? []), { from: fit.at, to: fit.at + stays * minuteMs }])
    return { minutes: (fit.at - now) / minuteMs, table_ids: fit.table_ids }
  })
}

/** R124. The quotes of a queue in its order, as ranges in steps of five minutes. `now` in milliseconds. */
export function quotesOf(restaurant: Restaurant, floor: Floor, asked: WaitWish[], now: number): Quote[] {
  const hopeful = waits(restaurant, floor, asked, now, 'hopeful')
  const careful = waits(restaurant, floor, asked, now, 'careful')
  return asked.map((wish, i) => {
    const soonest = hopeful[i]?.minutes ?? null
    if (soonest === null) return unseatable(restaurant, wish, now)
    const hours = seatableFrom(restaurant, wish.party_size, now)
    const latest = careful[i]?.minutes ?? (hours ? (hours.until - now) / minuteMs : soonest)
    const min_minutes = Math.floor(soonest / 5) * 5
    const max_minutes = Math.ceil(Math.max(latest, soonest) / 5) * 5
    const number = restaurant.tables.find((table) => table.id === careful[i]?.table_ids[0])?.number
    return { min_minutes, max_minutes, explanation: explained(restaurant, i, min_minutes, max_minutes, number, now) }
  })
}

/** The quote of one who would join now, behind everybody. */
export function quoteFor(restaurant: Restaurant, floor: Floor, wish: WaitWish, now: number): Quote {
  const quotes = quotesOf(restaurant, floor, [...floor.queue, wish], now)
  return quotes.at(-1) ?? unseatable(restaurant, wish, now)
}

function unseatable(restaurant: Restaurant, wish: WaitWish, now: number): Quote {
  const none = { min_minutes: null, max_minutes: null }
  if (waitCandidates(restaurant, wish).length === 0)
    return { ...none, explanation: `No table here seats a party of ${wish.party_size} as asked.` }
  if (!seatableFrom(restaurant, wish.party_size, now))
    return { ...none, explanation: `It is too late today to seat a party of ${wish.party_size} before closing.` }
  return { ...none, explanation: `No table for ${wish.party_size} is expected to come free before closing.` }
}

function explained(
  restaurant: Restaurant,
  ahead: number,
  min: number,
  max: number,
  table: string | undefined,
  now: number,
): string {
  const queue = ahead === 0 ? 'Nobody is ahead' : ahead === 1 ? 'One party is ahead' : `${ahead} parties are ahead`
  if (max === 0) return ahead === 0 ? 'A table is free now.' : `${queue}, and there is a table for each.`
  const at = (minutes: number): string => clock(wallOf(now + minutes * minuteMs, restaurant.timezone).minute)
  const when = min === max ? `about ${at(max)}` : `between ${at(min)} and ${at(max)}`
  return `${queue}; ${table === undefined ? 'a table' : `table ${table}`} should be ready ${when}.`
}
