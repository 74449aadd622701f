import { addDays, dayInWords, isoAt, minutesOf, wallOf } from '../platform/time.ts'
import { firstInstantAt, servicesOn } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { type Ask, availabilityAt, slotsOn } from './rules.ts'
import type { Claim, Moment } from './schema.ts'

export type Alternative = { date: string; time: string; starts_at: string; tablesAvailable: number }

export type Wanted = { date: string; minute: number; at: number }

/** The day and the instant that were asked for; where the clocks skip that time, the instant at which they do. */
export function wantedOf({ timezone }: Pick<Restaurant, 'timezone'>, moment: Moment): Wanted {
  if ('date' in moment) {
    const minute = minutesOf(moment.time)
    return { date: moment.date, minute, at: firstInstantAt(moment.date, minute, timezone) }
  }
  return { ...wallOf(moment.at, timezone), at: moment.at }
}

/** Of several dates what is nearest in time, whichever it is on; four at the most. */
export function nearestOpen(
  restaurant: Restaurant,
  claims: Claim[],
  ask: Ask,
  dates: string[],
  wanted: number,
  now: number,
): Alternative[] {
  const distance = (one: Alternative): number => Math.abs(Date.parse(one.starts_at) - wanted)
  return dates
    .flatMap((date) => nearestTimes(restaurant, claims, ask, date, wanted, now))
    .toSorted((a, b) => distance(a) - distance(b))
    .slice(0, 4)
}

/** Open slots of that date, nearest first, four at the most. */
export function nearestTimes(
  restaurant: Restaurant,
  claims: Claim[],
  ask: Ask,
  date: string,
  wanted: number,
  now: number,
): Alternative[] {
  const near = slotsOn(restaurant, date).toSorted(
    (a, b) => Math.abs(a.arrival.at - wanted) - Math.abs(b.arrival.at - wanted) || a.arrival.at - b.arrival.at,
  )
  const found: Alternative[] = []
  // From the nearest on: most slots of a day are never looked at.
  for (const slot of near) {
    if (found.length === 4) break
    const { time, at, parties } = availabilityAt(restaurant, claims, slot, ask, now)
    if (parties > 0) found.push({ date, time, starts_at: isoAt(at, restaurant.timezone), tablesAvailable: parties })
  }
  return found
}

/** The dates on which something else is looked for where the evening itself has nothing. */
export function datesAround(date: string): string[] {
  return [-1, 0, 1, 2, 3].map((days) => addDays(date, days))
}

// A service day begins at five in the morning.
const nightEnds = 5 * 60

/** The asked date, and the other date of a night that has midnight in it: 00:30 is near to 23:30. */
export function datesNear(restaurant: Restaurant, { date, minute }: Wanted): string[] {
  if (minute < nightEnds) return [addDays(date, -1), date]
  const next = addDays(date, 1)
  const goesOn =
    servicesOn(restaurant, date).some((one) => one.closes_minute > 1440) ||
    servicesOn(restaurant, next).some((one) => one.opens_minute < nightEnds)
  return goesOn ? [date, next] : [date]
}

/** The two nearest as they are spoken: with the day where it is another than was asked. */
export function offered(alternatives: { date: string; time: string }[], date: string): string | null {
  const times = alternatives
    .slice(0, 2)
    .map((one) => (one.date === date ? one.time : `${one.time} on ${dayInWords(one.date)}`))
  return times.length > 0 ? times.join(' or ') : null
}
