-- What a table orders, and its way to the till. An order, its lines, its delivery row, the countdown of stock and the
-- event are one call of one function; the push happens after the commit and may be repeated: the till knows the order
-- by its id. Orders outlive their session: they are the books of the house.

create table orders (
  id            uuid primary key default uuidv7(),
  restaurant_id uuid not null references restaurants on delete cascade,
  -- No foreign key: sessions and members are forgotten after a day, orders are not.
  session_id    uuid not null,
  member_id     uuid,
  table_id      uuid not null,
  table_number  text not null,
  service_day   date not null,
  -- Counts from one on each service day: short enough to be called out.
  ticket_no     integer not null check (ticket_no > 0),
  pos_ticket    text not null generated always as
                  (case when ticket_no < 1000 then lpad(ticket_no::text, 3, '0') else ticket_no::text end) stored,
  status        text not null check (status in ('review','fired','accepted','preparing','ready','served','paid',
                                                'rejected','pos_failed')),
  -- Tax is within the prices; `taxes` says how much of the total, by rate.
  total_minor   bigint not null check (total_minor >= 0),
  tax_minor     bigint not null check (tax_minor between 0 and total_minor),
  taxes         jsonb not null,
  currency      text not null check (currency ~ '^[A-Z]{3}$'),
  -- Who must not eat what: [{"member": "Blue Otter", "allergens": ["nuts"]}]
  allergies     jsonb not null default '[]',
  why           text,
  version       integer not null default 1,
  placed_at     timestamptz not null,
  fired_at      timestamptz,
  pos_failed_at timestamptz,
  accepted_at   timestamptz,
  preparing_at  timestamptz,
  ready_at      timestamptz,
  served_at     timestamptz,
  paid_at       timestamptz,
  rejected_at   timestamptz,
  -- When the table's object was told that the lines are ordered; null: the sweep tells it.
  marked_at     timestamptz,
  -- Under which key the object froze the lines.
  freeze_key    text not null,
  updated_at    timestamptz not null,
  unique (restaurant_id, id),
  unique (restaurant_id, service_day, ticket_no),
  foreign key (restaurant_id, table_id) references tables (restaurant_id, id)
) with (fillfactor = 85);
create index orders_session on orders (restaurant_id, session_id, id);
create index orders_placed  on orders (restaurant_id, placed_at desc, id desc);
create index orders_unmarked on orders (placed_at) where marked_at is null;

create table order_lines (
  restaurant_id    uuid not null,
  order_id         uuid not null,
  line_no          smallint not null,
  menu_item_id     uuid not null,
  variant_id       uuid,
  name             text not null,
  -- [{"group": "Side", "option": "Fries", "price_minor": 150}]
  modifiers        jsonb not null default '[]',
  qty              integer not null check (qty between 1 and 99),
  note             text,
  member_id        uuid,
  member           text,
  allergens        text[] not null default '{}',
  -- Allergens that its member is allergic to, and said "I know".
  acknowledged     text[] not null default '{}',
  -- Of one piece, its variant and modifiers included; and of the line.
  price_minor      bigint not null check (price_minor >= 0),
  total_minor      bigint not null check (total_minor = price_minor * qty),
  tax_permille     integer not null check (tax_permille between 0 and 1000),
  primary key (restaurant_id, order_id, line_no),
  foreign key (restaurant_id, order_id) references orders (restaurant_id, id) on delete cascade
);
create index order_lines_item on order_lines (restaurant_id, menu_item_id);

-- The last ticket of a restaurant's day. Its row is also what orders of one house wait on, last and shortly.
create table order_days (
  restaurant_id uuid not null references restaurants on delete cascade,
  service_day   date not null,
  last_ticket   integer not null,
  primary key (restaurant_id, service_day)
);

