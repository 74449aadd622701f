import * as z from 'zod'
import { allows, scopesOf } from '../access/rules.ts'
import { readCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { instantOf, isoAt, minutesOf } from '../platform/time.ts'
import { type AuditRead, selectAudit, selectHead } from './audit-queries.ts'
import { changesOf, withoutPersons } from './audit-rules.ts'
import type { AuditEvent, AuditHead, AuditQuery } from './audit-schema.ts'

/** R200. Every change by anyone, the newest first; R205 without persons for who may not read guests. */
export async function readAudit(ctx: TenantCtx, asked: AuditQuery): Promise<Result<AuditEvent[]>> {
  const { restaurant } = ctx
  const seen = readAuditCursor(asked.cursor)
  const wish = {
    restaurant_id: restaurant.id,
    subject_id: asked.subject ?? null,
    actor_key: asked.actor ?? null,
    type: asked.type ?? null,
    from_at: asked.from === undefined ? null : momentOf(asked.from, restaurant.timezone),
    before_at: asked.to === undefined ? null : momentOf(asked.to, restaurant.timezone),
    after_at: seen?.at ?? null,
    after_id: seen?.id ?? null,
    most: asked.limit + 1,
  }
  const rows = await withRetry(() => selectAudit(ctx.db, wish), ctx.request_id)
  const page = rows.slice(0, asked.limit)
  const last = page.at(-1)?.event
  const whole = allows(scopesOf(ctx.actor), 'guests:read')
  return {
    data: page.map((row) => presentEvent(row, restaurant.timezone, whole)),
    meta: {
      next_cursor: rows.length > asked.limit && last ? writeCursor([`${last.at} ${last.id}`, last.subject_id]) : null,
    },
  }
}

/** R203. The newest seal, for somebody to keep elsewhere; null before there is one. */
export async function readHead(ctx: TenantCtx): Promise<Result<AuditHead | null>> {
  const head = await withRetry(() => selectHead(ctx.db, ctx.restaurant.id), ctx.request_id)
  if (!head) return { data: null }
  return { data: { ...head, sealed_at: isoAt(Date.parse(head.sealed_at), ctx.restaurant.timezone) } }
}

function presentEvent({ event, seal_no }: AuditRead, timezone: string, whole: boolean): AuditEvent {
  const before = whole ? event.before : withoutPersons(event.before)
  const after = whole ? event.after : withoutPersons(event.after)
  const at = isoAt(Date.parse(event.at), timezone)
  // Why is what somebody wrote: it may name anybody.
  const why = whole ? event.why : null
  return { ...event, at, before, after, why, changes: changesOf(before, after), seal_no }
}

/** An instant; without an offset it is the wall time of the restaurant. */
function momentOf(text: string, timezone: string): string {
  if (/(Z|[+-]\d\d:?\d\d)$/i.test(text)) return new Date(text).toISOString()
  const [date = '', time = ''] = text.split('T')
  const resolved = instantOf(date, minutesOf(time.slice(0, 5)), timezone)
  if (resolved.kind === 'gap') throw new Problem('nonexistent_time')
  return new Date(resolved.at).toISOString()
}

const Seen = z.object({ at: z.iso.datetime({ offset: true }), id: z.coerce.number().int().min(0) })

function readAuditCursor(cursor: string | undefined): z.infer<typeof Seen> | null {
  const keyset = readCursor(cursor)
  if (!keyset) return null
  const [at, id] = keyset[0].split(' ')
  const seen = Seen.safeParse({ at, id })
  if (!seen.success) readCursor('-')
  return seen.data ?? null
}
