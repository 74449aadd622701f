import { addDays, isoWeekday } from '../platform/time.ts'

const friday = 4
const saturday = 5
const sunday = 6

/** How far such a day is from its own weekday: a holiday towards a Sunday, the evening before one towards a Saturday. */
export type HolidayFigures = { holiday: number; eve: number }

/**
 * How much of each weekday, Monday first, a day has; the parts add up to one. A holiday on a weekend changes neither
 * itself nor the day before it, and a Friday is an evening before a free day as it is.
 */
export function weekdayParts(date: string, holidays: ReadonlySet<string>, figures: HolidayFigures): number[] {
  const parts = [0, 0, 0, 0, 0, 0, 0]
  const weekday = isoWeekday(date) - 1
  const free = freesWeekday(date, holidays) ? figures.holiday : 0
  const eve = weekday !== saturday && freesWeekday(addDays(date, 1), holidays) ? figures.eve : 0
  const add = (day: number, part: number): void => {
    parts[day] = (parts[day] ?? 0) + part
  }
  add(weekday, (1 - free) * (1 - eve))
  add(sunday, free * (1 - eve))
  add(saturday, eve)
  return parts
}

/** Whether a day tells little of its weekday: it, or the day after it, is a holiday that is no weekend. */
export function isUnusual(date: string, holidays: ReadonlySet<string>): boolean {
  return freesWeekday(date, holidays) || freesWeekday(addDays(date, 1), holidays)
}

function freesWeekday(date: string, holidays: ReadonlySet<string>): boolean {
  return holidays.has(date) && isoWeekday(date) - 1 <= friday
}

/**
 * Public holidays of the years from `first` to `last` where a time zone tells the country and its law tells the days: of
 * Japan, with the three days of the new year. Anywhere else the house names its own.
 */
export function publicHolidays(timezone: string, first: string, last: string): ReadonlySet<string> {
  const days = new Set<string>()
  if (timezone !== 'Asia/Tokyo') return days
  for (let year = yearOf(first); year <= yearOf(last); year++) for (const day of ofJapan(year)) days.add(day)
  return days
}

/** Public Holiday Law of Japan as it stands from 2016 on, but for the days moved in 2019 to 2021. */
function ofJapan(year: number): Set<string> {
  const fixed = ['01-01', '02-11', '04-29', '05-03', '05-04', '05-05', '08-11', '11-03', '11-23']
  if (year >= 2020) fixed.push('02-23')
  else if (year < 2019) fixed.push('12-23')
  const named = new Set([
    ...fixed.map((day) => `${year}-${day}`),
    `${year}-03-${equinox(year, 20.8431)}`,
    `${year}-09-${equinox(year, 23.2488)}`,
    monday(year, '01', 2),
    monday(year, '07', 3),
    monday(year, '09', 3),
    monday(year, '10', 2),
  ])
  const all = new Set(named)
  for (const day of named) {
    // On a Sunday: the next day that is none. Between two: the day between.
    let next = addDays(day, 1)
    while (isoWeekday(day) === 7 && named.has(next)) next = addDays(next, 1)
    if (isoWeekday(day) === 7 || named.has(addDays(day, 2))) all.add(next)
  }
  return all.add(`${year}-01-02`).add(`${year}-01-03`)
}

/** Day of the month in Japan, right until 2099. */
function equinox(year: number, of1980: number): number {
  return Math.floor(of1980 + 0.242194 * (year - 1980)) - Math.floor((year - 1980) / 4)
}

function monday(year: number, month: string, nth: number): string {
  const first = `${year}-${month}-01`
  return addDays(first, ((8 - isoWeekday(first)) % 7) + 7 * (nth - 1))
}

const yearOf = (date: string): number => Number(date.slice(0, 4))
