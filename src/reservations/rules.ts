import { closesAt, firstInstantAt, serviceAt, servicesOn, turnMinutes, type Service } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { addDays, clock, instantOf, minutesOf, wallOf } from '../platform/time.ts'
import { busyTables, candidateTables, partiesThatFit, roomRefusal, type Candidate } from './tables-rules.ts'
import type { BookingRequest, Claim, Moment, RefusalCode, Status } from './schema.ts'

const minuteMs = 60_000

/** A moment found on the house's clock; instants in milliseconds, minutes from the local midnight of `date`. */
export type Arrival = { at: number; date: string; minute: number; twice: boolean }

/** R7. A wall time is taken as people mean it: none in the hour the clocks skip, the first of two where they repeat. */
export function arrivalOf(moment: Moment, timezone: string): Arrival | null {
  if ('at' in moment) return { at: moment.at, ...wallOf(moment.at, timezone), twice: false }
  const minute = minutesOf(moment.time)
  const resolved = instantOf(moment.date, minute, timezone)
  if (resolved.kind === 'gap') return null
  return { at: resolved.at, date: moment.date, minute, twice: resolved.kind === 'twice' }
}

/** What a party of this size would take if it came then. */
export type Seating = {
  starts_at: number
  ends_at: number
  buffer_minutes: number
  /** Pacing counts what starts in this slot of the service. */
  slot_starts_at: number
  slot_ends_at: number
}

export function seatingOf(restaurant: Restaurant, arrival: Arrival, service: Service, party_size: number): Seating {
  const { settings, timezone } = restaurant
  const opensAt = firstInstantAt(service.date, service.opens_minute, timezone)
  const slotMs = settings.slot_minutes * minuteMs
  const slot_starts_at = opensAt + Math.floor((arrival.at - opensAt) / slotMs) * slotMs
  return {
    starts_at: arrival.at,
    ends_at: arrival.at + turnMinutes(settings, party_size) * minuteMs,
    buffer_minutes: settings.buffer_minutes,
    slot_starts_at,
    slot_ends_at: slot_starts_at + slotMs,
  }
}

/**
 * R8–R13. The rules of the clock that refuse this arrival, the most telling first; `service` is the one it falls in.
 * `now` in milliseconds.
 */
export function clockRefusals(
  restaurant: Restaurant,
  arrival: Arrival,
  service: Service | undefined,
  party_size: number,
  now: number,
): RefusalCode[] {
  const { settings } = restaurant
  const refusals: RefusalCode[] = []
  if (arrival.at < now) refusals.push('in_past')
  else if (arrival.at < now + settings.min_notice_minutes * minuteMs) refusals.push('too_soon')
  if (isTooFar(arrival, restaurant, now)) refusals.push('too_far_ahead')
  if (!service) return [...refusals, 'closed']
  const closing = closesAt(restaurant, service)
  if (arrival.at + turnMinutes(settings, party_size) * minuteMs > closing) refusals.push('past_closing')
  if (arrival.at > closing - settings.last_seating_minutes * minuteMs) refusals.push('after_last_seating')
  return refusals
}

/** By local dates; what is days nearer than the horizon is not looked at more closely. */
function isTooFar(arrival: Arrival, { settings, timezone }: Restaurant, now: number): boolean {
  if (arrival.at - now < (settings.horizon_days - 2) * 1440 * minuteMs) return false
  return arrival.date > addDays(wallOf(now, timezone).date, settings.horizon_days)
}

/** What the day's claims refuse: a full kitchen, or no table free. `parties` is how many could still be seated. */
export function demandRefusal(
  restaurant: Restaurant,
  claims: Claim[],
  seating: Seating,
  candidates: Candidate[],
  party_size: number,
): { refusal: RefusalCode | null; parties: number } {
  const { max_covers_per_slot, max_parties_per_slot } = restaurant.settings.pacing
  if (max_covers_per_slot !== null || max_parties_per_slot !== null) {
    const load = slotLoad(claims, seating)
    if (max_parties_per_slot !== null && load.parties + 1 > max_parties_per_slot)
      return { refusal: 'pacing_parties', parties: 0 }
    if (max_covers_per_slot !== null && load.covers + party_size > max_covers_per_slot)
      return { refusal: 'pacing_covers', parties: 0 }
  }
  const parties = partiesThatFit(candidates, busyTables(claims, seating))
  return { refusal: parties === 0 ? 'sold_out' : null, parties }
}

