/** The three headers of a Standard Webhook. */
export type WebhookHeaders = { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string }

const toleranceSeconds = 300

/** Signs a body; `at` is in milliseconds. The secret is base64 after `whsec_`, else the text itself. */
export async function signWebhook(secret: string, id: string, at: number, body: string): Promise<WebhookHeaders> {
  const timestamp = String(Math.floor(at / 1000))
  const signature = await crypto.subtle.sign('HMAC', await keyOf(secret), signedBytes(id, timestamp, body))
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`,
  }
}

/**
 * Whether one of the signatures of a raw body is the secret's, and was made within five minutes of `now`
 * (milliseconds). Compares in constant time. Several signatures are several secrets during a rotation.
 */
export async function verifyWebhook(secret: string, headers: Headers, body: string, now: number): Promise<boolean> {
  const [id, timestamp, given] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((one) => headers.get(one))
  if (!id || !timestamp || !given || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) return false
  const key = await keyOf(secret)
  const signed = signedBytes(id, timestamp, body)
  const signatures = given.split(' ').flatMap((one) => (one.startsWith('v1,') ? (bytesOf(one.slice(3)) ?? []) : []))
  const verdicts = await Promise.all(signatures.map((one) => crypto.subtle.verify('HMAC', key, one, signed)))
  return verdicts.includes(true)
}

function signedBytes(id: string, timestamp: string, body: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`${id}.${timestamp}.${body}`))
}

function keyOf(secret: string): Promise<CryptoKey> {
  const decoded = secret.startsWith('whsec_') ? bytesOf(secret.slice('whsec_'.length)) : null
  const bytes = decoded ?? Uint8Array.from(new TextEncoder().encode(secret))
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  } catch {
    return null
  }
}
