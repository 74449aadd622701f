import type { Context, Handler, MiddlewareHandler } from 'hono'
import { looksLikeCallToken, readCallToken } from '../access/call-token.ts'
import { type HouseCaller, houseCaller } from '../access/caller.ts'
import { isRevoked, memberTokenIn, readMemberToken } from '../access/member-token.ts'
import { spendOne } from '../access/rate-limit.ts'
import { allows } from '../access/rules.ts'
import { looksLikeStaffToken } from '../access/staff-token.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { readBody, refuseBody } from './body.ts'
import type { Actor, Ctx, Once } from './ctx.ts'
import { wasReplayed } from './db.ts'
import { openCtx } from './edge-ctx.ts'
import type { Asker, Endpoint, FileAnswer, Result } from './endpoint.ts'
import { type Env, readEnv } from './env.ts'
import { canonicalJson, sha256Hex } from './ids.ts'
import { log } from './log.ts'
import { Problem, problemResponse } from './problem.ts'

export type EdgeEnv = {
  Bindings: CloudflareBindings
  Variables: { request_id: string; now: number; env: Env; replayed?: boolean }
}
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
  // R298.
  if (c.get('replayed')) c.res.headers.set('idempotency-replayed', 'true')
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

const memberRatePerMinute = 240
export const callRatePerMinute = 240

/** One endpoint as a handler: who, how often, which restaurant, what, then the verb. `changed` hears of every write. */
export function serve(one: Endpoint, changed: (ctx: Ctx, restaurant: Restaurant) => void): Handler<EdgeEnv> {
  return async (c) => {
    const request_id = c.get('request_id')
    const edge = edgeCtx(c)
    const { restaurant_id: inPath, ...params } = c.req.param()
    const { actor, ...asker } = await askerOf(c, one, edge, inPath)
    const ctx: Ctx = { ...edge, actor }
    const body = one.body ? await readBody(c.req.raw) : undefined
    if (!one.body && one.method !== 'get') await refuseBody(c.req.raw)
    const once = await onceOf(c, one, body)
    const raw = { params, query: queryOf(c), body, once, if_match: ifMatchOf(c) }
    try {
      const result = await one.serve(ctx, asker, raw)
      return answer(one, result, request_id, c)
    } finally {
      // Under a key of our own it is no repeat of the client's.
      if (c.req.header('idempotency-key') !== undefined && wasReplayed(ctx.db)) c.set('replayed', true)
      // What was refused may have been written too: an answer that could not be given, a hold that had lapsed.
      if (one.method !== 'get' && asker.restaurant) changed(ctx, asker.restaurant)
    }
  }
}

/** The context of a request before it is known who asks. */
export function edgeCtx(c: EdgeContext): Ctx {
  const request_id = c.get('request_id')
  return openCtx(c.get('env'), c.env, {
    actor: { kind: 'guest' },
    now: c.get('now'),
    request_id,
    after: (work) =>
      c.executionCtx.waitUntil(work.catch((error: unknown) => logFailure('after_answer', request_id, error))),
  })
}

type Known = Asker & { actor: Actor }

/** Who asks: who speaks for a house, a member at a table, or where the door is open to all anybody. */
async function askerOf(c: EdgeContext, one: Endpoint, ctx: Ctx, inPath: string | undefined): Promise<Known> {
  const { headers } = c.req.raw
  const visitor = { address: c.req.header('cf-connecting-ip') ?? 'unknown', limit: limitOf(c), headers }
  const authorization = c.req.header('authorization')
  const bearer = memberTokenIn(authorization, undefined)
  if (one.access === 'call_or_key' && bearer !== null && looksLikeCallToken(bearer))
    return { ...visitor, ...(await callOf(c, ctx, bearer, inPath)) }
  const forMembers = one.access === 'public' || one.access === 'member' || one.access === 'member_or_key'
  const token = forMembers ? bearer : null
  if (token !== null && !looksLikeStaffToken(token)) return { ...visitor, ...(await memberOf(c, ctx, token)) }

  const writes = one.method !== 'get'
  if (one.access === 'public' && authorization === undefined) {
    // A cookie that is no longer good, or that another's page sends along, shuts nobody out of a door open to all.
    const caller = await houseCaller(ctx, headers, undefined, writes).catch(nobodyInstead)
    if (!caller) return { ...visitor, actor: ctx.actor, restaurant: null, caller: { kind: 'nobody' } }
    return { ...visitor, ...(await houseOf(c, one, ctx, caller, inPath)) }
  }
  const caller = await houseCaller(ctx, headers, authorization, writes)
  return { ...visitor, ...(await houseOf(c, one, ctx, caller, inPath)) }
}

