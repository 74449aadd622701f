import type { Restaurant } from '../restaurants/schema.ts'
import { languageFor } from './language-rules.ts'
import { remindersOf } from './quiet-rules.ts'
import {
  type Channel,
  type Contact,
  type Kind,
  SeenEntry,
  type SeenEvent,
  SeenReservation,
  type Step,
  type Wish,
} from './schema.ts'

export type House = Pick<Restaurant, 'timezone' | 'languages' | 'country' | 'settings'>
/** What this deployment can send and the house has switched on. */
export type Can = { mail: boolean; sms: boolean }

const hourMs = 3_600_000
/** What is not worth telling once the visit was cancelled or has begun. */
const ahead = ['confirmation', 'pending', 'approved', 'changed', 'reminder'] as const
const reminders = ['reminder'] as const

/** R155. What guests are to hear of these events, in their order: messages to make, and those that are overtaken. */
export function stepsOf(events: SeenEvent[], house: House, can: Can): Step[] {
  // What a series does to its dates is told once, by the series.
  const bySeries = new Set(events.flatMap((one) => (one.type.startsWith('series.') ? [one.tx] : [])))
  return events.flatMap((event) => {
    if (event.type.startsWith('reservation.')) return reservationSteps(event, house, can, bySeries.has(event.tx))
    if (event.type.startsWith('waitlist.')) return waitlistSteps(event, house, can)
    return seriesSteps(event, house, can)
  })
}

type About = {
  event: SeenEvent
  house: House
  can: Can
  contact: Contact
  subject_type: Wish['subject_type']
  subject_id: string
}
type Reach = 'mail_first' | 'sms_first' | 'both'

/** R156. By mail where there is an address, else by text; offers by both, reminders by text first. */
function channelsOf({ contact, can }: About, reach: Reach): { channel: Channel; address: string }[] {
  const mail = can.mail && contact.email !== null ? [{ channel: 'mail' as const, address: contact.email }] : []
  const sms = can.sms && contact.phone !== null ? [{ channel: 'sms' as const, address: contact.phone }] : []
  if (reach === 'both') return [...sms, ...mail]
  return (reach === 'mail_first' ? [...mail, ...sms] : [...sms, ...mail]).slice(0, 1)
}

function tell(about: About, kind: Kind, reach: Reach, more: Partial<Wish> = {}): Step[] {
  const { event, house, contact, subject_type, subject_id } = about
  return channelsOf(about, reach).map(({ channel, address }) => ({
    make: {
      kind,
      channel,
      address,
      language: languageFor(contact.language, house.languages),
      subject_type,
      subject_id,
      event_id: event.id,
      dedupe_key: `${event.id}:${kind}:${channel}`,
      about_at: null,
      due_at: event.at,
      settles: false,
      ...more,
    },
  }))
}

/** R158. One message for each visit and number of hours, however often the visit is looked at. */
function remind(about: About, starts_at: string, known_at: string): Step[] {
  const { reminder_hours, ...quiet } = about.house.settings.messages
  const visit = { starts_at: Date.parse(starts_at), known_at: Date.parse(known_at) }
  return remindersOf(visit, reminder_hours, quiet, about.house.timezone).flatMap(({ hours, at }) =>
    tell(about, 'reminder', 'sms_first', {
      about_at: starts_at,
      due_at: new Date(at).toISOString(),
      dedupe_key: `reminder:${about.subject_id}:${hours}:${visit.starts_at}`,
    }),
  )
}

function reservationSteps(event: SeenEvent, house: House, can: Can, bySeries: boolean): Step[] {
  const now = SeenReservation.safeParse(event.after)
  const was = SeenReservation.safeParse(event.before)
  if (!now.success) return []
  const after = now.data
  const before = was.success ? was.data : null
  const about: About = { event, house, can, ...aboutReservation(event, after) }
  const isToCome = Date.parse(after.starts_at) > Date.parse(event.at)
  const soon = Date.parse(after.starts_at) - Date.parse(event.at) < 24 * hourMs
  switch (event.type) {
    case 'reservation.booked': {
      if (!isToCome || after.source === 'walk_in' || after.source === 'import') return []
      const booked = after.waitlist_id === null && !bySeries
      const reminding = after.status === 'confirmed' && after.waitlist_id === null
      return [
        ...(booked ? tell(about, after.status === 'pending' ? 'pending' : 'confirmation', 'mail_first') : []),
        ...(reminding ? remind(about, after.starts_at, event.at) : []),
      ]
    }
    case 'reservation.confirm':
      if (!isToCome || before?.status !== 'pending') return []
      return [...tell(about, 'approved', 'mail_first'), ...remind(about, after.starts_at, event.at)]
    case 'reservation.changed':
    case 'reservation.moved':
      return changedSteps(about, before, after, { isToCome, bySeries, soon })
    case 'reservation.cancel': {
      const over: Step[] = [{ void: after.id, kinds: ahead }]
      const known = before?.status === 'pending' || before?.status === 'confirmed'
      if (!known || !isToCome || bySeries || after.source === 'import') return over
      // Who leaves the queue at the door need not be told that the table is given on.
      if (after.waitlist_id !== null && after.cancel_reason?.startsWith('waitlist_')) return over
      return [...over, ...tell(about, cancelledKind(event, before.status), soon ? 'both' : 'mail_first')]
    }
    case 'reservation.no_show': {
      const wanted = house.settings.messages.no_show_note === 'on' && before?.status === 'confirmed'
      return [{ void: after.id, kinds: ahead }, ...(wanted ? tell(about, 'no_show', 'mail_first') : [])]
    }
    default:
      return [{ void: after.id, kinds: ahead }]
  }
}

