-- The border of the service day, five in the morning. Whoever looks for claims looks from the service day before the first
-- moment it asks for to the last: so a claim carries the day of its own beginning, whatever day its party came, and one
-- that would reach across a border for long is laid in pieces, one a service day.

-- Eighteen hours: less than from five in the morning to the midnight after, whatever the clocks do, so that a local date
-- is read from the service day before it on. Bookings are never longer; stays that are extended, and blocks, are.
create function longest_claim() returns interval language sql immutable parallel safe as $$ select interval '18 hours' $$;

create function day_begins(p_day date, p_timezone text) returns timestamptz language sql immutable parallel safe as $$
  select (p_day + time '05:00') at time zone p_timezone
$$;

create function pieces_of(p_during tstzrange, p_timezone text) returns table (day date, during tstzrange)
language sql stable as $$
  select service_day(lower(p_during), p_timezone), p_during
   where upper(p_during) - lower(p_during) <= longest_claim()
  union all
  select g.day::date, p_during * tstzrange(day_begins(g.day::date, p_timezone), day_begins(g.day::date + 1, p_timezone))
    from generate_series(service_day(lower(p_during), p_timezone)::timestamp,
                         service_day(upper(p_during) - interval '1 microsecond', p_timezone)::timestamp,
                         interval '1 day') g(day)
   where upper(p_during) - lower(p_during) > longest_claim()
$$;

-- Claims are laid here; their covers arrive once, at the first table, at the beginning.
create function lay_claims(p_restaurant_id uuid, p_timezone text, p_tables uuid[], p_during tstzrange, p_kind text,
                           p_owner uuid, p_covers integer default 0, p_expires_at timestamptz default null) returns void
language sql as $$
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner, covers, expires_at)
  select p_restaurant_id, p.day, t.id, p.during, p_kind, p_owner,
         case when t.ord = 1 and lower(p.during) = lower(p_during) then p_covers else 0 end, p_expires_at
    from unnest(p_tables) with ordinality t(id, ord)
   cross join pieces_of(p_during, p_timezone) p
   order by t.id, p.day
$$;

-- The service days on which claims of a party may begin: its own; the one before, where it was seated before its time; and
-- as far as it may have stayed or have been moved since.
create function first_claim_day(r reservations) returns date language sql immutable as $$
  select case when r.seated_at < r.starts_at then r.service_day - 1 else r.service_day end
$$;
create function last_claim_day(r reservations) returns date language sql immutable as $$
  select case when r.seated_at is null and r.updated_at < r.starts_at and upper(taken_by(r)) - r.starts_at <= longest_claim()
              then r.service_day else r.service_day + 2 end
$$;

-- What is there already. A piece begins where the one before ends, so that the first is shortened first.
create function cut_claims(p_restaurant_id uuid, p_timezone text, p_from date) returns void language plpgsql as $$
declare one claims;
begin
  for one in
    select c.* from claims c
     where c.restaurant_id = p_restaurant_id and c.service_day >= p_from and c.blocking
       and upper(c.during) - lower(c.during) > longest_claim()
       and upper(c.during) > day_begins(service_day(lower(c.during), p_timezone) + 1, p_timezone)
  loop
    delete from claims c
     where c.restaurant_id = p_restaurant_id and c.service_day = one.service_day and c.owner = one.owner
       and c.table_id = one.table_id and c.during = one.during and c.blocking;
    perform lay_claims(p_restaurant_id, p_timezone, array[one.table_id], one.during, one.kind, one.owner, one.covers,
                       one.expires_at);
  end loop;
end $$;

do $$ begin
  perform cut_claims(x.id, x.timezone, '-infinity') from restaurants x;
end $$;
update claims c set service_day = service_day(lower(c.during), x.timezone)
  from restaurants x
 where x.id = c.restaurant_id and c.blocking and c.service_day <> service_day(lower(c.during), x.timezone);

