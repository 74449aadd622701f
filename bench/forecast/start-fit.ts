/**
 * Finds the figures of the forecast on a file of restaurant-days, starting from those in use, and prints them.
 *
 *     node bench/forecast/start-fit.ts FILE --through 2017-03-17 [--bookings FILE]
 *
 * Nothing after `--through` is read: it is the cutoff of docs/bench.md, whose fortnight is thus seen by nobody before.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ForecastFigures, forecastFigures } from '../../src/insights/forecast-rules.ts'
import { isUnusual, publicHolidays } from '../../src/insights/holiday-rules.ts'
import { addDays } from '../../src/platform/time.ts'
import { type Bookings, readBookings, readVisits, timezone, type Visits } from './csv.ts'
import { measure } from './measure.ts'

type Named = Exclude<keyof ForecastFigures, 'week'>

const horizon = 14
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { through: { type: 'string' }, bookings: { type: 'string' } },
})
const [file] = positionals
const through = values.through
if (file === undefined || through === undefined) throw new Error('FILE and --through wanted')
const read = readVisits(readFileSync(file, 'utf8'))
const books = readBookings(readFileSync(values.bookings ?? join(dirname(file), 'reservations.csv'), 'utf8'))
if ('mistakes' in read || 'mistakes' in books) throw new Error(JSON.stringify({ read, books }).slice(0, 1000))

const visits = between(read.visits, '', through)
const dates = [...visits.values()].flatMap((days) => days.map((day) => day.date)).toSorted()
const first = dates[0] ?? through
const holidays = publicHolidays(timezone, first, through)
const cutoffs = [14, 18, 21, 25, 28, 32, 35]
  .map((back) => addDays(through, -back))
  .filter((at) => at > addDays(first, 28))

/** Mean over the cutoffs, each of which knows what it knew. */
const ahead = (figures: ForecastFigures): number =>
  mean(cutoffs.map((cutoff) => measured(visits, books.bookings, cutoff, figures).ours))

/** The two sides of the interval: each should have one day in ten beyond it. */
const interval = (figures: ForecastFigures): number => {
  const got = cutoffs.map((cutoff) => measured(visits, books.bookings, cutoff, figures))
  return Math.abs(mean(got.map((one) => one.below)) - 0.1) + Math.abs(mean(got.map((one) => one.above)) - 0.1)
}

/**
 * Too few holidays have weeks before them, so these are forecast from the five weeks after, laid before them day for
 * day; the days between keep out, as do holidays too near the end.
 */
const around = (figures: ForecastFigures): number =>
  mean(
    [...holidays]
      .filter((day) => isUnusual(addDays(day, -1), holidays) && day > addDays(first, 6) && addDays(day, 35) < through)
      .map((day) => {
        const after = between(visits, addDays(day, 1), addDays(day, 32))
        const moved = new Map(
          [...after].map(([id, days]) => [id, days.map((one) => ({ ...one, date: addDays(one.date, -35) }))]),
        )
        for (const [id, days] of between(visits, addDays(day, -1), day)) moved.get(id)?.push(...days)
        return measured(moved, null, addDays(day, -3), figures).ours
      }),
  )

let best: ForecastFigures = { ...forecastFigures }
best = search(best, ['holiday', 'eve'], around)
best = search(best, ['level_age', 'level_prior', 'week_age', 'week_prior', 'clip_below', 'clip_above'], ahead)
best = search(best, ['pickup', 'pickup_days', 'pickup_age', 'other_weekday'], ahead)
best = search(best, ['below', 'above'], interval)
console.log(JSON.stringify(best))

/** Each figure a step up or down for as long as that helps; the steps get smaller twice. */
function search(from: ForecastFigures, names: Named[], loss: (figures: ForecastFigures) => number): ForecastFigures {
  let found = from
  let least = loss(found)
  console.log(names.join(', '), least.toFixed(4))
  for (const step of [1.5, 1.25, 1.1]) {
    for (const name of names) {
      for (const by of [step, 1 / step]) {
        for (let tried = 0; tried < 4; tried++) {
          const next = { ...found, [name]: Number((found[name] * by).toPrecision(2)) }
          const got = loss(next)
          if (got > least - 0.001) break
          found = next
          least = got
          console.log(name, next[name], got.toFixed(4))
        }
      }
    }
  }
  return found
}

function measured(known: Visits, bookings: Bookings | null, cutoff: string, figures: ForecastFigures) {
  return measure(known, bookings, { cutoff, horizon, holidays, figures })
}

function between(all: Visits, from: string, to: string): Visits {
  return new Map([...all].map(([id, days]) => [id, days.filter((day) => day.date >= from && day.date <= to)]))
}

function mean(of: number[]): number {
  return of.reduce((total, one) => total + one, 0) / of.length
}
