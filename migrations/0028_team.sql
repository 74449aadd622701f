-- A call that a team of agents answers in words: whose turn it is to speak, and what was read back and waits for a yes.
-- What the model is told, it is told from here; nothing of it outlives the call.

create table voice_teams (
  restaurant_id uuid not null,
  call_id       uuid not null,
  agent         text not null default 'main',
  -- {operation, input, commit_token, sentence}
  read_back     jsonb,
  -- Who is at work on an answer, and until when nobody else is.
  lease         uuid,
  leased_until  timestamptz,
  primary key (restaurant_id, call_id),
  foreign key (restaurant_id, call_id) references voice_calls (restaurant_id, id) on delete cascade
);

create function forget_team() returns trigger language plpgsql as $$
begin
  delete from voice_teams t where t.restaurant_id = new.restaurant_id and t.call_id = new.id;
  return new;
end $$;
create trigger teams_of_calls_that_end after update of ended_at on voice_calls
  for each row when (old.ended_at is null and new.ended_at is not null) execute function forget_team();

-- The caller has said something. One answer at a time: the call is leased to whoever makes it, by a name that only they
-- know, so that one who took too long writes nothing over the next. Answers what there is to know for it.
create function begin_team_turn(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      voice_plan := jsonb_populate_record(null::voice_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  c      voice_calls;
  t      voice_teams;
begin
  if answer is not null then return answer; end if;
  select * into c from voice_calls x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if c.ended_at is not null then return '{"outcome": "call_over"}'; end if;
  insert into voice_teams (restaurant_id, call_id) values (a.restaurant_id, a.id) on conflict do nothing;
  select * into t from voice_teams x where x.restaurant_id = a.restaurant_id and x.call_id = a.id for no key update;
  if t.leased_until > a.now then return '{"outcome": "busy"}'; end if;
  update voice_teams x
     set lease = (p->>'lease')::uuid, leased_until = a.now + make_interval(secs => (p->>'seconds')::integer)
   where x.restaurant_id = a.restaurant_id and x.call_id = a.id;
  -- The same words once more, after an answer that failed, stand once.
  insert into voice_turns (restaurant_id, call_id, key, at, speaker, text)
  values (a.restaurant_id, a.id, 'said:' || a.key, a.now, 'caller', p->>'utterance')
  on conflict do nothing;
  if found then perform append_event(a, 'call.heard', a.id, '{"turns": 1}'); end if;
  update voice_calls x set last_heard_at = greatest(x.last_heard_at, a.now)
   where x.restaurant_id = a.restaurant_id and x.id = a.id
  returning * into c;
  return jsonb_build_object(
    'outcome', 'begun', 'call', voice_call_json(c), 'agent', t.agent, 'read_back', t.read_back,
    'turns', (select coalesce(jsonb_agg(jsonb_build_object('speaker', l.speaker, 'text', l.text) order by l.id), '[]')
                from (select * from voice_turns v
                       where v.restaurant_id = a.restaurant_id and v.call_id = a.id
                       order by v.id desc limit 40) l));
end $$;

-- What is said to it, who speaks next and what waits for a yes. Without an answer (no model was to be had) only what was
-- read back and the agent stay, and the same words may be said again.
create function end_team_turn(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a voice_plan := jsonb_populate_record(null::voice_plan, p);
begin
  perform 1 from voice_calls c where c.restaurant_id = a.restaurant_id and c.id = a.id for no key update;
  update voice_teams t
     set agent = p->>'agent', read_back = nullif(p->'read_back', 'null'), lease = null, leased_until = null
   where t.restaurant_id = a.restaurant_id and t.call_id = a.id and t.lease = (p->>'lease')::uuid;
  if not found then return '{"outcome": "superseded"}'; end if;
  if not p ? 'answer' then return '{"outcome": "released"}'; end if;
  insert into voice_turns (restaurant_id, call_id, key, at, speaker, text)
  values (a.restaurant_id, a.id, 'answered:' || a.key, a.now, 'agent', p->'answer'->>'say')
  on conflict do nothing;
  perform append_event(a, 'call.heard', a.id, '{"turns": 1}');
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'said', 'answer', p->'answer'));
end $$;
