-- The audit trail as a chain. Events are written by the same statement as the change, and nothing is added to that. Every
-- five minutes those that are committed are sealed: a digest of each, a root over them, and a seal over the root and the
-- seal before it. What each digest is made of is said once more, on purpose, in local/audit/chain.ts, which checks it.

create table audit_seals (
  restaurant_id  uuid not null,
  seal_no        integer not null check (seal_no > 0),
  sealed_at      timestamptz not null,
  -- Every transaction before this one was over, and what it wrote is sealed.
  upto_tx        xid8 not null,
  first_event_id bigint not null,
  last_event_id  bigint not null,
  events         integer not null check (events > 0),
  total          bigint not null,
  root           bytea not null,
  previous       bytea,
  digest         bytea not null,
  -- Of the Worker, over the digest: whoever can write here can not write that.
  signature      text,
  primary key (restaurant_id, seal_no)
);

-- What is looked for in the trail is looked for here: no index of events is paid for by a booking.
create table audit_entries (
  restaurant_id uuid not null,
  event_id      bigint not null,
  seal_no       integer not null,
  at            timestamptz not null,
  type          text not null,
  actor_key     text not null,
  -- Of the digest of what was said. Once that is erased it is another: nobody can try numbers until one fits.
  salt          uuid not null,
  digest        bytea not null,
  primary key (restaurant_id, event_id)
);
create index audit_entries_seal  on audit_entries (restaurant_id, seal_no);
create index audit_entries_at    on audit_entries (restaurant_id, at, event_id);
create index audit_entries_type  on audit_entries (restaurant_id, type, at, event_id);
create index audit_entries_actor on audit_entries (restaurant_id, actor_key, at, event_id);

-- What an erasure left of an event, by digests: of what was said, and of what is said instead.
create table audit_redactions (
  restaurant_id uuid not null,
  erasure_id    bigint not null,  -- the event that says who asked for it, with a digest of these rows
  event_id      bigint not null,
  old_content   bytea not null,
  new_content   bytea not null,
  primary key (restaurant_id, erasure_id, event_id)
);

-- Append-only --------------------------------------------------------------------------------------------------------------

-- An owner of the tables can take a trigger away; the chain finds what is done then. This stops what is done by mistake.
create function keep_audit() returns trigger language plpgsql as $$
declare door text := coalesce(current_setting('tableside.audit_door', true), '');
begin
  if tg_op = 'DELETE' and door = 'purge' and tg_table_name <> 'audit_seals' then return old; end if;
  if tg_op = 'UPDATE' then
    if tg_table_name = 'events' and door = 'redact'
       and to_jsonb(new) - '{before,after,why}'::text[] = to_jsonb(old) - '{before,after,why}'::text[] then return new; end if;
    if tg_table_name = 'audit_entries' and door = 'redact'
       and to_jsonb(new) - 'salt' = to_jsonb(old) - 'salt' then return new; end if;
    if tg_table_name = 'audit_seals' and to_jsonb(old)->'signature' = 'null'
       and to_jsonb(new) - 'signature' = to_jsonb(old) - 'signature' then return new; end if;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'TS026';
end $$;
create trigger events_kept      before update or delete on events           for each row execute function keep_audit();
create trigger seals_kept       before update or delete on audit_seals      for each row execute function keep_audit();
create trigger entries_kept     before update or delete on audit_entries    for each row execute function keep_audit();
create trigger redactions_kept  before update or delete on audit_redactions for each row execute function keep_audit();
create trigger events_whole     before truncate on events           for each statement execute function keep_audit();
create trigger seals_whole      before truncate on audit_seals      for each statement execute function keep_audit();
create trigger entries_whole    before truncate on audit_entries    for each statement execute function keep_audit();
create trigger redactions_whole before truncate on audit_redactions for each statement execute function keep_audit();

create function open_audit(p_door text) returns void language sql as $$
  select set_config('tableside.audit_door', p_door, true)
$$;

-- Sealing, erasing and purging of one house take turns.
create function lock_audit(p_restaurant_id uuid) returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended('audit:' || p_restaurant_id::text, 0))
$$;

-- Digests ------------------------------------------------------------------------------------------------------------------

-- One field after another, each with its length: two lists of fields never read the same.
create function audit_fields(variadic p_fields text[]) returns bytea language sql immutable parallel safe as $$
  select convert_to(string_agg(coalesce(octet_length(f.value) || ':' || f.value, '-') || ',', '' order by f.ord), 'UTF8')
    from unnest(p_fields) with ordinality f(value, ord)
