-- A booking for a guest of the house knows what the house knows of that guest; and a life goes by the clock.

-- What a booking does not say of who comes is what its guest has said before; of no guest where there is no such guest. What
-- it does say stays said, another's name or number too: the booking is still that guest's.
create function said_or_known(a booking_plan) returns booking_plan language plpgsql as $$
declare g record;
begin
  select x.name, x.phone, x.email into g from guests x where x.restaurant_id = a.restaurant_id and x.id = a.guest_id;
  if not found then
    a.guest_id := null;
    return a;
  end if;
  a.name := coalesce(a.name, g.name);
  a.phone_number := coalesce(a.phone_number, g.phone);
  a.email := coalesce(a.email, g.email);
  return a;
end $$;

-- As in 0036; for a guest of the house the phone rule goes by the phone of that guest, and the reservation bears it.
create or replace function book(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms'
set plan_cache_mode = 'force_generic_plan' as $$
declare
  a          booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  kind       text := case when a.status = 'held' then 'hold' else 'booking' end;
  wanted     tstzrange := wanted_by(a);
  looked     tstzrange := looked_at(a);
  answer     jsonb;
  restaurant record;
  choice     record;
  refusal    text;
  day        date;
  locked     boolean;
  guest      uuid;
  r          reservations;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;

  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  locked := pg_advisory_xact_lock_shared(restaurant.lock_no, 2147483647) is not null;
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;
  day := service_day(a.starts_at, restaurant.timezone);
  if a.guest_id is not null then
    a := said_or_known(a);
    if a.guest_id is null then return '{"outcome": "guest_not_found"}'; end if;
  end if;

  begin
    if service_day(lower(looked), restaurant.timezone) <> day
       or service_day(upper(looked) - interval '1 microsecond', restaurant.timezone) <> day
       or not try_lock_day(restaurant.lock_no, day) then
      choice := choose_tables(a, restaurant.timezone);
      refusal := coalesce(choice.refusal, phone_refusal(a));
      if refusal is not null then raise exception using errcode = 'TS003'; end if;
      perform lock_days(restaurant.lock_no, restaurant.timezone, looked);
    end if;
    choice := choose_tables(a, restaurant.timezone);
    refusal := coalesce(choice.refusal, phone_refusal_locked(a));
    if refusal is not null then raise exception using errcode = 'TS003'; end if;
  exception when sqlstate 'TS003' then
    answer := refuse(a, kind, refusal);
    if refusal not in ('sold_out', 'pacing_covers', 'pacing_parties') then return answer; end if;
    return answer || jsonb_build_object('claims', claims_on(a.restaurant_id, a.days, a.day_during, a.now));
  end;

  guest := find_or_create_guest(a);

  if choice.lapsed then
    perform clear_lapsed(a.restaurant_id, restaurant.timezone, wanted, a.now, a.request_id);
  end if;
  insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
      buffer_minutes, table_ids, guest_id, name, phone_number, email, area, notes, other_info, source,
      hold_expires_at, created_at, updated_at)
  values (a.restaurant_id, a.confirmation_code, a.status, a.party_size, day, a.starts_at, a.ends_at,
      a.buffer_minutes, choice.chosen, guest, a.name, a.phone_number, a.email, a.area, a.notes, a.other_info,
      a.source, a.hold_expires_at, a.now, a.now)
  returning * into r;
  if cardinality(choice.chosen) = 1 then
    insert into claims (restaurant_id, service_day, table_id, during, kind, owner, covers, expires_at)
    values (a.restaurant_id, day, choice.chosen[1], wanted, case a.status when 'held' then 'hold' else 'reservation' end,
            r.id, a.party_size, a.hold_expires_at);
  else
    perform insert_claims(a, restaurant.timezone, r.id, choice.chosen,
                          case a.status when 'held' then 'hold' else 'reservation' end);
  end if;
  answer := reservation_json(r);
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (a.restaurant_id, a.now, case a.status when 'held' then 'reservation.held' else 'reservation.booked' end,
          r.id, a.actor, a.request_id, answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'booked', 'reservation', answer));
end $$;

