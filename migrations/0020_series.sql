-- Series: one standing wish, many reservations. Each occurrence is a reservation like any other, booked, changed and
-- cancelled by the functions of 0004 and 0005; here they are called many at a time, in one transaction.
-- Locks in the order of 0004, each kind for all occurrences at once: key, series, restaurant (shared), service days
-- (ascending), phone, rows. Nobody waits for a series while holding a day.

create table reservation_series (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null references restaurants (id),
  rrule         text not null,
  start_date    date not null,
  -- The last date that the rule gave when it was last booked: what comes after has not been tried yet.
  last_date     date not null,
  exdates       date[] not null default '{}',
  -- [{from_date, time, party_size, …}], ascending: what each date's occurrence was to be, before anybody edited it.
  terms         jsonb not null check (jsonb_array_length(terms) > 0),
  phone_number  text,
  source        text not null,
  status        text not null check (status in ('active', 'cancelled')),
  version       integer not null default 1,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  unique (restaurant_id, id)
);
create index reservation_series_phone on reservation_series (restaurant_id, phone_number, id)
  where phone_number is not null;

-- No foreign key: every booking would pay for it, and only the functions below ever write a series_id. They do so by the
-- defaults of the columns, from settings of their own transaction: `book` is the same for every booking, and need not know.
alter table reservations
  add column series_id   uuid,
  add column series_date date,  -- the date that the rule gave; it stays when the party moves
  add column is_group    boolean not null default false;
alter table reservations
  alter column series_id   set default nullif(current_setting('tableside.series_id', true), '')::uuid,
  alter column series_date set default nullif(current_setting('tableside.series_date', true), '')::date,
  alter column is_group    set default coalesce(current_setting('tableside.is_group', true), '') = 'on';
create index reservations_series on reservations (restaurant_id, series_id, series_date) where series_id is not null;

create function booking_for_series(p_series_id uuid, p_date text) returns void language plpgsql as $$
begin
  perform set_config('tableside.series_id', coalesce(p_series_id::text, ''), true),
          set_config('tableside.series_date', coalesce(p_date, ''), true);
end $$;

-- As in 0004; of 'one_upcoming', the dates of one series are one booking.
create or replace function phone_refusal(a booking_plan) returns text language plpgsql stable as $$
declare own_series uuid;
begin
  if a.phone_number is null or a.per_phone = 'any' then return null; end if;
  if a.per_phone = 'one_upcoming' then
    own_series := nullif(current_setting('tableside.series_id', true), '')::uuid;
    if a.id is not null then
      select r.series_id into own_series from reservations r where r.restaurant_id = a.restaurant_id and r.id = a.id;
    end if;
  end if;
  if exists (
    select from reservations r
     where r.restaurant_id = a.restaurant_id and r.phone_number = a.phone_number
       -- Nobody stays longer than a day: the past of a regular is not read.
       and r.starts_at > least(a.starts_at, a.now) - interval '25 hours'
       and r.status in ('held', 'pending', 'confirmed', 'seated') and r.id is distinct from a.id
       and (r.hold_expires_at is null or r.hold_expires_at > a.now)
       and case a.per_phone
             when 'one_upcoming'
               then r.ends_at > a.now and r.status <> 'seated'
                    and (own_series is null or r.series_id is distinct from own_series)
             else r.starts_at < a.ends_at and r.ends_at > a.starts_at
           end)
  then return case a.per_phone when 'one_upcoming' then 'phone_has_upcoming' else 'phone_overlap' end; end if;
  return null;
end $$;

-- As in 0005. There, the first call on a connection failed when it moved nobody: a record that nothing was assigned to has
-- no field to look at, not even in the branch of a case that is not taken.
create or replace function change_reservation(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  answer     jsonb;
  restaurant record;
  choice     record;
  refusal    text;
  old        reservations;
  chosen     uuid[];
  r          reservations;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;

  select x.lock_no, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(restaurant.lock_no);
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;

  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.moves then
    perform lock_days(restaurant.lock_no, restaurant.timezone,
                      taken_by(old),
                      wanted_by(a));
  end if;
  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if old.version <> a.version then
    return jsonb_build_object('outcome', 'stale', 'reservation', reservation_json(old));
  end if;
  if old.status not in ('held', 'pending', 'confirmed', 'seated') or old.hold_expires_at <= a.now then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(old));
  end if;

  if a.moves then
    choice := choose_tables(a, restaurant.timezone);
    refusal := coalesce(choice.refusal, phone_refusal_locked(a));
    if refusal is not null then return refuse(a, 'change', refusal); end if;
    chosen := choice.chosen;
    perform clear_lapsed(a.restaurant_id, restaurant.timezone, wanted_by(a), a.now, a.request_id);
    delete from claims c
     where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id;
    a.hold_expires_at := old.hold_expires_at;  -- a hold that moves lasts no longer for it
    perform insert_claims(a, restaurant.timezone, old.id, chosen,
                          case when old.status = 'held' then 'hold' else 'reservation' end);
  end if;

  update reservations x
     set party_size = a.party_size, starts_at = a.starts_at, ends_at = a.ends_at, buffer_minutes = a.buffer_minutes,
         service_day = service_day(a.starts_at, restaurant.timezone),
         table_ids = coalesce(chosen, old.table_ids),
         name = a.name, phone_number = a.phone_number, email = a.email, area = a.area, notes = a.notes,
         other_info = a.other_info,
         late_minutes = case when a.starts_at = old.starts_at then old.late_minutes end,
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  answer := reservation_json(r);
  perform append_event(a, 'reservation.changed', r.id, reservation_json(old), answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'changed', 'reservation', answer));
