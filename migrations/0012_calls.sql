-- Calls: a waiter, the bill, water ----------------------------------------------------------------------------------------

create table table_calls (
  id              uuid primary key default uuidv7(),
  restaurant_id   uuid not null,
  session_id      uuid not null,
  table_id        uuid not null,
  table_number    text not null,
  member_id       uuid,
  member          text,
  kind            text not null check (kind in ('waiter','bill','water')),
  called_at       timestamptz not null,
  acknowledged_at timestamptz,
  acknowledged_by jsonb,
  unique (restaurant_id, id),
  foreign key (restaurant_id, session_id) references table_sessions (restaurant_id, id) on delete cascade
);
-- Whoever presses again while nobody has come does not call twice.
create unique index table_calls_open on table_calls (restaurant_id, session_id, kind) where acknowledged_at is null;
create index table_calls_called on table_calls (restaurant_id, called_at desc, id desc);

create type call_plan as (
  restaurant_id uuid,
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  id            uuid,
  session_id    uuid,
  member_id     uuid,
  table_id      uuid,
  table_number  text,
  kind          text
);

create function call_json(c table_calls) returns jsonb language sql stable as $$ select to_jsonb(c) $$;

create function append_event(a call_plan, p_type text, p_subject uuid, p_before jsonb, p_after jsonb) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_before, p_after)
$$;

create function call_staff(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      call_plan := jsonb_populate_record(null::call_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  c      table_calls;
begin
  if answer is not null then return answer; end if;
  if not lock_open_session(a.restaurant_id, a.session_id, a.now) then return '{"outcome": "session_closed"}'; end if;
  insert into table_calls (restaurant_id, session_id, table_id, table_number, member_id, member, kind, called_at)
  select a.restaurant_id, a.session_id, a.table_id, a.table_number, a.member_id, m.nickname, a.kind, a.now
    from (values (1)) one(x)
    left join session_members m on m.restaurant_id = a.restaurant_id and m.id = a.member_id
  on conflict (restaurant_id, session_id, kind) where acknowledged_at is null do nothing
  returning * into c;
  if c.id is null then
    select * into c from table_calls x
     where x.restaurant_id = a.restaurant_id and x.session_id = a.session_id and x.kind = a.kind
       and x.acknowledged_at is null;
  else
    perform append_event(a, 'call.made', c.id, null, call_json(c));
  end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'called', 'call', call_json(c)));
end $$;

create function acknowledge_call(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      call_plan := jsonb_populate_record(null::call_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    table_calls;
  c      table_calls;
begin
  if answer is not null then return answer; end if;
  select * into old from table_calls x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  c := old;
  if old.acknowledged_at is null then
    update table_calls x set acknowledged_at = a.now, acknowledged_by = a.actor
     where x.restaurant_id = a.restaurant_id and x.id = a.id
    returning * into c;
    perform append_event(a, 'call.acknowledged', c.id, call_json(old), call_json(c));
  end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'acknowledged', 'call', call_json(c)));
end $$;