-- The outbox: one row an order. Whoever pushes takes the lease first, so that the sweep and a job never push at once.
-- A lease is about who is at work just now, so it goes by Postgres' own clock and not by a caller's.
create table deliveries (
  restaurant_id   uuid not null,
  order_id        uuid not null,
  state           text not null default 'pending' check (state in ('pending','delivered','failed','no_till')),
  -- Counts resends; each round has five attempts.
  round           integer not null default 1,
  attempts        integer not null default 0,
  next_attempt_at timestamptz,
  -- Whether QStash holds a message for the rest of this round.
  queued          boolean not null default false,
  -- Which attempt it asked for last: the same message again is not another attempt.
  asked           integer not null default 0,
  -- The last attempt may have reached the till: nobody knows.
  unknown         boolean not null default false,
  lease           uuid,
  leased_until    timestamptz,
  delivered_at    timestamptz,
  updated_at      timestamptz not null,
  primary key (restaurant_id, order_id),
  foreign key (restaurant_id, order_id) references orders (restaurant_id, id) on delete cascade,
  check ((state = 'pending') = (next_attempt_at is not null))
) with (fillfactor = 85);
create index deliveries_due on deliveries (next_attempt_at) where state = 'pending';

-- Every attempt, whatever became of it.
create table delivery_attempts (
  restaurant_id uuid not null,
  order_id      uuid not null,
  id            bigint generated always as identity,
  round         integer not null,
  attempt       integer not null,
  at            timestamptz not null,
  outcome       text not null check (outcome in ('accepted','found','refused','unknown','told')),
  status        integer,
  ms            integer,
  error         text,
  request_id    text not null,
  -- Under which lease it was made: a repeat of ours writes it once.
  lease         uuid,
  primary key (restaurant_id, order_id, id),
  unique (restaurant_id, order_id, lease),
  foreign key (restaurant_id, order_id) references deliveries (restaurant_id, order_id) on delete cascade
);

-- What the rules and the server's menu made of a frozen cart; the same names as OrderPlan in src/ordering/order-rules.ts.
create type order_plan as (
  restaurant_id uuid,
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  freeze_key    text,
  session_id    uuid,
  member_id     uuid,
  table_id      uuid,
  table_number  text,
  status        text,         -- review | fired
  sweep_at      timestamptz,  -- from when on the sweep pushes it, if nobody has
  lines         jsonb,
  allergies     jsonb,
  total_minor   bigint,
  tax_minor     bigint,
  taxes         jsonb,
  currency      text
);

create function order_json(o orders) returns jsonb language sql stable as $$
  select to_jsonb(o) - '{ticket_no,freeze_key,marked_at,service_day}'::text[] || jsonb_build_object(
    'lines', (
      select coalesce(jsonb_agg(to_jsonb(l) - '{restaurant_id,order_id,line_no}'::text[] order by l.line_no), '[]')
        from order_lines l where l.restaurant_id = o.restaurant_id and l.order_id = o.id),
    'delivery', (
      select jsonb_build_object('state', d.state, 'round', d.round, 'attempts', d.attempts,
                                'next_attempt_at', d.next_attempt_at, 'delivered_at', d.delivered_at)
        from deliveries d where d.restaurant_id = o.restaurant_id and d.order_id = o.id))
$$;

create function start_delivery(o orders, p_at timestamptz, p_sweep_at timestamptz) returns void language sql as $$
  insert into deliveries (restaurant_id, order_id, next_attempt_at, updated_at)
  values (o.restaurant_id, o.id, p_sweep_at, p_at)
  on conflict do nothing
$$;

create function append_event(a order_plan, p_type text, p_subject uuid, p_after jsonb) returns void language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (a.restaurant_id, a.now, p_type, p_subject, a.actor, a.request_id, p_after)
$$;

-- Whether the session is open. Whoever closes it waits until the order is in, or the order finds it closed.
create function lock_open_session(p_restaurant_id uuid, p_session_id uuid, p_now timestamptz) returns boolean
language plpgsql as $$
begin
  update table_sessions s set last_activity_at = greatest(s.last_activity_at, p_now)
   where s.restaurant_id = p_restaurant_id and s.id = p_session_id and s.closed_at is null;
  return found;
end $$;

