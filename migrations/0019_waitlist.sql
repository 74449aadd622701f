-- The waitlist: a queue for tables of now, and one for each day to come. A table that comes free is held for one party, and
-- offered to the next when that party does not answer. What is offered is a reservation that is held, so an offer is one more
-- claim under the same lock and constraint as all others.

create table waitlist_entries (
  id                 uuid primary key default uuidv7(),
  restaurant_id      uuid not null,
  kind               text not null check (kind in ('now', 'future')),
  status             text not null
    check (status in ('waiting', 'offered', 'accepted', 'seated', 'left', 'lapsed', 'declined')),
  service_day        date not null,
  name               text not null,
  search_name        text not null,
  phone_number       text,
  email              text,
  language           text,
  party_size         smallint not null check (party_size between 1 and 1000),
  area               text,
  -- true: the bar will do, whatever the area; false: not at the bar; null: as the area says.
  accepts_bar        boolean,
  notes              text,
  source             text not null,
  -- When a party of a day to come could arrive.
  window_starts_at   timestamptz,
  window_ends_at     timestamptz,
  joined_at          timestamptz not null,
  -- What they were told when they joined; null where no table was in sight.
  quoted_min_minutes smallint,
  quoted_max_minutes smallint,
  -- Let an offer lapse: it keeps its place, but the next offer goes to another first.
  aside              boolean not null default false,
  -- Asked to be asked again later.
  not_before         timestamptz,
  lapses             smallint not null default 0,
  offers             smallint not null default 0,
  offered_at         timestamptz,
  offer_expires_at   timestamptz,
  reservation_id     uuid,
  accepted_at        timestamptz,
  seated_at          timestamptz,
  -- How long it was until a table was theirs.
  waited_minutes     smallint,
  ended_at           timestamptz,
  left_by            text check (left_by in ('guest', 'staff', 'system')),
  why                text,
  version            integer not null default 1,
  updated_at         timestamptz not null,
  unique (restaurant_id, id),
  check ((kind = 'future') = (window_starts_at is not null and window_ends_at is not null)),
  check (window_ends_at >= window_starts_at),
  check ((status = 'offered') = (offer_expires_at is not null)),
  check (status not in ('offered', 'accepted') or reservation_id is not null)
) with (fillfactor = 85);
create index waitlist_day   on waitlist_entries (restaurant_id, service_day, joined_at, id);
create index waitlist_queue on waitlist_entries (restaurant_id, service_day, kind, joined_at, id)
  where status in ('waiting', 'offered');
create unique index waitlist_phone on waitlist_entries (restaurant_id, service_day, kind, phone_number)
  where status in ('waiting', 'offered', 'accepted') and phone_number is not null;
create index waitlist_quoted on waitlist_entries (restaurant_id, seated_at) where waited_minutes is not null;

-- Who was offered a table and who was passed over, each with why: the queue can be shown to be fair.
create table waitlist_decisions (
  restaurant_id uuid not null,
  entry_id      uuid not null,
  id            bigint generated always as identity,
  at            timestamptz not null,
  decision      text not null check (decision in ('offered', 'skipped', 'lapsed', 'accepted', 'declined', 'seated', 'left')),
  why           text not null,
  table_ids     uuid[],
  in_favour_of  uuid,
  actor         jsonb not null,
  primary key (restaurant_id, entry_id, id),
  foreign key (restaurant_id, entry_id) references waitlist_entries (restaurant_id, id) on delete cascade
);

-- How long parties really stay, by size, from the last sixty days; made anew once a day where somebody waits.
create table turn_lengths (
  restaurant_id  uuid not null,
  party_size     smallint not null,
  short_minutes  smallint not null,  -- one in four is shorter
  median_minutes smallint not null,
  long_minutes   smallint not null,  -- one in four is longer
  parties        integer not null,
  computed_at    timestamptz not null,
  primary key (restaurant_id, party_size)
);

-- Whose offer a reservation came of.
alter table reservations add column waitlist_id uuid;

-- What the verbs decided; the same names as in src/reservations/waitlist-write.ts.
create type waitlist_plan as (
  restaurant_id      uuid,
  restaurant_version integer,
  key                text,
  fingerprint        text,
  now                timestamptz,
  actor              jsonb,
  request_id         text,
  service_day        date,
  kind               text,
  asks               jsonb,        -- [{party_size, area, accepts_bar, singles, combined, seatings: [{starts_at, …} | {refusal}]}]
  per_phone          text,
  codes              text[],       -- a confirmation code for each offer there may be
  entry_id           uuid,
  version            integer,      -- the version the client saw; null: whichever it has
  step               text,         -- accept | decline | leave | seat | notify
  stay               boolean,      -- declined, but still waiting
  not_before         timestamptz,  -- until when they would rather not be asked
  other_table        boolean,      -- seated elsewhere than at the table that is kept for them
  left_by            text,
  why                text,
  fields             jsonb         -- the columns to write, by name; those not named stay
);

create function append_event(a waitlist_plan, p_type text, p_subject uuid, p_before jsonb, p_after jsonb,
                             p_why text default null) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_before, p_after, p_why)
$$;

create function log_decision(a waitlist_plan, p_entry_id uuid, p_decision text, p_why text, p_tables uuid[] default null,
                             p_in_favour_of uuid default null) returns void
language sql as $$
  insert into waitlist_decisions (restaurant_id, entry_id, at, decision, why, table_ids, in_favour_of, actor)
  values (a.restaurant_id, p_entry_id, a.now, p_decision, p_why, p_tables, p_in_favour_of, a.actor)
