import { dateNumber, wallOfText } from '../replay/wall.ts'
import type { DayCovers } from '../../src/insights/forecast-rules.ts'
import type { BookingChange } from '../../src/insights/on-hand-rules.ts'
import { daysBetween } from '../../src/platform/time.ts'
import { readRows } from '../replay/csv.ts'

export type Visits = Map<string, DayCovers[]>
export type Bookings = Map<string, Map<string, BookingChange[]>>

/** Of the days and wall times of the files. */
export const timezone = 'Asia/Tokyo'

const columns = 'restaurant,date,visitors'
const mostMistakes = 10

/** The days of each restaurant, ascending, or what is wrong with the file, by line. */
export function readVisits(text: string): { visits: Visits } | { mistakes: string[] } {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (header.trim() !== columns)
    return { mistakes: [`line 1: the columns must be "${columns}", not "${header.slice(0, 100)}"`] }
  const visits: Visits = new Map()
  const seen = new Set<string>()
  const mistakes: string[] = []
  for (const [i, content] of lines.entries()) {
    if (content.trim() === '') continue
    const [restaurant = '', date = '', visitors = '', ...more] = content.split(',').map((field) => field.trim())
    const mistake =
      more.length > 0 || restaurant === ''
        ? 'three columns wanted: restaurant, date, visitors'
        : wallOfText(`${date}T00:00`) === null
          ? `date "${date}" is no YYYY-MM-DD`
          : !/^\d{1,6}$/.test(visitors)
            ? `visitors "${visitors}" is no whole number`
            : seen.has(`${restaurant} ${date}`)
              ? `restaurant ${restaurant} has ${date} twice`
              : null
    if (mistake !== null) mistakes.push(`line ${i + 2}: ${mistake}`)
    seen.add(`${restaurant} ${date}`)
    const days = visits.get(restaurant) ?? []
    // Nobody came, or nobody could: neither says how many come when it is open.
    if (mistake !== null || Number(visitors) === 0) continue
    days.push({ date, covers: Number(visitors) })
    visits.set(restaurant, days)
  }
  if (mistakes.length > mostMistakes)
    mistakes.splice(mostMistakes, mistakes.length, `and ${mistakes.length - mostMistakes} more`)
  if (mistakes.length > 0) return { mistakes }
  for (const days of visits.values()) days.sort((a, b) => a.date.localeCompare(b.date))
  return visits.size > 0 ? { visits } : { mistakes: ['there is no day in it'] }
}

/** Bookings by restaurant and the day they are for; the file has the format of `npm run replay`. */
export function readBookings(text: string): { bookings: Bookings } | { mistakes: string[] } {
  const read = readRows(text)
  if ('mistakes' in read) return read
  const bookings: Bookings = new Map()
  for (const { restaurant, visit, reserved, party_size } of read.rows) {
    const days = bookings.get(restaurant) ?? new Map<string, BookingChange[]>()
    bookings.set(restaurant, days)
    const date = dateOf(visit)
    const changes = days.get(date) ?? []
    days.set(date, changes)
    changes.push({ lead_days: daysBetween(dateOf(reserved), date), covers: party_size })
  }
  return { bookings }
}

const dateOf = (wall: number): string => new Date(dateNumber(wall) * 86_400_000).toISOString().slice(0, 10)
