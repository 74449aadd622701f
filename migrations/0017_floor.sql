-- The floor: walk-ins, blocks, parties that change tables, parties that stay longer than planned. The same rule as in
-- 0004: one call of one function, locks in one order. Where a session at a table may be concerned its table's lock (0009)
-- comes after the key and before the restaurant's, tables in ascending order.

-- Who made a claim, and who changed it last, are asked of the events.
create index if not exists events_subject on events (restaurant_id, subject_id, id);
-- Parties that sit now, for the job. By these two columns and no status, so that other steps of a life stay cheap.
create index reservations_sitting on reservations (ends_at, restaurant_id)
  where seated_at is not null and completed_at is null;

-- Tables taken out of the evening on purpose. Their claims are of kind block, a day at the most each.
create table blocks (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null references restaurants on delete cascade,
  table_ids     uuid[] not null check (cardinality(table_ids) between 1 and 300),
  starts_at     timestamptz not null,
  ends_at       timestamptz not null,
  reason        text,
  made_by       jsonb not null,
  lifted_at     timestamptz,
  version       integer not null default 1,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  unique (restaurant_id, id),
  check (ends_at > starts_at and ends_at - starts_at <= interval '32 days')
);
create index blocks_day on blocks (restaurant_id, starts_at, id) where lifted_at is null;

-- Where a party sat that changed tables while it was seated; of all others the reservation says it.
create table stays (
  restaurant_id  uuid not null,
  reservation_id uuid not null,
  table_id       uuid not null,
  from_at        timestamptz not null,
  to_at          timestamptz
);
create index stays_party on stays (restaurant_id, reservation_id, table_id);

-- What the shift should know of a day.
create table floor_notes (
  restaurant_id uuid not null references restaurants on delete cascade,
  date          date not null,
  note          text not null,
  version       integer not null default 1,
  updated_by    jsonb not null,
  updated_at    timestamptz not null,
  primary key (restaurant_id, date)
);

-- What the verbs decided; the same names as in src/floor/plan.ts.
create type floor_plan as (
  restaurant_id  uuid,
  key            text,
  fingerprint    text,
  now            timestamptz,
  actor          jsonb,
  request_id     text,
  ref_kind       text,         -- id | code | phone
  ref            text,
  version        integer,      -- seen by the client; null: whichever it has
  other_kind     text,         -- of the party it changes places with
  other_ref      text,
  other_version  integer,
  step           text,         -- move | merge | unmerge
  table_ids      uuid[],
  starts_at      timestamptz,
  ends_at        timestamptz,
  minutes        integer,
  allow_overfill boolean,
  id             uuid,         -- of a block
  reason         text,
  why            text
);

create function append_event(a floor_plan, p_type text, p_subject uuid, p_before jsonb, p_after jsonb) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_before, p_after, a.why)
$$;

create function keep_answer(a floor_plan, p_answer jsonb) returns jsonb language sql as $$
  select keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, p_answer)
$$;