$$;

-- An entry with its place in the queue, and the table it has or is offered.
create function waitlist_json(e waitlist_entries) returns jsonb language sql stable as $$
  select to_jsonb(e) - 'search_name' || jsonb_build_object(
    'position', case when e.status in ('waiting', 'offered') then (
      select count(*) + 1 from waitlist_entries x
       where x.restaurant_id = e.restaurant_id and x.service_day = e.service_day and x.kind = e.kind
         and x.status in ('waiting', 'offered') and (x.joined_at, x.id) < (e.joined_at, e.id)) end,
    'reservation', (
      select jsonb_build_object('id', r.id, 'confirmation_code', r.confirmation_code, 'status', r.status,
               'starts_at', r.starts_at, 'ends_at', r.ends_at, 'tables', reservation_json(r)->'tables')
        from reservations r where r.restaurant_id = e.restaurant_id and r.id = e.reservation_id))
$$;

-- Reading -----------------------------------------------------------------------------------------------------------

-- Tables where somebody still sits whose time is over: no claim keeps them, and nobody can be offered them.
create function overstayed_tables(p_restaurant_id uuid, p_now timestamptz) returns uuid[] language sql stable as $$
  select coalesce(array_agg(distinct t.id), '{}')
    from (select unnest(r.table_ids) as id
            from reservations r
           where r.restaurant_id = p_restaurant_id and r.status = 'seated'
             and r.starts_at between p_now - interval '20 hours' and p_now
             and r.ends_at > p_now - interval '4 hours'  -- longer than that it was forgotten
          union all
          select s.table_id
            from table_sessions s
           where s.restaurant_id = p_restaurant_id and s.closed_at is null and s.opened_at <= p_now) t
   where not exists (
     select from claims c
      where c.restaurant_id = p_restaurant_id and c.table_id = t.id and c.blocking and c.during @> p_now
        and c.service_day between p_now::date - 2 and p_now::date + 1
        and (c.expires_at is null or c.expires_at > p_now))
$$;

-- All that a quote is reckoned from, in one statement: who sits and comes, who waits, how long parties stay.
create function waitlist_state(p_restaurant_id uuid, p_day date, p_now timestamptz) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'version', x.version,
    'claims', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'table_id', c.table_id, 'starts_at', lower(c.during), 'ends_at', upper(c.during),
               'seated_at', case when r.status = 'seated' then r.seated_at
                                 when c.kind = 'session' then lower(c.during) end,
               'party_size', r.party_size)), '[]')
        from claims c
        left join reservations r on r.restaurant_id = c.restaurant_id and r.id = c.owner
       where c.restaurant_id = x.id and c.service_day between p_day - 1 and p_day + 1 and c.blocking
         and upper(c.during) > p_now and (c.expires_at is null or c.expires_at > p_now)),
    'overstayed', to_jsonb(overstayed_tables(x.id, p_now)),
    'queue', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'id', w.id, 'party_size', w.party_size, 'area', w.area, 'accepts_bar', w.accepts_bar)
               order by w.aside, w.joined_at, w.id), '[]')
        from waitlist_entries w
       where w.restaurant_id = x.id and w.service_day = p_day and w.kind = 'now'
         and (w.status = 'waiting' or w.status = 'offered' and w.offer_expires_at <= p_now)),
    'turns', (
      select coalesce(jsonb_agg(jsonb_build_object('party_size', t.party_size, 'short_minutes', t.short_minutes,
               'median_minutes', t.median_minutes, 'long_minutes', t.long_minutes)), '[]')
        from turn_lengths t where t.restaurant_id = x.id and t.parties >= 8))
    from restaurants x where x.id = p_restaurant_id
$$;

-- Once a day: how long parties of each size stayed. What is absurd was a forgotten table and not a long dinner.
create function refresh_turn_lengths(p_restaurant_id uuid, p_now timestamptz) returns boolean language plpgsql as $$
begin
  if exists (select from turn_lengths t
              where t.restaurant_id = p_restaurant_id and t.computed_at > p_now - interval '20 hours')
  then return false; end if;
  insert into turn_lengths (restaurant_id, party_size, short_minutes, median_minutes, long_minutes, parties, computed_at)
  select p_restaurant_id, s.party_size, s.turns[1], s.turns[2], s.turns[3], s.parties, p_now
    from (select m.party_size, count(*) as parties,
                 percentile_cont(array[0.25, 0.5, 0.75]) within group (order by m.minutes) as turns
            from (select r.party_size, extract(epoch from r.completed_at - r.seated_at) / 60 as minutes
                    from reservations r
                   where r.restaurant_id = p_restaurant_id
                     and r.starts_at between p_now - interval '60 days' and p_now
                     and r.completed_at > r.seated_at) m
           where m.minutes between 10 and 480
           group by m.party_size) s
  on conflict (restaurant_id, party_size) do update
     set short_minutes = excluded.short_minutes, median_minutes = excluded.median_minutes,
         long_minutes = excluded.long_minutes, parties = excluded.parties, computed_at = excluded.computed_at;
  return true;
end $$;

-- Following the reservation -----------------------------------------------------------------------------------------

-- Whatever befalls the held table (its minutes are over, the host seats, cancels or marks it) befalls the entry, in
-- the same transaction and whichever verb did it. The verbs of the waitlist say so themselves, and switch this off.
create function follow_reservation() returns trigger language plpgsql as $$
declare
  a      waitlist_plan;
  old_e  waitlist_entries;
  e      waitlist_entries;
  before jsonb;
