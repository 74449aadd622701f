-- The menu. Items are rows, so that an order takes from the stock of one atomically; what is within an item (variants,
-- modifiers) is only ever read and replaced with it. What has been ordered once is put away, not deleted.

-- Every change that another reader of the menu must see at once gives it a new version, apart from the restaurant's:
-- no booking is decided again because the soup is out.
alter table restaurants add column menu_version integer not null default 1;
-- Guests at the door say its name, not its slug.
create index restaurants_name on restaurants (lower(name));

-- Ids are the house's own: a menu may be taken to another restaurant with them.
create table menu_categories (
  restaurant_id uuid not null references restaurants on delete cascade,
  id            uuid not null default uuidv7(),
  position      smallint not null,
  name          text not null,
  names         jsonb not null default '{}',
  windows       jsonb not null default '[]',
  archived_at   timestamptz,
  primary key (restaurant_id, id)
);

create table menu_items (
  restaurant_id uuid not null,
  id            uuid not null default uuidv7(),
  category_id   uuid not null,
  position      smallint not null,
  name          text not null,
  names         jsonb not null default '{}',
  price_minor   integer not null check (price_minor >= 0),
  description   text,
  descriptions  jsonb not null default '{}',
  variants      jsonb not null default '[]',
  modifiers     jsonb not null default '[]',
  allergens     text[] not null default '{}',
  diets         text[] not null default '{}',
  available     boolean not null default true,
  -- The kitchen's switch; an item whose stock is used up is sold out too.
  sold_out      boolean not null default false,
  stock         integer check (stock >= 0),
  tax_permille  smallint not null default 0 check (tax_permille between 0 and 1000),
  windows       jsonb not null default '[]',
  version       integer not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  archived_at   timestamptz,
  primary key (restaurant_id, id),
  foreign key (restaurant_id, category_id) references menu_categories (restaurant_id, id)
) with (fillfactor = 70);
create index menu_items_live on menu_items (restaurant_id, category_id) where archived_at is null;

-- Reading ----------------------------------------------------------------------------------------------------------------

create function menu_item_json(i menu_items) returns jsonb language sql stable as $$
  select to_jsonb(i) - '{restaurant_id,category_id,position,created_at,updated_at,archived_at}'::text[]
         || jsonb_build_object('sold_out', i.sold_out or coalesce(i.stock = 0, false))
$$;

create function menu_category_json(c menu_categories) returns jsonb language sql stable as $$
  select jsonb_build_object('id', c.id, 'name', c.name, 'names', c.names, 'windows', c.windows)
$$;

create function menu_json(r restaurants) returns jsonb language sql stable as $$
  select jsonb_build_object('version', r.menu_version, 'currency', r.currency, 'categories', (
    select coalesce(jsonb_agg(menu_category_json(c) || jsonb_build_object('items', coalesce(i.items, '[]'))
                              order by c.position, c.id), '[]')
      from menu_categories c
      left join (select x.category_id, jsonb_agg(menu_item_json(x) order by x.position, x.id) as items
                   from menu_items x
                  where x.restaurant_id = r.id and x.archived_at is null
                  group by x.category_id) i on i.category_id = c.id
     where c.restaurant_id = r.id and c.archived_at is null))
$$;

-- What an order counts down changes too often for a version of the whole: it is read beside it, every time.
create function menu_stock_json(p_restaurant_id uuid) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'stock', i.stock, 'version', i.version,
                                               'sold_out', i.sold_out or i.stock = 0)), '[]')
    from menu_items i
   where i.restaurant_id = p_restaurant_id and i.archived_at is null and i.stock is not null
$$;

-- Writing ----------------------------------------------------------------------------------------------------------------

