-- As in 0005; but a table that is held for a party on the waitlist is that party's: its offer is accepted, and nobody else
-- confirms the hold in another name.
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

-- As in 0019; but an offer that was accepted already is accepted: the same answer, and nothing is done.
create or replace function step_waitlist(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
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
  if a.step = 'accept' and old.status = 'accepted' then
    return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                       jsonb_build_object('outcome', 'written', 'entry', before));
  end if;
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
