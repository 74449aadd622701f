import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { ReservationRow } from '../reservations/schema.ts'
import { Moment } from './history-schema.ts'
import { GuestRow } from './schema.ts'

const Habits = z.object({
  guest: GuestRow,
  habits: z.object({
    visits: z.int(),
    visits_with_orders: z.int(),
    habits: z.array(z.object({ what: z.string(), value: z.string(), times: z.int() })),
    asked_areas: z.array(z.object({ value: z.string(), times: z.int() })),
    requests: z.array(z.object({ text: z.string(), at: z.string() })),
  }),
})
export type Habits = z.infer<typeof Habits>

/** What a guest did on their last fifty visits, most often first. */
export async function selectHabits(db: Db, restaurantId: string, id: string): Promise<Habits | undefined> {
  const [row] = await query(
    db,
    Habits,
    sql`
      select guest_json(g) as guest, guest_habits(g.restaurant_id, g.id) as habits
        from guests g where g.restaurant_id = ${restaurantId} and g.id = ${id}`,
  )
  return row
}

const Past = z.object({ reservation: ReservationRow.nullable() })

/** Newest arrival first; undefined where there is no such guest, in the same round trip. */
export async function selectTimeline(
  db: Db,
  restaurantId: string,
  guestId: string,
  before: [string, string] | null,
  limit: number,
): Promise<ReservationRow[] | undefined> {
  const rows = await query(
    db,
    Past,
    sql`
      select case when r.id is not null then reservation_json(r) end as reservation
        from guests g
        left join lateral (
          select x.*
            from reservations x
           where x.restaurant_id = g.restaurant_id and x.guest_id = g.id
             ${before === null ? sql`` : sql`and (x.starts_at, x.id) < (${before[0]}::timestamptz, ${before[1]}::uuid)`}
           order by x.starts_at desc, x.id desc
           limit ${limit}) r on true
       where g.restaurant_id = ${restaurantId} and g.id = ${guestId}
       order by r.starts_at desc, r.id desc`,
  )
  if (rows.length === 0) return undefined
  return rows.flatMap((row) => (row.reservation ? [row.reservation] : []))
}

const Lived = z.object({ moment: Moment.nullable() })

/** The newest first; undefined where there is no such guest, in the same round trip. */
export async function selectMoments(
  db: Db,
  restaurantId: string,
  guestId: string,
  before: [string, string] | null,
  limit: number,
): Promise<Moment[] | undefined> {
  const [at, id] = before ?? [null, null]
  const rows = await query(
    db,
    Lived,
    sql`
      select case when t.kind is not null
                  then jsonb_build_object('at', t.at, 'kind', t.kind, 'id', t.id, 'data', t.data) end as moment
        from guests g
        left join lateral guest_timeline(g.restaurant_id, g.id, ${at}::timestamptz, ${id}::uuid, ${limit}) t on true
       where g.restaurant_id = ${restaurantId} and g.id = ${guestId}
       order by t.at desc, t.id desc`,
  )
  if (rows.length === 0) return undefined
  return rows.flatMap((row) => (row.moment ? [row.moment] : []))
}

/** Of houses where it is five in the morning: how many guests were reckoned anew. */
export async function callRepairStats(db: Db, now: number): Promise<number> {
  const [row] = await query(db, Repaired, sql`select repair_guest_stats(${new Date(now).toISOString()}) as repaired`)
  return row?.repaired ?? 0
}
const Repaired = z.object({ repaired: z.int() })
