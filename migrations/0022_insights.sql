-- What analytics reads: figures of each service day, reckoned from the raw rows once the day is over and kept when those
-- are purged. Only days that are not rolled up yet are reckoned live.

-- One figure of one day: `kind` says what it is a figure of, `key` and `bin` of which one. The columns mean the same in
-- every kind; docs/analytics.md says which kinds there are and which columns each fills.
create table day_figures (
  restaurant_id     uuid not null,
  kind              text not null,
  service_day       date not null,
  key               text not null default '',
  bin               integer not null default 0,
  label             text,
  parties           integer not null default 0,
  covers            integer not null default 0,
  seated_parties    integer not null default 0,
  seated_covers     integer not null default 0,
  cancelled_parties integer not null default 0,
  cancelled_covers  integer not null default 0,
  no_show_parties   integer not null default 0,
  no_show_covers    integer not null default 0,
  seconds           bigint not null default 0,
  planned_seconds   bigint not null default 0,
  orders            integer not null default 0,
  amount_minor      bigint not null default 0,
  primary key (restaurant_id, kind, service_day, key, bin)
);

-- Days that have their figures. A sealed one is never reckoned again: its raw rows are gone.
create table rolled_days (
  restaurant_id uuid not null,
  service_day   date not null,
  rolled_at     timestamptz not null,
  sealed        boolean not null default false,
  primary key (restaurant_id, service_day)
);

-- Days that are over and have no figures, or changed since they got them.
create table days_to_roll (
  restaurant_id uuid not null,
  service_day   date not null,
  marked_at     timestamptz not null,
  primary key (restaurant_id, service_day)
);

-- How far each restaurant is. Events may become visible out of order, so they are read again from where the last run
-- but one stood: what was written before that has long been committed.
create table rollups (
  restaurant_id    uuid primary key references restaurants on delete cascade,
  rolled_through   date not null,
  read_event_id    bigint not null default 0,
  settled_event_id bigint not null default 0,
  moved_at         timestamptz not null,
  forecast_on      date
);

-- Who seated a party, cleared its table, saw to an order: taken from the events while they are there.
create table staff_deeds (
  restaurant_id uuid not null,
  subject_id    uuid not null,
  deed          text not null check (deed in ('seat','complete','order')),
  actor_key     text not null,
  label         text,
  event_id      bigint not null,
  primary key (restaurant_id, subject_id, deed)
);

-- A forecast as it was made, so that its error can be measured later. `naive` is what the same weekday last had.
create table forecasts (
  restaurant_id uuid not null,
  for_day       date not null,
  made_on       date not null,
  covers        numeric(8,1) not null check (covers >= 0),
  low           numeric(8,1) not null,
  high          numeric(8,1) not null,
  naive         integer,
  on_hand       integer not null,
  model         text not null,
  primary key (restaurant_id, for_day, made_on),
  check (low <= covers and covers <= high and made_on <= for_day)
);

create index denied_requests_wanted on denied_requests (restaurant_id, starts_at) where starts_at is not null;

create function party_bucket(p_party_size integer) returns text language sql immutable parallel safe as $$
  select case when p_party_size <= 2 then p_party_size::text when p_party_size <= 4 then '3-4'
              when p_party_size <= 6 then '5-6' when p_party_size <= 8 then '7-8' else '9+' end
$$;

-- The half-hour of the wall clock, in minutes after midnight: 19:50 is 1170. One expression, so that it is inlined.
create function half_hour(at timestamptz, timezone text) returns integer language sql immutable parallel safe as $$
  select extract(hour from at at time zone timezone)::integer * 60
         + extract(minute from at at time zone timezone)::integer / 30 * 30
$$;

