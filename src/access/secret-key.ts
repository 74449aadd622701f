const made = new Map<string, Promise<CryptoKey>>()

/** HMAC-SHA256 keys out of one secret, a different one for each use: what one of them signs is nothing to another. */
export function labelledKey(secret: string, label: string): Promise<CryptoKey> {
  const name = `${label}:${secret}`
  const known = made.get(name)
  if (known) return known
  const key = derive(secret, label)
  made.set(name, key)
  return key
}

async function derive(secret: string, label: string): Promise<CryptoKey> {
  const bytes = new TextEncoder()
  const hkdf = await crypto.subtle.importKey('raw', bytes.encode(secret), 'HKDF', false, ['deriveKey'])
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: bytes.encode(`tableside ${label}`) }
  return crypto.subtle.deriveKey(how, hkdf, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign', 'verify'])
}

/** The same text and key give the same 43 characters of base64url. */
export async function macOf(secret: string, label: string, text: string): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', await labelledKey(secret, label), new TextEncoder().encode(text))
  return base64url(new Uint8Array(mac))
}

/** Compares in constant time. */
export async function isMac(secret: string, label: string, text: string, mac: string): Promise<boolean> {
  const wanted = await macOf(secret, label, text)
  if (wanted.length !== mac.length) return false
  let difference = 0
  for (let i = 0; i < wanted.length; i++) difference |= wanted.charCodeAt(i) ^ mac.charCodeAt(i)
  return difference === 0
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** 32 random bytes, as 43 characters that fit in a URL. */
export function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)))
}
