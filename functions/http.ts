import { OpenAPIHono } from '@hono/zod-openapi'
import { keyEndpoints } from '../src/access/routes.ts'
import { staffEndpoints } from '../src/access/staff-routes.ts'
import { tellFloor } from '../src/floor/feed-pump.ts'
import { feedEndpoints } from '../src/floor/feed-routes.ts'
import { floorEndpoints } from '../src/floor/routes.ts'
import { openFeed } from '../src/floor/feed-socket.ts'
import { agentEndpoints } from '../src/agents/routes.ts'
import { guestEndpoints } from '../src/guests/routes.ts'
import type { Ctx } from '../src/platform/ctx.ts'
import { insightEndpoints } from '../src/insights/routes.ts'
import { extractEndpoints } from '../src/agents/extract-routes.ts'
import type { Endpoint } from '../src/platform/endpoint.ts'
import { readEnv } from '../src/platform/env.ts'
import { atTableEndpoints } from '../src/ordering/at-table-routes.ts'
import { orderEndpoints } from '../src/ordering/order-routes.ts'
import { sessionEndpoints } from '../src/ordering/routes.ts'
import { openSocket } from '../src/ordering/socket.ts'
import { aliases, describe, openApiInfo, securitySchemes } from '../src/platform/openapi.ts'
import { edgeCtx, type EdgeEnv, limitOf, notFound, prepare, problemOf, serve } from '../src/platform/serve.ts'
import { calendarEndpoints } from '../src/reservations/calendar-routes.ts'
import { reservationEndpoints } from '../src/reservations/routes.ts'
import { seriesEndpoints } from '../src/reservations/series-routes.ts'
import { waitlistEndpoints } from '../src/reservations/waitlist-routes.ts'
import { menuEndpoints } from '../src/restaurants/menu-routes.ts'
import { restaurantEndpoints } from '../src/restaurants/routes.ts'
import { docsPage, pageHeaders } from '../src/web/docs-page.ts'
import { deliverJob, waitlistJob } from './jobs.ts'
import { posWebhook } from './webhooks.ts'

/** Every feature's HTTP table; a route that is not here does not exist. */
export const endpoints: Endpoint[] = [
  ...restaurantEndpoints,
  ...menuEndpoints,
  ...keyEndpoints,
  ...staffEndpoints,
  ...seriesEndpoints,
  ...calendarEndpoints,
  ...waitlistEndpoints,
  ...reservationEndpoints,
  ...floorEndpoints,
  ...guestEndpoints,
  ...agentEndpoints,
  ...extractEndpoints,
  ...sessionEndpoints,
  ...orderEndpoints,
  ...atTableEndpoints,
  ...insightEndpoints,
  ...feedEndpoints,
]

export const app = new OpenAPIHono<EdgeEnv>()

app.use(prepare)
app.onError(problemOf)
app.notFound(notFound)
app.get('/health', (c) => c.json({ success: true, data: { status: 'ok', environment: readEnv(c.env).ENVIRONMENT } }))
app.doc31('/openapi.json', openApiInfo)
app.get('/docs', (c) => c.html(docsPage(app.getOpenAPI31Document(openApiInfo)), 200, pageHeaders))
app.get('/', (c) => c.redirect('/docs'))

app.get('/ws', (c) => openSocket(edgeCtx(c), c.req.raw, limitOf(c)))
app.get('/admin/ws', (c) => openFeed(edgeCtx(c), c.req.raw, limitOf(c)))

app.post('/jobs/deliver', deliverJob)
app.post('/jobs/waitlist', waitlistJob)
app.post('/webhooks/pos/:slug', posWebhook)

const changed = (ctx: Ctx, restaurant_id: string): void => ctx.after(tellFloor(ctx, restaurant_id))
for (const [name, scheme] of Object.entries(securitySchemes)) {
  app.openAPIRegistry.registerComponent('securitySchemes', name, scheme)
}
for (const one of endpoints) {
  for (const path of aliases(one)) app.on(one.method.toUpperCase(), path, serve(one, changed))
  app.openAPIRegistry.registerPath(describe(one))
}