-- One round trip: the first answer to the key; or that the session is over, or what is sold out; or the order. The
-- answer has the items that it used up, as `changed`.
create function place_order(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a       order_plan := jsonb_populate_record(null::order_plan, p);
  answer  jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house   record;
  refusal text;
  stock   jsonb;
  day     date;
  ticket  integer;
  o       orders;
begin
  if answer is not null then return answer; end if;
  select r.lock_no, r.timezone into house from restaurants r where r.id = a.restaurant_id;
  perform lock_restaurant_shared(house.lock_no);
  if not lock_open_session(a.restaurant_id, a.session_id, a.now) then refusal := 'session_closed';
  elsif not (select r.ordering_enabled from restaurants r where r.id = a.restaurant_id) then
    refusal := 'ordering_disabled';
  elsif not (select t.enabled from tables t where t.restaurant_id = a.restaurant_id and t.id = a.table_id) then
    refusal := 'table_disabled';
  end if;
  if refusal is not null then
    return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                       jsonb_build_object('outcome', 'refused', 'code', refusal));
  end if;
  stock := take_stock(a.restaurant_id, a.lines, a.now);
  if stock->>'outcome' = 'sold_out' then
    return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                       jsonb_build_object('outcome', 'refused', 'code', 'sold_out_item', 'items', stock->'items'));
  end if;

  day := service_day(a.now, house.timezone);
  insert into order_days as d (restaurant_id, service_day, last_ticket) values (a.restaurant_id, day, 1)
  on conflict (restaurant_id, service_day) do update set last_ticket = d.last_ticket + 1
  returning last_ticket into ticket;

  insert into orders (restaurant_id, session_id, member_id, table_id, table_number, service_day, ticket_no, status,
      total_minor, tax_minor, taxes, currency, allergies, placed_at, fired_at, freeze_key, updated_at)
  values (a.restaurant_id, a.session_id, a.member_id, a.table_id, a.table_number, day, ticket, a.status,
      a.total_minor, a.tax_minor, a.taxes, a.currency, a.allergies, a.now,
      case when a.status = 'fired' then a.now end, a.freeze_key, a.now)
  returning * into o;
  insert into order_lines (restaurant_id, order_id, line_no, menu_item_id, variant_id, name, modifiers, qty, note,
      member_id, member, allergens, acknowledged, price_minor, total_minor, tax_permille)
  select a.restaurant_id, o.id, l.ord, x.menu_item_id, x.variant_id, x.name, x.modifiers, x.qty, x.note,
         x.member_id, x.member, x.allergens, x.acknowledged, x.price_minor, x.total_minor, x.tax_permille
    from jsonb_array_elements(a.lines) with ordinality l(line, ord),
         jsonb_to_record(l.line) as x(menu_item_id uuid, variant_id uuid, name text, modifiers jsonb,
           qty integer, note text, member_id uuid, member text, allergens text[], acknowledged text[],
           price_minor bigint, total_minor bigint, tax_permille integer);
  if o.status = 'fired' then perform start_delivery(o, a.now, a.sweep_at); end if;
  answer := order_json(o);
  perform append_event(a, 'order.' || case o.status when 'fired' then 'fired' else 'placed' end, o.id, answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'placed', 'order', answer, 'changed', stock->'changed'));
end $$;

-- This key will never place anything, so that the lines it froze may be freed: the rules refused the order, or whoever
-- began it is gone. Waits for a call under way. Null where that is so from now on; else the answer it had before.
create function settle_order_key(p_restaurant_id uuid, p_key text, p_fingerprint text, p_answer jsonb, p_now timestamptz)
returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare kept idempotency_keys;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_restaurant_id::text || p_key, 0));
  select * into kept from idempotency_keys k where k.scope = p_restaurant_id and k.key = p_key;
  if found then return kept.answer; end if;
  insert into idempotency_keys (scope, key, fingerprint, answer, created_at)
  values (p_restaurant_id, p_key, p_fingerprint, p_answer, p_now);
  return null;
end $$;

