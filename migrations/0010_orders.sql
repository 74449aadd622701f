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
