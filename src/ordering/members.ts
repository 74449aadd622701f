import { revokeTokens } from '../access/member-token.ts'
import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TableCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { askTable, memberFacts } from './at-table.ts'
import { presentMember } from './session-present.ts'
import { callChangeMember, callRemoveMember, selectSession } from './session-queries.ts'
import { refusalOfSession } from './session-refusals.ts'
import type { MemberEdit, MemberRow, SessionMember } from './session-schema.ts'

/** A member's nickname and allergies: its own, or by staff. 409 `stale_version` with the member as it is. */
export async function editMember(
  ctx: TableCtx,
  id: string,
  edit: MemberEdit,
  if_match: number | null,
  once: Once,
): Promise<Result<SessionMember>> {
  if (ctx.member && ctx.member.member_id !== id) throw new Problem('not_found')
  const { nickname, allergies } = edit
  const plan = { ...planOf(ctx, id, once), nickname, allergies, version: edit.version ?? if_match }
  const answer = await withRetry(() => callChangeMember(ctx.db, plan), ctx.request_id)
  if (answer.outcome !== 'changed')
    throw refusalOfSession(answer, answer.outcome === 'stale' ? presentMember(answer.member, null) : undefined)
  const { member } = answer
  const table_id = await tableOf(ctx, member)
  const at = { restaurant_id: ctx.restaurant.id, table_id }
  const shown = await askTable(ctx, at, (table) =>
    table.rename({ session_id: member.session_id, member: memberFacts(member) }),
  )
  return { data: { ...presentMember(member, null), online: shown?.online ?? false } }
}

/** Leaves, or is sent away by the host or staff: its token is worth nothing any more, its lines stay; a host is followed. */
export async function removeMember(ctx: TableCtx, id: string, once: Once): Promise<Result<SessionMember>> {
  if (ctx.member && ctx.member.member_id !== id) await mustBeHost(ctx, ctx.member)
  const plan = { ...planOf(ctx, id, once), staff: ctx.member === null }
  const answer = await withRetry(() => callRemoveMember(ctx.db, plan), ctx.request_id)
  if (answer.outcome !== 'gone') throw refusalOfSession(answer)
  const { member, revoked, host } = answer
  await revokeTokens(ctx, revoked)
  const at = { restaurant_id: ctx.restaurant.id, table_id: await tableOf(ctx, member) }
  await askTable(ctx, at, (table) => table.leave({ session_id: member.session_id, member_id: id }))
  if (host) {
    const { session_id } = member
    await askTable(ctx, at, (table) => table.rename({ session_id, member: memberFacts(host) }))
  }
  return { data: presentMember(member, null) }
}

function planOf(ctx: TableCtx, member_id: string, once: Once): Record<string, unknown> {
  const session_id = ctx.member?.session_id ?? null
  return { ...causeOf(ctx), ...once, restaurant_id: ctx.restaurant.id, session_id, member_id }
}

async function mustBeHost(ctx: TableCtx, member: { session_id: string; member_id: string }): Promise<void> {
  const found = await withRetry(() => selectSession(ctx.db, ctx.restaurant.id, member.session_id), ctx.request_id)
  const me = found?.members.find((one) => one.id === member.member_id)
  if (!me?.is_host || me.removed_at !== null) throw new Problem('forbidden')
}

async function tableOf(ctx: TableCtx, member: MemberRow): Promise<string> {
  if (ctx.member) return ctx.member.table_id
  const found = await withRetry(() => selectSession(ctx.db, ctx.restaurant.id, member.session_id), ctx.request_id)
  if (!found) throw new Problem('not_found')
  return found.session.table_id
}
