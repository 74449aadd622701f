import { errors, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import { labelledKey } from '../../access/secret-key.ts'
import type { Secrets } from '../../platform/ctx.ts'
import { Id } from '../../platform/text.ts'

const issuer = 'tableside'
const audience = 'manage'
const Claims = z.object({ sub: Id, rid: Id })

/**
 * The link by which a guest sees, changes and cancels one reservation. The same reservation has the same link for ever:
 * it says nothing of when the visit is, so that it still works after the visit was moved. When it ends, `manage` decides.
 */
export async function manageUrl(
  secrets: Pick<Secrets, 'token_secret' | 'public_origin'>,
  reservation: { id: string; restaurant_id: string },
): Promise<string> {
  return `${secrets.public_origin.replace(/\/$/, '')}/r/${await signManageToken(secrets.token_secret, reservation)}`
}

export async function signManageToken(
  secret: string,
  reservation: { id: string; restaurant_id: string },
): Promise<string> {
  return new SignJWT({ rid: reservation.restaurant_id })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(reservation.id)
    .setIssuer(issuer)
    .setAudience(audience)
    .sign(await labelledKey(secret, audience))
}

/** Null for anything but a token of ours for this use, whatever is wrong with it. */
export async function readManageToken(
  secret: string,
  token: string,
): Promise<{ reservation_id: string; restaurant_id: string } | null> {
  try {
    const { payload } = await jwtVerify(token, await labelledKey(secret, audience), {
      algorithms: ['HS256'],
      issuer,
      audience,
      requiredClaims: ['sub'],
    })
    const claims = Claims.safeParse(payload)
    return claims.success ? { reservation_id: claims.data.sub, restaurant_id: claims.data.rid } : null
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null
    throw error
  }
}
