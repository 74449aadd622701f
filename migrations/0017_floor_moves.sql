-- A party goes to another table, two change places, tables are joined for one: all or nothing, under the lock of the day.

-- Parties that change tables -----------------------------------------------------------------------------------------------

create function lock_tables(p_ids uuid[]) returns void language plpgsql as $$
declare one uuid;
begin
  foreach one in array array(select distinct u.id from unnest(p_ids) u(id) order by u.id) loop
    perform lock_table(one);
  end loop;
end $$;

create function claim_kind(r reservations) returns text language sql immutable as $$
  select case when r.status = 'held' then 'hold' when r.source = 'walk_in' then 'walk_in' else 'reservation' end
$$;

-- From when on a party needs tables that it does not have yet: nobody needs one for a time that is over, and who was
-- seated early is there already.
create function begins_at(r reservations, p_now timestamptz) returns timestamptz language sql immutable as $$
  select case when r.status = 'seated' and r.starts_at < p_now + interval '4 hours' then p_now
              else greatest(r.starts_at, p_now) end
$$;

-- Until when a party has its tables: its plan and the time to lay them again, or what it has been given beyond that.
create function keeps_until(r reservations, p_now timestamptz) returns timestamptz language sql stable as $$
  select greatest(r.ends_at + make_interval(mins => r.buffer_minutes),
                  case when r.status = 'seated' or r.starts_at <= p_now then begins_at(r, p_now) + interval '15 minutes' end,
                  (select max(upper(c.during)) from claims c
                    where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id
                      and c.blocking))
$$;

create function still_needed(r reservations, p_now timestamptz) returns tstzrange language sql stable as $$
  select tstzrange(begins_at(r, p_now), keeps_until(r, p_now))
$$;

create function except_tables(p_ids uuid[], p_but uuid[]) returns uuid[] language sql immutable as $$
  select array(select u.id from unnest(p_ids) with ordinality u(id, ord) where u.id <> all (p_but) order by u.ord)
$$;

-- Where a party sat until now stays its claim, for that time; where it has not sat yet, it leaves none.
create function leave_tables(r reservations, p_tables uuid[], p_now timestamptz) returns void language plpgsql as $$
begin
  delete from claims c
   where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id
     and c.table_id = any (p_tables) and c.blocking and lower(c.during) >= p_now;
  update claims c set during = tstzrange(lower(c.during), p_now)
   where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id
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

-- Pacing counts a party once, where it began: its covers are with one row of the tables it began at.
create function take_tables(r reservations, p_tables uuid[], p_wanted tstzrange, p_now timestamptz) returns void
language plpgsql as $$
begin
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner, covers, expires_at)
  select r.restaurant_id, r.service_day, t.id, p_wanted, claim_kind(r), r.id, 0, r.hold_expires_at
    from unnest(p_tables) t(id) order by t.id;
  if r.starts_at >= p_now then
    update claims c set covers = case when c.table_id = r.table_ids[1] then r.party_size else 0 end
     where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id and c.blocking;
  end if;
  if r.status = 'seated' then
    insert into stays (restaurant_id, reservation_id, table_id, from_at)
    select r.restaurant_id, r.id, t.id, p_now from unnest(p_tables) t(id);
  end if;
end $$;

-- The phones of a party go where it goes: sessions that were opened on its claim and not on one of their own.
alter table table_sessions add column at_table_since timestamptz;

create function party_sessions(r reservations, p_tables uuid[], p_now timestamptz) returns uuid[]
language sql stable as $$
  select coalesce(array_agg(s.id order by s.opened_at, s.id), '{}')
    from table_sessions s
   where s.restaurant_id = r.restaurant_id and s.table_id = any (p_tables) and s.closed_at is null
     and (r.status = 'seated' or r.starts_at <= p_now)
     and not exists (select from claims c
                      where c.restaurant_id = s.restaurant_id and c.owner = s.id and c.blocking and c.during @> p_now
                        and c.service_day between r.service_day - 1 and r.service_day + 2)
$$;