begin
  if current_setting('tableside.waitlist', true) = 'verb' then return null; end if;
  select * into old_e from waitlist_entries w
   where w.restaurant_id = new.restaurant_id and w.id = new.waitlist_id for no key update;
  if not found or old_e.reservation_id is distinct from new.id then return null; end if;
  before := waitlist_json(old_e);
  a.restaurant_id := new.restaurant_id;
  a.now := new.updated_at;
  a.actor := '{"kind": "system", "name": "waitlist"}';
  a.request_id := 'reservation:' || new.id || ':' || new.version;
  if new.status = 'cancelled' and new.cancel_reason = 'hold_lapsed' and old_e.status = 'offered' then
    e := lapse_entry(a, old_e);
    perform append_event(a, 'waitlist.offer_lapsed', e.id, before, waitlist_json(e));
  elsif new.status = 'held' and old_e.status = 'offered' then
    update waitlist_entries w
       set offer_expires_at = new.hold_expires_at, version = w.version + 1, updated_at = a.now
     where w.restaurant_id = a.restaurant_id and w.id = old_e.id;
  elsif new.status in ('cancelled', 'no_show') and old_e.status in ('offered', 'accepted') then
    update waitlist_entries w
       set status = 'left', left_by = 'system', why = coalesce(new.cancel_reason, new.status), ended_at = a.now,
           offer_expires_at = null, version = w.version + 1, updated_at = a.now
     where w.restaurant_id = a.restaurant_id and w.id = old_e.id returning * into e;
    perform log_decision(a, e.id, 'left', 'reservation_' || new.status);
    perform append_event(a, 'waitlist.left', e.id, before, waitlist_json(e), new.status);
  elsif new.status in ('pending', 'confirmed') and old_e.status = 'offered' then
    update waitlist_entries w
       set status = 'accepted', accepted_at = a.now, offer_expires_at = null, version = w.version + 1, updated_at = a.now
     where w.restaurant_id = a.restaurant_id and w.id = old_e.id returning * into e;
    perform log_decision(a, e.id, 'accepted', 'reservation_' || new.status, new.table_ids);
    perform append_event(a, 'waitlist.accepted', e.id, before, waitlist_json(e));
  elsif new.status = 'seated' and old_e.status <> 'seated' then
    e := seat_entry(a, old_e, new.id);
    perform log_decision(a, e.id, 'seated', 'reservation_seated', new.table_ids);
    perform append_event(a, 'waitlist.seated', e.id, before, waitlist_json(e));
  end if;
  return null;
end $$;
create trigger reservations_waitlist after update on reservations for each row
  when (new.waitlist_id is not null
        and (new.status, new.hold_expires_at) is distinct from (old.status, old.hold_expires_at)) execute function follow_reservation();

-- The first offer let go keeps the place in the queue; the second ends it.
create function lapse_entry(a waitlist_plan, old waitlist_entries) returns waitlist_entries language plpgsql as $$
declare e waitlist_entries;
begin
  update waitlist_entries w
     set status = case when old.lapses >= 1 then 'lapsed' else 'waiting' end, aside = true, lapses = old.lapses + 1,
         reservation_id = null, offered_at = null, offer_expires_at = null,
         ended_at = case when old.lapses >= 1 then a.now end,
         why = case when old.lapses >= 1 then 'no_answer' end,
         version = old.version + 1, updated_at = a.now
   where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
  perform log_decision(a, e.id, 'lapsed',
                       case when e.status = 'lapsed' then 'second_offer_lapsed' else 'offer_lapsed' end);
  return e;
end $$;

-- How long they waited ends when a table was theirs: how long they took to come to it is not the quote's error.
create function seat_entry(a waitlist_plan, old waitlist_entries, p_reservation_id uuid) returns waitlist_entries
language plpgsql as $$
declare e waitlist_entries;
begin
  update waitlist_entries w
     set status = 'seated', seated_at = a.now, ended_at = a.now, reservation_id = p_reservation_id,
         offer_expires_at = null, why = null, left_by = null,
         waited_minutes = case when old.kind = 'now' then
           least(greatest(round(extract(epoch from coalesce(old.offered_at, a.now) - old.joined_at) / 60), 0), 30000) end,
         version = old.version + 1, updated_at = a.now
   where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
  return e;
end $$;

-- Held tables of this queue whose minutes are over go back; the trigger tells their entries.
create function lapse_offers(a waitlist_plan) returns integer language plpgsql as $$
declare lapsed integer;
begin
  with over as (
    select r.id
      from waitlist_entries w
      join reservations r on r.restaurant_id = w.restaurant_id and r.id = w.reservation_id
     where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
       and w.status = 'offered' and r.status = 'held' and r.hold_expires_at <= a.now
     order by r.id for no key update of r skip locked),
  cancelled as (
    update reservations r
       set status = 'cancelled', cancel_reason = 'hold_lapsed', cancelled_at = a.now, hold_expires_at = null,
           version = r.version + 1, updated_at = a.now
      from over o where r.restaurant_id = a.restaurant_id and r.id = o.id
    returning r.*),
  freed as (
    update claims c set blocking = false
      from cancelled r
     where c.restaurant_id = r.restaurant_id and c.service_day = r.service_day and c.owner = r.id and c.blocking)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  select c.restaurant_id, a.now, 'reservation.hold_lapsed', c.id, a.actor, a.request_id, to_jsonb(c) from cancelled c;
  get diagnostics lapsed = row_count;
  return lapsed;
