import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { clock, wallOf } from '../platform/time.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { groupChangeDecider } from './groups/change.ts'
import { presentReservation } from './present.ts'
import { selectReservation } from './queries.ts'
import { contactOf, momentOf, readRef } from './requests.ts'
import { decideChange } from './rules.ts'
import type { BookingRequest, Reservation, ReservationEdit, ReservationRow } from './schema.ts'
import { callOf, decideAndWrite, seatingColumns } from './write.ts'

/**
 * Moves date, time, party or table at once, or edits what is written with it. The old place is kept where the new one
 * cannot be had. A version that the client has seen and is no longer so is 409 with the reservation as it is.
 */
export async function changeReservation(
  ctx: TenantCtx,
  ref: string,
  input: ReservationEdit,
  expected: number | null,
  once: Once,
): Promise<Result<Reservation>> {
  const asked = readRef(ref, ctx.restaurant)
  for (let attempt = 1; ; attempt++) {
    const row = await withRetry(() => selectReservation(ctx.db, ctx.restaurant.id, asked, ctx.now), ctx.request_id)
    if (!row) throw new Problem('not_found')
    try {
      return await changeFrom(ctx, row, input, expected, once)
    } catch (error) {
      // Somebody else was first, and the client had not said which version it saw: what it asks still holds.
      const lost = error instanceof Problem && error.code === 'stale_version'
      if (!lost || (expected ?? input.version) !== undefined || attempt === 3) throw error
    }
  }
}

async function changeFrom(
  ctx: TenantCtx,
  row: ReservationRow,
  input: ReservationEdit,
  expected: number | null,
  once: Once,
): Promise<Result<Reservation>> {
  const version = input.version ?? expected ?? row.version
  const { request, moves, columns } = askedOf(row, input, ctx.restaurant)
  const asGroup = row.is_group && moves ? await groupChangeDecider(ctx, row, request) : null
  const result = await decideAndWrite(
    ctx,
    'change_reservation',
    'change',
    request,
    (house) => (asGroup ? asGroup(house) : decideChange(request, row, moves, house, ctx.now)),
    (plan, house) => ({
      ...callOf(ctx, house, once),
      ...seatingColumns(plan),
      ...columns,
      version,
      per_phone: house.settings.per_phone,
    }),
  )
  return { data: presentReservation(result.row, result.restaurant.timezone), meta: result.meta }
}

/** What an edit asks for: the request to decide, whether the party moves, and what else the plan says. */
export function askedOf(
  row: ReservationRow,
  input: ReservationEdit,
  restaurant: Restaurant,
): { request: BookingRequest; moves: boolean; columns: Record<string, unknown> } {
  const request = requestAfter(row, input, restaurant.timezone)
  const written = { ...row, ...definedOnly(input) }
  const contact = { ...contactOf({ ...written, client_id: null }, restaurant), guest_id: row.guest_id }
  const moves = movesParty(row, input)
  return { request, moves, columns: { ...contact, id: row.id, moves, area: request.area, source: row.source } }
}

/** Where it would sit if nothing but what the edit names changed. */
function requestAfter(row: ReservationRow, input: ReservationEdit, timezone: string): BookingRequest {
  const wall = wallOf(Date.parse(row.starts_at), timezone)
  const party_size = input.party_size ?? input.guests ?? row.party_size
  const area = input.area === undefined ? row.area : input.area
  const table_id = input.table_id ?? null
  if (input.date !== undefined && input.date.length > 10)
    return { moment: momentOf(input.date), party_size, area, table_id }
  const date = input.reservation_date ?? input.date
  const time = input.reservation_time ?? input.time
  // The wall time alone would lose which of two it was, in the night the clocks go back.
  const moment =
    date === undefined && time === undefined
      ? { at: Date.parse(row.starts_at) }
      : { date: date ?? wall.date, time: time ?? clock(wall.minute) }
  return { moment, party_size, area, table_id }
}

function movesParty(row: ReservationRow, input: ReservationEdit): boolean {
  const { reservation_date, reservation_time, date, time, party_size, guests, table_id, area } = input
  return (
    [reservation_date, reservation_time, date, time, table_id].some((value) => value !== undefined) ||
    (party_size ?? guests ?? row.party_size) !== row.party_size ||
    (area !== undefined && area !== row.area)
  )
}

function definedOnly(input: ReservationEdit): Partial<ReservationRow> {
  const { name, phone_number, email, notes, other_info } = input
  return Object.fromEntries(
    Object.entries({ name, phone_number, email, notes, other_info }).filter(([, value]) => value !== undefined),
  )
}
