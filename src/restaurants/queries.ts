import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
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