-- Who did what, from the events of one restaurant after `p_after`: only those who work there are measured.
create function deeds_after(p_restaurant_id uuid, p_after bigint)
returns table (subject_id uuid, deed text, actor_key text, label text, event_id bigint) language sql stable as $$
  select distinct on (e.subject_id, e.deed) e.subject_id, e.deed, e.actor_key, e.label, e.id
    from (select v.id, v.subject_id, (v.actor->>'kind') || ':' || (v.actor->>'id') as actor_key, v.actor->>'name' as label,
                 case when v.type like 'order.%' then 'order'
                      when v.after->>'status' = 'seated' then 'seat'
                      when v.after->>'status' = 'completed' then 'complete' end as deed
            from events v
           where v.restaurant_id = p_restaurant_id and v.id > p_after and v.actor->>'kind' in ('staff', 'key')
             and (v.type like 'reservation.%' or v.type in ('order.accepted', 'order.served', 'order.paid'))
             and v.after->>'status' is distinct from v.before->>'status') e
   where e.deed is not null and e.actor_key is not null
   order by e.subject_id, e.deed, e.id desc
$$;

-- The figures of some days from the raw rows. `p_days` is [{day, open: [{from, to}]}], the hours as the rules have them:
-- what daysToReckon in src/insights/rules.ts made. With `p_unrolled` only of days that have no figures yet.
create function figures_of(p_restaurant_id uuid, p_now timestamptz, p_days jsonb, p_unrolled boolean)
returns setof day_figures language plpgsql stable rows 500 as $$
#variable_conflict use_column
declare
  tz      text := (select r.timezone from restaurants r where r.id = p_restaurant_id);
  settled bigint := coalesce((select s.settled_event_id from rollups s where s.restaurant_id = p_restaurant_id), 0);
