import type { TenantCtx } from '../../platform/endpoint.ts'
import { wallOf } from '../../platform/time.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { readDays } from '../availability.ts'
import type { Decision } from '../rules.ts'
import type { BookingRequest, ReservationRow } from '../schema.ts'
import { decideGroup } from './rules.ts'

/** How a group that moves is decided: its tables are chosen anew from what is free then, its own among them. */
export async function groupChangeDecider(
  ctx: TenantCtx,
  row: ReservationRow,
  request: BookingRequest,
): Promise<(house: Restaurant) => Decision> {
  const { moment } = request
  const date = 'date' in moment ? moment.date : wallOf(moment.at, ctx.restaurant.timezone).date
  const { claims } = await readDays(ctx, [date])
  const kept = row.tables.map((table) => table.id)
  const from = Date.parse(row.starts_at)
  // No two claims on a table overlap: one that begins with this party is its own.
  const others = claims.filter((claim) => claim.starts_at !== from || !kept.includes(claim.table_id))
  const tables = request.table_id ? [request.table_id.toLowerCase()] : null
  return (house) => decideGroup({ ...request, tables }, house, others, kept, ctx.now)
}