-- Whoever replaces the menu is alone with it. Whoever changes items shares this, then takes the items' rows in order of
-- id, and the restaurant's row last: so none of them waits for another in a circle.
create function lock_menu(p_restaurant_id uuid) returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended(p_restaurant_id::text, 3))
$$;
create function lock_menu_shared(p_restaurant_id uuid) returns void language sql as $$
  select pg_advisory_xact_lock_shared(hashtextextended(p_restaurant_id::text, 3))
$$;

-- What the rules decided; the same names as in src/restaurants/menu.ts.
create type menu_change as (
  restaurant_id uuid,
  menu_version  integer,  -- the version it was decided on
  key           text,
  fingerprint   text,
  now           timestamptz,
  actor         jsonb,
  request_id    text,
  categories    jsonb,
  items         jsonb
);

-- Every part by its id, as an event tells of it.
create function menu_parts(p_restaurant_id uuid) returns jsonb language sql stable as $$
  select coalesce(jsonb_object_agg(p.id, p.part), '{}')
    from (select c.id, menu_category_json(c) || jsonb_build_object('position', c.position) as part
            from menu_categories c
           where c.restaurant_id = p_restaurant_id and c.archived_at is null
           union all
          select i.id, menu_item_json(i) - 'version' || jsonb_build_object('category_id', i.category_id, 'position', i.position)
            from menu_items i
           where i.restaurant_id = p_restaurant_id and i.archived_at is null) p
$$;

create function differing_parts(p_mine jsonb, p_theirs jsonb) returns jsonb language sql immutable as $$
  select coalesce(jsonb_object_agg(m.key, m.value), '{}')
    from jsonb_each(p_mine) m
   where m.value is distinct from p_theirs->m.key
$$;

