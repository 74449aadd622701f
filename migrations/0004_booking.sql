-- Whatever creates, moves, extends or revives a claim is one call of one function here or in 0005, and takes its locks in one
-- order: the key, the restaurant (shared), each service day it touches (ascending), the guest's phone. Two claims that
-- overlap share a moment, so they share that moment's service day, so they wait for each other.
-- Functions are VOLATILE under READ COMMITTED: each statement after a lock sees what was committed before it.

-- What the rules decided; the same names as BookingPlan in src/reservations/schema.ts.
create type booking_plan as (
  restaurant_id      uuid,
  restaurant_version integer,
  key                text,
  fingerprint        text,
  now                timestamptz,
  actor              jsonb,
  request_id         text,
  id                 uuid,         -- the reservation to change or the hold to confirm; null for a new one
  version            integer,      -- the version it was decided with
  moves              boolean,      -- false: only what it says changes, not where or when it sits
  starts_at          timestamptz,
  ends_at            timestamptz,
  buffer_minutes     integer,
  party_size         integer,
  preferred          uuid[],       -- the tables it has, where they still fit; null for a new one
  singles            uuid[],       -- tables that seat it alone, in order of fit
  combined           jsonb,        -- [[table_id, table_id], …] that seat it together, in order of fit
  slot_starts_at     timestamptz,  -- the pacing bucket
  slot_ends_at       timestamptz,
  max_covers         integer,
  max_parties        integer,
  per_phone          text,
  status             text,
  hold_expires_at    timestamptz,
  confirmation_code  text,
  guest_id           uuid,
  name               text,
  search_name        text,
  phone_number       text,
  email              text,
  language           text,
  area               text,
  notes              text,
  other_info         text,
  source             text
);

-- A service day begins at five in the morning: a table kept past midnight belongs to the evening it began in.
create function service_day(at timestamptz, timezone text) returns date language sql immutable parallel safe as $$
  select ((at at time zone timezone) - interval '5 hours')::date
$$;

create function lock_restaurant_shared(lock_no integer) returns void language sql as $$
  select pg_advisory_xact_lock_shared(lock_no, 2147483647)
$$;

-- Taken by whatever edits settings, tables or combinations: no decision made with the old version commits after it.
create function lock_restaurant(p_restaurant_id uuid) returns void language sql set lock_timeout = '1500ms' as $$
  select pg_advisory_xact_lock(r.lock_no, 2147483647) from restaurants r where r.id = p_restaurant_id
$$;

create function lock_day(lock_no integer, day date) returns void language sql as $$
  select pg_advisory_xact_lock(lock_no, day - date '2020-01-01')
$$;

-- Idempotency -------------------------------------------------------------------------------------------------------

-- The first answer to this key, or null when this is the first call. A duplicate in flight waits for the first.
create function replay_of(p_scope uuid, p_key text, p_fingerprint text) returns jsonb language plpgsql as $$
declare kept idempotency_keys;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_scope::text || p_key, 0));
  select * into kept from idempotency_keys k where k.scope = p_scope and k.key = p_key;
  if not found then return null; end if;
  if kept.fingerprint <> p_fingerprint then return '{"outcome": "key_reused"}'; end if;
  return kept.answer || '{"replayed": true}';
end $$;

create function keep_answer(p_scope uuid, p_key text, p_fingerprint text, p_now timestamptz, p_answer jsonb)
returns jsonb language plpgsql as $$
begin
  insert into idempotency_keys (scope, key, fingerprint, answer, created_at)
  values (p_scope, p_key, p_fingerprint, p_answer, p_now);
  return p_answer;
end $$;

-- For a batch of plain statements: stops the batch with the first answer, which the caller reads from the error.
create function begin_once(p_scope uuid, p_key text, p_fingerprint text) returns void
language plpgsql set lock_timeout = '1500ms' as $$
declare answer jsonb := replay_of(p_scope, p_key, p_fingerprint);
begin
  if answer is not null then
    raise exception 'already answered' using errcode = 'TS001', detail = answer::text;
  end if;
