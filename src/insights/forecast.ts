import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { addDays, wallOf } from '../platform/time.ts'
import { rightRange } from './analytics.ts'
import { selectForecasts } from './forecast-queries.ts'
import type { ForecastAnswer, ForecastQuery } from './forecast-schema.ts'
import { serviceDayOf } from './rules.ts'

/** Forecasts as they were made, what came, and how far off they were. A wrong range is `validation_failed`. */
export async function readForecasts(ctx: TenantCtx, asked: ForecastQuery): Promise<{ data: ForecastAnswer }> {
  const today = serviceDayOf(wallOf(ctx.now, ctx.restaurant.timezone))
  const to = asked.to ?? addDays(asked.from !== undefined && asked.from > today ? asked.from : today, 14)
  const range = rightRange({ from: asked.from ?? addDays(to < today ? to : today, -28), to }, today)
  const read = await withRetry(() => selectForecasts(ctx.db, ctx.restaurant.id, range), ctx.request_id)
  return { data: { ...range, ...read } }
}