begin
  return query
  with days as materialized (
    select x.day, x.open, (x.day + time '05:00') at time zone tz as from_at,
           (x.day + 1 + time '05:00') at time zone tz as to_at
      from jsonb_to_recordset(p_days) x(day date, open jsonb)
     where not p_unrolled or not exists (
       select from rolled_days k where k.restaurant_id = p_restaurant_id and k.service_day = x.day)),
  -- What was asked for and given. A hold that nobody confirmed, and an offer that nobody took, is nobody's reservation.
  res as materialized (
    select d.day, r.id, r.party_size::integer as size, r.source, r.status, r.guest_id, r.table_ids, r.starts_at, r.created_at,
           r.status in ('seated', 'completed') as came, r.status = 'cancelled' as cancelled, r.status = 'no_show' as no_show,
           r.status = 'completed' and r.seated_at is not null and r.completed_at >= r.seated_at as timed,
           coalesce(r.seated_at, r.starts_at) as sat_at,
           case when r.completed_at is not null
                then greatest(coalesce(r.seated_at, r.starts_at),
                              least(r.completed_at, coalesce(r.seated_at, r.starts_at) + interval '12 hours'))
                else greatest(coalesce(r.seated_at, r.starts_at), least(p_now, r.ends_at)) end as left_at,
           extract(epoch from r.ends_at - r.starts_at)::bigint as planned,
           case when r.source <> 'walk_in'
                then least(366, greatest(0, d.day - (r.created_at at time zone tz)::date)) end as lead_days,
           case when r.source <> 'walk_in' and r.status = 'cancelled'
                then least(366, greatest(0, d.day - (r.cancelled_at at time zone tz)::date)) end as cancel_lead_days
      from days d
      join reservations r
        on r.restaurant_id = p_restaurant_id and r.starts_at >= d.from_at and r.starts_at < d.to_at
       and r.status <> 'held'
       and not (r.status = 'cancelled' and (r.cancel_reason = 'hold_lapsed'
            or ((r.name is null or r.waitlist_id is not null) and r.guest_id is null)))),
  timed as materialized (
    select r.*, extract(epoch from r.left_at - r.sat_at)::bigint as stayed from res r),
  -- One look into the guest's own past each: never a plan that reads the house's.
  known as materialized (
    select r.id, case when r.guest_id is null then 'unknown' when p.came then 'returning' else 'new' end as guest
      from res r
      left join lateral (
        select true as came from reservations o
         where o.restaurant_id = p_restaurant_id and o.guest_id = r.guest_id and o.starts_at < r.starts_at
           and o.status in ('seated', 'completed')
         order by o.starts_at desc limit 1) p on true),
  sorted as (
    select k.kind, k.key, k.bin, r.*
      from timed r
      join known g on g.id = r.id
     cross join lateral (values
       ('all', '', 0), ('source', r.source, 0), ('party', party_bucket(r.size), 0), ('guest', g.guest, 0),
       ('arrival', '', half_hour(r.starts_at, tz)), ('lead', '', r.lead_days)) k(kind, key, bin)
     where k.bin is not null),
  outcomes as (
    select s.day, s.kind, s.key, s.bin, null::text as label,
           count(*) as parties, sum(s.size) as covers,
           count(*) filter (where s.came) as seated_parties, coalesce(sum(s.size) filter (where s.came), 0) as seated_covers,
           count(*) filter (where s.cancelled) as cancelled_parties,
           coalesce(sum(s.size) filter (where s.cancelled), 0) as cancelled_covers,
           count(*) filter (where s.no_show) as no_show_parties,
           coalesce(sum(s.size) filter (where s.no_show), 0) as no_show_covers,
           coalesce(sum(s.stayed) filter (where s.timed), 0) as seconds,
           coalesce(sum(s.planned) filter (where s.timed), 0) as planned_seconds, 0 as orders, 0 as amount_minor
      from sorted s
     group by s.day, s.kind, s.key, s.bin),
  cancel_leads as (
    select r.day, 'cancel_lead', '', r.cancel_lead_days, null::text, count(*), sum(r.size), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
      from res r where r.cancel_lead_days is not null
     group by r.day, r.cancel_lead_days),
  -- Five-minute bins add up over any range, where percentiles do not.
  turns as (
    select r.day, t.kind, party_bucket(r.size), t.bin, null::text, count(*), sum(r.size), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
      from timed r
     cross join lateral (values ('turn', (round(r.stayed / 300.0) * 5)::integer),
                                ('turn_planned', (round(r.planned / 300.0) * 5)::integer)) t(kind, bin)
     where r.timed
     group by r.day, t.kind, party_bucket(r.size), t.bin),
  -- By quarters of an hour, each of which lies in one half-hour of any zone's wall clock.
  quarters as (
    select r.day, half_hour(q.at, tz) as bin,
           r.size * extract(epoch from least(r.left_at, q.at + interval '15 min') - greatest(r.sat_at, q.at)) as seconds
      from timed r
     cross join lateral generate_series(date_bin('15 min', r.sat_at, 'epoch'), r.left_at - interval '1 microsecond',
                                        interval '15 min') q(at)
     where r.came),
  seats as (
    select q.day, 'seats', '', q.bin, null::text, 0, 0, 0, 0, 0, 0, 0, 0, round(sum(q.seconds))::bigint, 0, 0, 0
      from quarters q group by q.day, q.bin),
  room as materialized (
    select t.id, t.number, t.seats::integer as seats from tables t
     where t.restaurant_id = p_restaurant_id and t.enabled and t.archived_at is null),
  opening as materialized (
    select d.day, half_hour(q.at, tz) as bin, greatest(o."from", q.at) as from_at,
           least(o."to", q.at + interval '15 min') as to_at
      from days d
     cross join lateral jsonb_to_recordset(d.open) o("from" timestamptz, "to" timestamptz)
     cross join lateral generate_series(date_bin('15 min', o."from", 'epoch'), o."to" - interval '1 microsecond',
                                        interval '15 min') q(at)),
  -- What could be sat on: every table of the room while the house is open, but for its blocks.
  blocks as materialized (
    select d.day, c.table_id, c.during
      from days d
      join claims c on c.restaurant_id = p_restaurant_id and c.service_day between d.day - 1 and d.day and c.blocking
     where c.kind = 'block'),
  blocked as materialized (
    select o.day, o.bin, t.id, t.seats,
           extract(epoch from least(o.to_at, upper(b.during)) - greatest(o.from_at, lower(b.during))) as seconds
      from blocks b
      join room t on t.id = b.table_id
      join opening o on o.day = b.day and tstzrange(o.from_at, o.to_at) && b.during),
  open_seats as (
    select f.day, 'open', '', f.bin, null::text, 0, 0, 0, 0, 0, 0, 0, 0, 0, round(sum(f.seconds))::bigint, 0, 0
      from (select o.day, o.bin, extract(epoch from o.to_at - o.from_at) * (select sum(t.seats) from room t) as seconds
              from opening o
            union all select b.day, b.bin, -b.seconds * b.seats from blocked b) f
     where f.seconds is not null
     group by f.day, f.bin),
  open_tables as (
    select f.day, 'open_table', t.id::text, 0, t.number, 0, 0, 0, 0, 0, 0, 0, 0, 0,
           round(f.seconds - coalesce(b.seconds, 0))::bigint, 0, 0
      from (select o.day, sum(extract(epoch from o.to_at - o.from_at)) as seconds from opening o group by o.day) f
     cross join room t
      left join (select x.day, x.id, sum(x.seconds) as seconds from blocked x group by x.day, x.id) b
        on b.day = f.day and b.id = t.id),
  -- A party at joined tables counts at each of them as a party, and its covers at the first.
  sitting as (
    select r.day, 'table', u.id::text, 0, t.number, 0, 0, count(*), coalesce(sum(r.size) filter (where u.ord = 1), 0),
           0, 0, 0, 0, sum(r.stayed)::bigint, 0, 0, 0
      from timed r
     cross join lateral unnest(r.table_ids) with ordinality u(id, ord)
      join tables t on t.restaurant_id = p_restaurant_id and t.id = u.id
     where r.came
     group by r.day, u.id, t.number),
  bills as materialized (
    select d.day, o.id, o.table_id, o.table_number, o.session_id, o.total_minor, o.tax_minor
      from days d
      join orders o on o.restaurant_id = p_restaurant_id and o.service_day = d.day and o.status not in ('review', 'rejected')),
  revenue as (
    select b.day, 'revenue', k.key, 0, null::text, count(distinct b.session_id), 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*),
           sum(k.amount)::bigint
      from bills b cross join lateral (values ('gross', b.total_minor), ('tax', b.tax_minor)) k(key, amount)
     group by b.day, k.key),
  takings as (
    select b.day, 'table_revenue', b.table_id::text, 0, max(b.table_number), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*),
           sum(b.total_minor)::bigint
      from bills b group by b.day, b.table_id),
  deeds as materialized (
    select distinct on (x.subject_id, x.deed) x.*
      from (select s.subject_id, s.deed, s.actor_key, s.label, s.event_id
              from (select r.id from res r union all select b.id from bills b) w
              join staff_deeds s on s.restaurant_id = p_restaurant_id and s.subject_id = w.id
             union all
            -- Only the live days need what no run has read yet.
            select l.* from deeds_after(p_restaurant_id, settled) l where p_unrolled) x
     order by x.subject_id, x.deed, x.event_id desc),
  staff as (
    select w.day, 'staff', e.actor_key, 0, max(e.label),
           count(*) filter (where e.deed = 'complete'), 0,
           count(*) filter (where e.deed = 'seat'), coalesce(sum(w.size) filter (where e.deed = 'seat'), 0), 0, 0, 0, 0,
           coalesce(sum(w.stayed) filter (where e.deed = 'complete' and w.timed), 0)::bigint,
           coalesce(sum(w.planned) filter (where e.deed = 'complete' and w.timed), 0)::bigint,
           count(*) filter (where e.deed = 'order'), coalesce(sum(w.amount) filter (where e.deed = 'order'), 0)::bigint
      from deeds e
      join (select r.day, r.id, r.size, r.stayed, r.planned, r.timed, 0::bigint as amount from timed r
            union all select b.day, b.id, 0, 0, 0, false, b.total_minor from bills b) w on w.id = e.subject_id
     group by w.day, e.actor_key),
  refused as materialized (
    select d.day, q.id, q.at, q.reason, coalesce(q.party_size, 0)::integer as size, half_hour(q.starts_at, tz) as bin
      from days d
      join denied_requests q
        on q.restaurant_id = p_restaurant_id and q.starts_at >= d.from_at and q.starts_at < d.to_at),
  denied as (
    select q.day, 'denied', q.reason, q.bin, null::text, count(*), sum(q.size), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
      from refused q group by q.day, q.reason, q.bin),
  -- Who is refused asks again: asks for the same day and party size within half an hour of one another are one party. It
  -- is lost unless a party of that size was booked from its first ask to half an hour after its last.
  asks as (
    select q.*, count(*) filter (where q.fresh) over (partition by q.day, q.size order by q.at, q.id) as ask
      from (select f.*, coalesce(f.at - lag(f.at) over (partition by f.day, f.size order by f.at, f.id)
                                 > interval '30 min', true) as fresh
              from refused f) q),
  asking as (
    select a.day, a.size, min(a.at) as first_at, max(a.at) as last_at,
           (array_agg(a.reason order by a.at desc, a.id desc))[1] as reason,
           (array_agg(a.bin order by a.at desc, a.id desc))[1] as bin
      from asks a group by a.day, a.size, a.ask),
  lost as (
    select a.day, 'lost', a.reason, a.bin, null::text, count(*), sum(a.size), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
      from asking a
     where not exists (
       select from res b
        where b.day = a.day and b.size = a.size and b.created_at between a.first_at and a.last_at + interval '30 min')
     group by a.day, a.reason, a.bin),
  every (day, kind, key, bin, label, parties, covers, seated_parties, seated_covers, cancelled_parties, cancelled_covers,
         no_show_parties, no_show_covers, seconds, planned_seconds, orders, amount_minor) as (
    select * from outcomes union all select * from cancel_leads union all select * from turns
     union all select * from seats union all select * from open_seats union all select * from open_tables
     union all select * from sitting union all select * from revenue union all select * from takings
     union all select * from staff union all select * from denied union all select * from lost)
  select p_restaurant_id, e.kind, e.day, e.key, e.bin, e.label, e.parties::integer, e.covers::integer,
         e.seated_parties::integer, e.seated_covers::integer, e.cancelled_parties::integer, e.cancelled_covers::integer,
         e.no_show_parties::integer, e.no_show_covers::integer, e.seconds::bigint, e.planned_seconds::bigint,
         e.orders::integer, e.amount_minor::bigint
    from every e;
