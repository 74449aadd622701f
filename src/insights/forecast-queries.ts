import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { type ForecastAnswer, ForecastDay, ForecastError, type KeptForecast, KnownDay } from './forecast-schema.ts'
import type { DayToReckon } from './rules.ts'

const iso = (at: number): string => new Date(at).toISOString()

/** Kept figures of past days and the bookings on hand for `ahead`, a line a day. */
export function selectKnownDays(
  db: Db,
  restaurantId: string,
  asked: { from: string; ahead: DayToReckon[]; now: number },
): Promise<KnownDay[]> {
  return query(
    db,
    KnownDay,
    sql`
      select k.date, k.covers, k.open, k.booked
        from known_days(${restaurantId}, ${asked.from}, ${iso(asked.now)}, ${JSON.stringify(asked.ahead)}::jsonb) k`,
  )
}

/** How many were kept. Made again on the same day, they replace the first. */
export async function callKeepForecasts(
  db: Db,
  restaurantId: string,
  madeOn: string,
  rows: KeptForecast[],
): Promise<number> {
  const [row] = await query(
    db,
    z.object({ kept: z.int() }),
    sql`select keep_forecasts(${restaurantId}, ${madeOn}, ${JSON.stringify(rows)}::jsonb) as kept`,
  )
  return row?.kept ?? 0
}

const Read = z.object({ model: z.string().nullable(), days: z.array(ForecastDay), errors: z.array(ForecastError) })

/**
 * R192. The last forecast made before each day, what then came, and the error of every horizon beside the naive one's, in
 * one statement. A day is over, and measured, once it has its figures; a day without any guest counts only if it was open.
 */
export async function selectForecasts(
  db: Db,
  restaurantId: string,
  { from, to }: { from: string; to: string },
): Promise<Omit<ForecastAnswer, 'from' | 'to'>> {
  const [row] = await query(
    db,
    Read,
    sql`
      with actual as materialized (
        select k.service_day, coalesce(a.seated_covers, 0) as covers,
               coalesce(a.seated_covers, 0) > 0 or coalesce(o.planned_seconds, 0) > 0 as counts
          from rolled_days k
          left join day_figures a
            on a.restaurant_id = k.restaurant_id and a.kind = 'all' and a.service_day = k.service_day
           and a.key = '' and a.bin = 0
          left join lateral (
            select sum(f.planned_seconds) as planned_seconds from day_figures f
             where f.restaurant_id = k.restaurant_id and f.kind = 'open' and f.service_day = k.service_day) o on true
         where k.restaurant_id = ${restaurantId} and k.service_day between ${from}::date and ${to}::date),
      made as materialized (
        select f.*, f.for_day - f.made_on as horizon_days, x.covers as actual, coalesce(x.counts, false) as counts
          from forecasts f
          left join actual x on x.service_day = f.for_day
         where f.restaurant_id = ${restaurantId} and f.for_day between ${from}::date and ${to}::date),
      last_before as (
        select distinct on (m.for_day) m.* from made m
         order by m.for_day, (m.made_on < m.for_day) desc, m.made_on desc),
      errors as (
        select m.horizon_days, count(*) as days, avg(abs(m.covers - m.actual)) as mae,
               avg(abs(m.naive - m.actual)) as naive_mae,
               avg((m.actual between m.low and m.high)::int) as within_interval
          from made m where m.counts
         group by m.horizon_days)
      select (select max(l.model) from last_before l) as model,
             (select coalesce(jsonb_agg(jsonb_build_object(
                       'date', l.for_day, 'made_on', l.made_on, 'horizon_days', l.horizon_days, 'covers', l.covers,
                       'low', l.low, 'high', l.high, 'on_hand', l.on_hand, 'naive', l.naive, 'actual', l.actual)
                       order by l.for_day), '[]') from last_before l) as days,
             (select coalesce(jsonb_agg(jsonb_build_object(
                       'horizon_days', e.horizon_days, 'days', e.days, 'mean_absolute_error', round(e.mae, 2),
                       'naive_mean_absolute_error', round(e.naive_mae, 2),
                       'within_interval', round(e.within_interval, 3)) order by e.horizon_days), '[]')
                from errors e) as errors`,
  )
  return row ?? { model: null, days: [], errors: [] }
}
