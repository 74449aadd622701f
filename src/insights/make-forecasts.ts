import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { addDays, wallOf } from '../platform/time.ts'
import { callKeepForecasts, selectKnownDays } from './forecast-queries.ts'
import { mostAhead } from './forecast-schema.ts'
import { forecastsMadeOn } from './known-rules.ts'
import type { InsightHouse } from './queries.ts'
import { daysFrom, daysToReckon, serviceDayOf } from './rules.ts'

/** Further back than any forecast looks. */
export const daysRead = 200

/** This morning's forecasts of one house, for today and thirty days ahead; answers how many were kept. */
export async function makeForecasts(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>, house: InsightHouse): Promise<number> {
  const today = serviceDayOf(wallOf(ctx.now, house.timezone))
  const ahead = daysToReckon(house, daysFrom(today, addDays(today, mostAhead)))
  const from = addDays(today, -daysRead)
  const known = await withRetry(() => selectKnownDays(ctx.db, house.id, { from, ahead, now: ctx.now }), ctx.request_id)
  const rows = forecastsMadeOn(house, known, today)
  return withRetry(() => callKeepForecasts(ctx.db, house.id, today, rows), ctx.request_id)
}