-- Steps of an order ------------------------------------------------------------------------------------------------------

create type order_step_plan as (
  restaurant_id uuid,
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  id            uuid,
  version       integer,      -- null: whichever it has
  status        text,         -- what it becomes
  allowed_from  text[],
  by_till       boolean,      -- a late word of the till changes nothing; an illegal step of the staff is refused
  sweep_at      timestamptz,
  why           text
);

create function append_event(a order_step_plan, p_type text, p_before jsonb, p_after jsonb) returns void
language sql as $$
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
  values (a.restaurant_id, a.now, p_type, a.id, a.actor, a.request_id, p_before, p_after, a.why)
$$;

-- The order with its new status, and the hour of it. The first hour of a status stays.
create function set_order_status(o orders, p_status text, p_now timestamptz, p_why text) returns orders
language sql as $$
  update orders x
     set status        = p_status,
         why           = coalesce(p_why, o.why),
         fired_at      = case when p_status = 'fired'      then coalesce(o.fired_at, p_now)      else o.fired_at end,
         pos_failed_at = case when p_status = 'pos_failed' then p_now                            else o.pos_failed_at end,
         accepted_at   = case when p_status = 'accepted'   then coalesce(o.accepted_at, p_now)   else o.accepted_at end,
         preparing_at  = case when p_status = 'preparing'  then coalesce(o.preparing_at, p_now)  else o.preparing_at end,
         ready_at      = case when p_status = 'ready'      then coalesce(o.ready_at, p_now)      else o.ready_at end,
         served_at     = case when p_status = 'served'     then coalesce(o.served_at, p_now)     else o.served_at end,
         paid_at       = case when p_status = 'paid'       then coalesce(o.paid_at, p_now)       else o.paid_at end,
         rejected_at   = case when p_status = 'rejected'   then coalesce(o.rejected_at, p_now)   else o.rejected_at end,
         version       = o.version + 1,
         updated_at    = p_now
   where x.restaurant_id = o.restaurant_id and x.id = o.id
  returning x.*
$$;

-- What was counted down and not cooked. Answers the items that are to be had again.
create function give_back_stock(o orders) returns jsonb language sql as $$
  select take_stock(o.restaurant_id, jsonb_agg(jsonb_build_object('menu_item_id', l.menu_item_id, 'qty', -l.qty)),
                    o.updated_at)->'changed'
    from order_lines l
   where l.restaurant_id = o.restaurant_id and l.order_id = o.id
$$;

-- Everywhere the order's row is locked before its delivery's.
create function order_step(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a       order_step_plan := jsonb_populate_record(null::order_step_plan, p);
  answer  jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old     orders;
  o       orders;
  changed jsonb := '[]';
begin
  if answer is not null then return answer; end if;
  select * into old from orders x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if a.version is not null and a.version <> old.version then
    return jsonb_build_object('outcome', 'stale', 'order', order_json(old));
  end if;
  -- Whatever the till says of an order, it has it: there is nothing left to push.
  if a.by_till and old.status <> 'review' then
    with settled as (
      update deliveries d
         set state = 'delivered', delivered_at = a.now, next_attempt_at = null, unknown = false, updated_at = a.now
       where d.restaurant_id = a.restaurant_id and d.order_id = a.id and d.state in ('pending', 'failed')
      returning d.*)
    insert into delivery_attempts (restaurant_id, order_id, round, attempt, at, outcome, request_id)
    select s.restaurant_id, s.order_id, s.round, s.attempts, a.now, 'told', a.request_id from settled s;
  end if;
  if not old.status = any (a.allowed_from) then
    if not a.by_till then return jsonb_build_object('outcome', 'illegal', 'order', order_json(old)); end if;
    return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                       jsonb_build_object('outcome', 'unchanged', 'order', order_json(old)));
  end if;

  o := set_order_status(old, a.status, a.now, a.why);
  if old.status = 'review' and a.status = 'fired' then perform start_delivery(o, a.now, a.sweep_at); end if;
  if a.status = 'rejected' then
    changed := give_back_stock(o);
    update deliveries d set state = 'failed', next_attempt_at = null, updated_at = a.now
     where d.restaurant_id = a.restaurant_id and d.order_id = a.id and d.state = 'pending';
  end if;
  answer := order_json(o);
  perform append_event(a, 'order.' || a.status, order_json(old), answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'stepped', 'order', answer, 'changed', changed));
