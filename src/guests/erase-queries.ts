import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { ErasedCounts, GuestData } from './erase-schema.ts'
import { GuestRow } from './schema.ts'

/** What an erasure answered. */
export const EraseAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('erased'), erased: ErasedCounts }),
  z.object({ outcome: z.literal('stale'), guest: GuestRow }),
  z.object({ outcome: z.literal('has_upcoming'), guest: GuestRow, upcoming: z.array(z.string()) }),
  z.object({ outcome: z.literal('not_found') }),
])

const Held = z.object({ data: GuestData.nullable() })

/** R183. Everything that is held about a guest; null where there is no such guest. */
export async function selectGuestData(db: Db, restaurantId: string, id: string): Promise<GuestData | null> {
  const [row] = await query(db, Held, sql`select guest_data(${restaurantId}, ${id}) as data`)
  return row?.data ?? null
}
