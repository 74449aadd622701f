-- R298. An edit that changes nothing is no change: the version stays, and with it whatever was decided on it; no event tells
-- of it.

-- As in 0007; what comes to the same restaurant is answered with it as it is.
create or replace function edit_restaurant(a house_change) returns jsonb language plpgsql as $$
declare
  old    restaurants;
  r      restaurants;
  before jsonb;
  dated  jsonb;
begin
  select * into old from restaurants x where x.id = a.restaurant_id for no key update;
  before := restaurant_json(old, a.from_date) - '{tables,combinations}'::text[];
  r := jsonb_populate_record(old, a.fields);
  select coalesce(jsonb_agg(jsonb_build_object('date', d.date, 'hours', d.hours, 'reason', d.reason) order by d.date), '[]')
    into dated
    from jsonb_to_recordset(a.fields->'special_days') as d(date date, hours jsonb, reason text);
  if to_jsonb(r) = to_jsonb(old) and (not a.fields ? 'special_days' or dated = before->'special_days') then
    return written_answer(restaurant_json(old, a.from_date));
  end if;

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

-- As in 0007; a table that comes out as it was is answered as it is.
create or replace function put_table(a house_change) returns jsonb language plpgsql as $$
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
  t := jsonb_populate_record(old, a.fields);
  if to_jsonb(t) = to_jsonb(old) then return written_answer(to_jsonb(old)); end if;
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

-- As in 0007; a combination that comes out as it was is answered as it is.
create or replace function write_combination(a house_change, p_id uuid, p_fields jsonb) returns jsonb
language plpgsql as $$
declare
  old combinations;
  c   combinations;
begin
  select * into old from combinations x where x.restaurant_id = a.restaurant_id and x.id = p_id;
  c := jsonb_populate_record(old, p_fields);
  if to_jsonb(c) = to_jsonb(old) then return to_jsonb(old); end if;
  update combinations x
     set (table_ids, min_party, max_party) = (
           select n.table_ids, n.min_party, n.max_party from jsonb_populate_record(old, p_fields) n),
         version = old.version + 1
   where x.restaurant_id = a.restaurant_id and x.id = p_id
  returning * into c;
  perform append_event(a, 'combination.changed', c.id, to_jsonb(old), to_jsonb(c));
  return to_jsonb(c);
end $$;
