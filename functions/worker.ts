import { runCron } from './cron.ts'
import { app } from './http.ts'

export { RestaurantFloor } from '../src/floor/restaurant-floor.ts'
export { TableSession } from '../src/ordering/table-session.ts'

export default {
  fetch: app.fetch,
  scheduled: (controller, env, ctx) => runCron(controller, env, ctx),
} satisfies ExportedHandler<Record<string, unknown>>