/** R14. Covers and parties that already start in the slot. */
export function slotLoad(claims: Claim[], seating: Seating): { covers: number; parties: number } {
  let covers = 0
  let parties = 0
  for (const claim of claims) {
    if (claim.starts_at < seating.slot_starts_at || claim.starts_at >= seating.slot_ends_at) continue
    covers += claim.covers
    if (claim.covers > 0) parties += 1
  }
  return { covers, parties }
}

export type SeatingPlan = Seating & {
  party_size: number
  /** The tables it has already, where they still fit. */
  preferred: string[] | null
  /** Tables that seat it, in order of fit; more than one id is a combination. */
  candidates: string[][]
  max_covers: number | null
  max_parties: number | null
  /** The wall time occurs twice that night, and the first was taken. */
  twice: boolean
}
export type Decision = { plan: SeatingPlan } | { refusal: RefusalCode }

/** Whether a request can be tried, and where: the tables in order of fit. What is taken, only the database knows. */
export function decideBooking(request: BookingRequest, restaurant: Restaurant, now: number): Decision {
  const arrival = arrivalOf(request.moment, restaurant.timezone)
  if (!arrival) return { refusal: 'nonexistent_time' }
  const candidates = candidateTables(restaurant, request)
  const room = roomRefusal(restaurant, request, candidates)
  const service = serviceAt(restaurant, arrival.date, arrival.minute)
  const [first] = clockRefusals(restaurant, arrival, service, request.party_size, now)
  if (first || room || !service) return { refusal: first ?? room ?? 'closed' }
  const { max_covers_per_slot, max_parties_per_slot } = restaurant.settings.pacing
  return {
    plan: {
      ...seatingOf(restaurant, arrival, service, request.party_size),
      party_size: request.party_size,
      preferred: null,
      candidates: candidates.map((candidate) => candidate.table_ids),
      max_covers: max_covers_per_slot,
      max_parties: max_parties_per_slot,
      twice: arrival.twice,
    },
  }
}

/**
 * A change that moves the party is decided as a booking, with the tables it has first: a party that comes an hour later
 * keeps its table where it can. One that moves nothing is not asked whether it may be there.
 */
export function decideChange(
  request: BookingRequest,
  row: { starts_at: string; ends_at: string; buffer_minutes: number; party_size: number; tables: { id: string }[] },
  moves: boolean,
  restaurant: Restaurant,
  now: number,
): Decision {
  const kept = row.tables.map((table) => table.id)
  if (moves) {
    const decision = decideBooking(request, restaurant, now)
    if ('refusal' in decision || request.table_id) return decision
    const fits = decision.plan.candidates.some((candidate) => sameTables(candidate, kept))
    return { plan: { ...decision.plan, preferred: fits ? kept : null } }
  }
  const starts_at = Date.parse(row.starts_at)
  return {
    plan: {
      starts_at,
      ends_at: Date.parse(row.ends_at),
      buffer_minutes: row.buffer_minutes,
      slot_starts_at: starts_at,
      slot_ends_at: starts_at + 1,
      party_size: row.party_size,
      preferred: kept,
      candidates: [],
      max_covers: null,
      max_parties: null,
      twice: false,
    },
  }
}

function sameTables(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id))
}

export type DaySlot = { arrival: Arrival; service: Service }

/** R15. The slots whose wall date this is: every `slot_minutes` from each opening, past midnight on the next date. */
export function slotsOn(restaurant: Restaurant, date: string): DaySlot[] {
  const today = servicesOn(restaurant, date)
  const slots: DaySlot[] = []
  const add = (service: Service, minute: number): void => {
    const arrival = arrivalOf({ date, time: clock(minute) }, restaurant.timezone)
    if (arrival) slots.push({ arrival, service })
  }
  const step = restaurant.settings.slot_minutes
  for (const service of servicesOn(restaurant, addDays(date, -1))) {
    for (let at = service.opens_minute; at < service.closes_minute; at += step) {
      const minute = at - 1440
      // Where an evening runs into the morning after, a time is in both services and belongs to the later.
      const taken = today.some((one) => one.opens_minute <= minute && minute < one.closes_minute)
      if (minute >= 0 && !taken) add(service, minute)
    }
  }
  for (const service of today) {
    for (let at = service.opens_minute; at < Math.min(1440, service.closes_minute); at += step) add(service, at)
  }
  return slots.toSorted((a, b) => a.arrival.at - b.arrival.at)
}

