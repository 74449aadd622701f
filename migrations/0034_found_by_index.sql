-- Claims are found by an index, and that index holds those that block: whoever looks for an owner's claims without saying
-- so reads every claim there ever was, under the lock of the day. Nobody reads one that blocks no more; it is history.
-- And what the clock frees is freed by a statement of its own: one that began before a party moved does not see the claim
-- it moved to, and left it behind.

-- As in 0009; the session's claims are those that block.
create or replace function claim_for_session(a session_plan, p_session_id uuid) returns void language plpgsql as $$
declare
  house record;
  until timestamptz := a.holds_until;
  first_day date;
  last_day  date;
begin
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  first_day := service_day(a.now, house.timezone) - 1;
  last_day := service_day(until, house.timezone);
  perform lock_days(house.lock_no, house.timezone, tstzrange(a.now, until));
  if exists (
    select from claims c
     where c.restaurant_id = a.restaurant_id and c.service_day between first_day and last_day
       and c.table_id = a.table_id and c.blocking and c.during @> a.now
       and (c.expires_at is null or c.expires_at > a.now))
  then return; end if;

  select least(until, min(lower(c.during))) into until
    from claims c
   where c.restaurant_id = a.restaurant_id and c.service_day between first_day and last_day
     and c.table_id = a.table_id and c.blocking and lower(c.during) > a.now
     and (c.expires_at is null or c.expires_at > a.now);
  perform clear_lapsed(a.restaurant_id, house.timezone, tstzrange(a.now, until), a.now, a.request_id);
  delete from claims c
   where c.restaurant_id = a.restaurant_id and c.service_day between first_day and last_day and c.owner = p_session_id
     and c.blocking;
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
  values (a.restaurant_id, service_day(a.now, house.timezone), a.table_id, tstzrange(a.now, until), 'session',
          p_session_id);
end $$;

-- As in 0019; the claims of the table that was kept are those that block.
create or replace function take_waitlisted_elsewhere(
  a waitlist_plan, old reservations, b booking_plan, p_chosen uuid[], p_timezone text) returns reservations
language plpgsql as $$
declare r reservations;
begin
  delete from claims c
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
  perform insert_claims(b, p_timezone, old.id, p_chosen, 'reservation');
  update reservations x
     set status = 'seated', starts_at = b.starts_at, ends_at = b.ends_at, buffer_minutes = b.buffer_minutes,
         service_day = service_day(b.starts_at, p_timezone), table_ids = p_chosen, hold_expires_at = null,
         guest_id = find_or_create_guest(jsonb_populate_record(b, to_jsonb(old) - array['id', 'hold_expires_at'])),
         seated_at = a.now, version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  return r;
end $$;

-- As in 0017; at another time, it leaves those of its claims that block.
create or replace function move_party(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
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
     where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
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

-- As in 0005, but the claims are made anew, of the tables that are the party's now: those that block no more are found by
-- no index, and some are of tables it had left.
create or replace function revive_claims(p_restaurant_id uuid, old reservations, p_now timestamptz, p_request_id text)
returns jsonb language plpgsql as $$
declare
  taken uuid;
  whole tstzrange := taken_by(old);
  tz    text := (select x.timezone from restaurants x where x.id = p_restaurant_id);
begin
  select c.owner into taken from claims c
   where c.restaurant_id = p_restaurant_id and c.blocking and c.table_id = any (old.table_ids) and c.during && whole
     and c.service_day between old.service_day - 1 and old.service_day + 1
     and (c.expires_at is null or c.expires_at > p_now)
   limit 1;
  if found or exists (
    select from tables t where t.restaurant_id = p_restaurant_id and t.id = any (old.table_ids) and t.archived_at is not null)
  then
    return jsonb_build_object('outcome', 'table_taken', 'owner', taken, 'reservation', reservation_json(old));
  end if;
  perform clear_lapsed(p_restaurant_id, tz, whole, p_now, p_request_id);
  perform insert_claims(jsonb_populate_record(null::booking_plan, to_jsonb(old) - 'hold_expires_at'), tz, old.id,
                        old.table_ids, 'reservation');
  return null;
end $$;

-- As in 0007, of the claims that block.
create or replace function move_service_days(p_restaurant_id uuid, p_timezone text, p_from date) returns void
language plpgsql as $$
begin
  update reservations r set service_day = service_day(r.starts_at, p_timezone)
   where r.restaurant_id = p_restaurant_id and r.service_day >= p_from
     -- Only when it begins is in an index; no zone is a day away from UTC.
     and r.starts_at >= p_from::timestamp at time zone 'UTC' - interval '1 day';
  update claims c set service_day = service_day(lower(c.during), p_timezone)
   where c.restaurant_id = p_restaurant_id and c.service_day >= p_from and c.blocking;
end $$;

-- As in 0005, in three statements: which they are, with their rows locked; what becomes of them; their claims as these are
-- then. Whoever moves a party holds its row, so that nothing of it moves between the first and the last.
create or replace function release_lapsed_holds(p_now timestamptz, p_request_id text) returns integer
language plpgsql as $$
declare lapsed uuid[];
begin
  with over as (
    select r.id from reservations r
     where r.hold_expires_at <= p_now order by r.id for no key update skip locked)
  select array_agg(o.id order by o.id) into lapsed from over o;
  if lapsed is null then return 0; end if;
  with cancelled as (
    update reservations r
       set status = 'cancelled', cancel_reason = 'hold_lapsed', cancelled_at = p_now, hold_expires_at = null,
           version = r.version + 1, updated_at = p_now
     where r.id = any (lapsed)
    returning r.*)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  select c.restaurant_id, p_now, 'reservation.hold_lapsed', c.id, '{"kind": "cron"}', p_request_id, to_jsonb(c)
    from cancelled c;
  perform free_claims(lapsed);
  return cardinality(lapsed);
end $$;

-- Of reservations whose rows are locked: their tables are free at once.
create function free_claims(p_reservations uuid[]) returns void language sql as $$
  update claims c set blocking = false
    from reservations r
   where r.id = any (p_reservations)
     and c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id and c.blocking
$$;

-- As in 0005, in three statements as above.
create or replace function mark_no_shows(p_now timestamptz, p_request_id text) returns integer language plpgsql as $$
declare missing uuid[];
begin
  with late as (
    select r.id
      from restaurants x
      join reservations r on r.restaurant_id = x.id
       and r.starts_at between p_now - interval '7 days' and p_now
     where r.status = 'confirmed'
       and r.starts_at + make_interval(mins => (x.settings->>'grace_minutes')::int + coalesce(r.late_minutes, 0)) <= p_now
     order by r.id for no key update of r skip locked)
  select array_agg(l.id order by l.id) into missing from late l;
  if missing is null then return 0; end if;
  -- Of many guests at once, in one order, before the trigger comes to each.
  perform from guest_stats s
    where (s.restaurant_id, s.guest_id) in (select r.restaurant_id, r.guest_id from reservations r where r.id = any (missing))
    order by s.restaurant_id, s.guest_id for update of s;
  with seen as materialized (
    select r.id, to_jsonb(r) as before from reservations r where r.id = any (missing)),
  marked as (
    update reservations r
       set status = 'no_show', no_show_at = p_now, version = r.version + 1, updated_at = p_now
      from seen s where r.id = s.id
    returning r.*, s.before)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after)
  select m.restaurant_id, p_now, 'reservation.no_show', m.id, '{"kind": "cron"}', p_request_id, m.before,
         to_jsonb(m) - 'before'
    from marked m;
  perform free_claims(missing);
  return cardinality(missing);
