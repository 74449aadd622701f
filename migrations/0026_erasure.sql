-- The right to be forgotten, and to know: what is held about a guest, and how it goes.

-- What each column that can hold words holds: of a guest (erased), of the staff, the house's own, or a code that the
-- product made. A test fails for a column that is not here; one that says `guest` must be dealt with in erase_guest below.
create table column_contents (
  table_name  text not null,
  column_name text not null,
  about       text not null check (about in ('guest', 'staff', 'house', 'code')),
  primary key (table_name, column_name)
);
insert into column_contents (table_name, column_name, about)
select t.name, c.name, t.about
  from (values
    ('guests',             'guest', '{name,search_name,phone,email,other_phones,other_emails,language,notes,tags,allergies,birthday}'),
    ('reservations',       'guest', '{name,phone_number,email,notes,other_info,cancel_reason}'),
    ('reservations',       'code',  '{confirmation_code,status,area,source}'),
    ('reservation_series', 'guest', '{terms,phone_number}'),
    ('reservation_series', 'code',  '{rrule,source,status}'),
    ('waitlist_entries',   'guest', '{name,search_name,phone_number,email,language,notes,why}'),
    ('waitlist_entries',   'code',  '{kind,status,area,source,left_by}'),
    ('waitlist_decisions', 'guest', '{why}'),
    ('waitlist_decisions', 'staff', '{actor}'),
    ('waitlist_decisions', 'code',  '{decision}'),
    ('messages',           'guest', '{address,content,told,reason,language}'),
    ('messages',           'code',  '{kind,channel,subject_type,dedupe_key,state,provider_id}'),
    ('message_optouts',    'guest', '{address}'),
    ('message_optouts',    'code',  '{channel}'),
    ('message_templates',  'house', '{subject,body}'),
    ('message_templates',  'code',  '{kind,channel,language}'),
    ('voice_calls',        'guest', '{caller_phone,called_number,state,verified_name,escalation,summary}'),
    ('voice_calls',        'staff', '{handled_by}'),
    ('voice_calls',        'code',  '{cost,door,vendor_call_id,locale,consent,consent_locale,outcome,ended_reason}'),
    ('voice_turns',        'guest', '{text}'),
    ('voice_turns',        'code',  '{key,speaker}'),
    ('voice_tool_calls',   'guest', '{input}'),
    ('voice_tool_calls',   'code',  '{key,operation,outcome}'),
    ('voice_handoffs',     'guest', '{data}'),
    ('voice_handoffs',     'code',  '{key,from_agent,to_agent,entities_filled}'),
    ('voice_teams',        'guest', '{read_back}'),
    ('voice_teams',        'code',  '{agent}'),
    ('events',             'guest', '{before,after,why}'),
    ('events',             'staff', '{actor}'),
    ('events',             'code',  '{type,request_id}'),
    ('idempotency_keys',   'guest', '{answer}'),
    ('idempotency_keys',   'code',  '{key,fingerprint}'),
    ('order_lines',        'guest', '{note,member,acknowledged}'),
    ('order_lines',        'house', '{name,modifiers}'),
    ('order_lines',        'code',  '{allergens}'),
    ('orders',             'guest', '{allergies,why}'),
    ('orders',             'code',  '{table_number,pos_ticket,status,taxes,currency,freeze_key}'),
    ('table_calls',        'guest', '{member}'),
    ('table_calls',        'staff', '{acknowledged_by}'),
    ('table_calls',        'code',  '{table_number,kind}'),
    ('session_members',    'guest', '{nickname,device_hash,allergies}'),
    ('table_sessions',     'code',  '{close_reason}'),
    ('floor_notes',        'guest', '{note}'),
    ('floor_notes',        'staff', '{updated_by}'),
    ('blocks',             'guest', '{reason}'),
    ('blocks',             'staff', '{made_by}'),
    ('staff',              'staff', '{email,name,role,password_hash}'),
    ('staff_sessions',     'staff', '{root_hash,access,user_agent,address,revoked_why}'),
    ('staff_tokens',       'staff', '{purpose,hash}'),
    ('staff_deeds',        'staff', '{deed,actor_key,label}'),
    ('api_keys',           'house', '{name,prefix,hash,scopes}'),
    ('audit_entries',      'code',  '{type,actor_key,digest}'),
    ('audit_redactions',   'code',  '{old_content,new_content}'),
    ('audit_seals',        'code',  '{root,previous,digest,signature}'),
    ('calendar_feeds',     'house', '{name,hash}'),
    ('claims',             'code',  '{kind}'),
    ('column_contents',    'code',  '{table_name,column_name,about}'),
    ('daily_passes',       'code',  '{salt,hash,source}'),
    ('day_figures',        'house', '{kind,key,label}'),
    ('deliveries',         'code',  '{state,external_id}'),
    ('delivery_attempts',  'code',  '{outcome,error,request_id}'),
    ('denied_requests',    'code',  '{kind,reason,area,source,request_id}'),
    ('forecasts',          'code',  '{model}'),
    ('integrations',       'house', '{name,kind,url,settings,secret_sealed}'),
    ('menu_categories',    'house', '{name,names,windows}'),
    ('menu_items',         'house', '{name,names,description,descriptions,variants,modifiers,allergens,diets,windows}'),
    ('restaurants',        'house', '{slug,name,timezone,country,currency,email,phone,address,languages,settings,hours}'),
    ('schema_migrations',  'code',  '{name,checksum}'),
    ('special_days',       'house', '{hours,reason}'),
    ('tables',             'house', '{number,area,position,notes}')) t(name, about, columns)
 cross join lateral unnest(t.columns::text[]) c(name);

