import type { Actor, Ctx } from '../platform/ctx.ts'
import { Problem } from '../platform/problem.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { authenticate } from './authenticate.ts'
import { isFromOurPages, readCookie } from './cookies.ts'
import { refuseRevoked } from './revocations.ts'
import { roleScopes } from './rules.ts'
import type { Scope } from './schema.ts'
import { looksLikeStaffToken, readStaffToken, type StaffClaims } from './staff-token.ts'

/** Who speaks for a house: by its key, or signed in. `restaurant_id` is null for a platform operator. */
export type HouseCaller = {
  actor: Extract<Actor, { kind: 'key' | 'staff' }>
  restaurant_id: string | null
  scopes: readonly Scope[]
  /** So many requests a minute under this name. */
  limit: { name: string; per_minute: number }
  /** Null for a key. */
  staff: StaffClaims | null
}

const staffPerMinute = 1200

/**
 * Who sent this: a key or a staff token in `authorization`, else the cookie of who signed in. Throws `unauthorized`, or
 * `bad_origin` where another's page may have made the browser send the cookie: asked of `writes` only.
 */
export async function houseCaller(
  ctx: Ctx,
  headers: Headers,
  authorization: string | undefined,
  writes: boolean,
): Promise<HouseCaller> {
  if (authorization !== undefined) {
    const token = /^Bearer +(ey[\w-]+\.[\w-]+\.[\w-]*)$/i.exec(authorization)?.[1]
    return token !== undefined && looksLikeStaffToken(token) ? byToken(ctx, token) : byKey(ctx, authorization)
  }
  const cookie = readCookie(headers, 'access', ctx.secrets)
  if (cookie === null) throw new Problem('unauthorized')
  if (writes && !isFromOurPages(headers, ctx.secrets.public_origin)) throw new Problem('bad_origin')
  return byToken(ctx, cookie)
}

async function byToken(ctx: Ctx, token: string): Promise<HouseCaller> {
  const staff = await readStaffToken(ctx.secrets.token_secret, token, ctx.now)
  if (!staff) throw new Problem('unauthorized')
  await refuseRevoked(ctx, staff.restaurant_id, staff.jti)
  const { staff_id: id, name, role, restaurant_id } = staff
  const limit = { name: `staff:${id}`, per_minute: staffPerMinute }
  return { actor: { kind: 'staff', id, name, role }, restaurant_id, scopes: roleScopes[role], limit, staff }
}

async function byKey(ctx: Ctx, authorization: string): Promise<HouseCaller> {
  const { now, request_id } = ctx
  const key = await authenticate(ctx.db, authorization, { now, request_id, local: ctx.secrets.local })
  const { id, name, scopes, restaurant_id } = key
  const limit = { name: id, per_minute: key.rate_per_minute }
  return { actor: { kind: 'key', id, name, scopes }, restaurant_id, scopes, limit, staff: null }
}

/** Who opened a socket for a house. After `expires_at` (milliseconds) they must show themselves again; null: a key. */
export type SocketCaller = Omit<HouseCaller, 'restaurant_id' | 'limit'> & {
  restaurant: Restaurant
  expires_at: number | null
}

/**
 * Whose socket this is, at its handshake: a key or a staff token in `Authorization` or as subprotocol `bearer.{token}`,
 * else the cookie, then only from our own pages: a browser lets any page open a socket. Throws `unauthorized`,
 * `bad_origin`, `forbidden` for a platform operator, and what `limit` throws.
 */
export async function staffOrKey(
  ctx: Ctx,
  request: Request,
  limit: (name: string, per_minute: number) => Promise<unknown>,
): Promise<SocketCaller> {
  const { headers } = request
  const offered = (headers.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim())
  const bearer = offered.find((one) => one.startsWith('bearer.'))
  const authorization = headers.get('authorization') ?? (bearer && `Bearer ${bearer.slice('bearer.'.length)}`)
  const caller = await houseCaller(ctx, headers, authorization, true)
  await limit(caller.limit.name, caller.limit.per_minute)
  const { actor, restaurant_id, scopes, staff } = caller
  if (restaurant_id === null) throw new Problem('forbidden')
  const restaurant = await loadRestaurant(ctx, restaurant_id)
  return { actor, scopes, staff, restaurant, expires_at: staff?.expires_at ?? null }
}