end $$;

-- Joining -----------------------------------------------------------------------------------------------------------

create function waitlist_there(a waitlist_plan, e waitlist_entries) returns jsonb language sql stable as $$
  select jsonb_build_object('outcome', 'already_exists', 'entry', waitlist_json(x))
    from waitlist_entries x
   where x.restaurant_id = a.restaurant_id and x.service_day = e.service_day and x.kind = e.kind
     and x.phone_number = e.phone_number and x.status in ('waiting', 'offered', 'accepted') and x.id is distinct from e.id
$$;

create function join_waitlist(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      waitlist_plan := jsonb_populate_record(null::waitlist_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  f      waitlist_entries;
  e      waitlist_entries;
begin
  if answer is not null then return answer; end if;
  f := jsonb_populate_record(null::waitlist_entries, a.fields);
  f.kind := a.kind;
  f.service_day := a.service_day;
  -- Who has let a second offer lapse may ask anew, with no job having run.
  perform lapse_offers(a);
  insert into waitlist_entries (restaurant_id, kind, status, service_day, name, search_name, phone_number, email,
      language, party_size, area, accepts_bar, notes, source, window_starts_at, window_ends_at, joined_at,
      quoted_min_minutes, quoted_max_minutes, updated_at)
  values (a.restaurant_id, a.kind, 'waiting', a.service_day, f.name, f.search_name, f.phone_number, f.email,
      f.language, f.party_size, f.area, f.accepts_bar, f.notes, f.source, f.window_starts_at, f.window_ends_at, a.now,
      f.quoted_min_minutes, f.quoted_max_minutes, a.now)
  on conflict do nothing returning * into e;
  if e.id is null then
    answer := coalesce(waitlist_there(a, f), '{"outcome": "busy"}');
    if answer->>'outcome' = 'busy' then return answer; end if;
    return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, answer);
  end if;
  answer := waitlist_json(e);
  perform append_event(a, 'waitlist.joined', e.id, null, answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'written', 'entry', answer));
end $$;

-- What an entry says of itself; its place stays.
create function edit_waitlist(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      waitlist_plan := jsonb_populate_record(null::waitlist_plan, p_plan);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    waitlist_entries;
  e      waitlist_entries;
begin
  if answer is not null then return answer; end if;
  select * into old from waitlist_entries w where w.restaurant_id = a.restaurant_id and w.id = a.entry_id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version <> old.version then return jsonb_build_object('outcome', 'stale', 'entry', waitlist_json(old)); end if;
  e := jsonb_populate_record(old, a.fields);
  -- Who is offered a table may change its name, but not what the table was chosen for.
  if old.status not in ('waiting', 'offered') or old.status <> 'waiting' and
     (e.party_size, e.area, e.accepts_bar, e.window_starts_at, e.window_ends_at) is distinct from
     (old.party_size, old.area, old.accepts_bar, old.window_starts_at, old.window_ends_at)
  then return jsonb_build_object('outcome', 'illegal', 'entry', waitlist_json(old)); end if;
  begin
    update waitlist_entries w
       set name = e.name, search_name = e.search_name, phone_number = e.phone_number, email = e.email,
           language = e.language, party_size = e.party_size, area = e.area, accepts_bar = e.accepts_bar, notes = e.notes,
           service_day = e.service_day, window_starts_at = e.window_starts_at, window_ends_at = e.window_ends_at,
           version = old.version + 1, updated_at = a.now
     where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
  exception when unique_violation then
    return coalesce(waitlist_there(a, e), '{"outcome": "busy"}');
  end;
  answer := waitlist_json(e);
  perform append_event(a, 'waitlist.changed', e.id, waitlist_json(old), answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'written', 'entry', answer));
end $$;

-- Offering ----------------------------------------------------------------------------------------------------------

-- The first of an entry's seatings for which a table is free, or why there is none.
create function seating_for(
  a waitlist_plan, e waitlist_entries, p_timezone text, p_overstayed uuid[], p_id uuid,
  out seating booking_plan, out chosen uuid[], out lapsed boolean, out refusal text)
language plpgsql stable as $$
declare
  ask    jsonb;
  one    jsonb;
  choice record;
  short  booking_plan;
begin
  select x.value into ask from jsonb_array_elements(a.asks) x
   where (x.value->>'party_size')::int = e.party_size and (x.value->>'area') is not distinct from e.area
     and (x.value->>'accepts_bar')::boolean is not distinct from e.accepts_bar;
  if ask is null then refusal := 'undecided'; return; end if;
  refusal := 'no_time_fits';
  for one in select x.value from jsonb_array_elements(ask->'seatings') with ordinality x(value, ord) order by x.ord loop
    if e.kind = 'future' and not
       (one->>'starts_at')::timestamptz between e.window_starts_at and e.window_ends_at then continue; end if;
    if one ? 'refusal' then refusal := one->>'refusal'; continue; end if;
    seating := jsonb_populate_record(null::booking_plan, (ask - 'seatings') || one);
    seating.restaurant_id := a.restaurant_id;
    seating.now := a.now;
    seating.actor := a.actor;
    seating.request_id := a.request_id;
    seating.id := p_id;
    seating.phone_number := e.phone_number;
    seating.per_phone := a.per_phone;
    seating.singles := array(select s from unnest(seating.singles) with ordinality u(s, ord)
                              where s <> all (p_overstayed) order by ord);
    seating.combined := (select coalesce(jsonb_agg(c.value order by c.ord), '[]')
                           from jsonb_array_elements(seating.combined) with ordinality c(value, ord)
                          where not array(select jsonb_array_elements_text(c.value)::uuid) && p_overstayed);
    choice := choose_tables(seating, p_timezone);
    refusal := choice.refusal;
    -- Who waits at the door may have a table for later; the queue of a day to come is for one table a party.
    if refusal is null and e.kind = 'future' then refusal := phone_refusal(seating); end if;
    if refusal is null then
      chosen := choice.chosen;
      lapsed := choice.lapsed;
      return;
    end if;
    if refusal = 'sold_out' and e.kind = 'now' then
      short := seating;
      short.ends_at := short.starts_at + interval '1 minute';
      short.buffer_minutes := 0;
      choice := choose_tables(short, p_timezone);
      if choice.refusal is null then refusal := 'not_free_long_enough'; end if;
    end if;
  end loop;
