import type { Once } from '../platform/ctx.ts'
import { readTimeCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { MemberCtx, Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { askTable } from './at-table.ts'
import { callCall, selectCalls } from './call-queries.ts'
import type { CallFilter, NewCall, TableCall } from './call-schema.ts'

/** R80. The waiter, the bill or water; pressed again while nobody has come it is the same call. */
export async function callStaff(
  ctx: MemberCtx,
  sessionId: string,
  input: NewCall,
  once: Once,
): Promise<Result<TableCall>> {
  const { member, restaurant } = ctx
  if (sessionId !== member.session_id) throw new Problem('not_found')
  const { session_id, member_id, table_id } = member
  const table_number = restaurant.tables.find((one) => one.id === table_id)?.number ?? '?'
  const wish = { session_id, member_id, table_id, table_number, kind: input.kind }
  // Two tables may hit on the same key.
  const key = `call:${session_id}:${once.key}`
  return written(ctx, 'call_staff', { ...wish, ...once, key })
}

/** Somebody is on the way; the phones are told. Said twice it is said once. */
export function acknowledgeCall(ctx: TenantCtx, id: string, once: Once): Promise<Result<TableCall>> {
  return written(ctx, 'acknowledge_call', { ...once, id })
}

/** Newest first. */
export async function listCalls(ctx: TenantCtx, filter: CallFilter): Promise<Result<TableCall[]>> {
  const rows = await withRetry(
    () => selectCalls(ctx.db, ctx.restaurant.id, filter, readTimeCursor(filter.cursor)),
    ctx.request_id,
  )
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  const more = rows.length > filter.limit && last
  return { data: page, meta: { next_cursor: more ? writeCursor([last.called_at, last.id]) : null } }
}

async function written(
  ctx: TenantCtx,
  verb: 'call_staff' | 'acknowledge_call',
  wish: Record<string, unknown>,
): Promise<Result<TableCall>> {
  const plan = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, ...wish }
  const answer = await withRetry(() => callCall(ctx.db, verb, plan), ctx.request_id)
  if (!answer) throw new Problem('not_found')
  if (!('call' in answer))
    throw new Problem(answer.outcome === 'key_reused' ? 'idempotency_key_reused' : answer.outcome)
  ctx.after(tellCall(ctx, answer.call))
  return { data: answer.call }
}

async function tellCall(ctx: TenantCtx, call: TableCall): Promise<void> {
  const { id: call_id, session_id, table_id, kind, acknowledged_at } = call
  const told = { session_id, call_id, kind, acknowledged: acknowledged_at !== null }
  await askTable(ctx, { restaurant_id: ctx.restaurant.id, table_id }, (table) => table.callUpdate(told))
}
