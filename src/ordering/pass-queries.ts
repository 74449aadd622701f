import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'

const iso = (at: number): string => new Date(at).toISOString()
const KeptPass = z.object({ salt: z.string(), hash: z.string(), iterations: z.int() })

/** The newest pass of a house, which is the one that counts. */
export async function selectPass(db: Db, restaurantId: string): Promise<z.infer<typeof KeptPass> | undefined> {
  const [kept] = await query(
    db,
    KeptPass,
    sql`
      select encode(d.salt, 'hex') as salt, encode(d.hash, 'hex') as hash, d.iterations
        from daily_passes d
       where d.restaurant_id = ${restaurantId}
       order by d.night desc
       limit 1`,
  )
  return kept
}

const Verdict = z.object({ accepted: z.boolean() })

/** False where it is no member of that session. */
export async function updateAccepted(
  db: Db,
  { restaurant_id, session_id, member_id }: { restaurant_id: string; session_id: string; member_id: string },
  { now, actor, request_id }: Record<string, unknown>,
): Promise<boolean> {
  const [row] = await query(
    db,
    Verdict,
    sql`
      select accept_pass(${restaurant_id}, ${session_id}, ${member_id}, ${now}::timestamptz,
                         ${JSON.stringify(actor)}::jsonb, ${request_id}) as accepted`,
  )
  return row?.accepted ?? false
}

const Rotated = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('rotated'),
    night: z.string(),
    generation: z.int(),
    replayed: z.boolean().default(false),
  }),
  z.object({ outcome: z.literal('key_reused') }),
])

export async function callRotatePass(db: Db, plan: unknown): Promise<z.infer<typeof Rotated>> {
  const [row] = await query(
    db,
    z.object({ answer: Rotated }),
    sql`select rotate_pass(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  return row?.answer ?? { outcome: 'key_reused' }
}

export async function updateMailed(
  db: Db,
  restaurantId: string,
  { night, generation }: { night: string; generation: number },
  now: number,
): Promise<void> {
  await db.execute(sql`
    update daily_passes d set mailed_at = ${iso(now)}
     where d.restaurant_id = ${restaurantId} and d.night = ${night} and d.generation = ${generation}`)
}

// The night ----------------------------------------------------------------------------------------------------

const NightHouse = z.object({
  restaurant_id: z.uuid(),
  name: z.string(),
  email: z.string().nullable(),
  daily_pass: z.boolean(),
  night: z.string(),
})
export type NightHouse = z.infer<typeof NightHouse>

const Done = z.object({
  done: z.object({
    pass: z.object({ night: z.string(), generation: z.int() }).nullable(),
    forgotten: z.int(),
  }),
})

/** Houses whose night has something left to do. */
export function selectOpenNights(db: Db, now: number): Promise<NightHouse[]> {
  return query(
    db,
    NightHouse,
    sql`
      select n.restaurant_id, n.name, n.email, n.daily_pass, n.night::text as night
        from open_nights(${iso(now)}) n`,
  )
}

/** One house's night in one transaction; `pass` has the names of `pass_plan`. */
export async function callDoNight(
  db: Db,
  restaurantId: string,
  now: number,
  pass: Record<string, unknown> | null,
): Promise<z.infer<typeof Done>['done']> {
  const [row] = await query(
    db,
    Done,
    sql`
      select do_night(${restaurantId}, ${iso(now)}, ${pass && JSON.stringify(pass)}::jsonb) as done`,
  )
  return row?.done ?? { pass: null, forgotten: 0 }
}
