import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { ReservationRow } from '../reservations/schema.ts'
import { type CallDetail, type CallFilter, VoiceCall } from './call-schema.ts'

const iso = (at: number): string => new Date(at).toISOString()

const CallAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['opened', 'closed', 'escalated', 'handled', 'stale', 'illegal']), call: VoiceCall }),
  z.object({ outcome: z.literal('noted'), call: VoiceCall.optional(), noted: z.int().optional() }),
  z.object({ outcome: z.enum(['not_found', 'key_reused', 'call_over']) }),
])
export type CallAnswer = z.infer<typeof CallAnswer>
const CallAnswerRow = z.object({ answer: CallAnswer })

export type CallVerb = 'open_call' | 'note_turns' | 'note_handoff' | 'escalate_call' | 'handle_call' | 'close_call'

/** One of the functions of a call's life; `plan` has the names of `voice_plan` in the migrations. */
export async function callVoice(db: Db, verb: CallVerb, plan: unknown): Promise<CallAnswer> {
  const [row] = await query(
    db,
    CallAnswerRow,
    sql`select ${sql.identifier(verb)}(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  if (!row) throw new Error(`${verb} answered nothing`)
  return row.answer
}

/** What a tool was asked and how it ended, once for its key. */
export async function insertToolCall(db: Db, plan: unknown): Promise<void> {
  await db.execute(sql`select note_tool(${JSON.stringify(plan)}::jsonb)`)
}

const OwnBooking = z.object({ reservation: ReservationRow, guest_name: z.string().nullable(), made: z.boolean() })
export type OwnBooking = z.infer<typeof OwnBooking>
const CallerAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('bookings'),
    counted: z.boolean(),
    accepted_name: z.string().nullable(),
    bookings: z.array(OwnBooking),
  }),
  z.object({ outcome: z.enum(['not_found', 'call_over', 'name_needed', 'tries_spent']) }),
])
export type CallerAnswer = z.infer<typeof CallerAnswer>

/** What may be the caller's, before names are compared; the try is counted already. */
export async function selectBookingsOfCaller(
  db: Db,
  restaurantId: string,
  asked: { call_id: string | null; name: string | null; phone: string | null; code: string | null },
  now: number,
): Promise<CallerAnswer> {
  const { call_id, name, phone, code } = asked
  const [row] = await query(
    db,
    z.object({ answer: CallerAnswer }),
    sql`select bookings_of_caller(${restaurantId}, ${call_id}, ${name}, ${phone}, ${code}, ${iso(now)}) as answer`,
  )
  if (!row) throw new Error('bookings_of_caller answered nothing')
  return row.answer
}

export async function acceptName(db: Db, restaurantId: string, callId: string, name: string): Promise<void> {
  await db.execute(sql`select accept_name(${restaurantId}, ${callId}, ${name})`)
}

const CallRow = z.object({ call: VoiceCall })

export async function selectCall(db: Db, restaurantId: string, id: string): Promise<VoiceCall | undefined> {
  const [row] = await query(
    db,
    CallRow,
    sql`
      select voice_call_json(c) as call
        from voice_calls c
       where c.restaurant_id = ${restaurantId} and c.id = ${id}`,
  )
  return row?.call
}

const isThere = (column: SQL, there: boolean | undefined): SQL =>
  there === undefined ? sql`` : there ? sql`and ${column} is not null` : sql`and ${column} is null`

/** Newest first, one more than the page holds. */
export async function selectCalls(
  db: Db,
  restaurantId: string,
  filter: Omit<CallFilter, 'from' | 'to' | 'cursor'>,
  range: { from: number | null; before: number | null },
  after: [string, string] | null,
): Promise<VoiceCall[]> {
  const { escalated, handled, outcome, open } = filter
  const rows = await query(
    db,
    CallRow,
    sql`
      select voice_call_json(c) as call
        from voice_calls c
       where c.restaurant_id = ${restaurantId}
         ${range.from === null ? sql`` : sql`and c.started_at >= ${iso(range.from)}`}
         ${range.before === null ? sql`` : sql`and c.started_at < ${iso(range.before)}`}
         ${isThere(sql`c.escalated_at`, escalated)}
         ${isThere(sql`c.handled_at`, handled)}
         ${isThere(sql`c.ended_at`, open === undefined ? undefined : !open)}
         ${outcome === undefined ? sql`` : sql`and c.outcome = ${outcome}`}
         ${after === null ? sql`` : sql`and (c.started_at, c.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
       order by c.started_at desc, c.id desc
       limit ${filter.limit + 1}`,
  )
  return rows.map((row) => row.call)
}

const at = z.string()
const Detail = z.object({
  call: VoiceCall,
  turns: z.array(z.object({ at, speaker: z.enum(['caller', 'agent']), text: z.string() })),
  handoffs: z.array(
    z.object({
      at,
      from: z.string(),
      to: z.string(),
      data: z.record(z.string(), z.unknown()),
      entities_filled: z.array(z.string()),
    }),
  ),
  tools: z.array(
    z.object({
      at,
      operation: z.string(),
      input: z.record(z.string(), z.unknown()),
      outcome: z.string(),
      ms: z.int(),
    }),
  ),
})

/** A call with all that was said and done in it, in one statement. */
export async function selectCallDetail(db: Db, restaurantId: string, id: string): Promise<CallDetail | undefined> {
  const [row] = await query(
    db,
    Detail,
    sql`
      select voice_call_json(c) as call,
             (select coalesce(jsonb_agg(to_jsonb(t) order by t.at, t.id), '[]')
                from voice_turns t where t.restaurant_id = c.restaurant_id and t.call_id = c.id) as turns,
             (select coalesce(jsonb_agg(to_jsonb(h) || jsonb_build_object('from', h.from_agent, 'to', h.to_agent)
                                        order by h.id), '[]')
                from voice_handoffs h where h.restaurant_id = c.restaurant_id and h.call_id = c.id) as handoffs,
             (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]')
                from voice_tool_calls t where t.restaurant_id = c.restaurant_id and t.call_id = c.id) as tools
        from voice_calls c
       where c.restaurant_id = ${restaurantId} and c.id = ${id}`,
  )
  if (!row) return undefined
  const { call, ...rest } = row
  return { ...call, ...rest }
}

/** Calls nobody has heard of for so many minutes. */
export function selectSilentCalls(
  db: Db,
  now: number,
  minutes: number,
): Promise<{ restaurant_id: string; id: string }[]> {
  return query(
    db,
    z.object({ restaurant_id: z.uuid(), id: z.uuid() }),
    sql`select c.restaurant_id, c.id from silent_calls(${iso(now)}, ${minutes}) c`,
  )
}

/** How many calls were emptied of what was said in them. */
export async function purgeCalls(db: Db, now: number): Promise<number> {
  const [row] = await query(db, z.object({ purged: z.int() }), sql`select purge_calls(${iso(now)}) as purged`)
  return row?.purged ?? 0
}
