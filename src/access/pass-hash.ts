/** A pass that is read aloud and typed on a phone, as it is kept: salt and hash in hex. */
export type PassHash = { salt: string; hash: string; iterations: number }

const iterations = 10_000

/** As it is compared: people type it as they heard it. */
export function plainPass(pass: string): string {
  return pass.normalize('NFKC').toUpperCase().replace(/[\s-]/g, '')
}

/**
 * PBKDF2-SHA256 under a salt of its own, of the pass keyed with a secret of the deployment: six letters are soon
 * guessed by who has only the database, but not without the secret.
 */
export async function hashPass(secret: string, pass: string): Promise<PassHash> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  return { salt: toHex(salt), hash: toHex(await derive(secret, pass, salt, iterations)), iterations }
}

/** Compares in constant time. */
export async function isPass(secret: string, pass: string, kept: PassHash): Promise<boolean> {
  const derived = await derive(secret, pass, fromHex(kept.salt), kept.iterations)
  const wanted = fromHex(kept.hash)
  let difference = derived.length ^ wanted.length
  for (const [i, byte] of derived.entries()) difference |= byte ^ (wanted[i] ?? 0)
  return difference === 0
}

async function derive(
  secret: string,
  pass: string,
  salt: Uint8Array<ArrayBuffer>,
  rounds: number,
): Promise<Uint8Array> {
  const bytes = new TextEncoder()
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const pepper = await crypto.subtle.importKey('raw', bytes.encode(`daily_pass:${secret}`), hmac, false, ['sign'])
  const keyed = await crypto.subtle.sign('HMAC', pepper, bytes.encode(plainPass(pass)))
  const key = await crypto.subtle.importKey('raw', keyed, 'PBKDF2', false, ['deriveBits'])
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256))
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
