import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import { runJob } from './queries.ts'

/** Every five minutes: lapsed holds give their tables back, parties that never came are marked so, answers a day old forgotten. */
export async function releaseAndMark(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>): Promise<void> {
  const released = await withRetry(() => runJob(ctx, 'release_lapsed_holds'), ctx.request_id)
  const marked = await withRetry(() => runJob(ctx, 'mark_no_shows'), ctx.request_id)
  const forgotten = await withRetry(() => runJob(ctx, 'forget_old_answers'), ctx.request_id)
  log('info', 'sweep', { request_id: ctx.request_id, released, no_shows: marked, answers_forgotten: forgotten })
}
