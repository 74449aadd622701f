import { daysBetween, isoWeekday } from '../platform/time.ts'
import { isUnusual, weekdayParts } from './holiday-rules.ts'
import { bookedSince, type BookingsByDay, broughtByBooks, onHand, type PastDay, usualBooks } from './on-hand-rules.ts'

/** Covers that came on one day the house was open; a day that is not there was closed. */
export type DayCovers = { date: string; covers: number }
export type ForDay = { date: string; closed: boolean }

export type ForecastInput = {
  /** Ascending; what is later than `known_through` is not looked at. */
  history: readonly DayCovers[]
  /** The last day that is over; forecasts are for the days after it. */
  known_through: string
  days: readonly ForDay[]
  /** Past ones and those to come; `holiday-rules.ts` says what they change. */
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
export const forecastModel = 'weekday-pickup-2'

/** Found by `bench/forecast/start-fit.ts`, as docs/bench.md tells. Ages are in days. */
export const forecastFigures = {
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
  clip_below: 3,
  clip_above: 1.5,
  /** Of a holiday and of the day before one, in what is learnt from the past. */
  unusual_weight: 0.1,
  holiday: 0.66,
  eve: 0.41,
  pickup: 0.6,
  pickup_days: 20,
  pickup_age: 30,
  other_weekday: 0.1,
  /** Of the deviation: below and above the forecast. */
  below: 1.35,
  above: 1.8,
  spread: 0.35,
  spread_days: 5,
}
export type ForecastFigures = typeof forecastFigures

type Past = { age: number; weekday: number; covers: number; date: string; weight: number }

/** Expected covers of each day, with an interval and the seasonal-naive forecast. Empty without any history. */
export function forecastCovers(input: ForecastInput, p: ForecastFigures = forecastFigures): Forecast[] {
  const past = pastOf(input, p)
  if (past.length === 0) return []
  const week = fitWeek(past, p)
  const brought = bookingsOf(input, past, week, p)
  return input.days.map((day) => {
    const on_hand =
      input.bookings === null ? 0 : onHand(input.bookings, day.date, daysBetween(input.known_through, day.date))
    const naive = naiveOf(past, isoWeekday(day.date) - 1)
    if (day.closed) return { for_day: day.date, covers: 0, low: 0, high: 0, naive: 0, on_hand }
    const parts = weekdayParts(day.date, input.holidays, p)
    const usual = (week.long + sum(week.effects.map((effect, i) => effect * (parts[i] ?? 0)))) * week.trend
    const covers = Math.max(0, usual + brought(day.date, parts, on_hand), on_hand)
    const s = (past.length * week.deviation + p.spread_days * p.spread * covers) / (past.length + p.spread_days)
    const low = Math.max(0, Math.min(covers, Math.max(on_hand * 0.8, covers - p.below * s)))
    return { for_day: day.date, covers, low, high: covers + p.above * s, naive, on_hand }
  })
}

/** Covers more or fewer than usual that the books of a day promise; none where nobody knows what is usual. */
function bookingsOf(
  { bookings, known_through }: ForecastInput,
  past: readonly Past[],
  week: Week,
  p: ForecastFigures,
): (date: string, parts: readonly number[], on_hand: number) => number {
  const since = bookings === null ? null : bookedSince(bookings)
  if (bookings === null || since === null) return () => 0
  const days: PastDay[] = past.map((day) => {
    const off = (day.covers - week.long - (week.effects[day.weekday] ?? 0)) / week.deviation
    return { ...day, off: Math.max(-3, Math.min(3, off)) }
  })
  return (date, parts, on_hand) => {
    const at = { lead: daysBetween(known_through, date), since, known_through, deviation: week.deviation }
    return broughtByBooks(usualBooks(days, bookings, at, p), parts, on_hand, p)
  }
}

function pastOf({ history, known_through, holidays }: ForecastInput, p: ForecastFigures): Past[] {
  return history.flatMap(({ date, covers }) => {
    const age = daysBetween(date, known_through)
    if (age < 0 || age > p.oldest) return []
    const weight = isUnusual(date, holidays) ? p.unusual_weight : 1
    return [{ age, weekday: isoWeekday(date) - 1, covers, date, weight }]
  })
}

/** What the same weekday brought the last time it was open; null where it never was in ten weeks. */
function naiveOf(past: readonly Past[], weekday: number): number | null {
  return past.findLast((day) => day.weekday === weekday && day.age < 70)?.covers ?? null
}

type Week = { long: number; trend: number; effects: number[]; deviation: number }

/**
 * The long level, what each weekday adds to it, and how the recent level stands to the long one. Five rounds, each of
 * which draws outliers in to where the last one saw them end.
 */
function fitWeek(past: readonly Past[], p: ForecastFigures): Week {
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
