-- Staff: who works in a house, how they signed in, and what is mailed to them. A person who works in two houses is two
-- rows, with a password each. The permissions of a role are not here: src/access/rules.ts has the one table of them.

create table staff (
  id              uuid primary key default uuidv7(),
  restaurant_id   uuid not null references restaurants on delete cascade,
  email           text not null check (email = lower(email)),
  name            text not null,
  role            text not null check (role in ('owner','manager','host','server','kitchen')),
  -- Null until the invitation is accepted.
  password_hash   text,
  last_sign_in_at timestamptz,
  version         integer not null default 1,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  disabled_at     timestamptz,
  -- Who has left stays for the audit trail; their e-mail may be invited again.
  removed_at      timestamptz,
  unique (restaurant_id, id)
);
create unique index staff_email on staff (restaurant_id, email) where removed_at is null;
-- Signing in begins with an e-mail, before it is known which house is meant.
create index staff_any_house on staff (email) where removed_at is null;

-- One sign-in on one device: a family of refresh tokens, of which only the latest is good.
create table staff_sessions (
  restaurant_id uuid not null,
  id            uuid not null,
  staff_id      uuid not null,
  root_hash     bytea not null,
  generation    integer not null default 1,
  rotated_at    timestamptz not null,
  -- The access tokens that may still be good: {jti: expiry}.
  access        jsonb not null,
  created_at    timestamptz not null,
  last_seen_at  timestamptz not null,
  expires_at    timestamptz not null,
  user_agent    text,
  address       text,
  revoked_at    timestamptz,
  revoked_why   text,
  primary key (restaurant_id, id),
  foreign key (restaurant_id, staff_id) references staff (restaurant_id, id) on delete cascade
);
create index staff_sessions_open on staff_sessions (restaurant_id, staff_id) where revoked_at is null;
create index staff_sessions_age on staff_sessions (last_seen_at);

-- What a link in a mail is worth: once, for a while. Only its hash is kept.
create table staff_tokens (
  restaurant_id uuid not null,
  id            uuid not null default uuidv7(),
  staff_id      uuid not null,
  purpose       text not null check (purpose in ('invitation','reset')),
  hash          bytea not null unique,
  created_at    timestamptz not null,
  expires_at    timestamptz not null,
  mailed_at     timestamptz,
  used_at       timestamptz,
  primary key (restaurant_id, id),
  foreign key (restaurant_id, staff_id) references staff (restaurant_id, id) on delete cascade
);
create index staff_tokens_of on staff_tokens (restaurant_id, staff_id);
create index staff_tokens_age on staff_tokens (expires_at);
create index staff_tokens_unsent on staff_tokens (created_at) where mailed_at is null and used_at is null;

-- Access tokens that were taken back, until they would have expired. Written with what took them back; Redis is told after.
create table revoked_tokens (
  restaurant_id uuid not null,
  jti           uuid not null,
  expires_at    timestamptz not null,
  primary key (restaurant_id, jti)
);
create index revoked_tokens_age on revoked_tokens (expires_at);

-- What a key could do under floor:* and floor:write before settings and keys had scopes of their own, it still may; and
-- what could do everything may do everything.
update api_keys k
   set scopes = array(select distinct unnest(k.scopes || case
         when k.scopes @> '{reservations:read,reservations:write,guests:read,guests:write,floor:*,orders:*,agents:*,analytics:read}'
           then '{settings:read,settings:write,keys:write,staff:read,staff:write}'::text[]
         when k.scopes && '{floor:*,floor:write}' then '{settings:read,settings:write,keys:write}'::text[]
         else '{settings:read}'::text[] end))
 where k.scopes && '{floor:*,floor:write,floor:read}';

-- What the verbs of src/access hand over, each what it needs of it.
create type staff_plan as (
  restaurant_id uuid,
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  id            uuid,     -- of staff
  version       integer,  -- that the client has seen; null where it names none
  roles         text[],   -- that who asks may give, and whose holders they may change
  fields        jsonb,    -- the columns that change
  token         jsonb,    -- {hash, expires_at}, of a link in a mail
  session       jsonb,    -- {id, root_hash, generation, jti, access_expires_at, expires_at, user_agent, address}
  seen_hash     text,     -- the password hash that was compared
  password_hash text,     -- the new one
  purpose       text,
  why           text
);

create function append_event(a staff_plan, p_type text, p_subject uuid, p_before jsonb, p_after jsonb) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_before, p_after, a.why)
$$;

