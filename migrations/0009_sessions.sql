-- Sessions at tables and who sits there. The cart lives in the table's Durable Object; this is what must outlive it.

alter table restaurants add column ordering_enabled boolean not null default true;

create table table_sessions (
  id               uuid primary key default uuidv7(),
  restaurant_id    uuid not null,
  table_id         uuid not null,
  opened_at        timestamptz not null,
  last_activity_at timestamptz not null,
  closed_at        timestamptz,
  close_reason     text,
  version          integer not null default 1,
  updated_at       timestamptz not null,
  unique (restaurant_id, id),
  foreign key (restaurant_id, table_id) references tables (restaurant_id, id),
  check ((closed_at is null) = (close_reason is null))
) with (fillfactor = 85);
-- A table has one session at a time, whoever asks and how often.
create unique index table_sessions_active on table_sessions (restaurant_id, table_id) where closed_at is null;
create index table_sessions_idle on table_sessions (last_activity_at) where closed_at is null;
create index table_sessions_closed on table_sessions (closed_at) where closed_at is not null;

create table session_members (
  id               uuid primary key default uuidv7(),
  restaurant_id    uuid not null,
  session_id       uuid not null,
  nickname         text not null,
  is_host          boolean not null default false,
  -- SHA-256 of what the phone calls itself, so that it finds its member again.
  device_hash      bytea,
  allergies        text[] not null default '{}',
  -- Of its token; another one once that was revoked.
  jti              uuid not null default gen_random_uuid(),
  pass_accepted_at timestamptz,
  joined_at        timestamptz not null,
  removed_at       timestamptz,
  version          integer not null default 1,
  updated_at       timestamptz not null,
  unique (restaurant_id, id),
  foreign key (restaurant_id, session_id) references table_sessions (restaurant_id, id) on delete cascade
) with (fillfactor = 85);
create index session_members_session on session_members (restaurant_id, session_id);
create unique index session_members_device on session_members (restaurant_id, session_id, device_hash)
  where device_hash is not null;
create unique index session_members_host on session_members (restaurant_id, session_id) where is_host;

-- What the verbs decided; the same names as in src/ordering/sessions.ts.
create type session_plan as (
  restaurant_id uuid,
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  table_id      uuid,
  session_id    uuid,
  member_id     uuid,        -- of the token it came with
  device_hash   text,
  nickname      text,
  nicknames     text[],      -- friendly ones to take the first free of
  allergies     text[],
  open_refusal  text,        -- what the house has against opening now
  force         boolean,     -- close what is open, open anew
  staff         boolean,
  holds_until   timestamptz, -- how long a session keeps a table that nobody claims
  version       integer,     -- seen by the client
  why           text
);

create function append_event(a session_plan, p_type text, p_subject uuid, p_before jsonb, p_after jsonb) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_before, p_after, a.why)
$$;

create function keep_answer(a session_plan, p_answer jsonb) returns jsonb language sql as $$
  select keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, p_answer)
$$;

create function session_json(s table_sessions) returns jsonb language sql stable as $$
  select to_jsonb(s) || jsonb_build_object(
    'status', case when s.closed_at is null then 'active' else 'closed' end,
    'table_number', (select t.number from tables t where t.restaurant_id = s.restaurant_id and t.id = s.table_id))
$$;

create function member_json(m session_members) returns jsonb language sql stable as $$
  select to_jsonb(m) - 'device_hash'
$$;

-- Whoever opens, closes or restores a session of a table, or joins one, waits here for the one before.
create function lock_table(p_table_id uuid) returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended(p_table_id::text, 2))
$$;

-- A table that nobody claims now is claimed by the session, until the next claim at the latest. A party that was booked
-- keeps the claim it has.
create function claim_for_session(a session_plan, p_session_id uuid) returns void language plpgsql as $$
declare
  house record;
  until timestamptz := a.holds_until;
  first_day date;
  last_day  date;