end $$;

-- Reservations ------------------------------------------------------------------------------------------------------

-- The row and the tables it names. Most name one.
create function reservation_json(r reservations) returns jsonb language plpgsql stable as $$
declare named jsonb;
begin
  if cardinality(r.table_ids) = 1 then
    select jsonb_build_array(jsonb_build_object('id', t.id, 'number', t.number, 'seats', t.seats, 'area', t.area))
      into named from tables t where t.restaurant_id = r.restaurant_id and t.id = r.table_ids[1];
  else
    select jsonb_agg(jsonb_build_object('id', t.id, 'number', t.number, 'seats', t.seats, 'area', t.area) order by ord)
      into named
      from unnest(r.table_ids) with ordinality u(id, ord)
      join tables t on t.restaurant_id = r.restaurant_id and t.id = u.id;
  end if;
  return to_jsonb(r) || jsonb_build_object('tables', coalesce(named, '[]'));
end $$;

create function append_event(a booking_plan, p_type text, p_subject uuid, p_before jsonb, p_after jsonb) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_before, p_after)
$$;

-- What a party keeps others from: its turn, and the time to clear and lay the table again.
create function wanted_by(a booking_plan) returns tstzrange language sql immutable as $$
  select tstzrange(a.starts_at, a.ends_at + make_interval(mins => a.buffer_minutes))
$$;
create function taken_by(r reservations) returns tstzrange language sql immutable as $$
  select tstzrange(r.starts_at, r.ends_at + make_interval(mins => r.buffer_minutes))
$$;

-- The first candidate that is free, or the reason there is none. Holds that lapsed stand in nobody's way here, with
-- no job having run; `lapsed` says that there are such, for whoever is to insert against the constraint.
create function choose_tables(a booking_plan, p_timezone text, out chosen uuid[], out refusal text, out lapsed boolean)
language plpgsql stable as $$
declare
  wanted    tstzrange := wanted_by(a);
  first_day date := service_day(a.starts_at, p_timezone) - 1;
  last_day  date := service_day(upper(wanted) - interval '1 microsecond', p_timezone);
  busy      uuid[];
  one       uuid;
  covers    bigint;
  parties   bigint;
begin
  if a.max_parties is not null or a.max_covers is not null then
    select coalesce(sum(d.covers), 0), count(*) into covers, parties
      from claims d
     where d.restaurant_id = a.restaurant_id and d.service_day between first_day and last_day and d.blocking
       and lower(d.during) >= a.slot_starts_at and lower(d.during) < a.slot_ends_at and d.covers > 0
       and (d.expires_at is null or d.expires_at > a.now) and d.owner is distinct from a.id;
    if parties + 1 > a.max_parties then refusal := 'pacing_parties'; return; end if;
    if covers + a.party_size > a.max_covers then refusal := 'pacing_covers'; return; end if;
  end if;

  select coalesce(array_agg(d.table_id) filter (where d.expires_at is null or d.expires_at > a.now), '{}'),
         coalesce(bool_or(d.expires_at <= a.now), false)
    into busy, lapsed
    from claims d
   where d.restaurant_id = a.restaurant_id and d.service_day between first_day and last_day and d.blocking
     and d.during && wanted and d.owner is distinct from a.id;

  if a.preferred is not null and not a.preferred && busy then chosen := a.preferred; return; end if;
  foreach one in array coalesce(a.singles, '{}') loop
    if one <> all (busy) then chosen := array[one]; return; end if;
  end loop;
  select c.tables into chosen
    from (select array(select jsonb_array_elements_text(e.value)::uuid) as tables, e.ord
            from jsonb_array_elements(a.combined) with ordinality e(value, ord)) c
   where not c.tables && busy
   order by c.ord limit 1;
  if chosen is null then refusal := 'sold_out'; end if;
end $$;