end $$;

-- As in 0019, in three statements as above. Held tables of this queue whose minutes are over go back; the trigger tells
-- their entries.
create or replace function lapse_offers(a waitlist_plan) returns integer language plpgsql as $$
declare lapsed uuid[];
begin
  with over as (
    select r.id
      from waitlist_entries w
      join reservations r on r.restaurant_id = w.restaurant_id and r.id = w.reservation_id
     where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
       and w.status = 'offered' and r.status = 'held' and r.hold_expires_at <= a.now
     order by r.id for no key update of r skip locked)
  select array_agg(o.id order by o.id) into lapsed from over o;
  if lapsed is null then return 0; end if;
  with cancelled as (
    update reservations r
       set status = 'cancelled', cancel_reason = 'hold_lapsed', cancelled_at = a.now, hold_expires_at = null,
           version = r.version + 1, updated_at = a.now
     where r.restaurant_id = a.restaurant_id and r.id = any (lapsed)
    returning r.*)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  select c.restaurant_id, a.now, 'reservation.hold_lapsed', c.id, a.actor, a.request_id, to_jsonb(c) from cancelled c;
  perform free_claims(lapsed);
  return cardinality(lapsed);
end $$;

-- Figures of guests -------------------------------------------------------------------------------------------------------

-- As in 0025; a hold that lapsed is in nobody's figures, so that whoever clears some locks no guest's row for it.
drop trigger reservations_guest_past on reservations;
create trigger reservations_guest_past after update on reservations for each row
  when (new.guest_id is not null and old.status is distinct from new.status
        and (new.status in ('seated', 'completed', 'cancelled', 'no_show') or old.status in ('seated', 'cancelled', 'no_show'))
        and not (old.status = 'held' and new.status = 'cancelled' and new.cancel_reason = 'hold_lapsed'))
  execute function follow_guest();

-- As in 0025, but for who has no past yet, and for whom somebody is refreshing at this moment: whoever holds a guest's row
-- reckons it from the same past, and may hold others in the order in which they came.
create or replace function repair_guest_stats(p_now timestamptz) returns integer language plpgsql as $$
declare
  x record;
  n integer := 0;
begin
  for x in
    select distinct r.restaurant_id, r.guest_id
      from restaurants h
      join reservations r on r.restaurant_id = h.id and r.starts_at between p_now - interval '3 days' and p_now
     where extract(hour from p_now at time zone h.timezone) = 5 and r.guest_id is not null
       and r.status in ('seated', 'completed', 'cancelled', 'no_show')
     order by 1, 2
  loop
    perform from guest_stats s where s.restaurant_id = x.restaurant_id and s.guest_id = x.guest_id for update skip locked;
    continue when not found and exists (
      select from guest_stats s where s.restaurant_id = x.restaurant_id and s.guest_id = x.guest_id);
    perform refresh_guest(x.restaurant_id, x.guest_id);
    n := n + 1;
  end loop;
  delete from guest_stats s
   using restaurants h
   where h.id = s.restaurant_id and extract(hour from p_now at time zone h.timezone) = 5
     and not exists (select from guests g where g.restaurant_id = s.restaurant_id and g.id = s.guest_id);
  return n;
end $$;
