import type { Once } from '../platform/ctx.ts'
import { type PageQuery, pageOf, readCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { PublicCtx, Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { sha256Hex } from '../platform/ids.ts'
import { withHouseTimes } from '../platform/instants.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import { holderOf } from './password.ts'
import { tellRevoked } from './revocations.ts'
import { rolesWithin, scopesOf } from './rules.ts'
import { randomText } from './secret-key.ts'
import { mailLink } from './staff-mail.ts'
import { callChangeStaff, type ChangeAnswer, selectStaffPage, type StaffChange } from './staff-queries.ts'
import type { Invitation, NewStaff, Staff, StaffEdit } from './staff-schema.ts'

const invitationDays = 7

/** Who works in the house, in the order they came; who has left is not among them. */
export async function listStaff(ctx: TenantCtx, page: PageQuery): Promise<Result<Staff[]>> {
  const [, after = null] = readCursor(page.cursor) ?? []
  const rows = await withRetry(() => selectStaffPage(ctx.db, ctx.restaurant.id, after, page.limit + 1), ctx.request_id)
  return withHouseTimes(
    pageOf(rows, page.limit, () => ''),
    ctx.restaurant.timezone,
  )
}

/** R86. Invites somebody by mail. 403 for a role that may more than who invites, 409 where the e-mail works here. */
export function inviteStaff(ctx: TenantCtx, input: NewStaff, once: Once): Promise<Result<Staff>> {
  return changeStaff(ctx, 'invite', { fields: input }, once)
}

/** Another link for who has not accepted yet; the one before works no more. */
export function inviteAgain(ctx: TenantCtx, id: string, once: Once): Promise<Result<Staff>> {
  return changeStaff(ctx, 'invite_again', { id }, once)
}

/** R86. Another name or role, or switched off, or on again. 409 `last_owner` where the house would be left without one. */
export function editStaff(
  ctx: TenantCtx,
  id: string,
  { version, ...fields }: StaffEdit,
  if_match: number | null,
  once: Once,
): Promise<Result<Staff>> {
  return changeStaff(ctx, 'edit', { id, fields, version: version ?? if_match }, once)
}

/** R86. Who has left: signed out everywhere, and their e-mail may be invited again. */
export function removeStaff(ctx: TenantCtx, id: string, if_match: number | null, once: Once): Promise<Result<Staff>> {
  return changeStaff(ctx, 'remove', { id, version: if_match }, once)
}

async function changeStaff(
  ctx: TenantCtx,
  change: StaffChange,
  wish: Record<string, unknown>,
  once: Once,
): Promise<Result<Staff>> {
  const restaurant_id = ctx.restaurant.id
  const token = randomText()
  const plan = {
    ...causeOf(ctx),
    restaurant_id,
    ...once,
    roles: rolesWithin(scopesOf(ctx.actor)),
    token: { hash: await sha256Hex(token), expires_at: new Date(ctx.now + invitationDays * 86_400_000).toISOString() },
    ...wish,
  }
  const answer = await withRetry(() => callChangeStaff(ctx.db, change, plan), ctx.request_id)
  const { written, token_id, revoked, replayed } = writtenOf(withHouseTimes(answer, ctx.restaurant.timezone))
  await tellRevoked(ctx, revoked)
  // A replayed answer's link is on its way, and this one is nobody's.
  if (token_id !== null && !replayed) ctx.after(mailLink(ctx, restaurant_id, token_id, token))
  return { data: written }
}

function writtenOf(answer: ChangeAnswer): Extract<ChangeAnswer, { outcome: 'written' }> {
  switch (answer.outcome) {
    case 'written':
      return answer
    case 'forbidden':
      throw new Problem('forbidden', { detail: 'That role may more than you.' })
    case 'illegal_step':
      throw new Problem('illegal_step', {
        detail: 'They have accepted their invitation.',
        hint: 'They have an account already.',
        more: { current: answer.current },
      })
    case 'key_reused':
      throw new Problem('idempotency_key_reused')
    case 'not_found':
      throw new Problem('not_found')
    default:
      throw new Problem(answer.outcome, { more: { current: answer.current } })
  }
}

/** What an invitation says, to whoever holds its link. */
export async function readInvitation(ctx: PublicCtx, token: string): Promise<Result<Invitation>> {
  const { restaurant_id, email, name, role, expires_at } = await holderOf(ctx, 'invitation', token)
  const { id, slug, name: called, timezone } = await loadRestaurant(ctx, restaurant_id)
  return {
    data: {
      email,
      name,
      role,
      restaurant: { id, slug, name: called, timezone },
      expires_at: isoAt(Date.parse(expires_at), timezone),
    },
  }
}
