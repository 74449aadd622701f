import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import { Id } from '../platform/text.ts'

/** As long as no call lasts. */
export const callTokenSeconds = 2 * 3600
const issuer = 'tableside'
const audience = 'call'
const typ = 'call+jwt'

const Claims = z.object({
  sub: Id,
  restaurant_id: Id,
  door: z.string(),
  caller_phone: z.string().nullable(),
  locale: z.string(),
})
/** The call that a token is good for. What its caller was recognised as is not in it: the call's record says that. */
export type CallClaims = {
  call_id: string
  restaurant_id: string
  door: string
  caller_phone: string | null
  locale: string
}

/** R226. For one call of one restaurant, and for nothing but the operations in it. `at` in milliseconds. */
export function signCallToken(secret: string, call: CallClaims, at: number): Promise<string> {
  const { call_id, ...rest } = call
  const issued = Math.floor(at / 1000)
  return new SignJWT(rest)
    .setProtectedHeader({ alg: 'HS256', typ })
    .setSubject(call_id)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(issued)
    .setExpirationTime(issued + callTokenSeconds)
    .sign(new TextEncoder().encode(secret))
}

/** Null for anything but an unexpired token of ours for a call. `now` in milliseconds. */
export async function readCallToken(secret: string, token: string, now: number): Promise<CallClaims | null> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      issuer,
      audience,
      typ,
      currentDate: new Date(now),
      requiredClaims: ['sub', 'exp'],
    })
    const claims = Claims.safeParse(payload)
    if (!claims.success) return null
    const { sub, ...rest } = claims.data
    return { ...rest, call_id: sub }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null
    throw error
  }
}

/** Whether a token says of itself that it is one for a call; only its signature shows whether it is. */
export function looksLikeCallToken(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === typ
  } catch {
    return false
  }
}
