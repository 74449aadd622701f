-- Who sits keeps the table; and what the board, the timeline and the history read.

-- Staying longer -----------------------------------------------------------------------------------------------------------

-- Asked for: the plan itself is longer from then on. Counted from its end, or from now where that is over.
create function extend_party(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house  record;
  seen   reservations;
  old    reservations;
  r      reservations;
  ends   timestamptz;
  until  timestamptz;
  way    jsonb;
begin
  if answer is not null then return answer; end if;
  select * into seen from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = find_reservation(a.restaurant_id, a.ref_kind, a.ref, a.now);
  if not found then return '{"outcome": "not_found"}'; end if;
  ends := greatest(seen.ends_at, case when seen.status = 'seated' then a.now end) + make_interval(mins => a.minutes);
  until := ends + make_interval(mins => seen.buffer_minutes);
  if until <= a.now or until - seen.starts_at > interval '24 hours' then return '{"outcome": "bad_time"}'; end if;
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  perform lock_days(house.lock_no, house.timezone, taken_by(seen), tstzrange(seen.starts_at, until));
  select * into old from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen.id for no key update;
  if a.version is not null and a.version <> old.version then return stale_answer(old); end if;
  if old.version <> seen.version then return stale_answer(old) || '{"outcome": "again"}'; end if;
  if old.status not in ('pending', 'confirmed', 'seated') then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(old));
  end if;
  way := in_the_way(a.restaurant_id, house.timezone, old.table_ids,
                    tstzrange(greatest(a.now, old.starts_at), until), a.now, array[old.id]);
  if way is not null then return taken_answer(way); end if;
  perform clear_lapsed(a.restaurant_id, house.timezone, tstzrange(greatest(a.now, old.starts_at), until), a.now, a.request_id);
  perform keep_table(old.restaurant_id, house.timezone, t.id, old.id, claim_kind(old), old.service_day,
                     greatest(a.now, old.starts_at), until)
     from unnest(old.table_ids) t(id);
  update reservations x set ends_at = ends, version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  answer := reservation_json(r);
  perform append_event(a, 'reservation.extended', r.id, reservation_json(old), answer);
  return keep_answer(a, jsonb_build_object('outcome', 'moved', 'reservation', answer, 'sessions', '[]'::jsonb));
end $$;

