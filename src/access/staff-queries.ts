import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Role } from './schema.ts'
import { Staff } from './staff-schema.ts'

const Answer = z.object({ answer: z.unknown() })

async function call<T>(db: Db, shape: z.ZodType<T>, statement: ReturnType<typeof sql>): Promise<T> {
  const [row] = await query(db, Answer, statement)
  return shape.parse(row?.answer)
}

/** Sets of them: a plan is what staff_plan in 0015_staff.sql names. */
type Plan = Record<string, unknown>
const json = (plan: unknown): ReturnType<typeof sql> => sql`${JSON.stringify(plan)}::jsonb`

const Revoked = z.array(z.object({ jti: z.string(), expires_at: z.string() }))

/** Whether Postgres has taken the token back. */
export async function selectRevoked(db: Db, restaurantId: string, jti: string): Promise<boolean> {
  const rows = await query(
    db,
    z.object({ revoked: z.boolean() }),
    sql`
      select exists (select from revoked_tokens where restaurant_id = ${restaurantId} and jti = ${jti}) as revoked`,
  )
  return rows[0]?.revoked ?? true
}

const ToldRevoked = z.object({ jti: z.string(), expires_at: z.string() })

/** Every token that was taken back and could still be good. */
export async function selectAllRevoked(db: Db, now: string): Promise<z.infer<typeof ToldRevoked>[]> {
  return query(
    db,
    ToldRevoked,
    sql`
      select jti, to_json(expires_at)#>>'{}' as expires_at
        from revoked_tokens
       where expires_at > ${now}
       order by expires_at desc
       limit 10000`,
  )
}

// Signing in ----------------------------------------------------------------------------------------------------------

const Candidate = z.object({
  id: z.string(),
  restaurant_id: z.string(),
  email: z.string(),
  name: z.string(),
  role: Role,
  password_hash: z.string().nullable(),
  disabled: z.boolean(),
  slug: z.string(),
  restaurant_name: z.string(),
})
export type Candidate = z.infer<typeof Candidate>

/** Who may be meant by an e-mail: one at each house they work in, ten at the most, or at the house that is named. */
export async function selectCandidates(db: Db, email: string, slug: string | null): Promise<Candidate[]> {
  return query(
    db,
    Candidate,
    sql`
      select s.id, s.restaurant_id, s.email, s.name, s.role, s.password_hash, s.disabled_at is not null as disabled,
             r.slug, r.name as restaurant_name
        from staff s
        join restaurants r on r.id = s.restaurant_id
       where s.email = ${email} and s.removed_at is null ${slug === null ? sql`` : sql`and r.slug = ${slug}`}
       order by r.name, s.id
       limit 10`,
  )
}

const SignInAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('signed_in'), staff: Staff }),
  z.object({ outcome: z.enum(['wrong', 'disabled']) }),
])

export function callSignIn(db: Db, plan: Plan): Promise<z.infer<typeof SignInAnswer>> {
  return call(db, SignInAnswer, sql`select sign_in_staff(${json(plan)}) as answer`)
}

/** Who tried to sign in as somebody of a house, and could not. */
export async function insertFailedSignIn(db: Db, plan: Plan & { staff_ids: string[] }): Promise<void> {
  await db.execute(sql`
    insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
    select s.restaurant_id, p.now, 'staff.sign_in_failed', s.id, p.actor, p.request_id, p.fields
      from jsonb_populate_record(null::staff_plan, ${json(plan)}) p
      join staff s on s.id = any(${`{${plan.staff_ids.join(',')}}`}::uuid[])`)
}

const RefreshAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('refreshed'), staff: Staff, expires_at: z.string() }),
  z.object({ outcome: z.literal('reused'), revoked: Revoked }),
  z.object({ outcome: z.literal('over') }),
])

export function callRefresh(db: Db, plan: Plan, idle: string, grace: string): Promise<z.infer<typeof RefreshAnswer>> {
  return call(
    db,
    RefreshAnswer,
    sql`select refresh_staff(${json(plan)}, ${idle}::interval, ${grace}::interval) as answer`,
  )
}

export function callSignOut(db: Db, plan: Plan, everywhere: boolean): Promise<z.infer<typeof Revoked>> {
  return call(db, Revoked, sql`select sign_out_staff(${json(plan)}, ${everywhere}) as answer`)
}

// Passwords -----------------------------------------------------------------------------------------------------------

/** Somebody of a house, with what their password is kept as. */
export async function selectStaff(db: Db, restaurantId: string, id: string): Promise<Candidate | undefined> {
  const rows = await query(
    db,
    Candidate,
    sql`
      select s.id, s.restaurant_id, s.email, s.name, s.role, s.password_hash, s.disabled_at is not null as disabled,
             r.slug, r.name as restaurant_name
        from staff s
        join restaurants r on r.id = s.restaurant_id
       where s.restaurant_id = ${restaurantId} and s.id = ${id} and s.removed_at is null`,
  )
  return rows[0]
}

const PasswordAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['changed', 'reset']), revoked: Revoked }),
  z.object({ outcome: z.enum(['wrong', 'spent']) }),
  z.object({ outcome: z.literal('signed_in'), staff: Staff }),
])
export type PasswordAnswer = z.infer<typeof PasswordAnswer>

export function callChangePassword(db: Db, plan: Plan): Promise<PasswordAnswer> {
  return call(db, PasswordAnswer, sql`select change_staff_password(${json(plan)}) as answer`)
}