end $$;

-- Groups ------------------------------------------------------------------------------------------------------------

-- Booked on a set of tables that the rules put together from what was free when they looked. Where all of those sets are
-- gone meanwhile it is `lost_race`, kept for nobody: whoever decided looks again, and only then says sold out.
create function book_group(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  answer jsonb;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;
  begin
    perform set_config('tableside.is_group', 'on', true);
    answer := book(p_plan || jsonb_build_object('key', 'auto:' || uuidv7()));
    perform set_config('tableside.is_group', '', true);
    -- What was refused for want of tables is no denied demand yet: its line in the ledger goes with this block.
    if answer->>'reason' = 'sold_out' then raise exception 'lost race' using errcode = 'TS002'; end if;
  exception when sqlstate 'TS002' then
    return '{"outcome": "lost_race"}';
  end;
  if answer->>'outcome' in ('booked', 'refused') then
    return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, answer);
  end if;
  return answer;
end $$;

-- The first answer to a key, for who would decide otherwise by now; `unanswered` where there is none.
create function answered_before(p_plan jsonb) returns jsonb language sql as $$
  select coalesce(replay_of((p_plan->>'restaurant_id')::uuid, p_plan->>'key', p_plan->>'fingerprint'),
                  '{"outcome": "unanswered"}')
$$;

-- Series ------------------------------------------------------------------------------------------------------------

-- What the rules decided; the same names as SeriesCall in src/reservations/series-write.ts.
create type series_plan as (
  restaurant_id      uuid,
  restaurant_version integer,
  key                text,
  fingerprint        text,
  now                timestamptz,
  actor              jsonb,
  request_id         text,
  id                 uuid,     -- null for a new one
  version            integer,  -- of the series it was decided with
  all_or_nothing     boolean,
  occurrences        jsonb,    -- a booking plan each, by date
  denied             jsonb,    -- what the rules refused: [{date, reason, party_size, starts_at, area}]
  fields             jsonb,    -- the columns of the series to write
  event              text,
  why                text
);

create function append_event(a series_plan, p_subject uuid, p_before jsonb, p_after jsonb) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, a.event, p_subject, a.actor, a.request_id, p_before, p_after, a.why)
$$;

create function note_denied(a series_plan, p_denied jsonb) returns void language sql as $$
  insert into denied_requests (restaurant_id, at, kind, reason, party_size, starts_at, area, source, request_id)
  select a.restaurant_id, a.now, case when a.event = 'series.changed' then 'change' else 'booking' end, d.reason,
         d.party_size, d.starts_at, d.area, coalesce(a.fields->>'source', 'api'), a.request_id
    from jsonb_to_recordset(p_denied) as d(reason text, party_size smallint, starts_at timestamptz, area text)
$$;

-- The series to change, locked, or why it cannot be. Before any day is locked.
create function lock_series(a series_plan, out s reservation_series, out refusal jsonb) language plpgsql as $$
begin
  select * into s from reservation_series x
   where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if s.id is null then refusal := '{"outcome": "not_found"}'; return; end if;
  if s.version <> a.version then refusal := jsonb_build_object('outcome', 'stale', 'series', to_jsonb(s)); return; end if;
  if s.status <> 'active' then refusal := jsonb_build_object('outcome', 'illegal', 'series', to_jsonb(s)); end if;
end $$;

create function write_series(a series_plan, s reservation_series) returns reservation_series language plpgsql as $$
declare
  n reservation_series := jsonb_populate_record(s, a.fields);
