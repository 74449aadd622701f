import { errors, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import type { Ctx } from '../platform/ctx.ts'
import { log } from '../platform/log.ts'
import type { RedisStore } from '../platform/redis.ts'
import { Id } from '../platform/text.ts'

const lifeSeconds = 12 * 3600
const issuer = 'tableside'
const audience = 'table'

const Claims = z.object({
  sub: Id,
  session_id: Id,
  restaurant_id: Id,
  table_id: Id,
  jti: Id,
  exp: z.int(),
})
/** Who a phone at a table is. */
export type MemberClaims = {
  member_id: string
  session_id: string
  restaurant_id: string
  table_id: string
  jti: string
  expires_at: number
}

/** The token of a member: the same for the same member and the same moment (milliseconds), so that a repeat gets it again. */
export function signMemberToken(secret: string, member: Omit<MemberClaims, 'expires_at'>, at: number): Promise<string> {
  const { member_id, session_id, restaurant_id, table_id, jti } = member
  const issued = Math.floor(at / 1000)
  return new SignJWT({ session_id, restaurant_id, table_id })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(member_id)
    .setIssuer(issuer)
    .setAudience(audience)
    .setJti(jti)
    .setIssuedAt(issued)
    .setExpirationTime(issued + lifeSeconds)
    .sign(new TextEncoder().encode(secret))
}

/** Null for anything but an unexpired token of ours, whatever is wrong with it. `now` in milliseconds. */
export async function readMemberToken(secret: string, token: string, now: number): Promise<MemberClaims | null> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      issuer,
      audience,
      typ: 'JWT',
      currentDate: new Date(now),
      requiredClaims: ['sub', 'jti', 'exp'],
    })
    const claims = Claims.safeParse(payload)
    if (!claims.success) return null
    const { sub, exp, ...rest } = claims.data
    return { ...rest, member_id: sub, expires_at: exp * 1000 }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null
    throw error
  }
}

/** `Authorization: Bearer eyJ…`, or the subprotocol `bearer.eyJ…` of a browser's socket; null where there is none. */
export function memberTokenIn(authorization: string | undefined, subprotocols: string | undefined): string | null {
  const header = /^Bearer +(ey[\w-]+\.[\w-]+\.[\w-]*)$/i.exec(authorization ?? '')
  if (header?.[1]) return header[1]
  const offered = (subprotocols ?? '').split(',').map((one) => one.trim())
  return offered.find((one) => one.startsWith('bearer.'))?.slice('bearer.'.length) ?? null
}

/**
 * Whether the token was taken back. With Redis out of reach it was not: the table's object and Postgres know which
 * sessions are over and who was sent away, and are asked next.
 */
export async function isRevoked(redis: Pick<RedisStore, 'exists'>, jti: string, requestId: string): Promise<boolean> {
  try {
    return (await redis.exists(`revoked:${jti}`)) > 0
  } catch (error) {
    log('warn', 'revocations_unavailable', { request_id: requestId, reason: String(error) })
    return false
  }
}

/** Takes tokens back, for as long as any of them could still be valid. */
export async function revokeTokens(ctx: Pick<Ctx, 'redis' | 'request_id'>, jtis: readonly string[]): Promise<void> {
  if (jtis.length === 0) return
  const pipeline = ctx.redis.pipeline()
  for (const jti of jtis) pipeline.set(`revoked:${jti}`, 1, { ex: lifeSeconds })
  try {
    await pipeline.exec()
  } catch (error) {
    log('warn', 'revocations_unavailable', { request_id: ctx.request_id, reason: String(error) })
  }
}
