import { searchable } from '../platform/text.ts'
import { toE164 } from '../platform/phone.ts'
import { Problem } from '../platform/problem.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import type { BookingRequest, Moment, NewReservation } from './schema.ts'

/** Both accepted shapes as one. */
export function requestOf(input: NewReservation): BookingRequest {
  const area = input.area ?? null
  const table_id = input.table_id ?? null
  if ('guests' in input) return { moment: momentOf(input.date), party_size: input.guests, area, table_id }
  const moment =
    'date' in input
      ? { date: input.date, time: input.time }
      : { date: input.reservation_date, time: input.reservation_time }
  return { moment, party_size: input.party_size, area, table_id }
}

/** An ISO date and time: an instant where it says its offset, the house's wall time where it does not. */
export function momentOf(value: string): Moment {
  if (/(Z|[+-]\d\d:?\d\d)$/.test(value)) return { at: Date.parse(value) }
  return { date: value.slice(0, 10), time: value.slice(11, 16) }
}

type ContactInput = {
  name?: string | null | undefined
  phone_number?: string | null | undefined
  email?: string | null | undefined
  notes?: string | null | undefined
  other_info?: string | null | undefined
  client_id?: string | null | undefined
  language?: string | null | undefined
}

/** Who books, as the plan names it; a phone that cannot be one is refused. */
export function contactOf(input: ContactInput, restaurant: Restaurant): Record<string, string | null> {
  const phone_number = input.phone_number ? toE164(input.phone_number, restaurant.country) : null
  if (input.phone_number && !phone_number) {
    throw new Problem('invalid_phone', {
      detail: `"${input.phone_number}" is no phone number in ${restaurant.country} or abroad.`,
      errors: [{ path: 'phone_number', message: 'is no phone number' }],
    })
  }
  return {
    guest_id: input.client_id ?? null,
    name: input.name ?? null,
    search_name: input.name ? searchable(input.name) : null,
    phone_number,
    email: input.email ?? null,
    language: input.language ?? null,
    notes: input.notes ?? null,
    other_info: input.other_info ?? null,
  }
}

/** How a path names a reservation: by its id, its code, or the phone it was booked with. */
export function readRef(ref: string, restaurant: Restaurant): { kind: 'id' | 'code' | 'phone'; ref: string } {
  if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(ref)) return { kind: 'id', ref: ref.toLowerCase() }
  if (/^[A-HJ-NP-Z][A-HJ-NP-Z2-9]{5}$/i.test(ref)) return { kind: 'code', ref: ref.toUpperCase() }
  const phone = toE164(ref, restaurant.country)
  if (!phone)
    throw new Problem('not_found', { detail: 'That is no id, confirmation code or phone number of a booking.' })
  return { kind: 'phone', ref: phone }
}