$$;

create function audit_micros(at timestamptz) returns text language sql immutable parallel safe as $$
  select (extract(epoch from at) * 1000000)::bigint::text
$$;

create function audit_content(e events, p_salt uuid) returns bytea language sql immutable as $$
  select sha256(uuid_send(p_salt) || audit_fields(e.before::text, e.after::text, e.why))
$$;

create function audit_digest(e events, p_content bytea) returns bytea language sql immutable as $$
  select sha256(audit_fields(e.restaurant_id::text, e.id::text, e.tx::text, audit_micros(e.at), e.type, e.subject_id::text,
                             e.actor::text, e.request_id, encode(p_content, 'hex')))
$$;

create function audit_seal_digest(s audit_seals) returns bytea language sql immutable as $$
  select sha256(audit_fields(s.restaurant_id::text, s.seal_no::text, audit_micros(s.sealed_at), s.upto_tx::text,
                             s.first_event_id::text, s.last_event_id::text, s.events::text, s.total::text,
                             encode(s.root, 'hex'), encode(s.previous, 'hex')))
$$;

-- By whom, as it is looked for: `staff:…`, `key:…`, `cron`.
create function audit_actor_key(p_actor jsonb) returns text language sql immutable parallel safe as $$
  select coalesce(p_actor->>'kind', '?') || coalesce(':' || coalesce(p_actor->>'id', p_actor->>'name'), '')
$$;

-- Sealing ------------------------------------------------------------------------------------------------------------------

create function audit_seal_json(s audit_seals) returns jsonb language sql stable as $$
  select jsonb_build_object('seal_no', s.seal_no, 'digest', encode(s.digest, 'hex'), 'sealed_at', s.sealed_at,
                            'events', s.events, 'total', s.total, 'signature', s.signature)
$$;

create function last_seal(p_restaurant_id uuid) returns audit_seals language sql stable as $$
  select s from audit_seals s where s.restaurant_id = p_restaurant_id order by s.seal_no desc limit 1
$$;

-- Seals what is committed and unsealed, about `p_most` at the most, never half of what one transaction wrote; null where
-- there is nothing. Only transactions older than any that is open: what commits later has a later number, so nothing is
-- ever added to what a seal speaks of.
create function seal_events(p_restaurant_id uuid, p_now timestamptz, p_most integer) returns jsonb language plpgsql as $$
declare
  last     audit_seals;
  s        audit_seals;
  taken    pg_snapshot;
  from_tx  xid8;
  upto     xid8;
  first_tx xid8;
  restored boolean;
begin
  perform lock_audit(p_restaurant_id);
  taken := pg_current_snapshot();
  last := last_seal(p_restaurant_id);
  from_tx := coalesce(last.upto_tx, '0');
  upto := pg_snapshot_xmin(taken);
  -- Numbers began anew: the rows came from a dump. Whatever has no seal gets one now, and counting begins here.
  restored := from_tx > pg_snapshot_xmax(taken);
  if restored then
    from_tx := '0';
  else
    select e.tx into first_tx from events e
     where e.restaurant_id = p_restaurant_id and e.tx >= from_tx and e.tx < upto order by e.tx limit 1;
    if not found then return null; end if;
    upto := coalesce((
      select x.tx from (select e.tx from events e
                         where e.restaurant_id = p_restaurant_id and e.tx >= from_tx and e.tx < upto
                         order by e.tx offset p_most limit 1) x), upto);
    if upto = first_tx then
      upto := coalesce((
        select e.tx from events e
         where e.restaurant_id = p_restaurant_id and e.tx > first_tx and e.tx < pg_snapshot_xmin(taken)
         order by e.tx limit 1), pg_snapshot_xmin(taken));
    end if;
  end if;

  s.restaurant_id := p_restaurant_id;
  s.seal_no := coalesce(last.seal_no, 0) + 1;
  with salted as materialized (
    select e as event, gen_random_uuid() as salt
      from events e
     where e.restaurant_id = p_restaurant_id and e.tx >= from_tx
       and (e.tx < upto or restored and e.tx >= pg_snapshot_xmax(taken))
       and not exists (select from audit_entries n where n.restaurant_id = e.restaurant_id and n.event_id = e.id)),
  sealed as (
    insert into audit_entries (restaurant_id, event_id, seal_no, at, type, actor_key, salt, digest)
    select p_restaurant_id, (x.event).id, s.seal_no, (x.event).at, (x.event).type, audit_actor_key((x.event).actor), x.salt,
           audit_digest(x.event, audit_content(x.event, x.salt))
      from salted x
    returning event_id, digest)
  select count(*), min(n.event_id), max(n.event_id), sha256(string_agg(int8send(n.event_id) || n.digest, '' order by n.event_id))
    into s.events, s.first_event_id, s.last_event_id, s.root
    from sealed n;
  if s.events = 0 then return null; end if;
  s.sealed_at := p_now;
  s.upto_tx := upto;
  s.total := coalesce(last.total, 0) + s.events;
  s.previous := last.digest;
  s.digest := audit_seal_digest(s);
  insert into audit_seals values (s.*);
  return audit_seal_json(s);