end $$;

-- The first in fair order for whom a table is free; with those before, and why each was passed over.
create function next_offer(
  a waitlist_plan, p_timezone text, p_overstayed uuid[],
  out entry waitlist_entries, out seating booking_plan, out chosen uuid[], out lapsed boolean, out skipped jsonb)
language plpgsql stable as $$
declare
  e     waitlist_entries;
  tried record;
  kinds jsonb := '{}';  -- what was refused once is refused to all who ask the same
  ask   text;
begin
  skipped := '[]';
  for e in
    select * from waitlist_entries w
     where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
       and w.status = 'waiting'
     order by w.aside, w.joined_at, w.id
  loop
    if e.not_before > a.now then
      skipped := skipped || jsonb_build_object('id', e.id, 'joined_at', e.joined_at, 'why', 'asked_to_wait');
      continue;
    end if;
    ask := concat_ws('|', e.party_size, coalesce(e.accepts_bar::text, '-'), e.window_starts_at, e.window_ends_at, e.area);
    if kinds ? ask then
      skipped := skipped || jsonb_build_object('id', e.id, 'joined_at', e.joined_at, 'why', kinds->>ask);
      continue;
    end if;
    tried := seating_for(a, e, p_timezone, p_overstayed, null);
    if tried.refusal is null then
      entry := e;
      seating := tried.seating;
      chosen := tried.chosen;
      lapsed := tried.lapsed;
      -- Those who stand aside come after, though they joined before.
      skipped := skipped || (
        select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'joined_at', w.joined_at, 'why', 'stood_aside')), '[]')
          from waitlist_entries w
         where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
           and w.status = 'waiting' and w.aside and not e.aside and (w.joined_at, w.id) < (e.joined_at, e.id));
      return;
    end if;
    if tried.refusal not like 'phone%' then kinds := kinds || jsonb_build_object(ask, tried.refusal); end if;
    skipped := skipped || jsonb_build_object('id', e.id, 'joined_at', e.joined_at, 'why', tried.refusal);
  end loop;
  entry := null;
end $$;

-- Under the day's lock: the tables are held for this party, and it is told.
create function make_offer(
  a waitlist_plan, old waitlist_entries, p_seating booking_plan, p_chosen uuid[], p_lapsed boolean, p_timezone text,
  p_code text, p_why text) returns waitlist_entries
language plpgsql as $$
declare
  e waitlist_entries;
  r reservations;
begin
  if p_lapsed then
    perform clear_lapsed(a.restaurant_id, p_timezone, wanted_by(p_seating), a.now, a.request_id);
  end if;
  r := insert_waitlisted(a, old, p_seating, p_chosen, p_timezone, p_code, 'held');
  update waitlist_entries w
     set status = 'offered', offered_at = a.now, offer_expires_at = p_seating.hold_expires_at, reservation_id = r.id,
         offers = old.offers + 1, aside = false, version = old.version + 1, updated_at = a.now
   where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
  perform log_decision(a, e.id, 'offered', p_why, p_chosen);
  perform append_event(a, 'reservation.held', r.id, null, reservation_json(r));
  perform append_event(a, 'waitlist.offered', e.id, waitlist_json(old), waitlist_json(e), p_why);
  return e;
end $$;

create function insert_waitlisted(
  a waitlist_plan, e waitlist_entries, b booking_plan, p_chosen uuid[], p_timezone text, p_code text, p_status text)
returns reservations language plpgsql as $$
declare r reservations;
begin
  b.name := e.name;
  b.search_name := e.search_name;
  b.phone_number := e.phone_number;
  b.email := e.email;
  b.language := e.language;
  insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
      buffer_minutes, table_ids, guest_id, name, phone_number, email, area, notes, source, hold_expires_at, seated_at,
      waitlist_id, created_at, updated_at)
  values (a.restaurant_id, p_code, p_status, e.party_size, service_day(b.starts_at, p_timezone), b.starts_at, b.ends_at,
      b.buffer_minutes, p_chosen, case when p_status = 'held' then null else find_or_create_guest(b) end, e.name,
      e.phone_number, e.email, e.area, e.notes, e.source, b.hold_expires_at,
      case when p_status = 'seated' then a.now end, e.id, a.now, a.now)
  returning * into r;
  perform insert_claims(b, p_timezone, r.id, p_chosen, case when p_status = 'held' then 'hold' else 'reservation' end);
  return r;