-- Under the day locks: the owner's claim on a table reaches until then, or to the next claim. Where others had the table
-- in between, a new claim begins now. Answers until when, or null where nothing had to be or could be done.
create function keep_table(p_restaurant_id uuid, p_timezone text, p_table_id uuid, p_owner uuid, p_kind text, p_day date,
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
  until := least(p_until, other, lower(mine) + interval '25 hours');
  if until > upper(mine) and until > p_now then
    update claims c set during = tstzrange(lower(mine), until)
     where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
       and c.table_id = p_table_id and c.owner = p_owner and c.blocking and c.during = mine;
    return until;
  end if;
  if upper(mine) > p_now then return null; end if;
  select min(greatest(lower(c.during), p_now)) into other from claims c
   where c.restaurant_id = p_restaurant_id and c.service_day between first_day and last_day
     and c.table_id = p_table_id and c.blocking and upper(c.during) > p_now
     and (c.expires_at is null or c.expires_at > p_now);
  if other <= p_now then return null; end if;
  until := least(p_until, other);
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
  values (p_restaurant_id, p_day, p_table_id, tstzrange(p_now, until), p_kind, p_owner);
  return until;
end $$;

-- Houses where somebody sits whose claim is about to end, or who came before their time; or where phones are at a table.
create function houses_with_stays(p_now timestamptz) returns table (restaurant_id uuid) language sql stable as $$
  select r.restaurant_id from reservations r
   where r.seated_at is not null and r.completed_at is null and still_sits(r, p_now)
     and r.ends_at between p_now - interval '3 hours' and p_now + interval '16 hours'
     and (r.ends_at < p_now + interval '15 minutes' or r.starts_at > p_now)
  union
  select s.restaurant_id from table_sessions s where s.closed_at is null and s.opened_at > p_now - interval '12 hours'
$$;

-- Who sits stays: nobody is seated on top of a party that outstays its plan. A quarter of an hour ahead at a time, up to
-- the next claim; twice at once is once.
create function extend_stays(p_restaurant_id uuid, p_now timestamptz, p_request_id text) returns integer
language plpgsql set lock_timeout = '1500ms' as $$
declare
  ahead    timestamptz := p_now + interval '15 minutes';
  house    record;
  one      record;
  until    timestamptz;
  extended integer := 0;
begin
  select x.lock_no, x.timezone into house from restaurants x where x.id = p_restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  perform lock_days(house.lock_no, house.timezone, tstzrange(p_now - interval '4 hours', ahead));
  -- A step of their life waits here, or has been taken.
  perform from reservations r
    where r.restaurant_id = p_restaurant_id and r.starts_at between p_now - interval '30 hours' and p_now + interval '4 hours'
      and still_sits(r, p_now) order by r.id for no key update;
  perform clear_lapsed(p_restaurant_id, house.timezone, tstzrange(p_now, ahead), p_now, p_request_id);
  for one in
    select r.id, t.id as table_id, r.service_day, claim_kind(r) as kind, to_jsonb(r) as party
      from reservations r cross join lateral unnest(r.table_ids) t(id)
     where r.restaurant_id = p_restaurant_id and r.starts_at between p_now - interval '30 hours' and p_now + interval '4 hours'
       and still_sits(r, p_now)
     order by r.starts_at, r.id, t.id
  loop
    until := case when (one.party->>'starts_at')::timestamptz > p_now
                  then came_early(p_restaurant_id, house.timezone, one.table_id, one.id, one.kind, one.service_day, p_now)
                  else keep_table(p_restaurant_id, house.timezone, one.table_id, one.id, one.kind, one.service_day, p_now, ahead) end;
    if until is not null then
      extended := extended + 1;
      insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
      values (p_restaurant_id, p_now, 'reservation.stays', one.id, '{"kind": "cron"}', p_request_id,
              one.party || jsonb_build_object('table_id', one.table_id, 'claimed_until', until));
    end if;
  end loop;
  return extended + extend_sessions(p_restaurant_id, house.timezone, p_now, ahead, p_request_id);
end $$;

-- Seated before its time: the table is taken from now to then. Where somebody else has it meanwhile, as much as is free.
create function came_early(p_restaurant_id uuid, p_timezone text, p_table_id uuid, p_owner uuid, p_kind text, p_day date,
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
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
  values (p_restaurant_id, p_day, p_table_id, tstzrange(p_now, until), p_kind, p_owner);
  return until;
end $$;

-- A session keeps the table it claimed; one whose party's booking ran out without anybody saying that they left does too.
create function extend_sessions(
  p_restaurant_id uuid, p_timezone text, p_now timestamptz, p_ahead timestamptz, p_request_id text) returns integer
language plpgsql as $$
declare
  s        table_sessions;
  until    timestamptz;
  extended integer := 0;
begin
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
    until := keep_table(p_restaurant_id, p_timezone, s.table_id, s.id, 'session', service_day(p_now, p_timezone), p_now, p_ahead);
    if until is not null then
      extended := extended + 1;
      insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
      values (p_restaurant_id, p_now, 'session.stays', s.id, '{"kind": "cron"}', p_request_id,
              session_json(s) || jsonb_build_object('claimed_until', until));
    end if;
  end loop;
  return extended;
end $$;

-- The note of the day -------------------------------------------------------------------------------------------------------

create function put_floor_note(p_plan jsonb, p_date date, p_note text) returns jsonb language plpgsql as $$
declare
  a   floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  old floor_notes;
  n   floor_notes;
begin
  -- Two who write the first note of a day: the second sees the first.
  perform pg_advisory_xact_lock(hashtextextended(a.restaurant_id::text || p_date::text, 5));
  select * into old from floor_notes x where x.restaurant_id = a.restaurant_id and x.date = p_date;
  if a.version is not null and a.version <> coalesce(old.version, 0) then
    return jsonb_build_object('outcome', 'stale', 'note', to_jsonb(old));
  end if;
  insert into floor_notes as x (restaurant_id, date, note, updated_by, updated_at)
  values (a.restaurant_id, p_date, p_note, a.actor, a.now)
  on conflict (restaurant_id, date) do update
     set note = excluded.note, version = x.version + 1, updated_by = excluded.updated_by, updated_at = excluded.updated_at
  returning * into n;
  perform append_event(a, 'floor.noted', a.restaurant_id, to_jsonb(old), to_jsonb(n));
  return jsonb_build_object('outcome', 'written', 'note', to_jsonb(n));
end $$;

-- What the board reads --------------------------------------------------------------------------------------------------------

create function ms_of(at timestamptz) returns double precision language sql immutable parallel safe as $$
  select date_part('epoch', at) * 1000
$$;

create function party_json(r reservations, g guests) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'id', r.id, 'confirmation_code', r.confirmation_code, 'status', r.status, 'name', coalesce(r.name, g.name),
    'party_size', r.party_size, 'starts_at', ms_of(r.starts_at), 'ends_at', ms_of(r.ends_at),
    'seated_at', ms_of(r.seated_at), 'completed_at', ms_of(r.completed_at), 'late_minutes', r.late_minutes,
    'notes', r.notes, 'other_info', r.other_info, 'source', r.source, 'version', r.version, 'guest_id', r.guest_id,
    'vip', coalesce(g.vip, false), 'allergies', coalesce(to_jsonb(g.allergies), '[]'), 'birthday', g.birthday,
    'guest_notes', g.notes)
$$;

-- Claims that touch the time, in order; of who sits there past its claim what it had last. With `p_past` also the
-- parties that have left, for the time they sat.
create function floor_claims(p_restaurant_id uuid, p_days date[], p_from timestamptz, p_to timestamptz,
                             p_now timestamptz, p_past boolean) returns jsonb language sql stable as $$
  with live as (
    select c.table_id, c.kind, c.owner, lower(c.during) as starts_at, upper(c.during) as ends_at
      from claims c
     where c.restaurant_id = p_restaurant_id and c.service_day = any (p_days) and c.blocking
       and lower(c.during) < p_to and upper(c.during) > p_from
       and (c.expires_at is null or c.expires_at > p_now)),
  sitting as (
    select t.id as table_id, claim_kind(r) as kind, r.id as owner, r.starts_at, r.ends_at
      from reservations r cross join lateral unnest(r.table_ids) t(id)
     where r.restaurant_id = p_restaurant_id and still_sits(r, p_now)
       and r.starts_at between p_now - interval '30 hours' and p_now + interval '4 hours'
       and not exists (select from live l where l.owner = r.id and l.table_id = t.id)),
  left_again as (
    select t.id as table_id, claim_kind(r) as kind, r.id as owner,
           coalesce(s.from_at, r.seated_at, r.starts_at) as starts_at,
           coalesce(s.to_at, r.completed_at) as ends_at
      from reservations r
     cross join lateral unnest(r.table_ids) t(id)
      left join stays s on s.restaurant_id = r.restaurant_id and s.reservation_id = r.id and s.table_id = t.id
     where p_past and r.restaurant_id = p_restaurant_id and r.status = 'completed' and r.completed_at is not null
       and r.starts_at between p_from - interval '25 hours' and p_to
       and r.completed_at > greatest(p_from, r.seated_at)),
  found as (select * from live union all select * from sitting
            union all select * from left_again l where l.ends_at > l.starts_at)
  select coalesce(jsonb_agg(jsonb_build_object(
           'table_id', f.table_id, 'kind', f.kind, 'owner', f.owner, 'starts_at', ms_of(f.starts_at),
           'ends_at', ms_of(f.ends_at), 'party', case when r.id is not null then party_json(r, g) end,
           'reason', b.reason) order by f.starts_at, f.owner, f.table_id), '[]')
    from found f
    left join reservations r on r.restaurant_id = p_restaurant_id and r.id = f.owner
    left join guests g on g.restaurant_id = p_restaurant_id and g.id = r.guest_id
    left join blocks b on b.restaurant_id = p_restaurant_id and b.id = f.owner and f.kind = 'block'
$$;

-- Open sessions: who sits there, what they ordered and owe, what the till has of it, and whom they called.
create function floor_sessions(p_restaurant_id uuid) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'id', s.id, 'table_id', s.table_id, 'opened_at', ms_of(s.opened_at),
           'last_activity_at', ms_of(greatest(s.last_activity_at, o.updated_at)), 'members', m.members,
           'orders', o.orders, 'total_minor', o.total_minor, 'unpaid_minor', o.unpaid_minor,
           'pos_failed', o.failed, 'pos_waiting', o.waiting, 'calls', k.calls) order by s.opened_at, s.id), '[]')
    from table_sessions s
   cross join lateral (
      select count(*) as members from session_members x
       where x.restaurant_id = s.restaurant_id and x.session_id = s.id and x.removed_at is null) m
   cross join lateral (
      select count(*) as orders, coalesce(sum(x.total_minor), 0) as total_minor,
             coalesce(sum(x.total_minor) filter (where x.status <> 'paid'), 0) as unpaid_minor,
             count(*) filter (where x.status = 'pos_failed') as failed,
             count(*) filter (where x.status in ('review', 'fired')) as waiting, max(x.updated_at) as updated_at
        from orders x
       where x.restaurant_id = s.restaurant_id and x.session_id = s.id and x.status <> 'rejected') o
   cross join lateral (
      select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'kind', x.kind, 'called_at', ms_of(x.called_at))
                                order by x.called_at), '[]') as calls
        from table_calls x
       where x.restaurant_id = s.restaurant_id and x.session_id = s.id and x.acknowledged_at is null) k
   where s.restaurant_id = p_restaurant_id and s.closed_at is null
