-- Who is next, and the table that is held for that party alone.

-- Offering ----------------------------------------------------------------------------------------------------------

-- The first of an entry's seatings for which a table is free, or why there is none.
create function seating_for(
  a waitlist_plan, e waitlist_entries, p_timezone text, p_overstayed uuid[], p_id uuid,
  out seating booking_plan, out chosen uuid[], out lapsed boolean, out refusal text)
language plpgsql stable as $$
declare
  ask    jsonb;
  one    jsonb;
  choice record;
  short  booking_plan;
begin
  select x.value into ask from jsonb_array_elements(a.asks) x
   where (x.value->>'party_size')::int = e.party_size and (x.value->>'area') is not distinct from e.area
     and (x.value->>'accepts_bar')::boolean is not distinct from e.accepts_bar;
  if ask is null then refusal := 'undecided'; return; end if;
  refusal := 'no_time_fits';
  for one in select x.value from jsonb_array_elements(ask->'seatings') with ordinality x(value, ord) order by x.ord loop
    if e.kind = 'future' and not
       (one->>'starts_at')::timestamptz between e.window_starts_at and e.window_ends_at then continue; end if;
    if one ? 'refusal' then refusal := one->>'refusal'; continue; end if;
    seating := jsonb_populate_record(null::booking_plan, (ask - 'seatings') || one);
    seating.restaurant_id := a.restaurant_id;
    seating.now := a.now;
    seating.actor := a.actor;
    seating.request_id := a.request_id;
    seating.id := p_id;
    seating.phone_number := e.phone_number;
    seating.per_phone := a.per_phone;
    seating.singles := array(select s from unnest(seating.singles) with ordinality u(s, ord)
                              where s <> all (p_overstayed) order by ord);
    seating.combined := (select coalesce(jsonb_agg(c.value order by c.ord), '[]')
                           from jsonb_array_elements(seating.combined) with ordinality c(value, ord)
                          where not array(select jsonb_array_elements_text(c.value)::uuid) && p_overstayed);
    choice := choose_tables(seating, p_timezone);
    refusal := choice.refusal;
    -- Who waits at the door may have a table for later; the queue of a day to come is for one table a party.
    if refusal is null and e.kind = 'future' then refusal := phone_refusal(seating); end if;
    if refusal is null then
      chosen := choice.chosen;
      lapsed := choice.lapsed;
      return;
    end if;
    if refusal = 'sold_out' and e.kind = 'now' then
      short := seating;
      short.ends_at := short.starts_at + interval '1 minute';
      short.buffer_minutes := 0;
      choice := choose_tables(short, p_timezone);
      if choice.refusal is null then refusal := 'not_free_long_enough'; end if;
    end if;
  end loop;
end $$;

-- The first in fair order for whom a table is free; with those before, and why each was passed over.
create function next_offer(
  a waitlist_plan, p_timezone text, p_overstayed uuid[],
  out entry waitlist_entries, out seating booking_plan, out chosen uuid[], out lapsed boolean, out skipped jsonb)
language plpgsql stable as $$
declare
  e     waitlist_entries;
  tried record;
  kinds jsonb := '{}';  -- what was refused once is refused to all who ask the same
  ask   text;
begin
  skipped := '[]';
  for e in
    select * from waitlist_entries w
     where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
       and w.status = 'waiting'
     order by w.aside, w.joined_at, w.id
  loop
    if e.not_before > a.now then
      skipped := skipped || jsonb_build_object('id', e.id, 'joined_at', e.joined_at, 'why', 'asked_to_wait');
      continue;
    end if;
    ask := concat_ws('|', e.party_size, coalesce(e.accepts_bar::text, '-'), e.window_starts_at, e.window_ends_at, e.area);
    if kinds ? ask then
      skipped := skipped || jsonb_build_object('id', e.id, 'joined_at', e.joined_at, 'why', kinds->>ask);
      continue;
    end if;
    tried := seating_for(a, e, p_timezone, p_overstayed, null);
    if tried.refusal is null then
      entry := e;
      seating := tried.seating;
      chosen := tried.chosen;
      lapsed := tried.lapsed;
      -- Those who stand aside come after, though they joined before.
      skipped := skipped || (
        select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'joined_at', w.joined_at, 'why', 'stood_aside')), '[]')
          from waitlist_entries w
         where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
           and w.status = 'waiting' and w.aside and not e.aside and (w.joined_at, w.id) < (e.joined_at, e.id));
      return;
    end if;
    if tried.refusal not like 'phone%' then kinds := kinds || jsonb_build_object(ask, tried.refusal); end if;
    skipped := skipped || jsonb_build_object('id', e.id, 'joined_at', e.joined_at, 'why', tried.refusal);
  end loop;
  entry := null;
end $$;

-- Under the day's lock: the tables are held for this party, and it is told.
create function make_offer(
  a waitlist_plan, old waitlist_entries, p_seating booking_plan, p_chosen uuid[], p_lapsed boolean, p_timezone text,
  p_code text, p_why text) returns waitlist_entries
language plpgsql as $$
declare
  e waitlist_entries;
  r reservations;