end $$;

-- Reckons the figures of days that are over, and answers how many. What the room and the hours were, the first time says:
-- a day that changes later is not measured with the room as it is then. A sealed day stays as it is.
create function roll_up_days(p_restaurant_id uuid, p_now timestamptz, p_days jsonb) returns integer
language plpgsql set lock_timeout = '5s' as $$
declare
  today  date := (select service_day(p_now, r.timezone) from restaurants r where r.id = p_restaurant_id);
  wanted jsonb;
  fresh  date[];
  given  date[];
begin
  perform pg_advisory_xact_lock(hashtextextended(p_restaurant_id::text, 5));
  select coalesce(jsonb_agg(x.value), '[]'), coalesce(array_agg(x.day), '{}'),
         coalesce(array_agg(x.day) filter (where k.service_day is null), '{}')
    into wanted, given, fresh
    from (select e.value, (e.value->>'day')::date as day from jsonb_array_elements(p_days) e(value)) x
    left join rolled_days k on k.restaurant_id = p_restaurant_id and k.service_day = x.day
   where x.day < today and not coalesce(k.sealed, false);

  delete from day_figures f
   where f.restaurant_id = p_restaurant_id and f.service_day = any (given)
     and (f.kind not in ('open', 'open_table') or f.service_day = any (fresh));
  insert into day_figures
  select f.* from figures_of(p_restaurant_id, p_now, wanted, false) f
   where f.kind not in ('open', 'open_table') or f.service_day = any (fresh);
  insert into rolled_days as k (restaurant_id, service_day, rolled_at)
  select p_restaurant_id, d, p_now from unnest(given) d
  on conflict (restaurant_id, service_day) do update set rolled_at = excluded.rolled_at;
  return cardinality(given);