-- Who changed a thing last, and when: for whoever saw an older version of it.
create function last_change(p_restaurant_id uuid, p_subject uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('type', e.type, 'by', e.actor, 'at', e.at)
    from events e
   where e.restaurant_id = p_restaurant_id and e.subject_id = p_subject
   order by e.id desc limit 1
$$;

create function stale_answer(r reservations) returns jsonb language sql stable as $$
  select jsonb_build_object('outcome', 'stale', 'reservation', reservation_json(r),
                            'changed', last_change(r.restaurant_id, r.id))
$$;

-- Three hours past its time somebody forgot to say that the party left: it keeps nobody from its table any more.
create function still_sits(r reservations, p_now timestamptz) returns boolean language sql immutable as $$
  select r.status = 'seated' and r.ends_at + interval '3 hours' > p_now and r.starts_at < p_now + interval '4 hours'
$$;

-- Whoever has one of these tables in that time, and for a time that begins now also who sits there past its claim.
create function in_the_way(
  p_restaurant_id uuid, p_timezone text, p_tables uuid[], p_wanted tstzrange, p_now timestamptz, p_but uuid[])
returns jsonb language sql stable as $$
  with claimed as (
    select c.table_id, c.kind, c.owner, lower(c.during) as starts_at, upper(c.during) as ends_at, c.expires_at
      from claims c
     where c.restaurant_id = p_restaurant_id and c.blocking
       and c.service_day between service_day(lower(p_wanted), p_timezone) - 1
                             and service_day(upper(p_wanted) - interval '1 microsecond', p_timezone)
       and c.table_id = any (p_tables) and c.during && p_wanted
       and (c.expires_at is null or c.expires_at > p_now) and c.owner <> all (p_but)),
  sitting as (
    select t.id as table_id, case r.source when 'walk_in' then 'walk_in' else 'reservation' end as kind, r.id as owner,
           r.starts_at, greatest(r.ends_at, p_now) as ends_at, null::timestamptz as expires_at
      from reservations r
     cross join lateral unnest(r.table_ids) t(id)
     where p_wanted @> p_now and r.restaurant_id = p_restaurant_id
       and r.starts_at between p_now - interval '30 hours' and p_now + interval '4 hours'
       and still_sits(r, p_now) and t.id = any (p_tables) and r.id <> all (p_but)
       and not exists (select from claimed c where c.table_id = t.id and c.owner = r.id)),
  found as (select * from claimed union all select * from sitting)
  select jsonb_agg(jsonb_build_object(
           'table_id', t.id, 'table', t.number, 'kind', f.kind, 'owner', f.owner,
           'name', coalesce(r.name, g.name), 'code', r.confirmation_code, 'party_size', r.party_size,
           'status', r.status, 'reason', b.reason, 'starts_at', f.starts_at, 'ends_at', f.ends_at,
           'expires_at', f.expires_at, 'made_by', m.actor, 'made_at', m.at)
           order by f.starts_at, t.number, f.owner)
    from found f
    join tables t on t.restaurant_id = p_restaurant_id and t.id = f.table_id
    left join reservations r on r.restaurant_id = p_restaurant_id and r.id = f.owner
    left join guests g on g.restaurant_id = p_restaurant_id and g.id = r.guest_id
    left join blocks b on b.restaurant_id = p_restaurant_id and b.id = f.owner
    left join lateral (
      select e.actor, e.at from events e
       where e.restaurant_id = p_restaurant_id and e.subject_id = f.owner order by e.id limit 1) m on true
$$;

create function taken_answer(p_way jsonb) returns jsonb language sql immutable as $$
  select jsonb_build_object('outcome', 'table_taken', 'in_the_way', p_way)
$$;

-- Walk-ins ---------------------------------------------------------------------------------------------------------------

create function sitting_tables(p_restaurant_id uuid, p_now timestamptz) returns uuid[] language sql stable as $$
  select coalesce(array_agg(distinct t.id), '{}')
    from reservations r cross join lateral unnest(r.table_ids) t(id)
   where r.restaurant_id = p_restaurant_id
     and r.starts_at between p_now - interval '30 hours' and p_now + interval '4 hours' and still_sits(r, p_now)
$$;

-- The candidates at which nobody sits: a party that outstays its claim has none in the way of the next, and sits there.
create function without_sitting(a booking_plan) returns booking_plan language plpgsql stable as $$
declare sat uuid[] := sitting_tables(a.restaurant_id, a.now);
begin
  if cardinality(sat) = 0 then return a; end if;
  if a.preferred && sat then a.preferred := null; end if;
  a.singles := array(select s.id from unnest(a.singles) with ordinality s(id, ord) where s.id <> all (sat) order by s.ord);
  a.combined := (
    select coalesce(jsonb_agg(c.value order by c.ord), '[]')
      from jsonb_array_elements(a.combined) with ordinality c(value, ord)
     where not array(select jsonb_array_elements_text(c.value)::uuid) && sat);
  return a;
end $$;

-- A party at the door, seated now through the same guard as a booking. Named tables are refused with who has them.
create function walk_in(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  free       booking_plan;
  answer     jsonb;
  restaurant record;
  choice     record;
  way        jsonb;
  r          reservations;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;
  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(restaurant.lock_no);
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;
  if a.guest_id is not null and not exists (
    select from guests g where g.restaurant_id = a.restaurant_id and g.id = a.guest_id)
  then return '{"outcome": "guest_not_found"}'; end if;

  -- A full room neither waits for the day's lock nor holds it; named tables always ask for who is there.
  free := without_sitting(a);
  choice := choose_tables(free, restaurant.timezone);
  if choice.refusal is null or a.preferred is not null then
    perform lock_days(restaurant.lock_no, restaurant.timezone, wanted_by(a));
    free := without_sitting(a);
    choice := choose_tables(free, restaurant.timezone);
  end if;
  if choice.refusal = 'sold_out' and a.preferred is not null then
    way := in_the_way(a.restaurant_id, restaurant.timezone, a.preferred, wanted_by(a), a.now, '{}');
    -- Not kept under the key: what is in the way may be gone in a moment.
    insert into denied_requests (restaurant_id, at, kind, reason, party_size, starts_at, area, source, request_id)
    values (a.restaurant_id, a.now, 'booking', 'sold_out', a.party_size, a.starts_at, a.area, a.source, a.request_id);
    return taken_answer(coalesce(way, '[]'));
  end if;
  if choice.refusal is not null then return refuse(a, 'booking', choice.refusal); end if;

  if choice.lapsed then
    perform clear_lapsed(a.restaurant_id, restaurant.timezone, wanted_by(a), a.now, a.request_id);
  end if;
  insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
      buffer_minutes, table_ids, guest_id, name, phone_number, email, area, notes, other_info, source, seated_at,
      created_at, updated_at)
  values (a.restaurant_id, a.confirmation_code, 'seated', a.party_size, service_day(a.starts_at, restaurant.timezone),
      a.starts_at, a.ends_at, a.buffer_minutes, choice.chosen, find_or_create_guest(a), a.name, a.phone_number,
      a.email, a.area, a.notes, a.other_info, 'walk_in', a.now, a.now, a.now)
  returning * into r;
  perform insert_claims(a, restaurant.timezone, r.id, choice.chosen, 'walk_in');
  answer := reservation_json(r);
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after, why)
  values (a.restaurant_id, a.now, 'reservation.walked_in', r.id, a.actor, a.request_id, answer, p_plan->>'why');
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'seated', 'reservation', answer));
end $$;

-- Blocks -----------------------------------------------------------------------------------------------------------------

create function block_json(b blocks) returns jsonb language sql stable as $$
  select to_jsonb(b) || jsonb_build_object('tables', (
    select jsonb_agg(jsonb_build_object('id', t.id, 'number', t.number, 'seats', t.seats, 'area', t.area) order by u.ord)
      from unnest(b.table_ids) with ordinality u(id, ord)
      join tables t on t.restaurant_id = b.restaurant_id and t.id = u.id))
$$;

create function known_tables(p_restaurant_id uuid, p_ids uuid[]) returns boolean language sql stable as $$
  select count(*) = cardinality(p_ids)
    from tables t where t.restaurant_id = p_restaurant_id and t.id = any (p_ids) and t.archived_at is null
$$;

-- No claim is longer than a day, so that the book finds it by its service day.
create function insert_block_claims(b blocks, p_timezone text, p_from timestamptz) returns void language sql as $$
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
  select b.restaurant_id, service_day(s.at, p_timezone), t.id,
         tstzrange(s.at, least(s.at + interval '24 hours', b.ends_at)), 'block', b.id
    from unnest(b.table_ids) t(id)
   cross join generate_series(p_from, b.ends_at - interval '1 microsecond', interval '24 hours') s(at)
   order by t.id, s.at
$$;

