-- Calls that an agent answers: what was said and done in them, and what may be done in their name.

create table voice_calls (
  id              uuid primary key default uuidv7(),
  restaurant_id   uuid not null references restaurants on delete cascade,
  door            text not null check (door in ('rest','mcp','vapi','retell','elevenlabs','openai','twilio','voice_ws')),
  -- The vendor's own name for the call; a call without one goes by the key it was opened with.
  vendor_call_id  text not null,
  -- As the line says it; who calls is not known by it before a name was given that answers to it.
  caller_phone    text,
  called_number   text,
  locale          text not null,
  consent         text not null,
  consent_locale  text not null,
  -- What is known so far: date, time, party_size, name, phone, requests. The next agent does not ask again.
  state           jsonb not null default '{}',
  verified_name   text,
  name_tries      smallint not null default 0,
  hold_id         uuid,
  -- The one that the call was about last, and all that were made in it.
  reservation_id  uuid,
  reservation_ids uuid[] not null default '{}',
  outcome         text check (outcome in ('booked','changed','cancelled','late','waitlisted','informed','abandoned')),
  escalation      jsonb,
  escalated_at    timestamptz,
  -- Somebody of the house has seen to it.
  handled_at      timestamptz,
  handled_by      jsonb,
  summary         text,
  ended_reason    text,
  started_at      timestamptz not null,
  last_heard_at   timestamptz not null,
  ended_at        timestamptz,
  purged_at       timestamptz,
  version         integer not null default 1,
  unique (restaurant_id, id),
  unique (restaurant_id, door, vendor_call_id)
) with (fillfactor = 80);
create index voice_calls_started on voice_calls (restaurant_id, started_at desc, id desc);
create index voice_calls_escalated on voice_calls (restaurant_id, started_at desc, id desc)
  where escalated_at is not null;
create index voice_calls_open    on voice_calls (last_heard_at) where ended_at is null;
create index voice_calls_number  on voice_calls (restaurant_id, caller_phone, started_at) where caller_phone is not null;
create index voice_calls_kept    on voice_calls (restaurant_id, started_at) where purged_at is null;

-- `key` is the vendor's name for the line, so that one that is told twice stands once.
create table voice_turns (
  restaurant_id uuid not null,
  call_id       uuid not null,
  id            bigint generated always as identity,
  key           text not null,
  at            timestamptz not null,
  speaker       text not null check (speaker in ('caller','agent')),
  text          text not null,
  primary key (restaurant_id, call_id, id),
  unique (restaurant_id, call_id, key),
  foreign key (restaurant_id, call_id) references voice_calls (restaurant_id, id) on delete cascade
);

-- Input without what names anybody; `outcome` is `ok` or the code of the refusal.
create table voice_tool_calls (
  restaurant_id uuid not null,
  call_id       uuid not null,
  id            bigint generated always as identity,
  key           text not null,
  at            timestamptz not null,
  operation     text not null,
  input         jsonb not null,
  outcome       text not null,
  ms            integer not null,
  primary key (restaurant_id, call_id, id),
  unique (restaurant_id, call_id, key),
  foreign key (restaurant_id, call_id) references voice_calls (restaurant_id, id) on delete cascade
);
create index voice_tool_calls_at on voice_tool_calls (restaurant_id, at);

create table voice_handoffs (
  restaurant_id   uuid not null,
  call_id         uuid not null,
  id              bigint generated always as identity,
  key             text not null,
  at              timestamptz not null,
  from_agent      text not null,
  to_agent        text not null,
  data            jsonb not null,
  entities_filled text[] not null,
  primary key (restaurant_id, call_id, id),
  unique (restaurant_id, call_id, key),
  foreign key (restaurant_id, call_id) references voice_calls (restaurant_id, id) on delete cascade
);
create index voice_handoffs_at on voice_handoffs (restaurant_id, at);