begin
  select x.lock_no, x.timezone into house from restaurants x where x.id = a.restaurant_id;
  first_day := service_day(a.now, house.timezone) - 1;
  last_day := service_day(until, house.timezone);
  perform lock_days(house.lock_no, house.timezone, tstzrange(a.now, until));
  if exists (
    select from claims c
     where c.restaurant_id = a.restaurant_id and c.service_day between first_day and last_day
       and c.table_id = a.table_id and c.blocking and c.during @> a.now
       and (c.expires_at is null or c.expires_at > a.now))
  then return; end if;

  select least(until, min(lower(c.during))) into until
    from claims c
   where c.restaurant_id = a.restaurant_id and c.service_day between first_day and last_day
     and c.table_id = a.table_id and c.blocking and lower(c.during) > a.now
     and (c.expires_at is null or c.expires_at > a.now);
  perform clear_lapsed(a.restaurant_id, house.timezone, tstzrange(a.now, until), a.now, a.request_id);
  delete from claims c
   where c.restaurant_id = a.restaurant_id and c.service_day between first_day and last_day and c.owner = p_session_id;
  insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
  values (a.restaurant_id, service_day(a.now, house.timezone), a.table_id, tstzrange(a.now, until), 'session',
          p_session_id);
end $$;

create function open_session(a session_plan) returns table_sessions language plpgsql as $$
declare s table_sessions;
begin
  insert into table_sessions (restaurant_id, table_id, opened_at, last_activity_at, updated_at)
  values (a.restaurant_id, a.table_id, a.now, a.now, a.now)
  returning * into s;
  perform claim_for_session(a, s.id);
  perform append_event(a, 'session.opened', s.id, null, session_json(s));
  return s;
end $$;

-- Under the table's lock. Closing frees the table at once.
create function end_session(a session_plan, old table_sessions) returns table_sessions language plpgsql as $$
declare
  s   table_sessions;
  day date;
begin
  update table_sessions x
     set closed_at = a.now, close_reason = a.why, version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into s;
  select service_day(old.opened_at, r.timezone) into day from restaurants r where r.id = a.restaurant_id;
  -- A session that was restored claims from then on, and a zone may have changed: some days on either side.
  update claims c set blocking = false
   where c.restaurant_id = a.restaurant_id and c.service_day between day - 1 and day + 3
     and c.owner = s.id and c.blocking;
  perform append_event(a, 'session.closed', s.id, session_json(old), session_json(s));
  return s;
end $$;

create function session_jtis(p_restaurant_id uuid, p_session_id uuid) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(m.jti), '[]') from session_members m
   where m.restaurant_id = p_restaurant_id and m.session_id = p_session_id
$$;

-- The member that this phone or this token had in the session, or a new one. The first who comes is the host.
create function put_member(a session_plan, s table_sessions) returns jsonb language plpgsql as $$
declare
  old   session_members;
  m     session_members;
  taken text[];
  name  text;
begin
  select * into old from session_members x
   where x.restaurant_id = a.restaurant_id and x.session_id = s.id
     and (x.id = a.member_id or x.device_hash = decode(a.device_hash, 'hex'))
   order by x.id = a.member_id desc limit 1;
  if found then
    if old.removed_at is not null and not a.staff then return '{"outcome": "removed"}'; end if;
    update session_members x
       set nickname = coalesce(a.nickname, old.nickname), allergies = coalesce(a.allergies, old.allergies),
           device_hash = coalesce(old.device_hash, decode(a.device_hash, 'hex')), removed_at = null,
           version = case when coalesce(a.nickname, old.nickname) <> old.nickname
                            or coalesce(a.allergies, old.allergies) <> old.allergies
                            or old.removed_at is not null then old.version + 1 else old.version end,
           updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = old.id
    returning * into m;
    if m.version <> old.version then
      perform append_event(a, 'member.changed', m.id, member_json(old), member_json(m));
    end if;
    return jsonb_build_object('member', member_json(m), 'rejoined', true);
  end if;

  select coalesce(array_agg(lower(x.nickname)), '{}') into taken
    from session_members x where x.restaurant_id = a.restaurant_id and x.session_id = s.id;
  if cardinality(taken) >= 100 then return '{"outcome": "session_full"}'; end if;
  name := a.nickname;
  if name is null then
    select n.name into name from unnest(a.nicknames) with ordinality n(name, ord)
     where not lower(n.name) = any (taken) order by n.ord limit 1;
    name := coalesce(name, a.nicknames[1] || ' ' || (cardinality(taken) + 1));
  end if;
  insert into session_members (restaurant_id, session_id, nickname, is_host, device_hash, allergies, joined_at, updated_at)
  values (a.restaurant_id, s.id, name, cardinality(taken) = 0, decode(a.device_hash, 'hex'),
          coalesce(a.allergies, '{}'), a.now, a.now)
  returning * into m;
  perform append_event(a, 'member.joined', m.id, null, member_json(m));
  return jsonb_build_object('member', member_json(m), 'rejoined', false);
