import { forecastCovers, type ForecastFigures, type ForecastInput } from '../../src/insights/forecast-rules.ts'
import { addDays, isoWeekday } from '../../src/platform/time.ts'
import type { Bookings, Visits } from './csv.ts'

export type Cutoff = { cutoff: string; horizon: number; holidays: ReadonlySet<string>; figures?: ForecastFigures }

/** Mean absolute errors in covers, over the days of the horizon that are in the file. */
export type Measured = {
  restaurants: number
  days: number
  ours: number
  naive: number
  weekday_mean: number
  /** What part of the days lies below `low`, and above `high`. */
  below: number
  above: number
  /** Per restaurant and horizon. */
  microseconds: number
}

/** Every restaurant's forecast made at the end of `cutoff`, from what was known then, against the days that followed. */
export function measure(
  visits: Visits,
  bookings: Bookings | null,
  { cutoff, horizon, holidays, figures }: Cutoff,
): Measured {
  const last = addDays(cutoff, horizon)
  const total = { restaurants: 0, days: 0, ours: 0, naive: 0, weekday_mean: 0, below: 0, above: 0 }
  let spent = 0
  for (const [restaurant, all] of visits) {
    const history = all.filter((day) => day.date <= cutoff)
    const after = all.filter((day) => day.date > cutoff && day.date <= last)
    if (history.length === 0 || after.length === 0) continue
    const days = after.map(({ date }) => ({ date, closed: false }))
    const known = bookings?.get(restaurant) ?? null
    const input: ForecastInput = { history, known_through: cutoff, days, holidays, bookings: known }
    const from = performance.now()
    const forecasts = forecastCovers(input, figures)
    spent += performance.now() - from
    const usual = mean(history.map((day) => day.covers))
    total.restaurants += 1
    for (const [i, { date, covers }] of after.entries()) {
      const forecast = forecasts[i]
      if (forecast === undefined) continue
      const same = history.filter((day) => isoWeekday(day.date) === isoWeekday(date)).map((day) => day.covers)
      total.days += 1
      total.ours += Math.abs(forecast.covers - covers)
      total.naive += Math.abs((forecast.naive ?? usual) - covers)
      total.weekday_mean += Math.abs((same.length > 0 ? mean(same) : usual) - covers)
      total.below += covers < forecast.low ? 1 : 0
      total.above += covers > forecast.high ? 1 : 0
    }
  }
  const share = (value: number): number => value / Math.max(1, total.days)
  return {
    restaurants: total.restaurants,
    days: total.days,
    ours: share(total.ours),
    naive: share(total.naive),
    weekday_mean: share(total.weekday_mean),
    below: share(total.below),
    above: share(total.above),
    microseconds: (spent * 1000) / Math.max(1, total.restaurants),
  }
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