-- As anybody may see them: never a hash.
create function staff_json(s staff) returns jsonb language sql stable as $$
  select to_jsonb(s) - 'password_hash' - 'removed_at' || jsonb_build_object(
    'status', case when s.disabled_at is not null then 'disabled'
                   when s.password_hash is null then 'invited' else 'active' end,
    'invitation', (
      select jsonb_build_object('expires_at', t.expires_at, 'mailed_at', t.mailed_at)
        from staff_tokens t
       where s.password_hash is null and t.restaurant_id = s.restaurant_id and t.staff_id = s.id
         and t.purpose = 'invitation' and t.used_at is null
       order by t.created_at desc, t.id desc limit 1))
$$;

-- The house's staff -----------------------------------------------------------------------------------------------------

-- Changes of staff come one after the other: whether an owner is the last cannot be asked of one row.
create function lock_staff(p_restaurant_id uuid) returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended('staff:' || p_restaurant_id::text, 0))
$$;

-- Takes back every access token of these sessions that may still be good, and answers them.
create function revoke_access(a staff_plan, p_sessions uuid[]) returns jsonb language plpgsql as $$
declare taken jsonb;
begin
  with token as (
    select t.key::uuid as jti, t.value::timestamptz as expires_at
      from staff_sessions s, jsonb_each_text(s.access) t
     where s.restaurant_id = a.restaurant_id and s.id = any(p_sessions) and t.value::timestamptz > a.now),
  kept as (
    insert into revoked_tokens (restaurant_id, jti, expires_at)
    select a.restaurant_id, jti, expires_at from token
    on conflict do nothing)
  select jsonb_agg(jsonb_build_object('jti', jti, 'expires_at', expires_at)) into taken from token;
  update staff_sessions s set access = '{}' where s.restaurant_id = a.restaurant_id and s.id = any(p_sessions);
  return coalesce(taken, '[]');
end $$;

-- Ends the sessions of somebody, all but one where one is named. Whoever calls it holds the row of the staff.
create function end_staff_sessions(a staff_plan, p_staff_id uuid, p_but uuid, p_why text) returns jsonb
language plpgsql as $$
declare ended uuid[];
begin
  with over as (
    update staff_sessions s set revoked_at = a.now, revoked_why = p_why
     where s.restaurant_id = a.restaurant_id and s.staff_id = p_staff_id and s.revoked_at is null
       and s.id is distinct from p_but
    returning s.id)
  select coalesce(array_agg(id), '{}') into ended from over;
  return revoke_access(a, ended);
end $$;

create function put_staff_token(a staff_plan, p_staff_id uuid, p_purpose text) returns uuid language plpgsql as $$
declare made uuid;
begin
  -- A new link ends the one before: whoever asked twice has one mail that works, the later one.
  delete from staff_tokens t
   where t.restaurant_id = a.restaurant_id and t.staff_id = p_staff_id and t.purpose = p_purpose and t.used_at is null;
  insert into staff_tokens (restaurant_id, staff_id, purpose, hash, created_at, expires_at)
  values (a.restaurant_id, p_staff_id, p_purpose, decode(a.token->>'hash', 'hex'), a.now,
          (a.token->>'expires_at')::timestamptz)
  returning id into made;
  return made;
end $$;

create function is_last_owner(s staff) returns boolean language sql stable as $$
  select s.role = 'owner' and s.password_hash is not null and s.disabled_at is null and not exists (
    select from staff o
     where o.restaurant_id = s.restaurant_id and o.id <> s.id and o.role = 'owner' and o.password_hash is not null
       and o.disabled_at is null and o.removed_at is null)
$$;

create function invite_staff(a staff_plan) returns jsonb language plpgsql as $$
declare
  s     staff;
  token uuid;
begin
  if not a.fields->>'role' = any(a.roles) then return '{"outcome": "forbidden"}'; end if;
  select * into s from staff x
   where x.restaurant_id = a.restaurant_id and x.email = a.fields->>'email' and x.removed_at is null;
  if found then return jsonb_build_object('outcome', 'already_exists', 'current', staff_json(s)); end if;
  insert into staff (restaurant_id, email, name, role, created_at, updated_at)
  values (a.restaurant_id, a.fields->>'email', a.fields->>'name', a.fields->>'role', a.now, a.now)
  returning * into s;
  token := put_staff_token(a, s.id, 'invitation');
  perform append_event(a, 'staff.invited', s.id, null, staff_json(s));
  return jsonb_build_object('outcome', 'written', 'written', staff_json(s), 'token_id', token, 'revoked', '[]'::jsonb);
end $$;

create function change_one_staff(p_edit text, a staff_plan) returns jsonb language plpgsql as $$
declare
  old   staff;
  s     staff;
  token uuid;
  taken jsonb := '[]';
