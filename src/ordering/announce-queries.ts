import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'

const OpenTable = z.object({ table_id: z.uuid() })

/** The tables at which a session is open. */
export async function selectOpenTables(db: Db, restaurantId: string): Promise<string[]> {
  const rows = await query(
    db,
    OpenTable,
    sql`
      select s.table_id
        from table_sessions s
       where s.restaurant_id = ${restaurantId} and s.closed_at is null`,
  )
  return rows.map((row) => row.table_id)
}
