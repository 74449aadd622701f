import { canonicalJson } from '../platform/ids.ts'

/** What a token stands for: a hold or a reservation, and the version of it that was read back. */
export type Subject = { id: string; version: number }
type Bound = { restaurant_id: string; call_id: string | null; operation: string; fields: Record<string, unknown> }

const macBytes = 16

/**
 * A token for exactly what was read back: HMAC-SHA256 over restaurant, call, operation, every field, subject, version
 * and end. 54 characters, for a model has to say it again letter by letter. `expires_at` in milliseconds.
 */
export async function signCommit(secret: string, bound: Bound, subject: Subject, expires_at: number): Promise<string> {
  const head = headOf(subject, Math.floor(expires_at / 1000))
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secret), saidBy(head, bound))
  return base64url(new Uint8Array([...head, ...new Uint8Array(mac).slice(0, macBytes)]))
}

/** `other`: none of ours, or for another call, operation or other fields; nobody is told which. `now` in milliseconds. */
export async function readCommit(
  secret: string,
  bound: Bound,
  token: string,
  now: number,
): Promise<{ kind: 'good'; subject: Subject } | { kind: 'expired' | 'other' }> {
  const bytes = fromBase64url(token.trim())
  if (bytes?.length !== 24 + macBytes) return { kind: 'other' }
  const head = bytes.slice(0, 24)
  const whole = new Uint8Array(await crypto.subtle.sign('HMAC', await keyOf(secret), saidBy(head, bound)))
  let differs = 0
  for (let i = 0; i < macBytes; i++) differs |= (whole[i] ?? 0) ^ (bytes[24 + i] ?? 0)
  if (differs !== 0) return { kind: 'other' }
  const view = new DataView(head.buffer, head.byteOffset, 24)
  if (view.getUint32(0) * 1000 <= now) return { kind: 'expired' }
  return { kind: 'good', subject: { id: uuidOf(head.slice(8)), version: view.getUint32(4) } }
}

function headOf(subject: Subject, expires: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(24)
  const view = new DataView(head.buffer)
  view.setUint32(0, expires)
  view.setUint32(4, subject.version)
  const hex = subject.id.replaceAll('-', '')
  for (let i = 0; i < 16; i++) head[8 + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return head
}

function uuidOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function saidBy(head: Uint8Array, bound: Bound): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`${base64url(head)}.${canonicalJson(bound)}`))
}

const keys = new Map<string, Promise<CryptoKey>>()

/** A key of its own, so that nothing else that is signed with the same secret can be taken for a commit. */
function keyOf(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret)
  if (known) return known
  const bytes = new TextEncoder().encode(`tableside commit token ${secret}`)
  const made = crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  keys.set(secret, made)
  return made
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]{1,200}$/.test(text)) return null
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  } catch {
    return null
  }
}
