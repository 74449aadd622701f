import { addDays, daysBetween, isoWeekday } from '../platform/time.ts'

/** Covers that came on one day the house was open; a day that is not there was closed. */
export type DayCovers = { date: string; covers: number }
/** Covers booked (or, negative, cancelled) so many days ahead of the day they are for. */
export type BookingChange = { lead_days: number; covers: number }
export type BookingsByDay = ReadonlyMap<string, readonly BookingChange[]>
/** A day to forecast. On a holiday people come as on a Sunday. */
export type ForDay = { date: string; closed: boolean; holiday: boolean }

export type ForecastInput = {
  /** Ascending; what is later than `known_through` is not looked at. */
  history: readonly DayCovers[]
  /** The last day that is over; forecasts are for the days after it. */
  known_through: string
  days: readonly ForDay[]
  holidays: ReadonlySet<string>
  /** Null where bookings are not known; later changes than `known_through` are not looked at. */
  bookings: BookingsByDay | null
}

export type Forecast = {
  for_day: string
  /** As likely to be more as to be fewer. */
  covers: number
  /** Nine days in ten bring more than `low`, and nine in ten fewer than `high`. */
  low: number
  high: number
  /** What the same weekday brought last. */
  naive: number | null
  on_hand: number
}

/** The name under which forecasts are kept: another one whenever the figures below, or what is done with them, change. */
export const forecastModel = 'weekday-pickup-1'

// Found on forecasts of 414 houses made before 2017-03-04, as docs/bench.md tells. Ages are in days.
const p = {
  /** Older days are not read. */
  oldest: 180,
  level_age: 20,
  /** The recent level against the long one: so many days of the long one. */
  level_prior: 2,
  week_age: 50,
  /** How much a weekday is thought to be as everywhere, in days of its own. */
  week_prior: 0.5,
  /** Against the mean of the week, Monday first, where a house has little to say of itself. */
  week: [-0.164, -0.135, -0.089, -0.143, 0.099, 0.334, 0.102],
  /** What lies further out than so many deviations is drawn in: a coach party is no trend. */
  clip_below: 2,
  clip_above: 1.4,
  holiday_weight: 0.1,
  pickup: 0.6,
  pickup_age: 30,
  other_weekday: 0.1,
  /** Of the deviation: below and above the forecast. */
  below: 1.35,
  above: 1.8,
  spread: 0.35,
  spread_days: 5,
}

type Past = { age: number; weekday: number; covers: number; date: string; weight: number }

/** Expected covers of each day, with an interval and the seasonal-naive forecast. Empty without any history. */
export function forecastCovers(input: ForecastInput): Forecast[] {
  const past = pastOf(input)
  if (past.length === 0) return []
  const week = fitWeek(past)
  const since = input.bookings === null ? null : bookedSince(input.bookings)
  return input.days.map((day) => {
    const lead = daysBetween(input.known_through, day.date)
    const weekday = input.holidays.has(day.date) || day.holiday ? 6 : isoWeekday(day.date) - 1
    const on_hand = input.bookings === null ? 0 : onHand(input.bookings, day.date, lead)
    const naive = naiveOf(past, isoWeekday(day.date) - 1)
    if (day.closed) return { for_day: day.date, covers: 0, low: 0, high: 0, naive: 0, on_hand }
    const usual = (week.long + (week.effects[weekday] ?? 0)) * week.trend
    const before = since === null || input.bookings === null ? null : usualOnHand(past, input, weekday, lead, since)
    const more = before === null ? 0 : p.pickup * before.trust * (on_hand - before.covers)
    const covers = Math.max(0, usual + more, on_hand)
    const s = (past.length * week.deviation + p.spread_days * p.spread * covers) / (past.length + p.spread_days)
    const low = Math.max(0, Math.min(covers, Math.max(on_hand * 0.8, covers - p.below * s)))
    return { for_day: day.date, covers, low, high: covers + p.above * s, naive, on_hand }
  })
}

