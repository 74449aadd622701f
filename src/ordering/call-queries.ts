import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { type CallFilter, TableCall } from './call-schema.ts'

const Answer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['called', 'acknowledged']), call: TableCall }),
  z.object({ outcome: z.enum(['session_closed', 'not_found', 'key_reused']) }),
])
const AnswerRow = z.object({ answer: Answer })
const CallRow = z.object({ call: TableCall })

/** `plan` has the names of `call_plan` in the migrations. */
export async function callCall(
  db: Db,
  verb: 'call_staff' | 'acknowledge_call',
  plan: unknown,
): Promise<z.infer<typeof Answer> | undefined> {
  const [row] = await query(
    db,
    AnswerRow,
    sql`select ${sql.identifier(verb)}(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  return row?.answer
}

/** Newest first, one more than the page holds. */
export async function selectCalls(
  db: Db,
  restaurantId: string,
  filter: CallFilter,
  after: [string, string] | null,
): Promise<TableCall[]> {
  const state = {
    open: sql`and c.acknowledged_at is null`,
    acknowledged: sql`and c.acknowledged_at is not null`,
    all: sql``,
  }
  const rows = await query(
    db,
    CallRow,
    sql`
      select call_json(c) as call
        from table_calls c
       where c.restaurant_id = ${restaurantId} ${state[filter.status]}
         ${after === null ? sql`` : sql`and (c.called_at, c.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
       order by c.called_at desc, c.id desc
       limit ${filter.limit + 1}`,
  )
  return rows.map((row) => row.call)
}
