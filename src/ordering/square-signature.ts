/**
 * Whether a webhook is Square's: `x-square-hmacsha256-signature` is the HMAC-SHA256, in base64, over the address that it
 * was subscribed with and the raw body. Compares in constant time.
 */
export async function isSquares(
  key: string,
  address: string,
  body: string,
  signature: string | null,
): Promise<boolean> {
  const given = signature === null ? null : bytesOf(signature)
  if (!given) return false
  const text = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', text.encode(key), algorithm, false, ['verify'])
  return crypto.subtle.verify('HMAC', imported, given, text.encode(address + body))
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  } catch {
    return null
  }
}
