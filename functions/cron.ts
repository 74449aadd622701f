import { sweepStaff } from '../src/access/staff-sweep.ts'
import { closeSilentCalls, purgeTranscripts } from '../src/agents/sweep.ts'
import { tellOpenFloors } from '../src/floor/feed-tick.ts'
import { extendStays } from '../src/floor/stays.ts'
import { repairGuestStats } from '../src/guests/repair.ts'
import { purgeAudit, sealAudit } from '../src/insights/audit-seal.ts'
import { rollUpAndForecast } from '../src/insights/roll-up.ts'
import { forgetMessages, sweepMessages } from '../src/messages/pump.ts'
import { sweepDeliveries } from '../src/ordering/deliver.ts'
import { closeIdleSessions } from '../src/ordering/idle.ts'
import { doNights } from '../src/ordering/night.ts'
import { sweepUnmarked } from '../src/ordering/order.ts'
import type { Ctx } from '../src/platform/ctx.ts'
import { openCtx } from '../src/platform/edge-ctx.ts'
import { readEnv } from '../src/platform/env.ts'
import { log } from '../src/platform/log.ts'
import { releaseAndMark } from '../src/reservations/sweep.ts'
import { sweepWaitlists } from '../src/reservations/waitlist/advance.ts'

type Job = (ctx: Ctx) => Promise<unknown>

/** Which verbs each pattern of wrangler.toml calls, one after the other. Each is safe to run twice, or late. */
const jobs: Record<string, Job[]> = {
  '*/5 * * * *': [
    closeSilentCalls,
    releaseAndMark,
    sweepWaitlists,
    sweepUnmarked,
    sweepDeliveries,
    closeIdleSessions,
    sweepMessages,
    extendStays,
    sweepStaff,
    sealAudit,
    tellOpenFloors,
  ],
  '0 * * * *': [doNights, purgeTranscripts, rollUpAndForecast, purgeAudit, repairGuestStats, forgetMessages],
}

export async function runCron(
  controller: ScheduledController,
  bindings: object,
  worker: ExecutionContext,
): Promise<void> {
  const due = jobs[controller.cron]
  if (!due) throw new Error(`no job for the cron pattern ${controller.cron}`)
  const ctx = openCtx(readEnv(bindings), bindings, {
    actor: { kind: 'cron' },
    now: controller.scheduledTime,
    request_id: `cron:${new Date(controller.scheduledTime).toISOString()}`,
    after: (work) => worker.waitUntil(work),
  })
  const failed: unknown[] = []
  // One job's trouble is not the next one's; that there was any is told in the end.
  for (const job of due) await job(ctx).catch((error: unknown) => failed.push(error))
  for (const error of failed) log('error', 'cron_failed', { request_id: ctx.request_id, reason: String(error) })
  if (failed.length > 0) throw failed[0]
}
