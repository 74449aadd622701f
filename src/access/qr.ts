import * as z from 'zod'
import { Problem } from '../platform/problem.ts'

/** The keys that stickers are signed with: the current one signs, every listed one is believed. */
export const QrKeys = z
  .strictObject({
    current: z.string(),
    keys: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,32}$/), z.string().min(16)),
  })
  .refine(({ current, keys }) => Object.hasOwn(keys, current), 'the current key is not among the keys')
export type QrKeys = z.infer<typeof QrKeys>

/** `expires_at` in milliseconds; null: for as long as its key is listed. */
export type QrClaim = { restaurant_id: string; table_id: string; expires_at: number | null }
export type QrVerdict =
  | { ok: true; claim: QrClaim }
  | { ok: false; why: 'malformed' | 'unknown_key' | 'bad_signature' | 'expired' }

const idBytes = 16

/**
 * What a sticker says: `{key id}.{restaurant, table and expiry, 32 or 40 bytes}.{HMAC-SHA256 of both}`. The same table
 * under the same key and expiry gives the same token, so that a sticker can be printed again.
 */
export async function signQr(
  keys: QrKeys,
  claim: { restaurant_id: string; table_id: string; expires_at?: number | null },
): Promise<string> {
  const signed = `${keys.current}.${toBase64url(writeClaim(claim))}`
  const mac = await crypto.subtle.sign('HMAC', await keyOf(keys.keys[keys.current] ?? ''), asSigned(signed))
  return `${signed}.${toBase64url(new Uint8Array(mac))}`
}

/** Nothing in a token is believed before its signature was compared, in constant time. `now` in milliseconds. */
export async function verifyQr(keys: QrKeys, token: string, now: number): Promise<QrVerdict> {
  const [, kid = '', body = '', mac = ''] =
    /^([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{54})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? []
  const signature = fromBase64url(mac)
  if (kid === '' || signature === null) return { ok: false, why: 'malformed' }
  const secret = Object.hasOwn(keys.keys, kid) ? keys.keys[kid] : undefined
  if (secret === undefined) return { ok: false, why: 'unknown_key' }
  const genuine = await crypto.subtle.verify('HMAC', await keyOf(secret), signature, asSigned(`${kid}.${body}`))
  const claim = genuine ? readClaim(fromBase64url(body)) : null
  if (!claim) return { ok: false, why: 'bad_signature' }
  if (claim.expires_at !== null && claim.expires_at <= now) return { ok: false, why: 'expired' }
  return { ok: true, claim }
}

/** As `verifyQr`; throws `invalid_qr` or `expired_qr`, and does not say to a forger what was wrong. */
export async function claimOfQr(keys: QrKeys, token: string, now: number): Promise<QrClaim> {
  const verdict = await verifyQr(keys, token, now)
  if (verdict.ok) return verdict.claim
  throw new Problem(verdict.why === 'expired' ? 'expired_qr' : 'invalid_qr')
}

/** Where a phone's camera goes. */
export function qrUrl(publicOrigin: string, token: string): string {
  return `${publicOrigin.replace(/\/$/, '')}/t/${token}`
}

const imported = new Map<string, Promise<CryptoKey>>()

function keyOf(secret: string): Promise<CryptoKey> {
  const known = imported.get(secret)
  if (known) return known
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = crypto.subtle.importKey('raw', new TextEncoder().encode(secret), algorithm, false, ['sign', 'verify'])
  imported.set(secret, key)
  return key
}

/** Said of every text that is signed here, so that no signature made for something else is one of a sticker. */
function asSigned(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`tableside-qr:${text}`))
}

function writeClaim(claim: { restaurant_id: string; table_id: string; expires_at?: number | null }): Uint8Array {
  const { restaurant_id, table_id, expires_at = null } = claim
  const ids = `${restaurant_id}${table_id}`.replaceAll('-', '')
  const bytes = new Uint8Array(2 * idBytes + (expires_at === null ? 0 : 8))
  for (let i = 0; i < 2 * idBytes; i++) bytes[i] = Number.parseInt(ids.slice(2 * i, 2 * i + 2), 16)
  if (expires_at !== null) new DataView(bytes.buffer).setBigUint64(2 * idBytes, BigInt(expires_at))
  return bytes
}

function readClaim(bytes: Uint8Array<ArrayBuffer> | null): QrClaim | null {
  if (!bytes) return null
  const expires = bytes.length > 2 * idBytes
  return {
    restaurant_id: uuidOf(bytes.subarray(0, idBytes)),
    table_id: uuidOf(bytes.subarray(idBytes, 2 * idBytes)),
    expires_at: expires ? Number(new DataView(bytes.buffer).getBigUint64(2 * idBytes)) : null,
  }
}

function uuidOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** Null where the text is not what `toBase64url` writes: of several spellings of the same bytes, one is a token. */
function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (text === '' || text.length % 4 === 1) return null
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  return toBase64url(bytes) === text ? bytes : null
}
