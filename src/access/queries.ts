import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Restaurant } from '../restaurants/schema.ts'
import { ApiKey, Scope } from './schema.ts'

const KnownKey = z.object({
  id: z.uuid(),
  restaurant_id: z.uuid().nullable(),
  name: z.string(),
  scopes: z.array(Scope),
  rate_per_minute: z.int(),
  restaurant: Restaurant.nullable(),
})
export type KnownKey = z.infer<typeof KnownKey>

/** The live key with this hash, and its restaurant as one value: one round trip for a cold isolate. */
export async function findKey(db: Db, hash: string, from: string): Promise<KnownKey | undefined> {
  const [key] = await query(
    db,
    KnownKey,
    sql`
      select k.id, k.restaurant_id, k.name, k.scopes, k.rate_per_minute,
             case when r.id is not null then restaurant_json(r, ${from}) end as restaurant
        from api_keys k
        left join restaurants r on r.id = k.restaurant_id
       where k.hash = decode(${hash}, 'hex') and k.revoked_at is null`,
  )
  return key
}

const KeyRow = z.object({ key: ApiKey })

/** Keys of a restaurant after an id, in the order they were made. */
export async function selectKeys(db: Db, restaurantId: string, after: string | null, limit: number): Promise<ApiKey[]> {
  const rows = await query(
    db,
    KeyRow,
    sql`
      select key_json(k) as key
        from api_keys k
       where k.restaurant_id = ${restaurantId} ${after === null ? sql`` : sql`and k.id > ${after}`}
       order by k.id
       limit ${limit}`,
  )
  return rows.map((row) => row.key)
}

/** The key as its hash, and its event. Answers the key as anybody may see it. */
export function issueKeyStatement(change: unknown): SQL {
  return sql`select issue_key(${JSON.stringify(change)}::jsonb) as answer`
}

export function revokeKeyStatement(change: unknown): SQL {
  return sql`select revoke_key(${JSON.stringify(change)}::jsonb) as answer`
}
