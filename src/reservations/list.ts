import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { readTimeCursor, writeCursor } from '../platform/cursor.ts'
import { toE164 } from '../platform/phone.ts'
import { Problem } from '../platform/problem.ts'
import { searchable } from '../platform/text.ts'
import { withHouseTimes } from '../platform/instants.ts'
import { addDays, instantOf, wallOf } from '../platform/time.ts'
import { presentReservation } from './present.ts'
import { selectDenied, selectReservation, selectReservations } from './queries.ts'
import { readRef } from './requests.ts'
import type { DeniedFilter, DeniedRequest, Reservation, ReservationFilter } from './schema.ts'

/** One reservation by its id, code, or the phone it was booked with. */
export async function getReservation(ctx: TenantCtx, ref: string): Promise<Result<Reservation>> {
  const asked = readRef(ref, ctx.restaurant)
  const row = await withRetry(() => selectReservation(ctx.db, ctx.restaurant.id, asked, ctx.now), ctx.request_id)
  if (!row) throw new Problem('not_found')
  return { data: presentReservation(row, ctx.restaurant.timezone) }
}

/** By time of arrival. Without any date or search, from today on. */
export async function listReservations(ctx: TenantCtx, filter: ReservationFilter): Promise<Result<Reservation[]>> {
  const { restaurant } = ctx
  const today = wallOf(ctx.now, restaurant.timezone).date
  const from = filter.date ?? filter.from ?? (filter.to === undefined && filter.q === undefined ? today : undefined)
  const to = filter.date ?? filter.to
  const rows = await withRetry(
    () =>
      selectReservations(ctx.db, restaurant.id, {
        from: from === undefined ? null : midnight(from, restaurant.timezone),
        before: to === undefined ? null : midnight(addDays(to, 1), restaurant.timezone),
        statuses: filter.status ?? null,
        name: filter.q === undefined ? null : searchable(filter.q),
        phone: filter.q === undefined ? null : toE164(filter.q, restaurant.country),
        code: filter.q === undefined ? null : filter.q.toUpperCase(),
        after: readTimeCursor(filter.cursor),
        limit: filter.limit + 1,
      }),
    ctx.request_id,
  )
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  const more = rows.length > filter.limit && last
  return {
    data: page.map((row) => presentReservation(row, restaurant.timezone)),
    meta: { next_cursor: more ? writeCursor([last.starts_at, last.id]) : null },
  }
}

/** What the house could not give, newest first, each with the rule that said no. */
export async function listDenied(ctx: TenantCtx, filter: DeniedFilter): Promise<Result<DeniedRequest[]>> {
  const { timezone, id } = ctx.restaurant
  const rows = await withRetry(
    () =>
      selectDenied(ctx.db, id, {
        from: filter.from === undefined ? null : midnight(filter.from, timezone),
        before: filter.to === undefined ? null : midnight(addDays(filter.to, 1), timezone),
        reason: filter.reason ?? null,
        after: readTimeCursor(filter.cursor),
        limit: filter.limit + 1,
      }),
    ctx.request_id,
  )
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  return {
    data: withHouseTimes(page, timezone),
    meta: { next_cursor: rows.length > filter.limit && last ? writeCursor([last.at, last.id]) : null },
  }
}

function midnight(date: string, timezone: string): number {
  for (let minute = 0; minute < 240; minute += 15) {
    const resolved = instantOf(date, minute, timezone)
    if (resolved.kind !== 'gap') return resolved.at
  }
  return Date.parse(`${date}T00:00:00Z`)
}