-- As far as it can be said without the house's time zone: five in the morning is between 15:00 UTC of the day before and
-- 17:00 UTC. What it cannot say is held by `npm run prove`.
alter table claims add constraint claims_of_their_day check (not blocking or (
  lower(during) >= (service_day - 1 + time '15:00') at time zone 'UTC'
  and lower(during) < (service_day + 1 + time '17:00') at time zone 'UTC'
  and (upper(during) - lower(during) <= interval '18 hours'
       or upper(during) <= (service_day + 1 + time '17:00') at time zone 'UTC')));

-- As in 0034; and where another time zone has another border, long claims are cut there first.
create or replace function move_service_days(p_restaurant_id uuid, p_timezone text, p_from date) returns void
language plpgsql as $$
begin
  update reservations r set service_day = service_day(r.starts_at, p_timezone)
   where r.restaurant_id = p_restaurant_id and r.service_day >= p_from
     -- Only when it begins is in an index; no zone is a day away from UTC.
     and r.starts_at >= p_from::timestamp at time zone 'UTC' - interval '1 day';
  perform cut_claims(p_restaurant_id, p_timezone, p_from);
  update claims c set service_day = service_day(lower(c.during), p_timezone)
   where c.restaurant_id = p_restaurant_id and c.service_day >= p_from and c.blocking;
end $$;

-- Writers of claims ---------------------------------------------------------------------------------------------------------

-- As in 0004, in pieces where it is long.
create or replace function insert_claims(
  a booking_plan, p_timezone text, p_owner uuid, p_tables uuid[], p_kind text) returns void language sql as $$
  select lay_claims(a.restaurant_id, p_timezone, p_tables, wanted_by(a), p_kind, p_owner, a.party_size, a.hold_expires_at)
$$;

-- As in 0017; cut at the border, and not every so many hours from its beginning on.
create or replace function insert_block_claims(b blocks, p_timezone text, p_from timestamptz) returns void
language sql as $$
  select lay_claims(b.restaurant_id, p_timezone, b.table_ids, tstzrange(p_from, b.ends_at), 'block', b.id)
$$;

-- As in 0017; the pieces lie on the days they begin. Covers are with the one that holds the party's beginning: who came early
-- has another before it.
create or replace function take_tables(r reservations, p_tables uuid[], p_wanted tstzrange, p_now timestamptz) returns void
language plpgsql as $$
declare tz text := (select x.timezone from restaurants x where x.id = r.restaurant_id);
begin
  perform lay_claims(r.restaurant_id, tz, p_tables, p_wanted, claim_kind(r), r.id, 0, r.hold_expires_at);
  if r.starts_at >= p_now then
    update claims c set covers = case when c.table_id = r.table_ids[1] and c.during @> r.starts_at then r.party_size else 0 end
     where c.restaurant_id = r.restaurant_id and c.service_day between first_claim_day(r) and last_claim_day(r)
       and c.owner = r.id and c.blocking;
  end if;
  if r.status = 'seated' then
    insert into stays (restaurant_id, reservation_id, table_id, from_at)
    select r.restaurant_id, r.id, t.id, p_now from unnest(p_tables) t(id);
  end if;
end $$;

-- As in 0017; what a claim grows by beyond the longest is a claim of its own, and one that begins now is of the day of now.
create or replace function keep_table(p_restaurant_id uuid, p_timezone text, p_table_id uuid, p_owner uuid, p_kind text, p_day date,
                           p_now timestamptz, p_until timestamptz) returns timestamptz language plpgsql as $$
declare
  mine      tstzrange;
  other     timestamptz;
  until     timestamptz;
  first_day date := least(p_day, service_day(p_now, p_timezone)) - 1;
  last_day  date := greatest(p_day, service_day(p_until, p_timezone));