end $$;

create function sign_seal(p_restaurant_id uuid, p_seal_no integer, p_digest text, p_signature text) returns boolean
language sql as $$
  update audit_seals s set signature = p_signature
   where s.restaurant_id = p_restaurant_id and s.seal_no = p_seal_no and s.digest = decode(p_digest, 'hex')
     and s.signature is null
  returning true
$$;

-- Houses where something is unsealed or unsigned, with the last two seals: the one to sign, and the one it builds on.
create function houses_to_seal(p_after uuid, p_most integer)
returns table (restaurant_id uuid, last jsonb, previous jsonb) language sql stable as $$
  select r.id, case when l.seal_no is not null then audit_seal_json(l) end,
         (select audit_seal_json(p) from audit_seals p where p.restaurant_id = r.id and p.seal_no = l.seal_no - 1)
    from restaurants r
   cross join lateral last_seal(r.id) l
   where (p_after is null or r.id > p_after)
     and (l.seal_no is not null and l.signature is null
          or l.upto_tx > pg_snapshot_xmax(pg_current_snapshot())
          or exists (select from events e
                      where e.restaurant_id = r.id and e.tx >= coalesce(l.upto_tx, '0')
                        and e.tx < pg_snapshot_xmin(pg_current_snapshot())))
   order by r.id
   limit p_most
$$;

-- The digest of a seal, for whoever remembers one.
create function seal_digest_of(p_restaurant_id uuid, p_seal_no integer) returns text language sql stable as $$
  select encode(s.digest, 'hex') from audit_seals s where s.restaurant_id = p_restaurant_id and s.seal_no = p_seal_no
$$;

-- Erasing and purging --------------------------------------------------------------------------------------------------------

create type audit_redaction as (event_id bigint, old_content bytea, new_content bytea);

-- What an event said is replaced; when, who, of what and under which request stays, and stays proven. Null where nothing
-- was sealed yet: then there is nothing to account for. Under lock_audit and an open door.
create function redact_event(e events, p_before jsonb, p_after jsonb, p_why text) returns audit_redaction
language plpgsql as $$
declare
  done   audit_redaction;
  n      audit_entries;
  salted uuid := gen_random_uuid();
  now_   events := e;
begin
  now_.before := p_before;
  now_.after := p_after;
  now_.why := p_why;
  update events x set before = p_before, after = p_after, why = p_why
   where x.restaurant_id = e.restaurant_id and x.id = e.id;
  select * into n from audit_entries x where x.restaurant_id = e.restaurant_id and x.event_id = e.id;
  if not found then return null; end if;
  update audit_entries x set salt = salted where x.restaurant_id = e.restaurant_id and x.event_id = e.id;
  done.event_id := e.id;
  done.old_content := audit_content(e, n.salt);
  done.new_content := audit_content(now_, salted);
  return done;
end $$;

-- What the event of an erasure says of the rows above.
create function redactions_digest(p_redactions audit_redaction[]) returns text language sql immutable as $$
  select encode(sha256(coalesce(string_agg(int8send(r.event_id) || r.old_content || r.new_content, '' order by r.event_id),
                                '')), 'hex')
    from unnest(p_redactions) r
$$;

create function keep_redactions(p_restaurant_id uuid, p_erasure_id bigint, p_redactions audit_redaction[]) returns void
language sql as $$
  insert into audit_redactions (restaurant_id, erasure_id, event_id, old_content, new_content)
  select p_restaurant_id, p_erasure_id, r.event_id, r.old_content, r.new_content from unnest(p_redactions) r
$$;

-- Events of whole seals go once those are old enough; the seals stay, so that the chain still holds, and an event says
-- which went. Answers how many.
create function purge_events(p_restaurant_id uuid, p_before timestamptz, p_now timestamptz, p_request_id text, p_most integer)
returns integer language plpgsql as $$
declare
  from_no integer;
  last    audit_seals;
  purged  bigint[];
