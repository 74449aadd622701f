import { openDb } from '../src/platform/db.ts'
import { readEnv } from '../src/platform/env.ts'
import { releaseAndMark } from '../src/reservations/sweep.ts'

/** Which verb each pattern of wrangler.toml calls. Each is safe to run twice, or late. */
const jobs: Record<string, typeof releaseAndMark> = {
  '*/5 * * * *': releaseAndMark,
}

export async function runCron(controller: ScheduledController, bindings: object): Promise<void> {
  const env = readEnv(bindings)
  const job = jobs[controller.cron]
  if (!job) throw new Error(`no job for the cron pattern ${controller.cron}`)
  await job({
    db: openDb(env.DATABASE_URL, env.NEON_PROXY),
    now: controller.scheduledTime,
    request_id: `cron:${new Date(controller.scheduledTime).toISOString()}`,
  })
}