begin
  select c.during into mine from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.table_id = p_table_id and c.owner = p_owner and c.blocking
   order by upper(c.during) desc limit 1;
  if upper(mine) >= p_until then return null; end if;
  select min(lower(c.during)) into other from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.table_id = p_table_id and c.owner <> p_owner and c.blocking
     and upper(c.during) > coalesce(upper(mine), p_now) and (c.expires_at is null or c.expires_at > p_now);
  until := least(p_until, other);
  if until > upper(mine) and until > p_now then
    if until - lower(mine) > longest_claim() then
      perform lay_claims(p_restaurant_id, p_timezone, array[p_table_id], tstzrange(upper(mine), until), p_kind, p_owner);
    else
      update claims c set during = tstzrange(lower(mine), until)
       where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
         and c.table_id = p_table_id and c.owner = p_owner and c.blocking and c.during = mine;
    end if;
    return until;
  end if;
  if upper(mine) > p_now then return null; end if;
  select min(greatest(lower(c.during), p_now)) into other from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.table_id = p_table_id and c.blocking and upper(c.during) > p_now
     and (c.expires_at is null or c.expires_at > p_now);
  if other <= p_now then return null; end if;
  until := least(p_until, other);
  perform lay_claims(p_restaurant_id, p_timezone, array[p_table_id], tstzrange(p_now, until), p_kind, p_owner);
  return until;
end $$;

-- As in 0035; the claim is of the day of now, which before five is not yet the party's.
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
  perform lay_claims(p_restaurant_id, p_timezone, array[p_table_id], tstzrange(p_now, until), p_kind, p_owner);
  return until;
end $$;

-- As in 0031; a table that is theirs from now on is of the day of now, and so is the party.
create or replace function take_waitlisted(
  a waitlist_plan, e waitlist_entries, old reservations, p_timezone text, p_status text)
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
  -- What it left behind was over when it was moved.
  update claims c
     set kind = 'reservation', expires_at = null,
         during = case when starts = old.starts_at or upper(c.during) <= a.now then c.during
                       else tstzrange(starts, ends + make_interval(mins => old.buffer_minutes)) end,
         service_day = case when starts = old.starts_at or upper(c.during) <= a.now then c.service_day
                            else service_day(starts, p_timezone) end
   where c.restaurant_id = a.restaurant_id and c.service_day between first_claim_day(old) and last_claim_day(old)
     and c.owner = old.id and c.blocking;
  update reservations x
     set status = p_status, starts_at = starts, ends_at = ends, hold_expires_at = null,
         service_day = service_day(starts, p_timezone),
         name = e.name, phone_number = e.phone_number, email = e.email, notes = e.notes,
         guest_id = find_or_create_guest(b), seated_at = case when p_status = 'seated' then a.now end,
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  perform append_event(a, case when p_status = 'seated' then 'reservation.seat' else 'reservation.booked' end, r.id,
                       reservation_json(old), reservation_json(r));
  return r;
end $$;

-- What finds a party's claims -------------------------------------------------------------------------------------------------

-- As in 0034; on whichever of its days they are. One party after the other: of how many days that is nobody can plan a join.
create or replace function free_claims(p_reservations uuid[]) returns void language plpgsql as $$
declare r reservations;
begin
  for r in select * from reservations x where x.id = any (p_reservations) loop
    update claims c set blocking = false
     where c.restaurant_id = r.restaurant_id and c.service_day between first_claim_day(r) and last_claim_day(r)
       and c.owner = r.id and c.blocking;
  end loop;
end $$;

-- As in 0017, likewise.
create or replace function keeps_until(r reservations, p_now timestamptz) returns timestamptz language sql stable as $$
  select greatest(r.ends_at + make_interval(mins => r.buffer_minutes),
                  case when r.status = 'seated' or r.starts_at <= p_now then begins_at(r, p_now) + interval '15 minutes' end,
                  (select max(upper(c.during)) from claims c
                    where c.restaurant_id = r.restaurant_id and c.service_day between first_claim_day(r) and last_claim_day(r)
                      and c.owner = r.id and c.blocking))
$$;

