import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { DashboardRow } from './dashboard-schema.ts'

const iso = (at: number): string => new Date(at).toISOString()

export type DashboardAsked = {
  day: string
  from: number
  to: number
  now: number
  half_hour: number
  ahead: number
  gone: number
  forgotten: number
}

/**
 * Everything of the dashboard in one statement. Reads the day's rows, what is open at tables, and four kept figures.
 * R279. `ahead`, `gone` and `forgotten` are the instants from which on and until which the alerts tell of a party.
 */
export async function selectDashboard(
  db: Db,
  restaurantId: string,
  asked: DashboardAsked,
): Promise<DashboardRow | undefined> {
  const now = sql`${iso(asked.now)}::timestamptz`
  const [row] = await query(
    db,
    z.object({ dashboard: DashboardRow }),
    sql`
      with party as materialized (
        select r.*, g.vip, coalesce(g.allergies, '{}') as allergies,
               r.starts_at + make_interval(mins => coalesce(r.late_minutes, 0)) as due_at,
               r.ends_at > ${iso(asked.gone)} and
               (r.status = 'seated' or r.status in ('pending', 'confirmed') and r.starts_at <= ${iso(asked.ahead)}) as told
          from reservations r
          left join guests g on g.restaurant_id = r.restaurant_id and g.id = r.guest_id
         where r.restaurant_id = ${restaurantId} and r.starts_at >= ${iso(asked.from)} and r.starts_at < ${iso(asked.to)}),
      counted as (
        select x.name, jsonb_build_object('parties', count(p.id), 'covers', coalesce(sum(p.party_size), 0)) as of
          from (values ('booked', '{pending,confirmed,seated,completed}'::text[]), ('seated', '{seated}'), ('done', '{completed}'),
                       ('to_come', '{pending,confirmed}'), ('walk_ins', '{seated,completed}'), ('cancelled', '{cancelled}'),
                       ('no_shows', '{no_show}')) x(name, statuses)
          left join party p on p.status = any (x.statuses) and (x.name <> 'walk_ins' or p.source = 'walk_in')
           and (p.status <> 'cancelled' or (p.cancel_reason <> 'hold_lapsed' and (p.name is not null or p.guest_id is not null)))
         group by x.name),
      arriving as (
        select jsonb_build_object(
                 'id', p.id, 'confirmation_code', p.confirmation_code, 'status', p.status, 'starts_at', p.starts_at,
                 'name', p.name, 'party_size', p.party_size, 'vip', coalesce(p.vip, false), 'allergies', p.allergies,
                 'notes', coalesce(p.notes, p.other_info),
                 'tables', (select coalesce(jsonb_agg(t.number order by t.number), '[]') from tables t
                             where t.restaurant_id = p.restaurant_id and t.id = any (p.table_ids)),
                 'minutes_late', greatest(0, floor(extract(epoch from ${now} - p.due_at) / 60))::int) as arrival, p.starts_at, p.id
          from party p
         where p.status in ('pending', 'confirmed') and p.starts_at <= ${iso(asked.ahead)}
         order by p.starts_at, p.id limit 50),
      room as (
        select count(*) as tables, coalesce(sum(t.seats), 0) as seats from tables t
         where t.restaurant_id = ${restaurantId} and t.enabled and t.archived_at is null),
      ahead as (
        select h.at, coalesce(sum(p.party_size), 0) as covers
          from generate_series(${iso(asked.half_hour)}::timestamptz, ${iso(asked.half_hour)}::timestamptz + interval '5.5 hours',
                               interval '30 min') h(at)
          left join party p on p.status in ('pending', 'confirmed', 'seated') and p.starts_at < h.at + interval '30 min'
           and case p.status when 'seated' then greatest(p.ends_at, ${now} + interval '1 minute') else p.ends_at end > h.at
         group by h.at),
      unpaid as (
        select count(distinct s.id) as sessions, coalesce(sum(o.total_minor), 0) as minor
          from table_sessions s
          join orders o on o.restaurant_id = s.restaurant_id and o.session_id = s.id
           and o.status not in ('paid', 'rejected', 'review')
         where s.restaurant_id = ${restaurantId} and s.closed_at is null),
      ordered as (
        select count(*) filter (where o.status = 'review') as review, count(*) filter (where o.status = 'pos_failed') as failed
          from orders o where o.restaurant_id = ${restaurantId} and o.service_day = ${asked.day}::date),
      past as (
        select d.name, d.day, a.seated_parties, a.seated_covers, a.no_show_parties, v.amount_minor
          from (values ('last_week', ${asked.day}::date - 7), ('last_year', ${asked.day}::date - 364)) d(name, day)
          join rolled_days k on k.restaurant_id = ${restaurantId} and k.service_day = d.day
          left join day_figures a on a.restaurant_id = k.restaurant_id and a.kind = 'all' and a.service_day = d.day
           and a.key = '' and a.bin = 0
          left join day_figures v on v.restaurant_id = k.restaurant_id and v.kind = 'revenue' and v.service_day = d.day
           and v.key = 'gross' and v.bin = 0)
      select (select jsonb_object_agg(c.name, c.of) from counted c) || jsonb_build_object(
        'vips_to_come', (select count(*) from party p where p.vip and p.status in ('pending', 'confirmed')),
        'expected', (
          select jsonb_build_object('covers', greatest(f.covers, b.covers), 'low', greatest(f.low, least(f.covers, b.covers)),
                                    'high', greatest(f.high, b.covers))
            from forecasts f
           cross join (select (c.of->>'covers')::numeric as covers from counted c where c.name = 'booked') b
           where f.restaurant_id = ${restaurantId} and f.for_day = ${asked.day}::date
           order by f.made_on desc limit 1),
        'arrivals', (select coalesce(jsonb_agg(a.arrival order by a.starts_at, a.id), '[]') from arriving a),
        'occupancy', jsonb_build_object(
          'covers', (select coalesce(sum(p.party_size), 0) from party p where p.status = 'seated'),
          'tables_taken', (select count(distinct t.id) from party p cross join lateral unnest(p.table_ids) t(id)
                            where p.status = 'seated'),
          'seats', (select room.seats from room), 'tables', (select room.tables from room),
          'ahead', (select jsonb_agg(jsonb_build_object('at', h.at, 'covers', h.covers) order by h.at) from ahead h)),
        'alerts', (
          select jsonb_build_object(
                   'vip', count(*) filter (where p.told and p.vip),
                   'allergy', count(*) filter (where p.told and p.allergies <> '{}'),
                   'late', count(*) filter (where p.told and p.status <> 'seated' and p.due_at <= ${now} - interval '1 minute'),
                   'overstay', count(*) filter (where p.told and p.status = 'seated'
                                                  and p.ends_at <= ${now} - interval '1 minute'
                                                  and p.ends_at > ${iso(asked.forgotten)}),
                   'forgotten', count(*) filter (where p.told and p.status = 'seated'
                                                   and p.ends_at <= ${iso(asked.forgotten)}),
                   'pending', count(*) filter (where p.status = 'pending')) from party p)
          || jsonb_build_object(
               'unpaid_sessions', (select u.sessions from unpaid u), 'unpaid_minor', (select u.minor from unpaid u),
               'orders_to_review', (select o.review from ordered o), 'pos_failed', (select o.failed from ordered o),
               'calls', (select count(*) from table_calls c
                          where c.restaurant_id = ${restaurantId} and c.acknowledged_at is null),
               'waitlist', (select count(*) from waitlist_entries w
                             where w.restaurant_id = ${restaurantId} and w.service_day = ${asked.day}::date
                               and w.status in ('waiting', 'offered')),
               'voice_escalations', (select count(*) from voice_calls v
                                      where v.restaurant_id = ${restaurantId} and v.started_at >= ${iso(asked.from)}
                                        and v.started_at < ${iso(asked.to)} and v.escalated_at is not null)),
        'compared', '{"last_week": null, "last_year": null}'::jsonb || coalesce((
          select jsonb_object_agg(p.name, jsonb_build_object(
                   'date', p.day, 'seated_parties', coalesce(p.seated_parties, 0), 'seated_covers', coalesce(p.seated_covers, 0),
                   'no_show_parties', coalesce(p.no_show_parties, 0), 'revenue_minor', coalesce(p.amount_minor, 0)))
            from past p), '{}')) as dashboard`,
  )
  return row?.dashboard
}
