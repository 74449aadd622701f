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
  values (a.restaurant_id, free_code(a.restaurant_id, a.confirmation_code), 'seated', a.party_size, service_day(a.starts_at, restaurant.timezone),
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