-- As in 0036, likewise.
create or replace function confirm_hold(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  answer     jsonb;
  restaurant record;
  refusal    text;
  old        reservations;
  r          reservations;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;

  select x.lock_no, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  if not found then return '{"outcome": "not_found"}'; end if;
  perform lock_days(restaurant.lock_no, restaurant.timezone,
                    taken_by(old));
  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if old.status <> 'held' and old.cancel_reason is distinct from 'hold_lapsed' then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(old));
  end if;
  if old.status <> 'held' or old.hold_expires_at <= a.now then
    return jsonb_build_object('outcome', 'hold_expired', 'reservation', reservation_json(old));
  end if;
  if old.waitlist_id is not null then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(old), 'waitlist_id', old.waitlist_id);
  end if;

  a.starts_at := old.starts_at;
  a.ends_at := old.ends_at;
  a.party_size := old.party_size;
  a.area := old.area;
  a.source := coalesce(a.source, old.source);
  if a.guest_id is not null then
    a := said_or_known(a);
    if a.guest_id is null then return '{"outcome": "guest_not_found"}'; end if;
  end if;
  refusal := phone_refusal_locked(a);
  if refusal is not null then return refuse(a, 'booking', refusal); end if;

  update claims c set kind = 'reservation', expires_at = null
   where c.restaurant_id = a.restaurant_id and c.service_day between first_claim_day(old) and last_claim_day(old)
     and c.owner = old.id and c.blocking;
  update reservations x
     set status = a.status, hold_expires_at = null, guest_id = find_or_create_guest(a), name = a.name,
         phone_number = a.phone_number, email = a.email, notes = a.notes, other_info = a.other_info,
         source = a.source, version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  answer := reservation_json(r);
  perform append_event(a, 'reservation.booked', r.id, reservation_json(old), answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'booked', 'reservation', answer));
end $$;

-- How long before its time a party can take the step; null: however long.
alter type step_plan add attribute early_minutes integer;

-- As in 0036; but nobody sits hours before their time, and nobody has stayed away before it.
create or replace function step_reservation(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          step_plan := jsonb_populate_record(null::step_plan, p_plan);
  answer     jsonb;
  found_id   uuid;
  restaurant record;
  old        reservations;
  r          reservations;
  frees      boolean := coalesce(a.status in ('cancelled', 'no_show', 'completed'), false);
  revives    boolean;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;

  found_id := find_reservation(a.restaurant_id, a.ref_kind, a.ref, a.now);
  if found_id is null then return '{"outcome": "not_found"}'; end if;
  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = found_id;
  -- Freeing a table needs no lock; keeping one for longer, or taking one back, does.
  revives := not frees and old.status in ('cancelled', 'no_show', 'completed');
  if revives or a.step = 'extend' then
    select x.lock_no, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
    perform lock_restaurant_shared(restaurant.lock_no);  -- no table is put away meanwhile
    perform lock_days(restaurant.lock_no, restaurant.timezone,
                      taken_by(old));
  end if;
  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = found_id for no key update;

  if a.version is not null and a.version <> old.version then
    return jsonb_build_object('outcome', 'stale', 'reservation', reservation_json(old));
  end if;
  if a.step = 'extend' and (old.hold_expires_at <= a.now or old.cancel_reason = 'hold_lapsed') then
    return jsonb_build_object('outcome', 'hold_expired', 'reservation', reservation_json(old));
  end if;
  if not old.status = any (a.allowed_from) then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(old));
  end if;
  if a.now < old.starts_at - make_interval(mins => a.early_minutes) then
    return jsonb_build_object('outcome', 'too_early', 'reservation', reservation_json(old));
  end if;
  if not frees and old.status in ('cancelled', 'no_show', 'completed') then
    if not revives then return jsonb_build_object('outcome', 'stale', 'reservation', reservation_json(old)); end if;
    answer := revive_claims(a.restaurant_id, old, a.now, a.request_id);
    if answer is not null then return answer; end if;
  end if;

  update reservations x
     set status          = coalesce(a.status, old.status),
         late_minutes    = coalesce(a.late_minutes, old.late_minutes),
         cancel_reason   = case when a.status = 'cancelled' then coalesce(a.why, 'asked') end,
         hold_expires_at = case when coalesce(a.status, old.status) = 'held'
                                then coalesce(a.hold_expires_at, old.hold_expires_at) end,
         seated_at       = case when a.status = 'seated' then a.now else old.seated_at end,
         completed_at    = case when a.status = 'completed' then a.now else old.completed_at end,
         cancelled_at    = case when a.status = 'cancelled' then a.now else old.cancelled_at end,
         no_show_at      = case when a.status = 'no_show' then a.now when a.status = 'seated' then null
                                else old.no_show_at end,
         version         = old.version + 1,
         updated_at      = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  if frees then
    update claims c set blocking = false
     where c.restaurant_id = a.restaurant_id and c.service_day between first_claim_day(old) and last_claim_day(old)
     and c.owner = old.id and c.blocking;
  elsif a.step = 'extend' then
    update claims c set expires_at = a.hold_expires_at
     where c.restaurant_id = a.restaurant_id and c.service_day between first_claim_day(old) and last_claim_day(old)
     and c.owner = old.id and c.blocking;
  end if;

  answer := reservation_json(r);
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, 'reservation.' || a.step, r.id, a.actor, a.request_id, reservation_json(old), answer,
          a.why);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'stepped', 'reservation', answer));
end $$;
