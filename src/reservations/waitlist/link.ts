import type { Secrets } from '../../platform/ctx.ts'

const idBytes = 16

/**
 * Where a guest follows its place and answers an offer: `{restaurant and entry, 32 bytes}.{HMAC-SHA256}`. The same for
 * the same entry, so that whoever sends messages makes it when it is needed and nobody keeps it.
 */
export async function waitlistUrl(
  secrets: Pick<Secrets, 'public_origin' | 'token_secret'>,
  entry: { restaurant_id: string; id: string },
): Promise<string> {
  const claim = toBase64url(bytesOf(`${entry.restaurant_id}${entry.id}`))
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secrets.token_secret), asSigned(claim))
  return `${secrets.public_origin.replace(/\/$/, '')}/w/${claim}.${toBase64url(new Uint8Array(mac))}`
}

/** Null for anything but a token of ours; compared in constant time, and nothing believed before. */
export async function readWaitlistToken(
  secret: string,
  token: string,
): Promise<{ restaurant_id: string; entry_id: string } | null> {
  const [, claim = '', mac = ''] = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? []
  if (claim === '') return null
  const genuine = await crypto.subtle.verify('HMAC', await keyOf(secret), fromBase64url(mac), asSigned(claim))
  if (!genuine) return null
  const bytes = fromBase64url(claim)
  return { restaurant_id: uuidOf(bytes.subarray(0, idBytes)), entry_id: uuidOf(bytes.subarray(idBytes, 2 * idBytes)) }
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

/** Said of every text that is signed here, so that no signature made for something else is one of a place in the queue. */
function asSigned(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`tableside-waitlist:${text}`))
}

function bytesOf(ids: string): Uint8Array {
  const hex = ids.replaceAll('-', '')
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
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

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
}
