import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'

const NoteRow = z.object({
  date: z.string(),
  note: z.string(),
  version: z.int(),
  updated_at: z.string(),
  updated_by: z.object({ kind: z.string(), name: z.string().optional() }),
})
export type NoteRow = z.infer<typeof NoteRow>

/** A date without a note: a row of nothing but nulls, as Postgres makes JSON of it. */
const NoNote = z.object({ version: z.null() }).transform(() => null)

export const NoteAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('written'), note: NoteRow }),
  z.object({ outcome: z.literal('stale'), note: z.union([NoteRow, NoNote]) }),
])

/** `plan` has the names of `floor_plan`. */
export function putNote(plan: unknown, date: string, note: string): SQL {
  return sql`select put_floor_note(${JSON.stringify(plan)}::jsonb, ${date}, ${note}) as answer`
}

export async function selectNote(db: Db, restaurantId: string, date: string): Promise<NoteRow | undefined> {
  const [row] = await query(
    db,
    z.object({ note: NoteRow }),
    sql`select to_jsonb(n) as note from floor_notes n where n.restaurant_id = ${restaurantId} and n.date = ${date}`,
  )
  return row?.note
}