begin
  if s.id is null then
    insert into reservation_series (id, restaurant_id, rrule, start_date, last_date, exdates, terms, phone_number, source,
                                    status, created_at, updated_at)
    values (coalesce(n.id, uuidv7()), a.restaurant_id, n.rrule, n.start_date, n.last_date, coalesce(n.exdates, '{}'),
            n.terms, n.phone_number, n.source, 'active', a.now, a.now)
    returning * into n;
  else
    update reservation_series x
       set rrule = n.rrule, last_date = n.last_date, exdates = n.exdates, terms = n.terms,
           phone_number = n.phone_number, status = n.status, version = s.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = s.id
    returning * into n;
  end if;
  return n;
end $$;

-- Every day of every occurrence, before the first of them is written: those it wants, and those it would leave.
create function lock_series_days(a series_plan, p_lock_no integer, p_timezone text) returns void
language plpgsql as $$
declare
  ranges tstzrange[];
  phone  text;
begin
  select array_agg(wanted_by(p)) || array_agg(taken_by(r)) filter (where r.id is not null) into ranges
    from jsonb_array_elements(a.occurrences) e(value)
   cross join lateral jsonb_populate_record(null::booking_plan, e.value) p
    left join reservations r on r.restaurant_id = a.restaurant_id and r.id = p.id
   where coalesce(p.moves, true);
  if ranges is null then return; end if;
  perform lock_days(p_lock_no, p_timezone, variadic ranges);
  for phone in
    select distinct e.value->>'phone_number' from jsonb_array_elements(a.occurrences) e(value)
     where e.value->>'per_phone' = 'one_upcoming' and e.value->>'phone_number' is not null order by 1
  loop
    perform pg_advisory_xact_lock(hashtextextended(a.restaurant_id::text || phone, 1));
  end loop;
end $$;

-- A new series, or more dates of one: each occurrence through `book`. Where not one can be had, or all are wanted and one
-- cannot, nothing of it remains but the demand that was denied.
create function book_series(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          series_plan := jsonb_populate_record(null::series_plan, p_plan);
  answer     jsonb;
  restaurant record;
  locked     record;
  s          reservation_series;
  old        reservation_series;
  plan       jsonb;
  booked     jsonb := '[]';
  refused    jsonb := '[]';
  failed     jsonb;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;
  if a.id is not null then
    locked := lock_series(a);
    if locked.refusal is not null then return locked.refusal; end if;
    old := locked.s;
  end if;

  select x.lock_no, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(restaurant.lock_no);
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;
  perform lock_series_days(a, restaurant.lock_no, restaurant.timezone);

  begin
    s := write_series(a, old);
    for plan in select e.value from jsonb_array_elements(a.occurrences) with ordinality e(value, ord) order by e.ord loop
      perform booking_for_series(s.id, plan->>'series_date');
      answer := book(plan || jsonb_build_object('key', 'auto:' || uuidv7()));
      case answer->>'outcome'
        when 'booked' then booked := booked || (answer->'reservation');
        when 'refused' then
          refused := refused || jsonb_build_object(
            'date', plan->>'series_date', 'reason', answer->>'reason', 'party_size', plan->'party_size',
            'starts_at', plan->>'starts_at', 'area', plan->>'area');
        else
          failed := answer;  -- there is no such guest
          raise exception 'not to be had' using errcode = 'TS002';
      end case;
    end loop;
    perform booking_for_series(null, null);
    if booked = '[]' or (a.all_or_nothing and (refused <> '[]' or a.denied <> '[]')) then
      raise exception 'not to be had' using errcode = 'TS002';
    end if;
  exception when sqlstate 'TS002' then
    if failed is not null then return failed; end if;
    perform note_denied(a, a.denied || refused);
    return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                       jsonb_build_object('outcome', 'conflicts', 'refused', a.denied || refused));
  end;

  perform note_denied(a, a.denied);
  perform append_event(a, s.id, case when old.id is not null then to_jsonb(old) end, to_jsonb(s)
    || jsonb_build_object('booked', jsonb_path_query_array(booked, '$[*].id'), 'not_booked', a.denied || refused));
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'booked', 'series', to_jsonb(s), 'booked', booked,
                                        'refused', a.denied || refused));
end $$;

