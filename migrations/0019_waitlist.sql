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