-- The same phone may not hold two tables at once ('no_overlap'), or more than one to come ('one_upcoming').
create function phone_refusal(a booking_plan) returns text language plpgsql stable as $$
begin
  if a.phone_number is null or a.per_phone = 'any' then return null; end if;
  if exists (
    select from reservations r
     where r.restaurant_id = a.restaurant_id and r.phone_number = a.phone_number
       -- Nobody stays longer than a day: the past of a regular is not read.
       and r.starts_at > least(a.starts_at, a.now) - interval '25 hours'
       and r.status in ('held', 'pending', 'confirmed', 'seated') and r.id is distinct from a.id
       and (r.hold_expires_at is null or r.hold_expires_at > a.now)
       and case a.per_phone
             when 'one_upcoming' then r.ends_at > a.now and r.status <> 'seated'
             else r.starts_at < a.ends_at and r.ends_at > a.starts_at
           end)
  then return case a.per_phone when 'one_upcoming' then 'phone_has_upcoming' else 'phone_overlap' end; end if;
  return null;
end $$;

create function refuse(a booking_plan, p_kind text, p_reason text) returns jsonb language plpgsql as $$
begin
  insert into denied_requests (restaurant_id, at, kind, reason, party_size, starts_at, area, source, request_id)
  values (a.restaurant_id, a.now, p_kind, p_reason, a.party_size, a.starts_at, a.area, a.source, a.request_id);
  -- A key of our own stands for one request: nobody will ask again what it was refused.
  if a.key like 'auto:%' then return jsonb_build_object('outcome', 'refused', 'reason', p_reason); end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'refused', 'reason', p_reason));
end $$;

-- Every service day from the first moment to the last, in ascending order; for a move, those of the old place too.
create function lock_days(p_lock_no integer, p_timezone text, variadic p_ranges tstzrange[]) returns void
language plpgsql as $$
declare
  days date[] := '{}';
  day  date;
  r    tstzrange;
begin
  foreach r in array p_ranges loop
    day := service_day(lower(r), p_timezone);
    loop
      if not day = any (days) then days := days || day; end if;
      exit when day >= service_day(upper(r) - interval '1 microsecond', p_timezone);
      day := day + 1;
    end loop;
  end loop;
  if cardinality(days) = 0 then raise exception 'nothing to lock'; end if;
  if cardinality(days) > 1 then days := array(select d from unnest(days) d order by d); end if;
  foreach day in array days loop
    perform lock_day(p_lock_no, day);
  end loop;
end $$;

-- Under the day locks: a lapsed hold in the way gives its table back before the constraint is asked. Everywhere, the
-- reservation's row is locked before its claims.
create function clear_lapsed(
  p_restaurant_id uuid, p_timezone text, p_wanted tstzrange, p_now timestamptz, p_request_id text) returns void
language plpgsql as $$
declare
  first_day date := service_day(lower(p_wanted), p_timezone) - 1;
  last_day  date := service_day(upper(p_wanted) - interval '1 microsecond', p_timezone);
  lapsed    uuid[];
begin
  select array_agg(c.owner) into lapsed from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.blocking and c.expires_at <= p_now and c.during && p_wanted;
  if lapsed is null then return; end if;
  -- In one order, for whoever clears the neighbouring day at the same moment.
  perform from reservations r
    where r.restaurant_id = p_restaurant_id and r.id = any (lapsed) order by r.id for no key update;
  with cancelled as (
    update reservations r
       set status = 'cancelled', cancel_reason = 'hold_lapsed', cancelled_at = p_now, hold_expires_at = null,
           version = r.version + 1, updated_at = p_now
     where r.restaurant_id = p_restaurant_id and r.id = any (lapsed) and r.status = 'held' and r.hold_expires_at <= p_now
    returning r.*)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  select c.restaurant_id, p_now, 'reservation.hold_lapsed', c.id, '{"kind": "system", "name": "clock"}', p_request_id,
         to_jsonb(c)
    from cancelled c;
  update claims c set blocking = false
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.owner = any (lapsed) and c.blocking and c.expires_at <= p_now;
end $$;

