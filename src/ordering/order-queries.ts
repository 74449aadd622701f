import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { MenuItem } from '../restaurants/menu-schema.ts'
import { DeliveryState, Order, OrderWithAttempts } from './order-schema.ts'
import type { OrderStatus } from './schema.ts'

const iso = (at: number): string => new Date(at).toISOString()
const answered = <T extends z.ZodType>(shape: T): z.ZodObject<{ answer: T }> => z.object({ answer: shape })

export const ShortItem = z.object({
  menu_item_id: z.uuid(),
  name: z.string().nullable(),
  wanted: z.int(),
  left: z.int().nullable(),
})
/** What placing an order came to, the first time or at a repeat of its key. */
export const PlaceAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('placed'),
    order: Order,
    changed: z.array(MenuItem),
    replayed: z.boolean().default(false),
  }),
  z.object({
    outcome: z.literal('refused'),
    code: z.string(),
    items: z.array(ShortItem).optional(),
    /** Of the line that the rules refused. */
    line_id: z.string().optional(),
    menu_item_id: z.string().optional(),
    name: z.string().optional(),
    replayed: z.boolean().default(false),
  }),
  z.object({ outcome: z.enum(['key_reused', 'abandoned']), replayed: z.boolean().default(false) }),
])
export type PlaceAnswer = z.infer<typeof PlaceAnswer>

/** `plan` has the names of `order_plan` in the migrations. */
export async function callPlaceOrder(db: Db, plan: unknown): Promise<PlaceAnswer> {
  const [row] = await query(
    db,
    answered(PlaceAnswer),
    sql`select place_order(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  return row?.answer ?? { outcome: 'abandoned', replayed: false }
}

/** Null where the key is spent from now on; else the answer it had before. */
export async function callSettleKey(
  db: Db,
  restaurantId: string,
  key: string,
  fingerprint: string,
  answer: unknown,
  now: number,
): Promise<PlaceAnswer | null> {
  const [row] = await query(
    db,
    answered(PlaceAnswer.nullable()),
    sql`
      select settle_order_key(${restaurantId}, ${key}, ${fingerprint}, ${JSON.stringify(answer)}::jsonb, ${iso(now)})
             as answer`,
  )
  return row?.answer ?? null
}

export const StepAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.enum(['stepped', 'unchanged']),
    order: Order,
    changed: z.array(MenuItem).default([]),
    replayed: z.boolean().default(false),
  }),
  z.object({ outcome: z.enum(['stale', 'illegal']), order: Order }),
  z.object({ outcome: z.enum(['not_found', 'key_reused']) }),
])
export type StepAnswer = z.infer<typeof StepAnswer>

/** `plan` has the names of `order_step_plan` in the migrations. */
export async function callOrderStep(db: Db, verb: 'order_step' | 'resend_order', plan: unknown): Promise<StepAnswer> {
  const [row] = await query(
    db,
    answered(StepAnswer),
    sql`select ${sql.identifier(verb)}(${JSON.stringify(plan)}::jsonb) as answer`,
  )
  return row?.answer ?? { outcome: 'not_found' }
}

export async function selectOrder(db: Db, restaurantId: string, id: string): Promise<OrderWithAttempts | undefined> {
  const [row] = await query(
    db,
    answered(OrderWithAttempts),
    sql`
      select order_json(o) || jsonb_build_object('attempts', (
               select coalesce(jsonb_agg(to_jsonb(x) - '{restaurant_id,order_id,id,lease}'::text[] order by x.id), '[]')
                 from delivery_attempts x where x.restaurant_id = o.restaurant_id and x.order_id = o.id)) as answer
        from orders o
       where o.restaurant_id = ${restaurantId} and o.id = ${id}`,
  )
  return row?.answer
}

type OrderFacets = {
  statuses: OrderStatus[] | null
  session_id: string | null
  from: string | null
  after: [string, string] | null
  limit: number
}

/** Newest first. */
export async function selectOrders(db: Db, restaurantId: string, facets: OrderFacets): Promise<Order[]> {
  const { statuses, session_id, from, after } = facets
  const rows = await query(
    db,
    answered(Order),
    sql`
      select order_json(o) as answer
        from orders o
       where o.restaurant_id = ${restaurantId}
         ${statuses === null ? sql`` : sql`and o.status = any(${sql.param(statuses)}::text[])`}
         ${session_id === null ? sql`` : sql`and o.session_id = ${session_id}`}
         ${from === null ? sql`` : sql`and o.placed_at >= ${from}`}
         ${after === null ? sql`` : sql`and (o.placed_at, o.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
       order by o.placed_at desc, o.id desc
       limit ${facets.limit}`,
  )
  return rows.map((row) => row.answer)
}

// The outbox --------------------------------------------------------------------------------------------------------

const Integration = z.object({
  kind: z.string(),
  url: z.string().nullable(),
  settings: z.record(z.string(), z.unknown()),
  secret_sealed: z.string(),
})

export const LeaseAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('leased'),
    lease: z.uuid(),
    round: z.int(),
    attempts: z.int(),
    unknown: z.boolean(),
    queued: z.boolean(),
    order: Order,
    integration: Integration.nullable(),
  }),
  z.object({
    outcome: z.literal('idle'),
    state: DeliveryState.nullable(),
    round: z.int().nullable(),
    attempts: z.int().nullable(),
  }),
])
export type LeaseAnswer = z.infer<typeof LeaseAnswer>

