import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import { Id } from '../platform/text.ts'
import { Role } from './schema.ts'
import { labelledKey } from './secret-key.ts'

export const accessSeconds = 15 * 60
const issuer = 'tableside'
const audience = 'staff'
/** Not that of a member's token: which of the two a token is to be read as is said in its header. */
const typ = 'at+jwt'

const Claims = z.object({
  sub: Id,
  sid: Id,
  restaurant_id: Id,
  name: z.string(),
  role: Role,
  jti: Id,
  exp: z.int(),
})
/** Who of which house this is, and in which session they signed in. `expires_at` in milliseconds. */
export type StaffClaims = {
  staff_id: string
  session_id: string
  restaurant_id: string
  name: string
  role: Role
  jti: string
  expires_at: number
}

/** Good for fifteen minutes from `at` (milliseconds). */
export async function signStaffToken(
  secret: string,
  { staff_id, session_id, restaurant_id, name, role, jti }: Omit<StaffClaims, 'expires_at'>,
  at: number,
): Promise<string> {
  const issued = Math.floor(at / 1000)
  return new SignJWT({ sid: session_id, restaurant_id, name, role })
    .setProtectedHeader({ alg: 'HS256', typ })
    .setSubject(staff_id)
    .setIssuer(issuer)
    .setAudience(audience)
    .setJti(jti)
    .setIssuedAt(issued)
    .setExpirationTime(issued + accessSeconds)
    .sign(await labelledKey(secret, 'staff access token'))
}

/** Null for anything but an unexpired token of ours, whatever is wrong with it. `now` in milliseconds. */
export async function readStaffToken(secret: string, token: string, now: number): Promise<StaffClaims | null> {
  try {
    const { payload } = await jwtVerify(token, await labelledKey(secret, 'staff access token'), {
      algorithms: ['HS256'],
      issuer,
      audience,
      typ,
      currentDate: new Date(now),
      requiredClaims: ['sub', 'jti', 'exp', 'iat'],
    })
    const claims = Claims.safeParse(payload)
    if (!claims.success) return null
    const { sub, sid, exp, ...rest } = claims.data
    return { ...rest, staff_id: sub, session_id: sid, expires_at: exp * 1000 }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null
    throw error
  }
}

/** Whether a token says of itself that it is one of staff; only its signature shows whether it is. */
export function looksLikeStaffToken(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === typ
  } catch {
    return false
  }
}
