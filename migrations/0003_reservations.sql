-- What every booking writes does not refer to restaurants: a foreign key locks the row it refers to, and one row would be
-- locked by everybody. That a restaurant exists and owns its tables, the foreign key of claims says.

create table guests (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null,
  name          text,
  -- The name without case and accents, as it is searched for.
  search_name   text,
  phone         text,
  email         text,
  language      text,
  notes         text,
  tags          text[] not null default '{}',
  vip           boolean not null default false,
  allergies     text[] not null default '{}',
  birthday      date,
  version       integer not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (restaurant_id, id),
  check (phone is not null or email is not null)
);
create unique index guests_phone on guests (restaurant_id, phone) where phone is not null;
create unique index guests_email on guests (restaurant_id, lower(email)) where email is not null;
create index guests_name on guests using gin (restaurant_id, search_name gin_trgm_ops);

create table reservations (
  id                uuid primary key default uuidv7(),
  restaurant_id     uuid not null,
  confirmation_code text not null check (confirmation_code ~ '^[A-HJ-NP-Z][A-HJ-NP-Z2-9]{5}$'),
  status            text not null check (status in ('held','pending','confirmed','seated','completed','cancelled','no_show')),
  party_size        smallint not null check (party_size between 1 and 1000),
  service_day       date not null,
  starts_at         timestamptz not null,
  ends_at           timestamptz not null,
  buffer_minutes    smallint not null default 0,
  table_ids         uuid[] not null,
  guest_id          uuid,
  name              text,
  phone_number      text,
  email             text,
  area              text,
  notes             text,
  other_info        text,
  source            text not null,
  late_minutes      smallint,
  cancel_reason     text,
  hold_expires_at   timestamptz,
  seated_at         timestamptz,
  completed_at      timestamptz,
  cancelled_at      timestamptz,
  no_show_at        timestamptz,
  version           integer not null default 1,
  created_at        timestamptz not null,
  updated_at        timestamptz not null,
  unique (restaurant_id, confirmation_code),
  foreign key (restaurant_id, guest_id) references guests (restaurant_id, id),
  check (ends_at > starts_at),
  check ((status = 'held') = (hold_expires_at is not null))
) with (fillfactor = 85);
create index reservations_day   on reservations (restaurant_id, starts_at);
create index reservations_guest on reservations (restaurant_id, guest_id, starts_at) where guest_id is not null;
create index reservations_phone on reservations (restaurant_id, phone_number, starts_at) where phone_number is not null;

create index reservations_lapsing on reservations (hold_expires_at) where hold_expires_at is not null;

-- One claim on one table for a time is one row, whoever makes it. The exclusion constraint is the proof that no two
-- overlap; the day lock in 0004 is the mechanism. Index predicates name `blocking` and never a status, so that a
-- change of status does not touch the GiST index.
create table claims (
  restaurant_id uuid not null,
  service_day   date not null,
  table_id      uuid not null,
  during        tstzrange not null
    check (not isempty(during) and lower_inc(during) and not upper_inc(during)
           and upper(during) - lower(during) <= interval '25 hours'),
  kind          text not null check (kind in ('reservation','hold','walk_in','block','session')),
  owner         uuid not null,
  -- How many covers arrive with this row; the other tables of a combination bring none.
  covers        smallint not null default 0,
  expires_at    timestamptz,
  blocking      boolean not null default true,
  foreign key (restaurant_id, table_id) references tables (restaurant_id, id),
  check ((kind = 'hold') = (expires_at is not null) or not blocking),
  constraint claims_never_overlap exclude using gist (table_id with =, during with &&) where (blocking)
) with (fillfactor = 85);
create index claims_day on claims (restaurant_id, service_day)
  include (table_id, during, kind, owner, covers, expires_at) where blocking;

-- Every change by anyone: the audit trail and the live feed at once. `tx` lets a reader stop before transactions that
-- are still open, so that nothing committed late is skipped; a counter row would make every write of a restaurant wait.
create table events (
  restaurant_id uuid not null,
  id            bigint generated always as identity,
  tx            xid8 not null default pg_current_xact_id(),
  at            timestamptz not null,
  type          text not null,
  subject_id    uuid not null,
  actor         jsonb not null,
  request_id    text not null,
  before        jsonb,
  after         jsonb,
  why           text,
  primary key (restaurant_id, id)
);

-- Demand the house could not meet, and why.
create table denied_requests (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null,
  at            timestamptz not null,
  kind          text not null check (kind in ('booking','hold','change')),
  reason        text not null,
  party_size    smallint,
  starts_at     timestamptz,
  area          text,
  source        text not null,
  request_id    text not null
);
create index denied_requests_at on denied_requests (restaurant_id, at);

-- The first answer to each Idempotency-Key; `scope` is a restaurant, or a platform key.
create table idempotency_keys (
  scope       uuid not null,
  key         text not null check (length(key) between 1 and 300),
  fingerprint text not null,
  answer      jsonb not null,
  created_at  timestamptz not null,
  primary key (scope, key)
);
create index idempotency_keys_age on idempotency_keys using brin (created_at);
