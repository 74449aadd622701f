-- What becomes of an entry: offered, accepted, seated, declined, gone.

-- Steps -------------------------------------------------------------------------------------------------------------

-- A table kept from an offer on is theirs from now on, for a whole turn or until the next claim.
create function turn_from_now(a waitlist_plan, p_timezone text, old reservations) returns timestamptz
language plpgsql stable as $$
declare
  wanted timestamptz := a.now + (old.ends_at - old.starts_at) + make_interval(mins => old.buffer_minutes);
  next   timestamptz;
begin
  select min(lower(c.during)) into next from claims c
   where c.restaurant_id = a.restaurant_id and c.blocking and c.table_id = any (old.table_ids)
     and c.service_day between service_day(a.now, p_timezone) - 1 and service_day(wanted, p_timezone)
     and lower(c.during) > a.now and c.owner <> old.id and (c.expires_at is null or c.expires_at > a.now);
  return least(wanted, next) - make_interval(mins => old.buffer_minutes);
end $$;

-- The held or confirmed table becomes what the step makes of it: confirmed on the way, or seated.
create function take_waitlisted(a waitlist_plan, e waitlist_entries, old reservations, p_timezone text, p_status text)
returns reservations language plpgsql as $$
declare
  r reservations;
  b booking_plan;
  starts timestamptz := old.starts_at;
  ends   timestamptz := old.ends_at;
begin
  if e.kind = 'now' and a.now > old.starts_at and a.now < old.ends_at then
    starts := a.now;
    ends := turn_from_now(a, p_timezone, old);
  end if;
  b.restaurant_id := a.restaurant_id;
  b.guest_id := old.guest_id;
  b.now := a.now;
  b.name := e.name;
  b.search_name := e.search_name;
  b.phone_number := e.phone_number;
  b.email := e.email;
  b.language := e.language;
  if ends > old.ends_at then
    perform clear_lapsed(a.restaurant_id, p_timezone,
                         tstzrange(starts, ends + make_interval(mins => old.buffer_minutes)), a.now, a.request_id);
  end if;
  update claims c
     set kind = 'reservation', expires_at = null, during = tstzrange(starts, ends + make_interval(mins => old.buffer_minutes))
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
  update reservations x
     set status = p_status, starts_at = starts, ends_at = ends, hold_expires_at = null,
         name = e.name, phone_number = e.phone_number, email = e.email, notes = e.notes,
         guest_id = find_or_create_guest(b), seated_at = case when p_status = 'seated' then a.now end,
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  perform append_event(a, case when p_status = 'seated' then 'reservation.seat' else 'reservation.booked' end, r.id,
                       reservation_json(old), reservation_json(r));
  return r;
end $$;

-- Seated at once at another table than the one that was kept.
create function take_waitlisted_elsewhere(
  a waitlist_plan, old reservations, b booking_plan, p_chosen uuid[], p_timezone text) returns reservations
language plpgsql as $$
declare r reservations;
begin
  delete from claims c
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id;
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

-- The table of an entry that wants it no more, free at once. Freeing needs no lock but its rows.
create function give_back(a waitlist_plan, old reservations, p_why text) returns void language plpgsql as $$
declare r reservations;
begin
  if old.id is null or old.status not in ('held', 'pending', 'confirmed') then return; end if;
  update reservations x
     set status = 'cancelled', cancel_reason = p_why, cancelled_at = a.now, hold_expires_at = null,
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id returning * into r;
  update claims c set blocking = false
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
  perform append_event(a, 'reservation.cancel', r.id, reservation_json(old), reservation_json(r), p_why);
end $$;