-- Found by whoever wants to be forgotten, and by nobody else: bookings that have their guest are in neither.
create index reservations_email on reservations (restaurant_id, lower(email)) where guest_id is null and email is not null;
create index waitlist_of_phone  on waitlist_entries (restaurant_id, phone_number) where phone_number is not null;
create index waitlist_of_email  on waitlist_entries (restaurant_id, lower(email)) where email is not null;

-- Everything that is about one guest, by id, and the words they are known by.
create type person as (
  restaurant_id uuid,
  guests        uuid[],  -- with those that were merged into it
  phones        text[],
  emails        text[],
  reservations  uuid[],
  strangers     uuid[],  -- other guests' reservations, under a number of theirs
  series        uuid[],
  entries       uuid[],
  calls         uuid[],
  orders        uuid[],
  sessions      uuid[],
  members       uuid[],
  messages      uuid[],
  remarks       uuid[],  -- of what the house noted that names them: a block, or the house itself for a floor note
  words         text[],  -- numbers, addresses and names, now and before, in lower case
  full_words    text[]   -- of these what is surely theirs: no name without a surname
);

create function person_of(g guests) returns person language plpgsql stable as $$
declare p person;
begin
  p.restaurant_id := g.restaurant_id;
  with recursive merged (id) as (
    select g.id
     union
    select (e.before->'from'->>'id')::uuid
      from merged m
      join events e on e.restaurant_id = g.restaurant_id and e.subject_id = m.id and e.type = 'guest.merged')
  select array_agg(m.id) into p.guests from merged m where m.id is not null;
  p.phones := array_remove(g.phone || g.other_phones, null);
  p.emails := array(select lower(x) from unnest(g.email || g.other_emails) x where x is not null);
  p.reservations := array(
    select r.id from reservations r where r.restaurant_id = g.restaurant_id and r.guest_id = g.id
     union
    select r.id from reservations r
     where r.restaurant_id = g.restaurant_id and r.guest_id is null and r.phone_number = any (p.phones)
     union
    select r.id from reservations r
     where r.restaurant_id = g.restaurant_id and r.guest_id is null and lower(r.email) = any (p.emails));
  p.strangers := array(
    select r.id from reservations r
     where r.restaurant_id = g.restaurant_id and r.phone_number = any (p.phones) and r.guest_id <> g.id);
  p.series := array(
    select r.series_id from reservations r
     where r.restaurant_id = g.restaurant_id and r.id = any (p.reservations) and r.series_id is not null
     union
    select s.id from reservation_series s
     where s.restaurant_id = g.restaurant_id and s.phone_number = any (p.phones));
  p.entries := array(
    select r.waitlist_id from reservations r
     where r.restaurant_id = g.restaurant_id and r.id = any (p.reservations) and r.waitlist_id is not null
     union
    select w.id from waitlist_entries w where w.restaurant_id = g.restaurant_id and w.phone_number = any (p.phones)
     union
    select w.id from waitlist_entries w where w.restaurant_id = g.restaurant_id and lower(w.email) = any (p.emails));
  p.calls := array(
    select c.id from voice_calls c where c.restaurant_id = g.restaurant_id and c.caller_phone = any (p.phones)
     union
    select (e.actor->>'id')::uuid from events e
     where e.restaurant_id = g.restaurant_id and e.subject_id = any (p.reservations || p.entries)
       and e.actor->>'kind' = 'call');
  p.orders := array(
    select distinct o.id
      from reservations r
     cross join lateral visit_orders(r) o
     where r.restaurant_id = g.restaurant_id and r.id = any (p.reservations) and r.seated_at is not null);
  p.sessions := array(
    select o.session_id from orders o where o.restaurant_id = g.restaurant_id and o.id = any (p.orders)
     union
    select s.id
      from reservations r
      join table_sessions s on s.restaurant_id = r.restaurant_id and s.table_id = any (r.table_ids)
       and s.opened_at < coalesce(r.completed_at, r.ends_at) and coalesce(s.closed_at, 'infinity') > r.seated_at
     where r.restaurant_id = g.restaurant_id and r.id = any (p.reservations) and r.seated_at is not null);
  -- Members are forgotten with their session; the events of that evening still know them.
  p.members := array(
    select m.id from session_members m where m.restaurant_id = g.restaurant_id and m.session_id = any (p.sessions)
     union
    select l.member_id from order_lines l
     where l.restaurant_id = g.restaurant_id and l.order_id = any (p.orders) and l.member_id is not null
     union
    select e.subject_id
      from (select min(s.id) as from_id, coalesce(max(s.id) filter (where s.type = 'session.closed'), max(s.id) + 20000) as to_id,
                   s.subject_id
              from events s
             where s.restaurant_id = g.restaurant_id and s.subject_id = any (p.sessions) group by s.subject_id) s
      join events e on e.restaurant_id = g.restaurant_id and e.id between s.from_id and s.to_id
       and e.type in ('member.joined', 'member.changed') and e.after->>'session_id' = s.subject_id::text);
  p.messages := array(
    select m.id from messages m
     where m.restaurant_id = g.restaurant_id and m.subject_id = any (p.reservations || p.entries || p.series)
     union
    select m.id from messages m
     where m.restaurant_id = g.restaurant_id and m.channel = 'sms' and m.address = any (p.phones));
  p.words := array(
    select distinct lower(w.word)
      from (select unnest(p.phones || p.emails || g.name || g.search_name)
             union all
            select unnest(array[x.j->>'phone', x.j->>'email', x.j->>'name', x.j->>'search_name'])
              from events e
             cross join lateral (values (e.before), (e.after), (e.before->'from'), (e.before->'kept')) x(j)
             where e.restaurant_id = g.restaurant_id and e.subject_id = any (p.guests)
             union all
            select unnest(array[r.name, r.phone_number, r.email]) from reservations r
             where r.restaurant_id = g.restaurant_id and r.id = any (p.reservations)) w(word)
     where length(w.word) >= 4 and w.word <> '[erased]');
  -- A number is also written without its plus.
  p.words := p.words || array(select ltrim(w, '+') from unnest(p.words) w where w like '+%');
  p.full_words := array(select w from unnest(p.words) w where w ~ '[@ ]|^\+?[0-9]+$' order by length(w) desc, w);
  p.remarks := array(
    select b.id from blocks b
     where b.restaurant_id = g.restaurant_id and b.reason <> text_without(b.reason, p.full_words)
     union all
    select g.restaurant_id);
  return p;
