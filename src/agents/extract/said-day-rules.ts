import * as calendar from './calendar-rules.ts'
import type { Day } from './calendar-rules.ts'
import type { Parts, Reading, Token } from './grammar-rules.ts'

export type DateFrame = {
  /** The day on which it was said. */
  today: string
  /** Whether 3/5 is 5 March, as in the United States. */
  month_first: boolean
}

/** Which day is meant, once it is known when it was said. */
export type SaidDay = (frame: DateFrame, reading: Reading) => Day | null

export const value = (token: Token | undefined): number => token?.value ?? 0
export const isDay = (token: Token | undefined): boolean =>
  value(token) >= 1 && value(token) <= 31 && (token?.digits ?? 0) <= 2
const yearOf = (p: Parts): number | undefined => (p['y'] && p['y'].digits === 4 ? p['y'].value : undefined)
export const touching = (...tokens: (Token | undefined)[]): boolean =>
  tokens.every((one) => one === undefined || !one.gap)

/** A day of this month or, `later`, of a month to come. */
export const thisMonth =
  (later: number) =>
  (p: Parts): SaidDay | null =>
    isDay(p['d']) ? ({ today }) => calendar.dayOfThisMonth(today, value(p['d']), later) : null

/** Month and day, with the year where four digits say one. */
export const monthAndDay = (p: Parts): SaidDay | null => {
  const { mo, d, y } = p
  // `March 7 2 people`: a number that is no year is something else.
  if (!isDay(d) || (y && y.digits !== 4)) return null
  return ({ today }) => calendar.monthDay(today, value(mo), value(d), yearOf(p))
}
/** So many days after today, or after the weekday or day that is named. */
export const inDays = (p: Parts, days: number): SaidDay => {
  const from = p['day']
  const weekday = p['wd']
  return ({ today }) => {
    if (!weekday) return calendar.daysAhead(today, days + value(from))
    const first = calendar.weekday(today, weekday.value)
    return first && { ...first, date: calendar.daysAhead(first.date, days)?.date ?? first.date, confidence: 0.85 }
  }
}

/** The weekday of the week after this one, said so. */
export function ofNextWeek(p: Parts): SaidDay {
  return ({ today }) => {
    const day = calendar.nextWeekday(today, value(p['wd']))
    return day && { ...day, confidence: 0.93, alternatives: [] }
  }
}

/** Of the languages whose word for next means the first to come (próximo) the lexicon says so by a 1. */
export const nextOne =
  (p: Parts): SaidDay =>
  ({ today }) =>
    calendar.nextWeekday(today, value(p['wd']), 1, value(p['n']) === 1)

/** So many days from the day named: a week from Friday. */
export function fromThere(p: Parts, days: number): SaidDay {
  const { wd } = p
  if (wd?.kind === 'weekday') return inDays({ wd }, days)
  return ({ today }) => calendar.daysAhead(today, days + (wd?.kind === 'day' ? wd.value : 0))
}

/** 24.12. is 24 December, but not in English. */
export function dotted(p: Parts, reading: Reading): SaidDay | null {
  const { a, b } = p
  if (reading.language === 'en' || !isDay(a) || value(b) > 12 || !touching(b)) return null
  return ({ today }) => calendar.monthDay(today, value(b), value(a))
}

/** The 11th. After `at`, or before a word with a capital letter, it is part of a name: the 3rd Cousin. */
export function loneDay(p: Parts, { reading, to }: { reading: Reading; to: number }): SaidDay | null {
  const { d } = p
  const next = reading.tokens[to]
  const named = next?.capital === true && next.gap && !['weekday', 'month', 'self', 'at', 'for'].includes(next.kind)
  const spelledAlone = d?.digits === 0 && !p['the'] && !p['date_the']
  if (!isDay(d) || named || spelledAlone) return null
  return ({ today }) => calendar.dayOfMonth(today, value(d))
}

/** The second Friday of January. */
export const nthWeekday =
  (p: Parts): SaidDay =>
  ({ today }) =>
    calendar.nthWeekday(today, value(p['d']), value(p['wd']), value(p['mo']))

/** The 4th, Friday: the date where it falls on that weekday; else the second Friday of nobody knows which month. */
export function whereItFalls(p: Parts): SaidDay | null {
  const { d, wd } = p
  if (!isDay(d)) return null
  return ({ today }) => {
    const day = calendar.dayOfMonth(today, value(d))
    return day && calendar.fallsOn(day, value(wd)) ? day : null
  }
}

/** We sat there: no Saturday. */
export function isVerb({ wd, on, for: before }: Parts, { tokens }: Reading, from: number): boolean {
  if (wd?.text !== 'sat' || on || before) return false
  const subject = tokens[from - 1]
  return subject?.kind === 'self' || ['we', 'they', 'who', 'he', 'she'].includes(subject?.text ?? '')
}
