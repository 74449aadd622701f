import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Id } from '../platform/text.ts'
import { type Floor, RawFloor } from './floor-schema.ts'
import { MoveAnswer, WalkInAnswer } from './schema.ts'

const iso = (at: number): string => new Date(at).toISOString()

type Function = 'move_party' | 'swap_parties' | 'extend_party'

/** One call of a function of 0017; `plan` has the names of `floor_plan`. */
export async function callMove(db: Db, name: Function, plan: unknown): Promise<MoveAnswer> {
  const text = JSON.stringify(plan)
  const [row] = await query(
    db,
    z.object({ answer: MoveAnswer }),
    sql`select ${sql.identifier(name)}(${text}::jsonb) as answer`,
  )
  if (!row) throw new Error(`${name} answered nothing`)
  return row.answer
}

/** `plan` has the names of `booking_plan`. */
export async function callWalkIn(db: Db, plan: unknown): Promise<WalkInAnswer> {
  const [row] = await query(
    db,
    z.object({ answer: WalkInAnswer }),
    sql`select walk_in(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  if (!row) throw new Error('walk_in answered nothing')
  return row.answer
}

/**
 * The claims of some service days that are not over before `from`, the parties behind them and those that sit past
 * theirs, open sessions with their orders and calls, callers who wait for a person, and the version of the restaurant: one statement. `past` adds the
 * parties that have left again since.
 */
export async function selectFloor(
  db: Db,
  restaurantId: string,
  wish: { days: string[]; from: number; to: number; now: number; past: boolean },
): Promise<(Floor & { version: number }) | undefined> {
  const [row] = await query(
    db,
    RawFloor,
    sql`
      select r.version,
             floor_claims(r.id, ${sql.param(wish.days)}::date[], ${iso(wish.from)}, ${iso(wish.to)}, ${iso(wish.now)},
                          ${wish.past}) as claims,
             floor_sessions(r.id) as sessions, floor_escalations(r.id, ${iso(wish.now)}) as escalations
        from restaurants r
       where r.id = ${restaurantId}`,
  )
  return row
}

/** Houses where somebody sits whose claim has to be made longer. */
export async function selectHousesWithStays(db: Db, now: number): Promise<string[]> {
  const rows = await query(
    db,
    z.object({ restaurant_id: Id }),
    sql`select h.restaurant_id from houses_with_stays(${iso(now)}) h order by h.restaurant_id`,
  )
  return rows.map((row) => row.restaurant_id)
}

const Extended = z.object({
  extended: z.int(),
  failed: z.array(z.object({ owner: Id, table_id: Id, code: z.string(), reason: z.string() })),
})

/** How many claims were made longer, and of whom it failed. */
export async function callExtendStays(
  db: Db,
  restaurantId: string,
  now: number,
  requestId: string,
): Promise<z.infer<typeof Extended>> {
  const [row] = await query(
    db,
    Extended,
    sql`select s.extended, s.failed from extend_stays(${restaurantId}, ${iso(now)}, ${requestId}) s`,
  )
  return row ?? { extended: 0, failed: [] }
}
