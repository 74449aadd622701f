import { sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { type Db, query } from '../../platform/db.ts'
import { Id, LocalDate } from '../../platform/text.ts'
import { type Floor } from './quote-rules.ts'
import { WaitDecision, WaitKind, type WaitStatus, WaitlistRow } from './schema.ts'

const iso = (at: number): string => new Date(at).toISOString()
const epoch = z.string().transform((at) => Date.parse(at))
const Wish = z.object({ party_size: z.int(), area: z.string().nullable(), accepts_bar: z.boolean().nullable() })

const ClaimInTheWay = z.object({ kind: z.string(), owner: Id, starts_at: z.string(), ends_at: z.string() })
/** What a deciding function of the waitlist answered. */
const WaitAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['written', 'already_exists', 'stale', 'illegal', 'hold_expired']), entry: WaitlistRow }),
  z.object({
    outcome: z.literal('refused'),
    reason: z.string(),
    entry: WaitlistRow,
    claim: ClaimInTheWay.nullable(),
  }),
  z.object({ outcome: z.enum(['not_found', 'key_reused', 'stale_restaurant', 'undecided', 'busy']) }),
])
export type WaitAnswer = z.infer<typeof WaitAnswer>

/** One call of join_waitlist, edit_waitlist or step_waitlist: one round trip. */
export async function callWaitlist(
  db: Db,
  verb: 'join_waitlist' | 'edit_waitlist' | 'step_waitlist',
  plan: Record<string, unknown>,
): Promise<WaitAnswer> {
  const [row] = await query(
    db,
    z.object({ answer: WaitAnswer }),
    sql`select ${sql.identifier(verb)}(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  if (!row) throw new Error(`${verb} answered nothing`)
  return row.answer
}

const AdvanceAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('advanced'), lapsed: z.int(), offered: z.array(WaitlistRow) }),
  z.object({ outcome: z.literal('stale_restaurant') }),
])
export type AdvanceAnswer = z.infer<typeof AdvanceAnswer>

/** One queue a step further. */
export async function callAdvance(db: Db, plan: Record<string, unknown>): Promise<AdvanceAnswer> {
  const [row] = await query(
    db,
    z.object({ answer: AdvanceAnswer }),
    sql`select advance_waitlist(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  if (!row) throw new Error('advance_waitlist answered nothing')
  return row.answer
}

const Queue = z.object({
  service_day: LocalDate,
  kind: WaitKind,
  wishes: z.array(Wish),
  windows: z.array(z.object({ starts_at: epoch, ends_at: epoch })),
})
export type Queue = z.infer<typeof Queue>

/** The queues in which somebody waits or is offered a table, with all that is asked for in each; of these days or of all. */
export function selectQueues(db: Db, restaurantId: string, days: string[] | null): Promise<Queue[]> {
  return query(
    db,
    Queue,
    sql`
      select w.service_day::text, w.kind,
             jsonb_agg(distinct jsonb_build_object('party_size', w.party_size, 'area', w.area,
                                                   'accepts_bar', w.accepts_bar)) as wishes,
             coalesce(jsonb_agg(distinct jsonb_build_object('starts_at', w.window_starts_at, 'ends_at', w.window_ends_at))
                      filter (where w.kind = 'future'), '[]') as windows
        from waitlist_entries w
       where w.restaurant_id = ${restaurantId} and w.status in ('waiting', 'offered')
         ${days === null ? sql`` : sql`and w.service_day = any(${sql.param(days)}::date[])`}
       group by w.service_day, w.kind
       order by w.service_day, w.kind desc`,
  )
}

/** The houses where somebody waits. */
export async function selectHousesWaiting(db: Db): Promise<string[]> {
  const rows = await query(
    db,
    z.object({ restaurant_id: Id }),
    sql`
      select distinct w.restaurant_id from waitlist_entries w
       where w.status in ('waiting', 'offered')
       order by w.restaurant_id`,
  )
  return rows.map((row) => row.restaurant_id)
}

const FloorRow = z.object({
  state: z.object({
    version: z.int(),
    claims: z.array(
      z.object({
        table_id: Id,
        starts_at: epoch,
        ends_at: epoch,
        seated_at: epoch.nullable(),
        party_size: z.int().nullable(),
      }),
    ),
    overstayed: z.array(Id),
    queue: z.array(Wish.extend({ id: Id })),
    turns: z.array(
      z.object({ party_size: z.int(), short_minutes: z.int(), median_minutes: z.int(), long_minutes: z.int() }),
    ),
  }),
})

/** The floor of a service day as it is now, with the version of the restaurant. */
export async function selectFloor(
  db: Db,
  restaurantId: string,
  day: string,
  now: number,
): Promise<(Floor & { version: number }) | undefined> {
  const [row] = await query(
    db,
    FloorRow,
    sql`select waitlist_state(${restaurantId}, ${day}::date, ${iso(now)}::timestamptz) as state`,
  )
  return row?.state
}

const EntryRow = z.object({ entry: WaitlistRow })

export async function selectEntry(db: Db, restaurantId: string, id: string): Promise<WaitlistRow | undefined> {
  const [row] = await query(
    db,
    EntryRow,
    sql`
      select waitlist_json(w) as entry from waitlist_entries w
       where w.restaurant_id = ${restaurantId} and w.id = ${id}`,
  )
  return row?.entry
}

/** Of one service day, in the order they joined. */
export async function selectEntries(
  db: Db,
  restaurantId: string,
  facets: {
    day: string
    statuses: WaitStatus[]
    kind: WaitKind | null
    after: [string, string] | null
    limit: number
  },
): Promise<WaitlistRow[]> {
  const { day, statuses, kind, after, limit } = facets
  const rows = await query(
    db,
    EntryRow,
    sql`
      select waitlist_json(w) as entry
        from waitlist_entries w
       where w.restaurant_id = ${restaurantId} and w.service_day = ${day}::date
         and w.status = any(${sql.param(statuses)}::text[])
         ${kind === null ? sql`` : sql`and w.kind = ${kind}`}
         ${after === null ? sql`` : sql`and (w.joined_at, w.id) > (${after[0]}::timestamptz, ${after[1]}::uuid)`}
       order by w.joined_at, w.id
       limit ${limit}`,
  )
  return rows.map((row) => row.entry)
}

/** What was decided about an entry, the first first; null where there is no such entry. */
export async function selectDecisions(db: Db, restaurantId: string, id: string): Promise<WaitDecision[] | null> {
  const rows = await query(
    db,
    z.object({ id: z.coerce.number().nullable() }).loose(),
    sql`
      select d.id, d.at, d.decision, d.why, d.table_ids, d.in_favour_of, d.actor
        from waitlist_entries w
        left join waitlist_decisions d on d.restaurant_id = w.restaurant_id and d.entry_id = w.id
       where w.restaurant_id = ${restaurantId} and w.id = ${id}
       order by d.id`,
  )
  if (rows.length === 0) return null
  return rows.filter((row) => row.id !== null).map((row) => WaitDecision.parse(row))
}

const Accuracy = z.object({
  party_size: z.int().nullable(),
  parties: z.int(),
  within_range: z.int(),
  mean_absolute: z.number().nullable(),
  median_absolute: z.number().nullable(),
  mean: z.number().nullable(),
})
export type Accuracy = z.infer<typeof Accuracy>

/** Quoted against waited, in all (`party_size` null) and by size; of who was seated from an instant to another. */
export function selectAccuracy(db: Db, restaurantId: string, from: number, before: number): Promise<Accuracy[]> {
  return query(
    db,
    Accuracy,
    sql`
      select q.party_size, count(*)::int as parties,
             count(*) filter (where q.waited between q.low and q.high)::int as within_range,
             avg(abs(q.error))::float8 as mean_absolute,
             percentile_cont(0.5) within group (order by abs(q.error)) as median_absolute,
             avg(q.error)::float8 as mean
        from (select w.party_size::int, w.waited_minutes as waited, w.quoted_min_minutes as low,
                     w.quoted_max_minutes as high,
                     (w.waited_minutes - (w.quoted_min_minutes + w.quoted_max_minutes) / 2.0)::float8 as error
                from waitlist_entries w
               where w.restaurant_id = ${restaurantId} and w.waited_minutes is not null
                 and w.seated_at >= ${iso(from)} and w.seated_at < ${iso(before)}
                 and w.quoted_max_minutes is not null) q
       group by grouping sets ((), (q.party_size))
       order by q.party_size nulls first`,
  )
}

/** Entries of days that are over wait no more; answers how many. */
export async function callCloseWaitlists(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>): Promise<number> {
  const [row] = await query(
    ctx.db,
    z.object({ closed: z.int() }),
    sql`select close_waitlists(${iso(ctx.now)}, ${ctx.request_id}) as closed`,
  )
  return row?.closed ?? 0
}

/** How long parties stay, made anew once a day; answers whether it was. */
export async function callRefreshTurns(db: Db, restaurantId: string, now: number): Promise<boolean> {
  const [row] = await query(
    db,
    z.object({ made: z.boolean() }),
    sql`select refresh_turn_lengths(${restaurantId}, ${iso(now)}) as made`,
  )
  return row?.made ?? false
}
