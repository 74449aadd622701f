import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Restaurant } from './schema.ts'

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