function nobodyInstead(error: unknown): null {
  if (error instanceof Problem && (error.code === 'unauthorized' || error.code === 'bad_origin')) return null
  throw error
}

type Recognised = Pick<Known, 'actor' | 'restaurant' | 'caller'>

async function memberOf(c: EdgeContext, ctx: Ctx, token: string): Promise<Recognised> {
  const claims = await readMemberToken(ctx.secrets.token_secret, token, ctx.now)
  if (!claims || (await isRevoked(ctx.redis, claims.jti, ctx.request_id))) throw new Problem('unauthorized')
  await spend(c, `member:${claims.member_id}`, memberRatePerMinute)
  const actor: Actor = { kind: 'member', id: claims.member_id, session_id: claims.session_id }
  const restaurant = await loadRestaurant(ctx, claims.restaurant_id)
  return { actor, restaurant, caller: { kind: 'member', claims } }
}

/** R226. An agent within one call: it acts in that call's name, and at that call's house. */
async function callOf(c: EdgeContext, ctx: Ctx, token: string, inPath: string | undefined): Promise<Recognised> {
  const claims = await readCallToken(ctx.secrets.token_secret, token, ctx.now)
  if (!claims) throw new Problem('unauthorized')
  await spend(c, `call:${claims.call_id}`, callRatePerMinute)
  if (inPath !== undefined && inPath.toLowerCase() !== claims.restaurant_id) throw new Problem('not_found')
  const actor: Actor = { kind: 'call', id: claims.call_id }
  const restaurant = await loadRestaurant(ctx, claims.restaurant_id)
  return { actor, restaurant, caller: { kind: 'call', claims } }
}

async function houseOf(
  c: EdgeContext,
  one: Endpoint,
  ctx: Ctx,
  { actor, scopes, staff, limit, restaurant_id }: HouseCaller,
  inPath: string | undefined,
): Promise<Recognised> {
  await spend(c, limit.name, limit.per_minute)
  if (one.access === 'member') throw new Problem('forbidden', { detail: 'This is for the phones at a table.' })
  if (one.access === 'staff' && !staff) throw new Problem('forbidden', { detail: 'This is for who signed in.' })
  const restaurant = await tenantOf(ctx, one, { scopes, restaurant_id }, inPath)
  // An operator got past tenantOf only where an operator may go.
  if (!allows(scopes, one.scope) && !scopes.includes('platform'))
    throw new Problem('forbidden', { detail: `This needs the scope ${one.scope}.` })
  return { actor, restaurant, caller: { kind: 'key', scopes, staff } }
}

/** So many a minute under a name; throws `rate_limited`. */
export function limitOf(c: EdgeContext): (name: string, per_minute: number) => Promise<void> {
  return (name, per_minute) => spend(c, name, per_minute)
}

async function spend(c: EdgeContext, name: string, perMinute: number): Promise<void> {
  const env = c.get('env')
  const redis = { url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN }
  const allowance = await spendOne(redis, name, perMinute, Date.now(), c.get('request_id'))
  c.header('ratelimit-limit', String(allowance.limit))
  c.header('ratelimit-remaining', String(allowance.remaining))
  c.header('ratelimit-reset', String(allowance.reset_seconds))
}

