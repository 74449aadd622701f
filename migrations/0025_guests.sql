-- What the house knows of its guests: every number and address, and what their past comes to.

-- A merge keeps every number and address that either was known by (R33, R175).
alter table guests
  add column other_phones text[] not null default '{}',
  add column other_emails text[] not null default '{}';
create index guests_other_phones on guests using gin (restaurant_id, other_phones) where other_phones <> '{}';
create index guests_other_emails on guests using gin (restaurant_id, other_emails) where other_emails <> '{}';

-- Who this is: the guest with that phone, else who was merged and had it, else with that e-mail, else a new one. As in 0004.
create or replace function find_or_create_guest(a booking_plan) returns uuid language plpgsql as $$
declare found_id uuid;
begin
  if a.guest_id is not null then return a.guest_id; end if;
  if a.phone_number is null and a.email is null then return null; end if;
  for attempt in 1..2 loop
    select g.id into found_id from guests g where g.restaurant_id = a.restaurant_id and g.phone = a.phone_number;
    if found_id is null and a.email is not null then
      select g.id into found_id from guests g
       where g.restaurant_id = a.restaurant_id and lower(g.email) = lower(a.email);
    end if;
    if found_id is null then found_id := guest_once_known_by(a.restaurant_id, a.phone_number, a.email, null); end if;
    exit when found_id is not null;
    insert into guests (restaurant_id, name, search_name, phone, email, language, created_at, updated_at)
    values (a.restaurant_id, a.name, a.search_name, a.phone_number, a.email, a.language, a.now, a.now)
    on conflict do nothing returning id into found_id;
    exit when found_id is not null;
  end loop;
  return found_id;
end $$;

-- The guest who has that number or address of one that was merged into them.
create function guest_once_known_by(p_restaurant_id uuid, p_phone text, p_email text, p_but uuid) returns uuid
language plpgsql stable as $$
declare found_id uuid;
begin
  if p_phone is not null then
    select g.id into found_id from guests g
     where g.restaurant_id = p_restaurant_id and g.other_phones <> '{}' and g.other_phones @> array[p_phone]
       and g.id is distinct from p_but
     order by g.id limit 1;
  end if;
  if found_id is null and p_email is not null then
    select g.id into found_id from guests g
     where g.restaurant_id = p_restaurant_id and g.other_emails <> '{}' and g.other_emails @> array[lower(p_email)]
       and g.id is distinct from p_but
     order by g.id limit 1;
  end if;
  return found_id;
end $$;

-- The other guest that has this phone or this e-mail already, as an answer. As in 0006.
create or replace function guest_there(p_restaurant_id uuid, p_phone text, p_email text, p_but uuid) returns jsonb
language sql stable as $$
  select jsonb_build_object('outcome', 'already_exists', 'guest', guest_json(g),
                            'by', case when g.phone = p_phone or g.other_phones @> array[p_phone] then 'phone' else 'email' end)
    from (select x.id, 0 as later from guests x
           where x.restaurant_id = p_restaurant_id and (x.phone = p_phone or lower(x.email) = lower(p_email))
             and x.id is distinct from p_but
           union all
          select guest_once_known_by(p_restaurant_id, p_phone, p_email, p_but), 1) f
    join guests g on g.restaurant_id = p_restaurant_id and g.id = f.id
   order by f.later, g.phone = p_phone desc nulls last
   limit 1
$$;

