-- The daily pass, and the restaurant's night ---------------------------------------------------------------------------------

-- A night begins at four in the morning, and lasts until the next one: what was missed at four is done at five.
create function local_night(at timestamptz, timezone text) returns date language sql immutable parallel safe as $$
  select ((at at time zone timezone) - interval '4 hours')::date
$$;

-- Only a slow salted hash is kept. The newest night's pass is the one that counts.
create table daily_passes (
  restaurant_id uuid not null references restaurants on delete cascade,
  night         date not null,
  salt          bytea not null,
  hash          bytea not null,
  iterations    integer not null,
  source        text not null check (source in ('night','staff')),
  -- Counts the passes of one night; a mail of an earlier one is no proof that this one was sent.
  generation    integer not null default 1,
  mailed_at     timestamptz,
  created_at    timestamptz not null,
  primary key (restaurant_id, night)
);

create type pass_plan as (
  restaurant_id uuid,
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  salt          text,     -- hex
  hash          text,     -- hex
  iterations    integer,
  source        text
);

-- A new pass of this night. From the night's own job only where there is none yet, or where its owner did not get it: a
-- mail that was under way ten minutes ago is not any more.
create function put_pass(a pass_plan) returns jsonb language plpgsql as $$
declare
  day date;
  d   daily_passes;
begin
  select local_night(a.now, r.timezone) into day from restaurants r where r.id = a.restaurant_id;
  insert into daily_passes as x (restaurant_id, night, salt, hash, iterations, source, created_at)
  values (a.restaurant_id, day, decode(a.salt, 'hex'), decode(a.hash, 'hex'), a.iterations, a.source, a.now)
  on conflict (restaurant_id, night) do update
     set salt = excluded.salt, hash = excluded.hash, iterations = excluded.iterations, source = excluded.source,
         generation = x.generation + 1, mailed_at = null, created_at = excluded.created_at
   where a.source = 'staff'
      or (x.source = 'night' and x.mailed_at is null and x.created_at < a.now - interval '10 minutes')
  returning * into d;
  if d.night is null then return null; end if;
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (a.restaurant_id, a.now, 'daily_pass.rotated', a.restaurant_id, a.actor, a.request_id,
          jsonb_build_object('night', d.night, 'generation', d.generation));
  return jsonb_build_object('night', d.night, 'generation', d.generation);
end $$;

create function rotate_pass(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      pass_plan := jsonb_populate_record(null::pass_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
begin
  if answer is not null then return answer; end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'rotated') || put_pass(a));
end $$;

-- The member gave the pass: the first time stays. False where it is no member of that session.
create function accept_pass(
  p_restaurant_id uuid, p_session_id uuid, p_member_id uuid, p_now timestamptz, p_actor jsonb, p_request_id text)
returns boolean language plpgsql as $$
begin
  update session_members m set pass_accepted_at = p_now, updated_at = p_now
   where m.restaurant_id = p_restaurant_id and m.session_id = p_session_id and m.id = p_member_id
     and m.removed_at is null and m.pass_accepted_at is null;
  if found then
    insert into events (restaurant_id, at, type, subject_id, actor, request_id)
    values (p_restaurant_id, p_now, 'member.pass_accepted', p_member_id, p_actor, p_request_id);
  end if;
  return exists (
    select from session_members m
     where m.restaurant_id = p_restaurant_id and m.session_id = p_session_id and m.id = p_member_id
       and m.removed_at is null);
end $$;

-- What remains of the sessions of a day once they are forgotten.
create table session_days (
  restaurant_id uuid not null references restaurants on delete cascade,
  service_day   date not null,
  sessions      integer not null,
  members       integer not null,
  minutes       integer not null,
  calls         integer not null,
  primary key (restaurant_id, service_day)
);

-- Counts and deletes in one statement: what is counted is gone, so that nothing is counted twice.
create function forget_sessions(p_restaurant_id uuid, p_now timestamptz) returns integer language plpgsql as $$
declare
  tz        text := (select r.timezone from restaurants r where r.id = p_restaurant_id);
  forgotten integer;
