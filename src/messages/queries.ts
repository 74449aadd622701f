import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Channel, Facts, Kind, LeasedMessage, Message, type MessageState, SeenEvent, type Step } from './schema.ts'

const iso = (at: number): string => new Date(at).toISOString()
const answered = <T extends z.ZodType>(shape: T): z.ZodObject<{ answer: T }> => z.object({ answer: shape })

const PageRead = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['off', 'busy', 'nothing', 'again']) }),
  z.object({
    outcome: z.literal('read'),
    lease: z.string(),
    upto: z.string(),
    more: z.boolean(),
    events: z.array(SeenEvent),
  }),
])
export type PageRead = z.infer<typeof PageRead>

/** What happened in a house since it was last asked; `busy` where another reads it, who then looks once more. */
export async function callBeginMessages(db: Db, restaurantId: string, most: number): Promise<PageRead> {
  const [row] = await query(db, answered(PageRead), sql`select begin_messages(${restaurantId}, ${most}) as answer`)
  return row?.answer ?? { outcome: 'off' }
}

const Made = z.object({ id: z.uuid(), round: z.int(), due_at: z.string() })
export type Made = z.infer<typeof Made>
const Taken = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('taken'), again: z.boolean(), made: z.array(Made) }),
  z.object({ outcome: z.literal('lost') }),
])
export type Taken = z.infer<typeof Taken>

/** What those events came to, and that they were read: both or neither. */
export async function callTakeMessages(
  db: Db,
  plan: {
    restaurant_id: string
    now: string
    lease: string
    upto: string
    more: boolean
    last_id: number
    steps: Step[]
  },
): Promise<Taken> {
  const [row] = await query(db, answered(Taken), sql`select take_messages(${JSON.stringify(plan)}::jsonb) as answer`)
  return row?.answer ?? { outcome: 'lost' }
}

const HouseRow = z.object({ restaurant_id: z.uuid() })

/** Houses that have messages switched on. */
export async function selectMessagingHouses(db: Db, after: string | null, limit: number): Promise<string[]> {
  const rows = await query(
    db,
    HouseRow,
    sql`
      select p.restaurant_id
        from message_positions p
       ${after === null ? sql`` : sql`where p.restaurant_id > ${after}`}
       order by p.restaurant_id
       limit ${limit}`,
  )
  return rows.map((row) => row.restaurant_id)
}

/** Which attempt is meant: QStash names it with its round, others say how many they have seen made. */
export type Attempt = {
  restaurant_id: string
  id: string
  round: number | null
  attempt: number | null
  seen: number | null
}
const Lease = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('leased'),
    lease: z.string(),
    message: LeasedMessage,
    facts: Facts,
    opted_out: z.boolean(),
  }),
  z.object({ outcome: z.literal('idle'), state: z.string().nullable(), round: z.int().nullable() }),
])
export type Lease = z.infer<typeof Lease>

export async function callLeaseMessage(db: Db, wish: Attempt, now: number): Promise<Lease> {
  const { restaurant_id, id, round, attempt, seen } = wish
  const [row] = await query(
    db,
    answered(Lease),
    sql`
      select lease_message(${restaurant_id}, ${id}, ${round}::integer, ${attempt}::integer, ${seen}::integer, ${iso(now)})
             as answer`,
  )
  return row?.answer ?? { outcome: 'idle', state: null, round: null }
}