end $$;

-- One round trip: the first answer, or the active session found or opened and the member in it. With a `session_id`
-- only that session is joined.
create function join_table(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a       session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer  jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house   restaurants;
  t       tables;
  s       table_sessions;
  ended   jsonb;
  revoked jsonb := '[]';
  created boolean := false;
  joined  jsonb;
begin
  if answer is not null then return answer; end if;
  select * into house from restaurants r where r.id = a.restaurant_id;
  if a.table_id is null then
    select x.table_id into a.table_id from table_sessions x
     where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
    if not found then return '{"outcome": "not_found"}'; end if;
  end if;
  perform lock_table(a.table_id);
  perform lock_restaurant_shared(house.lock_no);
  select * into t from tables x
   where x.restaurant_id = a.restaurant_id and x.id = a.table_id and x.archived_at is null;
  if not found then return '{"outcome": "not_found"}'; end if;
  if not t.enabled and not a.staff then return '{"outcome": "table_disabled"}'; end if;
  select * into s from table_sessions x
   where x.restaurant_id = a.restaurant_id and x.table_id = a.table_id and x.closed_at is null;
  if a.session_id is not null and s.id is distinct from a.session_id then return '{"outcome": "session_closed"}'; end if;

  if s.id is not null and a.force then
    if not a.staff and not exists (
      select from session_members m
       where m.restaurant_id = a.restaurant_id and m.session_id = s.id and m.id = a.member_id and m.is_host
         and m.removed_at is null)
    then return '{"outcome": "forbidden"}'; end if;
    a.why := coalesce(a.why, 'forced');
    revoked := session_jtis(a.restaurant_id, s.id);
    ended := session_json(end_session(a, s));
    s := null;
  end if;
  if s.id is null then
    if a.open_refusal is not null and ended is null then
      return jsonb_build_object('outcome', a.open_refusal);
    end if;
    if not house.ordering_enabled and not a.staff then return '{"outcome": "ordering_disabled"}'; end if;
    s := open_session(a);
    created := true;
  end if;

  joined := put_member(a, s);
  if joined ? 'outcome' then return joined; end if;
  if not created then
    update table_sessions x set last_activity_at = greatest(x.last_activity_at, a.now)
     where x.restaurant_id = a.restaurant_id and x.id = s.id
    returning * into s;
  end if;
  return keep_answer(a, joined || jsonb_build_object('outcome', 'joined', 'session', session_json(s),
    'created', created, 'ended', ended, 'revoked', revoked, 'token_at', a.now));
end $$;

-- Once closed it stays closed: a repeat answers the session as it is.
create function close_session(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  s      table_sessions;
begin
  if answer is not null then return answer; end if;
  select * into s from table_sessions x where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
  if not found then return '{"outcome": "not_found"}'; end if;
  perform lock_table(s.table_id);
  select * into s from table_sessions x where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version is not null and a.version <> s.version then
    return jsonb_build_object('outcome', 'stale', 'session', session_json(s));
  end if;
  if s.closed_at is null then s := end_session(a, s); end if;
  return keep_answer(a, jsonb_build_object('outcome', 'closed', 'session', session_json(s),
                                           'revoked', session_jtis(a.restaurant_id, s.id)));
end $$;

-- Staff take a closing back. The tokens of before were revoked: its phones join again and get new ones.
create function restore_session(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    table_sessions;
  s      table_sessions;
  other  table_sessions;
begin
  if answer is not null then return answer; end if;
  select * into old from table_sessions x where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
  if not found then return '{"outcome": "not_found"}'; end if;
  perform lock_table(old.table_id);
  select * into old from table_sessions x where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version is not null and a.version <> old.version then
    return jsonb_build_object('outcome', 'stale', 'session', session_json(old));
  end if;
  if old.closed_at is not null then
    select * into other from table_sessions x
     where x.restaurant_id = a.restaurant_id and x.table_id = old.table_id and x.closed_at is null;
    if found then return jsonb_build_object('outcome', 'another_open', 'session', session_json(other)); end if;
    update table_sessions x
       set closed_at = null, close_reason = null, last_activity_at = a.now, version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = old.id
    returning * into s;
    update session_members m set jti = gen_random_uuid()
     where m.restaurant_id = a.restaurant_id and m.session_id = s.id;
    a.table_id := s.table_id;
    perform claim_for_session(a, s.id);
    perform append_event(a, 'session.restored', s.id, session_json(old), session_json(s));
  else
    s := old;
  end if;
  return keep_answer(a, jsonb_build_object('outcome', 'restored', 'session', session_json(s)));
end $$;

-- A member's name and allergies; only its own, unless staff ask.
create function change_member(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    session_members;
  m      session_members;
begin
  if answer is not null then return answer; end if;
  select * into old from session_members x
   where x.restaurant_id = a.restaurant_id and x.id = a.member_id
     and (a.session_id is null or x.session_id = a.session_id)
     for no key update;
  if not found or old.removed_at is not null then return '{"outcome": "not_found"}'; end if;
  if a.version is not null and a.version <> old.version then
    return jsonb_build_object('outcome', 'stale', 'member', member_json(old));
  end if;
  if not exists (select from table_sessions s
                  where s.restaurant_id = a.restaurant_id and s.id = old.session_id and s.closed_at is null)
  then return '{"outcome": "session_closed"}'; end if;
  update session_members x
     set nickname = coalesce(a.nickname, old.nickname), allergies = coalesce(a.allergies, old.allergies),
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into m;
  perform append_event(a, 'member.changed', m.id, member_json(old), member_json(m));
  return keep_answer(a, jsonb_build_object('outcome', 'changed', 'member', member_json(m)));
end $$;

-- Who is sent away cannot come back with the same phone; its lines stay for the others to decide on. After the host
-- goes, whoever came next is the host.
create function remove_member(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    session_members;
  m      session_members;
  next   session_members;
begin
  if answer is not null then return answer; end if;
  -- One at a time, so that there is never more than one host.
  perform lock_table(s.table_id)
     from session_members x
     join table_sessions s on s.restaurant_id = x.restaurant_id and s.id = x.session_id
    where x.restaurant_id = a.restaurant_id and x.id = a.member_id;
  select * into old from session_members x
   where x.restaurant_id = a.restaurant_id and x.id = a.member_id
     and (a.session_id is null or x.session_id = a.session_id)
     for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  m := old;
  if old.removed_at is null then
    update session_members x
       set removed_at = a.now, is_host = false, jti = gen_random_uuid(), version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = old.id
    returning * into m;
    perform append_event(a, 'member.removed', m.id, member_json(old), member_json(m));
    if old.is_host then
      update session_members x set is_host = true, version = x.version + 1, updated_at = a.now
       where x.restaurant_id = a.restaurant_id
         and x.id = (select y.id from session_members y
                      where y.restaurant_id = a.restaurant_id and y.session_id = old.session_id and y.removed_at is null
                      order by y.joined_at, y.id limit 1)
      returning * into next;
      if found then
        perform append_event(a, 'member.changed', next.id,
                             member_json(next) || jsonb_build_object('is_host', false, 'version', next.version - 1),
                             member_json(next));
      end if;
    end if;
  end if;
  return keep_answer(a, jsonb_build_object('outcome', 'gone', 'member', member_json(m), 'revoked',
                                           jsonb_build_array(old.jti), 'host', case when next.id is not null
                                                                               then member_json(next) end));
end $$;

-- The switch for all tables at once. Orders ask for it under their own lock; phones are told.
create function switch_ordering(p_plan jsonb, p_on boolean) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  was    boolean;
begin
  if answer is not null then return answer; end if;
  perform lock_restaurant(a.restaurant_id);
  select r.ordering_enabled into was from restaurants r where r.id = a.restaurant_id;
  if was <> p_on then
    update restaurants r set ordering_enabled = p_on, version = r.version + 1, updated_at = a.now
     where r.id = a.restaurant_id;
    perform append_event(a, case when p_on then 'ordering.enabled' else 'ordering.disabled' end, a.restaurant_id,
                         jsonb_build_object('ordering_enabled', was), jsonb_build_object('ordering_enabled', p_on));
  end if;
  return keep_answer(a, jsonb_build_object('outcome', 'switched', 'ordering_enabled', p_on));
end $$;
