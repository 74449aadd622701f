import { addDays, daysBetween, isoWeekday } from '../../platform/time.ts'

/** A date as it was understood, with how sure that is and what else it may mean. */
export type Day = { date: string; confidence: number; alternatives: string[]; exact: boolean }

const day = (date: string | null, confidence: number, exact: boolean, alternatives: string[] = []): Day | null =>
  date === null ? null : { date, confidence, exact, alternatives: alternatives.filter((one) => one !== date) }

const two = (n: number): string => String(n).padStart(2, '0')

/** A date of the calendar, or null where there is none: no 30 February. */
export function dateOf(year: number, month: number, of: number): string | null {
  if (!Number.isInteger(year) || year < 2000 || year > 2199) return null
  if (!(month >= 1 && month <= 12 && of >= 1)) return null
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const longest = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  return of <= longest ? `${year}-${two(month)}-${two(of)}` : null
}

const parts = (date: string): { year: number; month: number } => ({
  year: Number(date.slice(0, 4)),
  month: Number(date.slice(5, 7)),
})

/** A month and a day: the next one from the reference date on, unless a year is said. */
export function monthDay(today: string, month: number, of: number, year?: number): Day | null {
  if (year !== undefined) return day(dateOf(year < 100 ? 2000 + year : year, month, of), 0.98, true)
  const { year: now } = parts(today)
  const dates = [0, 1, 2, 3, 4].map((later) => dateOf(now + later, month, of))
  return day(dates.find((one) => one !== null && one >= today) ?? null, 0.97, true)
}

/** A day of the month alone: the next month that has it, the reference date's own day included. */
export function dayOfMonth(today: string, number: number): Day | null {
  const { year, month } = parts(today)
  const dates = [0, 1, 2].map((later) =>
    dateOf(year + Math.floor((month - 1 + later) / 12), ((month - 1 + later) % 12) + 1, number),
  )
  return day(dates.find((one) => one !== null && one >= today) ?? null, 0.93, true)
}

/** A day of this month or a later one. Of this month it may be past: then it is said with little confidence. */
export function dayOfThisMonth(today: string, number: number, later: number): Day | null {
  const { year, month } = parts(today)
  const at = month - 1 + later
  const date = dateOf(year + Math.floor(at / 12), (at % 12) + 1, number)
  return day(date, date !== null && date < today ? 0.4 : 0.96, true)
}

/** R212. A weekday alone is the next one; on that weekday itself it may be today. */
export function weekday(today: string, number: number): Day | null {
  const ahead = (number - isoWeekday(today) + 7) % 7
  if (ahead > 0) return day(addDays(today, ahead), 0.93, false)
  return day(addDays(today, 7), 0.6, false, [today])
}

/** This Friday: the first from today on. */
export function thisWeekday(today: string, number: number): Day | null {
  return day(addDays(today, (number - isoWeekday(today) + 7) % 7), 0.93, false)
}

/** R212. Next Friday is that of the week after this one, Monday to Sunday; where it may be the first to come, that is an alternative. */
export function nextWeekday(today: string, number: number, weeks = 1, nearest = false): Day | null {
  const ofWeek = addDays(today, number - isoWeekday(today) + 7 * weeks)
  const coming = addDays(today, ((number - isoWeekday(today) + 6) % 7) + 1)
  const sure = coming === ofWeek || weeks > 1
  return nearest
    ? day(coming, sure ? 0.9 : 0.7, false, [ofWeek])
    : day(ofWeek, sure ? 0.9 : 0.7, false, sure ? [] : [coming])
}

/** So many days from today. */
export function daysAhead(today: string, days: number): Day | null {
  return days <= 1100 ? day(addDays(today, days), 0.95, false) : null
}

/** Two numbers with a stroke between them, in the order of the country; where only the other order is a date, that. */
export function numeric(
  today: string,
  first: number,
  second: number,
  year: number | undefined,
  monthFirst: boolean,
): Day | null {
  const [asMonthFirst, asDayFirst] = [monthDay(today, first, second, year), monthDay(today, second, first, year)]
  const [usual, other] = monthFirst ? [asMonthFirst, asDayFirst] : [asDayFirst, asMonthFirst]
  if (usual && other && usual.date !== other.date) return { ...usual, confidence: 0.75, alternatives: [other.date] }
  return usual ?? other
}

/** Whether a date lies in the house's sight: not before today and not years on. */
export function isNear(today: string, date: string): boolean {
  const ahead = daysBetween(today, date)
  return ahead >= 0 && ahead <= 1100
}

/** The second Friday of a month: of its next one, from today on. */
export function nthWeekday(today: string, nth: number, number: number, month: number): Day | null {
  const { year } = parts(today)
  const dates = [year, year + 1].map((one) => {
    const first = dateOf(one, month, 1)
    const of = first === null ? 0 : 1 + ((number - isoWeekday(first) + 7) % 7) + 7 * (nth - 1)
    return dateOf(one, month, of)
  })
  return day(dates.find((one) => one !== null && one >= today) ?? null, 0.93, true)
}

export const fallsOn = ({ date }: Day, number: number): boolean => isoWeekday(date) === number
