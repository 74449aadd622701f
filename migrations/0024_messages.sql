-- Messages to guests. Events are the outbox: what is to be sent is made of them after the fact, by a reader that keeps its
-- own place, so that no booking waits for it. A message is a row before it is tried, and is tried until it is told.

create table messages (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null references restaurants (id) on delete cascade,
  kind          text not null,
  channel       text not null check (channel in ('mail', 'sms')),
  address       text not null,
  language      text not null,
  subject_type  text not null check (subject_type in ('reservation', 'waitlist', 'series')),
  subject_id    uuid not null,
  event_id      bigint,               -- null: sent again by hand
  dedupe_key    text not null,
  about_at      timestamptz,          -- of a reminder: the visit it is about
  due_at        timestamptz not null,
  state         text not null default 'due' check (state in ('due', 'sending', 'sent', 'failed', 'skipped')),
  reason        text,                 -- why it was skipped, or what the provider said last
  round         integer not null default 1,
  attempts      integer not null default 0,
  asked         integer not null default 0,  -- the attempt that QStash asked for last
  queued        boolean not null default false,
  unknown       boolean not null default false,  -- tried, and nobody knows whether the provider has it
  lease         uuid,
  leased_until  timestamptz,
  content       jsonb,
  told          jsonb,                -- what the guest knows by it
  provider_id   text,
  version       integer not null default 1,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  sent_at       timestamptz,
  unique (restaurant_id, id),
  unique (restaurant_id, dedupe_key)
) with (fillfactor = 85);
create index messages_list    on messages (restaurant_id, created_at, id);
create index messages_subject on messages (restaurant_id, subject_id, created_at);
create index messages_due     on messages (due_at) where state in ('due', 'sending');
create index messages_address on messages (address, restaurant_id) where channel = 'sms';
create index messages_age     on messages using brin (created_at);

-- Who wants no more of them: of `sms` any, of `mail` reminders.
create table message_optouts (
  restaurant_id uuid not null references restaurants (id) on delete cascade,
  channel       text not null check (channel in ('mail', 'sms')),
  address       text not null,
  at            timestamptz not null,
  primary key (restaurant_id, channel, address)
);

-- The house's own words, where it has some.
create table message_templates (
  restaurant_id uuid not null references restaurants (id) on delete cascade,
  kind          text not null,
  channel       text not null check (channel in ('mail', 'sms')),
  language      text not null,
  subject       text,
  body          text not null,
  version       integer not null default 1,
  updated_at    timestamptz not null,
  primary key (restaurant_id, kind, channel, language)
);

-- Reading the events ----------------------------------------------------------------------------------------------------

-- How far the events of a house were read; there is one where messages are switched on, from that moment. A page of a long
-- reading keeps the snapshot it began with: what is in it does not change, so it can be walked by number.
create table message_positions (
  restaurant_id uuid primary key references restaurants (id) on delete cascade,
  since         pg_snapshot not null,
  upto          pg_snapshot,
  after_id      bigint not null default 0,
  lease         uuid,
  leased_until  timestamptz,
  again         boolean not null default false  -- somebody came while another was reading
) with (fillfactor = 50);

create function messages_are_on(p_settings jsonb) returns boolean language sql immutable as $$
  select coalesce(p_settings->'messages'->>'mail' = 'on', false) or coalesce(p_settings->'messages'->>'sms' = 'on', false)
$$;

create function follow_message_settings() returns trigger language plpgsql as $$
begin
  if not messages_are_on(new.settings) then
    delete from message_positions p where p.restaurant_id = new.id;
  else
    -- Where there is a place already it stays: nothing is lost by an edit.
    insert into message_positions (restaurant_id, since) values (new.id, pg_current_snapshot())
    on conflict (restaurant_id) do nothing;
  end if;
  return null;
end $$;
create trigger restaurants_messages after insert or update of settings on restaurants
  for each row execute function follow_message_settings();

