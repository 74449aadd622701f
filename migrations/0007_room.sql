-- The house edits its room, its rules and its keys. What the rules decided on one version of the restaurant is written
-- only while that is its version, under the restaurant's lock: no booking decided on the old version is still on its
-- way, so that a table that is put away is known to have no party to come.

-- What the rules decided; the same names as HouseDecision in src/restaurants/room-rules.ts.
create type house_change as (
  restaurant_id uuid,
  version       integer,  -- of the restaurant it was decided on
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  from_date     date,     -- the first special day that the whole value shows
  refusal       jsonb,    -- what the rules have against it: {"outcome": code, …}
  id            uuid,     -- the table or combination; null for a new one
  fields        jsonb,    -- the columns that change
  combinations  jsonb     -- those that a smaller table makes smaller
);

create function append_event(a house_change, p_type text, p_subject uuid, p_before jsonb, p_after jsonb) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_before, p_after)
$$;

create function written_answer(p_row jsonb) returns jsonb language sql immutable as $$
  select jsonb_build_object('outcome', 'written', 'written', p_row)
$$;

-- The restaurant itself ------------------------------------------------------------------------------------------------

-- The same instant has another service day under another time zone, and the book looks for claims by service day.
-- Reservations first: whoever else changes a claim holds its reservation's row. What is long past stays as it was.
create function move_service_days(p_restaurant_id uuid, p_timezone text, p_from date) returns void
language plpgsql as $$
begin
  update reservations r set service_day = service_day(r.starts_at, p_timezone)
   where r.restaurant_id = p_restaurant_id and r.service_day >= p_from;
  update claims c set service_day = service_day(lower(c.during), p_timezone)
   where c.restaurant_id = p_restaurant_id and c.service_day >= p_from;
end $$;

create function edit_restaurant(a house_change) returns jsonb language plpgsql as $$
declare
  old    restaurants;
  r      restaurants;
  before jsonb;
begin
  select * into old from restaurants x where x.id = a.restaurant_id for no key update;
  before := restaurant_json(old, a.from_date) - '{tables,combinations}'::text[];

  if a.fields ? 'special_days' then
    delete from special_days d where d.restaurant_id = old.id and d.date >= a.from_date;
    insert into special_days (restaurant_id, date, hours, reason)
    select old.id, d.date, d.hours, d.reason
      from jsonb_to_recordset(a.fields->'special_days') as d(date date, hours jsonb, reason text)
    on conflict (restaurant_id, date) do update set hours = excluded.hours, reason = excluded.reason;
  end if;
  -- One edit is one version, however many special days it touched.
  update restaurants x
     set (name, timezone, country, currency, email, phone, address, languages, settings, hours) = (
           select n.name, n.timezone, n.country, n.currency, n.email, n.phone, n.address, n.languages, n.settings, n.hours
             from jsonb_populate_record(old, a.fields) n),
         version = old.version + 1, updated_at = a.now
   where x.id = old.id
  returning * into r;
  if r.timezone <> old.timezone then
    perform move_service_days(r.id, r.timezone, service_day(a.now, old.timezone) - 3);
  end if;

  perform append_event(a, 'restaurant.changed', r.id, before,
                       restaurant_json(r, a.from_date) - '{tables,combinations}'::text[]);
  return written_answer(restaurant_json(r, a.from_date));
end $$;

-- Tables and combinations ------------------------------------------------------------------------------------------------

create function put_table(a house_change) returns jsonb language plpgsql as $$
declare
  old    tables;
  t      tables;
begin
  if a.id is null then
    insert into tables (restaurant_id, number, seats, min_party, area, position, notes, enabled)
    select a.restaurant_id, n.number, n.seats, n.min_party, n.area, n.position, n.notes, n.enabled
      from jsonb_populate_record(null::tables, a.fields) n
    returning * into t;
    perform append_event(a, 'table.added', t.id, null, to_jsonb(t));
    return written_answer(to_jsonb(t));
  end if;

  select * into old from tables x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  update tables x
     set (number, seats, min_party, area, position, notes, enabled) = (
           select n.number, n.seats, n.min_party, n.area, n.position, n.notes, n.enabled
             from jsonb_populate_record(old, a.fields) n),
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = a.id
  returning * into t;
  perform append_event(a, 'table.changed', t.id, to_jsonb(old), to_jsonb(t));
  perform write_combination(a, c.id, to_jsonb(c) - 'id')
     from jsonb_to_recordset(a.combinations) as c(id uuid, min_party smallint, max_party smallint);
  return written_answer(to_jsonb(t));
end $$;

-- The table is put away with the combinations it was part of, unless a party is still to come to it.
create function archive_table(a house_change) returns jsonb language plpgsql as $$
declare
  coming integer;
  old    tables;
  t      tables;
