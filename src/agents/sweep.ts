import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { causeOf } from '../platform/events.ts'
import { log } from '../platform/log.ts'
import { callVoice, purgeCalls, selectSilentCalls } from './queries.ts'

const silentMinutes = 30

/** R224. Every five minutes: calls of which nothing was heard for half an hour are over, whatever the vendor forgot to say. */
export async function closeSilentCalls(ctx: Pick<Ctx, 'db' | 'now' | 'request_id' | 'actor'>): Promise<void> {
  const silent = await withRetry(() => selectSilentCalls(ctx.db, ctx.now, silentMinutes), ctx.request_id)
  for (const one of silent) {
    try {
      const plan = { ...causeOf(ctx), ...one, reason: 'silence', summary: null, outcome: null }
      await withRetry(() => callVoice(ctx.db, 'close_call', plan), ctx.request_id)
    } catch (error) {
      // One call's trouble is not the others'.
      log('error', 'call_not_closed', { request_id: ctx.request_id, call_id: one.id, reason: String(error) })
    }
  }
  if (silent.length > 0) log('info', 'silent_calls', { request_id: ctx.request_id, closed: silent.length })
}

/** R225. Every hour: of calls older than the house keeps transcripts, what was said is forgotten; the figures stay. */
export async function purgeTranscripts(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>): Promise<void> {
  const purged = await withRetry(() => purgeCalls(ctx.db, ctx.now), ctx.request_id)
  if (purged > 0) log('info', 'calls_purged', { request_id: ctx.request_id, purged })
}
