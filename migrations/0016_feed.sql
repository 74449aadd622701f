-- The live feed reads what has become visible since the snapshot it read last: by restaurant and transaction.
create index events_tx on events (restaurant_id, tx);

-- Houses where a console may be looking on: written when one connects, gone when a tick finds nobody. What a publish
-- lost is looked for here every five minutes, and in no other house.
create table open_floors (
  restaurant_id uuid primary key,
  touched_at    timestamptz not null
);

-- The events of a house since a snapshot, in the order of their numbers: whoever waited for another's lock appended
-- later, which transaction ids do not say. `upto` is the snapshot read; more than `p_most` rows are not worth sending.
-- A snapshot from the future means that the database was set back: `reset`, since nobody knows what was missed.
create function events_since(p_restaurant_id uuid, p_since pg_snapshot, p_most integer)
returns table (upto text, reset boolean, events jsonb) language sql stable as $$
  with seen as (
    select e.*
      from events e
     where p_since is not null
       and e.restaurant_id = p_restaurant_id
       and e.tx >= pg_snapshot_xmin(p_since)
       and not pg_visible_in_snapshot(e.tx, p_since)
     limit p_most + 1
  )
  select pg_current_snapshot()::text,
         coalesce(pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(p_since), false)
           or (select count(*) from seen) > p_most,
         case when (select count(*) from seen) > p_most then '[]'::jsonb
              else (select coalesce(jsonb_agg(
                             jsonb_build_object('type', s.type, 'subject_id', s.subject_id, 'at', s.at, 'actor', s.actor,
                                                'request_id', s.request_id,
                                                -- A whole menu is not for the feed.
                                                'after', case when octet_length(s.after::text) <= 16384 then s.after end)
                             order by s.id), '[]'::jsonb)
                      from seen s)
          end
$$;