begin
  with old as (
    select s.id, service_day(s.opened_at, tz) as day,
           greatest(0, extract(epoch from s.closed_at - s.opened_at) / 60)::integer as minutes,
           (select count(*) from session_members m
             where m.restaurant_id = s.restaurant_id and m.session_id = s.id)::integer as members,
           (select count(*) from table_calls c
             where c.restaurant_id = s.restaurant_id and c.session_id = s.id)::integer as calls
      from table_sessions s
     where s.restaurant_id = p_restaurant_id and s.closed_at < p_now - interval '24 hours'
     order by s.id for update),
  deleted as (
    delete from table_sessions s using old o where s.restaurant_id = p_restaurant_id and s.id = o.id
    returning o.*),
  kept as (
    insert into session_days as d (restaurant_id, service_day, sessions, members, minutes, calls)
    select p_restaurant_id, x.day, count(*), sum(x.members), sum(x.minutes), sum(x.calls) from deleted x group by x.day
    on conflict (restaurant_id, service_day) do update
       set sessions = d.sessions + excluded.sessions, members = d.members + excluded.members,
           minutes = d.minutes + excluded.minutes, calls = d.calls + excluded.calls)
  select count(*) into forgotten from deleted;
  return forgotten;
end $$;

-- Which nights are done: the job runs every hour and does each restaurant's once, late where it was missed.
create table nights (
  restaurant_id uuid not null references restaurants on delete cascade,
  night         date not null,
  done_at       timestamptz not null,
  primary key (restaurant_id, night)
);

-- Restaurants whose night has something left to do: not done yet, or its pass never reached the owner.
create function open_nights(p_now timestamptz)
returns table (restaurant_id uuid, name text, email text, daily_pass boolean, night date) language sql stable as $$
  select r.id, r.name, r.email, r.settings->>'daily_pass' = 'on', local_night(p_now, r.timezone)
    from restaurants r
    left join nights n on n.restaurant_id = r.id and n.night = local_night(p_now, r.timezone)
    left join daily_passes d on d.restaurant_id = r.id and d.night = local_night(p_now, r.timezone)
   where n.restaurant_id is null
      or (r.settings->>'daily_pass' = 'on'
          and (d.night is null or (d.source = 'night' and d.mailed_at is null and r.email is not null)))
   order by r.id
$$;

-- One restaurant's night, in one transaction. Twice at once is once: the second waits for the restaurant's marker.
create function do_night(p_restaurant_id uuid, p_now timestamptz, p_pass jsonb) returns jsonb
language plpgsql set lock_timeout = '5s' as $$
declare
  day       date := (select local_night(p_now, r.timezone) from restaurants r where r.id = p_restaurant_id);
  pass      jsonb;
  forgotten integer := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_restaurant_id::text, 4));
  if p_pass is not null then pass := put_pass(jsonb_populate_record(null::pass_plan, p_pass)); end if;
  insert into nights (restaurant_id, night, done_at) values (p_restaurant_id, day, p_now) on conflict do nothing;
  if found then
    forgotten := forget_sessions(p_restaurant_id, p_now);
    delete from nights n where n.restaurant_id = p_restaurant_id and n.night < day - 30;
    delete from daily_passes d where d.restaurant_id = p_restaurant_id and d.night < day - 30;
  end if;
  return jsonb_build_object('pass', pass, 'forgotten', forgotten);
end $$;

-- Sessions where nothing happens any more, as far as Postgres knows; the table's object knows of the cart.
create function idle_sessions(p_now timestamptz)
returns table (restaurant_id uuid, table_id uuid, session_id uuid, version integer, paid boolean, active_at timestamptz)
language sql stable as $$
  select s.restaurant_id, s.table_id, s.id, s.version, coalesce(o.paid, false), x.active_at
    from table_sessions s
    left join lateral (
      select bool_or(y.status = 'paid') and bool_and(y.status in ('paid', 'rejected')) as paid,
             max(y.updated_at) as updated_at
        from orders y where y.restaurant_id = s.restaurant_id and y.session_id = s.id) o on true
   cross join lateral (select greatest(s.last_activity_at, o.updated_at) as active_at) x
   where s.closed_at is null and s.last_activity_at < p_now - interval '10 minutes'
     and x.active_at < p_now - case when o.paid then interval '10 minutes' else interval '90 minutes' end
   order by s.id
$$;
