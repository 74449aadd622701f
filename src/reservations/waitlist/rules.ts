import { closesAt, firstInstantAt, serviceAt, servicesOn, turnMinutes } from '../../restaurants/rules.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { addDays, minutesOf, wallOf } from '../../platform/time.ts'
import { arrivalOf, clockRefusals, seatingOf, slotsOn, type Arrival } from '../rules.ts'
import type { RefusalCode } from '../schema.ts'
import { candidateTables, type Candidate } from '../tables-rules.ts'
import type { WaitStatus } from './schema.ts'

const minuteMs = 60_000

/** What a party in the queue asks for. */
export type WaitWish = { party_size: number; area: string | null; accepts_bar: boolean | null }

/** The service day of an instant, as `service_day` in the migrations: a day begins at five in the morning. */
export function serviceDayOf(at: number, timezone: string): string {
  const wall = wallOf(at, timezone)
  return wall.minute < 5 * 60 ? addDays(wall.date, -1) : wall.date
}

/** R121. Tables that fit, in order of fit. Whoever takes the bar has it besides the area; whoever does not, never. */
export function waitCandidates(restaurant: Restaurant, wish: WaitWish, table_id: string | null = null): Candidate[] {
  const { party_size, area, accepts_bar } = wish
  const asked = candidateTables(restaurant, { party_size, area: table_id ? null : area, table_id })
  if (table_id || accepts_bar === null) return asked
  if (accepts_bar) return area === null ? asked : [...asked, ...candidateTables(restaurant, { ...barOf(wish) })]
  const bar = new Set(restaurant.tables.filter((table) => isBar(table.area)).map((table) => table.id))
  return asked.filter((one) => !one.table_ids.some((id) => bar.has(id)))
}

const isBar = (area: string | null): boolean => area?.toLowerCase() === 'bar'
const barOf = ({ party_size }: WaitWish): { party_size: number; area: string; table_id: null } => ({
  party_size,
  area: 'bar',
  table_id: null,
})

/** A seating to try, with the names of `booking_plan`; or the rule of the clock against it. */
export type WaitSeating =
  | {
      starts_at: string
      ends_at: string
      buffer_minutes: number
      slot_starts_at: string
      slot_ends_at: string
      /** Null: it is seated at once. */
      hold_expires_at: string | null
      max_covers: number | null
      max_parties: number | null
    }
  | { starts_at: string; refusal: RefusalCode }

/** A wish with its tables and the moments to try, as `seating_for` in the migrations reads it. */
export type WaitAsk = WaitWish & { singles: string[]; combined: string[][]; seatings: WaitSeating[] }

const iso = (at: number): string => new Date(at).toISOString()

/** How a party would be seated from now on. `host`: the host asks, whom neither pacing nor closing time stops. */
export function askOfNow(
  restaurant: Restaurant,
  wish: WaitWish,
  now: number,
  host: { table_id: string | null; turn_minutes: number | null; seats: boolean } | null = null,
): WaitAsk {
  const expires = now + restaurant.settings.waitlist_offer_minutes * minuteMs
  const seating = seatingAt(
    restaurant,
    wish,
    { at: now, ...wallOf(now, restaurant.timezone), twice: false },
    now,
    expires,
  )
  if (!host) return { ...wishOf(wish), ...tablesFor(restaurant, wish, null), seatings: [seating] }
  const turn = (host.turn_minutes ?? turnMinutes(restaurant.settings, wish.party_size)) * minuteMs
  const free = {
    starts_at: iso(now),
    ends_at: iso(now + turn),
    buffer_minutes: restaurant.settings.buffer_minutes,
    slot_starts_at: iso(now),
    slot_ends_at: iso(now + minuteMs),
    hold_expires_at: host.seats ? null : iso(expires),
    max_covers: null,
    max_parties: null,
  }
  return { ...wishOf(wish), ...tablesFor(restaurant, wish, host.table_id), seatings: [free] }
}

/** R130. The moments of a day to come to try, the earliest first: its slots, and the beginnings of the windows asked for. */
export function askOfDay(
  restaurant: Restaurant,
  wish: WaitWish,
  windows: { starts_at: number; ends_at: number }[],
  now: number,
  table_id: string | null = null,
): WaitAsk {
  const { timezone } = restaurant
  const dates = new Set(
    windows.flatMap(({ starts_at, ends_at }) => [starts_at, ends_at].map((at) => wallOf(at, timezone).date)),
  )
  const times = new Set(windows.map(({ starts_at }) => starts_at))
  for (const date of dates) {
    for (const { arrival } of slotsOn(restaurant, date)) {
      if (windows.some((one) => one.starts_at <= arrival.at && arrival.at <= one.ends_at)) times.add(arrival.at)
    }
  }
  const seatings = [...times]
    .toSorted((a, b) => a - b)
    .map((at) => {
      const expires = futureOfferExpiry(restaurant, at, now)
      const arrival = { at, ...wallOf(at, timezone), twice: false }
      // An offer nobody could answer in time is none.
      if (expires < now + restaurant.settings.waitlist_offer_minutes * minuteMs)
        return { starts_at: iso(at), refusal: 'too_soon' as const }
      return seatingAt(restaurant, wish, arrival, now, expires)
    })
  return { ...wishOf(wish), ...tablesFor(restaurant, wish, table_id), seatings }
}

