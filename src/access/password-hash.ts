import { base64url, labelledKey } from './secret-key.ts'

/** The most that Workers do in one derivation. To ask for more, raise `version` and derive again from what came out. */
const iterations = 100_000
const version = 'v1'

/** What nobody's password is kept as: comparing with it costs what comparing with a real one does. */
export const nobodysHash = `${version}$${iterations}$AAAAAAAAAAAAAAAAAAAAAA$${'A'.repeat(43)}`

/**
 * R90. PBKDF2-SHA256 under a salt of its own, of the password keyed with SEALING_KEY, as what else is kept: who has only
 * the database has nothing to guess against. `v1${iterations}${salt}${hash}`, so that it can be made stronger.
 */
export async function hashPassword(secret: string, password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  return `${version}$${iterations}$${base64url(salt)}$${await derive(secret, password, salt, iterations)}`
}

/** Compares in constant time. `stale`: kept in a weaker way than is usual now. */
export async function isPassword(
  secret: string,
  password: string,
  kept: string,
): Promise<{ right: boolean; stale: boolean }> {
  const [form, rounds = '', salt = '', hash = ''] = kept.split('$')
  if (form !== version) return { right: false, stale: true }
  const derived = await derive(secret, password, fromBase64url(salt), Number(rounds))
  let difference = derived.length ^ hash.length
  for (let i = 0; i < derived.length; i++) difference |= derived.charCodeAt(i) ^ hash.charCodeAt(i)
  return { right: difference === 0, stale: Number(rounds) !== iterations }
}

async function derive(
  secret: string,
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  rounds: number,
): Promise<string> {
  const typed = new TextEncoder().encode(password.normalize('NFKC'))
  const keyed = await crypto.subtle.sign('HMAC', await labelledKey(secret, 'staff password'), typed)
  const key = await crypto.subtle.importKey('raw', keyed, 'PBKDF2', false, ['deriveBits'])
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }
  return base64url(new Uint8Array(await crypto.subtle.deriveBits(how, key, 256)))
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
}