create function block_tables(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house  record;
  wanted tstzrange := tstzrange(a.starts_at, a.ends_at);
  way    jsonb;
  b      blocks;
begin
  if answer is not null then return answer; end if;
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  if not known_tables(a.restaurant_id, a.table_ids) then return '{"outcome": "unknown_table"}'; end if;
  perform lock_days(house.lock_no, house.timezone, wanted);
  way := in_the_way(a.restaurant_id, house.timezone, a.table_ids, wanted, a.now, '{}');
  if way is not null then return taken_answer(way); end if;
  perform clear_lapsed(a.restaurant_id, house.timezone, wanted, a.now, a.request_id);
  insert into blocks (restaurant_id, table_ids, starts_at, ends_at, reason, made_by, created_at, updated_at)
  values (a.restaurant_id, a.table_ids, a.starts_at, a.ends_at, a.reason, a.actor, a.now, a.now)
  returning * into b;
  perform insert_block_claims(b, house.timezone, b.starts_at);
  perform append_event(a, 'block.made', b.id, null, block_json(b));
  return keep_answer(a, jsonb_build_object('outcome', 'blocked', 'block', block_json(b)));
end $$;

create function stale_block(b blocks) returns jsonb language sql stable as $$
  select jsonb_build_object('outcome', 'stale', 'block', block_json(b), 'changed', last_change(b.restaurant_id, b.id))
$$;

create function drop_block_claims(b blocks, p_timezone text) returns void language sql as $$
  delete from claims c
   where c.restaurant_id = b.restaurant_id and c.blocking and c.owner = b.id
     and c.service_day between service_day(b.starts_at, p_timezone) - 1 and service_day(b.ends_at, p_timezone) + 1
$$;

-- What the plan does not name stays. What of a block is past is past: it is laid anew from now on.
create function change_block(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house  record;
  old    blocks;
  b      blocks;
  wanted tstzrange;
  way    jsonb;
begin
  if answer is not null then return answer; end if;
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  select * into old from blocks x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.table_ids is not null and not known_tables(a.restaurant_id, a.table_ids) then
    return '{"outcome": "unknown_table"}';
  end if;
  if coalesce(a.ends_at, old.ends_at) <= greatest(coalesce(a.starts_at, old.starts_at), a.now)
     or coalesce(a.ends_at, old.ends_at) - coalesce(a.starts_at, old.starts_at) > interval '31 days'
  then return '{"outcome": "bad_time"}'; end if;
  wanted := tstzrange(greatest(coalesce(a.starts_at, old.starts_at), a.now), coalesce(a.ends_at, old.ends_at));
  perform lock_days(house.lock_no, house.timezone, tstzrange(old.starts_at, old.ends_at), wanted);
  select * into b from blocks x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if b.version <> coalesce(a.version, old.version) then return stale_block(b); end if;
  if b.lifted_at is not null then return jsonb_build_object('outcome', 'lifted', 'block', block_json(b)); end if;
  way := in_the_way(a.restaurant_id, house.timezone, coalesce(a.table_ids, b.table_ids), wanted, a.now, array[b.id]);
  if way is not null then return taken_answer(way); end if;

  perform clear_lapsed(a.restaurant_id, house.timezone, wanted, a.now, a.request_id);
  perform drop_block_claims(b, house.timezone);
  update blocks x
     set table_ids = coalesce(a.table_ids, b.table_ids), starts_at = coalesce(a.starts_at, b.starts_at),
         ends_at = upper(wanted), reason = case when p_plan ? 'reason' then a.reason else b.reason end,
         version = b.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = a.id
  returning * into b;
  perform insert_block_claims(b, house.timezone, lower(wanted));
  perform append_event(a, 'block.changed', b.id, block_json(old), block_json(b));
  return keep_answer(a, jsonb_build_object('outcome', 'blocked', 'block', block_json(b)));
end $$;

create function lift_block(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    blocks;
  b      blocks;
begin
  if answer is not null then return answer; end if;
  select * into old from blocks x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version is not null and a.version <> old.version then return stale_block(old); end if;
  b := old;
  if old.lifted_at is null then
    update blocks x set lifted_at = a.now, version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = a.id
    returning * into b;
    perform drop_block_claims(old, (select x.timezone from restaurants x where x.id = a.restaurant_id));
    perform append_event(a, 'block.lifted', b.id, block_json(old), block_json(b));
  end if;
  return keep_answer(a, jsonb_build_object('outcome', 'blocked', 'block', block_json(b)));
end $$;

-- Parties that change tables -----------------------------------------------------------------------------------------------

create function lock_tables(p_ids uuid[]) returns void language plpgsql as $$
declare one uuid;
begin
  foreach one in array array(select distinct u.id from unnest(p_ids) u(id) order by u.id) loop
    perform lock_table(one);
  end loop;
end $$;

create function claim_kind(r reservations) returns text language sql immutable as $$
  select case when r.status = 'held' then 'hold' when r.source = 'walk_in' then 'walk_in' else 'reservation' end
$$;

-- From when on a party needs tables that it does not have yet: nobody needs one for a time that is over, and who was
-- seated early is there already.
create function begins_at(r reservations, p_now timestamptz) returns timestamptz language sql immutable as $$
  select case when r.status = 'seated' and r.starts_at < p_now + interval '4 hours' then p_now
              else greatest(r.starts_at, p_now) end
$$;

-- Until when a party has its tables: its plan and the time to lay them again, or what it has been given beyond that.
create function keeps_until(r reservations, p_now timestamptz) returns timestamptz language sql stable as $$
  select greatest(r.ends_at + make_interval(mins => r.buffer_minutes),
                  case when r.status = 'seated' or r.starts_at <= p_now then begins_at(r, p_now) + interval '15 minutes' end,
                  (select max(upper(c.during)) from claims c
                    where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id
                      and c.blocking))
$$;

create function still_needed(r reservations, p_now timestamptz) returns tstzrange language sql stable as $$
  select tstzrange(begins_at(r, p_now), keeps_until(r, p_now))
$$;

create function except_tables(p_ids uuid[], p_but uuid[]) returns uuid[] language sql immutable as $$
  select array(select u.id from unnest(p_ids) with ordinality u(id, ord) where u.id <> all (p_but) order by u.ord)
$$;

-- Where a party sat until now stays its claim, for that time; where it has not sat yet, it leaves none.
create function leave_tables(r reservations, p_tables uuid[], p_now timestamptz) returns void language plpgsql as $$
begin
  delete from claims c
   where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id
     and c.table_id = any (p_tables) and c.blocking and lower(c.during) >= p_now;
  update claims c set during = tstzrange(lower(c.during), p_now)
   where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id
     and c.table_id = any (p_tables) and c.blocking and upper(c.during) > p_now;
  if r.status <> 'seated' then return; end if;
  update stays s set to_at = p_now
   where s.restaurant_id = r.restaurant_id and s.reservation_id = r.id and s.table_id = any (p_tables)
     and s.to_at is null;
  insert into stays (restaurant_id, reservation_id, table_id, from_at, to_at)
  select r.restaurant_id, r.id, t.id, least(r.seated_at, p_now), p_now
    from unnest(p_tables) t(id)
   where not exists (select from stays s
                      where s.restaurant_id = r.restaurant_id and s.reservation_id = r.id and s.table_id = t.id);
end $$;

-- Pacing counts a party once, where it began: its covers are with one row of the tables it began at.
create function take_tables(r reservations, p_tables uuid[], p_wanted tstzrange, p_now timestamptz) returns void
language plpgsql as $$
begin
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner, covers, expires_at)
  select r.restaurant_id, r.service_day, t.id, p_wanted, claim_kind(r), r.id, 0, r.hold_expires_at
    from unnest(p_tables) t(id) order by t.id;
  if r.starts_at >= p_now then
    update claims c set covers = case when c.table_id = r.table_ids[1] then r.party_size else 0 end
     where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id and c.blocking;
  end if;
  if r.status = 'seated' then
    insert into stays (restaurant_id, reservation_id, table_id, from_at)
    select r.restaurant_id, r.id, t.id, p_now from unnest(p_tables) t(id);
  end if;
end $$;

-- The phones of a party go where it goes: sessions that were opened on its claim and not on one of their own.
alter table table_sessions add column at_table_since timestamptz;

create function party_sessions(r reservations, p_tables uuid[], p_now timestamptz) returns uuid[]
language sql stable as $$
  select coalesce(array_agg(s.id order by s.opened_at, s.id), '{}')
    from table_sessions s
   where s.restaurant_id = r.restaurant_id and s.table_id = any (p_tables) and s.closed_at is null
     and (r.status = 'seated' or r.starts_at <= p_now)
     and not exists (select from claims c
                      where c.restaurant_id = s.restaurant_id and c.owner = s.id and c.blocking and c.during @> p_now
                        and c.service_day between r.service_day - 1 and r.service_day + 2)
$$;

create function open_sessions_in_way(p_restaurant_id uuid, p_tables uuid[], p_but uuid[]) returns jsonb
language sql stable as $$
  select jsonb_agg(jsonb_build_object('table_id', t.id, 'table', t.number, 'kind', 'session', 'owner', s.id,
                                      'starts_at', s.opened_at, 'ends_at', null) order by t.number)
    from table_sessions s
    join tables t on t.restaurant_id = s.restaurant_id and t.id = s.table_id
   where s.restaurant_id = p_restaurant_id and s.table_id = any (p_tables) and s.closed_at is null
     and s.id <> all (p_but)
$$;

-- Each session to its new table, all at once: two that change places pass by each other. Tokens are of a table, so they
-- are taken back; the phones scan the code of the new table and are who they were.
create function move_sessions(a floor_plan, p_ids uuid[], p_to uuid[]) returns jsonb language plpgsql as $$
declare
  moved jsonb := '[]';
  olds  table_sessions[];
  old   table_sessions;
  s     table_sessions;
  gone  jsonb;
begin
  olds := array(select x from table_sessions x
                 where x.restaurant_id = a.restaurant_id and x.id = any (p_ids) order by x.id for no key update);
  update table_sessions x set closed_at = a.now, close_reason = 'moving'
   where x.restaurant_id = a.restaurant_id and x.id = any (p_ids);
  foreach old in array olds loop
    gone := session_jtis(a.restaurant_id, old.id);
    update table_sessions x
       set table_id = p_to[array_position(p_ids, old.id)], closed_at = null, close_reason = null, at_table_since = a.now,
           last_activity_at = greatest(old.last_activity_at, a.now), version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = old.id
    returning * into s;
    update session_members m set jti = gen_random_uuid() where m.restaurant_id = a.restaurant_id and m.session_id = s.id;
    update table_calls c
       set table_id = s.table_id,
           table_number = (select t.number from tables t where t.restaurant_id = a.restaurant_id and t.id = s.table_id)
     where c.restaurant_id = a.restaurant_id and c.session_id = s.id and c.acknowledged_at is null;
    perform append_event(a, 'session.moved', s.id, session_json(old), session_json(s));
    moved := moved || jsonb_build_object(
      'from_table_id', old.table_id, 'session', session_json(s), 'revoked', gone,
      'members', (select coalesce(jsonb_agg(member_json(m) order by m.id), '[]') from session_members m
                   where m.restaurant_id = a.restaurant_id and m.session_id = s.id and m.removed_at is null));
  end loop;
  return moved;
end $$;

-- Whether these tables can seat the party at all; null where they can.
create function room_answer(r reservations, p_tables uuid[], p_added uuid[], p_overfill boolean) returns jsonb
language plpgsql stable as $$
declare room record;
begin
  select count(*) as known, coalesce(sum(t.seats), 0) as seats,
         coalesce(bool_or(not t.enabled and t.id = any (p_added)), false) as off
    into room
    from tables t where t.restaurant_id = r.restaurant_id and t.id = any (p_tables) and t.archived_at is null;
  if room.known < cardinality(p_tables) then return '{"outcome": "unknown_table"}'; end if;
  if room.off then return '{"outcome": "table_off"}'; end if;
  if room.seats < r.party_size and not coalesce(p_overfill, false) then
    return jsonb_build_object('outcome', 'too_small', 'seats', room.seats, 'party_size', r.party_size);
  end if;
  return null;
end $$;

create function is_live(r reservations, p_now timestamptz) returns boolean language sql immutable as $$
  select r.status in ('held', 'pending', 'confirmed', 'seated') and (r.hold_expires_at is null or r.hold_expires_at > p_now)
$$;

-- Other tables, more tables, fewer tables, or another time at them: one party, all or nothing. Staff know what they do:
-- pacing is not asked, and the number of seats is not where they say so.
create function move_party(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a        floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  answer   jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house    record;
  seen     reservations;
  old      reservations;
  r        reservations;
  target   uuid[];
  added    uuid[];
  gone     uuid[];
  sessions uuid[];
  wanted   tstzrange;
  way      jsonb;
  moved    jsonb := '[]';
begin
  if answer is not null then return answer; end if;
  select * into seen from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = find_reservation(a.restaurant_id, a.ref_kind, a.ref, a.now);
  if not found then return '{"outcome": "not_found"}'; end if;
  target := case a.step
    when 'merge'   then seen.table_ids || except_tables(a.table_ids, seen.table_ids)
    when 'unmerge' then except_tables(seen.table_ids, a.table_ids)
    else coalesce(a.table_ids, seen.table_ids) end;
  perform lock_tables(seen.table_ids || target);
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  r := seen;
  if a.starts_at is not null then
    r.ends_at := a.starts_at + (seen.ends_at - seen.starts_at);
    r.starts_at := a.starts_at;
    r.service_day := service_day(a.starts_at, house.timezone);
    r.late_minutes := case when a.starts_at = seen.starts_at then seen.late_minutes end;
  end if;
  wanted := case when a.starts_at is null then still_needed(seen, a.now) else taken_by(r) end;
  perform lock_days(house.lock_no, house.timezone, taken_by(seen), wanted);

  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen.id for no key update;
  if a.version is not null and a.version <> old.version then return stale_answer(old); end if;
  if old.version <> seen.version then return stale_answer(old) || '{"outcome": "again"}'; end if;
  if not is_live(old, a.now) or (a.starts_at is not null and old.status = 'seated') then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(old));
  end if;
  if a.step = 'unmerge' and (cardinality(target) = 0 or not a.table_ids <@ old.table_ids) then
    return '{"outcome": "not_its_table"}';
  end if;
  added := except_tables(target, old.table_ids);
  gone := except_tables(old.table_ids, target);
  answer := room_answer(old, target, added, a.allow_overfill);
  if answer is not null then return answer; end if;

  way := in_the_way(a.restaurant_id, house.timezone, case when a.starts_at is null then added else target end, wanted,
                    a.now, array[old.id]);
  sessions := case when cardinality(added) = 0 then '{}' else party_sessions(old, gone, a.now) end;
  sessions := sessions[1:cardinality(added)];
  if way is null and cardinality(sessions) > 0 then
    way := open_sessions_in_way(a.restaurant_id, added[1:cardinality(sessions)], sessions);
  end if;
  if way is not null then return taken_answer(way); end if;

  perform clear_lapsed(a.restaurant_id, house.timezone, wanted, a.now, a.request_id);
  if a.starts_at is null then
    perform leave_tables(old, gone, a.now);
  else
    delete from claims c
     where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id;
    added := target;
  end if;
  update reservations x
     set table_ids = target, starts_at = r.starts_at, ends_at = r.ends_at, service_day = r.service_day,
         late_minutes = r.late_minutes, version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  perform take_tables(r, added, wanted, case when a.starts_at is null then a.now else r.starts_at end);
  if cardinality(sessions) > 0 then moved := move_sessions(a, sessions, added); end if;

  answer := reservation_json(r);
  perform append_event(a, 'reservation.' || case a.step when 'merge' then 'tables_joined'
                                                        when 'unmerge' then 'tables_parted' else 'moved' end,
                       r.id, reservation_json(old), answer);
  return keep_answer(a, jsonb_build_object('outcome', 'moved', 'reservation', answer, 'sessions', moved));
end $$;

-- Two parties exchange their tables, each for its own time.
create function swap_parties(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house  record;
  seen_1 reservations;
  seen_2 reservations;
  one    reservations;
  two    reservations;
  was_1  jsonb;
  was_2  jsonb;
  way    jsonb;
  need_1 tstzrange;
  need_2 tstzrange;
  go_1   uuid[];
  go_2   uuid[];
  to_1   uuid[];
  to_2   uuid[];
  moved  jsonb := '[]';
begin
  if answer is not null then return answer; end if;
  select * into seen_1 from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = find_reservation(a.restaurant_id, a.ref_kind, a.ref, a.now);
  if not found then return '{"outcome": "not_found"}'; end if;
  select * into seen_2 from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = find_reservation(a.restaurant_id, a.other_kind, a.other_ref, a.now);
  if not found then return '{"outcome": "not_found"}'; end if;
  if seen_1.table_ids && seen_2.table_ids then return '{"outcome": "same_table"}'; end if;
  perform lock_tables(seen_1.table_ids || seen_2.table_ids);
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  need_1 := still_needed(seen_1, a.now);
  need_2 := still_needed(seen_2, a.now);
  perform lock_days(house.lock_no, house.timezone, taken_by(seen_1), taken_by(seen_2), need_1, need_2);
  perform from reservations x
    where x.restaurant_id = a.restaurant_id and x.id in (seen_1.id, seen_2.id) order by x.id for no key update;
  select * into one from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen_1.id;
  select * into two from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen_2.id;
  if a.version is not null and a.version <> one.version then return stale_answer(one); end if;
  if a.other_version is not null and a.other_version <> two.version then return stale_answer(two); end if;
  if one.version <> seen_1.version then return stale_answer(one) || '{"outcome": "again"}'; end if;
  if two.version <> seen_2.version then return stale_answer(two) || '{"outcome": "again"}'; end if;
  if not is_live(one, a.now) then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(one));
  end if;
  if not is_live(two, a.now) then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(two));
  end if;
  answer := coalesce(room_answer(one, two.table_ids, '{}', a.allow_overfill),
                     room_answer(two, one.table_ids, '{}', a.allow_overfill));
  if answer is not null then return answer; end if;

  way := coalesce(
    in_the_way(a.restaurant_id, house.timezone, two.table_ids, need_1, a.now, array[one.id, two.id]),
    in_the_way(a.restaurant_id, house.timezone, one.table_ids, need_2, a.now, array[one.id, two.id]));
  go_1 := (party_sessions(one, one.table_ids, a.now))[1:cardinality(two.table_ids)];
  go_2 := (party_sessions(two, two.table_ids, a.now))[1:cardinality(one.table_ids)];
  to_1 := two.table_ids[1:cardinality(go_1)];
  to_2 := one.table_ids[1:cardinality(go_2)];
  way := coalesce(way, open_sessions_in_way(a.restaurant_id, to_1 || to_2, go_1 || go_2));
  if way is not null then return taken_answer(way); end if;

  was_1 := reservation_json(one);
  was_2 := reservation_json(two);
  perform clear_lapsed(a.restaurant_id, house.timezone, need_1, a.now, a.request_id);
  perform clear_lapsed(a.restaurant_id, house.timezone, need_2, a.now, a.request_id);
  perform leave_tables(one, one.table_ids, a.now);
  perform leave_tables(two, two.table_ids, a.now);
  update reservations x set table_ids = seen_2.table_ids, version = x.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = one.id returning * into one;
  update reservations x set table_ids = seen_1.table_ids, version = x.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = two.id returning * into two;
  perform take_tables(one, one.table_ids, need_1, a.now);
  perform take_tables(two, two.table_ids, need_2, a.now);
  if cardinality(go_1 || go_2) > 0 then moved := move_sessions(a, go_1 || go_2, to_1 || to_2); end if;

  a.why := coalesce(a.why, 'swap');
  perform append_event(a, 'reservation.moved', one.id, was_1, reservation_json(one));
  perform append_event(a, 'reservation.moved', two.id, was_2, reservation_json(two));
  return keep_answer(a, jsonb_build_object('outcome', 'swapped', 'one', reservation_json(one),
                                           'two', reservation_json(two), 'sessions', moved));
end $$;

-- Staying longer -----------------------------------------------------------------------------------------------------------

-- Asked for: the plan itself is longer from then on. Counted from its end, or from now where that is over.
create function extend_party(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house  record;
  seen   reservations;
  old    reservations;
  r      reservations;
  ends   timestamptz;
  until  timestamptz;
  way    jsonb;
begin
  if answer is not null then return answer; end if;
  select * into seen from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = find_reservation(a.restaurant_id, a.ref_kind, a.ref, a.now);
  if not found then return '{"outcome": "not_found"}'; end if;
  ends := greatest(seen.ends_at, case when seen.status = 'seated' then a.now end) + make_interval(mins => a.minutes);
  until := ends + make_interval(mins => seen.buffer_minutes);
  if until <= a.now or until - seen.starts_at > interval '24 hours' then return '{"outcome": "bad_time"}'; end if;
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  perform lock_days(house.lock_no, house.timezone, taken_by(seen), tstzrange(seen.starts_at, until));
  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen.id for no key update;
  if a.version is not null and a.version <> old.version then return stale_answer(old); end if;
  if old.version <> seen.version then return stale_answer(old) || '{"outcome": "again"}'; end if;
  if old.status not in ('pending', 'confirmed', 'seated') then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(old));
  end if;
  way := in_the_way(a.restaurant_id, house.timezone, old.table_ids,
                    tstzrange(greatest(a.now, old.starts_at), until), a.now, array[old.id]);
  if way is not null then return taken_answer(way); end if;
  perform clear_lapsed(a.restaurant_id, house.timezone, tstzrange(greatest(a.now, old.starts_at), until), a.now, a.request_id);
  perform keep_table(old.restaurant_id, house.timezone, t.id, old.id, claim_kind(old), old.service_day,
                     greatest(a.now, old.starts_at), until)
     from unnest(old.table_ids) t(id);
  update reservations x set ends_at = ends, version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  answer := reservation_json(r);
  perform append_event(a, 'reservation.extended', r.id, reservation_json(old), answer);
  return keep_answer(a, jsonb_build_object('outcome', 'moved', 'reservation', answer, 'sessions', '[]'::jsonb));
end $$;

-- Under the day locks: the owner's claim on a table reaches until then, or to the next claim. Where others had the table
-- in between, a new claim begins now. Answers until when, or null where nothing had to be or could be done.
create function keep_table(p_restaurant_id uuid, p_timezone text, p_table_id uuid, p_owner uuid, p_kind text, p_day date,
                           p_now timestamptz, p_until timestamptz) returns timestamptz language plpgsql as $$
declare
  mine      tstzrange;
  other     timestamptz;
  until     timestamptz;
  first_day date := least(p_day, service_day(p_now, p_timezone)) - 1;
  last_day  date := greatest(p_day, service_day(p_until, p_timezone));
begin
  select c.during into mine from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.table_id = p_table_id and c.owner = p_owner and c.blocking
   order by upper(c.during) desc limit 1;
  if upper(mine) >= p_until then return null; end if;
  select min(lower(c.during)) into other from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.table_id = p_table_id and c.owner <> p_owner and c.blocking
     and upper(c.during) > coalesce(upper(mine), p_now) and (c.expires_at is null or c.expires_at > p_now);
  until := least(p_until, other, lower(mine) + interval '25 hours');
  if until > upper(mine) and until > p_now then
    update claims c set during = tstzrange(lower(mine), until)
     where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
       and c.table_id = p_table_id and c.owner = p_owner and c.blocking and c.during = mine;
    return until;
  end if;
  if upper(mine) > p_now then return null; end if;
  select min(greatest(lower(c.during), p_now)) into other from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.table_id = p_table_id and c.blocking and upper(c.during) > p_now
     and (c.expires_at is null or c.expires_at > p_now);
  if other <= p_now then return null; end if;
  until := least(p_until, other);
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
  values (p_restaurant_id, p_day, p_table_id, tstzrange(p_now, until), p_kind, p_owner);
  return until;
end $$;

-- Houses where somebody sits whose claim is about to end, or who came before their time; or where phones are at a table.
create function houses_with_stays(p_now timestamptz) returns table (restaurant_id uuid) language sql stable as $$
  select r.restaurant_id from reservations r
   where r.seated_at is not null and r.completed_at is null and still_sits(r, p_now)
     and r.ends_at between p_now - interval '3 hours' and p_now + interval '16 hours'
     and (r.ends_at < p_now + interval '15 minutes' or r.starts_at > p_now)
  union
  select s.restaurant_id from table_sessions s where s.closed_at is null and s.opened_at > p_now - interval '12 hours'
$$;

-- Who sits stays: nobody is seated on top of a party that outstays its plan. A quarter of an hour ahead at a time, up to
-- the next claim; twice at once is once.
create function extend_stays(p_restaurant_id uuid, p_now timestamptz, p_request_id text) returns integer
language plpgsql set lock_timeout = '1500ms' as $$
declare
  ahead    timestamptz := p_now + interval '15 minutes';
  house    record;
  one      record;
  until    timestamptz;
  extended integer := 0;
begin
  select x.lock_no, x.timezone into house from restaurants x where x.id = p_restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  perform lock_days(house.lock_no, house.timezone, tstzrange(p_now - interval '4 hours', ahead));
  -- A step of their life waits here, or has been taken.
  perform from reservations r
    where r.restaurant_id = p_restaurant_id and r.starts_at between p_now - interval '30 hours' and p_now + interval '4 hours'
      and still_sits(r, p_now) order by r.id for no key update;
  perform clear_lapsed(p_restaurant_id, house.timezone, tstzrange(p_now, ahead), p_now, p_request_id);
  for one in
    select r.id, t.id as table_id, r.service_day, claim_kind(r) as kind, to_jsonb(r) as party
      from reservations r cross join lateral unnest(r.table_ids) t(id)
     where r.restaurant_id = p_restaurant_id and r.starts_at between p_now - interval '30 hours' and p_now + interval '4 hours'
       and still_sits(r, p_now)
     order by r.starts_at, r.id, t.id
  loop
    until := case when (one.party->>'starts_at')::timestamptz > p_now
                  then came_early(p_restaurant_id, house.timezone, one.table_id, one.id, one.kind, one.service_day, p_now)
                  else keep_table(p_restaurant_id, house.timezone, one.table_id, one.id, one.kind, one.service_day, p_now, ahead) end;
    if until is not null then
      extended := extended + 1;
      insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
      values (p_restaurant_id, p_now, 'reservation.stays', one.id, '{"kind": "cron"}', p_request_id,
              one.party || jsonb_build_object('table_id', one.table_id, 'claimed_until', until));
    end if;
  end loop;
  return extended + extend_sessions(p_restaurant_id, house.timezone, p_now, ahead, p_request_id);
end $$;

-- Seated before its time: the table is taken from now to then. Where somebody else has it meanwhile, as much as is free.
create function came_early(p_restaurant_id uuid, p_timezone text, p_table_id uuid, p_owner uuid, p_kind text, p_day date,
                           p_now timestamptz) returns timestamptz language plpgsql as $$
declare
  first_day date := least(p_day, service_day(p_now, p_timezone)) - 1;
  until     timestamptz;
begin
  select min(greatest(lower(c.during), p_now)) into until from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and p_day + 1
     and c.table_id = p_table_id and c.blocking and upper(c.during) > p_now
     and (c.expires_at is null or c.expires_at > p_now);
  if until is null or until <= p_now then return null; end if;
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
  values (p_restaurant_id, p_day, p_table_id, tstzrange(p_now, until), p_kind, p_owner);
  return until;
end $$;

-- A session keeps the table it claimed; one whose party's booking ran out without anybody saying that they left does too.
create function extend_sessions(
  p_restaurant_id uuid, p_timezone text, p_now timestamptz, p_ahead timestamptz, p_request_id text) returns integer
language plpgsql as $$
declare
  s        table_sessions;
  until    timestamptz;
  extended integer := 0;
begin
  for s in
    select * from table_sessions x
     where x.restaurant_id = p_restaurant_id and x.closed_at is null and x.opened_at > p_now - interval '12 hours'
     order by x.id for no key update
  loop
    continue when exists (
      select from claims c
       where c.restaurant_id = p_restaurant_id and c.blocking and c.table_id = s.table_id and c.during @> p_now
         and c.service_day between service_day(p_now, p_timezone) - 1 and service_day(p_now, p_timezone)
         and (c.expires_at is null or c.expires_at > p_now) and c.owner <> s.id);
    continue when exists (
      select from reservations r
       where r.restaurant_id = p_restaurant_id and r.starts_at between p_now - interval '30 hours' and p_now
         and s.table_id = any (r.table_ids) and r.completed_at > coalesce(s.at_table_since, s.opened_at));
    until := keep_table(p_restaurant_id, p_timezone, s.table_id, s.id, 'session', service_day(p_now, p_timezone), p_now, p_ahead);
    if until is not null then
      extended := extended + 1;
      insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
      values (p_restaurant_id, p_now, 'session.stays', s.id, '{"kind": "cron"}', p_request_id,
              session_json(s) || jsonb_build_object('claimed_until', until));
    end if;
  end loop;
  return extended;
end $$;

-- The note of the day -------------------------------------------------------------------------------------------------------

create function put_floor_note(p_plan jsonb, p_date date, p_note text) returns jsonb language plpgsql as $$
declare
  a   floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  old floor_notes;
  n   floor_notes;
begin
  -- Two who write the first note of a day: the second sees the first.
  perform pg_advisory_xact_lock(hashtextextended(a.restaurant_id::text || p_date::text, 5));
  select * into old from floor_notes x where x.restaurant_id = a.restaurant_id and x.date = p_date;
  if a.version is not null and a.version <> coalesce(old.version, 0) then
    return jsonb_build_object('outcome', 'stale', 'note', to_jsonb(old));
  end if;
  insert into floor_notes as x (restaurant_id, date, note, updated_by, updated_at)
  values (a.restaurant_id, p_date, p_note, a.actor, a.now)
  on conflict (restaurant_id, date) do update
     set note = excluded.note, version = x.version + 1, updated_by = excluded.updated_by, updated_at = excluded.updated_at
  returning * into n;
  perform append_event(a, 'floor.noted', a.restaurant_id, to_jsonb(old), to_jsonb(n));
  return jsonb_build_object('outcome', 'written', 'note', to_jsonb(n));
end $$;

-- What the board reads --------------------------------------------------------------------------------------------------------

create function ms_of(at timestamptz) returns double precision language sql immutable parallel safe as $$
  select date_part('epoch', at) * 1000
$$;

create function party_json(r reservations, g guests) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'id', r.id, 'confirmation_code', r.confirmation_code, 'status', r.status, 'name', coalesce(r.name, g.name),
    'party_size', r.party_size, 'starts_at', ms_of(r.starts_at), 'ends_at', ms_of(r.ends_at),
    'seated_at', ms_of(r.seated_at), 'completed_at', ms_of(r.completed_at), 'late_minutes', r.late_minutes,
    'notes', r.notes, 'other_info', r.other_info, 'source', r.source, 'version', r.version, 'guest_id', r.guest_id,
    'vip', coalesce(g.vip, false), 'allergies', coalesce(to_jsonb(g.allergies), '[]'), 'birthday', g.birthday,
    'guest_notes', g.notes)