end $$;

create function log_skips(a waitlist_plan, p_skipped jsonb, p_entry waitlist_entries) returns void language sql as $$
  insert into waitlist_decisions (restaurant_id, entry_id, at, decision, why, in_favour_of, actor)
  select a.restaurant_id, (s.value->>'id')::uuid, a.now, 'skipped', s.value->>'why', p_entry.id, a.actor
    from jsonb_array_elements(p_skipped) s
   where (s.value->>'joined_at')::timestamptz <= p_entry.joined_at
$$;

-- From the first moment to the last that the plan may claim; null where it may claim none.
create function plan_range(a waitlist_plan) returns tstzrange language sql immutable as $$
  select case when count(*) > 0 then
           tstzrange(min((s.value->>'starts_at')::timestamptz),
                     max((s.value->>'ends_at')::timestamptz + make_interval(mins => (s.value->>'buffer_minutes')::int))) end
    from jsonb_array_elements(a.asks) x, jsonb_array_elements(x.value->'seatings') s
   where s.value ? 'ends_at'
$$;

-- One queue a step further: offers nobody answered lapse, and what is free is offered in fair order, one table a party. A
-- queue that can have nothing neither waits for the day's lock nor holds it. Safe at any time, and any number of times.
create function advance_waitlist(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          waitlist_plan := jsonb_populate_record(null::waitlist_plan, p_plan);
  restaurant record;
  overstayed uuid[] := '{}';
  wanted     tstzrange;
  lapsed     integer;
  next       record;
  e          waitlist_entries;
  offered    jsonb := '[]';
  code       text;
begin
  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  perform lock_restaurant_shared(restaurant.lock_no);
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;
  if a.kind = 'now' then overstayed := overstayed_tables(a.restaurant_id, a.now); end if;
  wanted := plan_range(a);
  next := next_offer(a, restaurant.timezone, overstayed);
  if wanted is null or (next.entry).id is null and not exists (
    select from waitlist_entries w
     where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
       and w.status = 'offered' and w.offer_expires_at <= a.now)
  then
    return jsonb_build_object('outcome', 'advanced', 'lapsed', lapse_offers(a), 'offered', offered);
  end if;

  perform lock_days(restaurant.lock_no, restaurant.timezone, wanted);
  lapsed := lapse_offers(a);
  foreach code in array a.codes loop
    next := next_offer(a, restaurant.timezone, overstayed);
    exit when (next.entry).id is null;
    -- It may be leaving, or being edited, at this moment.
    select * into e from waitlist_entries w
     where w.restaurant_id = a.restaurant_id and w.id = (next.entry).id for no key update;
    continue when e.version <> (next.entry).version;
    e := make_offer(a, e, next.seating, next.chosen, next.lapsed, restaurant.timezone, code, 'first_in_order');
    perform log_skips(a, next.skipped, e);
    if not (next.entry).aside then
      update waitlist_entries w set aside = false
       where w.restaurant_id = a.restaurant_id and w.service_day = a.service_day and w.kind = a.kind
         and w.status = 'waiting' and w.aside;
    end if;
    offered := offered || waitlist_json(e);
  end loop;
  return jsonb_build_object('outcome', 'advanced', 'lapsed', lapsed, 'offered', offered);
end $$;

-- Steps -------------------------------------------------------------------------------------------------------------

-- A table kept from an offer on is theirs from now on, for a whole turn or until the next claim.
create function turn_from_now(a waitlist_plan, p_timezone text, old reservations) returns timestamptz
language plpgsql stable as $$
declare
  wanted timestamptz := a.now + (old.ends_at - old.starts_at) + make_interval(mins => old.buffer_minutes);
  next   timestamptz;
begin
  select min(lower(c.during)) into next from claims c
   where c.restaurant_id = a.restaurant_id and c.blocking and c.table_id = any (old.table_ids)
     and c.service_day between service_day(a.now, p_timezone) - 1 and service_day(wanted, p_timezone)
     and lower(c.during) > a.now and c.owner <> old.id and (c.expires_at is null or c.expires_at > a.now);
  return least(wanted, next) - make_interval(mins => old.buffer_minutes);
end $$;

-- The held or confirmed table becomes what the step makes of it: confirmed on the way, or seated.
create function take_waitlisted(a waitlist_plan, e waitlist_entries, old reservations, p_timezone text, p_status text)
returns reservations language plpgsql as $$
declare
  r reservations;
  b booking_plan;
  starts timestamptz := old.starts_at;
  ends   timestamptz := old.ends_at;
begin
  if e.kind = 'now' and a.now > old.starts_at and a.now < old.ends_at then
    starts := a.now;
    ends := turn_from_now(a, p_timezone, old);
  end if;
  b.restaurant_id := a.restaurant_id;
  b.guest_id := old.guest_id;
  b.now := a.now;
  b.name := e.name;
  b.search_name := e.search_name;
  b.phone_number := e.phone_number;
  b.email := e.email;
  b.language := e.language;
  if ends > old.ends_at then
    perform clear_lapsed(a.restaurant_id, p_timezone,
                         tstzrange(starts, ends + make_interval(mins => old.buffer_minutes)), a.now, a.request_id);
  end if;
  update claims c
     set kind = 'reservation', expires_at = null, during = tstzrange(starts, ends + make_interval(mins => old.buffer_minutes))
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
  update reservations x
     set status = p_status, starts_at = starts, ends_at = ends, hold_expires_at = null,
         name = e.name, phone_number = e.phone_number, email = e.email, notes = e.notes,
         guest_id = find_or_create_guest(b), seated_at = case when p_status = 'seated' then a.now end,
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  perform append_event(a, case when p_status = 'seated' then 'reservation.seat' else 'reservation.booked' end, r.id,
                       reservation_json(old), reservation_json(r));
  return r;
end $$;

-- Seated at once at another table than the one that was kept.
create function take_waitlisted_elsewhere(
  a waitlist_plan, old reservations, b booking_plan, p_chosen uuid[], p_timezone text) returns reservations
language plpgsql as $$
declare r reservations;
begin
  delete from claims c
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id;
  perform insert_claims(b, p_timezone, old.id, p_chosen, 'reservation');
  update reservations x
     set status = 'seated', starts_at = b.starts_at, ends_at = b.ends_at, buffer_minutes = b.buffer_minutes,
         service_day = service_day(b.starts_at, p_timezone), table_ids = p_chosen, hold_expires_at = null,
         guest_id = find_or_create_guest(jsonb_populate_record(b, to_jsonb(old) - array['id', 'hold_expires_at'])),
         seated_at = a.now, version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id
  returning * into r;
  return r;
end $$;

-- The table of an entry that wants it no more, free at once. Freeing needs no lock but its rows.
create function give_back(a waitlist_plan, old reservations, p_why text) returns void language plpgsql as $$
declare r reservations;
begin
  if old.id is null or old.status not in ('held', 'pending', 'confirmed') then return; end if;
  update reservations x
     set status = 'cancelled', cancel_reason = p_why, cancelled_at = a.now, hold_expires_at = null,
         version = old.version + 1, updated_at = a.now
   where x.restaurant_id = a.restaurant_id and x.id = old.id returning * into r;
  update claims c set blocking = false
   where c.restaurant_id = a.restaurant_id and c.service_day = old.service_day and c.owner = old.id and c.blocking;
  perform append_event(a, 'reservation.cancel', r.id, reservation_json(old), reservation_json(r), p_why);
end $$;

-- accept, decline, leave, seat or notify: one call, one round trip.
create function step_waitlist(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          waitlist_plan := jsonb_populate_record(null::waitlist_plan, p_plan);
  answer     jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  restaurant record;
  seen       waitlist_entries;
  old        waitlist_entries;
  e          waitlist_entries;
  held       reservations;
  r          reservations;
  tried      record;
  wanted     tstzrange;
  before     jsonb;
begin
  if answer is not null then return answer; end if;
  select * into seen from waitlist_entries w where w.restaurant_id = a.restaurant_id and w.id = a.entry_id;
  if not found then return '{"outcome": "not_found"}'; end if;
  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  if a.step in ('accept', 'seat', 'notify') then
    perform lock_restaurant_shared(restaurant.lock_no);
    if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
      return '{"outcome": "stale_restaurant"}';
    end if;
    select * into held from reservations x where x.restaurant_id = a.restaurant_id and x.id = seen.reservation_id;
    wanted := plan_range(a);
    if held.id is not null then
      perform lock_days(restaurant.lock_no, restaurant.timezone, taken_by(held),
                        tstzrange(a.now, a.now + (upper(taken_by(held)) - lower(taken_by(held)))),
                        coalesce(wanted, taken_by(held)));
    elsif wanted is not null then
      perform lock_days(restaurant.lock_no, restaurant.timezone, wanted);
    end if;
  end if;

  -- Everywhere, the reservation's row is locked before its entry's.
  held := null;
  if seen.reservation_id is not null then
    select * into held from reservations x
     where x.restaurant_id = a.restaurant_id and x.id = seen.reservation_id for no key update;
  end if;
  select * into old from waitlist_entries w
   where w.restaurant_id = a.restaurant_id and w.id = a.entry_id for no key update;
  if old.reservation_id is distinct from seen.reservation_id then return '{"outcome": "busy"}'; end if;
  before := waitlist_json(old);
  if a.version is not null and a.version <> old.version then
    return jsonb_build_object('outcome', 'stale', 'entry', before);
  end if;

  if old.status = 'offered' and held.hold_expires_at <= a.now then
    a.service_day := old.service_day;
    a.kind := old.kind;
    perform lapse_offers(a);
    select * into old from waitlist_entries w where w.restaurant_id = a.restaurant_id and w.id = a.entry_id;
    if a.step in ('accept', 'decline') then
      return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                         jsonb_build_object('outcome', 'hold_expired', 'entry', waitlist_json(old)));
    end if;
    before := waitlist_json(old);
    held := null;
  end if;
  if not (case a.step
           when 'accept' then old.status = 'offered'
           when 'decline' then old.status = 'offered'
           when 'notify' then old.status = 'waiting'
           else old.status in ('waiting', 'offered', 'accepted') end)
  then return jsonb_build_object('outcome', 'illegal', 'entry', before); end if;

  perform set_config('tableside.waitlist', 'verb', true);
  if a.step = 'accept' then
    r := take_waitlisted(a, old, held, restaurant.timezone, 'confirmed');
    update waitlist_entries w
       set status = 'accepted', accepted_at = a.now, offer_expires_at = null, version = old.version + 1, updated_at = a.now
     where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
    perform log_decision(a, e.id, 'accepted', 'asked', r.table_ids);
    perform append_event(a, 'waitlist.accepted', e.id, before, waitlist_json(e));

  elsif a.step in ('decline', 'leave') then
    perform give_back(a, held, 'waitlist_' || a.step);
    update waitlist_entries w
       set status = case when a.step = 'leave' then 'left' when a.stay then 'waiting' else 'declined' end,
           aside = coalesce(a.stay, false), not_before = case when a.stay then a.not_before end, reservation_id = case when a.stay then null else old.reservation_id end,
           offered_at = case when a.stay then null else old.offered_at end, offer_expires_at = null,
           ended_at = case when not coalesce(a.stay, false) then a.now end,
           left_by = case when not coalesce(a.stay, false) then a.left_by end, why = a.why,
           version = old.version + 1, updated_at = a.now
     where w.restaurant_id = a.restaurant_id and w.id = old.id returning * into e;
    perform log_decision(a, e.id, case a.step when 'leave' then 'left' else 'declined' end,
                         coalesce(a.why, case when a.stay then 'waits_on' else 'asked' end));
    perform append_event(a, case a.step when 'leave' then 'waitlist.left' else 'waitlist.declined' end, e.id, before,
                         waitlist_json(e), a.why);

  elsif a.step = 'seat' and held.status in ('held', 'pending', 'confirmed') and not a.other_table then
    r := take_waitlisted(a, old, held, restaurant.timezone, 'seated');
    e := seat_entry(a, old, r.id);
    perform log_decision(a, e.id, 'seated', 'asked', r.table_ids);
    perform append_event(a, 'waitlist.seated', e.id, before, waitlist_json(e), a.why);

  else
    -- Another table than the one held, or none held: by the same guard as everybody.
    tried := seating_for(a, old, restaurant.timezone, overstayed_tables(a.restaurant_id, a.now), held.id);
    if tried.refusal = 'undecided' then return '{"outcome": "undecided"}'; end if;
    if tried.refusal is not null then
      answer := jsonb_build_object('outcome', 'refused', 'reason', tried.refusal, 'entry', before, 'claim',
                                   claim_in_the_way(a, tried.seating, restaurant.timezone, held.id));
      if a.key like 'auto:%' then return answer; end if;
      return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, answer);
    end if;
    if a.step = 'notify' then
      e := make_offer(a, old, tried.seating, tried.chosen, tried.lapsed, restaurant.timezone, a.codes[1],
                      'host: ' || coalesce(a.why, 'out of order'));
      perform log_skips(a, (
        select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'joined_at', w.joined_at, 'why', 'out_of_order')), '[]')
          from waitlist_entries w
         where w.restaurant_id = a.restaurant_id and w.service_day = old.service_day and w.kind = old.kind
           and w.status = 'waiting' and (w.joined_at, w.id) < (old.joined_at, old.id)), e);
    else
      if tried.lapsed then
        perform clear_lapsed(a.restaurant_id, restaurant.timezone, wanted_by(tried.seating), a.now, a.request_id);
      end if;
      if held.status in ('held', 'pending', 'confirmed') then
        r := take_waitlisted_elsewhere(a, held, tried.seating, tried.chosen, restaurant.timezone);
      else
        r := insert_waitlisted(a, old, tried.seating, tried.chosen, restaurant.timezone, a.codes[1], 'seated');
      end if;
      perform append_event(a, 'reservation.seat', r.id, case when held.id = r.id then reservation_json(held) end,
                           reservation_json(r));
      e := seat_entry(a, old, r.id);
      perform log_decision(a, e.id, 'seated', coalesce(a.why, 'asked'), r.table_ids);
      perform append_event(a, 'waitlist.seated', e.id, before, waitlist_json(e), a.why);
    end if;
  end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'written', 'entry', waitlist_json(e)));
