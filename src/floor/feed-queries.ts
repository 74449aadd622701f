import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { StoredEvent } from './feed-schema.ts'

/** More than this at once is not worth sending: consoles read the floor again. */
export const mostEvents = 1_000

const EventsSince = z.object({ upto: z.string(), reset: z.boolean(), events: z.array(StoredEvent) })
export type EventsSince = z.infer<typeof EventsSince>

/** What has become visible since a snapshot, whenever it was written, in the order it happened; nothing for null. */
export async function selectEventsSince(db: Db, restaurant_id: string, since: string | null): Promise<EventsSince> {
  const [read] = await query(
    db,
    EventsSince,
    sql`
      select upto, reset, events
        from events_since(${restaurant_id}, ${since}::pg_snapshot, ${mostEvents})`,
  )
  if (!read) throw new Error('events_since answered no row')
  return read
}

/** Remembers that a console may be looking on here. */
export async function touchOpenFloor(db: Db, restaurant_id: string, now: string): Promise<void> {
  await db.execute(sql`
    insert into open_floors (restaurant_id, touched_at) values (${restaurant_id}, ${now})
    on conflict (restaurant_id) do update set touched_at = greatest(open_floors.touched_at, excluded.touched_at)`)
}

const OpenFloor = z.object({ restaurant_id: z.uuid(), touched_at: z.string() })
export type OpenFloor = z.infer<typeof OpenFloor>

export function selectOpenFloors(db: Db, after: string | null, limit: number): Promise<OpenFloor[]> {
  return query(
    db,
    OpenFloor,
    sql`
      select f.restaurant_id, f.touched_at::text
        from open_floors f
       ${after === null ? sql`` : sql`where f.restaurant_id > ${after}`}
       order by f.restaurant_id
       limit ${limit}`,
  )
}

/** Unless a console has come since this was read. */
export async function forgetOpenFloor(db: Db, { restaurant_id, touched_at }: OpenFloor): Promise<void> {
  await db.execute(sql`
    delete from open_floors f where f.restaurant_id = ${restaurant_id} and f.touched_at = ${touched_at}::timestamptz`)
}