create function insert_claims(a booking_plan, p_timezone text, p_owner uuid, p_tables uuid[], p_kind text) returns void
language plpgsql as $$
begin
  if cardinality(p_tables) = 1 then
    insert into claims (restaurant_id, service_day, table_id, during, kind, owner, covers, expires_at)
    values (a.restaurant_id, service_day(a.starts_at, p_timezone), p_tables[1], wanted_by(a), p_kind, p_owner,
            a.party_size, a.hold_expires_at);
  else
    insert into claims (restaurant_id, service_day, table_id, during, kind, owner, covers, expires_at)
    select a.restaurant_id, service_day(a.starts_at, p_timezone), t.id, wanted_by(a), p_kind, p_owner,
           case when t.ord = 1 then a.party_size else 0 end, a.hold_expires_at
      from unnest(p_tables) with ordinality t(id, ord)
     order by t.id;
  end if;
end $$;

-- Who this is: the guest with that phone, else with that e-mail, else a new one. Null for somebody who gave neither.
create function find_or_create_guest(a booking_plan) returns uuid language plpgsql as $$
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
    exit when found_id is not null;
    insert into guests (restaurant_id, name, search_name, phone, email, language, created_at, updated_at)
    values (a.restaurant_id, a.name, a.search_name, a.phone_number, a.email, a.language, a.now, a.now)
    on conflict do nothing returning id into found_id;
    exit when found_id is not null;
  end loop;
  return found_id;
end $$;

-- Under the locks, the last word on the phone rule: the lock on the number serves the rule that looks past one day.
create function phone_refusal_locked(a booking_plan) returns text language plpgsql as $$
begin
  if a.phone_number is null or a.per_phone = 'any' then return null; end if;
  if a.per_phone = 'one_upcoming' then
    perform pg_advisory_xact_lock(hashtextextended(a.restaurant_id::text || a.phone_number, 1));
  end if;
  return phone_refusal(a);
end $$;

-- One round trip: the first answer, or the restaurant moved on, or refused, or booked.
create function book(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  kind       text := case when a.status = 'held' then 'hold' else 'booking' end;
  answer     jsonb;
  restaurant record;
  choice     record;
  refusal    text;
  r          reservations;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;

  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(restaurant.lock_no);
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;

  -- A sold-out answer neither waits for the day's lock nor holds it.
  choice := choose_tables(a, restaurant.timezone);
  refusal := coalesce(choice.refusal, phone_refusal(a));
  if refusal is not null then return refuse(a, kind, refusal); end if;

  perform lock_days(restaurant.lock_no, restaurant.timezone, wanted_by(a));
  choice := choose_tables(a, restaurant.timezone);
  refusal := coalesce(choice.refusal, phone_refusal_locked(a));
  if refusal is not null then return refuse(a, kind, refusal); end if;

  if a.guest_id is not null and not exists (
    select from guests g where g.restaurant_id = a.restaurant_id and g.id = a.guest_id)
  then return '{"outcome": "guest_not_found"}'; end if;

  if choice.lapsed then
    perform clear_lapsed(a.restaurant_id, restaurant.timezone, wanted_by(a), a.now, a.request_id);
  end if;
  insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
      buffer_minutes, table_ids, guest_id, name, phone_number, email, area, notes, other_info, source,
      hold_expires_at, created_at, updated_at)
  values (a.restaurant_id, a.confirmation_code, a.status, a.party_size, service_day(a.starts_at, restaurant.timezone),
      a.starts_at, a.ends_at, a.buffer_minutes, choice.chosen, find_or_create_guest(a), a.name, a.phone_number,
      a.email, a.area, a.notes, a.other_info, a.source, a.hold_expires_at, a.now, a.now)
  returning * into r;
  perform insert_claims(a, restaurant.timezone, r.id, choice.chosen,
                        case when a.status = 'held' then 'hold' else 'reservation' end);
  answer := reservation_json(r);
  perform append_event(a, case when a.status = 'held' then 'reservation.held' else 'reservation.booked' end,
                       r.id, null, answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'booked', 'reservation', answer));
end $$;