/** An agent speaks for whoever is on the line, a page for its guest; staff and keys for the house. */
function cancelledKind({ actor_kind }: SeenEvent, was: string): Kind {
  if (actor_kind === 'guest' || actor_kind === 'call' || actor_kind === 'member') return 'cancelled'
  if (was === 'pending') return 'declined'
  return actor_kind === 'staff' ? 'cancelled_by_house' : 'cancelled'
}

/** R157. Only what matters to the guest: when, how many, in which area. A new address hears of the whole. */
function changedSteps(
  about: About,
  before: SeenReservation | null,
  after: SeenReservation,
  { isToCome, bySeries, soon }: { isToCome: boolean; bySeries: boolean; soon: boolean },
): Step[] {
  if (before === null || (after.status !== 'pending' && after.status !== 'confirmed')) return []
  const moved = Date.parse(before.starts_at) !== Date.parse(after.starts_at)
  const matters = moved || before.party_size !== after.party_size || areaOf(before) !== areaOf(after)
  const elsewhere = after.email !== null && before.email !== after.email
  const renewed: Step[] = moved
    ? [
        { void: after.id, kinds: reminders },
        ...(after.status === 'confirmed' ? remind(about, after.starts_at, about.event.at) : []),
      ]
    : []
  if (!isToCome || bySeries) return renewed
  if (elsewhere && about.can.mail) {
    return [...renewed, ...tell(about, after.status === 'pending' ? 'pending' : 'confirmation', 'mail_first')]
  }
  return matters ? [...renewed, ...tell(about, 'changed', soon ? 'both' : 'mail_first', { settles: true })] : renewed
}

function areaOf({ area, tables }: Pick<SeenReservation, 'area' | 'tables'>): string | null {
  return tables[0]?.area ?? area
}

function aboutReservation(
  event: SeenEvent,
  { id, name, email, phone_number }: SeenReservation,
): Pick<About, 'contact' | 'subject_type' | 'subject_id'> {
  const { contact } = event
  return {
    contact: {
      name,
      email: email ?? contact?.email ?? null,
      phone: phone_number ?? contact?.phone ?? null,
      language: contact?.language ?? null,
    },
    subject_type: 'reservation',
    subject_id: id,
  }
}

const waitlistKinds = ['waitlist_joined', 'waitlist_offered', 'waitlist_lapsed'] as const

/** R161. A place in the queue, a table that is kept, one that was let go; a table for a day to come is a booking. */
function waitlistSteps(event: SeenEvent, house: House, can: Can): Step[] {
  const parsed = SeenEntry.safeParse(event.after)
  if (!parsed.success) return []
  const entry = parsed.data
  const { name, email, phone_number, language } = entry
  const contact = { name, email, phone: phone_number, language }
  const about: About = { event, house, can, contact, subject_type: 'waitlist', subject_id: entry.id }
  switch (event.type) {
    case 'waitlist.joined':
      return tell(about, 'waitlist_joined', 'sms_first')
    case 'waitlist.offered':
      return [{ void: entry.id, kinds: waitlistKinds }, ...tell(about, 'waitlist_offered', 'both')]
    case 'waitlist.offer_lapsed':
      return [{ void: entry.id, kinds: waitlistKinds }, ...tell(about, 'waitlist_lapsed', 'sms_first')]
    default: {
      const over: Step = { void: entry.id, kinds: waitlistKinds }
      const { reservation } = entry
      if (entry.kind === 'now' || !reservation) return [over]
      const booked: About = {
        ...about,
        contact: { ...contact, language: language ?? event.contact?.language ?? null },
        subject_type: 'reservation',
        subject_id: reservation.id,
      }
      return [over, ...tell(booked, 'confirmation', 'mail_first'), ...remind(booked, reservation.starts_at, event.at)]
    }
  }
}

/** R162. All dates in one message. */
function seriesSteps(event: SeenEvent, house: House, can: Can): Step[] {
  if (!event.contact) return []
  const { contact, subject_id } = event
  const about: About = { event, house, can, contact, subject_type: 'series', subject_id }
  const kind =
    event.type === 'series.booked'
      ? 'series_booked'
      : event.type === 'series.cancelled'
        ? 'series_cancelled'
        : 'series_changed'
  const over: Step = { void: subject_id, kinds: ['series_booked', 'series_changed'] }
  return [over, ...tell(about, kind, 'mail_first')]
}