end $$;

create function roll_up_day(p_restaurant_id uuid, p_now timestamptz, p_day jsonb) returns integer language sql as $$
  select roll_up_days(p_restaurant_id, p_now, jsonb_build_array(p_day))
$$;

-- Marks every day that ended since the last run, and every past one whose reservations or orders changed since, of all
-- restaurants. Answers which wait to be rolled up, the oldest first, `p_most` days at most.
create function mark_days_to_roll(p_now timestamptz, p_most integer)
returns table (restaurant_id uuid, service_day date) language plpgsql as $$
#variable_conflict use_column
begin
  perform pg_advisory_xact_lock(hashtextextended('mark_days_to_roll', 5));
  -- The first time: as far back as there is anything, four hundred days at most.
  insert into rollups (restaurant_id, rolled_through, moved_at)
  select r.id, greatest(service_day(p_now, r.timezone) - 401,
                        coalesce((select min(x.starts_at) at time zone r.timezone from reservations x
                                   where x.restaurant_id = r.id)::date - 2, service_day(p_now, r.timezone) - 1)),
         clock_timestamp()
    from restaurants r
   where not exists (select from rollups s where s.restaurant_id = r.id)
  on conflict do nothing;

  with fresh as materialized (
    select e.restaurant_id, e.id, e.type, e.subject_id, e.before, e.after
      from rollups s
      join events e on e.restaurant_id = s.restaurant_id and e.id > s.settled_event_id
     where e.type like 'reservation.%' or e.type like 'order.%'),
  touched as (
    select f.restaurant_id, d.day::date as day
      from fresh f cross join lateral (values (f.before->>'service_day'), (f.after->>'service_day')) d(day)
     where d.day is not null
     union
    select f.restaurant_id, o.service_day from fresh f
      join orders o on o.restaurant_id = f.restaurant_id and o.id = f.subject_id
     where f.type like 'order.%'
     union
    select s.restaurant_id, g.day::date
      from rollups s
      join restaurants r on r.id = s.restaurant_id
     cross join lateral generate_series(s.rolled_through + 1, service_day(p_now, r.timezone) - 1, interval '1 day') g(day))
  insert into days_to_roll (restaurant_id, service_day, marked_at)
  select t.restaurant_id, t.day, p_now
    from touched t
    join restaurants r on r.id = t.restaurant_id
   where t.day between service_day(p_now, r.timezone) - 400 and service_day(p_now, r.timezone) - 1
  on conflict do nothing;

  insert into staff_deeds as d (restaurant_id, subject_id, deed, actor_key, label, event_id)
  select s.restaurant_id, x.subject_id, x.deed, x.actor_key, x.label, x.event_id
    from rollups s cross join lateral deeds_after(s.restaurant_id, s.settled_event_id) x
  on conflict (restaurant_id, subject_id, deed) do update
     set actor_key = excluded.actor_key, label = excluded.label, event_id = excluded.event_id
   where d.event_id < excluded.event_id;

  update rollups s
     set rolled_through   = greatest(s.rolled_through, service_day(p_now, r.timezone) - 1),
         settled_event_id = case when s.moved_at < clock_timestamp() - interval '1 minute'
                                 then s.read_event_id else s.settled_event_id end,
         read_event_id    = coalesce(m.id, s.read_event_id),
         moved_at         = case when s.moved_at < clock_timestamp() - interval '1 minute'
                                 then clock_timestamp() else s.moved_at end
    from restaurants r
   cross join lateral (select max(e.id) as id from events e where e.restaurant_id = r.id) m
   where r.id = s.restaurant_id;

  return query
    select d.restaurant_id, d.service_day from days_to_roll d order by d.service_day, d.restaurant_id limit p_most;
