// The implementation itself: where a runtime brings a Temporal of its own, its clock may stand still.
import { Temporal } from 'temporal-polyfill/implementation'

const dayMs = 86_400_000
const minuteMs = 60_000

/** An instant for a wall time. `gap`: no such time on that day; `twice`: the first of two. */
export type Resolved = { kind: 'once' | 'twice'; at: number } | { kind: 'gap' }

// A day's availability asks for the same few dates and quarter hours hundreds of times.
const mostKept = 20_000
const dayNumbers = new Map<string, number>()
const dates = new Map<number, string>()
const offsets = new Map<string, Map<number, number>>()

/** Days since 1970 of a date. */
function dayNumberOf(date: string): number {
  const known = dayNumbers.get(date)
  if (known !== undefined) return known
  if (dayNumbers.size > mostKept) dayNumbers.clear()
  const day = Date.parse(`${date}T00:00:00Z`) / dayMs
  dayNumbers.set(date, day)
  return day
}

function dateOf(day: number): string {
  const known = dates.get(day)
  if (known !== undefined) return known
  if (dates.size > mostKept) dates.clear()
  const date = new Date(day * dayMs).toISOString().slice(0, 10)
  dates.set(day, date)
  return date
}

/** Minutes east of UTC at an instant. Zones change on quarter hours only, so one answer serves the quarter. */
export function offsetMinutes(at: number, timezone: string): number {
  let ofZone = offsets.get(timezone)
  if (!ofZone || ofZone.size > mostKept) offsets.set(timezone, (ofZone = new Map()))
  const quarter = Math.floor(at / (15 * minuteMs))
  const known = ofZone.get(quarter)
  if (known !== undefined) return known
  const offset = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).offsetNanoseconds / 60e9
  ofZone.set(quarter, offset)
  return offset
}

/** The instant of a wall time: minutes after local midnight of a date, past 1440 on the next day. */
export function instantOf(date: string, minute: number, timezone: string): Resolved {
  const asUtc = dayNumberOf(date) * dayMs + minute * minuteMs
  // Whichever offset holds a day before or after, if the clocks change near by it is one of the two.
  const before = offsetMinutes(asUtc - dayMs, timezone)
  const after = offsetMinutes(asUtc + dayMs, timezone)
  const first = asUtc - before * minuteMs
  if (before === after) return { kind: 'once', at: first }
  const second = asUtc - after * minuteMs
  const firstHolds = offsetMinutes(first, timezone) === before
  const secondHolds = offsetMinutes(second, timezone) === after
  if (firstHolds && secondHolds) return { kind: 'twice', at: Math.min(first, second) }
  if (firstHolds) return { kind: 'once', at: first }
  if (secondHolds) return { kind: 'once', at: second }
  return { kind: 'gap' }
}

/** The wall time of an instant: local date and minutes after local midnight. */
export function wallOf(at: number, timezone: string): { date: string; minute: number } {
  const local = at + offsetMinutes(at, timezone) * minuteMs
  const day = Math.floor(local / dayMs)
  return { date: dateOf(day), minute: Math.floor((local - day * dayMs) / minuteMs) }
}

/** ISO 8601 with the restaurant's own offset: 2026-12-01T19:00:00+08:00. */
export function isoAt(at: number, timezone: string): string {
  const offset = offsetMinutes(at, timezone)
  const local = at + offset * minuteMs
  const day = Math.floor(local / dayMs)
  const seconds = Math.floor((local - day * dayMs) / 1000)
  const wall = `${dateOf(day)}T${clock(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`
  return `${wall}${offset < 0 ? '-' : '+'}${clock(Math.abs(offset))}`
}

export function addDays(date: string, days: number): string {
  return dateOf(dayNumberOf(date) + days)
}

/** Whole days from one local date to another. */
export function daysBetween(from: string, to: string): number {
  return dayNumberOf(to) - dayNumberOf(from)
}

/** 1 Monday … 7 Sunday. */
export function isoWeekday(date: string): number {
  // 1970 began on a Thursday.
  return ((((dayNumberOf(date) + 3) % 7) + 7) % 7) + 1
}

/** "19:30" → 1170. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

/** 1170 → "19:30"; a minute of the next day keeps its own hour. */
export function clock(minute: number): string {
  const inDay = minute % 1440
  return `${String(Math.floor(inDay / 60)).padStart(2, '0')}:${String(inDay % 60).padStart(2, '0')}`
}

const inWords = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' })

/** A date as English speaks it: Thursday 24 December. */
export function dayInWords(date: string): string {
  return inWords.format(dayNumberOf(date) * dayMs).replace(',', '')
}

/** Whether this is an IANA zone that this runtime knows. */
export function isTimezone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
