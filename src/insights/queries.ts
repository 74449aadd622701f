import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Restaurant } from '../restaurants/schema.ts'
import type { DayToReckon } from './rules.ts'
import { Figure, type Group } from './schema.ts'

const iso = (at: number): string => new Date(at).toISOString()

/** Groups as `groupOf` in rules.ts names them. */
const groups: Record<Group, SQL> = {
  day: sql`f.service_day::text`,
  week: sql`date_trunc('week', f.service_day)::date::text`,
  month: sql`to_char(f.service_day, 'YYYY-MM')`,
  weekday: sql`extract(isodow from f.service_day)::int::text`,
}

export type FiguresAsked = {
  kinds: string[]
  from: string
  to: string
  group: Group
  /** Days that are reckoned now from the raw rows, where they have no figures yet. */
  live: DayToReckon[]
  now: number
}

/** R186. Kept figures and those of the days under way, summed by group, kind, key and bin, in one statement. */
export function selectFigures(db: Db, restaurantId: string, asked: FiguresAsked): Promise<Figure[]> {
  const kinds = sql`any(${sql.param(asked.kinds)}::text[])`
  return query(
    db,
    Figure,
    sql`
      with figures as (
        select f.* from day_figures f
         where f.restaurant_id = ${restaurantId} and f.kind = ${kinds}
           and f.service_day between ${asked.from}::date and ${asked.to}::date
         union all
        select f.* from figures_of(${restaurantId}, ${iso(asked.now)}, ${JSON.stringify(asked.live)}::jsonb, true) f
         where f.kind = ${kinds})
      select ${groups[asked.group]} as "group", f.kind, f.key, f.bin, max(f.label) as label,
             sum(f.parties)::int as parties, sum(f.covers)::int as covers,
             sum(f.seated_parties)::int as seated_parties, sum(f.seated_covers)::int as seated_covers,
             sum(f.cancelled_parties)::int as cancelled_parties, sum(f.cancelled_covers)::int as cancelled_covers,
             sum(f.no_show_parties)::int as no_show_parties, sum(f.no_show_covers)::int as no_show_covers,
             sum(f.seconds)::float8 as seconds, sum(f.planned_seconds)::float8 as planned_seconds,
             sum(f.orders)::int as orders, sum(f.amount_minor)::float8 as amount_minor
        from figures f
       group by 1, f.kind, f.key, f.bin
       order by 1, f.kind, f.key, f.bin`,
  )
}

const Marked = z.object({ restaurant_id: z.uuid(), service_day: z.string() })

/** Days of any restaurant that wait for their figures, the oldest first. */
export function callMarkDays(db: Db, now: number, most: number): Promise<z.infer<typeof Marked>[]> {
  return query(
    db,
    Marked,
    sql`select m.restaurant_id, m.service_day::text as service_day from mark_days_to_roll(${iso(now)}, ${most}) m`,
  )
}

export async function callRollUp(db: Db, restaurantId: string, now: number, days: DayToReckon[]): Promise<number> {
  const [row] = await query(
    db,
    z.object({ rolled: z.int() }),
    sql`select roll_up_marked(${restaurantId}, ${iso(now)}, ${JSON.stringify(days)}::jsonb) as rolled`,
  )
  return row?.rolled ?? 0
}

const InsightHouse = z.object({
  ...Restaurant.pick({ id: true, timezone: true, hours: true, special_days: true }).shape,
  /** Whether a service day began for which no forecast was made. */
  forecast_due: z.boolean(),
})
export type InsightHouse = z.infer<typeof InsightHouse>

/** These houses and all whose forecast is due, with their special days from a date on. */
export function selectHouses(db: Db, ids: string[], from: string, now: number): Promise<InsightHouse[]> {
  return query(
    db,
    InsightHouse,
    sql`
      select r.id, r.timezone, r.hours, d.due as forecast_due,
             (select coalesce(jsonb_agg(jsonb_build_object('date', s.date, 'hours', s.hours, 'reason', s.reason)
                                        order by s.date), '[]')
                from special_days s
               where s.restaurant_id = r.id and s.date >= ${from}::date - 1) as special_days
        from restaurants r
        left join rollups u on u.restaurant_id = r.id
       cross join lateral (
         select u.restaurant_id is not null
                and coalesce(u.forecast_on < service_day(${iso(now)}, r.timezone), true) as due) d
       where d.due or r.id = any(${sql.param(ids)}::uuid[])
       order by r.id`,
  )
}
