import { OpenAPIHono } from '@hono/zod-openapi'
import { keyEndpoints } from '../src/access/routes.ts'
import { staffEndpoints } from '../src/access/staff-routes.ts'
import { tellFloor } from '../src/floor/feed-pump.ts'
import { feedEndpoints } from '../src/floor/feed-routes.ts'
import { floorEndpoints } from '../src/floor/routes.ts'
import { openFeed } from '../src/floor/feed-socket.ts'
import { agentEndpoints } from '../src/agents/routes.ts'
import { openRelay } from '../src/agents/doors/relay-socket.ts'
import { doorEndpoints } from '../src/agents/doors/routes.ts'
import { openVoice } from '../src/agents/doors/voice-socket.ts'
import { teamEndpoints } from '../src/agents/team/routes.ts'
import { openMcp } from '../src/agents/mcp.ts'
import { operations } from '../src/agents/registry.ts'
import { guestEndpoints } from '../src/guests/routes.ts'
import type { Ctx } from '../src/platform/ctx.ts'
import { auditEndpoints } from '../src/insights/audit-routes.ts'
import { insightEndpoints } from '../src/insights/routes.ts'
import { followMessageLink, hearSms, stopPage, takeStop } from '../src/messages/door.ts'
import { tellGuests } from '../src/messages/pump.ts'
import { messageEndpoints } from '../src/messages/routes.ts'
import { extractEndpoints } from '../src/agents/extract-routes.ts'
import type { Endpoint } from '../src/platform/endpoint.ts'
import { readEnv } from '../src/platform/env.ts'
import { atTableEndpoints } from '../src/ordering/at-table-routes.ts'
import { orderEndpoints } from '../src/ordering/order-routes.ts'
import { sessionEndpoints } from '../src/ordering/routes.ts'
import { openSocket } from '../src/ordering/socket.ts'
import { aliases, describe, openApiInfo, securitySchemes } from '../src/platform/openapi.ts'
import { edgeCtx, type EdgeEnv, limitOf, notFound, prepare, problemOf, serve } from '../src/platform/serve.ts'
import { calendarEndpoints } from '../src/reservations/calendar/routes.ts'
import { groupEndpoints } from '../src/reservations/groups/routes.ts'
import { manageEndpoints } from '../src/reservations/manage/routes.ts'
import { reservationEndpoints } from '../src/reservations/routes.ts'
import { seriesEndpoints } from '../src/reservations/series/routes.ts'
import { waitlistEndpoints } from '../src/reservations/waitlist/routes.ts'
import { menuEndpoints } from '../src/restaurants/menu-routes.ts'
import type { Restaurant } from '../src/restaurants/schema.ts'
import { restaurantEndpoints } from '../src/restaurants/routes.ts'
import { docsPage, pageHeaders } from '../src/web/docs-page.ts'
import { llmsText } from '../src/web/llms.ts'
import { forAll, protectedResource, serverCard } from '../src/web/well-known.ts'
import { deliverJob, messageJob, waitlistJob } from './jobs.ts'
import { voiceWebhook } from './voice.ts'
import { posWebhook } from './webhooks.ts'

/** Every feature's HTTP table; a route that is not here does not exist. */
export const endpoints: Endpoint[] = [
  ...restaurantEndpoints,
  ...menuEndpoints,
  ...keyEndpoints,
  ...staffEndpoints,
  ...seriesEndpoints,
  ...groupEndpoints,
  ...calendarEndpoints,
  ...manageEndpoints,
  ...waitlistEndpoints,
  ...reservationEndpoints,
  ...floorEndpoints,
  ...guestEndpoints,
  ...agentEndpoints,
  ...doorEndpoints,
  ...extractEndpoints,
  ...teamEndpoints,
  ...sessionEndpoints,
  ...orderEndpoints,
  ...atTableEndpoints,
  ...insightEndpoints,
  ...auditEndpoints,
  ...feedEndpoints,
  ...messageEndpoints,
]

export const app = new OpenAPIHono<EdgeEnv>()

app.use(prepare)
app.onError(problemOf)
// What matches besides `prepare`, which is there for every path.
app.notFound(notFound((method, path) => app.router.match(method, path)[0].length > 1))
app.get('/health', (c) => c.json({ success: true, data: { status: 'ok', environment: readEnv(c.env).ENVIRONMENT } }))
app.doc31('/openapi.json', openApiInfo)
app.get('/docs', (c) => c.html(docsPage(app.getOpenAPI31Document(openApiInfo)), 200, pageHeaders))
app.get('/', (c) => c.redirect('/docs'))
app.get('/llms.txt', (c) => c.text(llmsText(readEnv(c.env).PUBLIC_ORIGIN, endpoints, operations), 200, forAll))
for (const path of ['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'])
  app.get(path, (c) => c.json(protectedResource(readEnv(c.env).PUBLIC_ORIGIN), 200, forAll))
for (const path of ['/.well-known/mcp.json', '/.well-known/mcp/server-card.json'])
  app.get(path, (c) => c.json(serverCard(readEnv(c.env).PUBLIC_ORIGIN), 200, forAll))

app.get('/ws', (c) => openSocket(edgeCtx(c), c.req.raw, limitOf(c)))
app.get('/voice/ws', (c) => openVoice(edgeCtx(c), c.req.raw, limitOf(c)))
app.get('/voice/relay/:slug', (c) => openRelay(edgeCtx(c), c.req.raw, c.req.param('slug')))
app.get('/admin/ws', (c) => openFeed(edgeCtx(c), c.req.raw, limitOf(c)))

app.post('/jobs/deliver', deliverJob)
app.post('/jobs/waitlist', waitlistJob)
app.post('/jobs/message', messageJob)
app.post('/webhooks/pos/:slug', posWebhook)
app.post('/webhooks/voice/:vendor/:slug', voiceWebhook)
app.post('/webhooks/voice/:vendor/:slug/:operation', voiceWebhook)
app.post('/webhooks/sms', (c) => hearSms(edgeCtx(c), c.req.raw, null))
app.post('/webhooks/sms/:slug', (c) => hearSms(edgeCtx(c), c.req.raw, c.req.param('slug')))
app.get('/m/:code', (c) => followMessageLink(edgeCtx(c), c.req.param('code')))
app.get('/m/:code/stop', (c) => stopPage(edgeCtx(c), c.req.param('code')))
app.post('/m/:code/stop', (c) => takeStop(edgeCtx(c), c.req.param('code')))

const changed = (ctx: Ctx, restaurant: Restaurant): void => {
  ctx.after(tellFloor(ctx, restaurant.id))
  ctx.after(tellGuests(ctx, restaurant))
}
app.on(['GET', 'POST', 'DELETE'], '/mcp', async (c) => {
  const answer = await openMcp(edgeCtx(c), c.req.raw, limitOf(c), changed)
  return c.newResponse(answer.body, answer)
})

for (const [name, scheme] of Object.entries(securitySchemes)) {
  app.openAPIRegistry.registerComponent('securitySchemes', name, scheme)
}
for (const one of endpoints) {
  for (const path of aliases(one)) app.on(one.method.toUpperCase(), path, serve(one, changed))
  app.openAPIRegistry.registerPath(describe(one))
}
