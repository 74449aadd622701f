import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'

const Idle = z.object({
  restaurant_id: z.uuid(),
  table_id: z.uuid(),
  session_id: z.uuid(),
  version: z.int(),
  paid: z.boolean(),
})
export type Idle = z.infer<typeof Idle>

/** Open sessions in which nothing happened for their time, as far as Postgres knows. */
export function selectIdle(db: Db, now: number): Promise<Idle[]> {
  return query(
    db,
    Idle,
    sql`
      select i.restaurant_id, i.table_id, i.session_id, i.version, i.paid
        from idle_sessions(${new Date(now).toISOString()}) i`,
  )
}