/** False where the lease is another's by now, or the guest has said STOP meanwhile. */
export async function callKeepContent(
  db: Db,
  plan: { restaurant_id: string; id: string; lease: string; address: string; content: unknown },
): Promise<boolean> {
  const [row] = await query(
    db,
    answered(z.boolean()),
    sql`select keep_message_content(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  return row?.answer ?? false
}

const Recorded = z.object({ recorded: z.boolean(), queued: z.boolean() })

/** What came of an attempt; `plan` as `record_message` reads it. */
export async function callRecordMessage(db: Db, plan: unknown): Promise<z.infer<typeof Recorded>> {
  const [row] = await query(
    db,
    answered(Recorded),
    sql`select record_message(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  return row?.answer ?? { recorded: false, queued: true }
}

/** QStash has what is left of that round. */
export async function updateQueuedMessage(db: Db, restaurantId: string, id: string, round: number): Promise<void> {
  await db.execute(sql`
    update messages m set queued = true
     where m.restaurant_id = ${restaurantId} and m.id = ${id} and m.round = ${round}`)
}

const DueMessage = z.object({
  restaurant_id: z.uuid(),
  id: z.uuid(),
  round: z.int(),
  attempts: z.int(),
  due_at: z.coerce.date().transform((at) => at.getTime()),
  overdue: z.boolean(),
})
export type DueMessage = z.infer<typeof DueMessage>

/** What nobody has sent though it is due, and what comes due soon and QStash does not know of. */
export function selectDueMessages(
  db: Db,
  now: number,
  spans: { grace_ms: number; ahead_ms: number },
  limit: number,
): Promise<DueMessage[]> {
  return query(
    db,
    DueMessage,
    sql`
      select d.*
        from due_messages(${iso(now)}, make_interval(secs => ${spans.grace_ms / 1000}),
                          make_interval(secs => ${spans.ahead_ms / 1000}), ${limit}) d`,
  )
}

const MessageRow = z.object({ message: Message })
export type MessageFacets = {
  subject_id: string | null
  state: MessageState | null
  kind: Kind | null
  channel: Channel | null
  from: string | null
  before: string | null
  after: [string, string] | null
  limit: number
}

/** Newest first. */
export async function selectMessages(db: Db, restaurantId: string, facets: MessageFacets): Promise<Message[]> {
  const { subject_id, state, kind, channel, from, before, after } = facets
  const rows = await query(
    db,
    MessageRow,
    sql`
      select message_json(m) as message
        from messages m
       where m.restaurant_id = ${restaurantId}
         ${subject_id === null ? sql`` : sql`and m.subject_id = ${subject_id}`}
         ${state === null ? sql`` : sql`and m.state = ${state}`}
         ${kind === null ? sql`` : sql`and m.kind = ${kind}`}
         ${channel === null ? sql`` : sql`and m.channel = ${channel}`}
         ${from === null ? sql`` : sql`and m.created_at >= ${from}`}
         ${before === null ? sql`` : sql`and m.created_at < ${before}`}
         ${after === null ? sql`` : sql`and (m.created_at, m.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
       order by m.created_at desc, m.id desc
       limit ${facets.limit}`,
  )
  return rows.map((row) => row.message)
}

const LinkedMessage = z.object({
  restaurant_id: z.uuid(),
  channel: Channel,
  address: z.string(),
  subject_type: z.string(),
  subject_id: z.uuid(),
})
export type LinkedMessage = z.infer<typeof LinkedMessage>

/** By the message's own id alone: whoever asks has a link that we signed. */
export async function selectLinkedMessage(db: Db, id: string): Promise<LinkedMessage | undefined> {
  const [row] = await query(
    db,
    LinkedMessage,
    sql`select m.restaurant_id, m.channel, m.address, m.subject_type, m.subject_id from messages m where m.id = ${id}`,
  )
  return row
}

/** STOP or START; without a restaurant, of every house that ever texted there. Answers how many it changed. */
export async function callSetOptout(db: Db, plan: unknown): Promise<number> {
  const [row] = await query(
    db,
    answered(z.int()),
    sql`select set_message_optout(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  return row?.answer ?? 0
}

const HouseNamed = z.object({ id: z.uuid() })

export async function selectHouseNamed(db: Db, slug: string): Promise<string | undefined> {
  const [row] = await query(db, HouseNamed, sql`select r.id from restaurants r where r.slug = ${slug}`)
  return row?.id
}

const OwnWords = z.object({
  kind: Kind,
  channel: Channel,
  language: z.string(),
  subject: z.string().nullable(),
  body: z.string(),
  version: z.int(),
})
export type OwnWords = z.infer<typeof OwnWords>

/** The house's own words, all of them: a few dozen at the most. */
export function selectTemplates(db: Db, restaurantId: string): Promise<OwnWords[]> {
  return query(
    db,
    OwnWords,
    sql`
      select t.kind, t.channel, t.language, t.subject, t.body, t.version
        from message_templates t
       where t.restaurant_id = ${restaurantId}`,
  )
}

/** What is older than half a year is gone. */
export async function callForgetMessages(db: Db, now: number): Promise<number> {
  const [row] = await query(db, answered(z.int()), sql`select forget_messages(${iso(now)}) as answer`)
  return row?.answer ?? 0
}