end $$;

-- Another round of pushes for an order that the till should have. The same order id, so the same ticket.
create function resend_order(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      order_step_plan := jsonb_populate_record(null::order_step_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  o      orders;
begin
  if answer is not null then return answer; end if;
  select * into o from orders x where x.restaurant_id = a.restaurant_id and x.id = a.id for no key update;
  if not found then return '{"outcome": "not_found"}'; end if;
  if not o.status = any (a.allowed_from) then
    return jsonb_build_object('outcome', 'illegal', 'order', order_json(o));
  end if;
  perform start_delivery(o, a.now, a.sweep_at);
  update deliveries d
     set state = 'pending', round = d.round + 1, attempts = 0, asked = 0, queued = false, next_attempt_at = a.sweep_at,
         updated_at = a.now
   where d.restaurant_id = a.restaurant_id and d.order_id = a.id;
  answer := order_json(o);
  perform append_event(a, 'order.resent', null, answer);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'stepped', 'order', answer));
end $$;

-- Pushing ------------------------------------------------------------------------------------------------------------------

create function pos_integration(p_restaurant_id uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('kind', i.kind, 'url', i.url, 'settings', i.settings, 'secret_sealed', i.secret_sealed)
    from integrations i
   where i.restaurant_id = p_restaurant_id and i.name = 'pos'
$$;

-- Takes the next attempt of an order, with all that is needed to make it. QStash says which attempt it means, others how
-- many they have seen made: what was made meanwhile is not made again. Not to be had: `idle`, with the state it is in.
create function lease_delivery(
  p_restaurant_id uuid, p_order_id uuid, p_round integer, p_attempt integer, p_seen integer) returns jsonb
language plpgsql as $$
declare
  d deliveries;
  o orders;
begin
  update deliveries x
     set lease = gen_random_uuid(), leased_until = clock_timestamp() + interval '20 seconds',
         asked = coalesce(p_attempt, x.asked)
   where x.restaurant_id = p_restaurant_id and x.order_id = p_order_id and x.state = 'pending'
     and (x.leased_until is null or x.leased_until <= clock_timestamp())
     and (p_round is null or x.round = p_round)
     and (p_attempt is null or p_attempt > greatest(x.attempts, x.asked))
     and (p_seen is null or p_seen = x.attempts)
  returning * into d;
  if not found then
    select * into d from deliveries x where x.restaurant_id = p_restaurant_id and x.order_id = p_order_id;
    return jsonb_build_object('outcome', 'idle', 'state', d.state, 'round', d.round, 'attempts', d.attempts);
  end if;
  select * into o from orders x where x.restaurant_id = p_restaurant_id and x.id = p_order_id;
  return jsonb_build_object('outcome', 'leased', 'lease', d.lease, 'round', d.round, 'attempts', d.attempts,
                            'unknown', d.unknown, 'queued', d.queued, 'order', order_json(o),
                            'integration', pos_integration(p_restaurant_id));
end $$;

create type attempt_record as (
  restaurant_id   uuid,
  now             timestamptz,
  actor           jsonb,
  request_id      text,
  order_id        uuid,
  lease           uuid,
  round           integer,
  attempt         integer,
  outcome         text,
  status          integer,
  ms              integer,
  error           text,
  next_attempt_at timestamptz,  -- null: that was the last of its round
  accepted_from   text[],
  failed_from     text[]
);

-- Writes what came of an attempt, on the order and in the log, and gives the lease back. One whose lease has run out
-- meanwhile is logged all the same, and only good news changes anything. Answers the order, and whether its status moved.
create function record_attempt(p jsonb) returns jsonb language plpgsql as $$
declare
  a     attempt_record := jsonb_populate_record(null::attempt_record, p);
  good  boolean := a.outcome in ('accepted', 'found');
  old   orders;
  o     orders;
  d     deliveries;
  moved text;
begin
  select * into old from orders x where x.restaurant_id = a.restaurant_id and x.id = a.order_id for no key update;
  select * into d from deliveries x
   where x.restaurant_id = a.restaurant_id and x.order_id = a.order_id for no key update;
  insert into delivery_attempts (restaurant_id, order_id, round, attempt, at, outcome, status, ms, error, request_id,
                                 lease)
  values (a.restaurant_id, a.order_id, a.round, a.attempt, a.now, a.outcome, a.status, a.ms, a.error, a.request_id,
          a.lease)
  on conflict do nothing;
  if not found then return jsonb_build_object('order', order_json(old), 'moved', true); end if;
  o := old;
  if good then
    update deliveries x
       set state = 'delivered', delivered_at = coalesce(x.delivered_at, a.now), next_attempt_at = null, unknown = false,
           attempts = greatest(x.attempts, a.attempt), lease = null, leased_until = null, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.order_id = a.order_id;
    if old.status = any (a.accepted_from) then moved := 'accepted'; end if;
  elsif d.lease = a.lease and d.round <> a.round then
    -- Somebody asked for a resend meanwhile: this attempt counts for a round that is over.
    update deliveries x set lease = null, leased_until = null, unknown = x.unknown or a.outcome = 'unknown'
     where x.restaurant_id = a.restaurant_id and x.order_id = a.order_id;
  elsif d.lease = a.lease then
    -- A callback may have settled it while the push was under way.
    update deliveries x
       set state = case when x.state = 'pending' and a.next_attempt_at is null then 'failed' else x.state end,
           next_attempt_at = case when x.state = 'pending' then a.next_attempt_at end,
           unknown = x.unknown or a.outcome = 'unknown',
           attempts = a.attempt, lease = null, leased_until = null, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.order_id = a.order_id
    returning * into d;
    if d.state = 'failed' and old.status = any (a.failed_from) then moved := 'pos_failed'; end if;
  end if;
  if moved is not null then
    o := set_order_status(old, moved, a.now, null);
    insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after, why)
    values (a.restaurant_id, a.now, 'order.' || moved, o.id, a.actor, a.request_id, order_json(old), order_json(o),
            a.error);
  end if;
  return jsonb_build_object('order', order_json(o), 'moved', moved is not null);