function pastOf({ history, known_through, holidays }: ForecastInput): Past[] {
  return history.flatMap(({ date, covers }) => {
    const age = daysBetween(date, known_through)
    if (age < 0 || age > p.oldest) return []
    return [{ age, weekday: isoWeekday(date) - 1, covers, date, weight: holidays.has(date) ? p.holiday_weight : 1 }]
  })
}

/** What the same weekday brought the last time it was open; null where it never was in ten weeks. */
export function naiveOf(
  past: readonly { age: number; weekday: number; covers: number }[],
  weekday: number,
): number | null {
  return past.findLast((day) => day.weekday === weekday && day.age < 70)?.covers ?? null
}

type Week = { long: number; trend: number; effects: number[]; deviation: number }

/**
 * The long level, what each weekday adds to it, and how the recent level stands to the long one. Five rounds, each of
 * which draws outliers in to where the last one saw them end.
 */
function fitWeek(past: readonly Past[]): Week {
  const recent = past.map((day) => day.weight * Math.exp(-day.age / p.level_age))
  const older = past.map((day) => day.weight * Math.exp(-day.age / p.week_age))
  const flat = past.map((day) => day.weight)
  const recentDays = sum(recent)
  const trust = recentDays / (recentDays + p.level_prior)
  const middle = median(past.map((day) => day.covers))
  let effects = p.week.map((part) => part * middle)
  let drawn = past.map((day) => day.covers)
  let long = middle
  let trend = 1
  let deviation = 0
  for (let round = 0; round < 5; round++) {
    const level = (weights: number[]): number =>
      sum(past.map((day, i) => (weights[i] ?? 0) * ((drawn[i] ?? 0) - (effects[day.weekday] ?? 0)))) / sum(weights)
    long = level(flat)
    trend = long > 0 ? Math.max(0, (trust * level(recent) + (1 - trust) * long) / long) : 1
    effects = p.week.map((part, weekday) => {
      let above = p.week_prior * part * long
      let days = p.week_prior
      for (const [i, day] of past.entries()) {
        if (day.weekday !== weekday) continue
        above += (older[i] ?? 0) * ((drawn[i] ?? 0) - long)
        days += older[i] ?? 0
      }
      return above / days
    })
    const off = past.map((day) => day.covers - long - (effects[day.weekday] ?? 0))
    deviation = 1.4826 * median(off.map(Math.abs)) || 1
    drawn = past.map((day, i) => {
      const usual = long + (effects[day.weekday] ?? 0)
      return usual + Math.max(-p.clip_below * deviation, Math.min(p.clip_above * deviation, off[i] ?? 0))
    })
  }
  return { long, trend, effects, deviation }
}

/** Covers on the books for a day, so many days ahead of it. */
export function onHand(bookings: BookingsByDay, date: string, lead: number): number {
  let covers = 0
  for (const change of bookings.get(date) ?? []) if (change.lead_days >= lead) covers += change.covers
  return covers
}

/** The day of the first booking that is known: what was on the books before, nobody knows. */
function bookedSince(bookings: BookingsByDay): string | null {
  let first: string | null = null
  for (const [date, changes] of bookings) {
    for (const { lead_days } of changes) {
      const made = addDays(date, -lead_days)
      if (first === null || made < first) first = made
    }
  }
  return first
}

/** What such a day had on the books at this distance, and how far that is to be trusted; null where nobody knows. */
function usualOnHand(
  past: readonly Past[],
  { bookings, known_through }: ForecastInput,
  weekday: number,
  lead: number,
  since: string,
): { covers: number; trust: number } | null {
  const oldest = daysBetween(since, known_through) - lead
  let covers = 0
  let days = 0
  for (const day of past) {
    if (day.age > 5 * p.pickup_age || day.age > oldest || bookings === null) continue
    const weight = day.weight * Math.exp(-day.age / p.pickup_age) * (day.weekday === weekday ? 1 : p.other_weekday)
    covers += weight * onHand(bookings, day.date, lead)
    days += weight
  }
  return days === 0 ? null : { covers: covers / days, trust: days / (days + 0.5) }
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return ((sorted[half] ?? 0) + (sorted[sorted.length % 2 === 1 ? half : half - 1] ?? 0)) / 2
}