begin
  -- A claim lasts 25 hours at the most, so one that is not over began the day before yesterday at the earliest.
  select count(*) into coming
    from claims c
    join restaurants r on r.id = c.restaurant_id
   where c.restaurant_id = a.restaurant_id and c.table_id = a.id and c.blocking
     and c.service_day >= service_day(a.now, r.timezone) - 2
     and upper(c.during) > a.now and (c.expires_at is null or c.expires_at > a.now);
  if coming > 0 then return jsonb_build_object('outcome', 'table_in_use', 'claims', coming); end if;

  with gone as (
    delete from combinations c where c.restaurant_id = a.restaurant_id and c.table_ids @> array[a.id] returning c.*)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before)
  select a.restaurant_id, a.now, 'combination.removed', g.id, a.actor, a.request_id, to_jsonb(g) from gone g;
  select * into old from tables x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  update tables x set archived_at = a.now, version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = a.id
  returning * into t;
  perform append_event(a, 'table.archived', t.id, to_jsonb(old), to_jsonb(t));
  return written_answer(to_jsonb(t));
end $$;

create function write_combination(a house_change, p_id uuid, p_fields jsonb) returns jsonb language plpgsql as $$
declare
  old combinations;
  c   combinations;
begin
  select * into old from combinations x where x.restaurant_id = a.restaurant_id and x.id = p_id;
  update combinations x
     set (table_ids, min_party, max_party) = (
           select n.table_ids, n.min_party, n.max_party from jsonb_populate_record(old, p_fields) n),
         version = old.version + 1
   where x.restaurant_id = a.restaurant_id and x.id = p_id
  returning * into c;
  perform append_event(a, 'combination.changed', c.id, to_jsonb(old), to_jsonb(c));
  return to_jsonb(c);
end $$;

create function put_combination(a house_change) returns jsonb language plpgsql as $$
declare
  c      combinations;
begin
  if a.id is not null then return written_answer(write_combination(a, a.id, a.fields)); end if;
  insert into combinations (restaurant_id, table_ids, min_party, max_party)
  select a.restaurant_id, n.table_ids, n.min_party, n.max_party
    from jsonb_populate_record(null::combinations, a.fields) n
  returning * into c;
  perform append_event(a, 'combination.added', c.id, null, to_jsonb(c));
  return written_answer(to_jsonb(c));
end $$;

create function remove_combination(a house_change) returns jsonb language plpgsql as $$
declare
  c      combinations;
begin
  delete from combinations x where x.restaurant_id = a.restaurant_id and x.id = a.id returning * into c;
  perform append_event(a, 'combination.removed', c.id, to_jsonb(c), null);
  return written_answer(to_jsonb(c));
end $$;

-- Every edit, in one statement, so that the lock that all bookings wait for is had for a moment only: the first answer
-- to the key, the lock, the version, what the rules have against it, the write. What is stale is not kept under the
-- key: nothing was done, and the same call is decided again.
create function change_house(p_edit text, p_change jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      house_change := jsonb_populate_record(null::house_change, p_change);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  r      restaurants;
begin
  if answer is not null then return answer; end if;
  perform lock_restaurant(a.restaurant_id);
  select * into r from restaurants x where x.id = a.restaurant_id;
  if r.version <> a.version then
    return jsonb_build_object('outcome', 'stale_restaurant', 'restaurant', restaurant_json(r, a.from_date));
  end if;
  if a.refusal->>'outcome' = 'stale_version' then return a.refusal; end if;

  answer := coalesce(a.refusal, case p_edit
    when 'edit_restaurant'    then edit_restaurant(a)
    when 'put_table'          then put_table(a)
    when 'archive_table'      then archive_table(a)
    when 'put_combination'    then put_combination(a)
    when 'remove_combination' then remove_combination(a)
  end);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, answer);
end $$;

-- Keys -------------------------------------------------------------------------------------------------------------------

-- A key as anybody may see it: never its hash.
create function key_json(k api_keys) returns jsonb language sql stable as $$
  select to_jsonb(k) - 'hash'
$$;

create function issue_key(p_change jsonb) returns jsonb language plpgsql as $$
declare
  a house_change := jsonb_populate_record(null::house_change, p_change);
  k api_keys;
begin
  insert into api_keys (restaurant_id, name, prefix, hash, scopes, rate_per_minute, created_at)
  select a.restaurant_id, n.name, n.prefix, decode(n.hash, 'hex'), n.scopes, n.rate_per_minute, a.now
    from jsonb_to_record(a.fields) as n(name text, prefix text, hash text, scopes text[], rate_per_minute integer)
  returning * into k;
  perform append_event(a, 'key.issued', k.id, null, key_json(k));
  return written_answer(key_json(k));
end $$;

-- A key that was revoked before stays so since then. A key revokes itself, and those that may no more than it may.
create function revoke_key(p_change jsonb) returns jsonb language plpgsql as $$
declare
  a   house_change := jsonb_populate_record(null::house_change, p_change);
  old api_keys;
  k   api_keys;
begin
  select * into old from api_keys x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if old.revoked_at is not null then return written_answer(key_json(old)); end if;
  if old.id::text is distinct from a.actor->>'id'
     and not old.scopes <@ array(select jsonb_array_elements_text(a.fields->'revocable'))
  then return '{"outcome": "forbidden"}'; end if;
  update api_keys x set revoked_at = a.now where x.restaurant_id = a.restaurant_id and x.id = a.id returning * into k;
  perform append_event(a, 'key.revoked', k.id, key_json(old), key_json(k));
  return written_answer(key_json(k));
end $$;
