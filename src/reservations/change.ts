import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { clock, wallOf } from '../platform/time.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { withArea } from './asked-area.ts'
import { groupChangeDecider } from './groups/change.ts'
import { presentReservation } from './present.ts'
import { selectReservation } from './queries.ts'
import { contactOf, momentOf, readRef } from './requests.ts'
import { arrivalOf, decideChange } from './rules.ts'
import type { BookingRequest, Reservation, ReservationEdit, ReservationRow, Status } from './schema.ts'
import { isUnknownArea } from './tables-rules.ts'
import { callOf, decideAndWrite, seatingColumns, staleProblem } from './write.ts'

/**
 * Moves date, time, party or table at once, or edits what is written with it. The old place is kept where the new one
 * cannot be had. A version that the client has seen and is no longer so is 409 with the reservation as it is.
 */
export async function changeReservation(
  caller: TenantCtx,
  ref: string,
  input: ReservationEdit,
  expected: number | null,
  once: Once,
): Promise<Result<Reservation>> {
  const ctx = await withArea(caller, input.area, once)
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
  // Under a client's own key the answer is kept, and so written: a repeat must not find another state and change it.
  const unkept = once.key.startsWith('auto:')
  if (unkept && alive.has(row.status) && changesNothing(row, request, columns, ctx.restaurant.timezone)) {
    if (version !== row.version) throw staleProblem(row, ctx.restaurant)
    return { data: presentReservation(row, ctx.restaurant.timezone) }
  }
  const asGroup = row.is_group && moves ? await groupChangeDecider(ctx, row, request) : null
  const result = await decideAndWrite(
    ctx,
    'change_reservation',
    'change',
    request,
    once,
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
  const moves = movesParty(row, input)
  const request = requestAfter(row, input, restaurant, moves)
  const written = { ...row, ...definedOnly(input) }
  const contact = { ...contactOf({ ...written, client_id: null }, restaurant), guest_id: row.guest_id }
  return { request, moves, columns: { ...contact, id: row.id, moves, area: request.area, source: row.source } }
}

/** Where it would sit if nothing but what the edit names changed. */
function requestAfter(
  row: ReservationRow,
  input: ReservationEdit,
  restaurant: Restaurant,
  moves: boolean,
): BookingRequest {
  const wall = wallOf(Date.parse(row.starts_at), restaurant.timezone)
  const party_size = input.party_size ?? input.guests ?? row.party_size
  // An area that the house no longer has is nothing they could still want.
  const wished = moves && isUnknownArea(restaurant, row.area) ? null : row.area
  const area = input.area === undefined ? wished : input.area
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

const alive = new Set<Status>(['pending', 'confirmed', 'seated'])

/** R305. Whether a reservation would be what it is: then nobody's version of it becomes an old one. */
function changesNothing(
  row: ReservationRow,
  request: BookingRequest,
  columns: Record<string, unknown>,
  timezone: string,
): boolean {
  const tables = row.tables.map((table) => table.id)
  const { party_size, area, table_id, moment } = request
  return (
    arrivalOf(moment, timezone)?.at === Date.parse(row.starts_at) &&
    party_size === row.party_size &&
    area === row.area &&
    (table_id === null || (tables.length === 1 && tables[0] === table_id.toLowerCase())) &&
    (['name', 'phone_number', 'email', 'notes', 'other_info'] as const).every(
      (column) => columns[column] === row[column],
    )
  )
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
