import { looksLikeCallToken, readCallToken } from '../access/call-token.ts'
import { houseCaller } from '../access/caller.ts'
import { allows } from '../access/rules.ts'
import type { Ctx } from '../platform/ctx.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { callRatePerMinute } from '../platform/serve.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import { Door } from './call-schema.ts'
import { loadCall } from './calls.ts'
import type { CallCtx } from './operation.ts'

export type Limit = (name: string, per_minute: number) => Promise<unknown>

/** Names the call that a key speaks in; with a call's token it is known. */
export const callHeader = 'x-tableside-call'

/**
 * R255. Who speaks through MCP, and for which house: a key with `agents:read`, somebody signed in by their token, or a
 * call by its own. Never a cookie: a page of another's could make a browser send it. Throws `unauthorized`, `forbidden`,
 * `bad_origin`, `not_found` for a call that is not the house's, and what `limit` throws.
 */
export async function mcpCaller(ctx: Ctx, headers: Headers, limit: Limit): Promise<CallCtx> {
  const origin = headers.get('origin')
  if (origin !== null && origin !== new URL(ctx.secrets.public_origin).origin) throw new Problem('bad_origin')
  const authorization = headers.get('authorization')
  if (authorization === null) throw new Problem('unauthorized')
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  if (token !== undefined && looksLikeCallToken(token)) return inItsCall(ctx, token, headers, limit)

  const caller = await houseCaller(ctx, headers, authorization, true)
  await limit(caller.limit.name, caller.limit.per_minute)
  if (caller.restaurant_id === null) throw new Problem('forbidden', { detail: 'This is for the key of a restaurant.' })
  if (!allows(caller.scopes, 'agents:read'))
    throw new Problem('forbidden', { detail: 'This needs the scope agents:read.' })
  const restaurant = await loadRestaurant(ctx, caller.restaurant_id)
  const house: TenantCtx = { ...ctx, actor: caller.actor, restaurant }
  const id = headers.get(callHeader)
  if (id === null)
    return { ...house, call: { id, door: 'mcp', caller_phone: null, locale: restaurant.languages[0] ?? 'en' } }
  if (!/^[0-9a-f-]{36}$/i.test(id)) throw noSuchCall()
  return { ...house, call: await loadCall(house, id.toLowerCase()) }
}

async function inItsCall(ctx: Ctx, token: string, headers: Headers, limit: Limit): Promise<CallCtx> {
  const claims = await readCallToken(ctx.secrets.token_secret, token, ctx.now)
  if (!claims) throw new Problem('unauthorized')
  const { call_id: id, door, caller_phone, locale } = claims
  await limit(`call:${id}`, callRatePerMinute)
  if ((headers.get(callHeader) ?? id).toLowerCase() !== id) throw noSuchCall()
  const restaurant = await loadRestaurant(ctx, claims.restaurant_id)
  return { ...ctx, actor: { kind: 'call', id }, restaurant, call: { id, door: Door.parse(door), caller_phone, locale } }
}

const noSuchCall = (): Problem => new Problem('not_found', { detail: 'There is no such call.' })
