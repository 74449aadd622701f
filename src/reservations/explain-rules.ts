import { addDays, clock, daysBetween, isoWeekday, wallOf } from '../platform/time.ts'
import { closesAt, firstInstantAt, servicesOn, turnMinutes, type Service } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { offered } from './nearest-rules.ts'
import { type Arrival, type Ask, clockRefusals, demandRefusal, seatingOf, slotLoad } from './rules.ts'
import type { Claim, Explanation, RefusalCode } from './schema.ts'

export type BrokenRule = Explanation['rules'][number]
type Case = {
  restaurant: Restaurant
  arrival: Arrival
  service: Service | undefined
  claims: Claim[]
  ask: Ask
  area: string | null
  now: number
}

/** Every rule that refuses this moment, not only the first, each with its setting and the change that would lift it. */
export function brokenRules(one: Case): BrokenRule[] {
  const { restaurant, arrival, service, claims, ask, now } = one
  const codes: RefusalCode[] = clockRefusals(restaurant, arrival, service, ask.party_size, now)
  if (ask.refusal) codes.push(ask.refusal)
  const seating = service ? seatingOf(restaurant, arrival, service, ask.party_size) : null
  if (seating && !ask.refusal) {
    const { refusal } = demandRefusal(restaurant, claims, seating, ask.candidates, ask.party_size)
    if (refusal) codes.push(refusal)
    // A full kitchen may hide a full room.
    const room = { ...restaurant, settings: { ...restaurant.settings, pacing: noPacing } }
    const behind = demandRefusal(room, claims, seating, ask.candidates, ask.party_size).refusal
    if (behind && !codes.includes(behind)) codes.push(behind)
  }
  return codes.map((code) => ({ rule: code, ...explained(code, one, seating) }))
}

const noPacing = { max_covers_per_slot: null, max_parties_per_slot: null }

type Told = Omit<BrokenRule, 'rule'>

function set(name: string, value: unknown, because: string, to: unknown, sentence: string): Told {
  const setting = `settings.${name}`
  return { setting, value, because, change: { setting, to, sentence } }
}

function explained(code: RefusalCode, one: Case, seating: ReturnType<typeof seatingOf> | null): Told {
  const { restaurant, arrival, ask, now } = one
  const { settings } = restaurant
  switch (code) {
    case 'in_past':
      return { setting: 'now', value: new Date(now).toISOString(), because: 'that time has passed', change: null }
    case 'too_soon': {
      const least = Math.max(0, Math.floor((arrival.at - now) / 60_000))
      const because = `bookings are taken until ${settings.min_notice_minutes} minutes before`
      return set(
        'min_notice_minutes',
        settings.min_notice_minutes,
        because,
        least,
        `Set the shortest notice to ${least} minutes.`,
      )
    }
    case 'too_far_ahead': {
      const days = daysBetween(wallOf(now, restaurant.timezone).date, arrival.date)
      const because = `bookings are taken ${settings.horizon_days} days ahead`
      return set('horizon_days', settings.horizon_days, because, days, `Take bookings ${days} days ahead.`)
    }
    case 'closed':
      return closedTold(one)
    case 'past_closing':
      return pastClosingTold(one)
    case 'after_last_seating': {
      const closing = one.service ? closesAt(restaurant, one.service) : arrival.at
      const least = Math.max(0, Math.floor((closing - arrival.at) / 60_000))
      const because = `the last seating is ${settings.last_seating_minutes} minutes before closing`
      return set(
        'last_seating_minutes',
        settings.last_seating_minutes,
        because,
        least,
        `Seat until ${least} minutes before closing.`,
      )
    }
    case 'party_too_large': {
      const because = `the largest party is ${settings.max_party}`
      return set('max_party', settings.max_party, because, ask.party_size, `Take parties of ${ask.party_size}.`)
    }
    case 'no_table_fits':
      return noTableTold(one)
    case 'pacing_covers': {
      const most = settings.pacing.max_covers_per_slot
      const to = (seating ? slotLoad(one.claims, seating).covers : 0) + ask.party_size
      const because = `the kitchen takes ${most} covers in ${settings.slot_minutes} minutes`
      return set('pacing.max_covers_per_slot', most, because, to, `Take ${to} covers a slot.`)
    }
    case 'pacing_parties': {
      const most = settings.pacing.max_parties_per_slot
      const to = (seating ? slotLoad(one.claims, seating).parties : 0) + 1
      const because = `${most} ${most === 1 ? 'party is' : 'parties are'} seated in ${settings.slot_minutes} minutes`
      return set('pacing.max_parties_per_slot', most, because, to, `Seat ${to} parties a slot.`)
    }
    case 'sold_out':
      return soldOutTold(one, seating)
    default:
      return { setting: 'restaurant', value: null, because: code.replaceAll('_', ' '), change: null }
  }
}

function closedTold({ restaurant, arrival, ask }: Case): Told {
  const special = restaurant.special_days.find((day) => day.date === arrival.date)
  const setting = special ? `special_days.${arrival.date}` : `hours.${isoWeekday(arrival.date)}`
  const services = servicesOn(restaurant, arrival.date)
  const late = closedBefore(restaurant, arrival)
  if (late) return lateTold(restaurant, arrival, late, ask.party_size)
  const opening = services.map((one) => `${clock(one.opens_minute)} to ${clock(one.closes_minute)}`).join(' and ')
  const why = special?.reason ? ` (${special.reason})` : ''
  const because = services.length > 0 ? `the house is open from ${opening}${why}` : `the house is closed that day${why}`
  const at = clock(arrival.minute)
  return {
    setting,
    value: opening || 'closed',
    because,
    change: { setting, to: `open at ${at}`, sentence: `Open at ${at} that day.` },
  }
}