-- Whom an event is about, as it can be reached.
create function message_contact(p_restaurant_id uuid, p_reservation_id uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('name', r.name, 'email', coalesce(r.email, g.email), 'phone', coalesce(r.phone_number, g.phone),
                            'language', g.language)
    from reservations r
    left join guests g on g.restaurant_id = r.restaurant_id and g.id = r.guest_id
   where r.restaurant_id = p_restaurant_id and r.id = p_reservation_id
$$;

create function message_event_json(e events) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'id', e.id, 'tx', e.tx::text, 'type', e.type, 'at', e.at, 'subject_id', e.subject_id, 'actor_kind', e.actor->>'kind',
    'before', e.before, 'after', e.after,
    'contact', case
      when e.type like 'reservation.%' then message_contact(e.restaurant_id, e.subject_id)
      when e.type like 'series.%' then message_contact(
        e.restaurant_id, coalesce(e.after->'booked'->>0, e.after->'changed'->>0, e.after->'cancelled'->>0)::uuid)
      when e.type = 'waitlist.accepted' then message_contact(e.restaurant_id, (e.after->>'reservation_id')::uuid)
      end)
$$;

-- What has become visible since it was last asked, oldest first; `busy` where another is at it, who then looks once more.
-- A place from the future means that the database was set back: reading begins anew.
create function begin_messages(p_restaurant_id uuid, p_most integer) returns jsonb language plpgsql as $$
declare
  p     message_positions;
  now_  pg_snapshot;
  page  jsonb;
  taken uuid := gen_random_uuid();
begin
  select * into p from message_positions x where x.restaurant_id = p_restaurant_id for no key update;
  if not found then return '{"outcome": "off"}'; end if;
  if p.leased_until > clock_timestamp() then
    update message_positions x set again = true where x.restaurant_id = p_restaurant_id and not x.again;
    return '{"outcome": "busy"}';
  end if;
  with seen as materialized (
    select e as event, e.id
      from events e
     where e.restaurant_id = p_restaurant_id
       and e.tx >= pg_snapshot_xmin(p.since) and not pg_visible_in_snapshot(e.tx, p.since)
       and (p.upto is null or pg_visible_in_snapshot(e.tx, p.upto))
       and e.id > p.after_id
       and e.type in ('reservation.booked', 'reservation.changed', 'reservation.moved', 'reservation.confirm',
                      'reservation.cancel', 'reservation.no_show', 'reservation.seat', 'reservation.complete',
                      'waitlist.joined', 'waitlist.offered', 'waitlist.offer_lapsed', 'waitlist.accepted',
                      'series.booked', 'series.extended', 'series.changed', 'series.cancelled')
     order by e.id limit p_most + 1)
  select pg_current_snapshot(), coalesce(jsonb_agg(message_event_json(s.event) order by s.id), '[]') into now_, page
    from seen s;
  if page = '[]' or pg_snapshot_xmax(now_) < pg_snapshot_xmax(p.since) then
    update message_positions x
       set since = case when pg_snapshot_xmax(now_) < pg_snapshot_xmax(p.since) then now_ else coalesce(p.upto, now_) end,
           upto = null, after_id = 0, lease = null, leased_until = null, again = false
     where x.restaurant_id = p_restaurant_id;
    -- A page that ended by chance with the last of its snapshot: there may be more after it.
    return jsonb_build_object('outcome', case when p.upto is null then 'nothing' else 'again' end);
  end if;
  update message_positions x
     set lease = taken, leased_until = clock_timestamp() + interval '15 seconds', again = false
   where x.restaurant_id = p_restaurant_id;
  return jsonb_build_object(
    'outcome', 'read', 'lease', taken, 'upto', coalesce(p.upto, now_)::text,
    'more', jsonb_array_length(page) > p_most,
    'events', case when jsonb_array_length(page) > p_most then page - p_most else page end);
end $$;

create type message_wish as (
  kind         text,
  channel      text,
  address      text,
  language     text,
  subject_type text,
  subject_id   uuid,
  event_id     bigint,
  dedupe_key   text,
  about_at     timestamptz,
  due_at       timestamptz,
  settles      boolean  -- may be told together with what was told a moment ago
);

