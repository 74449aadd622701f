-- Guests: writing, merging, finding. Bookings find or create a guest in 0004; what staff and clients do is here.

-- The list by name: nameless guests last, and no more of a name than a cursor can carry. In "C", so that a cursor means
-- the same whatever locale the server was made with.
create function guest_sort_key(p_search_name text) returns text language sql immutable parallel safe as $$
  select left(coalesce(p_search_name, chr(1114109)), 40)
$$;
create index guests_by_name on guests (restaurant_id, guest_sort_key(search_name) collate "C", id);
create index guests_tags on guests using gin (restaurant_id, tags);

-- What a write is told; the same names as planOf in src/guests/write.ts.
create type guest_plan as (
  restaurant_id uuid,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  id            uuid,
  version       integer,  -- the version the client saw; null: whichever it has
  from_id       uuid,     -- the guest to merge into `id`
  fields        jsonb     -- the columns to write, by name; those not named stay
);

-- A guest as the API gives it: with the visits counted, from one guest's history and no more.
create function guest_json(g guests) returns jsonb language sql stable as $$
  select to_jsonb(g) - 'search_name' || (
    select jsonb_build_object('visits', count(*), 'last_visit_at', max(r.starts_at))
      from reservations r
     where r.restaurant_id = g.restaurant_id and r.guest_id = g.id and r.status in ('seated', 'completed'))
$$;

create function append_event(a guest_plan, p_type text, p_subject uuid, p_before jsonb, p_after jsonb,
                             p_why text default null) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_before, p_after, p_why)
$$;

-- These writes take turns within a restaurant: two guests who exchange their phones at once would wait for each other's
-- index entry for ever. Bookings take no part; they only ever add a guest, and wait for nobody but its unique phone.
create function lock_guests(p_restaurant_id uuid) returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended(p_restaurant_id::text, 2))
$$;

-- The other guest that has this phone or this e-mail already, as an answer.
create function guest_there(p_restaurant_id uuid, p_phone text, p_email text, p_but uuid) returns jsonb
language sql stable as $$
  select jsonb_build_object('outcome', 'already_exists', 'guest', guest_json(g),
                            'by', case when g.phone = p_phone then 'phone' else 'email' end)
    from guests g
   where g.restaurant_id = p_restaurant_id and (g.phone = p_phone or lower(g.email) = lower(p_email))
     and g.id is distinct from p_but
   order by g.phone = p_phone desc nulls last
   limit 1
$$;