create type voice_plan as (
  restaurant_id  uuid,
  key            text,
  fingerprint    text,
  now            timestamptz,
  actor          jsonb,
  request_id     text,
  id             uuid,     -- the call
  version        integer,  -- the version the client saw; null: whichever it has
  door           text,
  vendor_call_id text,
  caller_phone   text,
  called_number  text,
  locale         text,
  consent        text,
  consent_locale text,
  entries        jsonb,    -- turns: [{key, at, speaker, text}]
  tool           jsonb,    -- {key, operation, input, outcome, ms}
  handoff        jsonb,    -- {key, from_agent, to_agent, data, entities_filled}
  slots          jsonb,    -- what the tool or the handoff made known
  reason         text,
  outcome        text,
  summary        text,
  escalation     jsonb
);

create function append_event(a voice_plan, p_type text, p_subject uuid, p_after jsonb) returns void language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_after)
$$;

create function voice_call_json(c voice_calls) returns jsonb language sql stable as $$
  select to_jsonb(c) - '{verified_name,name_tries,reservation_ids}'::text[]
         || jsonb_build_object('recognised', c.verified_name is not null)
$$;

-- What stays in the audit trail for good: nothing that was said, and nobody's number.
create function voice_call_brief(c voice_calls) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'id', c.id, 'door', c.door, 'locale', c.locale, 'started_at', c.started_at, 'ended_at', c.ended_at,
    'handled_at', c.handled_at, 'outcome', c.outcome, 'ended_reason', c.ended_reason, 'reservation_id', c.reservation_id, 'hold_id', c.hold_id,
    'escalation', c.escalation - 'summary', 'version', c.version)
$$;

-- Whatever is done in the name of a call, by any verb of any feature, says so in its event: here it becomes part of the
-- call's record, and here it is undone where the call is over. The call's row is locked last of all, under the locks of
-- days and rows.
create function heed_call() returns trigger language plpgsql as $$
declare
  held boolean := coalesce(new.after->>'status' = 'held', false);
  did  text    := case new.type
                    when 'reservation.booked' then 'booked'
                    when 'reservation.changed' then case when not held then 'changed' end
                    when 'reservation.cancel' then 'cancelled'
                    when 'reservation.late' then 'late'
                    when 'waitlist.joined' then 'waitlisted'
                  end;
begin
  update voice_calls c
     set hold_id = case when held or c.hold_id is distinct from new.subject_id then c.hold_id end,
         reservation_id = case when did is not null and new.type like 'reservation.%' then new.subject_id
                               else c.reservation_id end,
         reservation_ids = case when did = 'booked' and not new.subject_id = any (c.reservation_ids)
                                then c.reservation_ids || new.subject_id else c.reservation_ids end,
         outcome = coalesce(did, c.outcome), last_heard_at = greatest(c.last_heard_at, new.at), version = c.version + 1
   where c.restaurant_id = new.restaurant_id and c.id = (new.actor->>'id')::uuid and c.ended_at is null;
  if not found then raise exception 'the call is over' using errcode = 'TS021'; end if;
  return new;
end $$;
create trigger events_of_calls before insert on events
  for each row when (new.actor->>'kind' = 'call' and new.type not like 'call.%') execute function heed_call();

-- The life of a call ---------------------------------------------------------------------------------------------------

create function open_call(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      voice_plan := jsonb_populate_record(null::voice_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  c      voice_calls;
begin
  if answer is not null then return answer; end if;
  insert into voice_calls (restaurant_id, door, vendor_call_id, caller_phone, called_number, locale, consent,
                           consent_locale, started_at, last_heard_at)
  values (a.restaurant_id, a.door, a.vendor_call_id, a.caller_phone, a.called_number, a.locale, a.consent,
          a.consent_locale, a.now, a.now)
  on conflict (restaurant_id, door, vendor_call_id) do nothing
  returning * into c;
  if c.id is not null then
    perform append_event(a, 'call.started', c.id, voice_call_brief(c));
  else
    select * into c from voice_calls x
     where x.restaurant_id = a.restaurant_id and x.door = a.door and x.vendor_call_id = a.vendor_call_id;
  end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'opened', 'call', voice_call_json(c)));