/** The restaurant a request is about: the caller's own, and no other is to be found. */
async function tenantOf(
  ctx: Ctx,
  one: Endpoint,
  principal: Pick<HouseCaller, 'scopes' | 'restaurant_id'>,
  inPath: string | undefined,
): Promise<Restaurant | null> {
  if (!one.tenant && one.access === 'key') return null
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
  const seen = ifMatchOf(c)
  const asked = [one.method, one.path, params, body ?? null, ...(seen === null ? [] : [{ if_match: seen }])]
  return { key: sent, fingerprint: await sha256Hex(canonicalJson(asked)) }
}

function answer(one: Endpoint, result: Result<unknown>, requestId: string, c: EdgeContext): Response {
  const version = versionOf(result.data)
  if (version !== null) c.header('etag', `"${version}"`)
  c.header('x-request-id', requestId)
  for (const line of result.cookies ?? []) c.header('set-cookie', line, { append: true })
  if (result.file) return fileAnswer(result.file, c)
  const meta = result.meta && Object.keys(result.meta).length > 0 ? { meta: result.meta } : {}
  return c.json({ success: true, data: result.data, ...meta }, one.status ?? 200)
}

function fileAnswer({ body, content_type, filename, shown, etag }: FileAnswer, c: EdgeContext): Response {
  const safe = filename.replaceAll(/[^\w.-]+/g, '-')
  if (etag !== undefined) c.header('etag', `"${etag}"`)
  c.header('cache-control', 'private, no-cache')
  if (body === null) return c.body(null, 304)
  c.header('content-type', content_type)
  c.header('content-disposition', `${shown ? 'inline' : 'attachment'}; filename="${safe}"`)
  c.header('x-content-type-options', 'nosniff')
  return c.body(body)
}

function versionOf(data: unknown): number | null {
  if (typeof data !== 'object' || data === null || !('version' in data)) return null
  return typeof data.version === 'number' ? data.version : null
}

/** Problems say what they are; anything else is a 500 that says only where to look. */
export function problemOf(error: Error, c: EdgeContext): Response {
  const requestId = c.get('request_id') ?? crypto.randomUUID()
  if (error instanceof Problem) return problemResponse(withReason(error, c), requestId)
  logFailure('unexpected', requestId, error)
  return problemResponse(new Problem('internal'), requestId)
}

/** R297. Who is not known is told whether there was nothing to know them by, or nothing that is good. */
function withReason(problem: Problem, c: EdgeContext): Problem {
  if (problem.code !== 'unauthorized' || problem.facts.detail !== undefined) return problem
  const sent = c.req.header('authorization') !== undefined || /ts_access=/.test(c.req.header('cookie') ?? '')
  const detail = sent
    ? 'The key or token that was sent is none of ours, was revoked, has expired, or is not for this.'
    : 'No key or token was sent: it goes into Authorization, after Bearer.'
  return new Problem('unauthorized', { ...problem.facts, detail })
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** R297. 404, or 405 with what is allowed where another method has that path. `served` knows what is served. */
export function notFound(served: (method: string, path: string) => boolean): (c: EdgeContext) => Response {
  return (c) => {
    const { method, path } = c.req
    const allowed = methods.filter((one) => served(one, path))
    if (allowed.length === 0)
      return problemResponse(
        new Problem('not_found', { detail: `There is no ${method} ${path}.` }),
        c.get('request_id'),
      )
    const detail = `${path} takes ${allowed.join(', ')}; ${method} it does not.`
    const refused = problemResponse(new Problem('method_not_allowed', { detail }), c.get('request_id'))
    refused.headers.set('allow', allowed.join(', '))
    return refused
  }
}

/** In the log and nowhere else: what went wrong that nobody foresaw. */
export function logFailure(event: string, requestId: string, error: unknown): void {
  const reasons: string[] = []
  for (let one = error; one instanceof Error; one = one.cause) {
    // A failed query's own message carries its parameters, and they carry names and phones.
    reasons.push(one.message.startsWith('Failed query') ? 'Failed query' : `${one.name}: ${one.message.slice(0, 500)}`)
  }
  log('error', event, { request_id: requestId, reasons })
}
