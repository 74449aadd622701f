-- What a till calls an order by: Square speaks of orders by ids of its own. And outside parties that are let go again.

alter table deliveries add column external_id text;
-- Not unique: a till that names two orders alike must not keep either from being written down.
create index deliveries_external on deliveries (restaurant_id, external_id) where external_id is not null;

alter type attempt_record add attribute external_id text;

-- Writes what came of an attempt, on the order and in the log, and gives the lease back. One whose lease has run out
-- meanwhile is logged all the same, and only good news changes anything. Answers the order, and whether its status moved.
create or replace function record_attempt(p jsonb) returns jsonb language plpgsql as $$
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
           external_id = coalesce(a.external_id, x.external_id),
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

-- The order that a till means by an id of its own, the latest where there are several; `unsure`, whether there is a late
-- order whose name at the till nobody knows yet: its answer was lost, or is just being written down.
create function order_named(p_restaurant_id uuid, p_external_id text, p_since timestamptz) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'order', (
      select jsonb_build_object('id', o.id, 'total_minor', o.total_minor, 'currency', o.currency)
        from deliveries d
        join orders o on o.restaurant_id = d.restaurant_id and o.id = d.order_id
       where d.restaurant_id = p_restaurant_id and d.external_id = p_external_id
       order by o.placed_at desc
       limit 1),
    'unsure', exists (
      select from orders o
        join deliveries d on d.restaurant_id = o.restaurant_id and d.order_id = o.id
       where o.restaurant_id = p_restaurant_id and o.placed_at >= p_since
         and d.external_id is null and d.state <> 'no_till'))
$$;

-- Keeps the name that a till gave an order, and answers the order; null where this house has none of that id.
create function name_order(p_restaurant_id uuid, p_order_id uuid, p_external_id text) returns jsonb language sql as $$
  update deliveries d set external_id = p_external_id
    from orders o
   where d.restaurant_id = p_restaurant_id and d.order_id = p_order_id
     and o.restaurant_id = d.restaurant_id and o.id = d.order_id
  returning jsonb_build_object('id', o.id, 'total_minor', o.total_minor, 'currency', o.currency)
$$;

-- Integrations -----------------------------------------------------------------------------------------------------------

-- Lets an outside party go: nothing is sent to it and nothing heard from it any more. Its secrets are gone with the row.
create function remove_integration(p_change jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      house_change := jsonb_populate_record(null::house_change, p_change);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    integrations;
begin
  if answer is not null then return answer; end if;
  perform from restaurants x where x.id = a.restaurant_id for no key update;
  select * into old from integrations x where x.restaurant_id = a.restaurant_id and x.name = a.fields->>'name';
  if old.name is null then return '{"outcome": "not_found"}'; end if;
  if a.version <> old.version then
    return jsonb_build_object('outcome', 'stale_version', 'current', integration_json(old));
  end if;
  delete from integrations x where x.restaurant_id = a.restaurant_id and x.name = old.name;
  perform append_event(a, 'integration.removed', a.restaurant_id, integration_json(old), null);
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, written_answer(integration_json(old)));
end $$;
