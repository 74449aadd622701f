-- What may be done in the name of a call, and what is done to calls when nobody does.

-- What a caller may touch ------------------------------------------------------------------------------------------------

-- The bookings that may be the caller's, for the rules to compare names with. In a call: those of the number it comes
-- from, once a name is given, and those made in it. Without one: those of a code or a number. A name that was not
-- accepted before is counted before anything is told, so that no number of guesses at once is more than the tries left.
create function bookings_of_caller(
  p_restaurant_id uuid, p_call_id uuid, p_name text, p_phone text, p_code text, p_now timestamptz) returns jsonb
language plpgsql set lock_timeout = '1500ms' as $$
declare
  c       voice_calls;
  counted boolean := false;
  number  text := p_phone;
  made    uuid[] := '{}';
  rows    jsonb;
begin
  if p_call_id is not null then
    select * into c from voice_calls x
     where x.restaurant_id = p_restaurant_id and x.id = p_call_id for no key update;
    if not found then return '{"outcome": "not_found"}'; end if;
    if c.ended_at is not null then return '{"outcome": "call_over"}'; end if;
    number := c.caller_phone;
    made := c.reservation_ids;
    if p_name is null and c.verified_name is null then
      if cardinality(made) = 0 then return '{"outcome": "name_needed"}'; end if;
      number := null;
    elsif p_name is distinct from c.verified_name and p_name is not null then
      if c.name_tries >= 3 or (
        select sum(x.name_tries) from voice_calls x
         where x.restaurant_id = p_restaurant_id and x.caller_phone = c.caller_phone
           and x.started_at > p_now - interval '1 day') >= 9
      then return '{"outcome": "tries_spent"}'; end if;
      update voice_calls x set name_tries = x.name_tries + 1
       where x.restaurant_id = p_restaurant_id and x.id = p_call_id;
      counted := true;
    end if;
  end if;
  select coalesce(jsonb_agg(jsonb_build_object(
           'reservation', reservation_json(r), 'guest_name', g.name, 'made', r.id = any (made))
           order by r.starts_at), '[]')
    into rows
    from (select r.*
            from reservations r
           where r.restaurant_id = p_restaurant_id and r.phone_number = number
             and r.starts_at > p_now - interval '25 hours' and r.ends_at > p_now
             and r.status in ('pending', 'confirmed', 'seated')
           order by r.starts_at
           limit 20) r
    left join guests g on g.restaurant_id = p_restaurant_id and g.id = r.guest_id;
  -- By a code, whatever has become of it; and what the call itself has made.
  rows := rows || (
    select coalesce(jsonb_agg(jsonb_build_object(
             'reservation', reservation_json(r), 'guest_name', g.name, 'made', r.id = any (made))
             order by r.starts_at), '[]')
      from (select unnest(made) as id
             union
            select x.id from reservations x
             where x.restaurant_id = p_restaurant_id and x.confirmation_code = p_code
               and (p_call_id is null or x.phone_number = number)) f
      join reservations r on r.restaurant_id = p_restaurant_id and r.id = f.id
      left join guests g on g.restaurant_id = p_restaurant_id and g.id = r.guest_id
     where r.status <> 'held'
       and not rows @> jsonb_build_array(jsonb_build_object('reservation', jsonb_build_object('id', r.id))));
  return jsonb_build_object('outcome', 'bookings', 'counted', counted, 'accepted_name', c.verified_name, 'bookings', rows);
end $$;

-- The name answered to the number: it need not be said again in this call, and that try was none.
create function accept_name(p_restaurant_id uuid, p_call_id uuid, p_name text) returns void language sql as $$
  update voice_calls c
     set verified_name = p_name, name_tries = greatest(0, c.name_tries - 1), version = c.version + 1
   where c.restaurant_id = p_restaurant_id and c.id = p_call_id and c.ended_at is null
$$;

-- The hold is the call's, to be moved by its next wish and given back when it ends.
create function held_in_call(p_restaurant_id uuid, p_call_id uuid, p_answer jsonb) returns jsonb language plpgsql as $$
begin
  if p_call_id is not null and p_answer->>'outcome' = 'booked' then
    update voice_calls c set hold_id = (p_answer->'reservation'->>'id')::uuid
     where c.restaurant_id = p_restaurant_id and c.id = p_call_id and c.ended_at is null;
    if not found then raise exception 'the call is over' using errcode = 'TS021'; end if;
  end if;
  return p_answer;