end $$;

-- Orders whose next attempt is overdue: nobody made it, or QStash is late with what it holds.
create function due_deliveries(p_now timestamptz, p_grace interval, p_limit integer)
returns table (restaurant_id uuid, order_id uuid, round integer, attempts integer) language sql stable as $$
  select d.restaurant_id, d.order_id, d.round, d.attempts
    from deliveries d
   where d.state = 'pending' and d.next_attempt_at <= p_now
     and (not d.queued or d.next_attempt_at <= p_now - p_grace)
   order by d.next_attempt_at
   limit p_limit
$$;

-- A house without a till: its staff read orders from the console.
create function no_till(p_restaurant_id uuid, p_order_id uuid, p_lease uuid, p_now timestamptz) returns void
language sql as $$
  update deliveries d
     set state = 'no_till', next_attempt_at = null, lease = null, leased_until = null, updated_at = p_now
   where d.restaurant_id = p_restaurant_id and d.order_id = p_order_id and d.lease = p_lease and d.state = 'pending'
$$;

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

-- The daily pass, and the restaurant's night ---------------------------------------------------------------------------------

-- A night begins at four in the morning, and lasts until the next one: what was missed at four is done at five.
create function local_night(at timestamptz, timezone text) returns date language sql immutable parallel safe as $$
  select ((at at time zone timezone) - interval '4 hours')::date
$$;

