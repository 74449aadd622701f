import type { Restaurant } from '../../restaurants/schema.ts'
import type { Status } from '../schema.ts'

/** One entry of a calendar; instants in milliseconds. */
export type CalendarEvent = {
  uid: string
  /** Whichever of two files with the same uid has more is the newer. */
  sequence: number
  status: 'TENTATIVE' | 'CONFIRMED' | 'CANCELLED'
  changed_at: number
  starts_at: number
  ends_at: number
  summary: string
  location: string | null
  description: string | null
  url: string | null
  organizer: { name: string; email: string } | null
  attendee: { name: string | null; email: string } | null
  /** How long before it begins one is reminded; null: not at all. */
  alarm_minutes: number | null
}
export type CalendarMethod = 'REQUEST' | 'CANCEL' | 'PUBLISH'

/**
 * R146. A calendar as RFC 5545 writes it. Instants are UTC, which is right on both sides of every change of the clocks and
 * needs no description of a time zone. Lines are folded by octets and never within a character.
 */
export function icsOf(method: CalendarMethod, events: CalendarEvent[], name: string | null = null): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'PRODID:-//Tableside//Reservations//EN',
    'VERSION:2.0',
    'CALSCALE:GREGORIAN',
    `METHOD:${method}`,
    ...(name === null
      ? []
      : [`X-WR-CALNAME:${escaped(name)}`, 'REFRESH-INTERVAL;VALUE=DURATION:PT15M', 'X-PUBLISHED-TTL:PT15M']),
    ...events.flatMap((event) => linesOf(event)),
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

function linesOf(event: CalendarEvent): string[] {
  const { location, description, url, organizer, attendee, alarm_minutes } = event
  return [
    'BEGIN:VEVENT',
    `UID:${event.uid}`,
    `SEQUENCE:${event.sequence}`,
    `STATUS:${event.status}`,
    `DTSTAMP:${utc(event.changed_at)}`,
    `LAST-MODIFIED:${utc(event.changed_at)}`,
    `DTSTART:${utc(event.starts_at)}`,
    `DTEND:${utc(event.ends_at)}`,
    ...text('SUMMARY', event.summary),
    ...text('LOCATION', location),
    ...text('DESCRIPTION', description),
    ...(url ? [`URL:${url}`] : []),
    ...(organizer ? [`ORGANIZER;CN=${quoted(organizer.name)}:mailto:${organizer.email}`] : []),
    ...(attendee
      ? [`ATTENDEE;CN=${quoted(attendee.name ?? attendee.email)};PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:${attendee.email}`]
      : []),
    // Properties come before alarms: some calendars read no further than the first of these.
    ...(alarm_minutes === null
      ? []
      : [
          'BEGIN:VALARM',
          'ACTION:DISPLAY',
          ...text('DESCRIPTION', event.summary),
          `TRIGGER:-PT${alarm_minutes}M`,
          'END:VALARM',
        ]),
    'END:VEVENT',
  ]
}

function text(property: string, value: string | null): string[] {
  return value ? [`${property}:${escaped(value)}`] : []
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

function escaped(value: string): string {
  return value
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\\;,]/g, (char) => `\\${char}`)
    .replaceAll('\n', '\\n')
}

/** As the value of a parameter: what would end it there is left out. */
function quoted(value: string): string {
  return `"${value.replaceAll(/["\r\n]+/g, ' ').trim()}"`
}

const longestLine = 75

/** Lines of 75 octets at the most, continued on lines that begin with a space. */
function folded(line: string): string {
  let out = ''
  let octets = 0
  for (const char of line) {
    const code = char.codePointAt(0) ?? 0
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (octets + size > longestLine) {
      out += '\r\n '
      octets = 1
    }
    out += char
    octets += size
  }
  return out
}

/** What a calendar says of a reservation in each state of its life. */
export function calendarStatus(status: Status): CalendarEvent['status'] {
  if (status === 'cancelled' || status === 'no_show') return 'CANCELLED'
  return status === 'pending' || status === 'held' ? 'TENTATIVE' : 'CONFIRMED'
}

type Booked = {
  id: string
  version: number
  status: Status
  party_size: number
  starts_at: string
  ends_at: string
  updated_at: string
  confirmation_code: string
  name: string | null
  email: string | null
}
type House = Pick<Restaurant, 'name' | 'slug' | 'address' | 'email' | 'phone'>

/** The same reservation has the same uid for ever, so that a change or a cancellation finds it in the guest's calendar. */
export function calendarUid(reservation: { id: string }): string {
  return `${reservation.id}@tableside`
}

/**
 * R146. What a guest puts into a calendar: the booking, or its cancellation; `manage_url` is where it is changed. Sent to
 * them it is a request, with them as who attends; a file that is fetched, or names nobody, is published.
 */
export function calendarOf(
  reservation: Booked,
  restaurant: House,
  manage_url: string | null,
  way: 'sent' | 'fetched',
): { method: CalendarMethod; body: string } {
  const status = calendarStatus(reservation.status)
  const { name, email } = reservation
  const attendee = way === 'sent' && email !== null ? { name, email } : null
  const method = status === 'CANCELLED' ? 'CANCEL' : attendee ? 'REQUEST' : 'PUBLISH'
  const description = [
    `${restaurant.name}, party of ${reservation.party_size}.`,
    `Confirmation code: ${reservation.confirmation_code}`,
    ...(status === 'TENTATIVE' ? ['The restaurant has yet to confirm it.'] : []),
    ...(manage_url && status !== 'CANCELLED' ? [`Change or cancel: ${manage_url}`] : []),
    ...(restaurant.phone ? [`Call: ${restaurant.phone}`] : []),
  ]
  const event: CalendarEvent = {
    uid: calendarUid(reservation),
    sequence: reservation.version,
    status,
    changed_at: Date.parse(reservation.updated_at),
    starts_at: Date.parse(reservation.starts_at),
    ends_at: Date.parse(reservation.ends_at),
    summary: `${restaurant.name}: table for ${reservation.party_size}`,
    location: [restaurant.name, restaurant.address].filter(Boolean).join(', '),
    description: description.join('\n'),
    url: manage_url,
    // All of these need an organizer; the house may have no address of its own.
    organizer: { name: restaurant.name, email: restaurant.email ?? `${restaurant.slug}@tableside.invalid` },
    attendee,
    alarm_minutes: status === 'CANCELLED' ? null : 120,
  }
  return { method, body: icsOf(method, [event]) }
}

/** One line of the feed that staff subscribe to; the phone only where the feed was issued with phones. */
export type FeedEntry = Omit<Booked, 'confirmation_code' | 'email'> & { tables: string[]; phone_number: string | null }

/** R147. The book as a calendar: who comes, how many, to which tables. */
export function feedOf(restaurant_name: string, entries: FeedEntry[]): string {
  const events = entries.map((one): CalendarEvent => {
    const tables = one.tables.length > 0 ? `Table ${one.tables.join(', ')}` : null
    return {
      uid: calendarUid(one),
      sequence: one.version,
      status: calendarStatus(one.status),
      changed_at: Date.parse(one.updated_at),
      starts_at: Date.parse(one.starts_at),
      ends_at: Date.parse(one.ends_at),
      summary: `${one.name ?? 'No name'}, ${one.party_size}`,
      location: tables,
      description: one.phone_number,
      url: null,
      organizer: null,
      attendee: null,
      alarm_minutes: null,
    }
  })
  return icsOf('PUBLISH', events, restaurant_name)
}
