import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { wallOf } from '../platform/time.ts'
import type { Material } from './analytics-rules.ts'
import { selectFigures } from './queries.ts'
import { daysByGroup, daysToReckon, liveDays, rangeOf, serviceDayOf } from './rules.ts'
import type { AnalyticsQuery, Group } from './schema.ts'

/** The range that was asked for, and its rows. A range that is not right is `validation_failed`. */
export async function analyse<R>(
  ctx: TenantCtx,
  asked: AnalyticsQuery,
  { kinds, rowsOf }: { kinds: string[]; rowsOf: (material: Material) => R[] },
): Promise<{ data: { from: string; to: string; group: Group; rows: R[] } }> {
  const { restaurant } = ctx
  const today = serviceDayOf(wallOf(ctx.now, restaurant.timezone))
  const range = rightRange(asked, today)
  const live = daysToReckon(restaurant, liveDays(range, today))
  const { group } = asked
  const figures = await withRetry(
    () => selectFigures(ctx.db, restaurant.id, { kinds, ...range, group, live, now: ctx.now }),
    ctx.request_id,
  )
  const days = daysByGroup(range, group, today)
  return { data: { ...range, group, rows: rowsOf({ figures, days, currency: restaurant.currency }) } }
}

export function rightRange(asked: Pick<AnalyticsQuery, 'from' | 'to'>, today: string): { from: string; to: string } {
  const range = rangeOf(asked, today)
  if (!('mistake' in range)) return range
  throw new Problem('validation_failed', {
    detail: `to: ${range.mistake}`,
    errors: [{ path: 'query.to', message: range.mistake }],
  })
}