-- Replaces the menu. What is no longer on it is put away; what comes back is taken out again. Whether an item that
-- stays is sold out, and how many are left, is the kitchen's and stays too.
create function put_menu(p_change jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      menu_change := jsonb_populate_record(null::menu_change, p_change);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  r      restaurants;
  before jsonb;
  after  jsonb;
begin
  if answer is not null then return answer; end if;
  perform lock_menu(a.restaurant_id);
  select * into r from restaurants x where x.id = a.restaurant_id for no key update;
  if r.menu_version <> a.menu_version then
    return jsonb_build_object('outcome', 'stale_menu', 'menu', menu_json(r));
  end if;
  before := menu_parts(r.id);

  update menu_categories c set archived_at = a.now
   where c.restaurant_id = r.id and c.archived_at is null
     and not exists (select from jsonb_to_recordset(a.categories) as n(id uuid) where n.id = c.id);
  insert into menu_categories as c (restaurant_id, id, position, name, names, windows)
  select r.id, n.id, n.position, n.name, n.names, n.windows
    from jsonb_populate_recordset(null::menu_categories, a.categories) n
  on conflict (restaurant_id, id) do update
     set position = excluded.position, name = excluded.name, names = excluded.names, windows = excluded.windows,
         archived_at = null;

  update menu_items i set archived_at = a.now, updated_at = a.now, version = i.version + 1
   where i.restaurant_id = r.id and i.archived_at is null
     and not exists (select from jsonb_to_recordset(a.items) as n(id uuid) where n.id = i.id);
  insert into menu_items as i (restaurant_id, id, category_id, position, name, names, price_minor, description,
         descriptions, variants, modifiers, allergens, diets, available, sold_out, stock, tax_permille, windows,
         created_at, updated_at)
  select r.id, n.id, n.category_id, n.position, n.name, n.names, n.price_minor, n.description, n.descriptions,
         n.variants, n.modifiers, n.allergens, n.diets, n.available, n.sold_out, n.stock, n.tax_permille, n.windows,
         a.now, a.now
    from jsonb_populate_recordset(null::menu_items, a.items) n
  on conflict (restaurant_id, id) do update
     set category_id = excluded.category_id, position = excluded.position, name = excluded.name,
         names = excluded.names, price_minor = excluded.price_minor, description = excluded.description,
         descriptions = excluded.descriptions, variants = excluded.variants, modifiers = excluded.modifiers,
         allergens = excluded.allergens, diets = excluded.diets, available = excluded.available,
         tax_permille = excluded.tax_permille, windows = excluded.windows,
         sold_out = case when i.archived_at is null then i.sold_out else excluded.sold_out end,
         stock = case when i.archived_at is null then i.stock else excluded.stock end,
         version = i.version + 1, updated_at = a.now, archived_at = null
   where i.archived_at is not null
      or (i.category_id, i.position, i.name, i.names, i.price_minor, i.description, i.descriptions, i.variants,
          i.modifiers, i.allergens, i.diets, i.available, i.tax_permille, i.windows)
         is distinct from
         (excluded.category_id, excluded.position, excluded.name, excluded.names, excluded.price_minor,
          excluded.description, excluded.descriptions, excluded.variants, excluded.modifiers, excluded.allergens,
          excluded.diets, excluded.available, excluded.tax_permille, excluded.windows);

  update restaurants x set menu_version = x.menu_version + 1 where x.id = r.id returning * into r;
  after := menu_parts(r.id);
  insert into events (restaurant_id, at, type, subject_id, actor, request_id, before, after)
  values (r.id, a.now, 'menu.replaced', r.id, a.actor, a.request_id,
          differing_parts(before, after), differing_parts(after, before));
  return keep_answer(r.id, a.key, a.fingerprint, a.now, written_answer(menu_json(r)));
end $$;

-- One item: the kitchen's switch, its stock, whether it is on the menu. What changes nothing leaves the versions alone.
create function patch_menu_item(p_change jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      house_change := jsonb_populate_record(null::house_change, p_change);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    menu_items;
  i      menu_items;
  menu   integer;
begin
  if answer is not null then return answer; end if;
  perform lock_menu_shared(a.restaurant_id);
  select * into old from menu_items x
   where x.restaurant_id = a.restaurant_id and x.id = a.id and x.archived_at is null
     for no key update;
  if not found then
    return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, '{"outcome": "not_found"}');
  end if;
  -- `version` is the item's here; what is stale is not kept under the key.
  if a.version <> old.version then
    return jsonb_build_object('outcome', 'stale_version', 'current', menu_item_json(old));
  end if;

  i := jsonb_populate_record(old, a.fields);
  -- To be had again, though none was left of those that were counted: then they are counted no more.
  if a.fields->'sold_out' = 'false' and i.stock = 0 and not a.fields ? 'stock' then i.stock := null; end if;
  if i <> old then
    update menu_items x
       set sold_out = i.sold_out, stock = i.stock, available = i.available, version = old.version + 1, updated_at = a.now
     where x.restaurant_id = a.restaurant_id and x.id = a.id
    returning * into i;
    update restaurants x set menu_version = x.menu_version + 1 where x.id = a.restaurant_id returning menu_version into menu;
    perform append_event(a, 'menu_item.changed', i.id, menu_item_json(old), menu_item_json(i));
  end if;
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now,
                     written_answer(menu_item_json(i)) || jsonb_build_object('menu_version', menu));
end $$;

-- [{"menu_item_id", "qty"}, …]: an item in several lines counts together.
create function wanted_items(p_lines jsonb) returns table (id uuid, qty integer) language sql immutable as $$
  select l.menu_item_id, sum(l.qty)::integer
    from jsonb_to_recordset(p_lines) as l(menu_item_id uuid, qty integer)
   group by l.menu_item_id
$$;

-- What an order takes, all of it or nothing; a quantity below zero gives back. Called inside the order's own function,
-- which writes nothing on "sold_out": {"outcome": "sold_out", "items": […]} are those that cannot be had.
-- {"outcome": "taken", "changed": […]}: the items that ran out by it, or came back, for the phones to be told.
create function take_stock(p_restaurant_id uuid, p_lines jsonb, p_now timestamptz) returns jsonb language plpgsql as $$
declare
  short   jsonb;
  changed jsonb;