/** The service that is over by then, where that is nearer than the one to come. */
function closedBefore(restaurant: Restaurant, { at, date }: Arrival): Service | undefined {
  const closing = (service: Service): number => closesAt(restaurant, service)
  const opening = (service: Service): number => firstInstantAt(service.date, service.opens_minute, restaurant.timezone)
  const around = [addDays(date, -1), date].flatMap((day) => servicesOn(restaurant, day))
  const over = around.filter((one) => closing(one) <= at).toSorted((a, b) => closing(b) - closing(a))[0]
  const next = Math.min(...around.map(opening).filter((instant) => instant > at))
  return over && at - closing(over) < Math.min(next - at, longestOvertime) ? over : undefined
}

// Further from closing than this one asks about another meal, or another day.
const longestOvertime = 4 * 60 * 60_000

function lateTold(restaurant: Restaurant, arrival: Arrival, service: Service, party_size: number): Told {
  const closes = clock(service.closes_minute)
  const leaves = arrival.at + turnMinutes(restaurant.settings, party_size) * 60_000
  const until = clock(wallOf(leaves, restaurant.timezone).minute)
  const special = restaurant.special_days.some((day) => day.date === service.date)
  const setting = special ? `special_days.${service.date}` : `hours.${isoWeekday(service.date)}`
  return {
    setting,
    value: `${clock(service.opens_minute)} to ${closes}`,
    because: `the house closes at ${closes}`,
    change: { setting, to: `close at ${until}`, sentence: `Stay open until ${until} that night.` },
  }
}

function pastClosingTold({ restaurant, arrival, service, ask }: Case): Told {
  const closing = service ? closesAt(restaurant, service) : arrival.at
  const turn = turnMinutes(restaurant.settings, ask.party_size)
  const closes = clock(wallOf(closing, restaurant.timezone).minute)
  const least = Math.max(15, Math.floor((closing - arrival.at) / 60_000))
  return {
    setting: 'settings.turn_rules',
    value: turn,
    because: `a party of ${ask.party_size} stays ${turn} minutes and the house closes at ${closes}`,
    change: {
      setting: 'settings.turn_rules',
      to: least,
      sentence: `Plan ${least} minutes for a party of ${ask.party_size}.`,
    },
  }
}

function noTableTold({ restaurant, ask, area }: Case): Told {
  const usable = restaurant.tables.filter(
    (table) => table.enabled && (!area || table.area?.toLowerCase() === area.toLowerCase()),
  )
  const largest = Math.max(0, ...usable.map((table) => table.seats))
  const where = area ? ` in ${area}` : ''
  const because =
    largest >= ask.party_size
      ? `the tables${where} that seat ${ask.party_size} are kept for larger parties`
      : `the largest table${where} seats ${largest}, and no combination seats ${ask.party_size}`
  const sentence = area ? 'Sit in another area.' : `Make tables joinable that together seat ${ask.party_size}.`
  return {
    setting: 'combinations',
    value: largest,
    because,
    change: { setting: 'combinations', to: ask.party_size, sentence },
  }
}

/** The fewest minutes until one of the tables that fit is free again, as far as the day's claims say. */
function soldOutTold({ restaurant, claims, ask }: Case, seating: ReturnType<typeof seatingOf> | null): Told {
  const told = { setting: 'tables', value: ask.candidates.length, because: 'every table that fits is taken' }
  if (!seating) return { ...told, change: null }
  const until = seating.ends_at + seating.buffer_minutes * 60_000
  const freeAt = ask.candidates.map((candidate) =>
    Math.max(
      ...claims
        .filter(
          (one) =>
            candidate.table_ids.includes(one.table_id) && one.starts_at < until && one.ends_at > seating.starts_at,
        )
        .map((one) => one.ends_at),
    ),
  )
  const first = Math.min(...freeAt)
  if (!Number.isFinite(first)) return { ...told, change: null }
  const at = clock(wallOf(first, restaurant.timezone).minute)
  return {
    ...told,
    because: `all ${ask.candidates.length} tables that fit are taken; the first is free again at ${at}`,
    change: {
      setting: 'tables',
      to: ask.candidates.length + 1,
      sentence: `Free one table, or add one that seats ${ask.party_size}.`,
    },
  }
}

/** All of it in a sentence a voice can speak. */
export function explanationSentence(
  asked: { time: string; guests: number },
  rules: BrokenRule[],
  nearest: { date: string; time: string }[],
  date: string,
): string {
  const party = asked.guests === 1 ? 'one person' : `${asked.guests} people`
  if (rules.length === 0) return `Yes, ${asked.time} for ${party} can be booked.`
  const reasons = rules.map((rule) => rule.because).join(', and ')
  const offer = offered(nearest, date)
  return `${asked.time} for ${party} cannot be booked because ${reasons}${offer ? `; I could offer ${offer}` : ''}.`
}
