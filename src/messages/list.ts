import { readTimeCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { withHouseTimes } from '../platform/instants.ts'
import { addDays, instantOf } from '../platform/time.ts'
import { selectMessages } from './queries.ts'
import type { Message, MessageFilter } from './schema.ts'

/** R166. What was, is or will be sent to guests, newest first: each with its state and why. */
export async function listMessages(ctx: TenantCtx, filter: MessageFilter): Promise<Result<Message[]>> {
  const { date } = filter
  const { id, timezone } = ctx.restaurant
  const rows = await withRetry(
    () =>
      selectMessages(ctx.db, id, {
        subject_id: filter.reservation ?? null,
        state: filter.state ?? null,
        kind: filter.kind ?? null,
        channel: filter.channel ?? null,
        from: date === undefined ? null : midnight(date, timezone),
        before: date === undefined ? null : midnight(addDays(date, 1), timezone),
        after: readTimeCursor(filter.cursor),
        limit: filter.limit + 1,
      }),
    ctx.request_id,
  )
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  const more = rows.length > filter.limit && last
  return {
    data: withHouseTimes(page, timezone),
    meta: { next_cursor: more ? writeCursor([last.created_at, last.id]) : null },
  }
}

/** The first instant of a date; where the clocks skip it, the first there is. */
function midnight(date: string, timezone: string): string {
  for (let minute = 0; minute < 240; minute += 15) {
    const resolved = instantOf(date, minute, timezone)
    if (resolved.kind !== 'gap') return new Date(resolved.at).toISOString()
  }
  return `${date}T00:00:00Z`
}
