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