end $$;

-- Who has the one table that was asked for.
create function claim_in_the_way(a waitlist_plan, b booking_plan, p_timezone text, p_but uuid) returns jsonb
language sql stable as $$
  select jsonb_build_object('kind', c.kind, 'owner', c.owner, 'starts_at', lower(c.during), 'ends_at', upper(c.during))
    from claims c
   where cardinality(b.singles) = 1 and c.table_id = b.singles[1] and c.restaurant_id = a.restaurant_id and c.blocking
     and c.service_day between service_day(b.starts_at, p_timezone) - 1 and service_day(b.ends_at, p_timezone)
     and c.during && wanted_by(b) and c.owner is distinct from p_but
     and (c.expires_at is null or c.expires_at > a.now)
   order by lower(c.during) limit 1
$$;

-- Queues of days that are over: whoever still waits in them waits no more.
create function close_waitlists(p_now timestamptz, p_request_id text) returns integer language plpgsql as $$
declare closed integer;
begin
  with past as (
    select w.restaurant_id, w.id
      from waitlist_entries w
      join restaurants x on x.id = w.restaurant_id
     where w.status = 'waiting'
       and (w.service_day < service_day(p_now, x.timezone) or w.kind = 'future' and w.window_ends_at <= p_now)
     order by w.id for no key update of w skip locked),
  ended as (
    update waitlist_entries w
       set status = 'lapsed', why = 'day_over', ended_at = p_now, version = w.version + 1, updated_at = p_now
      from past p where w.restaurant_id = p.restaurant_id and w.id = p.id
    returning w.*)
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after, why)
  select e.restaurant_id, p_now, 'waitlist.left', e.id, '{"kind": "cron"}', p_request_id, to_jsonb(e) - 'search_name',
         'day_over'
    from ended e;
  get diagnostics closed = row_count;
  return closed;
end $$;