-- Only a slow salted hash is kept. The newest night's pass is the one that counts.
create table daily_passes (
  restaurant_id uuid not null references restaurants on delete cascade,
  night         date not null,
  salt          bytea not null,
  hash          bytea not null,
  iterations    integer not null,
  source        text not null check (source in ('night','staff')),
  -- Counts the passes of one night; a mail of an earlier one is no proof that this one was sent.
  generation    integer not null default 1,
  mailed_at     timestamptz,
  created_at    timestamptz not null,
  primary key (restaurant_id, night)
);

create type pass_plan as (
  restaurant_id uuid,
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  salt          text,     -- hex
  hash          text,     -- hex
  iterations    integer,
  source        text
);

-- A new pass of this night. From the night's own job only where there is none yet, or where its owner did not get it: a
-- mail that was under way ten minutes ago is not any more.
create function put_pass(a pass_plan) returns jsonb language plpgsql as $$
declare
  day date;
  d   daily_passes;
begin
  select local_night(a.now, r.timezone) into day from restaurants r where r.id = a.restaurant_id;
  insert into daily_passes as x (restaurant_id, night, salt, hash, iterations, source, created_at)
  values (a.restaurant_id, day, decode(a.salt, 'hex'), decode(a.hash, 'hex'), a.iterations, a.source, a.now)
  on conflict (restaurant_id, night) do update
     set salt = excluded.salt, hash = excluded.hash, iterations = excluded.iterations, source = excluded.source,
         generation = x.generation + 1, mailed_at = null, created_at = excluded.created_at
   where a.source = 'staff'
      or (x.source = 'night' and x.mailed_at is null and x.created_at < a.now - interval '10 minutes')
  returning * into d;
  if d.night is null then return null; end if;
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
  values (a.restaurant_id, a.now, 'daily_pass.rotated', a.restaurant_id, a.actor, a.request_id,
          jsonb_build_object('night', d.night, 'generation', d.generation));
  return jsonb_build_object('night', d.night, 'generation', d.generation);
end $$;

create function rotate_pass(p jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      pass_plan := jsonb_populate_record(null::pass_plan, p);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
begin
  if answer is not null then return answer; end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     jsonb_build_object('outcome', 'rotated') || put_pass(a));
end $$;

-- The member gave the pass: the first time stays. False where it is no member of that session.
create function accept_pass(
  p_restaurant_id uuid, p_session_id uuid, p_member_id uuid, p_now timestamptz, p_actor jsonb, p_request_id text)
returns boolean language plpgsql as $$
begin
  update session_members m set pass_accepted_at = p_now, updated_at = p_now
   where m.restaurant_id = p_restaurant_id and m.session_id = p_session_id and m.id = p_member_id
     and m.removed_at is null and m.pass_accepted_at is null;
  if found then
    insert into events (restaurant_id, at, type, subject_id, actor, request_id)
    values (p_restaurant_id, p_now, 'member.pass_accepted', p_member_id, p_actor, p_request_id);
  end if;
  return exists (
    select from session_members m
     where m.restaurant_id = p_restaurant_id and m.session_id = p_session_id and m.id = p_member_id
       and m.removed_at is null);
end $$;

-- What remains of the sessions of a day once they are forgotten.
create table session_days (
  restaurant_id uuid not null references restaurants on delete cascade,
  service_day   date not null,
  sessions      integer not null,
  members       integer not null,
  minutes       integer not null,
  calls         integer not null,
  primary key (restaurant_id, service_day)
);

-- Counts and deletes in one statement: what is counted is gone, so that nothing is counted twice.
create function forget_sessions(p_restaurant_id uuid, p_now timestamptz) returns integer language plpgsql as $$
declare
  tz        text := (select r.timezone from restaurants r where r.id = p_restaurant_id);
  forgotten integer;