-- accept, decline, leave, seat or notify: one call, one round trip.
create function step_waitlist(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          waitlist_plan := jsonb_populate_record(null::waitlist_plan, p_plan);
  answer     jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  restaurant record;
  seen       waitlist_entries;
  old        waitlist_entries;
  e          waitlist_entries;
  held       reservations;
  r          reservations;
  tried      record;
  wanted     tstzrange;
  before     jsonb;
begin
  if answer is not null then return answer; end if;
  select * into seen from waitlist_entries w where w.restaurant_id = a.restaurant_id and w.id = a.entry_id;
  if not found then return '{"outcome": "not_found"}'; end if;
  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  if a.step in ('accept', 'seat', 'notify') then
    perform lock_restaurant_shared(restaurant.lock_no);
    if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
      return '{"outcome": "stale_restaurant"}';
    end if;
    select * into held from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen.reservation_id;
    wanted := plan_range(a);
    if held.id is not null then
      perform lock_days(restaurant.lock_no, restaurant.timezone, taken_by(held),
                        tstzrange(a.now, a.now + (upper(taken_by(held)) - lower(taken_by(held)))),
                        coalesce(wanted, taken_by(held)));
    elsif wanted is not null then
      perform lock_days(restaurant.lock_no, restaurant.timezone, wanted);
    end if;
  end if;

  -- Everywhere, the reservation's row is locked before its entry's.
  held := null;
  if seen.reservation_id is not null then
    select * into held from reservations x
     where x.restaurant_id = a.restaurant_id and x.id = seen.reservation_id for no key update;
  end if;
  select * into old from waitlist_entries w
   where w.restaurant_id = a.restaurant_id and w.id = a.entry_id for no key update;
  if old.reservation_id is distinct from seen.reservation_id then return '{"outcome": "busy"}'; end if;
  before := waitlist_json(old);
  if a.version is not null and a.version <> old.version then
    return jsonb_build_object('outcome', 'stale', 'entry', before);
  end if;

  if old.status = 'offered' and held.hold_expires_at <= a.now then
    a.service_day := old.service_day;
    a.kind := old.kind;
    perform lapse_offers(a);
    select * into old from waitlist_entries w where w.restaurant_id = a.restaurant_id and w.id = a.entry_id;
    if a.step in ('accept', 'decline') then
      return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                         jsonb_build_object('outcome', 'hold_expired', 'entry', waitlist_json(old)));
    end if;
    before := waitlist_json(old);
    held := null;
  end if;
  if not (case a.step
           when 'accept' then old.status = 'offered'
           when 'decline' then old.status = 'offered'
           when 'notify' then old.status = 'waiting'
           else old.status in ('waiting', 'offered', 'accepted') end)
  then return jsonb_build_object('outcome', 'illegal', 'entry', before); end if;

  perform set_config('tableside.waitlist', 'verb', true);
  if a.step = 'accept' then
    r := take_waitlisted(a, old, held, restaurant.timezone, 'confirmed');
    update waitlist_entries w
       set status = 'accepted', accepted_at = a.now, offer_expires_at = null, version = old.version + 1, updated_at = a.now
     where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
    perform log_decision(a, e.id, 'accepted', 'asked', r.table_ids);
    perform append_event(a, 'waitlist.accepted', e.id, before, waitlist_json(e));

  elsif a.step in ('decline', 'leave') then
    perform give_back(a, held, 'waitlist_' || a.step);
    update waitlist_entries w
       set status = case when a.step = 'leave' then 'left' when a.stay then 'waiting' else 'declined' end,
           aside = coalesce(a.stay, false), not_before = case when a.stay then a.not_before end, reservation_id = case when a.stay then null else old.reservation_id end,
           offered_at = case when a.stay then null else old.offered_at end, offer_expires_at = null,
           ended_at = case when not coalesce(a.stay, false) then a.now end,
           left_by = case when not coalesce(a.stay, false) then a.left_by end, why = a.why,
           version = old.version + 1, updated_at = a.now
     where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
    perform log_decision(a, e.id, case a.step when 'leave' then 'left' else 'declined' end,
                         coalesce(a.why, case when a.stay then 'waits_on' else 'asked' end));
    perform append_event(a, case a.step when 'leave' then 'waitlist.left' else 'waitlist.declined' end, e.id, before,
                         waitlist_json(e), a.why);

  elsif a.step = 'seat' and held.status in ('held', 'pending', 'confirmed') and not a.other_table then
    r := take_waitlisted(a, old, held, restaurant.timezone, 'seated');
    e := seat_entry(a, old, r.id);
    perform log_decision(a, e.id, 'seated', 'asked', r.table_ids);
    perform append_event(a, 'waitlist.seated', e.id, before, waitlist_json(e), a.why);

  else
    -- Another table than the one held, or none held: by the same guard as everybody.
    tried := seating_for(a, old, restaurant.timezone, overstayed_tables(a.restaurant_id, a.now), held.id);
    if tried.refusal = 'undecided' then return '{"outcome": "undecided"}'; end if;
    if tried.refusal is not null then
      answer := jsonb_build_object('outcome', 'refused', 'reason', tried.refusal, 'entry', before, 'claim',
                                   claim_in_the_way(a, tried.seating, restaurant.timezone, held.id));
      if a.key like 'auto:%' then return answer; end if;
      return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, answer);
    end if;
    if a.step = 'notify' then
      e := make_offer(a, old, tried.seating, tried.chosen, tried.lapsed, restaurant.timezone, a.codes[1],
                      'host: ' || coalesce(a.why, 'out of order'));
      perform log_skips(a, (
        select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'joined_at', w.joined_at, 'why', 'out_of_order')), '[]')
          from waitlist_entries w
         where w.restaurant_id = a.restaurant_id and w.service_day = old.service_day and w.kind = old.kind
           and w.status = 'waiting' and (w.joined_at, w.id) < (old.joined_at, old.id)), e);
    else
      if tried.lapsed then
        perform clear_lapsed(a.restaurant_id, restaurant.timezone, wanted_by(tried.seating), a.now, a.request_id);
      end if;
      if held.status in ('held', 'pending', 'confirmed') then
        r := take_waitlisted_elsewhere(a, held, tried.seating, tried.chosen, restaurant.timezone);
      else
        r := insert_waitlisted(a, old, tried.seating, tried.chosen, restaurant.timezone, a.codes[1], 'seated');
      end if;
      perform append_event(a, 'reservation.seat', r.id, case when held.id = r.id then reservation_json(held) end,
                           reservation_json(r));
      e := seat_entry(a, old, r.id);
      perform log_decision(a, e.id, 'seated', coalesce(a.why, 'asked'), r.table_ids);
      perform append_event(a, 'waitlist.seated', e.id, before, waitlist_json(e), a.why);
    end if;
  end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'written', 'entry', waitlist_json(e)));
