import { withRetry } from '../platform/db.ts'
import type { PublicCtx, Result, StaffCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { sha256Hex } from '../platform/ids.ts'
import { log } from '../platform/log.ts'
import { Problem } from '../platform/problem.ts'
import { refuseOtherPages } from './cookies.ts'
import { hashPassword, isPassword } from './password-hash.ts'
import { passwordMistake } from './password-rules.ts'
import { tellRevoked } from './revocations.ts'
import { randomText } from './secret-key.ts'
import { triesOf } from './sign-in.ts'
import { mailLink } from './staff-mail.ts'
import {
  callAskReset,
  callChangePassword,
  callRedeem,
  type Purpose,
  selectStaff,
  selectTokenHolder,
} from './staff-queries.ts'
import type { PasswordChange, Redemption, ResetRequest, SignedIn } from './staff-schema.ts'
import { actorOf, newSession, signedIn } from './staff-session.ts'
import { judgeTry } from './tries.ts'

const resetMinutes = 60
const asksPerAddressPerMinute = 5
const looksPerAddressPerMinute = 20
/** At the most so many houses are mailed for one e-mail. */
const mostHouses = 5

type Done = { done: true }

/** Another password, for the old one: wrong ones count as at sign-in. Every other device of theirs is signed out. */
export async function changePassword(ctx: StaffCtx, input: PasswordChange): Promise<Result<Done>> {
  const { restaurant, staff, secrets } = ctx
  const found = await withRetry(() => selectStaff(ctx.db, restaurant.id, staff.staff_id), ctx.request_id)
  if (!found || found.password_hash === null || found.disabled) throw new Problem('unauthorized')
  refuseWeak(input.new_password, found, 'new_password')
  const names = await triesOf(ctx, found.email)
  await judgeTry(ctx, names, true)
  const { right } = await isPassword(secrets.sealing_key, input.password, found.password_hash)
  if (!(await judgeTry(ctx, names, right))) throw new Problem('wrong_credentials')
  const plan = {
    ...causeOf(ctx),
    restaurant_id: restaurant.id,
    id: found.id,
    seen_hash: found.password_hash,
    password_hash: await hashPassword(secrets.sealing_key, input.new_password),
    session: { id: staff.session_id },
  }
  const answer = await withRetry(() => callChangePassword(ctx.db, plan), ctx.request_id)
  if (answer.outcome !== 'changed') throw new Problem('wrong_credentials')
  await tellRevoked(ctx, answer.revoked)
  return { data: { done: true } }
}

/** R91. A link to set another password, to whoever may sign in with the e-mail. The answer is the same for any e-mail. */
export async function askReset(ctx: PublicCtx, input: ResetRequest): Promise<Result<Done>> {
  refuseOtherPages(ctx.headers, ctx.secrets)
  await ctx.limit(`reset:address:${ctx.address}`, asksPerAddressPerMinute)
  await ctx.limit(`reset:account:${await sha256Hex(input.email)}`, asksPerAddressPerMinute)
  ctx.after(mailResets(ctx, input))
  return { data: { done: true } }
}

async function mailResets(ctx: PublicCtx, { email, restaurant }: ResetRequest): Promise<void> {
  const tokens = Array.from({ length: mostHouses }, randomText)
  const hashes = await Promise.all(tokens.map(sha256Hex))
  const expires_at = new Date(ctx.now + resetMinutes * 60_000).toISOString()
  const plan = {
    ...causeOf({ ...ctx, actor: { kind: 'guest' } }),
    token: { expires_at },
    session: { address: ctx.address },
  }
  const asked = await withRetry(
    () => callAskReset(ctx.db, plan, { email, slug: restaurant ?? null, hashes }),
    ctx.request_id,
  )
  if (asked.length === 0) log('info', 'reset_for_nobody', { request_id: ctx.request_id })
  for (const one of asked) {
    const token = tokens[hashes.indexOf(one.hash)]
    if (token !== undefined) await mailLink(ctx, one.restaurant_id, one.token_id, token)
  }
}

/** R91. Sets the password that a link from a mail is for; every device is signed out. 410 `link_spent` the second time. */
export async function confirmReset(ctx: PublicCtx, input: Redemption): Promise<Result<Done>> {
  const { plan } = await redemptionOf(ctx, 'reset', input)
  const answer = await withRetry(() => callRedeem(ctx.db, plan), ctx.request_id)
  if (answer.outcome !== 'reset') throw new Problem('link_spent')
  await tellRevoked(ctx, answer.revoked)
  return { data: { done: true } }
}

/** R91. Accepts an invitation with a password of one's own, and is signed in. */
export async function acceptInvitation(ctx: PublicCtx, input: Redemption): Promise<Result<SignedIn>> {
  const { plan, restaurant_id } = await redemptionOf(ctx, 'invitation', input)
  const session = await newSession(ctx, restaurant_id)
  const answer = await withRetry(() => callRedeem(ctx.db, { ...plan, session: session.row }), ctx.request_id)
  if (answer.outcome !== 'signed_in') throw new Problem('link_spent')
  return signedIn(ctx, answer.staff, session)
}

async function redemptionOf(
  ctx: PublicCtx,
  purpose: Purpose,
  { token, password }: Redemption,
): Promise<{ plan: Record<string, unknown>; restaurant_id: string }> {
  refuseOtherPages(ctx.headers, ctx.secrets)
  const holder = await holderOf(ctx, purpose, token)
  refuseWeak(password, holder, 'password')
  const { restaurant_id, staff_id } = holder
  const plan = {
    ...causeOf({ ...ctx, actor: actorOf({ ...holder, id: staff_id }) }),
    restaurant_id,
    id: staff_id,
    purpose,
    token: { hash: await sha256Hex(token) },
    password_hash: await hashPassword(ctx.secrets.sealing_key, password),
  }
  return { plan, restaurant_id }
}

/** Whose link it is; 410 `link_spent` for one that is used up, has expired, or never was. */
export async function holderOf(
  ctx: PublicCtx,
  purpose: Purpose,
  token: string,
): Promise<NonNullable<Awaited<ReturnType<typeof selectTokenHolder>>>> {
  await ctx.limit(`link:address:${ctx.address}`, looksPerAddressPerMinute)
  const hash = await sha256Hex(token)
  const now = new Date(ctx.now).toISOString()
  const holder = await withRetry(() => selectTokenHolder(ctx.db, purpose, hash, now), ctx.request_id)
  if (!holder) throw new Problem('link_spent')
  return holder
}

function refuseWeak(password: string, of: { email: string; name: string }, path: string): void {
  const message = passwordMistake(password, of)
  if (message !== null) throw new Problem('weak_password', { detail: `It ${message}.`, errors: [{ path, message }] })
}
