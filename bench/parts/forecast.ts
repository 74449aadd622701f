import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { publicHolidays } from '../../src/insights/holiday-rules.ts'
import { addDays, daysBetween } from '../../src/platform/time.ts'
import { type Bookings, readBookings, readVisits, timezone, type Visits } from '../forecast/csv.ts'
import { measure, type Measured } from '../forecast/measure.ts'
import type { Row } from '../measure/table.ts'
import type { Options } from './part.ts'

/**
 * Forecasts of a file of restaurant-days, from what was known at the end of the cutoff, against what then came; at
 * earlier cutoffs too, so that one lucky fortnight proves nothing.
 */
export function forecast({ forecast: asked, say }: Options): Promise<Row[]> {
  if (!existsSync(asked.file)) {
    say(`forecast: NOT MEASURED, there is no file ${asked.file}: name one of the columns restaurant,date,visitors`)
    return Promise.resolve([])
  }
  const visits = wellRead(asked.file, readVisits(readFileSync(asked.file, 'utf8')), 'visits')
  const bookings = bookingsOf(
    asked.bookings ?? join(dirname(asked.file), 'reservations.csv'),
    asked.bookings !== null,
    say,
  )
  const dates = [...visits.values()].flatMap((days) => days.map((day) => day.date))
  const first = dates.reduce((a, b) => (a < b ? a : b))
  const last = dates.reduce((a, b) => (a > b ? a : b))
  const horizon = asked.horizon
  const cutoff = asked.cutoff ?? addDays(last, -horizon)
  if (cutoff < first || cutoff >= last) throw new Error(`--cutoff must be from ${first} to ${addDays(last, -1)}`)
  const holidays = asked.holidays ? new Set(asked.holidays) : publicHolidays(timezone, first, addDays(last, 1))

  const rows: Row[] = []
  // A week apart and back to a month of history; the asked one is the first.
  for (let at = cutoff; at === cutoff || (daysBetween(first, at) >= 35 && rows.length < 12); at = addDays(at, -7)) {
    const got = measure(visits, bookings, { cutoff: at, horizon, holidays })
    const what = `${horizon} days after ${at}${at === cutoff ? '' : ' (earlier)'}`
    say(
      `forecast: ${what}: ${got.restaurants} restaurants, ${got.days} days; ${percent(got.below)} below the interval, ` +
        `${percent(got.above)} above; ${got.microseconds.toFixed(0)} µs a restaurant`,
    )
    rows.push(...rowsOf(what, got, at === cutoff))
  }
  const less: [string, Bookings | null, ReadonlySet<string>][] = [
    ['bookings unknown', null, holidays],
    ['holidays unknown', bookings, new Set()],
    ['neither known', null, new Set()],
  ]
  for (const [without, known, named] of less) {
    const got = measure(visits, known, { cutoff, horizon, holidays: named })
    rows.push(...rowsOf(`${horizon} days after ${cutoff}, ${without}`, got, false))
  }
  return Promise.resolve(rows)
}

function rowsOf(what: string, got: Measured, aimed: boolean): Row[] {
  const aim = aimed ? { least: 1.05 } : null
  const ours = `${got.ours.toFixed(2)} covers off`
  return [
    { what, ours, yardstick: `${got.naive.toFixed(2)} seasonal-naive`, ratio: got.naive / got.ours, aim },
    { what, ours, yardstick: `${got.weekday_mean.toFixed(2)} weekday mean`, ratio: got.weekday_mean / got.ours, aim },
  ]
}

function bookingsOf(file: string, named: boolean, say: (line: string) => void): Bookings | null {
  if (existsSync(file)) return wellRead(file, readBookings(readFileSync(file, 'utf8')), 'bookings')
  if (named) throw new Error(`there is no file ${file}`)
  say(`forecast: no bookings on hand, there is no file ${file}`)
  return null
}

function wellRead<K extends string, T extends Visits | Bookings>(
  file: string,
  read: Record<K, T> | { mistakes: string[] },
  key: K,
): T {
  if ('mistakes' in read) throw new Error(`${file}\n  ${read.mistakes.join('\n  ')}`)
  return read[key]
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`