end $$;

-- What is to come, or is going on: while it is, there is nobody to forget.
create function person_is_expected(p person, p_now timestamptz) returns text[] language sql stable as $$
  select array_agg(x.code order by x.at)
    from (select r.confirmation_code, r.starts_at from reservations r
           where r.restaurant_id = p.restaurant_id and r.id = any (p.reservations) and r.ends_at > p_now
             and r.status in ('held', 'pending', 'confirmed', 'seated')
           union all
          select 'waitlist', w.joined_at from waitlist_entries w
           where w.restaurant_id = p.restaurant_id and w.id = any (p.entries)
             and w.status in ('waiting', 'offered', 'accepted') and w.service_day >= p_now::date - 1
           union all
          select 'call', c.started_at from voice_calls c
           where c.restaurant_id = p.restaurant_id and c.id = any (p.calls) and c.ended_at is null) x(code, at)
$$;

-- Erasing ------------------------------------------------------------------------------------------------------------------

-- A value where a person was: a mark, so that a reader sees that there was something.
create function erased_value(p jsonb) returns jsonb language sql immutable parallel safe as $$
  select case jsonb_typeof(p) when 'string' then '"[erased]"'::jsonb when 'array' then '[]' when 'object' then '{}' else p end
$$;

-- JSON without what stands under these names, and without any text that holds one of these words.
create function without_person(p jsonb, p_keys text[], p_words text[]) returns jsonb
language plpgsql immutable parallel safe as $$
begin
  case coalesce(jsonb_typeof(p), 'null')
    when 'object' then
      return (
        select coalesce(jsonb_object_agg(e.key, case
                 when e.key = any (p_keys) then erased_value(e.value)
                 when p_keys <> '{}' and e.key in ('why', 'cancel_reason') and jsonb_typeof(e.value) = 'string'
                   then to_jsonb(house_reason(e.value #>> '{}'))
                 when jsonb_typeof(e.value) in ('object', 'array', 'string') then without_person(e.value, p_keys, p_words)
                 else e.value end), '{}')
          from jsonb_each(p) e);
    when 'array' then
      return (select coalesce(jsonb_agg(without_person(e.value, p_keys, p_words) order by e.ord), '[]')
                from jsonb_array_elements(p) with ordinality e(value, ord));
    when 'string' then
      if exists (select from unnest(p_words) w where strpos(lower(p #>> '{}'), w) > 0) then return '"[erased]"'; end if;
      return p;
    else
      return p;
  end case;
end $$;

-- A reason stays where the product gave it; one that somebody wrote may name anybody.
create function house_reason(p_why text) returns text language sql immutable parallel safe as $$
  select case when p_why in ('asked', 'hold_lapsed', 'hang_up', 'swap', 'forced', 'grace_over', 'took_another_table',
                             'no_table_free', 'not_long_enough', 'stood_aside', 'offer_lapsed', 'joined', 'timeout')
                or p_why like 'waitlist\_%' or p_why ~ '^merged into [0-9a-f-]{36}$' then p_why
              when p_why is not null then '[erased]' end
$$;

-- A text of the house, without the words of a person.
create function text_without(p_text text, p_words text[]) returns text language plpgsql immutable as $$
declare word text;
begin
  foreach word in array p_words loop
    if strpos(lower(p_text), word) > 0 then
      p_text := regexp_replace(p_text, regexp_replace(word, '([^a-z0-9 ])', '\\\1', 'g') || '(?![[:alnum:]])',
                               '[erased]', 'gi');
    end if;
  end loop;
  return p_text;
end $$;

-- Of a guest and of what they booked; `name` is theirs there. Of an order or a session it is a dish's.
create function person_keys() returns text[] language sql immutable parallel safe as $$
  select '{name,search_name,guest_name,phone,phone_number,other_phones,email,other_emails,language,notes,other_info,tags,allergies,birthday,address,summary}'::text[]
$$;
create function table_keys() returns text[] language sql immutable parallel safe as $$
  select '{nickname,member,note,allergies,acknowledged}'::text[]
$$;

create function redact_person(p person) returns audit_redaction[] language plpgsql as $$
declare
  e     events;
  done  audit_redaction[] := '{}';
  one   audit_redaction;
  keys  text[];
  words text[];
  was   jsonb;
  is_   jsonb;
  said  text;
  own   uuid[] := p.guests || p.reservations || p.series || p.entries || p.calls || p.messages;
  table_ uuid[] := p.orders || p.sessions || p.members;
begin
  perform open_audit('redact');
  for e in
    select x.* from events x
     where x.restaurant_id = p.restaurant_id and x.subject_id = any (own || table_ || p.strangers || p.remarks)
       and (x.subject_id <> p.restaurant_id or x.type = 'floor.noted')
     order by x.id
  loop
    keys := case when e.subject_id = any (own) then person_keys() when e.subject_id = any (table_) then table_keys() else '{}' end;
    words := case when keys = '{}' then p.full_words else p.words end;
    was := without_person(e.before, keys, words);
    is_ := without_person(e.after, keys, words);
    said := case when keys = '{}' then text_without(e.why, words) else house_reason(e.why) end;
    if was is distinct from e.before or is_ is distinct from e.after or said is distinct from e.why then
      one := redact_event(e, was, is_, said);
      if one.event_id is not null then done := done || one; end if;
    end if;
  end loop;
  perform open_audit('');
  return done;
end $$;

-- Rows, table by table: each column that says `guest` in column_contents.
create function erase_rows(p person, p_now timestamptz) returns void language plpgsql as $$
begin
  update reservations r
     set guest_id = null, name = null, phone_number = null, email = null, notes = null, other_info = null,
         cancel_reason = house_reason(r.cancel_reason)
   where r.restaurant_id = p.restaurant_id and r.id = any (p.reservations);
  update reservations r set phone_number = null
   where r.restaurant_id = p.restaurant_id and r.id = any (p.strangers);
  update reservation_series s
     set phone_number = null, status = 'cancelled',
         terms = (select jsonb_agg(t.value || '{"name": "[erased]", "email": null, "notes": null, "other_info": null, "phone_number": null}'
                                   order by t.ord)
                    from jsonb_array_elements(s.terms) with ordinality t(value, ord)),
         version = s.version + 1, updated_at = p_now
   where s.restaurant_id = p.restaurant_id and s.id = any (p.series);
  update waitlist_decisions d set why = house_reason(d.why)
   where d.restaurant_id = p.restaurant_id and d.entry_id = any (p.entries);
  update waitlist_entries w
     set name = '[erased]', search_name = '[erased]', phone_number = null, email = null, language = null, notes = null,
         why = house_reason(w.why)
   where w.restaurant_id = p.restaurant_id and w.id = any (p.entries);
  delete from messages m where m.restaurant_id = p.restaurant_id and m.id = any (p.messages);
  delete from message_optouts o
   where o.restaurant_id = p.restaurant_id and o.channel in ('mail', 'sms') and o.address = any (p.phones || p.emails);
  perform empty_calls(p.calls, p_now);
  -- A team's notes go when its call ends; whatever is left of one that did not.
  if to_regclass('voice_teams') is not null then
    delete from voice_teams t where t.restaurant_id = p.restaurant_id and t.call_id = any (p.calls);
  end if;
  update order_lines l set member = null, note = null, acknowledged = '{}'
   where l.restaurant_id = p.restaurant_id and l.order_id = any (p.orders)
     and (l.member is not null or l.note is not null or l.acknowledged <> '{}');
  update orders o set allergies = '[]', why = house_reason(o.why)
   where o.restaurant_id = p.restaurant_id and o.id = any (p.orders) and (o.allergies <> '[]' or o.why is not null);
  update table_calls c set member = null
   where c.restaurant_id = p.restaurant_id and c.session_id = any (p.sessions) and c.member is not null;
  update session_members m set nickname = '[erased]', device_hash = null, allergies = '{}'
   where m.restaurant_id = p.restaurant_id and m.session_id = any (p.sessions);
  update floor_notes n set note = text_without(n.note, p.full_words)
   where n.restaurant_id = p.restaurant_id and n.note <> text_without(n.note, p.full_words);
  update blocks b set reason = text_without(b.reason, p.full_words)
   where b.restaurant_id = p.restaurant_id and b.reason <> text_without(b.reason, p.full_words);
  -- Answers are kept for a day: those that can speak of this person by what they did since.
  update idempotency_keys k set answer = without_person(k.answer, person_keys() || table_keys(), p.words)
   where k.scope = p.restaurant_id
     and exists (
       select from unnest(p.words || array(select x::text from unnest(p.guests) x) || array(
                select x::text from unnest(p.orders || p.sessions || p.members) x
                 where uuid_extract_timestamp(x) > p_now - interval '3 days') || array(
                select r.id::text from reservations r
                 where r.restaurant_id = p.restaurant_id and r.id = any (p.reservations)
                   and r.updated_at > p_now - interval '3 days')) w
        where strpos(lower(k.answer::text), w) > 0);
end $$;

-- Whatever is held about a guest goes; what the house counts stays, without them. Refused while they are expected. The
-- trail keeps when, who and of what, with digests of what was said; what was said goes too.
create function erase_guest(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a        guest_plan := jsonb_populate_record(null::guest_plan, p);
  old      guests;
  who      person;
  expected text[];
  done     audit_redaction[];
  counts   jsonb;
  erasure  bigint;
begin
  perform lock_guests(a.restaurant_id);
  select * into old from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id for update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version <> old.version then return jsonb_build_object('outcome', 'stale', 'guest', guest_json(old)); end if;
  who := person_of(old);
  expected := person_is_expected(who, a.now);
  if expected is not null then
    return jsonb_build_object('outcome', 'has_upcoming', 'guest', guest_json(old), 'upcoming', expected);
  end if;

  perform lock_audit(a.restaurant_id);
  done := redact_person(who);
  perform erase_rows(who, a.now);
  delete from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  counts := jsonb_build_object(
    'reservations', cardinality(who.reservations), 'waitlist_entries', cardinality(who.entries),
    'series', cardinality(who.series), 'calls', cardinality(who.calls), 'orders', cardinality(who.orders),
    'messages', cardinality(who.messages));
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (a.restaurant_id, a.now, 'guest.erased', a.id, a.actor, a.request_id,
          jsonb_build_object('redacted', cardinality(done), 'digest', redactions_digest(done), 'erased', counts))
  returning id into erasure;
  perform keep_redactions(a.restaurant_id, erasure, done);
  return jsonb_build_object('outcome', 'erased', 'erased', counts);
end $$;

-- The right to know ----------------------------------------------------------------------------------------------------------

-- Everything that is held about a guest, as it is held.
create function guest_data(p_restaurant_id uuid, p_guest_id uuid) returns jsonb language plpgsql stable as $$
declare
  g guests;
  p person;
begin
  select * into g from guests x where x.restaurant_id = p_restaurant_id and x.id = p_guest_id;
  if not found then return null; end if;
  p := person_of(g);
  return jsonb_build_object(
    'guest', guest_json(g),
    'reservations', (
      select coalesce(jsonb_agg(reservation_json(r) order by r.starts_at, r.id), '[]') from reservations r
       where r.restaurant_id = p_restaurant_id and r.id = any (p.reservations)),
    'series', (
      select coalesce(jsonb_agg(to_jsonb(s) order by s.created_at, s.id), '[]') from reservation_series s
       where s.restaurant_id = p_restaurant_id and s.id = any (p.series)),
    'waitlist', (
      select coalesce(jsonb_agg(to_jsonb(w) - 'search_name' order by w.joined_at, w.id), '[]') from waitlist_entries w
       where w.restaurant_id = p_restaurant_id and w.id = any (p.entries)),
    'orders', (
      select coalesce(jsonb_agg(order_json(o) order by o.placed_at, o.id), '[]') from orders o
       where o.restaurant_id = p_restaurant_id and o.id = any (p.orders)),
    'messages', (
      select coalesce(jsonb_agg(message_json(m) order by m.created_at, m.id), '[]') from messages m
       where m.restaurant_id = p_restaurant_id and m.id = any (p.messages)),
    'message_optouts', (
      select coalesce(jsonb_agg(to_jsonb(o) order by o.at), '[]') from message_optouts o
       where o.restaurant_id = p_restaurant_id and o.channel in ('mail', 'sms') and o.address = any (p.phones || p.emails)),
    'calls', (
      select coalesce(jsonb_agg(voice_call_json(c) || jsonb_build_object(
               'verified_name', c.verified_name,
               'turns', (select coalesce(jsonb_agg(to_jsonb(t) - '{restaurant_id,call_id,key}'::text[] order by t.id), '[]')
                           from voice_turns t where t.restaurant_id = c.restaurant_id and t.call_id = c.id))
               order by c.started_at, c.id), '[]')
        from voice_calls c where c.restaurant_id = p_restaurant_id and c.id = any (p.calls)),
    'events', (
      select coalesce(jsonb_agg(to_jsonb(e) - 'tx' order by e.id), '[]') from events e
       where e.restaurant_id = p_restaurant_id
         and e.subject_id = any (p.guests || p.reservations || p.series || p.entries || p.messages)));
end $$;

-- What there was between a guest and the house, the newest first: what they booked, queued for, ordered, were written and
-- said on the phone, and what the house noted of them.
create function guest_timeline(
  p_restaurant_id uuid, p_guest_id uuid, p_before timestamptz, p_before_id uuid, p_most integer)
returns table (at timestamptz, kind text, id uuid, data jsonb) language plpgsql stable as $$
declare
  g guests;
  p person;
begin
  select * into g from guests x where x.restaurant_id = p_restaurant_id and x.id = p_guest_id;
  if not found then return; end if;
  p := person_of(g);
  return query
    with things as (
      select r.starts_at as at, 'reservation' as kind, r.id from reservations r
       where r.restaurant_id = p_restaurant_id and r.id = any (p.reservations)
       union all
      select o.placed_at, 'order', o.id from orders o where o.restaurant_id = p_restaurant_id and o.id = any (p.orders)
       union all
      select w.joined_at, 'waitlist', w.id from waitlist_entries w
       where w.restaurant_id = p_restaurant_id and w.id = any (p.entries)
       union all
      select coalesce(m.sent_at, m.due_at), 'message', m.id from messages m
       where m.restaurant_id = p_restaurant_id and m.id = any (p.messages)
       union all
      select c.started_at, 'call', c.id from voice_calls c where c.restaurant_id = p_restaurant_id and c.id = any (p.calls)),
    -- An event has a number and no id of its own: what was noted goes by the guest's, once for each moment.
    noted as (
      select e.at, 'note' as kind, e.subject_id as id, jsonb_build_object(
               'notes', e.after->'notes', 'tags', e.after->'tags', 'allergies', e.after->'allergies', 'vip', e.after->'vip',
               'by', e.actor) as data
        from events e
       where e.restaurant_id = p_restaurant_id and e.subject_id = any (p.guests) and e.type in ('guest.changed', 'guest.created')
         and (e.after->'notes', e.after->'tags', e.after->'allergies', e.after->'vip')
             is distinct from (coalesce(e.before->'notes', 'null'), coalesce(e.before->'tags', '[]'),
                               coalesce(e.before->'allergies', '[]'), coalesce(e.before->'vip', 'false'))),
    page as (
      select x.at, x.kind, x.id, null::jsonb as data from things x
       where p_before is null or (x.at, x.id) < (p_before, p_before_id)
       union all
      select n.at, n.kind, n.id, n.data from noted n
       where p_before is null or (n.at, n.id) < (p_before, p_before_id)
       order by 1 desc, 3 desc limit p_most)
    select y.at, y.kind, y.id, case y.kind
             when 'note' then y.data
             when 'reservation' then (select reservation_json(r) from reservations r
                                       where r.restaurant_id = p_restaurant_id and r.id = y.id)
             when 'order' then (select order_json(o) from orders o where o.restaurant_id = p_restaurant_id and o.id = y.id)
             when 'waitlist' then (select to_jsonb(w) - 'search_name' from waitlist_entries w
                                    where w.restaurant_id = p_restaurant_id and w.id = y.id)
             when 'message' then (select message_json(m) from messages m
                                   where m.restaurant_id = p_restaurant_id and m.id = y.id)
             when 'call' then (select voice_call_brief(c) || jsonb_build_object('summary', c.summary) from voice_calls c
                                where c.restaurant_id = p_restaurant_id and c.id = y.id) end
      from page y
     order by 1 desc, 3 desc;
end $$;