$$;

-- Who sat at a table, in the order they were expected: those whose table it was to the end, and those who left it.
create function table_visits(p_restaurant_id uuid, p_table_id uuid, p_from timestamptz, p_before timestamptz,
                             p_after_at timestamptz, p_after_id uuid, p_limit integer)
returns table (visit jsonb) language sql stable as $$
  select jsonb_build_object(
           'id', r.id, 'confirmation_code', r.confirmation_code, 'name', coalesce(r.name, g.name),
           'party_size', r.party_size, 'status', r.status, 'source', r.source, 'notes', r.notes,
           'starts_at', r.starts_at, 'ends_at', r.ends_at,
           'seated_at', coalesce(s.from_at, r.seated_at), 'left_at', coalesce(s.to_at, r.completed_at),
           'moved', s.moved)
    from reservations r
    left join guests g on g.restaurant_id = r.restaurant_id and g.id = r.guest_id
   cross join lateral (
      select min(x.from_at) as from_at,
             case when count(x.*) filter (where x.to_at is null) = 0 then max(x.to_at) end as to_at, count(*) > 0 as moved
        from stays x
       where x.restaurant_id = r.restaurant_id and x.reservation_id = r.id and x.table_id = p_table_id) s
   where r.restaurant_id = p_restaurant_id and r.starts_at >= p_from and r.starts_at < p_before
     and (r.table_ids @> array[p_table_id] or s.moved) and r.status in ('pending', 'confirmed', 'seated', 'completed', 'no_show')
     and (p_after_at is null or (r.starts_at, r.id) > (p_after_at, p_after_id))
   order by r.starts_at, r.id
   limit p_limit
