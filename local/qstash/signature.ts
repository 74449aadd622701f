import { createHash, createHmac, randomUUID } from 'node:crypto'

/** How a delivery is signed: as always, with the key that comes next, with a key nobody has, or too long ago. */
export type Signing = 'current' | 'next' | 'wrong' | 'expired'
export type SigningKeys = { current: string; next: string }

/**
 * The `Upstash-Signature` of a delivery: a JWT whose subject is the destination exactly as it was published.
 * `now` is the receiver's real time in milliseconds, whatever the local clock has been advanced to.
 */
export function sign(keys: SigningKeys, signing: Signing, url: string, body: Buffer, now: number): string {
  const issued = Math.floor(now / 1000) - (signing === 'expired' ? 3600 : 0)
  const head = encode({ alg: 'HS256', typ: 'JWT' })
  const claims = encode({
    iss: 'Upstash',
    sub: url,
    exp: issued + 300,
    nbf: issued,
    iat: issued,
    jti: `jwt_${randomUUID().replaceAll('-', '')}`,
    body: createHash('sha256').update(body).digest('base64url'),
  })
  const key = signing === 'next' ? keys.next : signing === 'wrong' ? 'sig_nobodys_key' : keys.current
  return `${head}.${claims}.${createHmac('sha256', key).update(`${head}.${claims}`).digest('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