-- One message as a row; what was told of the same thing and has not gone yet tells this too, and of two changes within two
-- minutes only the last is told.
create function make_message(p_restaurant_id uuid, p_now timestamptz, w message_wish) returns messages
language plpgsql as $$
declare
  last messages;
  m    messages;
begin
  if w.settles then
    select * into last from messages x
     where x.restaurant_id = p_restaurant_id and x.subject_id = w.subject_id and x.channel = w.channel
       and x.kind in ('confirmation', 'pending', 'approved', 'changed') and x.state in ('due', 'sending', 'sent')
     order by x.created_at desc, x.id desc limit 1;
    if found and last.state = 'due' and not last.unknown then
      insert into messages (restaurant_id, kind, channel, address, language, subject_type, subject_id, event_id, dedupe_key,
                            due_at, state, reason, created_at, updated_at)
      values (p_restaurant_id, w.kind, w.channel, w.address, w.language, w.subject_type, w.subject_id, w.event_id,
              w.dedupe_key, w.due_at, 'skipped', 'told_with_another', p_now, p_now)
      on conflict (restaurant_id, dedupe_key) do nothing;
      return null;
    end if;
    if found then w.due_at := greatest(w.due_at, coalesce(last.sent_at, last.updated_at) + interval '2 minutes'); end if;
  end if;
  insert into messages as x (restaurant_id, kind, channel, address, language, subject_type, subject_id, event_id, dedupe_key,
                             about_at, due_at, created_at, updated_at)
  values (p_restaurant_id, w.kind, w.channel, w.address, w.language, w.subject_type, w.subject_id, w.event_id, w.dedupe_key,
          w.about_at, w.due_at, p_now, p_now)
  -- A visit that was moved away and back again has its reminder again.
  on conflict (restaurant_id, dedupe_key) do update
     set state = 'due', reason = null, due_at = excluded.due_at, round = x.round + 1, attempts = 0, asked = 0,
         queued = false, version = x.version + 1, updated_at = p_now
   where x.kind = 'reminder' and x.state = 'skipped' and x.reason = 'overtaken'
  returning * into m;
  return m;
end $$;

-- Writes what a page of events came to, and moves on: both or neither. A lease that was lost writes nothing.
create function take_messages(p jsonb) returns jsonb language plpgsql as $$
declare
  house uuid := (p->>'restaurant_id')::uuid;
  now_  timestamptz := (p->>'now')::timestamptz;
  place message_positions;
  step  jsonb;
  m     messages;
  made  jsonb := '[]';
begin
  select * into place from message_positions x
   where x.restaurant_id = house and x.lease = (p->>'lease')::uuid for no key update;
  if not found then return '{"outcome": "lost"}'; end if;
  for step in select e.value from jsonb_array_elements(p->'steps') with ordinality e(value, ord) order by e.ord loop
    if step ? 'void' then
      update messages x
         set state = 'skipped', reason = 'overtaken', version = x.version + 1, updated_at = now_
       where x.restaurant_id = house and x.subject_id = (step->>'void')::uuid and x.state = 'due'
         and x.kind = any (array(select jsonb_array_elements_text(step->'kinds')));
    else
      m := make_message(house, now_, jsonb_populate_record(null::message_wish, step->'make'));
      if m.id is not null then
        made := made || jsonb_build_object('id', m.id, 'round', m.round, 'due_at', m.due_at);
      end if;
    end if;
  end loop;
  update message_positions x
     set since    = case when (p->>'more')::boolean then x.since else (p->>'upto')::pg_snapshot end,
         upto     = case when (p->>'more')::boolean then (p->>'upto')::pg_snapshot end,
         after_id = case when (p->>'more')::boolean then (p->>'last_id')::bigint else 0 end,
         lease = null, leased_until = null, again = false
   where x.restaurant_id = house;
  return jsonb_build_object('outcome', 'taken', 'again', place.again or (p->>'more')::boolean, 'made', made);
end $$;

-- Sending ---------------------------------------------------------------------------------------------------------------

create function message_json(m messages) returns jsonb language sql stable as $$
  select to_jsonb(m) - '{dedupe_key,asked,queued,unknown,lease,leased_until,content,told,round,event_id}'::text[]
      || jsonb_build_object('subject', m.content->>'subject', 'text', m.content->>'text')