create function open_sessions_in_way(p_restaurant_id uuid, p_tables uuid[], p_but uuid[]) returns jsonb
language sql stable as $$
  select jsonb_agg(jsonb_build_object('table_id', t.id, 'table', t.number, 'kind', 'session', 'owner', s.id,
                                      'starts_at', s.opened_at, 'ends_at', null) order by t.number)
    from table_sessions s
    join tables t on t.restaurant_id = s.restaurant_id and t.id = s.table_id
   where s.restaurant_id = p_restaurant_id and s.table_id = any (p_tables) and s.closed_at is null
     and s.id <> all (p_but)
$$;

-- Each session to its new table, all at once: two that change places pass by each other. Tokens are of a table, so they
-- are taken back; the phones scan the code of the new table and are who they were.
create function move_sessions(a floor_plan, p_ids uuid[], p_to uuid[]) returns jsonb language plpgsql as $$
declare
  moved jsonb := '[]';
  olds  table_sessions[];
  old   table_sessions;
  s     table_sessions;
  gone  jsonb;
begin
  olds := array(select x from table_sessions x
                 where x.restaurant_id = a.restaurant_id and x.id = any (p_ids) order by x.id for no key update);
  update table_sessions x set closed_at = a.now, close_reason = 'moving'
   where x.restaurant_id = a.restaurant_id and x.id = any (p_ids);
  foreach old in array olds loop
    gone := session_jtis(a.restaurant_id, old.id);
    update table_sessions x
       set table_id = p_to[array_position(p_ids, old.id)], closed_at = null, close_reason = null, at_table_since = a.now,
           last_activity_at = greatest(old.last_activity_at, a.now), version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = old.id
    returning * into s;
    update session_members m set jti = gen_random_uuid() where m.restaurant_id = a.restaurant_id and m.session_id = s.id;
    update table_calls c
       set table_id = s.table_id,
           table_number = (select t.number from tables t where t.restaurant_id = a.restaurant_id and t.id = s.table_id)
     where c.restaurant_id = a.restaurant_id and c.session_id = s.id and c.acknowledged_at is null;
    perform append_event(a, 'session.moved', s.id, session_json(old), session_json(s));
    moved := moved || jsonb_build_object(
      'from_table_id', old.table_id, 'session', session_json(s), 'revoked', gone,
      'members', (select coalesce(jsonb_agg(member_json(m) order by m.id), '[]') from session_members m
                   where m.restaurant_id = a.restaurant_id and m.session_id = s.id and m.removed_at is null));
  end loop;
  return moved;
end $$;

-- Whether these tables can seat the party at all; null where they can.
create function room_answer(r reservations, p_tables uuid[], p_added uuid[], p_overfill boolean) returns jsonb
language plpgsql stable as $$
declare room record;
begin
  select count(*) as known, coalesce(sum(t.seats), 0) as seats,
         coalesce(bool_or(not t.enabled and t.id = any (p_added)), false) as off
    into room
    from tables t where t.restaurant_id = r.restaurant_id and t.id = any (p_tables) and t.archived_at is null;
  if room.known < cardinality(p_tables) then return '{"outcome": "unknown_table"}'; end if;
  if room.off then return '{"outcome": "table_off"}'; end if;
  if room.seats < r.party_size and not coalesce(p_overfill, false) then
    return jsonb_build_object('outcome', 'too_small', 'seats', room.seats, 'party_size', r.party_size);
  end if;
  return null;
end $$;

create function is_live(r reservations, p_now timestamptz) returns boolean language sql immutable as $$
  select r.status in ('held', 'pending', 'confirmed', 'seated') and (r.hold_expires_at is null or r.hold_expires_at > p_now)
$$;