begin
  select * into old from staff x
   where x.restaurant_id = a.restaurant_id and x.id = a.id and x.removed_at is null for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if not old.role = any(a.roles) then return '{"outcome": "forbidden"}'; end if;
  if a.version <> old.version then
    return jsonb_build_object('outcome', 'stale_version', 'current', staff_json(old));
  end if;

  if p_edit = 'invite_again' then
    if old.password_hash is not null then
      return jsonb_build_object('outcome', 'illegal_step', 'current', staff_json(old));
    end if;
    token := put_staff_token(a, old.id, 'invitation');
    perform append_event(a, 'staff.invited', old.id, staff_json(old), staff_json(old));
    return jsonb_build_object('outcome', 'written', 'written', staff_json(old), 'token_id', token, 'revoked', taken);
  end if;

  s := old;
  if p_edit = 'remove' then
    s.removed_at := a.now;
  else
    s.name := coalesce(a.fields->>'name', old.name);
    s.role := coalesce(a.fields->>'role', old.role);
    if a.fields ? 'disabled' then
      s.disabled_at := case when (a.fields->>'disabled')::boolean then coalesce(old.disabled_at, a.now) end;
    end if;
  end if;
  if not s.role = any(a.roles) then return '{"outcome": "forbidden"}'; end if;
  if is_last_owner(old) and (s.role <> 'owner' or s.disabled_at is not null or s.removed_at is not null) then
    return jsonb_build_object('outcome', 'last_owner', 'current', staff_json(old));
  end if;
  if s = old then
    return jsonb_build_object('outcome', 'written', 'written', staff_json(old), 'token_id', null, 'revoked', taken);
  end if;
  update staff x
     set name = s.name, role = s.role, disabled_at = s.disabled_at, removed_at = s.removed_at,
         version = x.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = a.id
  returning * into s;

  if s.removed_at is not null or s.disabled_at is not null then
    taken := end_staff_sessions(a, s.id, null, case when s.removed_at is null then 'disabled' else 'removed' end);
    delete from staff_tokens t
     where t.restaurant_id = a.restaurant_id and t.staff_id = s.id and t.used_at is null
       and (s.removed_at is not null or t.purpose = 'reset');
  elsif s.role <> old.role or s.name <> old.name then
    -- They stay signed in, but with a token that says what they are now.
    taken := revoke_access(a, array(
      select x.id from staff_sessions x
       where x.restaurant_id = a.restaurant_id and x.staff_id = s.id and x.revoked_at is null));
  end if;
  perform append_event(a, case p_edit when 'remove' then 'staff.removed' else 'staff.changed' end, s.id,
                       staff_json(old), staff_json(s));
  return jsonb_build_object('outcome', 'written', 'written', staff_json(s), 'token_id', null, 'revoked', taken);
end $$;

