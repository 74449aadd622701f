-- What the platform that carried a call charges for it, as it says it: {"amount": 0.12, "unit": "USD"}. A figure: it
-- stays when what was said is forgotten.
alter table voice_calls add column cost jsonb;

create function set_call_cost(p_restaurant_id uuid, p_call_id uuid, p_cost jsonb) returns void language sql as $$
  update voice_calls c set cost = p_cost, version = c.version + 1
   where c.restaurant_id = p_restaurant_id and c.id = p_call_id and c.cost is distinct from p_cost
$$;
