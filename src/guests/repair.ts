import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import { callRepairStats } from './history-queries.ts'

/** R171. Every hour: where it is five in the morning, who was a guest these days is reckoned anew. Twice is as once. */
export async function repairGuestStats(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>): Promise<void> {
  const guests = await withRetry(() => callRepairStats(ctx.db, ctx.now), ctx.request_id)
  if (guests > 0) log('info', 'guest_stats', { request_id: ctx.request_id, guests })
}