begin
  if p_lapsed then
    perform clear_lapsed(a.restaurant_id, p_timezone, wanted_by(p_seating), a.now, a.request_id);
  end if;
  r := insert_waitlisted(a, old, p_seating, p_chosen, p_timezone, p_code, 'held');
  update waitlist_entries w
     set status = 'offered', offered_at = a.now, offer_expires_at = p_seating.hold_expires_at, reservation_id = r.id,
         offers = old.offers + 1, aside = false, version = old.version + 1, updated_at = a.now
   where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
  perform log_decision(a, e.id, 'offered', p_why, p_chosen);
  perform append_event(a, 'reservation.held', r.id, null, reservation_json(r));
  perform append_event(a, 'waitlist.offered', e.id, waitlist_json(old), waitlist_json(e), p_why);
  return e;
end $$;

create function insert_waitlisted(
  a waitlist_plan, e waitlist_entries, b booking_plan, p_chosen uuid[], p_timezone text, p_code text, p_status text)
returns reservations language plpgsql as $$
declare r reservations;
begin
  b.name := e.name;
  b.search_name := e.search_name;
  b.phone_number := e.phone_number;
  b.email := e.email;
  b.language := e.language;
  insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
      buffer_minutes, table_ids, guest_id, name, phone_number, email, area, notes, source, hold_expires_at, seated_at,
      waitlist_id, created_at, updated_at)
  values (a.restaurant_id, free_code(a.restaurant_id, p_code), p_status, e.party_size, service_day(b.starts_at, p_timezone), b.starts_at, b.ends_at,
      b.buffer_minutes, p_chosen, case when p_status = 'held' then null else find_or_create_guest(b) end, e.name,
      e.phone_number, e.email, e.area, e.notes, e.source, b.hold_expires_at,
      case when p_status = 'seated' then a.now end, e.id, a.now, a.now)
  returning * into r;
  perform insert_claims(b, p_timezone, r.id, p_chosen, case when p_status = 'held' then 'hold' else 'reservation' end);
  return r;
end $$;

create function log_skips(a waitlist_plan, p_skipped jsonb, p_entry waitlist_entries) returns void language sql as $$
  insert into waitlist_decisions (restaurant_id, entry_id, at, decision, why, in_favour_of, actor)
  select a.restaurant_id, (s.value->>'id')::uuid, a.now, 'skipped', s.value->>'why', p_entry.id, a.actor
    from jsonb_array_elements(p_skipped) s
   where (s.value->>'joined_at')::timestamptz <= p_entry.joined_at
$$;

-- From the first moment to the last that the plan may claim; null where it may claim none.
create function plan_range(a waitlist_plan) returns tstzrange language sql immutable as $$
  select case when count(*) > 0 then
           tstzrange(min((s.value->>'starts_at')::timestamptz),
                     max((s.value->>'ends_at')::timestamptz + make_interval(mins => (s.value->>'buffer_minutes')::int))) end
    from jsonb_array_elements(a.asks) x, jsonb_array_elements(x.value->'seatings') s
   where s.value ? 'ends_at'
$$;

-- One queue a step further: offers nobody answered lapse, and what is free is offered in fair order, one table a party. A
-- queue that can have nothing neither waits for the day's lock nor holds it. Safe at any time, and any number of times.
create function advance_waitlist(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          waitlist_plan := jsonb_populate_record(null::waitlist_plan, p_plan);
  restaurant record;
  overstayed uuid[] := '{}';
  wanted     tstzrange;
  lapsed     integer;
  next       record;
  e          waitlist_entries;
  offered    jsonb := '[]';
  code       text;
begin
  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(restaurant.lock_no);
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;
  if a.kind = 'now' then overstayed := overstayed_tables(a.restaurant_id, a.now); end if;
  wanted := plan_range(a);
  next := next_offer(a, restaurant.timezone, overstayed);
  if wanted is null or (next.entry).id is null and not exists (
    select from waitlist_entries w
     where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
       and w.status = 'offered' and w.offer_expires_at <= a.now)
  then
    return jsonb_build_object('outcome', 'advanced', 'lapsed', lapse_offers(a), 'offered', offered);
  end if;

  perform lock_days(restaurant.lock_no, restaurant.timezone, wanted);
  lapsed := lapse_offers(a);
  foreach code in array a.codes loop
    next := next_offer(a, restaurant.timezone, overstayed);
    exit when (next.entry).id is null;
    -- It may be leaving, or being edited, at this moment.
    select * into e from waitlist_entries w
     where w.restaurant_id = a.restaurant_id and w.id = (next.entry).id for no key update;
    continue when e.version <> (next.entry).version;
    e := make_offer(a, e, next.seating, next.chosen, next.lapsed, restaurant.timezone, code, 'first_in_order');
    perform log_skips(a, next.skipped, e);
    if not (next.entry).aside then
      update waitlist_entries w set aside = false
       where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
         and w.status = 'waiting' and w.aside;
    end if;
    offered := offered || waitlist_json(e);
  end loop;
  return jsonb_build_object('outcome', 'advanced', 'lapsed', lapsed, 'offered', offered);
end $$;