$$;

-- Claims that touch the time, in order; of who sits there past its claim what it had last. With `p_past` also the
-- parties that have left, for the time they sat.
create function floor_claims(p_restaurant_id uuid, p_days date[], p_from timestamptz, p_to timestamptz,
                             p_now timestamptz, p_past boolean) returns jsonb language sql stable as $$
  with live as (
    select c.table_id, c.kind, c.owner, lower(c.during) as starts_at, upper(c.during) as ends_at
      from claims c
     where c.restaurant_id = p_restaurant_id and c.service_day = any (p_days) and c.blocking
       and lower(c.during) < p_to and upper(c.during) > p_from
       and (c.expires_at is null or c.expires_at > p_now)),
  sitting as (
    select t.id as table_id, claim_kind(r) as kind, r.id as owner, r.starts_at, r.ends_at
      from reservations r cross join lateral unnest(r.table_ids) t(id)
     where r.restaurant_id = p_restaurant_id and still_sits(r, p_now)
       and r.starts_at between p_now - interval '30 hours' and p_now + interval '4 hours'
       and not exists (select from live l where l.owner = r.id and l.table_id = t.id)),
  left_again as (
    select t.id as table_id, claim_kind(r) as kind, r.id as owner,
           coalesce(s.from_at, r.seated_at, r.starts_at) as starts_at,
           coalesce(s.to_at, r.completed_at) as ends_at
      from reservations r
     cross join lateral unnest(r.table_ids) t(id)
      left join stays s on s.restaurant_id = r.restaurant_id and s.reservation_id = r.id and s.table_id = t.id
     where p_past and r.restaurant_id = p_restaurant_id and r.status = 'completed' and r.completed_at is not null
       and r.starts_at between p_from - interval '25 hours' and p_to
       and r.completed_at > greatest(p_from, r.seated_at)),
  found as (select * from live union all select * from sitting
            union all select * from left_again l where l.ends_at > l.starts_at)
  select coalesce(jsonb_agg(jsonb_build_object(
           'table_id', f.table_id, 'kind', f.kind, 'owner', f.owner, 'starts_at', ms_of(f.starts_at),
           'ends_at', ms_of(f.ends_at), 'party', case when r.id is not null then party_json(r, g) end,
           'reason', b.reason) order by f.starts_at, f.owner, f.table_id), '[]')
    from found f
    left join reservations r on r.restaurant_id = p_restaurant_id and r.id = f.owner
    left join guests g on g.restaurant_id = p_restaurant_id and g.id = r.guest_id
    left join blocks b on b.restaurant_id = p_restaurant_id and b.id = f.owner and f.kind = 'block'