$$;

-- What a message is about, as it is now: what is told is never older than the telling.
create function message_facts(m messages, p_now timestamptz) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'contact', case m.subject_type
      when 'reservation' then message_contact(m.restaurant_id, m.subject_id)
      when 'series' then (
        select message_contact(r.restaurant_id, r.id) from reservations r
         where r.restaurant_id = m.restaurant_id and r.series_id = m.subject_id order by r.series_date limit 1) end,
    'reservation', case m.subject_type when 'reservation' then (
      select reservation_json(r) from reservations r where r.restaurant_id = m.restaurant_id and r.id = m.subject_id) end,
    'entry', case m.subject_type when 'waitlist' then (
      select waitlist_json(w) from waitlist_entries w where w.restaurant_id = m.restaurant_id and w.id = m.subject_id) end,
    'series', case m.subject_type when 'series' then (
      select jsonb_build_object(
        'status', s.status,
        'visits', (
          select coalesce(jsonb_agg(jsonb_build_object('starts_at', r.starts_at, 'party_size', r.party_size)
                                    order by r.starts_at), '[]')
            from reservations r
           where r.restaurant_id = s.restaurant_id and r.series_id = s.id and r.status in ('pending', 'confirmed')
             and r.starts_at > p_now),
        'not_booked', (
          select coalesce(jsonb_agg(distinct x.value->>'date'), '[]')
            from events e, jsonb_array_elements(e.after->'not_booked') x
           where e.restaurant_id = m.restaurant_id and e.id = m.event_id))
        from reservation_series s where s.restaurant_id = m.restaurant_id and s.id = m.subject_id) end,
    'told', (
      select x.told from messages x
       where x.restaurant_id = m.restaurant_id and x.subject_id = m.subject_id and x.channel = m.channel
         and x.state = 'sent' and x.told is not null
       order by x.sent_at desc limit 1),
    'template', (
      select jsonb_build_object('subject', t.subject, 'body', t.body) from message_templates t
       where t.restaurant_id = m.restaurant_id and t.kind = m.kind and t.channel = m.channel and t.language = m.language))
$$;

-- Takes the next attempt of a message. QStash says which attempt of which round it means, others how many they have seen.
create function lease_message(
  p_restaurant_id uuid, p_id uuid, p_round integer, p_attempt integer, p_seen integer, p_now timestamptz) returns jsonb
language plpgsql as $$
declare
  m    messages;
  died boolean;
begin
  select x.state = 'sending' into died from messages x
   where x.restaurant_id = p_restaurant_id and x.id = p_id
     and (x.state = 'due' or x.state = 'sending' and x.leased_until <= clock_timestamp())
     and (p_round is null or x.round = p_round)
     and (p_attempt is null or p_attempt > greatest(x.attempts, x.asked))
     and (p_seen is null or p_seen = x.attempts)
     for no key update;
  if not found then
    select * into m from messages x where x.restaurant_id = p_restaurant_id and x.id = p_id;
    return jsonb_build_object('outcome', 'idle', 'state', m.state, 'round', m.round);
  end if;
  update messages x
     set state = 'sending', lease = gen_random_uuid(), leased_until = clock_timestamp() + interval '20 seconds',
         asked = coalesce(p_attempt, x.asked),
         -- Whoever had it before did not come to say what became of it.
         unknown = x.unknown or died and x.content is not null
   where x.restaurant_id = p_restaurant_id and x.id = p_id
  returning * into m;
  return jsonb_build_object(
    'outcome', 'leased', 'lease', m.lease, 'message', to_jsonb(m), 'facts', message_facts(m, p_now),
    'opted_out', exists (
      select from message_optouts o
       where o.restaurant_id = m.restaurant_id and o.channel = m.channel and o.address = lower(m.address)
         and (m.channel = 'sms' or m.kind in ('reminder', 'no_show'))));
end $$;