end $$;

-- Rolls up and takes off the list: a crash between leaves the day on it. What was marked again meanwhile stays.
create function roll_up_marked(p_restaurant_id uuid, p_now timestamptz, p_days jsonb) returns integer
language plpgsql as $$
declare rolled integer;
begin
  delete from days_to_roll d
   using jsonb_to_recordset(p_days) x(day date)
   where d.restaurant_id = p_restaurant_id and d.service_day = x.day;
  rolled := roll_up_days(p_restaurant_id, p_now, p_days);
  return rolled;
end $$;

-- Whoever purges raw rows need not think of it: a day that loses one keeps the figures it has.
create function seal_purged_days() returns trigger language plpgsql as $$
begin
  update rolled_days k set sealed = true
    from (select distinct g.restaurant_id, g.service_day from gone g) g
   where k.restaurant_id = g.restaurant_id and k.service_day = g.service_day and not k.sealed;
  return null;
end $$;
create trigger reservations_seal after delete on reservations referencing old table as gone
  for each statement execute function seal_purged_days();
create trigger orders_seal after delete on orders referencing old table as gone
  for each statement execute function seal_purged_days();

-- Forecasts, as they were made; one made again on the same day replaces the first, and those of a past year go.
create function keep_forecasts(p_restaurant_id uuid, p_made_on date, p_rows jsonb) returns integer language plpgsql as $$
declare kept integer;
begin
  insert into forecasts as f (restaurant_id, for_day, made_on, covers, low, high, naive, on_hand, model)
  select p_restaurant_id, x.for_day, x.made_on, x.covers, x.low, x.high, x.naive, x.on_hand, x.model
    from jsonb_to_recordset(p_rows) x(for_day date, made_on date, covers numeric, low numeric, high numeric,
         naive integer, on_hand integer, model text)
  on conflict (restaurant_id, for_day, made_on) do update
     set covers = excluded.covers, low = excluded.low, high = excluded.high, naive = excluded.naive,
         on_hand = excluded.on_hand, model = excluded.model;
  get diagnostics kept = row_count;
  delete from forecasts f where f.restaurant_id = p_restaurant_id and f.for_day < p_made_on - 400;
  update rollups s set forecast_on = greatest(s.forecast_on, p_made_on) where s.restaurant_id = p_restaurant_id;
  return kept;