begin
  perform lock_menu_shared(p_restaurant_id);
  perform from menu_items i
    where i.restaurant_id = p_restaurant_id and i.id in (select w.id from wanted_items(p_lines) w)
    order by i.id
      for no key update;

  select jsonb_agg(jsonb_build_object('menu_item_id', w.id, 'name', i.name, 'wanted', w.qty, 'left', i.stock) order by w.id)
    into short
    from wanted_items(p_lines) w
    left join menu_items i on i.restaurant_id = p_restaurant_id and i.id = w.id
   where w.qty > 0
     and (i.id is null or i.archived_at is not null or not i.available or i.sold_out or coalesce(i.stock < w.qty, false));
  if short is not null then return jsonb_build_object('outcome', 'sold_out', 'items', short); end if;

  update menu_items i set stock = i.stock - w.qty, version = i.version + 1, updated_at = p_now
    from wanted_items(p_lines) w
   where i.restaurant_id = p_restaurant_id and i.id = w.id and i.stock is not null;
  select jsonb_agg(menu_item_json(i) order by i.id)
    into changed
    from wanted_items(p_lines) w
    join menu_items i on i.restaurant_id = p_restaurant_id and i.id = w.id
   where (i.stock + w.qty = 0) <> (i.stock = 0) and i.archived_at is null;
  if changed is not null then
    update restaurants x set menu_version = x.menu_version + 1 where x.id = p_restaurant_id;
  end if;
  return jsonb_build_object('outcome', 'taken', 'changed', coalesce(changed, '[]'));
end $$;

-- Integrations -----------------------------------------------------------------------------------------------------------

-- What outside parties are reached with. The secrets are one sealed text: only the Worker has the key to it.
create table integrations (
  restaurant_id uuid not null references restaurants on delete cascade,
  name          text not null check (name ~ '^[a-z]+(:[a-z]+)?$'),
  kind          text not null,
  url           text,
  settings      jsonb not null default '{}',
  secret_sealed text not null,
  version       integer not null default 1,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  primary key (restaurant_id, name)
);

-- An integration as anybody may see it.
create function integration_json(i integrations) returns jsonb language sql stable as $$
  select i.settings || (to_jsonb(i) - '{restaurant_id,settings,secret_sealed}'::text[]) || '{"has_secret": true}'
$$;

create function put_integration(p_change jsonb) returns jsonb language plpgsql set lock_timeout = '1500ms' as $$
declare
  a      house_change := jsonb_populate_record(null::house_change, p_change);
  answer jsonb := replay_of(a.restaurant_id, a.key, a.fingerprint);
  old    integrations;
  i      integrations := jsonb_populate_record(null::integrations, a.fields);
begin
  if answer is not null then return answer; end if;
  -- The restaurant's row stands for one that may not be there yet.
  perform from restaurants x where x.id = a.restaurant_id for no key update;
  select * into old from integrations x where x.restaurant_id = a.restaurant_id and x.name = i.name;
  if a.version <> coalesce(old.version, 0) then
    return jsonb_build_object('outcome', 'stale_version',
                              'current', case when old.name is not null then integration_json(old) end);
  end if;
  insert into integrations as x (restaurant_id, name, kind, url, settings, secret_sealed, created_at, updated_at)
  values (a.restaurant_id, i.name, i.kind, i.url, i.settings, i.secret_sealed, a.now, a.now)
  on conflict (restaurant_id, name) do update
     set kind = i.kind, url = i.url, settings = i.settings, secret_sealed = i.secret_sealed,
         version = x.version + 1, updated_at = a.now
  returning * into i;
  perform append_event(a, 'integration.changed', a.restaurant_id,
                       case when old.name is not null then integration_json(old) end, integration_json(i));
  return keep_answer(a.restaurant_id, a.key, a.fingerprint, a.now, written_answer(integration_json(i)));
end $$;
