import { addDays, clock, daysBetween, isoWeekday, wallOf } from '../platform/time.ts'
import type { HouseContext } from './context-schema.ts'
import type { Opening, TurnRule } from './schema.ts'

export const weekdayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const monthNames = 'January February March April May June July August September October November December'.split(' ')

/** "On Mondays we are open from 11:00 to 15:00 and from 18:00 to 02:00 the next morning." */
export function daySentence(when: string, openings: Opening[]): string {
  if (openings.length === 0) return `${when} we are closed.`
  const [only] = openings
  const whole = openings.length === 1 && only?.opens === '00:00' && ['00:00', '24:00'].includes(only.closes)
  if (whole) return `${when} we are open around the clock.`
  return `${when} we are open ${listed(openings.map(openingWords))}.`
}

function openingWords({ opens, closes }: Opening): string {
  const from = `from ${opens === '00:00' ? 'midnight' : opens} to`
  if (closes === '24:00' || closes === '00:00') return `${from} midnight`
  if (closes > opens) return `${from} ${closes}`
  return `${from} ${closes} the next ${closes < '12:00' ? 'morning' : 'day'}`
}

export function specialDaySentence(day: { date: string; openings: Opening[]; reason: string | null }): string {
  const sentence = daySentence(`On ${dateWords(day.date)}`, day.openings)
  return day.reason ? `${sentence.slice(0, -1)} (${day.reason}).` : sentence
}

/** What somebody on the phone is told who asks whether the house is open. Instants in milliseconds. */
export function nowSentence(
  doors: { open: boolean; closes_at: number | null; next_opens_at: number | null },
  now: number,
  timezone: string,
): string {
  const today = wallOf(now, timezone).date
  if (doors.open) {
    if (doors.closes_at === null) return 'We are open now, around the clock.'
    const closing = wallOf(doors.closes_at, timezone)
    const time = closing.minute === 0 ? 'midnight' : clock(closing.minute)
    // The small hours belong to the night before.
    const night = addDays(closing.date, closing.minute < 12 * 60 ? -1 : 0)
    return `We are open now, until ${time}${night <= today ? '' : ` on ${dateWords(night)}`}.`
  }
  if (doors.next_opens_at === null) return 'We are closed until further notice.'
  const opening = wallOf(doors.next_opens_at, timezone)
  const days = daysBetween(today, opening.date)
  const day = days === 0 ? 'today' : days === 1 ? 'tomorrow' : `on ${dateWords(opening.date)}`
  return `We are closed now and open next ${day} at ${clock(opening.minute)}.`
}

export function policySentences(policies: Omit<HouseContext['policies'], 'sentences'>): string[] {
  const { largest_party, horizon_days, last_date, min_notice_minutes, last_seating_minutes } = policies
  const { grace_minutes, hold_minutes, turn_rules, approval, per_phone } = policies
  return [
    largest_party === 0
      ? 'We have no table to book at present.'
      : `The largest party that can be booked is ${people(largest_party)}.`,
    horizon_days === 0
      ? 'We take bookings for today only.'
      : `We take bookings up to ${count(horizon_days, 'day')} ahead, until ${dateWords(last_date)}.`,
    min_notice_minutes === 0
      ? 'We take bookings at any notice.'
      : `We need at least ${duration(min_notice_minutes)} of notice.`,
    ...(last_seating_minutes === 0
      ? []
      : [`The last party sits down ${duration(last_seating_minutes)} before closing.`]),
    turnSentence(turn_rules),
    grace_minutes === 0
      ? 'A table is given away when its party is not there in time.'
      : `We keep a table for ${duration(grace_minutes)} after the booked time.`,
    `While somebody decides, we hold a table for ${duration(hold_minutes)}.`,
    ...(approval === 'manual' ? ['A booking stands once the house has confirmed it.'] : []),
    ...(per_phone === 'no_overlap' ? ['One phone number can have one table at a time.'] : []),
    ...(per_phone === 'one_upcoming' ? ['One phone number can have one booking to come.'] : []),
  ]
}

/** The last rule serves every larger party too, as turnMinutes does. */
function turnSentence(rules: TurnRule[]): string {
  const words = rules.map(({ max_party, minutes }, i) =>
    i === rules.length - 1
      ? `${duration(minutes)}${i === 0 ? '' : ' for larger parties'}`
      : `${duration(minutes)} for up to ${people(max_party)}`,
  )
  return `A table is yours for ${listed(words)}.`
}

/** "Friday 4 December 2026". */
export function dateWords(date: string): string {
  const [year, month, day] = date.split('-').map(Number)
  return `${weekdayNames[isoWeekday(date) - 1]} ${day} ${monthNames[(month ?? 1) - 1]} ${year}`
}

/** "2 days", "1 hour 30 minutes": the largest units that say it exactly. */
export function duration(minutes: number): string {
  if (minutes >= 2880 && minutes % 1440 === 0) return count(minutes / 1440, 'day')
  const parts = [count(Math.floor(minutes / 60), 'hour'), count(minutes % 60, 'minute')]
  return parts.filter((part) => !part.startsWith('0 ')).join(' ') || '0 minutes'
}

const people = (size: number): string => (size === 1 ? '1 person' : `${size} people`)
const count = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`

/** "a", "a and b", "a, b and c". */
function listed(parts: string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