end $$;

-- What forecasts are made from, a line a day: covers that came, whether it was open, and how bookings came in (and, below
-- nought, went) by the days ahead. Kept figures of past days; of `p_ahead` the books as they are.
create function known_days(p_restaurant_id uuid, p_from date, p_now timestamptz, p_ahead jsonb)
returns table (date text, covers integer, open boolean, booked jsonb) language sql stable as $$
  with figures as (
    select f.service_day, f.kind, f.bin, f.covers, f.seated_covers, f.planned_seconds
      from day_figures f
     where f.restaurant_id = p_restaurant_id and f.kind = any ('{all,lead,cancel_lead,open}') and f.service_day >= p_from
     union all
    select f.service_day, f.kind, f.bin, f.covers, f.seated_covers, f.planned_seconds
      from figures_of(p_restaurant_id, p_now, p_ahead, true) f
     where f.kind = any ('{all,lead,cancel_lead,open}'))
  select f.service_day::text,
         coalesce(sum(f.seated_covers) filter (where f.kind = 'all'), 0)::integer,
         coalesce(bool_or(f.planned_seconds > 0) filter (where f.kind = 'open'), false),
         coalesce(jsonb_agg(jsonb_build_object('lead_days', f.bin,
                                               'covers', case f.kind when 'lead' then f.covers else -f.covers end))
                    filter (where f.kind in ('lead', 'cancel_lead')), '[]')
    from figures f
   group by f.service_day
   order by f.service_day
$$;