$$;

-- By table: how long somebody sat there, how many parties and covers. A joined party's covers are shared by seats.
create function table_use(p_restaurant_id uuid, p_from timestamptz, p_before timestamptz, p_now timestamptz)
returns table (table_id uuid, parties integer, covers double precision, seated_minutes double precision)
language sql stable as $$
  with sat as (
    select r.id, r.party_size, r.table_ids, r.seated_at, coalesce(r.completed_at, least(p_now, r.ends_at + interval '3 hours')) as left_at,
           (select sum(t.seats) from tables t where t.restaurant_id = r.restaurant_id and t.id = any (r.table_ids)) as seats
      from reservations r
     where r.restaurant_id = p_restaurant_id and r.starts_at >= p_from and r.starts_at < p_before
       and r.status in ('seated', 'completed') and r.seated_at is not null),
  spans as (
    select o.id, t.id as table_id, o.party_size, o.seats, o.seated_at as from_at, o.left_at as to_at, true as last
      from sat o cross join lateral unnest(o.table_ids) t(id)
     where not exists (select from stays s
                        where s.restaurant_id = p_restaurant_id and s.reservation_id = o.id and s.table_id = t.id)
    union all
    select o.id, s.table_id, o.party_size, o.seats, s.from_at, coalesce(s.to_at, o.left_at), s.to_at is null
      from sat o
      join stays s on s.restaurant_id = p_restaurant_id and s.reservation_id = o.id)
  select x.table_id, count(distinct x.id) filter (where x.last)::integer,
         coalesce(sum(x.party_size::double precision * t.seats / nullif(x.seats, 0)) filter (where x.last), 0),
         coalesce(sum(greatest(0, date_part('epoch', x.to_at - x.from_at) / 60)), 0)
    from spans x
    join tables t on t.restaurant_id = p_restaurant_id and t.id = x.table_id
   group by x.table_id
$$;