-- As in 0006; a number that is another's from before a merge is theirs too.
create or replace function create_guest(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a guest_plan := jsonb_populate_record(null::guest_plan, p);
  g guests;
begin
  perform lock_guests(a.restaurant_id);
  if guest_once_known_by(a.restaurant_id, a.fields->>'phone', a.fields->>'email', null) is not null then
    return guest_there(a.restaurant_id, a.fields->>'phone', a.fields->>'email', null);
  end if;
  g := jsonb_populate_record(null::guests, a.fields);
  insert into guests (restaurant_id, name, search_name, phone, email, language, notes, tags, vip, allergies, birthday,
                      created_at, updated_at)
  values (a.restaurant_id, g.name, g.search_name, g.phone, g.email, g.language, g.notes, g.tags, g.vip, g.allergies,
          g.birthday, a.now, a.now)
  on conflict do nothing returning * into g;
  if not found then return guest_there(a.restaurant_id, a.fields->>'phone', a.fields->>'email', null); end if;
  perform append_event(a, 'guest.created', g.id, null, to_jsonb(g));
  return jsonb_build_object('outcome', 'created', 'guest', guest_json(g));
end $$;

create or replace function change_guest(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a   guest_plan := jsonb_populate_record(null::guest_plan, p);
  old guests;
  g   guests;
begin
  perform lock_guests(a.restaurant_id);
  select * into old from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version <> old.version then return jsonb_build_object('outcome', 'stale', 'guest', guest_json(old)); end if;

  g := jsonb_populate_record(old, a.fields);
  if g.phone is null and g.email is null then return '{"outcome": "contact_required"}'; end if;
  g.other_phones := array_remove(g.other_phones, g.phone);
  g.other_emails := array_remove(g.other_emails, lower(g.email));
  if g = old then return jsonb_build_object('outcome', 'changed', 'guest', guest_json(old)); end if;
  if guest_once_known_by(a.restaurant_id, nullif(g.phone, coalesce(old.phone, '')), nullif(g.email, coalesce(old.email, '')),
                         a.id) is not null then
    return guest_there(a.restaurant_id, nullif(g.phone, coalesce(old.phone, '')), nullif(g.email, coalesce(old.email, '')), a.id);
  end if;
  begin
    update guests x
       set name = g.name, search_name = g.search_name, phone = g.phone, email = g.email, language = g.language,
           notes = g.notes, tags = g.tags, vip = g.vip, allergies = g.allergies, birthday = g.birthday,
           other_phones = g.other_phones, other_emails = g.other_emails,
           version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = a.id
    returning * into g;
  exception when unique_violation then
    return guest_there(a.restaurant_id, g.phone, g.email, a.id);
  end;
  perform append_event(a, 'guest.changed', g.id, to_jsonb(old), to_jsonb(g));
  return jsonb_build_object('outcome', 'changed', 'guest', guest_json(g));
end $$;

-- As in 0006; every number and address of both is kept.
create or replace function merge_guests(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a       guest_plan := jsonb_populate_record(null::guest_plan, p);
  kept    guests;
  gone    guests;
  g       guests;
  moved   uuid[];
begin
  perform lock_guests(a.restaurant_id);
  -- Both at once, in order of id. A booking under way for either has committed when this returns, and is moved below;
  -- one that comes later waits, and fails its foreign key if it found the guest that goes: it is made again.
  perform from guests x
    where x.restaurant_id = a.restaurant_id and x.id in (a.id, a.from_id) order by x.id for update;
  select * into kept from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  select * into gone from guests x where x.restaurant_id = a.restaurant_id and x.id = a.from_id;
  if kept.id is null or gone.id is null or kept.id = gone.id then return '{"outcome": "not_found"}'; end if;
  if a.version <> kept.version then return jsonb_build_object('outcome', 'stale', 'guest', guest_json(kept)); end if;

  with touched as (
    update reservations r set guest_id = kept.id
     where r.restaurant_id = a.restaurant_id and r.guest_id = gone.id returning r.id)
  select coalesce(array_agg(t.id), '{}') into moved from touched t;
  delete from guests x where x.restaurant_id = a.restaurant_id and x.id = gone.id;
  -- After the other is gone: its phone and e-mail are free to be taken over.
  update guests x
     set name        = coalesce(kept.name, gone.name),
         search_name = coalesce(kept.search_name, gone.search_name),
         phone       = coalesce(kept.phone, gone.phone),
         email       = coalesce(kept.email, gone.email),
         other_phones = array(select u.v from unnest(kept.other_phones || gone.phone || gone.other_phones) with ordinality u(v, ord)
                               where u.v <> coalesce(kept.phone, gone.phone) group by u.v order by min(u.ord)),
         other_emails = array(select lower(u.v) from unnest(kept.other_emails || gone.email || gone.other_emails) with ordinality u(v, ord)
                               where lower(u.v) <> lower(coalesce(kept.email, gone.email)) group by lower(u.v) order by min(u.ord)),
         language    = coalesce(kept.language, gone.language),
         birthday    = coalesce(kept.birthday, gone.birthday),
         notes       = case when kept.notes = gone.notes then kept.notes
                            else nullif(concat_ws(E'\n', kept.notes, gone.notes), '') end,
         tags        = united(kept.tags, gone.tags),
         allergies   = united(kept.allergies, gone.allergies),
         vip         = kept.vip or gone.vip,
         created_at  = least(kept.created_at, gone.created_at),
         version     = kept.version + 1,
         updated_at  = a.now
   where x.restaurant_id = a.restaurant_id and x.id = kept.id
  returning * into g;
  perform refresh_guest(a.restaurant_id, kept.id);
  perform append_event(a, 'guest.deleted', gone.id, to_jsonb(gone), null, 'merged into ' || g.id);
  perform append_event(a, 'guest.merged', g.id,
                       jsonb_build_object('kept', to_jsonb(kept), 'from', to_jsonb(gone), 'reservation_ids', moved),
                       to_jsonb(g));
  return jsonb_build_object('outcome', 'merged', 'guest', guest_json(g));
end $$;

-- Statistics -----------------------------------------------------------------------------------------------------------------

-- What was ordered where a party sat, while it sat there. Sessions know no reservation: table and time say it.
create function visit_orders(r reservations) returns setof orders language sql stable as $$
  select o.*
    from orders o
   where r.seated_at is not null and o.restaurant_id = r.restaurant_id
     and o.placed_at >= r.seated_at and o.placed_at < coalesce(r.completed_at, greatest(r.ends_at, r.seated_at) + interval '1 hour')
     and (o.table_id = any (r.table_ids)
          or exists (select from stays s
                      where s.restaurant_id = r.restaurant_id and s.reservation_id = r.id and s.table_id = o.table_id
                        and o.placed_at >= s.from_at and (s.to_at is null or o.placed_at < s.to_at)))
$$;

-- What a guest's past comes to; of a guest without a past there is no row. No foreign key: a step of a reservation would
-- wait for a merge that waits for the reservation.
create table guest_stats (
  restaurant_id        uuid not null,
  guest_id             uuid not null,
  visits               integer not null default 0,
  cancellations        integer not null default 0,
  no_shows             integer not null default 0,
  first_visit_at       timestamptz,
  last_visit_at        timestamptz,
  -- Four visits within a time began here: who is frequent is asked of one column.
  fourth_last_visit_at timestamptz,
  spend_minor          bigint not null default 0,
  visits_with_orders   integer not null default 0,
  usual_party          smallint,
  usual_weekday        smallint,   -- ISO
  usual_minute         smallint,   -- of the day, to the half hour
  lead_hours           integer,    -- from booking to arrival, on average; walk-ins aside
  no_show_risk         boolean not null generated always as
                         (no_shows >= 2 and no_shows * 5 >= visits + no_shows or no_shows * 3 >= visits + no_shows and no_shows > 0) stored,
  primary key (restaurant_id, guest_id)
) with (fillfactor = 80);
create index guest_stats_visits   on guest_stats (restaurant_id, visits);
create index guest_stats_last     on guest_stats (restaurant_id, last_visit_at);
create index guest_stats_frequent on guest_stats (restaurant_id, fourth_last_visit_at) where fourth_last_visit_at is not null;
create index guest_stats_risk     on guest_stats (restaurant_id, guest_id) where no_show_risk;

-- From the guest's own reservations, by index. The row is locked first and the past read by the next statement: of two who
-- are at it the second sees what the first wrote.
create function refresh_guest(p_restaurant_id uuid, p_guest_id uuid) returns void language plpgsql as $$
declare tz text := (select r.timezone from restaurants r where r.id = p_restaurant_id);
begin
  insert into guest_stats (restaurant_id, guest_id) values (p_restaurant_id, p_guest_id) on conflict do nothing;
  perform from guest_stats s where s.restaurant_id = p_restaurant_id and s.guest_id = p_guest_id for update;
  with past as (
    select r.*, r.status in ('seated', 'completed') as came, r.starts_at at time zone tz as wall
      from reservations r
     where r.restaurant_id = p_restaurant_id and r.guest_id = p_guest_id
       and (r.status in ('seated', 'completed', 'no_show')
            or r.status = 'cancelled' and r.cancel_reason is distinct from 'hold_lapsed')),
  spent as (
    select sum(x.total) as total, count(*) as visits
      from (select sum(o.total_minor) as total
              from reservations r
             cross join lateral visit_orders(r) o
             where r.restaurant_id = p_restaurant_id and r.guest_id = p_guest_id and r.status in ('seated', 'completed')
               and o.status <> 'rejected'
             group by r.id) x)
  update guest_stats s
     set visits = f.visits, cancellations = f.cancellations, no_shows = f.no_shows, first_visit_at = f.first_visit_at,
         last_visit_at = f.last_visit_at, fourth_last_visit_at = f.fourth, usual_party = f.party, usual_weekday = f.weekday,
         usual_minute = f.minute, lead_hours = f.lead, spend_minor = coalesce(p.total, 0), visits_with_orders = p.visits
    from (select count(*) filter (where x.came) as visits,
                 count(*) filter (where x.status = 'cancelled') as cancellations,
                 count(*) filter (where x.status = 'no_show') as no_shows,
                 min(x.starts_at) filter (where x.came) as first_visit_at,
                 max(x.starts_at) filter (where x.came) as last_visit_at,
                 (array_agg(x.starts_at order by x.starts_at desc) filter (where x.came))[4] as fourth,
                 mode() within group (order by x.party_size) filter (where x.came) as party,
                 mode() within group (order by extract(isodow from x.wall)) filter (where x.came) as weekday,
                 mode() within group (order by extract(hour from x.wall) * 60 + floor(extract(minute from x.wall) / 30) * 30)
                   filter (where x.came) as minute,
                 round(avg(extract(epoch from x.starts_at - x.created_at) / 3600)
                   filter (where x.came and x.source <> 'walk_in')) as lead
            from past x) f, spent p
   where s.restaurant_id = p_restaurant_id and s.guest_id = p_guest_id;
end $$;

-- At the steps that make a past, never when a table is booked.
create function follow_guest() returns trigger language plpgsql as $$
begin
  perform refresh_guest(new.restaurant_id, new.guest_id);
  return null;
end $$;
create trigger reservations_guest_came after insert on reservations for each row
  when (new.status = 'seated' and new.guest_id is not null) execute function follow_guest();
create trigger reservations_guest_past after update on reservations for each row
  when (new.guest_id is not null and old.status is distinct from new.status
        and (new.status in ('seated', 'completed', 'cancelled', 'no_show') or old.status in ('seated', 'cancelled', 'no_show')))
  execute function follow_guest();

create function forget_guest_stats() returns trigger language plpgsql as $$
begin
  delete from guest_stats s where s.restaurant_id = old.restaurant_id and s.guest_id = old.id;
  return null;
end $$;
create trigger guests_stats_gone after delete on guests for each row execute function forget_guest_stats();

-- A guest as the API gives it, with what their past comes to. No past is read.
create or replace function guest_json(g guests) returns jsonb language sql stable as $$
  select to_jsonb(g) - 'search_name' || jsonb_build_object(
           'visits', coalesce(s.visits, 0), 'last_visit_at', s.last_visit_at,
           'stats', case when s.guest_id is not null then to_jsonb(s) - '{restaurant_id,guest_id,visits,last_visit_at}'::text[] end)
    from (select) one
    left join guest_stats s on s.restaurant_id = g.restaurant_id and s.guest_id = g.id
$$;

-- At five in the morning of the house: whoever was here since the day before yesterday is reckoned anew, and with them what
-- was ordered late. Twice is as once.
create function repair_guest_stats(p_now timestamptz) returns integer language plpgsql as $$
declare
  x record;
  n integer := 0;
begin
  for x in
    select distinct r.restaurant_id, r.guest_id
      from restaurants h
      join reservations r on r.restaurant_id = h.id and r.starts_at between p_now - interval '3 days' and p_now
     where extract(hour from p_now at time zone h.timezone) = 5 and r.guest_id is not null
     order by 1, 2
  loop
    perform refresh_guest(x.restaurant_id, x.guest_id);
    n := n + 1;
  end loop;
  delete from guest_stats s
   using restaurants h
   where h.id = s.restaurant_id and extract(hour from p_now at time zone h.timezone) = 5
     and not exists (select from guests g where g.restaurant_id = s.restaurant_id and g.id = s.guest_id);
  return n;
end $$;

do $$
declare x record;
begin
  for x in select distinct r.restaurant_id, r.guest_id from reservations r
            where r.guest_id is not null and r.status in ('seated', 'completed', 'cancelled', 'no_show')
  loop
    perform refresh_guest(x.restaurant_id, x.guest_id);
  end loop;
end $$;

-- Preferences ----------------------------------------------------------------------------------------------------------------

-- What a guest does when they come, counted over their last fifty visits: areas, tables, times, weekdays, parties, dishes.
create function guest_habits(p_restaurant_id uuid, p_guest_id uuid) returns jsonb language sql stable as $$
  with house as (select r.timezone from restaurants r where r.id = p_restaurant_id),
  visits as materialized (
    select r.* from reservations r
     where r.restaurant_id = p_restaurant_id and r.guest_id = p_guest_id and r.status in ('seated', 'completed')
     order by r.starts_at desc limit 50),
  counted as (
    select 'table' as what, t.number as value, count(distinct v.id) as times
      from visits v cross join lateral unnest(v.table_ids) u(id)
      join tables t on t.restaurant_id = p_restaurant_id and t.id = u.id group by t.number
     union all
    select 'area', t.area, count(distinct v.id)
      from visits v cross join lateral unnest(v.table_ids) u(id)
      join tables t on t.restaurant_id = p_restaurant_id and t.id = u.id where t.area is not null group by t.area
     union all
    select 'time', to_char(date_trunc('hour', w.at) + case when extract(minute from w.at) >= 30 then interval '30 min' else '0' end,
                           'HH24:MI'), count(*)
      from visits v cross join lateral (select v.starts_at at time zone h.timezone as at from house h) w group by 2
     union all
    select 'weekday', extract(isodow from v.starts_at at time zone h.timezone)::text, count(*) from visits v, house h group by 2
     union all
    select 'party_size', v.party_size::text, count(*) from visits v group by 2
     union all
    select 'dish', l.name, count(distinct v.id)
      from visits v cross join lateral visit_orders(v) o
      join order_lines l on l.restaurant_id = o.restaurant_id and l.order_id = o.id
     where o.status <> 'rejected' group by l.name),
  ranked as (
    select c.*, row_number() over (partition by c.what order by c.times desc, c.value) as rank from counted c),
  asked as (
    select x.value, count(*) as times
      from (select r.area as value from reservations r
             where r.restaurant_id = p_restaurant_id and r.guest_id = p_guest_id and r.area is not null
             order by r.starts_at desc limit 50) x group by x.value)
  select jsonb_build_object(
    'visits', (select count(*) from visits),
    'visits_with_orders', (select count(*) from visits v where exists (select from visit_orders(v))),
    'habits', (select coalesce(jsonb_agg(jsonb_build_object('what', k.what, 'value', k.value, 'times', k.times)
                                         order by k.what, k.rank), '[]') from ranked k where k.rank <= 5),
    'asked_areas', (select coalesce(jsonb_agg(jsonb_build_object('value', a.value, 'times', a.times)
                                              order by a.times desc, a.value), '[]') from asked a),
    'requests', (
      select coalesce(jsonb_agg(jsonb_build_object('text', x.text, 'at', x.starts_at) order by x.starts_at desc), '[]')
        from (select coalesce(r.other_info, r.notes) as text, r.starts_at from reservations r
               where r.restaurant_id = p_restaurant_id and r.guest_id = p_guest_id
                 and coalesce(r.other_info, r.notes) is not null
               order by r.starts_at desc limit 5) x))
$$;