export function callRedeem(db: Db, plan: Plan): Promise<PasswordAnswer> {
  return call(db, PasswordAnswer, sql`select redeem_staff_token(${json(plan)}) as answer`)
}

const AskedReset = z.array(z.object({ restaurant_id: z.string(), token_id: z.string(), hash: z.string() }))

export function callAskReset(
  db: Db,
  plan: Plan,
  of: { email: string; slug: string | null; hashes: string[] },
): Promise<z.infer<typeof AskedReset>> {
  return call(
    db,
    AskedReset,
    sql`select ask_staff_reset(${json(plan)}, ${of.email}, ${of.slug}, ${json(of.hashes)}) as answer`,
  )
}

const Purpose = z.enum(['invitation', 'reset'])
export type Purpose = z.infer<typeof Purpose>

const TokenHolder = z.object({
  restaurant_id: z.string(),
  staff_id: z.string(),
  email: z.string(),
  name: z.string(),
  role: Role,
  expires_at: z.string(),
})

/** Whose link this is, while it is good. */
export async function selectTokenHolder(
  db: Db,
  purpose: Purpose,
  hash: string,
  now: string,
): Promise<z.infer<typeof TokenHolder> | undefined> {
  const rows = await query(
    db,
    TokenHolder,
    sql`
      select t.restaurant_id, t.staff_id, s.email, s.name, s.role, to_json(t.expires_at)#>>'{}' as expires_at
        from staff_tokens t
        join staff s on s.restaurant_id = t.restaurant_id and s.id = t.staff_id
       where t.hash = decode(${hash}, 'hex') and t.purpose = ${purpose} and t.used_at is null
         and t.expires_at > ${now} and s.removed_at is null and s.disabled_at is null`,
  )
  return rows[0]
}

// Mail ----------------------------------------------------------------------------------------------------------------

const TokenMail = z.object({
  id: z.string(),
  restaurant_id: z.string(),
  purpose: Purpose,
  email: z.string(),
  name: z.string(),
  restaurant_name: z.string(),
})
export type TokenMail = z.infer<typeof TokenMail>

const tokenMail = sql`
      select t.id, t.restaurant_id, t.purpose, s.email, s.name, r.name as restaurant_name
        from staff_tokens t
        join staff s on s.restaurant_id = t.restaurant_id and s.id = t.staff_id
        join restaurants r on r.id = t.restaurant_id`

/** To whom a link goes, and from which house. */
export async function selectTokenMail(db: Db, restaurantId: string, id: string): Promise<TokenMail | undefined> {
  const rows = await query(db, TokenMail, sql`${tokenMail} where t.restaurant_id = ${restaurantId} and t.id = ${id}`)
  return rows[0]
}

/** Links that are good and of which nobody has had the mail, older than a time. */
export async function selectUnsent(db: Db, now: string, before: string): Promise<TokenMail[]> {
  return query(
    db,
    TokenMail,
    sql`
      ${tokenMail}
       where t.mailed_at is null and t.used_at is null and t.created_at < ${before} and t.expires_at > ${now}
         and s.removed_at is null and s.disabled_at is null
       order by t.created_at
       limit 50`,
  )
}

/** A link whose mail failed is made anew: nobody knows the lost one. False where it went out meanwhile. */
export async function updateUnsent(db: Db, token: TokenMail, hash: string): Promise<boolean> {
  const result = await db.execute(sql`
    update staff_tokens
       set hash = decode(${hash}, 'hex')
     where restaurant_id = ${token.restaurant_id} and id = ${token.id} and mailed_at is null and used_at is null
    returning id`)
  return result.rows.length > 0
}

export async function updateTokenMailed(db: Db, token: TokenMail, hash: string, now: string): Promise<void> {
  await db.execute(sql`
    update staff_tokens
       set mailed_at = ${now}
     where restaurant_id = ${token.restaurant_id} and id = ${token.id} and hash = decode(${hash}, 'hex')`)
}

export async function forgetLeftovers(db: Db, now: string): Promise<void> {
  await db.execute(sql`select forget_staff_leftovers(${now})`)
}

// The house's staff ---------------------------------------------------------------------------------------------------

const StaffRow = z.object({ staff: Staff })

/** Who works in a house, after an id, in the order they came. */
export async function selectStaffPage(
  db: Db,
  restaurantId: string,
  after: string | null,
  limit: number,
): Promise<Staff[]> {
  const rows = await query(
    db,
    StaffRow,
    sql`
      select staff_json(s) as staff
        from staff s
       where s.restaurant_id = ${restaurantId} and s.removed_at is null
             ${after === null ? sql`` : sql`and s.id > ${after}`}
       order by s.id
       limit ${limit}`,
  )
  return rows.map((row) => row.staff)
}

const ChangeAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('written'),
    written: Staff,
    token_id: z.string().nullable(),
    revoked: Revoked,
    replayed: z.boolean().optional(),
  }),
  z.object({ outcome: z.enum(['already_exists', 'stale_version', 'illegal_step', 'last_owner']), current: Staff }),
  z.object({ outcome: z.enum(['not_found', 'forbidden', 'key_reused']) }),
])
export type ChangeAnswer = z.infer<typeof ChangeAnswer>
export type StaffChange = 'invite' | 'invite_again' | 'edit' | 'remove'

export function callChangeStaff(db: Db, change: StaffChange, plan: Plan): Promise<ChangeAnswer> {
  return call(db, ChangeAnswer, sql`select change_staff(${change}, ${json(plan)}) as answer`)
}
