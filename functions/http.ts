import { OpenAPIHono } from '@hono/zod-openapi'
import { keyEndpoints } from '../src/access/routes.ts'
import { guestEndpoints } from '../src/guests/routes.ts'
import type { Endpoint } from '../src/platform/endpoint.ts'
import { readEnv } from '../src/platform/env.ts'
import { aliases, describe, openApiInfo } from '../src/platform/openapi.ts'
import { type EdgeEnv, notFound, prepare, problemOf, serve } from '../src/platform/serve.ts'
import { reservationEndpoints } from '../src/reservations/routes.ts'
import { restaurantEndpoints } from '../src/restaurants/routes.ts'

/** Every feature's HTTP table; a route that is not here does not exist. */
export const endpoints: Endpoint[] = [
  ...restaurantEndpoints,
  ...keyEndpoints,
  ...reservationEndpoints,
  ...guestEndpoints,
]

export const app = new OpenAPIHono<EdgeEnv>()

app.use(prepare)
app.onError(problemOf)
app.notFound(notFound)
app.get('/health', (c) => c.json({ success: true, data: { status: 'ok', environment: readEnv(c.env).ENVIRONMENT } }))
app.doc31('/openapi.json', openApiInfo)

for (const one of endpoints) {
  for (const path of aliases(one)) app.on(one.method.toUpperCase(), path, serve(one))
  app.openAPIRegistry.registerPath(describe(one))
}
