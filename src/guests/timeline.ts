import { readTimeCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { presentReservation } from '../reservations/present.ts'
import { isoAt } from '../platform/time.ts'
import type { Reservation } from '../reservations/schema.ts'
import { selectMoments, selectTimeline } from './history-queries.ts'
import type { Moment } from './history-schema.ts'
import type { PageQuery } from './schema.ts'

/** Everything a guest ever booked, cancelled or missed, the newest arrival first. */
export async function guestBookings(ctx: TenantCtx, id: string, asked: PageQuery): Promise<Result<Reservation[]>> {
  const { restaurant } = ctx
  const before = readTimeCursor(asked.cursor)
  const rows = await withRetry(() => selectTimeline(ctx.db, restaurant.id, id, before, asked.limit + 1), ctx.request_id)
  if (!rows) throw new Problem('not_found', { detail: 'There is no such guest.' })
  const page = rows.slice(0, asked.limit)
  const last = page.at(-1)
  const more = rows.length > asked.limit && last
  return {
    data: page.map((row) => presentReservation(row, restaurant.timezone)),
    meta: { next_cursor: more ? writeCursor([last.starts_at, last.id]) : null },
  }
}

/** R173. All there was between a guest and the house, of whatever kind, the newest first. */
export async function guestTimeline(ctx: TenantCtx, id: string, asked: PageQuery): Promise<Result<Moment[]>> {
  const { restaurant } = ctx
  const before = readTimeCursor(asked.cursor)
  const rows = await withRetry(() => selectMoments(ctx.db, restaurant.id, id, before, asked.limit + 1), ctx.request_id)
  if (!rows) throw new Problem('not_found', { detail: 'There is no such guest.' })
  const page = rows.slice(0, asked.limit)
  const last = page.at(-1)
  const more = rows.length > asked.limit && last
  return {
    data: page.map((one) => ({ ...one, at: isoAt(Date.parse(one.at), restaurant.timezone) })),
    meta: { next_cursor: more ? writeCursor([last.at, last.id]) : null },
  }
}
