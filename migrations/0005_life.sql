-- Changes of a reservation, the steps of its life, and the jobs that take them when nobody does.

-- Date, time, party or table at once: the old place is kept where the new one cannot be had.
create function change_reservation(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  answer     jsonb;
  restaurant record;
  choice     record;
  refusal    text;
  old        reservations;
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
    perform clear_lapsed(a.restaurant_id, restaurant.timezone, wanted_by(a), a.now, a.request_id);
    delete from claims c
     where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id;
    a.hold_expires_at := old.hold_expires_at;  -- a hold that moves lasts no longer for it
    perform insert_claims(a, restaurant.timezone, old.id, choice.chosen,
                          case when old.status = 'held' then 'hold' else 'reservation' end);
  end if;

  update reservations x
     set party_size = a.party_size, starts_at = a.starts_at, ends_at = a.ends_at, buffer_minutes = a.buffer_minutes,
         service_day = service_day(a.starts_at, restaurant.timezone),
         table_ids = case when a.moves then choice.chosen else old.table_ids end,
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

-- The held table becomes a reservation in a guest's name. Nothing moves, so nothing can be lost but time.
create function confirm_hold(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
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

  a.starts_at := old.starts_at;
  a.ends_at := old.ends_at;
  a.party_size := old.party_size;
  a.area := old.area;
  a.source := coalesce(a.source, old.source);
  refusal := phone_refusal_locked(a);
  if refusal is not null then return refuse(a, 'booking', refusal); end if;
  if a.guest_id is not null and not exists (
    select from guests g where g.restaurant_id = a.restaurant_id and g.id = a.guest_id)
  then return '{"outcome": "guest_not_found"}'; end if;

  update claims c set kind = 'reservation', expires_at = null
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
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

-- What the rules decided; the same names as StepPlan in src/reservations/schema.ts.
create type step_plan as (
  restaurant_id   uuid,
  key             text,
  fingerprint     text,
  now             timestamptz,
  actor           jsonb,
  request_id      text,
  ref_kind        text,         -- id | code | phone
  ref             text,
  version         integer,      -- null: whichever it has
  step            text,         -- confirm | seat | complete | no_show | late | cancel | extend
  allowed_from    text[],
  status          text,         -- what it becomes; null: stays
  late_minutes    integer,
  hold_expires_at timestamptz,
  why             text
);

create function find_reservation(p_restaurant_id uuid, p_ref_kind text, p_ref text, p_now timestamptz) returns uuid
language plpgsql stable as $$
declare found_id uuid;
begin
  case p_ref_kind
    when 'id' then
      select r.id into found_id from reservations r where r.restaurant_id = p_restaurant_id and r.id = p_ref::uuid;
    when 'code' then
      select r.id into found_id from reservations r
       where r.restaurant_id = p_restaurant_id and r.confirmation_code = p_ref;
    when 'phone' then
      -- The next one that is still to come, or under way.
      select r.id into found_id from reservations r
       where r.restaurant_id = p_restaurant_id and r.phone_number = p_ref and r.ends_at > p_now
         and r.starts_at > p_now - interval '25 hours'
         and r.status in ('pending', 'confirmed', 'seated')
       order by r.starts_at limit 1;
  end case;
  return found_id;
end $$;

create function step_reservation(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
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
     where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
  elsif a.step = 'extend' then
    update claims c set expires_at = a.hold_expires_at
     where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
  end if;

  answer := reservation_json(r);
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, 'reservation.' || a.step, r.id, a.actor, a.request_id, reservation_json(old), answer,
          a.why);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'stepped', 'reservation', answer));
end $$;

-- Somebody marked as not having come stands in the door: the table again, unless it was given away meanwhile.
create function revive_claims(p_restaurant_id uuid, old reservations, p_now timestamptz, p_request_id text) returns jsonb
language plpgsql as $$
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
  update claims c set blocking = true, kind = 'reservation', expires_at = null
   where c.restaurant_id = p_restaurant_id and c.service_day = old.service_day and c.owner = old.id;
  return null;
end $$;

-- Jobs: each is safe to run twice, late, or beside the other -----------------------------------------------------------

create function release_lapsed_holds(p_now timestamptz, p_request_id text) returns integer language plpgsql as $$
declare released integer;
begin
  with lapsed as (
    select r.restaurant_id, r.id from reservations r
     where r.hold_expires_at <= p_now order by r.id for no key update skip locked),
  cancelled as (
    update reservations r
       set status = 'cancelled', cancel_reason = 'hold_lapsed', cancelled_at = p_now, hold_expires_at = null,
           version = r.version + 1, updated_at = p_now
      from lapsed l where r.restaurant_id = l.restaurant_id and r.id = l.id
    returning r.*),
  freed as (
    update claims c set blocking = false
      from cancelled r
     where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id and c.blocking)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  select c.restaurant_id, p_now, 'reservation.hold_lapsed', c.id, '{"kind": "cron"}', p_request_id, to_jsonb(c)
    from cancelled c;
  get diagnostics released = row_count;
  return released;
end $$;

-- Expected, not seated, and the grace (and the lateness they told us of) is over. A week back is as late as a job gets.
create function mark_no_shows(p_now timestamptz, p_request_id text) returns integer language plpgsql as $$
declare marked integer;
begin
  with missing as (
    select r.restaurant_id, r.id, r.service_day, to_jsonb(r) as before
      from restaurants x
      join reservations r on r.restaurant_id = x.id
       and r.starts_at between p_now - interval '7 days' and p_now
     where r.status = 'confirmed'
       and r.starts_at + make_interval(mins => (x.settings->>'grace_minutes')::int + coalesce(r.late_minutes, 0)) <= p_now
     order by r.id for no key update of r skip locked),
  marked_rows as (
    update reservations r
       set status = 'no_show', no_show_at = p_now, version = r.version + 1, updated_at = p_now
      from missing m where r.restaurant_id = m.restaurant_id and r.id = m.id and r.status = 'confirmed'
    returning r.*, m.before),
  freed as (
    update claims c set blocking = false
      from marked_rows m
     where c.restaurant_id = m.restaurant_id and c.service_day = m.service_day and c.owner = m.id and c.blocking
    returning c.owner)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after)
  select m.restaurant_id, p_now, 'reservation.no_show', m.id, '{"kind": "cron"}', p_request_id, m.before,
         to_jsonb(m) - 'before'
    from marked_rows m;
  get diagnostics marked = row_count;
  return marked;
end $$;

create function forget_old_answers(p_now timestamptz, p_request_id text) returns integer language plpgsql as $$
declare forgotten integer;
begin
  delete from idempotency_keys k where k.created_at < p_now - interval '24 hours';
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;
