import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import { addDays } from '../platform/time.ts'
import { daysRead, makeForecasts } from './make-forecasts.ts'
import { callMarkDays, callRollUp, type InsightHouse, selectHouses } from './queries.ts'
import { daysToReckon } from './rules.ts'

type JobCtx = Pick<Ctx, 'db' | 'now' | 'request_id'>

/** Days of all restaurants in one run; the rest stays on the list for the next. */
const most_days = 2_000
const days_a_call = 31

/**
 * R188. Every hour: the days that ended or changed since the last run get their figures, then each house whose day has
 * begun its forecast. Run twice it finds nothing to do; run late it does what is left.
 */
export async function rollUpAndForecast(ctx: JobCtx): Promise<void> {
  const marked = await withRetry(() => callMarkDays(ctx.db, ctx.now, most_days), ctx.request_id)
  const byHouse = Map.groupBy(marked, (one) => one.restaurant_id)
  // Forecasts look back too: a special day tells little of its weekday.
  const read = addDays(new Date(ctx.now).toISOString().slice(0, 10), -daysRead)
  const earliest = marked.reduce((least, { service_day }) => (service_day < least ? service_day : least), read)
  const houses = await withRetry(() => selectHouses(ctx.db, [...byHouse.keys()], earliest, ctx.now), ctx.request_id)
  let rolled = 0
  let forecasts = 0
  for (const house of houses) {
    try {
      const days = (byHouse.get(house.id) ?? []).map((one) => one.service_day)
      rolled += await rollUp(ctx, house, days)
      if (house.forecast_due) forecasts += await makeForecasts(ctx, house)
    } catch (error) {
      // One house's trouble is not the others'.
      log('error', 'roll_up_failed', { request_id: ctx.request_id, restaurant_id: house.id, reason: String(error) })
    }
  }
  if (rolled + forecasts > 0) log('info', 'rolled_up', { request_id: ctx.request_id, days: rolled, forecasts })
}

async function rollUp(ctx: JobCtx, house: InsightHouse, days: string[]): Promise<number> {
  let rolled = 0
  for (let at = 0; at < days.length; at += days_a_call) {
    const some = daysToReckon(house, days.slice(at, at + days_a_call))
    rolled += await withRetry(() => callRollUp(ctx.db, house.id, ctx.now, some), ctx.request_id)
  }
  return rolled
}