-- Occurrences to come, each through change_reservation: one that cannot be had stays as it was.
create function change_series(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          series_plan := jsonb_populate_record(null::series_plan, p_plan);
  answer     jsonb;
  restaurant record;
  locked     record;
  s          reservation_series;
  plan       jsonb;
  changed    jsonb := '[]';
  refused    jsonb := '[]';
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;
  locked := lock_series(a);
  if locked.refusal is not null then return locked.refusal; end if;

  select x.lock_no, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(restaurant.lock_no);
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;
  perform lock_series_days(a, restaurant.lock_no, restaurant.timezone);
  -- One that moved before its days were locked may sit on a day that is not: all of it is decided again.
  perform from reservations r
    join jsonb_array_elements(a.occurrences) e(value) on r.id = (e.value->>'id')::uuid
    where r.restaurant_id = a.restaurant_id order by r.id for no key update of r;
  if exists (
    select from jsonb_array_elements(a.occurrences) e(value)
      join reservations r on r.restaurant_id = a.restaurant_id and r.id = (e.value->>'id')::uuid
     where r.version <> (e.value->>'version')::int)
  then return '{"outcome": "stale_occurrences"}'; end if;

  for plan in select e.value from jsonb_array_elements(a.occurrences) with ordinality e(value, ord) order by e.ord loop
    answer := change_reservation(plan || jsonb_build_object('key', 'auto:' || uuidv7()));
    if answer->>'outcome' = 'changed' then
      changed := changed || (answer->'reservation');
    else
      refused := refused || jsonb_build_object(
        'date', plan->>'series_date', 'reservation_id', plan->>'id',
        'reason', case answer->>'outcome' when 'refused' then answer->>'reason' else 'illegal_step' end);
    end if;
  end loop;
  perform note_denied(a, a.denied);
  s := write_series(a, locked.s);
  perform append_event(a, s.id, to_jsonb(locked.s), to_jsonb(s)
    || jsonb_build_object('changed', jsonb_path_query_array(changed, '$[*].id'), 'not_changed', a.denied || refused));
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'changed', 'series', to_jsonb(s), 'changed', changed,
                                        'refused', a.denied || refused));
end $$;

-- Occurrences to come, each through step_reservation; who sits already stays. Giving tables back needs no lock of a day.
create function cancel_series(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a         series_plan := jsonb_populate_record(null::series_plan, p_plan);
  answer    jsonb;
  locked    record;
  s         reservation_series;
  step      jsonb;
  cancelled jsonb := '[]';
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;
  locked := lock_series(a);
  if locked.refusal is not null then return locked.refusal; end if;
  for step in
    select e.value from jsonb_array_elements(a.occurrences) e(value) order by (e.value->>'ref')::uuid
  loop
    answer := step_reservation(step || jsonb_build_object('key', 'auto:' || uuidv7()));
    if answer->>'outcome' = 'stepped' then cancelled := cancelled || (answer->'reservation'); end if;
  end loop;
  s := write_series(a, locked.s);
  perform append_event(a, s.id, to_jsonb(locked.s), to_jsonb(s)
    || jsonb_build_object('cancelled', jsonb_path_query_array(cancelled, '$[*].id')));
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'cancelled', 'series', to_jsonb(s), 'cancelled', cancelled));
end $$;

-- Calendars ---------------------------------------------------------------------------------------------------------

-- What somebody's calendar may read of the book, by a secret address. Only the hash of its token is kept.
create table calendar_feeds (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null references restaurants (id),
  name          text not null,
  with_phones   boolean not null,
  hash          bytea not null unique,
  version       integer not null default 1,
  created_at    timestamptz not null,
  revoked_at    timestamptz,
  unique (restaurant_id, id)
);

create function issue_calendar_feed(p jsonb) returns jsonb language plpgsql as $$
declare f calendar_feeds;
begin
  insert into calendar_feeds (restaurant_id, name, with_phones, hash, created_at)
  values ((p->>'restaurant_id')::uuid, p->>'name', (p->>'with_phones')::boolean, decode(p->>'hash', 'hex'),
          (p->>'now')::timestamptz)
  returning * into f;
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (f.restaurant_id, f.created_at, 'calendar_feed.issued', f.id, p->'actor', p->>'request_id', to_jsonb(f) - 'hash');
  return jsonb_build_object('outcome', 'written', 'feed', to_jsonb(f) - 'hash');
end $$;

-- Revoking twice is the same as once.
create function revoke_calendar_feed(p jsonb) returns jsonb language plpgsql as $$
declare
  old calendar_feeds;
  f   calendar_feeds;
begin
  select * into old from calendar_feeds x
   where x.restaurant_id = (p->>'restaurant_id')::uuid and x.id = (p->>'id')::uuid for no key update;
  if old.id is null then return '{"outcome": "not_found"}'; end if;
  if old.revoked_at is null then
    update calendar_feeds x set revoked_at = (p->>'now')::timestamptz, version = x.version + 1
     where x.restaurant_id = old.restaurant_id and x.id = old.id returning * into f;
    insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after)
    values (f.restaurant_id, f.revoked_at, 'calendar_feed.revoked', f.id, p->'actor', p->>'request_id',
            to_jsonb(old) - 'hash', to_jsonb(f) - 'hash');
    old := f;
  end if;
  return jsonb_build_object('outcome', 'written', 'feed', to_jsonb(old) - 'hash');
end $$;
