import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import type { CallAnalytics } from './call-schema.ts'

const iso = (at: number): string => new Date(at).toISOString()

const counts = z.record(z.string(), z.int())
const Figures = z.object({
  calls: z.int(),
  ended: z.int(),
  escalated: z.int(),
  escalated_ended: z.int(),
  average_seconds: z.number().nullable(),
  outcomes: counts,
  doors: counts,
  locales: counts,
  escalation_reasons: counts,
  handoffs: z.array(z.object({ from: z.string(), to: z.string(), count: z.int(), entities: counts })),
  tools: z.array(
    z.object({ operation: z.string(), count: z.int(), refused: counts, ms_p50: z.number(), ms_p95: z.number() }),
  ),
})

/** The calls that began between two instants, by the indexes of time, in one statement. */
export async function selectFigures(
  db: Db,
  restaurantId: string,
  range: { from: number; before: number },
): Promise<Omit<CallAnalytics, 'from' | 'to' | 'containment'> & { escalated_ended: number }> {
  const [from, before] = [iso(range.from), iso(range.before)]
  const within = sql`x.restaurant_id = ${restaurantId} and x.at >= ${from} and x.at < ${before}`
  const [row] = await query(
    db,
    Figures,
    sql`
      with c as materialized (
        select x.* from voice_calls x
         where x.restaurant_id = ${restaurantId} and x.started_at >= ${from} and x.started_at < ${before}),
      h as materialized (select x.from_agent, x.to_agent, x.entities_filled from voice_handoffs x where ${within}),
      t as materialized (select x.operation, x.outcome, x.ms from voice_tool_calls x where ${within})
      select (select count(*) from c)::int as calls,
             (select count(*) from c where c.ended_at is not null)::int as ended,
             (select count(*) from c where c.escalated_at is not null)::int as escalated,
             (select count(*) from c where c.escalated_at is not null and c.ended_at is not null)::int as escalated_ended,
             (select avg(extract(epoch from c.ended_at - c.started_at))::float8
                from c where c.ended_at > c.started_at) as average_seconds,
             (select coalesce(jsonb_object_agg(k, n), '{}')
                from (select c.outcome as k, count(*) as n from c where c.outcome is not null group by 1) g) as outcomes,
             (select coalesce(jsonb_object_agg(k, n), '{}')
                from (select c.door as k, count(*) as n from c group by 1) g) as doors,
             (select coalesce(jsonb_object_agg(k, n), '{}')
                from (select c.locale as k, count(*) as n from c group by 1) g) as locales,
             (select coalesce(jsonb_object_agg(k, n), '{}')
                from (select c.escalation->>'reason' as k, count(*) as n
                        from c where c.escalation is not null group by 1) g) as escalation_reasons,
             (select coalesce(jsonb_agg(jsonb_build_object('from', g.from_agent, 'to', g.to_agent, 'count', g.n,
                                                           'entities', g.entities) order by g.n desc), '[]')
                from (select h.from_agent, h.to_agent, count(*) as n,
                             (select coalesce(jsonb_object_agg(e.entity, e.n), '{}')
                                from (select u.entity, count(*) as n
                                        from h h2 cross join unnest(h2.entities_filled) u(entity)
                                       where h2.from_agent = h.from_agent and h2.to_agent = h.to_agent
                                       group by 1) e) as entities
                        from h group by 1, 2) g) as handoffs,
             (select coalesce(jsonb_agg(jsonb_build_object('operation', g.operation, 'count', g.n, 'refused', g.refused,
                                                           'ms_p50', g.p50, 'ms_p95', g.p95) order by g.operation), '[]')
                from (select t.operation, count(*) as n,
                             (select coalesce(jsonb_object_agg(e.outcome, e.n), '{}')
                                from (select t2.outcome, count(*) as n from t t2
                                       where t2.operation = t.operation and t2.outcome <> 'ok' group by 1) e) as refused,
                             percentile_cont(0.5) within group (order by t.ms) as p50,
                             percentile_cont(0.95) within group (order by t.ms) as p95
                        from t group by 1) g) as tools`,
  )
  if (!row) throw new Error('the figures of calls came back empty')
  return row
}