end $$;

-- Lines of the transcript, each once; those of a call that is over too, for vendors send them last.
create function note_turns(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a     voice_plan := jsonb_populate_record(null::voice_plan, p);
  noted integer;
begin
  update voice_calls c set last_heard_at = greatest(c.last_heard_at, a.now)
   where c.restaurant_id = a.restaurant_id and c.id = a.id and c.purged_at is null;
  if not found then return '{"outcome": "not_found"}'; end if;
  insert into voice_turns (restaurant_id, call_id, key, at, speaker, text)
  select a.restaurant_id, a.id, e.key, coalesce(e.at, a.now), e.speaker, e.text
    from jsonb_to_recordset(a.entries) as e(key text, at timestamptz, speaker text, text text)
  on conflict do nothing;
  get diagnostics noted = row_count;
  if noted > 0 then perform append_event(a, 'call.heard', a.id, jsonb_build_object('turns', noted)); end if;
  return jsonb_build_object('outcome', 'noted', 'noted', noted);
end $$;

create function note_handoff(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a voice_plan := jsonb_populate_record(null::voice_plan, p);
  c voice_calls;
begin
  update voice_calls x
     set state = x.state || coalesce(a.slots, '{}'), last_heard_at = greatest(x.last_heard_at, a.now),
         version = x.version + 1
   where x.restaurant_id = a.restaurant_id and x.id = a.id and x.purged_at is null
  returning * into c;
  if not found then return '{"outcome": "not_found"}'; end if;
  insert into voice_handoffs (restaurant_id, call_id, key, at, from_agent, to_agent, data, entities_filled)
  select a.restaurant_id, a.id, h.key, a.now, h.from_agent, h.to_agent, h.data, h.entities_filled
    from jsonb_to_record(a.handoff) as h(key text, from_agent text, to_agent text, data jsonb, entities_filled text[])
  on conflict do nothing;
  if found then
    perform append_event(a, 'call.handoff', a.id, a.handoff - '{key,data}'::text[]);
  end if;
  return jsonb_build_object('outcome', 'noted', 'call', voice_call_json(c));
end $$;

create function note_tool(p jsonb) returns void language plpgsql set lock_timeout = '1500ms' as $$
declare a voice_plan := jsonb_populate_record(null::voice_plan, p);
begin
  insert into voice_tool_calls (restaurant_id, call_id, key, at, operation, input, outcome, ms)
  select a.restaurant_id, a.id, t.key, a.now, t.operation, t.input, t.outcome, t.ms
    from jsonb_to_record(a.tool) as t(key text, operation text, input jsonb, outcome text, ms integer)
  on conflict do nothing;
  if not found then return; end if;
  update voice_calls c
     set state = c.state || coalesce(a.slots, '{}'), last_heard_at = greatest(c.last_heard_at, a.now),
         version = c.version + 1
   where c.restaurant_id = a.restaurant_id and c.id = a.id and c.purged_at is null;
  perform append_event(a, 'call.tool', a.id, a.tool - 'key');
end $$;

-- A person is wanted. Without a call there is a record made for it all the same: somebody has to ring back.
create function escalate_call(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      voice_plan := jsonb_populate_record(null::voice_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  c      voice_calls;
begin
  if answer is not null then return answer; end if;
  if a.id is null then
    insert into voice_calls (restaurant_id, door, vendor_call_id, caller_phone, locale, consent, consent_locale,
                             escalation, escalated_at, summary, ended_reason, started_at, last_heard_at, ended_at)
    values (a.restaurant_id, a.door, a.vendor_call_id, a.caller_phone, a.locale, a.consent, a.consent_locale,
            a.escalation, a.now, a.escalation->>'summary', 'no_call', a.now, a.now, a.now)
    returning * into c;
  else
    update voice_calls x
       set escalation = a.escalation, escalated_at = coalesce(x.escalated_at, a.now), handled_at = null,
           handled_by = null,
           summary = coalesce(a.escalation->>'summary', x.summary), last_heard_at = greatest(x.last_heard_at, a.now),
           version = x.version + 1
     where x.restaurant_id = a.restaurant_id and x.id = a.id and x.ended_at is null
    returning * into c;
    if not found then return '{"outcome": "call_over"}'; end if;
  end if;
  perform append_event(a, 'call.escalated', c.id, voice_call_brief(c));
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'escalated', 'call', voice_call_json(c)));
end $$;

-- A person has seen to it: the caller was put through, or rung back.
create function handle_call(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      voice_plan := jsonb_populate_record(null::voice_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  c      voice_calls;
begin
  if answer is not null then return answer; end if;
  select * into c from voice_calls x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version is not null and a.version <> c.version then
    return jsonb_build_object('outcome', 'stale', 'call', voice_call_json(c));
  end if;
  if c.escalated_at is null then return jsonb_build_object('outcome', 'illegal', 'call', voice_call_json(c)); end if;
  if c.handled_at is null then
    update voice_calls x set handled_at = a.now, handled_by = a.actor, version = x.version + 1
     where x.restaurant_id = a.restaurant_id and x.id = a.id
    returning * into c;
    perform append_event(a, 'call.handled', c.id, voice_call_brief(c));
  end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'handled', 'call', voice_call_json(c)));
end $$;

-- Hanging up gives the held table back. A hold under way at that moment is waited for and given back too, or finds the
-- call over and is undone. Said again it only adds what was not known: reports come after the end.
create function close_call(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a voice_plan := jsonb_populate_record(null::voice_plan, p);
  c voice_calls;
begin
  loop
    select * into c from voice_calls x where x.restaurant_id = a.restaurant_id and x.id = a.id;
    if not found then return '{"outcome": "not_found"}'; end if;
    if c.ended_at is not null then
      update voice_calls x
         set summary = coalesce(x.summary, a.summary), outcome = coalesce(x.outcome, a.outcome)
       where x.restaurant_id = a.restaurant_id and x.id = a.id and x.purged_at is null
      returning * into c;
      return jsonb_build_object('outcome', 'closed', 'call', case when c.id is not null then voice_call_json(c) else
        (select voice_call_json(x) from voice_calls x where x.restaurant_id = a.restaurant_id and x.id = a.id) end);
    end if;
    if c.hold_id is not null then
      perform step_reservation(jsonb_build_object(
        'restaurant_id', a.restaurant_id, 'key', 'hang-up:' || c.id || ':' || c.hold_id, 'fingerprint', '',
        'now', a.now, 'actor', a.actor, 'request_id', a.request_id, 'ref_kind', 'id', 'ref', c.hold_id,
        'step', 'release', 'allowed_from', array['held'], 'status', 'cancelled', 'why', 'hang_up'));
    end if;
    update voice_calls x
       set ended_at = a.now, ended_reason = a.reason, hold_id = null, summary = coalesce(a.summary, x.summary),
           outcome = coalesce(x.outcome, a.outcome, case
             when exists (select from voice_tool_calls t
                           where t.restaurant_id = a.restaurant_id and t.call_id = a.id and t.outcome = 'ok'
                             and t.operation in ('check_availability', 'explain_unavailable', 'find_reservation',
                                                 'restaurant_info', 'menu_info'))
             then 'informed' else 'abandoned' end),
           version = x.version + 1
     where x.restaurant_id = a.restaurant_id and x.id = a.id and x.ended_at is null
       and (x.hold_id is null or x.hold_id is not distinct from c.hold_id)
    returning * into c;
    exit when found;
  end loop;
  perform append_event(a, 'call.ended', c.id, voice_call_brief(c));
  return jsonb_build_object('outcome', 'closed', 'call', voice_call_json(c));
end $$;