begin
  perform lock_audit(p_restaurant_id);
  select min(n.seal_no) into from_no from audit_entries n where n.restaurant_id = p_restaurant_id;
  select s.* into last from audit_seals s
   where s.restaurant_id = p_restaurant_id and s.seal_no between from_no and from_no + p_most - 1 and s.sealed_at < p_before
   order by s.seal_no desc limit 1;
  if not found then return 0; end if;
  perform open_audit('purge');
  with gone as (
    delete from audit_entries n
     where n.restaurant_id = p_restaurant_id and n.seal_no between from_no and last.seal_no
    returning n.event_id)
  select array_agg(g.event_id) into purged from gone g;
  delete from events e where e.restaurant_id = p_restaurant_id and e.id = any (purged);
  delete from audit_redactions d where d.restaurant_id = p_restaurant_id and d.erasure_id = any (purged);
  perform open_audit('');
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (p_restaurant_id, p_now, 'audit.purged', p_restaurant_id, '{"kind": "cron"}', p_request_id,
          jsonb_build_object('from_seal', from_no, 'through_seal', last.seal_no, 'events', cardinality(purged),
                             'digest', encode(last.digest, 'hex')));
  return cardinality(purged);
end $$;

create function houses_to_purge(p_before timestamptz, p_most integer) returns table (restaurant_id uuid)
language sql stable as $$
  select r.id from restaurants r
   where exists (
     select from audit_seals s
      where s.restaurant_id = r.id and s.sealed_at < p_before
        and s.seal_no = (select min(n.seal_no) from audit_entries n where n.restaurant_id = r.id))
   order by r.id limit p_most
$$;

-- Reading ------------------------------------------------------------------------------------------------------------------

create type audit_wish as (
  restaurant_id uuid,
  subject_id    uuid,
  actor_key     text,
  type          text,
  from_at       timestamptz,
  before_at     timestamptz,
  after_at      timestamptz,  -- the last row that was seen, by when and by number
  after_id      bigint,
  most          integer
);

-- The newest first: what is sealed by index, and what is not yet, of which there is little. Of one subject by its own index.
create function read_audit(w audit_wish) returns table (event jsonb, seal_no integer) language plpgsql stable as $$
begin
  if w.subject_id is not null then
    return query
      select to_jsonb(e) - 'tx', n.seal_no
        from events e
        left join audit_entries n on n.restaurant_id = e.restaurant_id and n.event_id = e.id
       where e.restaurant_id = w.restaurant_id and e.subject_id = w.subject_id
         and (w.actor_key is null or audit_actor_key(e.actor) = w.actor_key) and (w.type is null or e.type = w.type)
         and (w.from_at is null or e.at >= w.from_at) and (w.before_at is null or e.at < w.before_at)
         and (w.after_at is null or (e.at, e.id) < (w.after_at, w.after_id))
       order by e.at desc, e.id desc limit w.most;
    return;
  end if;
  return query
    with sealed as (
      select n.event_id, n.at, n.seal_no
        from audit_entries n
       where n.restaurant_id = w.restaurant_id
         and (w.actor_key is null or n.actor_key = w.actor_key) and (w.type is null or n.type = w.type)
         and (w.from_at is null or n.at >= w.from_at) and (w.before_at is null or n.at < w.before_at)
         and (w.after_at is null or (n.at, n.event_id) < (w.after_at, w.after_id))
       order by n.at desc, n.event_id desc limit w.most),
    fresh as (
      select e.id, e.at, null::integer
        from events e
       where e.restaurant_id = w.restaurant_id
         and e.tx >= coalesce((last_seal(w.restaurant_id)).upto_tx, '0')
         and not exists (select from audit_entries n where n.restaurant_id = e.restaurant_id and n.event_id = e.id)
         and (w.actor_key is null or audit_actor_key(e.actor) = w.actor_key) and (w.type is null or e.type = w.type)
         and (w.from_at is null or e.at >= w.from_at) and (w.before_at is null or e.at < w.before_at)
         and (w.after_at is null or (e.at, e.id) < (w.after_at, w.after_id))
       order by e.at desc, e.id desc limit w.most),
    page as (
      select * from sealed union all select * from fresh order by 2 desc, 1 desc limit w.most)
    select to_jsonb(e) - 'tx', p.seal_no
      from page p join events e on e.restaurant_id = w.restaurant_id and e.id = p.event_id
     order by p.at desc, p.event_id desc;
end $$;