$$;

-- Open sessions: who sits there, what they ordered and owe, what the till has of it, and whom they called.
create function floor_sessions(p_restaurant_id uuid) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'id', s.id, 'table_id', s.table_id, 'opened_at', ms_of(s.opened_at),
           'last_activity_at', ms_of(greatest(s.last_activity_at, o.updated_at)), 'members', m.members,
           'orders', o.orders, 'total_minor', o.total_minor, 'unpaid_minor', o.unpaid_minor,
           'pos_failed', o.failed, 'pos_waiting', o.waiting, 'calls', k.calls) order by s.opened_at, s.id), '[]')
    from table_sessions s
   cross join lateral (
      select count(*) as members from session_members x
       where x.restaurant_id = s.restaurant_id and x.session_id = s.id and x.removed_at is null) m
   cross join lateral (
      select count(*) as orders, coalesce(sum(x.total_minor), 0) as total_minor,
             coalesce(sum(x.total_minor) filter (where x.status <> 'paid'), 0) as unpaid_minor,
             count(*) filter (where x.status = 'pos_failed') as failed,
             count(*) filter (where x.status in ('review', 'fired')) as waiting, max(x.updated_at) as updated_at
        from orders x
       where x.restaurant_id = s.restaurant_id and x.session_id = s.id and x.status <> 'rejected') o
   cross join lateral (
      select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'kind', x.kind, 'called_at', ms_of(x.called_at))
                                order by x.called_at), '[]') as calls
        from table_calls x
       where x.restaurant_id = s.restaurant_id and x.session_id = s.id and x.acknowledged_at is null) k
   where s.restaurant_id = p_restaurant_id and s.closed_at is null