-- Other tables, more tables, fewer tables, or another time at them: one party, all or nothing. Staff know what they do:
-- pacing is not asked, and the number of seats is not where they say so.
create function move_party(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
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
     where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id;
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

-- Two parties exchange their tables, each for its own time.
create function swap_parties(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      floor_plan := jsonb_populate_record(null::floor_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house  record;
  seen_1 reservations;
  seen_2 reservations;
  one    reservations;
  two    reservations;
  was_1  jsonb;
  was_2  jsonb;
  way    jsonb;
  need_1 tstzrange;
  need_2 tstzrange;
  go_1   uuid[];
  go_2   uuid[];
  to_1   uuid[];
  to_2   uuid[];
  moved  jsonb := '[]';
begin
  if answer is not null then return answer; end if;
  select * into seen_1 from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = find_reservation(a.restaurant_id, a.ref_kind, a.ref, a.now);
  if not found then return '{"outcome": "not_found"}'; end if;
  select * into seen_2 from reservations x
   where x.restaurant_id = a.restaurant_id and x.id = find_reservation(a.restaurant_id, a.other_kind, a.other_ref, a.now);
  if not found then return '{"outcome": "not_found"}'; end if;
  if seen_1.table_ids && seen_2.table_ids then return '{"outcome": "same_table"}'; end if;
  perform lock_tables(seen_1.table_ids || seen_2.table_ids);
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  need_1 := still_needed(seen_1, a.now);
  need_2 := still_needed(seen_2, a.now);
  perform lock_days(house.lock_no, house.timezone, taken_by(seen_1), taken_by(seen_2), need_1, need_2);
  perform from reservations x
    where x.restaurant_id = a.restaurant_id and x.id in (seen_1.id, seen_2.id) order by x.id for no key update;
  select * into one from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen_1.id;
  select * into two from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen_2.id;
  if a.version is not null and a.version <> one.version then return stale_answer(one); end if;
  if a.other_version is not null and a.other_version <> two.version then return stale_answer(two); end if;
  if one.version <> seen_1.version then return stale_answer(one) || '{"outcome": "again"}'; end if;
  if two.version <> seen_2.version then return stale_answer(two) || '{"outcome": "again"}'; end if;
  if not is_live(one, a.now) then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(one));
  end if;
  if not is_live(two, a.now) then
    return jsonb_build_object('outcome', 'illegal', 'reservation', reservation_json(two));
  end if;
  answer := coalesce(room_answer(one, two.table_ids, '{}', a.allow_overfill),
                     room_answer(two, one.table_ids, '{}', a.allow_overfill));
  if answer is not null then return answer; end if;

  way := coalesce(
    in_the_way(a.restaurant_id, house.timezone, two.table_ids, need_1, a.now, array[one.id, two.id]),
    in_the_way(a.restaurant_id, house.timezone, one.table_ids, need_2, a.now, array[one.id, two.id]));
  go_1 := (party_sessions(one, one.table_ids, a.now))[1:cardinality(two.table_ids)];
  go_2 := (party_sessions(two, two.table_ids, a.now))[1:cardinality(one.table_ids)];
  to_1 := two.table_ids[1:cardinality(go_1)];
  to_2 := one.table_ids[1:cardinality(go_2)];
  way := coalesce(way, open_sessions_in_way(a.restaurant_id, to_1 || to_2, go_1 || go_2));
  if way is not null then return taken_answer(way); end if;

  was_1 := reservation_json(one);
  was_2 := reservation_json(two);
  perform clear_lapsed(a.restaurant_id, house.timezone, need_1, a.now, a.request_id);
  perform clear_lapsed(a.restaurant_id, house.timezone, need_2, a.now, a.request_id);
  perform leave_tables(one, one.table_ids, a.now);
  perform leave_tables(two, two.table_ids, a.now);
  update reservations x set table_ids = seen_2.table_ids, version = x.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = one.id returning * into one;
  update reservations x set table_ids = seen_1.table_ids, version = x.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = two.id returning * into two;
  perform take_tables(one, one.table_ids, need_1, a.now);
  perform take_tables(two, two.table_ids, need_2, a.now);
  if cardinality(go_1 || go_2) > 0 then moved := move_sessions(a, go_1 || go_2, to_1 || to_2); end if;

  a.why := coalesce(a.why, 'swap');
  perform append_event(a, 'reservation.moved', one.id, was_1, reservation_json(one));
  perform append_event(a, 'reservation.moved', two.id, was_2, reservation_json(two));
  return keep_answer(a, jsonb_build_object('outcome', 'swapped', 'one', reservation_json(one),
                                           'two', reservation_json(two), 'sessions', moved));
end $$;
