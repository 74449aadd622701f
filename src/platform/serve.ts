import type { Context, Handler, MiddlewareHandler } from 'hono'
import { authenticate, type Principal } from '../access/authenticate.ts'
import { spendOne } from '../access/rate-limit.ts'
import { allows } from '../access/rules.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { readBody } from './body.ts'
import type { Ctx, Once } from './ctx.ts'
import { openDb } from './db.ts'
import type { Endpoint, Result } from './endpoint.ts'
import { type Env, readEnv } from './env.ts'
import { canonicalJson, sha256Hex } from './ids.ts'
import { log } from './log.ts'
import { Problem, problemResponse } from './problem.ts'

export type EdgeEnv = { Bindings: CloudflareBindings; Variables: { request_id: string; now: number; env: Env } }
type CloudflareBindings = Record<string, unknown>
type EdgeContext = Context<EdgeEnv>

/** Names the request, reads the clock once, and logs one line when it is answered. */
export const prepare: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const env = readEnv(c.env)
  const sent = c.req.header('x-request-id')
  c.set('request_id', sent && /^[\w.:-]{1,128}$/.test(sent) ? sent : crypto.randomUUID())
  c.set('env', env)
  c.set('now', clockOf(c, env))
  const began = Date.now()
  await next()
  c.res.headers.set('x-request-id', c.get('request_id'))
  if (env.ENVIRONMENT === 'local') return
  log('info', 'request', {
    request_id: c.get('request_id'),
    method: c.req.method,
    path: c.req.path.replace(/\+?\d{5,}/g, '…'),
    status: c.res.status,
    ms: Date.now() - began,
  })
}

/** On one's own machine a request may say when it is, so that a day can be lived through in a minute. */
function clockOf(c: EdgeContext, env: Env): number {
  const said = env.ENVIRONMENT === 'local' ? c.req.header('x-tableside-now') : undefined
  const at = said === undefined ? Number.NaN : Date.parse(said)
  return Number.isNaN(at) ? Date.now() : at
}

/** One endpoint as a handler: who, how often, which restaurant, what, then the verb. */
export function serve(one: Endpoint): Handler<EdgeEnv> {
  return async (c) => {
    const env = c.get('env')
    const request_id = c.get('request_id')
    const now = c.get('now')
    const db = openDb(env.DATABASE_URL, env.NEON_PROXY)
    const principal = await authenticate(db, c.req.header('authorization'), {
      now,
      request_id,
      local: env.ENVIRONMENT === 'local',
    })
    const redis = { url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN }
    const allowance = await spendOne(redis, principal.id, principal.rate_per_minute, Date.now(), request_id)
    c.header('ratelimit-limit', String(allowance.limit))
    c.header('ratelimit-remaining', String(allowance.remaining))
    c.header('ratelimit-reset', String(allowance.reset_seconds))

    const ctx: Ctx = {
      db,
      now,
      request_id,
      actor: { kind: 'key', id: principal.id, name: principal.name, scopes: principal.scopes },
      after: (work) =>
        c.executionCtx.waitUntil(work.catch((error: unknown) => logFailure('after_answer', request_id, error))),
    }
    const { restaurant_id: inPath, ...params } = c.req.param()
    const restaurant = await tenantOf(ctx, one, principal, inPath)
    // An operator got past tenantOf only where an operator may go.
    if (!allows(principal.scopes, one.scope) && !principal.scopes.includes('platform'))
      throw new Problem('forbidden', { detail: `This needs the scope ${one.scope}.` })
    const body = one.body ? await readBody(c.req.raw) : undefined
    const once = await onceOf(c, one, body)
    const raw = { params, query: queryOf(c), body, once, if_match: ifMatchOf(c) }
    const result = await one.serve(ctx, restaurant, raw)
    return answer(one, result, request_id, c)
  }
}

/** The restaurant a request is about: the key's own, and no other is to be found. */
async function tenantOf(
  ctx: Ctx,
  one: Endpoint,
  principal: Principal,
  inPath: string | undefined,
): Promise<Restaurant | null> {
  if (!one.tenant) return null
  if (principal.restaurant_id === null) {
    if (!principal.scopes.includes('platform') || !one.operator) throw new Problem('forbidden')
    if (inPath === undefined) throw new Problem('restaurant_required')
    if (!/^[0-9a-f-]{36}$/i.test(inPath)) throw new Problem('not_found')
    return loadRestaurant(ctx, inPath.toLowerCase())
  }
  if (inPath !== undefined && inPath.toLowerCase() !== principal.restaurant_id) throw new Problem('not_found')
  return loadRestaurant(ctx, principal.restaurant_id)
}

function queryOf(c: EdgeContext): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, values] of Object.entries(c.req.queries())) {
    const message = 'is given more than once'
    if (values.length > 1) throw new Problem('validation_failed', { errors: [{ path: `query.${name}`, message }] })
    found[name] = values[0] ?? ''
  }
  return found
}

function ifMatchOf(c: EdgeContext): number | null {
  const header = c.req.header('if-match')
  if (header === undefined || header === '*') return null
  const match = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header.trim())
  if (!match) {
    const message = 'must be the version of the resource'
    throw new Problem('validation_failed', { errors: [{ path: 'header.if-match', message }] })
  }
  return Number(match[1])
}

/** The client's key, or one of our own, so that a repeat of ours after a lost answer does nothing twice. */
async function onceOf(c: EdgeContext, one: Endpoint, body: unknown): Promise<Once> {
  const sent = c.req.header('idempotency-key')
  if (sent === undefined) return { key: `auto:${crypto.randomUUID()}`, fingerprint: '' }
  if (!/^[\x21-\x7e]{1,255}$/.test(sent)) throw new Problem('invalid_idempotency_key')
  const { restaurant_id: _restaurant, ...params } = c.req.param()
  return { key: sent, fingerprint: await sha256Hex(canonicalJson([one.method, one.path, params, body ?? null])) }
}

function answer(one: Endpoint, result: Result<unknown>, requestId: string, c: EdgeContext): Response {
  const version = versionOf(result.data)
  if (version !== null) c.header('etag', `"${version}"`)
  c.header('x-request-id', requestId)
  const meta = result.meta && Object.keys(result.meta).length > 0 ? { meta: result.meta } : {}
  return c.json({ success: true, data: result.data, ...meta }, one.status ?? 200)
}

function versionOf(data: unknown): number | null {
  if (typeof data !== 'object' || data === null || !('version' in data)) return null
  return typeof data.version === 'number' ? data.version : null
}

/** Problems say what they are; anything else is a 500 that says only where to look. */
export function problemOf(error: Error, c: EdgeContext): Response {
  const requestId = c.get('request_id') ?? crypto.randomUUID()
  if (error instanceof Problem) return problemResponse(error, requestId)
  logFailure('unexpected', requestId, error)
  return problemResponse(new Problem('internal'), requestId)
}

export function notFound(c: EdgeContext): Response {
  return problemResponse(
    new Problem('not_found', { detail: `There is no ${c.req.method} ${c.req.path}.` }),
    c.get('request_id'),
  )
}

function logFailure(event: string, requestId: string, error: unknown): void {
  const reasons: string[] = []
  for (let one = error; one instanceof Error; one = one.cause) {
    // A failed query's own message carries its parameters, and they carry names and phones.
    reasons.push(one.message.startsWith('Failed query') ? 'Failed query' : `${one.name}: ${one.message.slice(0, 500)}`)
  }
  log('error', event, { request_id: requestId, reasons })
}
