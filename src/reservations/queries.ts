import { sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Ctx, Once } from '../platform/ctx.ts'
import { type Db, query } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import {
  type BookingRequest,
  type Claim,
  ClaimKind,
  DeniedRequest,
  type RefusalCode,
  refusalCodes,
  ReservationRow,
  Status,
} from './schema.ts'

const iso = (at: number): string => new Date(at).toISOString()

/**
 * The live claims of some service days, and the version of the restaurant as it is now, in one indexed statement.
 * Claims that lapsed before `now` are left out.
 */
export async function selectClaims(
  db: Db,
  restaurantId: string,
  days: string[],
  now: number,
): Promise<{ version: number; claims: Claim[] } | undefined> {
  const result = await db.execute(sql`
    select r.version, c.table_id, date_part('epoch', lower(c.during)) * 1000 as starts_at,
           date_part('epoch', upper(c.during)) * 1000 as ends_at, c.covers
      from restaurants r
      left join claims c
        on c.restaurant_id = r.id and c.service_day = any(${sql.param(days)}::date[]) and c.blocking
       and (c.expires_at is null or c.expires_at > ${iso(now)})
     where r.id = ${restaurantId}`)
  const [first] = result.rows
  if (!first) return undefined
  const claims = first['table_id'] === null ? [] : result.rows.map(asClaim)
  return { version: Version.parse(first['version']), claims }
}

const Version = z.int()

/** By hand, for there are a hundred in a busy day: the constraints of the table guarantee what is not looked at. */
function asClaim(row: Record<string, unknown>): Claim {
  const { table_id, starts_at, ends_at, covers } = row
  if (
    typeof table_id !== 'string' ||
    typeof starts_at !== 'number' ||
    typeof ends_at !== 'number' ||
    typeof covers !== 'number'
  )
    throw new Error('a claim came back in another shape')
  return { table_id, starts_at, ends_at, covers }
}

const TableClaim = z.object({
  table_id: Id,
  starts_at: z.string(),
  ends_at: z.string(),
  kind: ClaimKind,
  owner: Id,
  status: Status.nullable(),
  confirmation_code: z.string().nullable(),
  name: z.string().nullable(),
  party_size: z.int().nullable(),
})
export type TableClaim = z.infer<typeof TableClaim>

/** The claims that hold tables at a moment, with the reservation behind each. */
export async function selectClaimsAt(
  db: Db,
  restaurantId: string,
  days: string[],
  at: number,
  now: number,
): Promise<TableClaim[]> {
  return query(
    db,
    TableClaim,
    sql`
      select c.table_id, lower(c.during)::text as starts_at, upper(c.during)::text as ends_at, c.kind, c.owner,
             r.status, r.confirmation_code, r.name, r.party_size
        from claims c
        left join reservations r on r.restaurant_id = c.restaurant_id and r.id = c.owner
       where c.restaurant_id = ${restaurantId} and c.service_day = any(${sql.param(days)}::date[]) and c.blocking
         and c.during @> ${iso(at)}::timestamptz
         and (c.expires_at is null or c.expires_at > ${iso(now)})`,
  )
}

/** A claim as claims_on gives it. */
const ClaimTuple = z
  .tuple([z.string(), z.number(), z.number(), z.number()])
  .transform(([table_id, starts_at, ends_at, covers]): Claim => ({ table_id, starts_at, ends_at, covers }))

/** What a deciding function in the migrations answered. A refusal for want of room brings the claims of the day. */
export const WriteAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['booked', 'changed', 'stepped']), reservation: ReservationRow }),
  z.object({ outcome: z.literal('refused'), reason: z.enum(refusalCodes), claims: z.array(ClaimTuple).optional() }),
  z.object({
    outcome: z.enum(['stale', 'illegal', 'too_early', 'hold_expired']),
    reservation: ReservationRow,
    // Whose offer a hold is that was to be confirmed.
    waitlist_id: Id.optional(),
  }),
  z.object({ outcome: z.literal('table_taken'), owner: z.uuid().nullable(), reservation: ReservationRow }),
  z.object({
    outcome: z.enum(['stale_restaurant', 'key_reused', 'not_found', 'guest_not_found', 'lost_race', 'unanswered']),
  }),
])
export type WriteAnswer = z.infer<typeof WriteAnswer>
const AnswerRow = z.object({ answer: WriteAnswer, waited: z.boolean().default(false) })
const freeing = new Set(['change_reservation', 'step_reservation'])

/** A deciding function of the migrations: one call, one round trip. `waited`: it may have freed what somebody waits for. */
export async function callBook(
  db: Db,
  verb:
    | 'book'
    | 'book_group'
    | 'answered_before'
    | 'change_reservation'
    | 'confirm_hold'
    | 'step_reservation'
    | 'hold_for_agent'
    | 'confirm_for_agent',
  plan: Record<string, unknown>,
): Promise<WriteAnswer & { waited: boolean }> {
  const waited = freeing.has(verb)
    ? sql`, exists (
             select from waitlist_entries w
              where w.restaurant_id = ${plan['restaurant_id']} and w.status in ('waiting', 'offered')) as waited`
    : sql``
  const [row] = await query(
    db,
    AnswerRow,
    sql`select ${sql.identifier(verb)}(${JSON.stringify(plan)}::jsonb) as answer${waited}`,
  )
  if (!row) throw new Error(`${verb} answered nothing`)
  return { ...row.answer, waited: row.waited }
}