end $$;

-- Who has the one table that was asked for.
create function claim_in_the_way(a waitlist_plan, b booking_plan, p_timezone text, p_but uuid) returns jsonb
language sql stable as $$
  select jsonb_build_object('kind', c.kind, 'owner', c.owner, 'starts_at', lower(c.during), 'ends_at', upper(c.during))
    from claims c
   where cardinality(b.singles) = 1 and c.table_id = b.singles[1] and c.restaurant_id = a.restaurant_id and c.blocking
     and c.service_day between service_day(b.starts_at, p_timezone) - 1 and service_day(b.ends_at, p_timezone)
     and c.during && wanted_by(b) and c.owner is distinct from p_but
     and (c.expires_at is null or c.expires_at > a.now)
   order by lower(c.during) limit 1
$$;

-- Queues of days that are over: whoever still waits in them waits no more.
create function close_waitlists(p_now timestamptz, p_request_id text) returns integer language plpgsql as $$
declare closed integer;
begin
  with past as (
    select w.restaurant_id, w.id
      from waitlist_entries w
      join restaurants x on x.id = w.restaurant_id
     where w.status = 'waiting'
       and (w.service_day < service_day(p_now, x.timezone) or w.kind = 'future' and w.window_ends_at <= p_now)
     order by w.id for no key update of w skip locked),
  ended as (
    update waitlist_entries w
       set status = 'lapsed', why = 'day_over', ended_at = p_now, version = w.version + 1, updated_at = p_now
      from past p where w.restaurant_id = p.restaurant_id and w.id = p.id
    returning w.*)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after, why)
  select e.restaurant_id, p_now, 'waitlist.left', e.id, '{"kind": "cron"}', p_request_id, to_jsonb(e) - 'search_name',
         'day_over'
    from ended e;
  get diagnostics closed = row_count;
  return closed;
end $$;
