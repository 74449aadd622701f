import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Id } from '../platform/text.ts'
import { Status } from '../reservations/schema.ts'

const iso = (at: number): string => new Date(at).toISOString()

const Visit = z.object({
  id: Id,
  confirmation_code: z.string(),
  name: z.string().nullable(),
  party_size: z.int(),
  status: Status,
  source: z.string(),
  notes: z.string().nullable(),
  starts_at: z.string(),
  ends_at: z.string(),
  seated_at: z.string().nullable(),
  left_at: z.string().nullable(),
  moved: z.boolean(),
})
export type Visit = z.infer<typeof Visit>

/** Who was expected at a table between two instants, in that order. */
export async function selectVisits(
  db: Db,
  restaurantId: string,
  wish: { table_id: string; from: number; before: number; after: [string, string] | null; limit: number },
): Promise<Visit[]> {
  const { table_id, from, before, after, limit } = wish
  const rows = await query(
    db,
    z.object({ visit: Visit }),
    sql`
      select v.visit
        from table_visits(${restaurantId}, ${table_id}, ${iso(from)}, ${iso(before)}, ${after?.[0] ?? null}::timestamptz,
                          ${after?.[1] ?? null}::uuid, ${limit}) v`,
  )
  return rows.map((row) => row.visit)
}

const Use = z.object({ table_id: Id, parties: z.int(), covers: z.number(), seated_minutes: z.number() })
export type Use = z.infer<typeof Use>

/** How each table was used by the parties expected between two instants. */
export function selectUse(db: Db, restaurantId: string, from: number, before: number, now: number): Promise<Use[]> {
  return query(
    db,
    Use,
    sql`
      select u.table_id, u.parties, u.covers, u.seated_minutes
        from table_use(${restaurantId}, ${iso(from)}, ${iso(before)}, ${iso(now)}) u`,
  )
}
