import { writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import { facetsOf } from './facets.ts'
import { presentGuest } from './present.ts'
import { selectGuest, selectGuests } from './queries.ts'
import type { Guest, GuestDetail, GuestFilter } from './schema.ts'

export async function getGuest(ctx: TenantCtx, id: string): Promise<Result<GuestDetail>> {
  const { restaurant } = ctx
  const found = await withRetry(() => selectGuest(ctx.db, restaurant.id, id, ctx.now), ctx.request_id)
  if (!found) throw new Problem('not_found', { detail: 'There is no such guest.' })
  const { guest, next } = found
  const next_reservation = next && { ...next, starts_at: isoAt(Date.parse(next.starts_at), restaurant.timezone) }
  return { data: { ...presentGuest(guest, ctx), next_reservation } }
}

/** Best match first where a name is searched for, else by name; whoever has no name comes last. */
export async function listGuests(ctx: TenantCtx, filter: GuestFilter): Promise<Result<Guest[]>> {
  const { restaurant } = ctx
  const facets = facetsOf(filter, restaurant.country, ctx.now)
  const rows = await withRetry(() => selectGuests(ctx.db, restaurant.id, facets), ctx.request_id)
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  const more = rows.length > filter.limit && last
  return {
    data: page.map((row) => presentGuest(row.guest, ctx)),
    meta: { next_cursor: more ? writeCursor([last.sort_key, last.guest.id]) : null },
  }
}
