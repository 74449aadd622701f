import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import {
  ChangeAnswer,
  CloseAnswer,
  JoinAnswer,
  MemberRow,
  OrderingSwitch,
  RemoveAnswer,
  RestoreAnswer,
  Session,
} from './session-schema.ts'

type Function = 'join_table' | 'close_session' | 'restore_session' | 'change_member' | 'remove_member'

/** One call of a function of 0009; `plan` has the names of `session_plan`. */
async function call<T>(db: Db, name: Function, answer: z.ZodType<T>, plan: unknown): Promise<T> {
  const text = JSON.stringify(plan)
  const [row] = await query(db, z.object({ answer }), sql`select ${sql.identifier(name)}(${text}::jsonb) as answer`)
  if (!row) throw new Error(`${name} answered nothing`)
  return row.answer
}

export const callJoinTable = (db: Db, plan: unknown): Promise<JoinAnswer> => call(db, 'join_table', JoinAnswer, plan)
export const callCloseSession = (db: Db, plan: unknown): Promise<CloseAnswer> =>
  call(db, 'close_session', CloseAnswer, plan)
export const callRestoreSession = (db: Db, plan: unknown): Promise<RestoreAnswer> =>
  call(db, 'restore_session', RestoreAnswer, plan)
export const callChangeMember = (db: Db, plan: unknown): Promise<ChangeAnswer> =>
  call(db, 'change_member', ChangeAnswer, plan)
export const callRemoveMember = (db: Db, plan: unknown): Promise<RemoveAnswer> =>
  call(db, 'remove_member', RemoveAnswer, plan)

const Switched = z.discriminatedUnion('outcome', [
  OrderingSwitch.extend({ outcome: z.literal('switched') }),
  z.object({ outcome: z.literal('key_reused') }),
])

export async function callSwitchOrdering(db: Db, on: boolean, plan: unknown): Promise<z.infer<typeof Switched>> {
  const [row] = await query(
    db,
    z.object({ answer: Switched }),
    sql`select switch_ordering(${JSON.stringify(plan)}::jsonb, ${on}) as answer`,
  )
  if (!row) throw new Error('switch_ordering answered nothing')
  return row.answer
}

const SessionRow = z.object({ session: Session, members: z.array(MemberRow) })

/** A session and all who ever sat there, in the order they came. */
export async function selectSession(
  db: Db,
  restaurantId: string,
  sessionId: string,
): Promise<z.infer<typeof SessionRow> | undefined> {
  const [row] = await query(
    db,
    SessionRow,
    sql`
      select session_json(s) as session,
             (select coalesce(jsonb_agg(member_json(m) order by m.id), '[]')
                from session_members m
               where m.restaurant_id = s.restaurant_id and m.session_id = s.id) as members
        from table_sessions s
       where s.restaurant_id = ${restaurantId} and s.id = ${sessionId}`,
  )
  return row
}

const ActiveRow = z.object({ session: Session, members: z.int() })

/** Sessions that are open, the longest first. */
export function selectActiveSessions(
  db: Db,
  restaurantId: string,
  after: string | null,
  limit: number,
): Promise<z.infer<typeof ActiveRow>[]> {
  return query(
    db,
    ActiveRow,
    sql`
      select session_json(s) as session,
             (select count(*)::int
                from session_members m
               where m.restaurant_id = s.restaurant_id and m.session_id = s.id and m.removed_at is null) as members
        from table_sessions s
       where s.restaurant_id = ${restaurantId} and s.closed_at is null
             ${after === null ? sql`` : sql`and s.id > ${after}`}
       order by s.id
       limit ${limit}`,
  )
}