export type DeliveryWish = {
  restaurant_id: string
  order_id: string
  /** Of the round that is meant; null: whichever it is in. */
  round: number | null
  /** QStash: which attempt is meant. */
  attempt: number | null
  /** Others: how many attempts they know of. */
  seen: number | null
}

export async function callLease(db: Db, wish: DeliveryWish): Promise<LeaseAnswer> {
  const [row] = await query(
    db,
    answered(LeaseAnswer),
    sql`
      select lease_delivery(${wish.restaurant_id}, ${wish.order_id}, ${wish.round}::integer,
                            ${wish.attempt}::integer, ${wish.seen}::integer) as answer`,
  )
  return row?.answer ?? { outcome: 'idle', state: null, round: null, attempts: null }
}

const Recorded = z.object({ order: Order, moved: z.boolean() })

/** `record` has the names of `attempt_record` in the migrations. Answers the order, and whether its status moved. */
export async function callRecordAttempt(db: Db, record: unknown): Promise<z.infer<typeof Recorded> | undefined> {
  const [row] = await query(
    db,
    answered(Recorded),
    sql`select record_attempt(${JSON.stringify(record)}::jsonb) as answer`,
  )
  return row?.answer
}

export async function updateNoTill(db: Db, wish: DeliveryWish, lease: string, now: number): Promise<void> {
  await db.execute(sql`select no_till(${wish.restaurant_id}, ${wish.order_id}, ${lease}, ${iso(now)})`)
}

export async function updateQueued(db: Db, wish: DeliveryWish, round: number): Promise<void> {
  await db.execute(sql`
    update deliveries d set queued = true
     where d.restaurant_id = ${wish.restaurant_id} and d.order_id = ${wish.order_id} and d.round = ${round}`)
}

const Due = z.object({ restaurant_id: z.uuid(), order_id: z.uuid(), round: z.int(), attempts: z.int() })

export function selectDue(db: Db, now: number, graceMs: number, limit: number): Promise<z.infer<typeof Due>[]> {
  return query(
    db,
    Due,
    sql`
      select d.restaurant_id, d.order_id, d.round, d.attempts
        from due_deliveries(${iso(now)}, make_interval(secs => ${graceMs / 1000}), ${limit}) d`,
  )
}

// What the table's object has not been told -------------------------------------------------------------------------

const Unmarked = z.object({ freeze_key: z.string(), order: Order })
export type Unmarked = z.infer<typeof Unmarked>

/** Orders whose lines may still stand in their table's cart, oldest first; a day back is as late as a sweep gets. */
export function selectUnmarked(db: Db, before: number, limit: number): Promise<Unmarked[]> {
  return query(
    db,
    Unmarked,
    sql`
      select o.freeze_key, order_json(o) as "order"
        from orders o
       where o.marked_at is null
         and o.placed_at between ${iso(before - 86_400_000)}::timestamptz and ${iso(before)}::timestamptz
       order by o.placed_at
       limit ${limit}`,
  )
}

export async function updateMarked(db: Db, restaurantId: string, orderId: string, now: number): Promise<void> {
  await db.execute(sql`
    update orders o set marked_at = ${iso(now)}
     where o.restaurant_id = ${restaurantId} and o.id = ${orderId} and o.marked_at is null`)
}

const NamedOrder = z.object({ id: z.uuid(), total_minor: z.int(), currency: z.string() })
export type NamedOrder = z.infer<typeof NamedOrder>
const Named = z.object({ order: NamedOrder.nullable(), unsure: z.boolean() })

/** The order that the till calls so; `unsure`: whether some order placed since has a name there that is not known here. */
export async function selectOrderNamed(
  db: Db,
  restaurantId: string,
  externalId: string,
  since: number,
): Promise<z.infer<typeof Named>> {
  const [row] = await query(
    db,
    answered(Named),
    sql`select order_named(${restaurantId}, ${externalId}, ${iso(since)}) as answer`,
  )
  return row?.answer ?? { order: null, unsure: false }
}

/** Null where this house has no such order. */
export async function callNameOrder(
  db: Db,
  restaurantId: string,
  orderId: string,
  externalId: string,
): Promise<NamedOrder | null> {
  const [row] = await query(
    db,
    answered(NamedOrder.nullable()),
    sql`select name_order(${restaurantId}, ${orderId}, ${externalId}) as answer`,
  )
  return row?.answer ?? null
}

/** The house of that name on the web. */
export async function selectHouse(db: Db, slug: string): Promise<{ id: string } | undefined> {
  const [row] = await query(db, z.object({ id: z.uuid() }), sql`select r.id from restaurants r where r.slug = ${slug}`)
  return row
}
