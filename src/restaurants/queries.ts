import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Integration } from './integrations-schema.ts'
import { Menu } from './menu-schema.ts'
import { Restaurant, RestaurantBrief } from './schema.ts'

const RestaurantRow = z.object({ restaurant: Restaurant })

/** The whole value; `from` is the first date whose special day still matters. */
export async function selectRestaurant(db: Db, id: string, from: string): Promise<Restaurant | undefined> {
  const [row] = await query(
    db,
    RestaurantRow,
    sql`select restaurant_json(r, ${from}) as restaurant from restaurants r where r.id = ${id}`,
  )
  return row?.restaurant
}

/** Makes a restaurant, its room and its first key at once; the key as its hash. Answers the whole value and the key. */
export function createRestaurant(plan: unknown): SQL {
  return sql`select create_restaurant(${JSON.stringify(plan)}::jsonb) as answer`
}

/** Restaurants after an id, in the order they opened. */
export function selectRestaurants(db: Db, after: string | null, limit: number): Promise<RestaurantBrief[]> {
  return query(
    db,
    RestaurantBrief,
    sql`
      select r.id, r.slug, r.name, r.timezone, r.country, r.currency, r.version
        from restaurants r
       where ${after === null ? sql`true` : sql`r.id > ${after}`}
       order by r.id
       limit ${limit}`,
  )
}

export type HouseEdit = 'edit_restaurant' | 'put_table' | 'archive_table' | 'put_combination' | 'remove_combination'

const HouseAnswer = z.object({ answer: z.unknown() })

/** One edit under the restaurant's lock, with its event and its kept answer. `change` has the names of `house_change`. */
export async function callChangeHouse(db: Db, edit: HouseEdit, change: unknown): Promise<unknown> {
  const [row] = await query(
    db,
    HouseAnswer,
    sql`select change_house(${edit}, ${JSON.stringify(change)}::jsonb) as answer`,
  )
  return row?.answer
}

const MenuRow = z.object({
  version: z.int(),
  menu: Menu.nullable(),
  counted: z.array(z.object({ id: z.uuid(), stock: z.int(), version: z.int(), sold_out: z.boolean() })),
})
export type MenuRow = z.infer<typeof MenuRow>

/** The version of the menu, the menu itself where that is not `known`, and what its counted items have left. */
export async function selectMenu(db: Db, restaurantId: string, known: number | null): Promise<MenuRow | undefined> {
  const [row] = await query(
    db,
    MenuRow,
    sql`
      select r.menu_version as version, menu_stock_json(r.id) as counted,
             case when r.menu_version is distinct from ${known}::integer then menu_json(r) end as menu
        from restaurants r
       where r.id = ${restaurantId}`,
  )
  return row
}

/** A whole menu decided on a version of it, or `stale_menu` with the menu as it is. `change` has the names of `menu_change`. */
export async function callPutMenu(db: Db, change: unknown): Promise<unknown> {
  const [row] = await query(db, HouseAnswer, sql`select put_menu(${JSON.stringify(change)}::jsonb) as answer`)
  return row?.answer
}

/** One item's switch, stock or availability. `change` has the names of `house_change`. */
export async function callPatchMenuItem(db: Db, change: unknown): Promise<unknown> {
  const [row] = await query(db, HouseAnswer, sql`select patch_menu_item(${JSON.stringify(change)}::jsonb) as answer`)
  return row?.answer
}

const DoorRow = z.object({ restaurant: Restaurant, ordering_enabled: z.boolean() })
export type DoorRow = z.infer<typeof DoorRow>

/** By slug, else by its whole name where only one has it; in any case. */
export async function selectRestaurantNamed(db: Db, name: string, from: string): Promise<DoorRow | undefined> {
  const rows = await query(
    db,
    DoorRow,
    sql`
      select restaurant_json(r, ${from}) as restaurant, r.ordering_enabled
        from restaurants r
       where r.slug = lower(${name}) or lower(r.name) = lower(${name})
       order by r.slug = lower(${name}) desc, r.id
       limit 2`,
  )
  const [first, second] = rows
  return second && first?.restaurant.slug !== name.toLowerCase() ? undefined : first
}

/** With its event and its kept answer; `change` has the names of `house_change`, its fields those of the table. */
export async function callPutIntegration(db: Db, change: unknown): Promise<unknown> {
  const [row] = await query(db, HouseAnswer, sql`select put_integration(${JSON.stringify(change)}::jsonb) as answer`)
  return row?.answer
}

/** As `callPutIntegration`; `fields` has the name alone. */
export async function callRemoveIntegration(db: Db, change: unknown): Promise<unknown> {
  const [row] = await query(db, HouseAnswer, sql`select remove_integration(${JSON.stringify(change)}::jsonb) as answer`)
  return row?.answer
}

const IntegrationRow = z.object({ integration: Integration })

export async function selectIntegrations(db: Db, restaurantId: string): Promise<Integration[]> {
  const rows = await query(
    db,
    IntegrationRow,
    sql`
      select integration_json(i) as integration
        from integrations i
       where i.restaurant_id = ${restaurantId}
       order by i.name`,
  )
  return rows.map((row) => row.integration)
}

const SealedIntegration = z.object({
  kind: z.string(),
  url: z.string().nullable(),
  settings: z.record(z.string(), z.unknown()),
  secret_sealed: z.string(),
})
export type SealedIntegration = z.infer<typeof SealedIntegration>

export async function selectSealed(db: Db, restaurantId: string, name: string): Promise<SealedIntegration | undefined> {
  const [row] = await query(
    db,
    SealedIntegration,
    sql`
      select i.kind, i.url, i.settings, i.secret_sealed
        from integrations i
       where i.restaurant_id = ${restaurantId} and i.name = ${name}`,
  )
  return row
}

const VoiceHouseRow = SealedIntegration.extend({ restaurant: Restaurant })
export type VoiceHouseRow = z.infer<typeof VoiceHouseRow>

/** The house of that name on the web, and what a voice platform shows itself with there. */
export async function selectVoiceHouse(
  db: Db,
  slug: string,
  name: string,
  from: string,
): Promise<VoiceHouseRow | undefined> {
  const [row] = await query(
    db,
    VoiceHouseRow,
    sql`
      select restaurant_json(r, ${from}) as restaurant, i.kind, i.url, i.settings, i.secret_sealed
        from restaurants r
        join integrations i on i.restaurant_id = r.id and i.name = ${name}
       where r.slug = ${slug}`,
  )
  return row
}
