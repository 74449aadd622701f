import { readTimeCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { addDays } from '../platform/time.ts'
import { firstInstantAt } from '../restaurants/rules.ts'
import type { CallAnalytics, CallDetail, CallFilter, VoiceCall } from './call-schema.ts'
import { selectFigures } from './figures-queries.ts'
import { selectCallDetail, selectCalls } from './queries.ts'

/** A call with its transcript, handoffs and tools. */
export async function getCall(ctx: TenantCtx, id: string): Promise<Result<CallDetail>> {
  const call = await withRetry(() => selectCallDetail(ctx.db, ctx.restaurant.id, id), ctx.request_id)
  if (!call) throw new Problem('not_found', { detail: 'There is no such call.' })
  return { data: call }
}

/** Newest first; dates are the house's. */
export async function listCalls(ctx: TenantCtx, filter: CallFilter): Promise<Result<VoiceCall[]>> {
  const { from, to, cursor, ...rest } = filter
  const { id, timezone } = ctx.restaurant
  const range = {
    from: from === undefined ? null : firstInstantAt(from, 0, timezone),
    before: to === undefined ? null : firstInstantAt(addDays(to, 1), 0, timezone),
  }
  const rows = await withRetry(() => selectCalls(ctx.db, id, rest, range, readTimeCursor(cursor)), ctx.request_id)
  const data = rows.slice(0, filter.limit)
  const last = data.at(-1)
  const more = rows.length > filter.limit && last
  return { data, meta: { next_cursor: more ? writeCursor([last.started_at, last.id]) : null } }
}

/** R234. What became of the calls that began on these dates, and how they were handed on. */
export async function callAnalytics(
  ctx: TenantCtx,
  { from, to }: { from: string; to: string },
): Promise<Result<CallAnalytics>> {
  const { id, timezone } = ctx.restaurant
  const range = { from: firstInstantAt(from, 0, timezone), before: firstInstantAt(addDays(to, 1), 0, timezone) }
  const { escalated_ended, ...figures } = await withRetry(() => selectFigures(ctx.db, id, range), ctx.request_id)
  const contained = figures.ended === 0 ? null : (figures.ended - escalated_ended) / figures.ended
  const containment = contained === null ? null : Math.round(contained * 1000) / 1000
  return { data: { from, to, ...figures, containment } }
}