$$;

-- Who sat at a table, in the order they were expected: those whose table it was to the end, and those who left it.
create function table_visits(p_restaurant_id uuid, p_table_id uuid, p_from timestamptz, p_before timestamptz,
                             p_after_at timestamptz, p_after_id uuid, p_limit integer)
returns table (visit jsonb) language sql stable as $$
  select jsonb_build_object(
           'id', r.id, 'confirmation_code', r.confirmation_code, 'name', coalesce(r.name, g.name),
           'party_size', r.party_size, 'status', r.status, 'source', r.source, 'notes', r.notes,
           'starts_at', r.starts_at, 'ends_at', r.ends_at,
           'seated_at', coalesce(s.from_at, r.seated_at), 'left_at', coalesce(s.to_at, r.completed_at),
           'moved', s.moved)
    from reservations r
    left join guests g on g.restaurant_id = r.restaurant_id and g.id = r.guest_id
   cross join lateral (
      select min(x.from_at) as from_at,
             case when count(x.*) filter (where x.to_at is null) = 0 then max(x.to_at) end as to_at, count(*) > 0 as moved
        from stays x
       where x.restaurant_id = r.restaurant_id and x.reservation_id = r.id and x.table_id = p_table_id) s
   where r.restaurant_id = p_restaurant_id and r.starts_at >= p_from and r.starts_at < p_before
     and (r.table_ids @> array[p_table_id] or s.moved) and r.status in ('pending', 'confirmed', 'seated', 'completed', 'no_show')
     and (p_after_at is null or (r.starts_at, r.id) > (p_after_at, p_after_id))
   order by r.starts_at, r.id
   limit p_limit
