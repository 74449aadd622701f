import { sql } from 'drizzle-orm'
import type { Db } from '../../platform/db.ts'

/** What the vendor charged, as it says it. */
export async function setCallCost(
  db: Db,
  restaurantId: string,
  callId: string,
  cost: { amount: number; unit: string },
): Promise<void> {
  await db.execute(sql`select set_call_cost(${restaurantId}, ${callId}, ${JSON.stringify(cost)}::jsonb)`)
}

/** What was claimed under a key was not done after all: the next one may. */
export async function releaseClaim(db: Db, restaurantId: string, key: string): Promise<void> {
  await db.execute(sql`delete from idempotency_keys k where k.scope = ${restaurantId} and k.key = ${key}`)
}
