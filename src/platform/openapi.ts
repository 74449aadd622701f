import type { RouteConfig } from '@hono/zod-openapi'
import * as z from 'zod'
import type { Endpoint } from './endpoint.ts'
import { problems } from './problem.ts'

export const openApiInfo = {
  openapi: '3.1.0',
  info: {
    title: 'Tableside',
    version: '1.0.0',
    description:
      'Reservations that cannot collide. Every path below /api also works below /api/restaurants/{restaurant_id}, and ' +
      '/api/restaurant is /api/restaurants/{restaurant_id}; the key names the restaurant. ' +
      'Answers are {"success": true, "data": …}; errors are RFC 9457 problems with a code.',
  },
  servers: [{ url: '/', description: 'Where this document was read' }],
  security: [{ key: [] }, { staff: [] }],
}

/** How one shows who one is; what `security` of an endpoint names. */
export const securitySchemes = {
  key: { type: 'http', scheme: 'bearer', bearerFormat: 'tsk_…', description: 'An API key of a restaurant' },
  staff: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-ts_access',
    description: 'Set by POST /api/auth/sign-in; the same token is taken as `Authorization: Bearer`',
  },
  member: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The ws_token of a phone at a table' },
  call: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The token of one telephone call' },
} as const

const Problem = z
  .object({
    success: z.literal(false),
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(problems)),
    detail: z.string(),
    hint: z.string().meta({ description: 'One sentence a voice agent could speak' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    request_id: z.string(),
  })
  .meta({ id: 'Problem' })

/** Where an endpoint is served: at a table at the root, else below /api, and below /api/restaurants/{id}; guests are clients too. */
export function aliases(one: Endpoint): string[] {
  if (one.root) return [one.path]
  const paths = [one.path]
  // The restaurant itself: its own path where others have theirs below it.
  if (one.path === '/restaurant') return ['/api/restaurant', '/api/restaurants/:restaurant_id']
  if (/^\/guests(\/|$)/.test(one.path)) paths.push(one.path.replace('/guests', '/clients'))
  return paths.flatMap((path) =>
    one.tenant ? [`/api${path}`, `/api/restaurants/:restaurant_id${path}`] : [`/api${path}`],
  )
}

/** An endpoint as OpenAPI 3.1 knows it. */
export function describe(one: Endpoint): RouteConfig {
  const path = `${one.root ? '' : '/api'}${one.path}`.replaceAll(/:(\w+)/g, '{$1}').replace(/\/$/, '')
  const status = one.status ?? 200
  const data = z.object({
    success: z.literal(true),
    data: one.answer,
    meta: z.object({ next_cursor: z.string().nullish(), total: z.int().optional() }).optional(),
  })
  const headers = one.creates
    ? [
        z.object({
          'Idempotency-Key': z
            .string()
            .max(255)
            .optional()
            .meta({ description: 'The same key and body get the first answer again' }),
        }),
      ]
    : []
  return {
    method: one.method,
    path,
    tags: [one.tag],
    summary: one.summary,
    ...(one.description ? { description: one.description } : {}),
    operationId: `${one.method}${path.replaceAll(/[^a-zA-Z]+(\w)/g, (_match, letter: string) => letter.toUpperCase()).replaceAll(/\W/g, '')}`,
    ...(one.access === 'key' ? {} : { security: securityOf(one) }),
    request: {
      ...(one.params instanceof z.ZodObject ? { params: one.params } : {}),
      ...(one.query instanceof z.ZodObject ? { query: one.query } : {}),
      ...(headers.length > 0 ? { headers } : {}),
      ...(one.body ? { body: { required: true, content: { 'application/json': { schema: one.body } } } } : {}),
    },
    responses: {
      [status]: {
        description: one.summary,
        content: one.media ? { [one.media]: { schema: z.string() } } : { 'application/json': { schema: data } },
      },
      default: { description: 'A problem', content: { 'application/problem+json': { schema: Problem } } },
    },
  }
}

function securityOf({ access }: Endpoint): Record<string, string[]>[] {
  if (access === 'public') return [{}, { key: [] }, { staff: [] }, { member: [] }]
  if (access === 'staff') return [{ staff: [] }]
  if (access === 'call_or_key') return [{ call: [] }, { key: [] }, { staff: [] }]
  return access === 'member' ? [{ member: [] }] : [{ member: [] }, { key: [] }, { staff: [] }]
}