/** Whether there is an answer to this key; waits for one that is under way. */
export async function selectAnswered(db: Db, restaurantId: string, once: Once): Promise<boolean> {
  const [row] = await query(
    db,
    z.object({ answered: z.boolean() }),
    sql`select replay_of(${restaurantId}, ${once.key}, ${once.fingerprint}) is not null as answered`,
  )
  return row?.answered ?? false
}

const ReservationAnswer = z.object({ reservation: ReservationRow })

export async function selectReservation(
  db: Db,
  restaurantId: string,
  ref: { kind: string; ref: string },
  now: number,
): Promise<ReservationRow | undefined> {
  const [row] = await query(
    db,
    ReservationAnswer,
    sql`
      select reservation_json(r) as reservation
        from reservations r
       where r.restaurant_id = ${restaurantId}
         and r.id = find_reservation(${restaurantId}, ${ref.kind}, ${ref.ref}, ${iso(now)})`,
  )
  return row?.reservation
}

type ReservationFacets = {
  from: number | null
  before: number | null
  statuses: string[] | null
  name: string | null
  phone: string | null
  code: string | null
  after: [string, string] | null
  limit: number
}

/** By arrival, then id. A search goes by the indexes of code, phone and guests' names, never over the whole history. */
export async function selectReservations(
  db: Db,
  restaurantId: string,
  facets: ReservationFacets,
): Promise<ReservationRow[]> {
  const { from, before, statuses, name, phone, code, after } = facets
  const found = await query(
    db,
    ReservationAnswer,
    sql`
      select reservation_json(r) as reservation
        from reservations r
       where r.restaurant_id = ${restaurantId}
         ${from === null ? sql`` : sql`and r.starts_at >= ${iso(from)}`}
         ${before === null ? sql`` : sql`and r.starts_at < ${iso(before)}`}
         ${statuses === null ? sql`` : sql`and r.status = any(${sql.param(statuses)}::text[])`}
         ${after === null ? sql`` : sql`and (r.starts_at, r.id) > (${after[0]}::timestamptz, ${after[1]}::uuid)`}
         ${
           name === null
             ? sql``
             : sql`and (r.confirmation_code = ${code} or r.phone_number = ${phone}
                    or r.guest_id = any(array(
                         select g.id from guests g
                          where g.restaurant_id = ${restaurantId} and g.search_name like ${`%${likeLiteral(name)}%`}
                          limit 200)))`
         }
       order by r.starts_at, r.id
       limit ${facets.limit}`,
  )
  return found.map((row) => row.reservation)
}

/** A text as LIKE takes it literally. */
function likeLiteral(value: string): string {
  return value.replace(/[\\%_]/g, (char) => `\\${char}`)
}

/**
 * Demand that the rules refused before the database was asked; what the database refuses it notes itself. A table that is
 * not there, or out of use, is nothing anybody could have had.
 */
export async function insertDenied(
  ctx: TenantCtx,
  kind: 'booking' | 'hold' | 'change',
  reason: RefusalCode,
  request: BookingRequest,
): Promise<void> {
  const { moment } = request
  const starts_at = 'at' in moment ? iso(moment.at) : null
  await ctx.db.execute(sql`
    insert into denied_requests (restaurant_id, at, kind, reason, party_size, starts_at, area, source, request_id)
    select r.id, ${iso(ctx.now)}, ${kind}, ${reason}, ${request.party_size},
           coalesce(${starts_at}::timestamptz, (${'date' in moment ? `${moment.date} ${moment.time}` : null}::timestamp) at time zone r.timezone),
           ${request.area}, 'api', ${ctx.request_id}
      from restaurants r
     where r.id = ${ctx.restaurant.id}
       and (${request.table_id}::uuid is null
            or exists (select from tables t
                        where t.restaurant_id = r.id and t.id = ${request.table_id}::uuid
                          and t.enabled and t.archived_at is null))`)
}

/** The ledger, newest first. */
export async function selectDenied(
  db: Db,
  restaurantId: string,
  facets: {
    from: number | null
    before: number | null
    reason: string | null
    after: [string, string] | null
    limit: number
  },
): Promise<DeniedRequest[]> {
  const { from, before, reason, after } = facets
  return query(
    db,
    DeniedRequest,
    sql`
      select d.id, d.at, d.kind, d.reason, d.party_size, d.starts_at, d.area, d.source
        from denied_requests d
       where d.restaurant_id = ${restaurantId}
         ${from === null ? sql`` : sql`and d.at >= ${iso(from)}`}
         ${before === null ? sql`` : sql`and d.at < ${iso(before)}`}
         ${reason === null ? sql`` : sql`and d.reason = ${reason}`}
         ${after === null ? sql`` : sql`and (d.at, d.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
       order by d.at desc, d.id desc
       limit ${facets.limit}`,
  )
}

/** Holds that lapsed, parties that never came, answers nobody repeats any more. Each returns how many. */
export async function runJob(
  ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>,
  job: 'release_lapsed_holds' | 'mark_no_shows' | 'forget_old_answers',
): Promise<number> {
  const [row] = await query(
    ctx.db,
    z.object({ count: z.int() }),
    sql`select ${sql.identifier(job)}(${iso(ctx.now)}, ${ctx.request_id}) as count`,
  )
  return row?.count ?? 0
}
