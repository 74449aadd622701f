import { tellFloor } from '../../floor/feed-pump.ts'
import { tellGuests } from '../../messages/pump.ts'
import type { Once } from '../../platform/ctx.ts'
import { withRetry } from '../../platform/db.ts'
import type { PublicCtx, Result, TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { isoAt } from '../../platform/time.ts'
import { loadRestaurant } from '../../restaurants/load.ts'
import { fileOf } from '../calendar/file.ts'
import { changeReservation } from '../change.ts'
import { presentReservation } from '../present.ts'
import { selectReservation } from '../queries.ts'
import type { Reservation, ReservationRow } from '../schema.ts'
import { stepReservation } from '../step.ts'
import type { GuestEdit, ManagedReservation } from './schema.ts'
import { manageUrl, readManageToken } from './token.ts'

const dayMs = 86_400_000

/** R148. What the guest of one reservation sees of it. */
export async function viewManaged(ctx: PublicCtx, token: string): Promise<Result<ManagedReservation>> {
  const { house, row } = await openManaged(ctx, token)
  return { data: await presentManaged(house, presentReservation(row, house.restaurant.timezone)) }
}

/** R148. Moves it, or changes the party, as `changeReservation` does; 409 `too_late_to_change` once the notice is over. */
export async function changeManaged(
  ctx: PublicCtx,
  token: string,
  input: GuestEdit,
  expected: number | null,
  once: Once,
): Promise<Result<ManagedReservation>> {
  const { house, row } = await openManaged(ctx, token)
  mayStillChange(house, row)
  const { data, meta } = await changeReservation(house, row.id, input, expected, ownKey(once, row))
  tellOfIt(house)
  return { data: await presentManaged(house, data), ...(meta ? { meta } : {}) }
}

/** R148. Cancels it; the table is free at once. */
export async function cancelManaged(
  ctx: PublicCtx,
  token: string,
  expected: number | null,
  once: Once,
): Promise<Result<ManagedReservation>> {
  const { house, row } = await openManaged(ctx, token)
  if (row.status !== 'cancelled') mayStillChange(house, row)
  const { data } = await stepReservation(house, 'cancel', row.id, { version: expected }, ownKey(once, row))
  tellOfIt(house)
  return { data: await presentManaged(house, data) }
}

/** The door is open to all, so nobody at the edge knows whose house it was. */
function tellOfIt(house: TenantCtx): void {
  house.after(tellFloor(house, house.restaurant.id))
  house.after(tellGuests(house, house.restaurant))
}

/** Its calendar file, for the guest. */
export async function managedCalendar(ctx: PublicCtx, token: string): Promise<Result<null>> {
  const { house, row } = await openManaged(ctx, token)
  return { data: null, file: await fileOf(house, row) }
}

/** Whose link this is, until a day after the visit. A token that is none of ours asks the database nothing. */
async function openManaged(ctx: PublicCtx, token: string): Promise<{ house: TenantCtx; row: ReservationRow }> {
  const claims = await readManageToken(ctx.secrets.token_secret, token)
  if (!claims) {
    await ctx.limit(`manage:${ctx.address}`, 20)
    throw new Problem('unauthorized', { detail: 'That link is none of ours.' })
  }
  await ctx.limit(`manage:${claims.reservation_id}`, 60)
  const restaurant = await loadRestaurant(ctx, claims.restaurant_id)
  const asked = { kind: 'id', ref: claims.reservation_id }
  const row = await withRetry(() => selectReservation(ctx.db, restaurant.id, asked, ctx.now), ctx.request_id)
  if (!row || row.status === 'held') throw new Problem('not_found')
  if (Date.parse(row.ends_at) + dayMs < ctx.now)
    throw new Problem('unauthorized', { detail: 'That link has expired: the visit is over.' })
  return { house: { ...ctx, restaurant, actor: { kind: 'guest', reservation_id: row.id } }, row }
}

/** A guest's key is a guest's own: it answers for nothing that anybody else did under the same one. */
function ownKey(once: Once, row: ReservationRow): Once {
  return once.key.startsWith('auto:') ? once : { ...once, key: `${row.id}:${once.key}` }
}

/** As short as the notice that the house takes bookings at. */
function changeUntil({ restaurant }: TenantCtx, starts_at: string): number {
  return Date.parse(starts_at) - restaurant.settings.min_notice_minutes * 60_000
}

function mayStillChange(house: TenantCtx, row: ReservationRow): void {
  const { phone, timezone } = house.restaurant
  if (row.status !== 'pending' && row.status !== 'confirmed') {
    throw new Problem('illegal_step', { detail: `It is ${row.status.replace('_', '-')}.` })
  }
  const until = changeUntil(house, row.starts_at)
  if (house.now <= until) return
  const call = phone ? ` Please call ${phone}.` : ''
  throw new Problem('too_late_to_change', {
    detail: `It could be changed here until ${isoAt(until, timezone)}.${call}`,
  })
}

async function presentManaged(house: TenantCtx, row: Reservation): Promise<ManagedReservation> {
  const { name, slug, address, phone, timezone } = house.restaurant
  const until = changeUntil(house, row.starts_at)
  return {
    restaurant: { name, slug, address, phone, timezone },
    confirmation_code: row.confirmation_code,
    status: row.status,
    name: row.name,
    party_size: row.party_size,
    reservation_date: row.reservation_date,
    reservation_time: row.reservation_time,
    starts_at: row.starts_at,
    ends_at: row.ends_at,
    area: row.area,
    other_info: row.other_info,
    is_group: row.is_group,
    can_change: (row.status === 'pending' || row.status === 'confirmed') && house.now <= until,
    change_until: isoAt(until, timezone),
    calendar_url: `${await manageUrl(house.secrets, row)}/calendar.ics`,
    version: row.version,
  }
}