-- What is about to be sent, kept before it is: an attempt of which nobody knows the end is made again word for word.
-- Answers nothing where the lease is another's by now, or who is written to wants no more.
create function keep_message_content(p jsonb) returns boolean language plpgsql as $$
declare kept boolean;
begin
  update messages x set content = p->'content', address = p->>'address'
   where x.restaurant_id = (p->>'restaurant_id')::uuid and x.id = (p->>'id')::uuid and x.lease = (p->>'lease')::uuid
     and x.leased_until > clock_timestamp()
     and not exists (
       select from message_optouts o
        where o.restaurant_id = x.restaurant_id and o.channel = x.channel and o.address = lower(p->>'address')
          and (x.channel = 'sms' or x.kind in ('reminder', 'no_show')))
  returning true into kept;
  return coalesce(kept, false);
end $$;

-- What came of an attempt. Good news counts even when the lease has run out; other news only while it has not.
create function record_message(p jsonb) returns jsonb language plpgsql as $$
declare
  now_ timestamptz := (p->>'now')::timestamptz;
  m    messages;
begin
  update messages x
     set state = p->>'state', reason = p->>'reason', attempts = greatest(x.attempts, (p->>'attempt')::integer),
         unknown = coalesce((p->>'unknown')::boolean, false), due_at = coalesce((p->>'due_at')::timestamptz, x.due_at),
         provider_id = coalesce(p->>'provider_id', x.provider_id), told = coalesce(p->'told', x.told),
         sent_at = case when p->>'state' = 'sent' then now_ end,
         content = case when p->>'state' = 'sent' then x.content - '{html,attachments}'::text[] else x.content end,
         lease = null, leased_until = null, version = x.version + 1, updated_at = now_
   where x.restaurant_id = (p->>'restaurant_id')::uuid and x.id = (p->>'id')::uuid
     and (x.lease = (p->>'lease')::uuid or p->>'state' = 'sent' and x.state <> 'sent')
  returning * into m;
  if m.id is null then return '{"recorded": false, "queued": true}'; end if;
  if m.state = 'failed' then
    insert into events (restaurant_id, at, type, subject_id, actor, request_id, after, why)
    values (m.restaurant_id, now_, 'message.failed', m.id, p->'actor', p->>'request_id',
            jsonb_build_object('kind', m.kind, 'channel', m.channel, 'subject_type', m.subject_type,
                               'subject_id', m.subject_id), m.reason);
  end if;
  return jsonb_build_object('recorded', true, 'queued', m.queued);
end $$;

-- What nobody has sent though it is due, and what comes due within the hour and QStash does not know of.
create function due_messages(p_now timestamptz, p_grace interval, p_ahead interval, p_limit integer)
returns table (restaurant_id uuid, id uuid, round integer, attempts integer, due_at timestamptz, overdue boolean)
language sql stable as $$
  select m.restaurant_id, m.id, m.round, m.attempts, m.due_at, m.due_at <= p_now
    from messages m
   where m.state in ('due', 'sending') and m.due_at <= p_now + p_ahead
     and case when m.state = 'sending' then m.leased_until <= clock_timestamp()
              else not m.queued or m.due_at <= p_now - p_grace end
   order by m.due_at
   limit p_limit
$$;

-- By hand ---------------------------------------------------------------------------------------------------------------

-- The same once more, as a message of its own that tells what is so now.
create function resend_message(p jsonb) returns jsonb language plpgsql as $$
declare
  now_ timestamptz := (p->>'now')::timestamptz;
  old  messages;
  m    messages;
begin
  select * into old from messages x
   where x.restaurant_id = (p->>'restaurant_id')::uuid and x.id = (p->>'id')::uuid for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if (p->>'version')::integer <> old.version then
    return jsonb_build_object('outcome', 'stale', 'message', message_json(old));
  end if;
  if old.state in ('due', 'sending') then
    return jsonb_build_object('outcome', 'illegal', 'message', message_json(old));
  end if;
  insert into messages (restaurant_id, kind, channel, address, language, subject_type, subject_id, dedupe_key, about_at,
                        due_at, created_at, updated_at)
  values (old.restaurant_id, old.kind, old.channel, old.address, old.language, old.subject_type, old.subject_id,
          'again:' || gen_random_uuid(), old.about_at, now_, now_, now_)
  returning * into m;
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (m.restaurant_id, now_, 'message.resent', m.id, p->'actor', p->>'request_id',
          jsonb_build_object('kind', m.kind, 'channel', m.channel, 'subject_id', m.subject_id, 'of', old.id));
  return jsonb_build_object('outcome', 'written', 'message', message_json(m), 'round', m.round);
