-- One order of locks, as docs/decisions/0001 has it: whoever took a row before its day, a guest before their series, or
-- rows as it met them, waited for somebody who waited for it.

-- As in 0009; a session that gives way to a new one is locked after the day that the new one claims.
create or replace function join_table(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a       session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer  jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house   restaurants;
  t       tables;
  s       table_sessions;
  ended   jsonb;
  revoked jsonb := '[]';
  created boolean := false;
  joined  jsonb;
begin
  if answer is not null then return answer; end if;
  select * into house from restaurants r where r.id = a.restaurant_id;
  if a.table_id is null then
    select x.table_id into a.table_id from table_sessions x
     where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
    if not found then return '{"outcome": "not_found"}'; end if;
  end if;
  perform lock_table(a.table_id);
  perform lock_restaurant_shared(house.lock_no);
  select * into t from tables x
   where x.restaurant_id = a.restaurant_id and x.id = a.table_id and x.archived_at is null;
  if not found then return '{"outcome": "not_found"}'; end if;
  if not t.enabled and not a.staff then return '{"outcome": "table_disabled"}'; end if;
  select * into s from table_sessions x
   where x.restaurant_id = a.restaurant_id and x.table_id = a.table_id and x.closed_at is null;
  if a.session_id is not null and s.id is distinct from a.session_id then return '{"outcome": "session_closed"}'; end if;

  if s.id is not null and a.force then
    if not a.staff and not exists (
      select from session_members m
       where m.restaurant_id = a.restaurant_id and m.session_id = s.id and m.id = a.member_id and m.is_host
         and m.removed_at is null)
    then return '{"outcome": "forbidden"}'; end if;
    perform lock_days(house.lock_no, house.timezone, tstzrange(a.now, a.holds_until));
    a.why := coalesce(a.why, 'forced');
    revoked := session_jtis(a.restaurant_id, s.id);
    ended := session_json(end_session(a, s));
    s := null;
  end if;
  if s.id is null then
    if a.open_refusal is not null and ended is null then
      return jsonb_build_object('outcome', a.open_refusal);
    end if;
    if not house.ordering_enabled and not a.staff then return '{"outcome": "ordering_disabled"}'; end if;
    s := open_session(a);
    created := true;
  end if;

  joined := put_member(a, s);
  if joined ? 'outcome' then return joined; end if;
  if not created then
    update table_sessions x set last_activity_at = greatest(x.last_activity_at, a.now)
     where x.restaurant_id = a.restaurant_id and x.id = s.id
    returning * into s;
  end if;
  return keep_answer(a, joined || jsonb_build_object('outcome', 'joined', 'session', session_json(s),
    'created', created, 'ended', ended, 'revoked', revoked, 'token_at', a.now));
end $$;

-- As in 0009; the day before the session, as everywhere.
create or replace function restore_session(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    table_sessions;
  s      table_sessions;
  other  table_sessions;
begin
  if answer is not null then return answer; end if;
  select * into old from table_sessions x where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
  if not found then return '{"outcome": "not_found"}'; end if;
  perform lock_table(old.table_id);
  select * into old from table_sessions x where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version is not null and a.version <> old.version then
    return jsonb_build_object('outcome', 'stale', 'session', session_json(old));
  end if;
  if old.closed_at is not null then
    select * into other from table_sessions x
     where x.restaurant_id = a.restaurant_id and x.table_id = old.table_id and x.closed_at is null;
    if found then return jsonb_build_object('outcome', 'another_open', 'session', session_json(other)); end if;
    perform lock_days(r.lock_no, r.timezone, tstzrange(a.now, a.holds_until)) from restaurants r where r.id = a.restaurant_id;
    update table_sessions x
       set closed_at = null, close_reason = null, last_activity_at = a.now, version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = old.id
    returning * into s;
    update session_members m set jti = gen_random_uuid()
     where m.restaurant_id = a.restaurant_id and m.session_id = s.id;
    a.table_id := s.table_id;
    perform claim_for_session(a, s.id);
    perform append_event(a, 'session.restored', s.id, session_json(old), session_json(s));
  else
    s := old;
  end if;
  return keep_answer(a, jsonb_build_object('outcome', 'restored', 'session', session_json(s)));
end $$;

-- As in 0025; the reservations by id, as whoever changes several of them has them.
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

  perform from reservations r
    where r.restaurant_id = a.restaurant_id and r.guest_id = gone.id order by r.id for no key update;
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

-- As in 0026; whoever adds to a series has the series and then needs the guest, and reservations are had by id.
create or replace function erase_guest(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a        guest_plan := jsonb_populate_record(null::guest_plan, p);
  old      guests;
  who      person;
  expected text[];
  done     audit_redaction[];
  counts   jsonb;
  erasure  bigint;
begin
  perform lock_guests(a.restaurant_id);
  select * into old from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  if not found then return '{"outcome": "not_found"}'; end if;
  who := person_of(old);
  perform from reservation_series s
    where s.restaurant_id = a.restaurant_id and s.id = any (who.series) order by s.id for no key update;
  select * into old from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id for update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version <> old.version then return jsonb_build_object('outcome', 'stale', 'guest', guest_json(old)); end if;
  who := person_of(old);
  expected := person_is_expected(who, a.now);
  if expected is not null then
    return jsonb_build_object('outcome', 'has_upcoming', 'guest', guest_json(old), 'upcoming', expected);
  end if;
  -- One that they began meanwhile is not waited for, now that others wait for the guest.
  perform from reservation_series s
    where s.restaurant_id = a.restaurant_id and s.id = any (who.series) order by s.id for no key update nowait;
  perform from reservations r
    where r.restaurant_id = a.restaurant_id and r.id = any (who.reservations || who.strangers)
    order by r.id for no key update;

  perform lock_audit(a.restaurant_id);
  done := redact_person(who);
  perform erase_rows(who, a.now);
  delete from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  counts := jsonb_build_object(
    'reservations', cardinality(who.reservations), 'waitlist_entries', cardinality(who.entries),
    'series', cardinality(who.series), 'calls', cardinality(who.calls), 'orders', cardinality(who.orders),
    'messages', cardinality(who.messages));
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (a.restaurant_id, a.now, 'guest.erased', a.id, a.actor, a.request_id,
          jsonb_build_object('redacted', cardinality(done), 'digest', redactions_digest(done), 'erased', counts))
  returning id into erasure;
  perform keep_redactions(a.restaurant_id, erasure, done);
  return jsonb_build_object('outcome', 'erased', 'erased', counts);
end $$;

-- Staying longer -----------------------------------------------------------------------------------------------------------

-- As in 0017; never beyond the days that are locked.
create or replace function came_early(p_restaurant_id uuid, p_timezone text, p_table_id uuid, p_owner uuid, p_kind text, p_day date,
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
  until := least(until, p_now + interval '4 hours');
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
  values (p_restaurant_id, p_day, p_table_id, tstzrange(p_now, until), p_kind, p_owner);
  return until;
end $$;

-- One of them at one table; what goes wrong with it is said and is not the others' trouble. A lock not had is everybody's:
-- the whole house is done again.
create function stay_on(
  p_restaurant_id uuid, p_timezone text, p_table_id uuid, p_owner uuid, p_kind text, p_day date, p_starts_at timestamptz,
  p_now timestamptz, p_ahead timestamptz, out until timestamptz, out failed jsonb) language plpgsql as $$
begin
  until := case when p_starts_at > p_now
                then came_early(p_restaurant_id, p_timezone, p_table_id, p_owner, p_kind, p_day, p_now)
                else keep_table(p_restaurant_id, p_timezone, p_table_id, p_owner, p_kind, p_day, p_now, p_ahead) end;
exception
  when lock_not_available or deadlock_detected or serialization_failure then raise;
  when others then failed := jsonb_build_object('owner', p_owner, 'table_id', p_table_id, 'code', sqlstate, 'reason', sqlerrm);
end $$;

drop function extend_stays(uuid, timestamptz, text);
drop function extend_sessions(uuid, text, timestamptz, timestamptz, text);

-- As in 0017; the days are locked, and lapsed holds cleared, as far as a party that came early may claim.
create function extend_stays(
  p_restaurant_id uuid, p_now timestamptz, p_request_id text, out extended integer, out failed jsonb)
language plpgsql set lock_timeout = '1500ms' as $$
declare
  ahead    timestamptz := p_now + interval '15 minutes';
  farthest timestamptz := p_now + interval '4 hours';
  house    record;
  one      record;
  stay     record;
  sessions record;
begin
  extended := 0;
  failed := '[]';
  select x.lock_no, x.timezone into house from restaurants x where x.id = p_restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  perform lock_days(house.lock_no, house.timezone, tstzrange(p_now - interval '4 hours', farthest));
  -- A step of their life waits here, or has been taken.
  perform from reservations r
    where r.restaurant_id = p_restaurant_id and r.starts_at between p_now - interval '30 hours' and farthest
      and still_sits(r, p_now) order by r.id for no key update;
  perform clear_lapsed(p_restaurant_id, house.timezone, tstzrange(p_now, farthest), p_now, p_request_id);
  for one in
    select r.id, t.id as table_id, r.service_day, r.starts_at, claim_kind(r) as kind, to_jsonb(r) as party
      from reservations r cross join lateral unnest(r.table_ids) t(id)
     where r.restaurant_id = p_restaurant_id and r.starts_at between p_now - interval '30 hours' and farthest
       and still_sits(r, p_now)
     order by r.starts_at, r.id, t.id
  loop
    stay := stay_on(p_restaurant_id, house.timezone, one.table_id, one.id, one.kind, one.service_day, one.starts_at,
                    p_now, ahead);
    failed := failed || coalesce(stay.failed, '[]');
    if stay.until is not null then
      extended := extended + 1;
      insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
      values (p_restaurant_id, p_now, 'reservation.stays', one.id, '{"kind": "cron"}', p_request_id,
              one.party || jsonb_build_object('table_id', one.table_id, 'claimed_until', stay.until));
    end if;
  end loop;
  sessions := extend_sessions(p_restaurant_id, house.timezone, p_now, ahead, p_request_id);
  extended := extended + sessions.extended;
  failed := failed || sessions.failed;
end $$;

-- As in 0017; one session's trouble is not the others'.
create function extend_sessions(
  p_restaurant_id uuid, p_timezone text, p_now timestamptz, p_ahead timestamptz, p_request_id text,
  out extended integer, out failed jsonb) language plpgsql as $$
declare
  s    table_sessions;
  stay record;
begin
  extended := 0;
  failed := '[]';
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
    stay := stay_on(p_restaurant_id, p_timezone, s.table_id, s.id, 'session', service_day(p_now, p_timezone), p_now,
                    p_now, p_ahead);
    failed := failed || coalesce(stay.failed, '[]');
    if stay.until is not null then
      extended := extended + 1;
      insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
      values (p_restaurant_id, p_now, 'session.stays', s.id, '{"kind": "cron"}', p_request_id,
              session_json(s) || jsonb_build_object('claimed_until', stay.until));
    end if;
  end loop;
end $$;