create function create_guest(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a guest_plan := jsonb_populate_record(null::guest_plan, p);
  g guests;
begin
  perform lock_guests(a.restaurant_id);
  g := jsonb_populate_record(null::guests, a.fields);
  insert into guests (restaurant_id, name, search_name, phone, email, language, notes, tags, vip, allergies, birthday,
                      created_at, updated_at)
  values (a.restaurant_id, g.name, g.search_name, g.phone, g.email, g.language, g.notes, g.tags, g.vip, g.allergies,
          g.birthday, a.now, a.now)
  on conflict do nothing returning * into g;
  if not found then return guest_there(a.restaurant_id, a.fields->>'phone', a.fields->>'email', null); end if;
  perform append_event(a, 'guest.created', g.id, null, to_jsonb(g));
  return jsonb_build_object('outcome', 'created', 'guest', guest_json(g));
end $$;

create function change_guest(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a   guest_plan := jsonb_populate_record(null::guest_plan, p);
  old guests;
  g   guests;
begin
  perform lock_guests(a.restaurant_id);
  select * into old from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version <> old.version then return jsonb_build_object('outcome', 'stale', 'guest', guest_json(old)); end if;

  g := jsonb_populate_record(old, a.fields);
  if g.phone is null and g.email is null then return '{"outcome": "contact_required"}'; end if;
  if g = old then return jsonb_build_object('outcome', 'changed', 'guest', guest_json(old)); end if;
  begin
    update guests x
       set name = g.name, search_name = g.search_name, phone = g.phone, email = g.email, language = g.language,
           notes = g.notes, tags = g.tags, vip = g.vip, allergies = g.allergies, birthday = g.birthday,
           version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = a.id
    returning * into g;
  exception when unique_violation then
    return guest_there(a.restaurant_id, g.phone, g.email, a.id);
  end;
  perform append_event(a, 'guest.changed', g.id, to_jsonb(old), to_jsonb(g));
  return jsonb_build_object('outcome', 'changed', 'guest', guest_json(g));
end $$;

-- Refused while a reservation is to come. Past ones stay, without their guest; what they say of it is theirs.
create function delete_guest(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a        guest_plan := jsonb_populate_record(null::guest_plan, p);
  old      guests;
  answer   jsonb;
  upcoming text[];
begin
  perform lock_guests(a.restaurant_id);
  -- For update: a booking that names this guest has committed, and is seen below, or waits and will not find it.
  select * into old from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id for update;
  if not found then return '{"outcome": "not_found"}'; end if;
  answer := guest_json(old);
  if a.version <> old.version then return jsonb_build_object('outcome', 'stale', 'guest', answer); end if;
  select array_agg(r.confirmation_code order by r.starts_at) into upcoming
    from reservations r
   where r.restaurant_id = a.restaurant_id and r.guest_id = a.id and r.ends_at > a.now
     and r.status in ('held', 'pending', 'confirmed', 'seated');
  if upcoming is not null then
    return jsonb_build_object('outcome', 'has_upcoming', 'guest', answer, 'upcoming', upcoming);
  end if;

  update reservations r set guest_id = null where r.restaurant_id = a.restaurant_id and r.guest_id = a.id;
  delete from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  perform append_event(a, 'guest.deleted', old.id, to_jsonb(old), null);
  return jsonb_build_object('outcome', 'deleted', 'guest', answer);
end $$;

-- Each once, in the order it came, whatever its case.
create function united(p_first text[], p_second text[]) returns text[] language sql immutable parallel safe as $$
  select coalesce(array_agg(l.label order by l.first), '{}')
    from (select (array_agg(u.label order by u.ord))[1] as label, min(u.ord) as first
            from unnest(p_first || p_second) with ordinality u(label, ord)
           group by lower(u.label)) l
$$;

-- One guest of two: `from_id` goes, and all it had is the other's. Its reservations keep their version: what they say
-- is what it was, and nobody's edit of them is lost.
create function merge_guests(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a       guest_plan := jsonb_populate_record(null::guest_plan, p);
  kept    guests;
  gone    guests;
  g       guests;
  moved   uuid[];
begin
  perform lock_guests(a.restaurant_id);
  -- Both at once, in order of id. A booking under way for either has committed when this returns, and is moved below;
  -- one that comes later waits, and fails its foreign key if it found the guest that goes: it is made again.
  perform from guests x
    where x.restaurant_id = a.restaurant_id and x.id in (a.id, a.from_id) order by x.id for update;
  select * into kept from guests x where x.restaurant_id = a.restaurant_id and x.id = a.id;
  select * into gone from guests x where x.restaurant_id = a.restaurant_id and x.id = a.from_id;
  if kept.id is null or gone.id is null or kept.id = gone.id then return '{"outcome": "not_found"}'; end if;
  if a.version <> kept.version then return jsonb_build_object('outcome', 'stale', 'guest', guest_json(kept)); end if;

  with touched as (
    update reservations r set guest_id = kept.id
     where r.restaurant_id = a.restaurant_id and r.guest_id = gone.id returning r.id)
  select coalesce(array_agg(t.id), '{}') into moved from touched t;
  delete from guests x where x.restaurant_id = a.restaurant_id and x.id = gone.id;
  -- After the other is gone: its phone and e-mail are free to be taken over.
  update guests x
     set name        = coalesce(kept.name, gone.name),
         search_name = coalesce(kept.search_name, gone.search_name),
         phone       = coalesce(kept.phone, gone.phone),
         email       = coalesce(kept.email, gone.email),
         language    = coalesce(kept.language, gone.language),
         birthday    = coalesce(kept.birthday, gone.birthday),
         notes       = case when kept.notes = gone.notes then kept.notes
                            else nullif(concat_ws(E'\n', kept.notes, gone.notes), '') end,
         tags        = united(kept.tags, gone.tags),
         allergies   = united(kept.allergies, gone.allergies),
         vip         = kept.vip or gone.vip,
         created_at  = least(kept.created_at, gone.created_at),
         version     = kept.version + 1,
         updated_at  = a.now
   where x.restaurant_id = a.restaurant_id and x.id = kept.id
  returning * into g;
  perform append_event(a, 'guest.deleted', gone.id, to_jsonb(gone), null, 'merged into ' || g.id);
  perform append_event(a, 'guest.merged', g.id,
                       jsonb_build_object('kept', to_jsonb(kept), 'from', to_jsonb(gone), 'reservation_ids', moved),
                       to_jsonb(g));
  return jsonb_build_object('outcome', 'merged', 'guest', guest_json(g));
end $$;

-- Finding by name: trigrams find what is written alike by index, edit distance says how much alike it is.
create extension if not exists fuzzystrmatch;

-- How alike two names are spelt, word by word in any order, 0 to 1: one wrong letter of five is 0.8. Of a word no more
-- than levenshtein takes.
create function spelling_likeness(p_search_name text, p_asked text) returns numeric
language sql immutable parallel safe as $$
  select avg(b.best)
    from (select max(1 - levenshtein(left(a.word, 60), left(n.word, 60))::numeric
                       / greatest(length(left(a.word, 60)), length(left(n.word, 60)), 1)) as best
            from unnest(string_to_array(p_asked, ' ')) with ordinality a(word, ord),
                 unnest(string_to_array(p_search_name, ' ')) n(word)
           group by a.ord) b
$$;

-- How well a name answers to what was asked, 0 to 1: the name itself, then how a name or a word of it begins, then a
-- part of it or what is spelt alike; 0 where neither. Both as `searchable` in src/platform/text.ts makes them.
create function name_likeness(p_search_name text, p_asked text) returns numeric
language plpgsql immutable parallel safe as $$
declare spelling numeric;
begin
  if p_search_name = p_asked then return 1; end if;
  if strpos(' ' || p_search_name, ' ' || p_asked) > 0 then
    return round((0.9 + 0.05 * similarity(p_search_name, p_asked))::numeric, 4);
  end if;
  if strpos(p_search_name, p_asked) > 0 then
    return round((0.7 + 0.05 * similarity(p_search_name, p_asked))::numeric, 4);
  end if;
  spelling := spelling_likeness(p_search_name, p_asked);
  if spelling < 0.6 then return 0; end if;
  return round((0.8 * spelling + 0.05 * similarity(p_search_name, p_asked))::numeric, 4);
end $$;

-- Guests by a name half remembered: all whose name contains it, and of those written alike the likeliest hundred. One
-- or two Latin letters would be in every other name, so they must begin a word. 0.3 is what a wrong letter in the
-- middle of a short word leaves of its trigrams; the spelling has the last word.
create function guests_named_like(p_restaurant_id uuid, p_asked text) returns table (id uuid, likeness numeric)
language plpgsql stable strict rows 50 set pg_trgm.word_similarity_threshold = 0.3 as $$
declare
  literal   text    := regexp_replace(p_asked, '([\\%_])', '\\\1', 'g');
  beginning boolean := p_asked ~ '^[ -~]{1,2}$';
  at_start  text    := case when beginning then literal || '%' else '%' || literal || '%' end;
  at_word   text    := case when beginning then '% ' || literal || '%' else at_start end;
begin
  return query
    select g.id, name_likeness(g.search_name, p_asked)
      from guests g
     where g.restaurant_id = p_restaurant_id and (g.search_name like at_start or g.search_name like at_word);
  if length(p_asked) < 3 then return; end if;
  return query
    select m.id, m.likeness
      from (select c.id, name_likeness(c.search_name, p_asked) as likeness
              from (select g.id, g.search_name
                      from guests g
                     where g.restaurant_id = p_restaurant_id and g.search_name %> p_asked
                       and strpos(g.search_name, p_asked) = 0
                     order by word_similarity(p_asked, g.search_name) desc, g.id
                     limit 100) c
            offset 0) m  -- a fence: the likeness is reckoned once
     where m.likeness > 0;
end $$;
