-- A booking with less of everything, for the evening that everybody wants: the same answers in the same order of locks.
--
-- Where the day's lock is free it is taken at once, and one look is enough. Where somebody has it, a look without it
-- comes first, so that a sold-out answer never queues. And a refusal found under the lock gives the lock back before it
-- is written and flushed to disk: the lock is taken within a block, and leaving that block by an exception frees it.
-- What is assigned is an expression, which plpgsql evaluates without starting a query as `perform` does.
--
-- And a refusal brings the day's claims along, so that the nearest free times are found without asking again.

-- The service days that the times of the asked day could touch, and from when until when that is.
alter type booking_plan add attribute days date[], add attribute day_during tstzrange;

-- As selectClaims in src/reservations/queries.ts reads them: table, from and until in milliseconds, covers.
create function claims_on(p_restaurant_id uuid, p_days date[], p_during tstzrange, p_now timestamptz) returns jsonb
language plpgsql stable as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_array(c.table_id, (date_part('epoch', lower(c.during)) * 1000)::bigint,
                                                (date_part('epoch', upper(c.during)) * 1000)::bigint, c.covers)), '[]')
      from claims c
     where c.restaurant_id = p_restaurant_id and c.service_day = any (p_days) and c.blocking
       and c.during && p_during and (c.expires_at is null or c.expires_at > p_now));
end $$;

-- lock_day, where it can be had at once.
create function try_lock_day(lock_no integer, day date) returns boolean language sql as $$
  select pg_try_advisory_xact_lock(lock_no, day - date '2020-01-01')
$$;

create or replace function book(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a          booking_plan := jsonb_populate_record(null::booking_plan, p_plan);
  kind       text := case when a.status = 'held' then 'hold' else 'booking' end;
  wanted     tstzrange := wanted_by(a);
  answer     jsonb;
  restaurant record;
  choice     record;
  refusal    text;
  day        date;
  locked     boolean;
  guest      uuid := a.guest_id;
  r          reservations;
begin
  answer := replay_of(a.restaurant_id, a.key, a.fingerprint);
  if answer is not null then return answer; end if;

  select x.lock_no, x.version, x.timezone into restaurant from restaurants x where x.id = a.restaurant_id;
  locked := pg_advisory_xact_lock_shared(restaurant.lock_no, 2147483647) is not null;
  if a.restaurant_version <> (select x.version from restaurants x where x.id = a.restaurant_id) then
    return '{"outcome": "stale_restaurant"}';
  end if;
  day := service_day(a.starts_at, restaurant.timezone);

  begin
    if service_day(upper(wanted) - interval '1 microsecond', restaurant.timezone) <> day
       or not try_lock_day(restaurant.lock_no, day) then
      choice := choose_tables(a, restaurant.timezone);
      refusal := coalesce(choice.refusal, phone_refusal(a));
      if refusal is not null then raise exception using errcode = 'TS003'; end if;
      perform lock_days(restaurant.lock_no, restaurant.timezone, wanted);
    end if;
    choice := choose_tables(a, restaurant.timezone);
    refusal := coalesce(choice.refusal, phone_refusal_locked(a));
    if refusal is not null then raise exception using errcode = 'TS003'; end if;
  exception when sqlstate 'TS003' then
    answer := refuse(a, kind, refusal);
    if refusal not in ('sold_out', 'pacing_covers', 'pacing_parties') then return answer; end if;
    return answer || jsonb_build_object('claims', claims_on(a.restaurant_id, a.days, a.day_during, a.now));
  end;

  if guest is not null and not exists (
    select from guests g where g.restaurant_id = a.restaurant_id and g.id = guest)
  then return '{"outcome": "guest_not_found"}'; end if;
  guest := find_or_create_guest(a);

  if choice.lapsed then
    perform clear_lapsed(a.restaurant_id, restaurant.timezone, wanted, a.now, a.request_id);
  end if;
  insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
      buffer_minutes, table_ids, guest_id, name, phone_number, email, area, notes, other_info, source,
      hold_expires_at, created_at, updated_at)
  values (a.restaurant_id, a.confirmation_code, a.status, a.party_size, day, a.starts_at, a.ends_at,
      a.buffer_minutes, choice.chosen, guest, a.name, a.phone_number, a.email, a.area, a.notes, a.other_info,
      a.source, a.hold_expires_at, a.now, a.now)
  returning * into r;
  if cardinality(choice.chosen) = 1 then
    insert into claims (restaurant_id, service_day, table_id, during, kind, owner, covers, expires_at)
    values (a.restaurant_id, day, choice.chosen[1], wanted, case a.status when 'held' then 'hold' else 'reservation' end,
            r.id, a.party_size, a.hold_expires_at);
  else
    perform insert_claims(a, restaurant.timezone, r.id, choice.chosen,
                          case a.status when 'held' then 'hold' else 'reservation' end);
  end if;
  answer := reservation_json(r);
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (a.restaurant_id, a.now, case a.status when 'held' then 'reservation.held' else 'reservation.booked' end,
          r.id, a.actor, a.request_id, answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'booked', 'reservation', answer));
end $$;

-- That confirmation code, or another where the house has it already: for verbs that are not worth deciding twice.
create function free_code(p_restaurant_id uuid, p_code text) returns text language plpgsql as $$
begin
  while exists (
    select from reservations r where r.restaurant_id = p_restaurant_id and r.confirmation_code = p_code)
  loop
    p_code := substr('ABCDEFGHJKLMNPQRSTUVWXYZ', 1 + floor(random() * 24)::integer, 1)
           || (select string_agg(substr('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 1 + floor(random() * 32)::integer, 1), '')
                 from generate_series(1, 5));
  end loop;
  return p_code;
end $$;
