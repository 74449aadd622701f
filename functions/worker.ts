import { runCron } from './cron.ts'
import { app } from './http.ts'

export default {
  fetch: app.fetch,
  scheduled: (controller, env) => runCron(controller, env),
} satisfies ExportedHandler<Record<string, unknown>>
