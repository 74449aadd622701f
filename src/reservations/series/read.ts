import { pageOf, readCursor } from '../../platform/cursor.ts'
import { withRetry } from '../../platform/db.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { contactOf } from '../requests.ts'
import { presentReservation } from '../present.ts'
import { presentSeries } from './present.ts'
import { selectSeriesList } from './queries.ts'
import type { Series, SeriesFilter, SeriesWithOccurrences } from './schema.ts'
import { readSeries } from './write.ts'

/** A series with every occurrence it ever had, by date. */
export async function getSeries(ctx: TenantCtx, id: string): Promise<Result<SeriesWithOccurrences>> {
  const { series, occurrences } = await readSeries(ctx, id, null)
  const shown = occurrences.map((row) => presentReservation(row, ctx.restaurant.timezone))
  return { data: { ...presentSeries(series, ctx), occurrences: shown } }
}

/** Newest first. */
export async function listSeries(ctx: TenantCtx, filter: SeriesFilter): Promise<Result<Series[]>> {
  const { phone_number = null } = filter.phone ? contactOf({ phone_number: filter.phone }, ctx.restaurant) : {}
  const [, after = null] = readCursor(filter.cursor) ?? []
  const facets = { status: filter.status ?? null, phone: phone_number, after, limit: filter.limit + 1 }
  const rows = await withRetry(() => selectSeriesList(ctx.db, ctx.restaurant.id, facets), ctx.request_id)
  const { data, meta } = pageOf(rows, filter.limit, () => '')
  return { data: data.map((row) => presentSeries(row, ctx)), meta }
}
