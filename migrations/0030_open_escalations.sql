-- Callers who wait for a person, for the alerts of the floor: those of the last day that nobody has seen to.

create index voice_calls_unhandled on voice_calls (restaurant_id, escalated_at)
  where escalated_at is not null and handled_at is null;

create function floor_escalations(p_restaurant_id uuid, p_now timestamptz) returns jsonb
language plpgsql stable as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'call_id', c.id, 'reason', c.escalation ->> 'reason', 'urgency', c.escalation ->> 'urgency',
             'escalated_at', (date_part('epoch', c.escalated_at) * 1000)::bigint) order by c.escalated_at), '[]')
      from voice_calls c
     where c.restaurant_id = p_restaurant_id and c.handled_at is null
       and c.escalated_at > p_now - interval '24 hours');
end $$;