-- As in 0017, likewise.
create or replace function leave_tables(r reservations, p_tables uuid[], p_now timestamptz) returns void language plpgsql as $$
begin
  delete from claims c
   where c.restaurant_id = r.restaurant_id and c.service_day between first_claim_day(r) and last_claim_day(r) and c.owner = r.id
     and c.table_id = any (p_tables) and c.blocking and lower(c.during) >= p_now;
  update claims c set during = tstzrange(lower(c.during), p_now)
   where c.restaurant_id = r.restaurant_id and c.service_day between first_claim_day(r) and last_claim_day(r) and c.owner = r.id
     and c.table_id = any (p_tables) and c.blocking and upper(c.during) > p_now;
  if r.status <> 'seated' then return; end if;
  update stays s set to_at = p_now
   where s.restaurant_id = r.restaurant_id and s.reservation_id = r.id and s.table_id = any (p_tables)
     and s.to_at is null;
  insert into stays (restaurant_id, reservation_id, table_id, from_at, to_at)
  select r.restaurant_id, r.id, t.id, least(r.seated_at, p_now), p_now
    from unnest(p_tables) t(id)
   where not exists (select from stays s
                      where s.restaurant_id = r.restaurant_id and s.reservation_id = r.id and s.table_id = t.id);
end $$;

-- As in 0019, likewise.
create or replace function give_back(a waitlist_plan, old reservations, p_why text) returns void language plpgsql as $$
declare r reservations;
begin
  if old.id is null or old.status not in ('held', 'pending', 'confirmed') then return; end if;
  update reservations x
     set status = 'cancelled', cancel_reason = p_why, cancelled_at = a.now, hold_expires_at = null,
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id returning * into r;
  update claims c set blocking = false
   where c.restaurant_id = a.restaurant_id and c.service_day between first_claim_day(old) and last_claim_day(old)
     and c.owner = old.id and c.blocking;
  perform append_event(a, 'reservation.cancel', r.id, reservation_json(old), reservation_json(r), p_why);
end $$;

-- As in 0034, likewise.
create or replace function take_waitlisted_elsewhere(
  a waitlist_plan, old reservations, b booking_plan, p_chosen uuid[], p_timezone text) returns reservations
language plpgsql as $$
declare r reservations;
begin
  delete from claims c
   where c.restaurant_id = a.restaurant_id and c.service_day between first_claim_day(old) and last_claim_day(old)
     and c.owner = old.id and c.blocking;
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

-- As in 0034, likewise; and it is anew in pieces where it is long, which may lie two days on.
create or replace function revive_claims(p_restaurant_id uuid, old reservations, p_now timestamptz, p_request_id text)
returns jsonb language plpgsql as $$
declare
  taken uuid;
  whole tstzrange := taken_by(old);
  tz    text := (select x.timezone from restaurants x where x.id = p_restaurant_id);
begin
  select c.owner into taken from claims c
   where c.restaurant_id = p_restaurant_id and c.blocking and c.table_id = any (old.table_ids) and c.during && whole
     and c.service_day between old.service_day - 1 and old.service_day + 2
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

-- As in 0033; its claims are on whichever of its days.
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

-- As in 0005; its claims are on whichever of its days.
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

-- As in 0034; its claims are on whichever of its days.
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
     where c.restaurant_id = a.restaurant_id and c.service_day between first_claim_day(old) and last_claim_day(old)
       and c.owner = old.id and c.blocking;
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

-- Pacing across the border --------------------------------------------------------------------------------------------------

-- What a decision about a party looks at: its stay, and where a cap is to be held the whole slot of pacing. Whoever lays a
-- claim with covers has locked the day that it begins on, so these are the days that the decision locks.
create function looked_at(a booking_plan) returns tstzrange language sql immutable as $$
  select case when a.max_parties is null and a.max_covers is null then wanted_by(a)
              else tstzrange(least(a.starts_at, a.slot_starts_at), greatest(upper(wanted_by(a)), a.slot_ends_at)) end
$$;

-- As in 0004; pacing counts on the days that its slot lies in, which the stay need not reach.
create or replace function choose_tables(a booking_plan, p_timezone text, out chosen uuid[], out refusal text, out lapsed boolean)
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
     where d.restaurant_id = a.restaurant_id and d.blocking
       and d.service_day between service_day(a.slot_starts_at, p_timezone)
                             and service_day(a.slot_ends_at - interval '1 microsecond', p_timezone)
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