end $$;

-- A table held for who is on the line: one a call, so a second wish moves the hold, and the first place is kept where the
-- second cannot be had. `caller_number` is who will book: what that number may not have is refused before it is held.
create function hold_for_agent(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
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

  perform lock_days(restaurant.lock_no, restaurant.timezone, taken_by(held), wanted_by(a));
  select * into held from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = held.id and x.status = 'held' and x.hold_expires_at > a.now
     for no key update;
  if not found then return held_in_call(a.restaurant_id, call_id, book(p_plan)); end if;
  update reservations x set hold_expires_at = a.hold_expires_at
   where x.restaurant_id = a.restaurant_id and x.id = held.id;
  update claims x set expires_at = a.hold_expires_at
   where x.restaurant_id = a.restaurant_id and x.service_day = held.service_day and x.owner = held.id and x.blocking;
  return change_reservation(p_plan || jsonb_build_object('id', held.id, 'version', held.version, 'moves', true));
end $$;

-- What was read back, and nothing else: a hold that was moved since is not confirmed.
create function confirm_for_agent(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare answer jsonb := confirm_hold(p_plan);
begin
  if answer->>'outcome' = 'booked' and not answer ? 'replayed'
     and (answer->'reservation'->>'version')::integer <> (p_plan->>'version')::integer + 1
  then raise exception 'another version of the hold was read back' using errcode = 'TS022'; end if;
  return answer;
end $$;

-- Jobs -------------------------------------------------------------------------------------------------------------------

-- Calls that nobody has heard of for so long: the line is dead, whatever the vendor forgot to say.
create function silent_calls(p_now timestamptz, p_minutes integer)
returns table (restaurant_id uuid, id uuid) language sql stable as $$
  select c.restaurant_id, c.id from voice_calls c
   where c.ended_at is null and c.last_heard_at < p_now - make_interval(mins => p_minutes)
   order by c.last_heard_at limit 500
$$;

-- What was said, by whom and from where is gone; the figures stay.
create function empty_calls(p_ids uuid[], p_now timestamptz) returns integer language plpgsql as $$
declare emptied integer;
begin
  with old as (select c.restaurant_id, c.id from voice_calls c where c.id = any (p_ids) and c.purged_at is null),
  turns as (
    delete from voice_turns t using old o where t.restaurant_id = o.restaurant_id and t.call_id = o.id),
  handoffs as (
    update voice_handoffs h set data = '{}' from old o where h.restaurant_id = o.restaurant_id and h.call_id = o.id),
  tools as (
    update voice_tool_calls t set input = '{}' from old o where t.restaurant_id = o.restaurant_id and t.call_id = o.id)
  update voice_calls c
     set purged_at = p_now, caller_phone = null, called_number = null, state = '{}', verified_name = null,
         summary = null, escalation = c.escalation - 'summary', version = c.version + 1
    from old o
   where c.restaurant_id = o.restaurant_id and c.id = o.id;
  get diagnostics emptied = row_count;
  return emptied;
end $$;

-- After the days that the house keeps transcripts.
create function purge_calls(p_now timestamptz) returns integer language sql as $$
  select empty_calls(array(
    select c.id
      from restaurants r
     cross join lateral (
       select x.id from voice_calls x
        where x.restaurant_id = r.id and x.purged_at is null and x.ended_at is not null
          and x.started_at < p_now - make_interval(days => coalesce((r.settings->'voice'->>'transcript_days')::integer, 30))
        order by x.started_at limit 1000) c), p_now)
$$;

-- For somebody who wants to be forgotten: the calls from their number that are over.
create function forget_caller(p_restaurant_id uuid, p_phone text, p_now timestamptz) returns integer language sql as $$
  select empty_calls(array(
    select c.id from voice_calls c
     where c.restaurant_id = p_restaurant_id and c.caller_phone = p_phone and c.ended_at is not null), p_now)
$$;
