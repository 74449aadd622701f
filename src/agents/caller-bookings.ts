import { judgeTry } from '../access/tries.ts'
import { withRetry } from '../platform/db.ts'
import { toE164 } from '../platform/phone.ts'
import { Problem } from '../platform/problem.ts'
import { searchable } from '../platform/text.ts'
import { clock, wallOf } from '../platform/time.ts'
import type { ReservationRow } from '../reservations/schema.ts'
import { answersTo } from './name-rules.ts'
import type { CallCtx } from './operation.ts'
import type { ReservationBrief } from './operation-schema.ts'
import { acceptName, type OwnBooking, selectBookingsOfCaller } from './queries.ts'

/** What somebody says of a booking to be told of it. */
export type Whose = {
  confirmation_code?: string | null | undefined
  name?: string | null | undefined
  phone?: string | null | undefined
  date?: string | null | undefined
}

/**
 * R227. The bookings that are the caller's to hear of, soonest first. In a call: those of the number it comes from, once
 * a name is given that answers to them, and those made in it, whatever else is asked. Without one: those of a code or a
 * number, under that name. Whatever does not fit is `not_found`, the same for all reasons.
 */
export async function bookingsOf(ctx: CallCtx, whose: Whose): Promise<ReservationRow[]> {
  const { restaurant, call } = ctx
  const said = whose.name ? searchable(whose.name) : null
  const code = whose.confirmation_code ? whose.confirmation_code.replace(/[\s-]/g, '').toUpperCase() : null
  const phone = call.id === null && whose.phone ? toE164(whose.phone, restaurant.country) : null
  if (call.id === null) {
    if (said === null) throw new Problem('name_required', { errors: [{ path: 'name', message: 'is needed' }] })
    if (code === null && !whose.phone) {
      const message = 'or phone is needed'
      throw new Problem('validation_failed', { errors: [{ path: 'confirmation_code', message }] })
    }
  }
  const asked = { call_id: call.id, name: said, phone, code }
  const answer = await withRetry(() => selectBookingsOfCaller(ctx.db, restaurant.id, asked, ctx.now), ctx.request_id)
  switch (answer.outcome) {
    case 'not_found':
      throw new Problem('not_found', { detail: 'There is no such call.' })
    case 'call_over':
      throw new Problem('call_over')
    case 'name_needed':
      throw new Problem('name_required', { errors: [{ path: 'name', message: 'is needed' }] })
    case 'tries_spent':
      throw new Problem('lookups_spent')
    case 'bookings':
      break
  }
  const name = said ?? answer.accepted_name
  const known = answer.bookings.filter((one) => one.made || (name !== null && bears(one, name)))
  const named = known.some((one) => !one.made)
  if (call.id === null) await judgeTry(ctx, [`booking:${restaurant.id}:${phone ?? code}`], named)
  else if (answer.counted && named && said !== null) await acceptName(ctx.db, restaurant.id, call.id, said)
  const found = known
    .map((one) => one.reservation)
    .filter((row) => (code === null ? isAhead(row) : row.confirmation_code === code))
    .filter((row) => !whose.date || wallOf(Date.parse(row.starts_at), restaurant.timezone).date === whose.date)
    .toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))
  if (found.length === 0) throw new Problem('not_found', { detail: 'No booking was found by what was said.' })
  return found
}

// The guest's name only where the booking has none: a number that is shared has one guest, and bookings of many names.
const bears = (one: OwnBooking, name: string): boolean => answersTo(one.reservation.name ?? one.guest_name, name)
const isAhead = (row: ReservationRow): boolean => ['pending', 'confirmed', 'seated'].includes(row.status)

/** The one that is meant, or `which_booking` with those it may be: nothing is done to the wrong one. */
export async function bookingOf(ctx: CallCtx, whose: Whose): Promise<ReservationRow> {
  const [first, ...others] = await bookingsOf(ctx, whose)
  if (!first) throw new Problem('not_found')
  if (others.length === 0) return first
  const bookings = [first, ...others].slice(0, 5).map((row) => briefOf(row, ctx.restaurant.timezone))
  throw new Problem('which_booking', { more: { bookings } })
}

/** A reservation as a caller may hear of it: nothing of what the house notes for itself. */
export function briefOf(row: ReservationRow, timezone: string): ReservationBrief {
  const wall = wallOf(Date.parse(row.starts_at), timezone)
  const { confirmation_code, status, party_size, name, area, other_info, late_minutes } = row
  return {
    confirmation_code,
    status,
    date: wall.date,
    time: clock(wall.minute),
    party_size,
    name,
    area,
    requests: other_info,
    late_minutes,
  }
}
