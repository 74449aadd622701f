import { OpenAPIHono } from '@hono/zod-openapi'
import { keyEndpoints } from '../src/access/routes.ts'
import { guestEndpoints } from '../src/guests/routes.ts'
import type { Endpoint } from '../src/platform/endpoint.ts'
import { readEnv } from '../src/platform/env.ts'
import { atTableEndpoints } from '../src/ordering/at-table-routes.ts'
import { orderEndpoints } from '../src/ordering/order-routes.ts'
import { sessionEndpoints } from '../src/ordering/routes.ts'
import { openSocket } from '../src/ordering/socket.ts'
import { aliases, describe, openApiInfo } from '../src/platform/openapi.ts'
import { edgeCtx, type EdgeEnv, limitOf, notFound, prepare, problemOf, serve } from '../src/platform/serve.ts'
import { reservationEndpoints } from '../src/reservations/routes.ts'
import { menuEndpoints } from '../src/restaurants/menu-routes.ts'
import { restaurantEndpoints } from '../src/restaurants/routes.ts'
import { docsPage, pageHeaders } from '../src/web/docs-page.ts'
import { deliverJob } from './jobs.ts'
import { posWebhook } from './webhooks.ts'

/** Every feature's HTTP table; a route that is not here does not exist. */
export const endpoints: Endpoint[] = [
  ...restaurantEndpoints,
  ...menuEndpoints,
  ...keyEndpoints,
  ...reservationEndpoints,
  ...guestEndpoints,
  ...sessionEndpoints,
  ...orderEndpoints,
  ...atTableEndpoints,
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

app.post('/jobs/deliver', deliverJob)
app.post('/webhooks/pos/:slug', posWebhook)

for (const one of endpoints) {
  for (const path of aliases(one)) app.on(one.method.toUpperCase(), path, serve(one))
  app.openAPIRegistry.registerPath(describe(one))
}