$$;

-- By table: how long somebody sat there, how many parties and covers. A joined party's covers are shared by seats.
create function table_use(p_restaurant_id uuid, p_from timestamptz, p_before timestamptz, p_now timestamptz)
returns table (table_id uuid, parties integer, covers double precision, seated_minutes double precision)
language sql stable as $$
  with sat as (
    select r.id, r.party_size, r.table_ids, r.seated_at, coalesce(r.completed_at, least(p_now, r.ends_at + interval '3 hours')) as left_at,
           (select sum(t.seats) from tables t where t.restaurant_id = r.restaurant_id and t.id = any (r.table_ids)) as seats
      from reservations r
     where r.restaurant_id = p_restaurant_id and r.starts_at >= p_from and r.starts_at < p_before
       and r.status in ('seated', 'completed') and r.seated_at is not null),
  spans as (
    select o.id, t.id as table_id, o.party_size, o.seats, o.seated_at as from_at, o.left_at as to_at, true as last
      from sat o cross join lateral unnest(o.table_ids) t(id)
     where not exists (select from stays s
                        where s.restaurant_id = p_restaurant_id and s.reservation_id = o.id and s.table_id = t.id)
    union all
    select o.id, s.table_id, o.party_size, o.seats, s.from_at, coalesce(s.to_at, o.left_at), s.to_at is null
      from sat o
      join stays s on s.restaurant_id = p_restaurant_id and s.reservation_id = o.id)
  select x.table_id, count(distinct x.id) filter (where x.last)::integer,
         coalesce(sum(x.party_size::double precision * t.seats / nullif(x.seats, 0)) filter (where x.last), 0),
         coalesce(sum(greatest(0, date_part('epoch', x.to_at - x.from_at) / 60)), 0)
    from spans x
    join tables t on t.restaurant_id = p_restaurant_id and t.id = x.table_id
   group by x.table_id
$$;