-- Every change of the staff by the staff, or by a key. What is stale is not kept under the key.
create function change_staff(p_edit text, p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      staff_plan := jsonb_populate_record(null::staff_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
begin
  if answer is not null then return answer; end if;
  perform lock_staff(a.restaurant_id);
  answer := case p_edit when 'invite' then invite_staff(a) else change_one_staff(p_edit, a) end;
  if answer->>'outcome' = 'stale_version' then return answer; end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, answer);
end $$;

-- Signing in and out ----------------------------------------------------------------------------------------------------

-- The session that a right password opens. The password that was compared must still be the password, and the staff
-- still be of the house: both are held until the session is written. A repeat with the same id opens it once.
create function open_staff_session(a staff_plan, s staff, p_type text) returns jsonb language plpgsql as $$
declare opened staff_sessions;
begin
  insert into staff_sessions (restaurant_id, id, staff_id, root_hash, rotated_at, access, created_at, last_seen_at,
                              expires_at, user_agent, address)
  select a.restaurant_id, n.id, s.id, decode(n.root_hash, 'hex'), a.now,
         jsonb_build_object(n.jti, n.access_expires_at), a.now, a.now, n.expires_at, n.user_agent, n.address
    from jsonb_to_record(a.session) as n(id uuid, root_hash text, jti text, access_expires_at text,
         expires_at timestamptz, user_agent text, address text)
  on conflict (restaurant_id, id) do nothing
  returning * into opened;
  if opened.id is not null then
    perform append_event(a, p_type, s.id, null, jsonb_build_object(
      'session_id', opened.id, 'user_agent', opened.user_agent, 'address', opened.address));
  end if;
  return jsonb_build_object('outcome', 'signed_in', 'staff', staff_json(s));
end $$;

create function sign_in_staff(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a staff_plan := jsonb_populate_record(null::staff_plan, p_plan);
  s staff;
begin
  select * into s from staff x
   where x.restaurant_id = a.restaurant_id and x.id = a.id and x.removed_at is null for no key update;
  if not found or s.password_hash is distinct from a.seen_hash then return '{"outcome": "wrong"}'; end if;
  if s.disabled_at is not null then return '{"outcome": "disabled"}'; end if;
  -- The hash is made anew where a stronger one is made nowadays: neither is a change of the staff.
  update staff x set last_sign_in_at = a.now, password_hash = coalesce(a.password_hash, x.password_hash)
   where x.restaurant_id = a.restaurant_id and x.id = a.id
  returning * into s;
  return open_staff_session(a, s, 'staff.signed_in');
end $$;

-- The next token of the family. One that was used before has been stolen, from its owner or by them, and ends the family;
-- but the last one again within ten seconds is a second tab, or an answer that was lost: it gets the same successor.
create function refresh_staff(p_plan jsonb, p_idle interval, p_grace interval) returns jsonb
language plpgsql set lock_timeout = '1500ms' as $$
declare
  a     staff_plan := jsonb_populate_record(null::staff_plan, p_plan);
  x     staff_sessions;
  s     staff;
  asked integer := (a.session->>'generation')::integer;
begin
  -- First the staff, whose role goes into the token: what changes it takes back the tokens it finds.
  select * into s from staff y
   where y.restaurant_id = a.restaurant_id
     and y.id = (select z.staff_id from staff_sessions z
                  where z.restaurant_id = a.restaurant_id and z.id = (a.session->>'id')::uuid)
     for share;
  if not found then return '{"outcome": "over"}'; end if;
  select * into x from staff_sessions z
   where z.restaurant_id = a.restaurant_id and z.id = (a.session->>'id')::uuid for no key update;
  if not found or x.root_hash <> decode(a.session->>'root_hash', 'hex') then return '{"outcome": "over"}'; end if;
  if x.revoked_at is not null or x.expires_at <= a.now or x.last_seen_at + p_idle <= a.now
     or s.disabled_at is not null or s.removed_at is not null then return '{"outcome": "over"}'; end if;

  if asked <> x.generation and not (asked = x.generation - 1 and x.rotated_at + p_grace > a.now) then
    update staff_sessions z set revoked_at = a.now, revoked_why = 'reused'
     where z.restaurant_id = x.restaurant_id and z.id = x.id;
    perform append_event(a, 'staff.refresh_reused', s.id, null, jsonb_build_object('session_id', x.id,
      'user_agent', a.session->>'user_agent', 'address', a.session->>'address'));
    return jsonb_build_object('outcome', 'reused', 'revoked', revoke_access(a, array[x.id]));
  end if;

  update staff_sessions z
     set generation = asked + 1, rotated_at = case when asked = x.generation then a.now else z.rotated_at end,
         last_seen_at = a.now, address = a.session->>'address', user_agent = a.session->>'user_agent',
         access = (select coalesce(jsonb_object_agg(t.key, t.value), '{}') from jsonb_each(z.access) t
                    where (t.value #>> '{}')::timestamptz > a.now)
                  || jsonb_build_object(a.session->>'jti', a.session->>'access_expires_at')
   where z.restaurant_id = x.restaurant_id and z.id = x.id;
  return jsonb_build_object('outcome', 'refreshed', 'staff', staff_json(s), 'expires_at', x.expires_at);
end $$;

create function sign_out_staff(p_plan jsonb, p_everywhere boolean) returns jsonb
language plpgsql set lock_timeout = '1500ms' as $$
declare
  a  staff_plan := jsonb_populate_record(null::staff_plan, p_plan);
  x  staff_sessions;
begin
  perform 1 from staff y
   where y.restaurant_id = a.restaurant_id
     and y.id = (select z.staff_id from staff_sessions z
                  where z.restaurant_id = a.restaurant_id and z.id = (a.session->>'id')::uuid)
     for no key update;
  select * into x from staff_sessions z
   where z.restaurant_id = a.restaurant_id and z.id = (a.session->>'id')::uuid for no key update;
  if not found or (x.revoked_at is not null and not p_everywhere) then return '[]'; end if;
  perform append_event(a, case when p_everywhere then 'staff.signed_out_everywhere' else 'staff.signed_out' end,
                       x.staff_id, null, jsonb_build_object('session_id', x.id));
  if p_everywhere then return end_staff_sessions(a, x.staff_id, null, 'signed_out_everywhere'); end if;
  update staff_sessions z set revoked_at = a.now, revoked_why = 'signed_out'
   where z.restaurant_id = x.restaurant_id and z.id = x.id;
  return revoke_access(a, array[x.id]);
end $$;

-- Passwords -------------------------------------------------------------------------------------------------------------

-- Somebody who is signed in sets another; every other session of theirs is over.
create function change_staff_password(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a     staff_plan := jsonb_populate_record(null::staff_plan, p_plan);
  s     staff;
  taken jsonb;
begin
  select * into s from staff x
   where x.restaurant_id = a.restaurant_id and x.id = a.id and x.removed_at is null for no key update;
  if not found or s.password_hash is distinct from a.seen_hash then return '{"outcome": "wrong"}'; end if;
  update staff x set password_hash = a.password_hash, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = a.id;
  taken := end_staff_sessions(a, s.id, (a.session->>'id')::uuid, 'password_changed');
  delete from staff_tokens t where t.restaurant_id = a.restaurant_id and t.staff_id = s.id and t.used_at is null;
  perform append_event(a, 'staff.password_changed', s.id, null, null);
  return jsonb_build_object('outcome', 'changed', 'revoked', taken);
end $$;

-- Every house where the e-mail may sign in gets a link; answers whom to mail.
create function ask_staff_reset(p_plan jsonb, p_email text, p_slug text, p_tokens jsonb) returns jsonb
language plpgsql set lock_timeout = '1500ms' as $$
declare
  a     staff_plan := jsonb_populate_record(null::staff_plan, p_plan);
  s     staff;
  made  jsonb := '[]';
  hash  text;
begin
  for s in
    select x.* from staff x join restaurants r on r.id = x.restaurant_id
     where x.email = p_email and x.removed_at is null and x.disabled_at is null and x.password_hash is not null
       and (p_slug is null or r.slug = p_slug)
     order by x.id limit jsonb_array_length(p_tokens) for no key update of x
  loop
    hash := p_tokens->>jsonb_array_length(made);
    a.restaurant_id := s.restaurant_id;
    a.token := jsonb_build_object('hash', hash, 'expires_at', a.token->>'expires_at');
    made := made || jsonb_build_object('restaurant_id', s.restaurant_id,
                                       'token_id', put_staff_token(a, s.id, 'reset'), 'hash', hash);
    perform append_event(a, 'staff.reset_asked', s.id, null, jsonb_build_object('address', a.session->>'address'));
  end loop;
  return made;
end $$;

-- A link from a mail, used once: the password is set, and what was signed in with the old one is over. Accepting an
-- invitation signs in.
create function redeem_staff_token(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a     staff_plan := jsonb_populate_record(null::staff_plan, p_plan);
  t     staff_tokens;
  s     staff;
  taken jsonb;
begin
  select x.* into s from staff x
   where x.restaurant_id = a.restaurant_id and x.id = a.id and x.removed_at is null and x.disabled_at is null
     for no key update;
  if not found then return '{"outcome": "spent"}'; end if;
  select * into t from staff_tokens x
   where x.restaurant_id = a.restaurant_id and x.hash = decode(a.token->>'hash', 'hex') and x.staff_id = s.id
     and x.purpose = a.purpose and x.used_at is null and x.expires_at > a.now for no key update;
  if not found then return '{"outcome": "spent"}'; end if;
  update staff_tokens x set used_at = a.now where x.restaurant_id = t.restaurant_id and x.id = t.id;
  delete from staff_tokens x
   where x.restaurant_id = a.restaurant_id and x.staff_id = s.id and x.used_at is null;
  update staff x
     set password_hash = a.password_hash, updated_at = a.now,
         last_sign_in_at = case a.purpose when 'invitation' then a.now else x.last_sign_in_at end,
         version = x.version + case a.purpose when 'invitation' then 1 else 0 end
   where x.restaurant_id = a.restaurant_id and x.id = s.id
  returning * into s;
  taken := end_staff_sessions(a, s.id, null, 'password_changed');
  if a.purpose = 'reset' then
    perform append_event(a, 'staff.password_changed', s.id, null, null);
    return jsonb_build_object('outcome', 'reset', 'revoked', taken);
  end if;
  return open_staff_session(a, s, 'staff.joined');
end $$;

-- Upkeep ----------------------------------------------------------------------------------------------------------------

-- What nobody can use any more goes; sessions stay a month after their end, for who asks what happened.
create function forget_staff_leftovers(p_now timestamptz) returns void language sql as $$
  delete from revoked_tokens where expires_at < p_now - interval '1 minute';
  delete from staff_tokens where expires_at < p_now - interval '30 days';
  delete from staff_sessions where last_seen_at < p_now - interval '90 days';
$$;