/** The most minutes from an arrival on whose claims decide about it: those of its stay, and of its slot of pacing. */
export function longestLook({ turn_rules, buffer_minutes, slot_minutes }: Restaurant['settings']): number {
  return Math.max(slot_minutes, Math.max(...turn_rules.map((rule) => rule.minutes)) + buffer_minutes)
}

/** The service days whose claims could touch anything that starts on these local dates, without those between. */
export function serviceDaysToRead(restaurant: Restaurant, dates: string[]): string[] {
  const tail = longestLook(restaurant.settings)
  const days = new Set<string>()
  for (const date of dates) {
    // A service day begins at five, so midnight belongs to the day before, and so does whoever still sits then: a claim of
    // the day before that one is over by midnight (R293). The two hours are the most that the clocks may change in between.
    const last = Math.floor((1440 + tail - 5 * 60 + 120) / 1440)
    for (let day = -1; day <= last; day++) days.add(addDays(date, day))
  }
  return [...days].toSorted()
}

/** What is asked of every slot of a day, worked out once. */
export type Ask = { party_size: number; candidates: Candidate[]; refusal: RefusalCode | null }
export function askOf(restaurant: Restaurant, wish: Pick<BookingRequest, 'party_size' | 'area'>): Ask {
  const whole = { ...wish, table_id: null }
  const candidates = candidateTables(restaurant, whole)
  return {
    party_size: wish.party_size,
    candidates,
    refusal: roomRefusal(restaurant, whole, candidates),
  }
}

export type SlotAvailability = { time: string; at: number; parties: number; reason: RefusalCode | null }

/** One moment against the claims of its day: how many such parties could still be seated, and the first rule against. */
export function availabilityAt(
  restaurant: Restaurant,
  claims: Claim[],
  slot: { arrival: Arrival; service: Service | undefined },
  ask: Ask,
  now: number,
): SlotAvailability {
  const { arrival, service } = slot
  const at = { time: clock(arrival.minute), at: arrival.at }
  const [first] = clockRefusals(restaurant, arrival, service, ask.party_size, now)
  if (first || ask.refusal || !service) return { ...at, parties: 0, reason: first ?? ask.refusal ?? 'closed' }
  const seating = seatingOf(restaurant, arrival, service, ask.party_size)
  const { refusal, parties } = demandRefusal(restaurant, claims, seating, ask.candidates, ask.party_size)
  return { ...at, parties, reason: refusal }
}

// Somebody earlier sits at no table yet: `came_early` of the migrations takes it for no longer.
const earliestSeating = 4 * 60

/**
 * The life of a reservation: from which states each step may be taken, what it becomes, and (R301) how many minutes before
 * its time it can be taken at the earliest; null: at any time.
 */
export const steps = {
  confirm: { from: ['pending'], to: 'confirmed', early_minutes: null },
  seat: { from: ['pending', 'confirmed', 'no_show'], to: 'seated', early_minutes: earliestSeating },
  complete: { from: ['seated'], to: 'completed', early_minutes: null },
  'no-show': { from: ['pending', 'confirmed'], to: 'no_show', early_minutes: 0 },
  late: { from: ['pending', 'confirmed'], to: null, early_minutes: null },
  cancel: { from: ['held', 'pending', 'confirmed'], to: 'cancelled', early_minutes: null },
  release: { from: ['held'], to: 'cancelled', early_minutes: null },
  extend: { from: ['held'], to: null, early_minutes: null },
} as const satisfies Record<string, { from: readonly Status[]; to: Status | null; early_minutes: number | null }>
export type Step = keyof typeof steps
