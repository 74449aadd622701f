import type { Restaurant } from '../restaurants/schema.ts'
import { addDays, instantOf, wallOf } from '../platform/time.ts'
import type { Facts, Kind } from './schema.ts'

const nobody = '00000000-0000-4000-8000-000000000000'
const iso = (at: number): string => new Date(at).toISOString()

/** A booking that is made up: two on the evening after next, at eight. */
export function sampleFacts(kind: Kind, house: Pick<Restaurant, 'timezone'>, now: number): Omit<Facts, 'template'> {
  const date = addDays(wallOf(now, house.timezone).date, 2)
  const eight = instantOf(date, 20 * 60, house.timezone)
  const at = eight.kind === 'gap' ? now : eight.at
  const times = { starts_at: iso(at), ends_at: iso(at + 5_400_000) }
  const contact = { name: 'Ada Lovelace', email: 'ada@example.com', phone: '+6598207272', language: null }
  const table = { id: nobody, number: '7', seats: 2, area: 'Terrace' }
  const none = { contact, reservation: null, entry: null, series: null, told: null }
  if (kind.startsWith('series_')) {
    const visits = [0, 7, 14].map((days) => ({ starts_at: iso(at + days * 86_400_000), party_size: 2 }))
    return { ...none, series: { status: 'active', visits, not_booked: [] } }
  }
  if (kind.startsWith('waitlist_')) {
    return {
      ...none,
      entry: {
        id: nobody,
        restaurant_id: nobody,
        kind: 'now',
        status: 'offered',
        service_day: date,
        party_size: 2,
        name: contact.name,
        phone_number: contact.phone,
        email: contact.email,
        language: null,
        area: null,
        accepts_bar: null,
        notes: null,
        source: 'web',
        window_starts_at: null,
        window_ends_at: null,
        joined_at: iso(now),
        quoted_min_minutes: 15,
        quoted_max_minutes: 25,
        aside: false,
        lapses: 0,
        offers: 1,
        offered_at: iso(now),
        offer_expires_at: iso(at + 600_000),
        accepted_at: null,
        seated_at: null,
        waited_minutes: null,
        ended_at: null,
        left_by: null,
        why: null,
        version: 1,
        updated_at: iso(now),
        position: 1,
        reservation: { id: nobody, confirmation_code: 'ABC234', status: 'held', ...times, tables: [table] },
      },
    }
  }
  return {
    ...none,
    reservation: {
      id: nobody,
      restaurant_id: nobody,
      confirmation_code: 'ABC234',
      status: 'confirmed',
      party_size: 2,
      ...times,
      buffer_minutes: 0,
      tables: [table],
      guest_id: null,
      name: contact.name,
      area: null,
      phone_number: contact.phone,
      email: contact.email,
      notes: null,
      other_info: null,
      source: 'web',
      late_minutes: null,
      cancel_reason: null,
      hold_expires_at: null,
      seated_at: null,
      completed_at: null,
      cancelled_at: null,
      no_show_at: null,
      version: 1,
      created_at: iso(now),
      updated_at: iso(now),
      series_id: null,
      series_date: null,
      is_group: false,
    },
  }
}
