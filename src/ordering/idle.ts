import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import { idleAfterMs } from './idle-rules.ts'
import { type Idle, selectIdle } from './idle-queries.ts'
import { closeSession } from './sessions.ts'

type IdleCtx = Pick<Ctx, 'db' | 'redis' | 'table' | 'actor' | 'now' | 'request_id'>

/**
 * R82. Closes sessions in which nothing has happened for ninety minutes, or for ten once all is paid. Postgres knows of
 * orders and arrivals, the table's object of the cart: both must be silent. Safe to run twice.
 */
export async function closeIdleSessions(ctx: IdleCtx): Promise<void> {
  const idle = await withRetry(() => selectIdle(ctx.db, ctx.now), ctx.request_id)
  let closed = 0
  for (const one of idle) {
    try {
      if (await closeIfIdle(ctx, one)) closed += 1
    } catch (error) {
      log('warn', 'idle_not_closed', { request_id: ctx.request_id, session_id: one.session_id, reason: String(error) })
    }
  }
  if (closed > 0) log('info', 'idle', { request_id: ctx.request_id, closed })
}

async function closeIfIdle(
  ctx: IdleCtx,
  { restaurant_id, table_id, session_id, version, paid }: Idle,
): Promise<boolean> {
  const active_at = await ctx.table(restaurant_id, table_id).lastActivity(session_id)
  if (active_at !== null && active_at > ctx.now - idleAfterMs(paid)) return false
  // One key for this state of the session: a session that was restored may be closed again.
  const once = { key: `idle:${session_id}:${version}`, fingerprint: '' }
  await closeSession(ctx, restaurant_id, session_id, once, { why: paid ? 'paid' : 'idle', version })
  return true
}