end $$;

-- STOP and START, from the phone or from the foot of a mail; of every house that ever wrote there, where none is named.
create function set_message_optout(p jsonb) returns integer language plpgsql as $$
declare
  now_    timestamptz := (p->>'now')::timestamptz;
  changed integer;
begin
  with houses as (
    select (p->>'restaurant_id')::uuid as id where p->>'restaurant_id' is not null
    union
    select m.restaurant_id from messages m
     where p->>'restaurant_id' is null and m.channel = 'sms' and m.address = p->>'address'),
  out_ as (
    insert into message_optouts (restaurant_id, channel, address, at)
    select h.id, p->>'channel', lower(p->>'address'), now_ from houses h where (p->>'out')::boolean
    on conflict do nothing returning restaurant_id),
  in_ as (
    delete from message_optouts o using houses h
     where not (p->>'out')::boolean and o.restaurant_id = h.id and o.channel = p->>'channel'
       and o.address = lower(p->>'address')
    returning o.restaurant_id)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  select x.restaurant_id, now_, case when (p->>'out')::boolean then 'message.opted_out' else 'message.opted_in' end,
         x.restaurant_id, p->'actor', p->>'request_id', jsonb_build_object('channel', p->>'channel')
    from (select restaurant_id from out_ union all select restaurant_id from in_) x;
  get diagnostics changed = row_count;
  return changed;
end $$;

-- The house's words for one kind, channel and language; null takes them away. Version 0 is where there are none.
create function put_message_template(p jsonb) returns jsonb language plpgsql as $$
declare
  house uuid := (p->>'restaurant_id')::uuid;
  old   message_templates;
  t     message_templates;
begin
  perform pg_advisory_xact_lock(hashtextextended(house::text || 'message_templates', 2));
  select * into old from message_templates x
   where x.restaurant_id = house and x.kind = p->>'kind' and x.channel = p->>'channel' and x.language = p->>'language';
  if (p->>'version')::integer <> coalesce(old.version, 0) then
    return jsonb_build_object('outcome', 'stale', 'template', case when old.kind is not null then to_jsonb(old) end);
  end if;
  insert into message_templates (restaurant_id, kind, channel, language, subject, body, updated_at)
  values (house, p->>'kind', p->>'channel', p->>'language', p->>'subject', p->>'body', (p->>'now')::timestamptz)
  on conflict (restaurant_id, kind, channel, language) do update
     set subject = excluded.subject, body = excluded.body, version = message_templates.version + 1,
         updated_at = excluded.updated_at
  returning * into t;
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after)
  values (house, t.updated_at, 'message_template.changed', house, p->'actor', p->>'request_id',
          case when old.kind is not null then to_jsonb(old) end, to_jsonb(t));
  return jsonb_build_object('outcome', 'written', 'template', to_jsonb(t));
end $$;

create function remove_message_template(p jsonb) returns jsonb language plpgsql as $$
declare t message_templates;
begin
  delete from message_templates x
   where x.restaurant_id = (p->>'restaurant_id')::uuid and x.kind = p->>'kind' and x.channel = p->>'channel'
     and x.language = p->>'language'
  returning * into t;
  if t.kind is null then return '{"outcome": "not_found"}'; end if;
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before)
  values (t.restaurant_id, (p->>'now')::timestamptz, 'message_template.removed', t.restaurant_id, p->'actor',
          p->>'request_id', to_jsonb(t));
  return jsonb_build_object('outcome', 'written', 'template', to_jsonb(t));
end $$;

-- After half a year what was written, and where to, is gone.
create function forget_messages(p_now timestamptz) returns integer language plpgsql as $$
declare forgotten integer;
begin
  delete from messages m where m.created_at < p_now - interval '180 days' and m.state not in ('due', 'sending');
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;