begin
  with old as (
    select s.id, service_day(s.opened_at, tz) as day,
           greatest(0, extract(epoch from s.closed_at - s.opened_at) / 60)::integer as minutes,
           (select count(*) from session_members m
             where m.restaurant_id = s.restaurant_id and m.session_id = s.id)::integer as members,
           (select count(*) from table_calls c
             where c.restaurant_id = s.restaurant_id and c.session_id = s.id)::integer as calls
      from table_sessions s
     where s.restaurant_id = p_restaurant_id and s.closed_at < p_now - interval '24 hours'
     order by s.id for update),
  deleted as (
    delete from table_sessions s using old o where s.restaurant_id = p_restaurant_id and s.id = o.id
    returning o.*),
  kept as (
    insert into session_days as d (restaurant_id, service_day, sessions, members, minutes, calls)
    select p_restaurant_id, x.day, count(*), sum(x.members), sum(x.minutes), sum(x.calls) from deleted x group by x.day
    on conflict (restaurant_id, service_day) do update
       set sessions = d.sessions + excluded.sessions, members = d.members + excluded.members,
           minutes = d.minutes + excluded.minutes, calls = d.calls + excluded.calls)
  select count(*) into forgotten from deleted;
  return forgotten;
end $$;

-- Which nights are done: the job runs every hour and does each restaurant's once, late where it was missed.
create table nights (
  restaurant_id uuid not null references restaurants on delete cascade,
  night         date not null,
  done_at       timestamptz not null,
  primary key (restaurant_id, night)
);

-- Restaurants whose night has something left to do: not done yet, or its pass never reached the owner.
create function open_nights(p_now timestamptz)
returns table (restaurant_id uuid, name text, email text, daily_pass boolean, night date) language sql stable as $$
  select r.id, r.name, r.email, r.settings->>'daily_pass' = 'on', local_night(p_now, r.timezone)
    from restaurants r
    left join nights n on n.restaurant_id = r.id and n.night = local_night(p_now, r.timezone)
    left join daily_passes d on d.restaurant_id = r.id and d.night = local_night(p_now, r.timezone)
   where n.restaurant_id is null
      or (r.settings->>'daily_pass' = 'on'
          and (d.night is null or (d.source = 'night' and d.mailed_at is null and r.email is not null)))
   order by r.id
$$;

-- One restaurant's night, in one transaction. Twice at once is once: the second waits for the restaurant's marker.
create function do_night(p_restaurant_id uuid, p_now timestamptz, p_pass jsonb) returns jsonb
language plpgsql set lock_timeout = '5s' as $$
declare
  day       date := (select local_night(p_now, r.timezone) from restaurants r where r.id = p_restaurant_id);
  pass      jsonb;
  forgotten integer := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_restaurant_id::text, 4));
  if p_pass is not null then pass := put_pass(jsonb_populate_record(null::pass_plan, p_pass)); end if;
  insert into nights (restaurant_id, night, done_at) values (p_restaurant_id, day, p_now) on conflict do nothing;
  if found then
    forgotten := forget_sessions(p_restaurant_id, p_now);
    delete from nights n where n.restaurant_id = p_restaurant_id and n.night < day - 30;
    delete from daily_passes d where d.restaurant_id = p_restaurant_id and d.night < day - 30;
  end if;
  return jsonb_build_object('pass', pass, 'forgotten', forgotten);
end $$;

-- Sessions where nothing happens any more, as far as Postgres knows; the table's object knows of the cart.
create function idle_sessions(p_now timestamptz)
returns table (restaurant_id uuid, table_id uuid, session_id uuid, version integer, paid boolean, active_at timestamptz)
language sql stable as $$
  select s.restaurant_id, s.table_id, s.id, s.version, coalesce(o.paid, false), x.active_at
    from table_sessions s
    left join lateral (
      select bool_or(y.status = 'paid') and bool_and(y.status in ('paid', 'rejected')) as paid,
             max(y.updated_at) as updated_at
        from orders y where y.restaurant_id = s.restaurant_id and y.session_id = s.id) o on true
   cross join lateral (select greatest(s.last_activity_at, o.updated_at) as active_at) x
   where s.closed_at is null and s.last_activity_at < p_now - interval '10 minutes'
     and x.active_at < p_now - case when o.paid then interval '10 minutes' else interval '90 minutes' end
   order by s.id
$$;