-- As in 0014, with the plans of 0032; where a slot of pacing lies in two service days, both are locked.
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
  guest      uuid := a.guest_id;
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

  if guest is not null and not exists (
    select from guests g where g.restaurant_id = a.restaurant_id and g.id = guest)
  then return '{"outcome": "guest_not_found"}'; end if;
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

-- As in 0020; it locks what it looks at, and its claims are those that block, on whichever of its days.
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
                      looked_at(a));
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
     where c.restaurant_id = a.restaurant_id and c.service_day between first_claim_day(old) and last_claim_day(old)
       and c.owner = old.id and c.blocking;
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

-- As in 0017; it locks what it looks at.
create or replace function walk_in(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
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
    perform lock_days(restaurant.lock_no, restaurant.timezone, looked_at(a));
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

-- As in 0023; it locks what the call behind it looks at, and the hold's claims are on whichever of its days.
create or replace function hold_for_agent(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  b          booking_plan;
  call_id    uuid := case when a.actor->>'kind' = 'call' then (a.actor->>'id')::uuid end;
  answer     jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  restaurant record;
  held       reservations;
  refusal    text;
begin
  if answer is not null then return answer; end if;
  if call_id is not null then
    -- Two wishes of one call at once: the second moves what the first has taken.
    perform pg_advisory_xact_lock(hashtextextended(call_id::text, 5));
    select r.* into held
      from voice_calls c
      join reservations r on r.restaurant_id = c.restaurant_id and r.id = c.hold_id
     where c.restaurant_id = a.restaurant_id and c.id = call_id and r.status = 'held' and r.hold_expires_at > a.now;
  end if;
  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(restaurant.lock_no);
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;
  if p_plan->>'caller_number' is not null then
    b := a;
    b.phone_number := p_plan->>'caller_number';
    b.per_phone := p_plan->>'caller_per_phone';
    b.id := held.id;
    refusal := phone_refusal(b);
    if refusal is not null then return refuse(a, 'hold', refusal); end if;
  end if;
  if held.id is null then return held_in_call(a.restaurant_id, call_id, book(p_plan)); end if;

  perform lock_days(restaurant.lock_no, restaurant.timezone, taken_by(held), looked_at(a));
  select * into held from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = held.id and x.status = 'held' and x.hold_expires_at > a.now
     for no key update;
  if not found then return held_in_call(a.restaurant_id, call_id, book(p_plan)); end if;
  update reservations x set hold_expires_at = a.hold_expires_at
   where x.restaurant_id = a.restaurant_id and x.id = held.id;
  update claims x set expires_at = a.hold_expires_at
   where x.restaurant_id = a.restaurant_id and x.service_day between first_claim_day(held) and last_claim_day(held)
     and x.owner = held.id and x.blocking;
  return change_reservation(p_plan || jsonb_build_object('id', held.id, 'version', held.version, 'moves', true));
end $$;

-- As in 0020; each occurrence locks what it looks at.
create or replace function lock_series_days(a series_plan, p_lock_no integer, p_timezone text) returns void
language plpgsql as $$
declare
  ranges tstzrange[];
  phone  text;
begin
  select array_agg(looked_at(p)) || array_agg(taken_by(r)) filter (where r.id is not null) into ranges
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

-- As in 0019; what the plan may look at, and so with the slots of pacing.
create or replace function plan_range(a waitlist_plan) returns tstzrange language sql stable as $$
  select case when count(*) > 0 then tstzrange(min(lower(l.at)), max(upper(l.at))) end
    from jsonb_array_elements(a.asks) x
   cross join jsonb_array_elements(x.value->'seatings') s
   cross join lateral looked_at(jsonb_populate_record(null::booking_plan, (x.value - 'seatings') || s.value)) l(at)
   where s.value ? 'ends_at'
$$;
