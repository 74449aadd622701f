import type { TenantCtx } from '../../platform/endpoint.ts'
import { isoAt, wallOf } from '../../platform/time.ts'
import { termsAt } from './rules.ts'
import type { Series, SeriesRow } from './schema.ts'

/** A series as the house reads it, with the terms of its next occurrences beside its rule. */
export function presentSeries(row: SeriesRow, ctx: Pick<TenantCtx, 'restaurant' | 'now'>): Series {
  const { timezone } = ctx.restaurant
  const terms = termsAt(row, wallOf(ctx.now, timezone).date)
  if (!terms) throw new Error(`series ${row.id} has no terms`)
  const { from_date: _from, ...current } = terms
  return {
    ...row,
    ...current,
    created_at: isoAt(Date.parse(row.created_at), timezone),
    updated_at: isoAt(Date.parse(row.updated_at), timezone),
  }
}
