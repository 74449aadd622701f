-- As in 0035; where ordering is switched off a phone's force ends nothing: it could open nothing in its place.
create or replace function join_table(p_plan jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a       session_plan := jsonb_populate_record(null::session_plan, p_plan);
  answer  jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  house   restaurants;
  t       tables;
  s       table_sessions;
  ended   jsonb;
  revoked jsonb := '[]';
  created boolean := false;
  joined  jsonb;
begin
  if answer is not null then return answer; end if;
  select * into house from restaurants r where r.id = a.restaurant_id;
  if a.table_id is null then
    select x.table_id into a.table_id from table_sessions x
     where x.restaurant_id = a.restaurant_id and x.id = a.session_id;
    if not found then return '{"outcome": "not_found"}'; end if;
  end if;
  perform lock_table(a.table_id);
  perform lock_restaurant_shared(house.lock_no);
  select * into t from tables x
   where x.restaurant_id = a.restaurant_id and x.id = a.table_id and x.archived_at is null;
  if not found then return '{"outcome": "not_found"}'; end if;
  if not t.enabled and not a.staff then return '{"outcome": "table_disabled"}'; end if;
  select * into s from table_sessions x
   where x.restaurant_id = a.restaurant_id and x.table_id = a.table_id and x.closed_at is null;
  if a.session_id is not null and s.id is distinct from a.session_id then return '{"outcome": "session_closed"}'; end if;

  if s.id is not null and a.force then
    if not a.staff and not exists (
      select from session_members m
       where m.restaurant_id = a.restaurant_id and m.session_id = s.id and m.id = a.member_id and m.is_host
         and m.removed_at is null)
    then return '{"outcome": "forbidden"}'; end if;
    if not house.ordering_enabled and not a.staff then return '{"outcome": "ordering_disabled"}'; end if;
    perform lock_days(house.lock_no, house.timezone, tstzrange(a.now, a.holds_until));
    a.why := coalesce(a.why, 'forced');
    revoked := session_jtis(a.restaurant_id, s.id);
    ended := session_json(end_session(a, s));
    s := null;
  end if;
  if s.id is null then
    if a.open_refusal is not null and ended is null then
      return jsonb_build_object('outcome', a.open_refusal);
    end if;
    if not house.ordering_enabled and not a.staff then return '{"outcome": "ordering_disabled"}'; end if;
    s := open_session(a);
    created := true;
  end if;

  joined := put_member(a, s);
  if joined ? 'outcome' then return joined; end if;
  if not created then
    update table_sessions x set last_activity_at = greatest(x.last_activity_at, a.now)
     where x.restaurant_id = a.restaurant_id and x.id = s.id
    returning * into s;
  end if;
  return keep_answer(a, joined || jsonb_build_object('outcome', 'joined', 'session', session_json(s),
    'created', created, 'ended', ended, 'revoked', revoked, 'token_at', a.now));
end $$;