function seatingAt(
  restaurant: Restaurant,
  wish: WaitWish,
  arrival: Arrival,
  now: number,
  expires: number,
): WaitSeating {
  const service = serviceAt(restaurant, arrival.date, arrival.minute)
  const [refusal] = clockRefusals(restaurant, arrival, service, wish.party_size, now).filter(
    // Who stands at the door gives no notice.
    (one) => arrival.at !== now || one !== 'too_soon',
  )
  if (refusal || !service) return { starts_at: iso(arrival.at), refusal: refusal ?? 'closed' }
  const { max_covers_per_slot, max_parties_per_slot } = restaurant.settings.pacing
  const { starts_at, ends_at, buffer_minutes, slot_starts_at, slot_ends_at } = seatingOf(
    restaurant,
    arrival,
    service,
    wish.party_size,
  )
  return {
    starts_at: iso(starts_at),
    ends_at: iso(ends_at),
    buffer_minutes,
    slot_starts_at: iso(slot_starts_at),
    slot_ends_at: iso(slot_ends_at),
    hold_expires_at: iso(expires),
    max_covers: max_covers_per_slot,
    max_parties: max_parties_per_slot,
  }
}

function tablesFor(
  restaurant: Restaurant,
  wish: WaitWish,
  table_id: string | null,
): Pick<WaitAsk, 'singles' | 'combined'> {
  const candidates = waitCandidates(restaurant, wish, table_id)
  return {
    singles: candidates.flatMap(({ table_ids }) => (table_ids.length === 1 ? table_ids : [])),
    combined: candidates.flatMap(({ table_ids }) => (table_ids.length > 1 ? [table_ids] : [])),
  }
}

const wishOf = ({ party_size, area, accepts_bar }: WaitWish): WaitWish => ({ party_size, area, accepts_bar })

const longer = 6
const night = { from: 22 * 60, to: 9 * 60 }

/**
 * R131. An offer for a day to come is held six times as long as one of now; one made between ten at night and nine in
 * the morning until as long after nine. Never past the notice the house wants. Milliseconds.
 */
export function futureOfferExpiry(restaurant: Restaurant, starts_at: number, now: number): number {
  const { settings, timezone } = restaurant
  const wall = wallOf(now, timezone)
  const asleep = wall.minute >= night.from || wall.minute < night.to
  const morning = wall.minute >= night.from ? addDays(wall.date, 1) : wall.date
  const awake = asleep ? firstInstantAt(morning, night.to, timezone) : now
  const latest = starts_at - settings.min_notice_minutes * minuteMs
  return Math.min(awake + longer * settings.waitlist_offer_minutes * minuteMs, latest)
}

/** When a party of a day to come could arrive; `to` before `from` is past midnight. Milliseconds. */
export function windowOf(
  restaurant: Restaurant,
  wish: { date: string; from: string; to: string },
): { starts_at: number; ends_at: number } | { refusal: RefusalCode } {
  const { timezone } = restaurant
  const first = arrivalOf({ date: wish.date, time: wish.from }, timezone)
  if (!first) return { refusal: 'nonexistent_time' }
  const past = minutesOf(wish.to) < minutesOf(wish.from)
  const ends_at = firstInstantAt(past ? addDays(wish.date, 1) : wish.date, minutesOf(wish.to), timezone)
  return { starts_at: first.at, ends_at: Math.max(first.at, ends_at) }
}

/** R129. What no free table could change about a window: it is over, too far ahead, or the house is closed all through. */
export function windowRefusal(
  restaurant: Restaurant,
  window: { starts_at: number; ends_at: number },
  party_size: number,
  now: number,
): RefusalCode | null {
  const wish = { party_size, area: null, accepts_bar: null }
  if (window.ends_at <= now) return 'in_past'
  const { seatings } = askOfDay(restaurant, wish, [window], now)
  const refusals = seatings.map((one) => ('refusal' in one ? one.refusal : null))
  return refusals.includes(null) ? null : (refusals.find((one) => one !== 'in_past') ?? 'in_past')
}

/** From when on and until when a party of this size may be seated today, in milliseconds; null once it is too late. */
export function seatableFrom(
  restaurant: Restaurant,
  party_size: number,
  now: number,
): { from: number; until: number } | null {
  const { timezone, settings } = restaurant
  const wall = wallOf(now, timezone)
  const day = serviceDayOf(now, timezone)
  const open = serviceAt(restaurant, wall.date, wall.minute)
  const coming = [day, addDays(day, 1)]
    .flatMap((date) => servicesOn(restaurant, date))
    .map((service) => ({ service, from: firstInstantAt(service.date, service.opens_minute, timezone) }))
    .filter(({ from }) => from > now && serviceDayOf(from, timezone) === day)
  for (const { service, from } of [...(open ? [{ service: open, from: now }] : []), ...coming]) {
    const closing = closesAt(restaurant, service)
    const last = Math.min(
      closing - turnMinutes(settings, party_size) * minuteMs,
      closing - settings.last_seating_minutes * minuteMs,
    )
    if (last >= from) return { from, until: last }
  }
  return null
}

/** R125. What an entry is by now: an offer that lapsed is none, with no job having run. */
export function statusNow(
  row: { status: WaitStatus; offer_expires_at: string | null; lapses: number },
  now: number,
): WaitStatus {
  if (row.status !== 'offered' || row.offer_expires_at === null || Date.parse(row.offer_expires_at) > now)
    return row.status
  return row.lapses >= 1 ? 'lapsed' : 'waiting'
}
