import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export type WebhookHeaders = { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string }
export type Verdict = 'verified' | 'invalid' | 'missing'

const toleranceSeconds = 300

/** The bytes of a secret: base64 after `whsec_`, else the text itself. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
}

function signatureOf(secret: string, id: string, timestamp: string, body: string | Buffer): string {
  return `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64')}`
}

/** The three headers of a Standard Webhook; `timestamp` is in whole seconds. */
export function signWebhook(secret: string, id: string, timestamp: number, body: string | Buffer): WebhookHeaders {
  const text = String(timestamp)
  return {
    'webhook-id': id,
    'webhook-timestamp': text,
    'webhook-signature': signatureOf(secret, id, text, body),
  }
}

/** Whether a body was signed with the secret within five minutes of `now` (milliseconds). */
export function verifyWebhook(secret: string, headers: IncomingHttpHeaders, body: Buffer, now: number): Verdict {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
  const [id, timestamp, given] = names.map((name) => headers[name]?.toString())
  if (!id || !timestamp || !given) return 'missing'
  const age = Math.abs(now / 1000 - Number(timestamp))
  if (!(age <= toleranceSeconds)) return 'invalid'
  const wanted = Buffer.from(signatureOf(secret, id, timestamp, body))
  const matches = given.split(' ').map((one) => Buffer.from(one))
  return matches.some((one) => one.length === wanted.length && timingSafeEqual(one, wanted)) ? 'verified' : 'invalid'
}
