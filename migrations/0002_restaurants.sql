-- A restaurant is one value: settings, hours, special days, tables, combinations, under one version.

create table restaurants (
  id          uuid primary key default uuidv7(),
  -- The first half of this restaurant's advisory locks; the second is a service day.
  lock_no     integer generated always as identity unique,
  slug        text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name        text not null,
  timezone    text not null,
  country     text not null check (country ~ '^[A-Z]{2}$'),
  currency    text not null check (currency ~ '^[A-Z]{3}$'),
  email       text,
  phone       text,
  address     text,
  languages   text[] not null default '{en}',
  settings    jsonb not null,
  hours       jsonb not null,
  version     integer not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

-- A special day overrides the weekly hours of its date; no hours at all is a blackout.
create table special_days (
  restaurant_id uuid not null references restaurants on delete cascade,
  date          date not null,
  hours         jsonb not null default '[]',
  reason        text,
  primary key (restaurant_id, date)
);

create table tables (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null references restaurants on delete cascade,
  number        text not null,
  seats         smallint not null check (seats between 1 and 100),
  min_party     smallint not null default 1 check (min_party between 1 and 100),
  area          text,
  position      jsonb,
  notes         text,
  enabled       boolean not null default true,
  version       integer not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  -- A table that has a history is put away, not deleted.
  archived_at   timestamptz,
  unique (restaurant_id, id),
  check (min_party <= seats)
);
create unique index tables_number on tables (restaurant_id, number) where archived_at is null;

-- Tables that may be joined for a party too large for any one of them.
create table combinations (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null references restaurants on delete cascade,
  table_ids     uuid[] not null check (cardinality(table_ids) between 2 and 12),
  min_party     smallint not null check (min_party >= 1),
  max_party     smallint not null,
  version       integer not null default 1,
  created_at    timestamptz not null default now(),
  check (min_party <= max_party),
  unique (restaurant_id, table_ids)
);

-- A key acts for one restaurant; a key without one is a platform operator's. Only the hash is kept.
create table api_keys (
  id              uuid primary key default uuidv7(),
  restaurant_id   uuid references restaurants on delete cascade,
  name            text not null,
  prefix          text not null,
  hash            bytea not null unique,
  scopes          text[] not null check (cardinality(scopes) > 0),
  rate_per_minute integer not null default 1200 check (rate_per_minute > 0),
  created_at      timestamptz not null default now(),
  revoked_at      timestamptz,
  check ((restaurant_id is null) = (scopes = '{platform}'))
);
create index api_keys_restaurant on api_keys (restaurant_id, created_at);

-- Whatever changes a part of the restaurant gives the whole a new version: a decision made with the old one is refused.
create function bump_restaurant_version() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    update restaurants set version = version + 1, updated_at = now() where id = old.restaurant_id;
  else
    update restaurants set version = version + 1, updated_at = now() where id = new.restaurant_id;
  end if;
  return null;
end $$;
create trigger tables_version after insert or update or delete on tables
  for each row execute function bump_restaurant_version();
create trigger combinations_version after insert or update or delete on combinations
  for each row execute function bump_restaurant_version();
create trigger special_days_version after insert or update or delete on special_days
  for each row execute function bump_restaurant_version();

-- The whole value as one JSON document; special days from a date on, so that it does not grow with history.
create function restaurant_json(r restaurants, p_from date) returns jsonb language sql stable as $$
  select to_jsonb(r) - 'lock_no' || jsonb_build_object(
    'special_days', (
      select coalesce(jsonb_agg(jsonb_build_object('date', d.date, 'hours', d.hours, 'reason', d.reason) order by d.date), '[]')
        from special_days d where d.restaurant_id = r.id and d.date >= p_from),
    'tables', (
      select coalesce(jsonb_agg(to_jsonb(t) order by t.number, t.id), '[]')
        from tables t where t.restaurant_id = r.id and t.archived_at is null),
    'combinations', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.id), '[]')
        from combinations c where c.restaurant_id = r.id))
$$;

-- A restaurant, its room and its first key, all or nothing. `p` is what createRestaurant in src/restaurants made of the
-- request. Answers {"outcome": "slug_taken"} where the name on the web is another's.
create function create_restaurant(p jsonb) returns jsonb language plpgsql as $$
declare
  r restaurants;
  k api_keys;
begin
  insert into restaurants (slug, name, timezone, country, currency, email, phone, address, languages, settings, hours)
  select x.slug, x.name, x.timezone, x.country, x.currency, x.email, x.phone, x.address, x.languages, x.settings, x.hours
    from jsonb_to_record(p) as x(slug text, name text, timezone text, country text, currency text, email text,
         phone text, address text, languages text[], settings jsonb, hours jsonb)
  on conflict (slug) do nothing returning * into r;
  if r.id is null then return '{"outcome": "slug_taken"}'; end if;

  insert into tables (restaurant_id, number, seats, min_party, area, position, notes, enabled)
  select r.id, t.number, t.seats, t.min_party, t.area, t.position, t.notes, t.enabled
    from jsonb_to_recordset(p->'tables') as t(number text, seats smallint, min_party smallint, area text,
         position jsonb, notes text, enabled boolean);
  insert into special_days (restaurant_id, date, hours, reason)
  select r.id, d.date, d.hours, d.reason
    from jsonb_to_recordset(p->'special_days') as d(date date, hours jsonb, reason text);
  insert into api_keys (restaurant_id, name, prefix, hash, scopes, rate_per_minute)
  select r.id, x.name, x.prefix, decode(x.hash, 'hex'), x.scopes, x.rate_per_minute
    from jsonb_to_record(p->'key') as x(name text, prefix text, hash text, scopes text[], rate_per_minute integer)
  returning * into k;

  select * into r from restaurants where id = r.id;  -- its version, after the room
  return jsonb_build_object('outcome', 'created', 'key_id', k.id,
                            'restaurant', restaurant_json(r, (now() - interval '3 days')::date));
end $$;
