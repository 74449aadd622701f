import { createHmac, randomUUID } from 'node:crypto'
import { sign as signRetell } from 'retell-sdk'
import { Webhook } from 'standardwebhooks'
import { getExpectedBodyHash, getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import type { House, Where } from '../../factories.ts'

/** What each vendor shows itself with at a house; no other house has the same. */
export const secretOf = (house: House, vendor: string): string =>
  vendor === 'openai' ? `whsec_${Buffer.from(`secret of ${house.slug}`).toString('base64')}` : `secret-of-${house.slug}`

export async function letAnswer(house: House, vendor: string, more: Record<string, unknown> = {}): Promise<void> {
  const body = { secret: secretOf(house, vendor), api_key: `api-key-of-${house.slug}`, ...more }
  const answer = await house.call('PUT', `/integrations/voice/${vendor}`, body)
  if (answer.status !== 200) throw new Error(`not set: ${JSON.stringify(answer.body)}`)
}

// What an answer holds is loose on purpose: tests say what they expect of it.
// oxlint-disable-next-line typescript/no-explicit-any
export type Told = Record<string, any>
export type Sent = { status: number; text: string; json: () => Told }
/** A request as it goes out, so that it can be spoilt, kept, or sent again. */
export type Signed = { url: string; headers: Record<string, string>; body: string }

export async function send({ url, headers, body }: Signed): Promise<Sent> {
  const response = await fetch(url, { method: 'POST', headers, body })
  const text = await response.text()
  return { status: response.status, text, json: () => JSON.parse(text) }
}

const json = { 'content-type': 'application/json' }
const urlOf = (where: Where, house: House, vendor: string, rest = ''): string =>
  `${where.origin}/webhooks/voice/${vendor}/${house.slug}${rest}`

export function vapi(where: Where, house: House, message: unknown, at = Date.now()): Signed {
  const body = JSON.stringify({ message })
  const signature = createHmac('sha256', secretOf(house, 'vapi')).update(`${at}.${body}`).digest('hex')
  const headers = { ...json, 'x-timestamp': String(at), 'x-signature': signature }
  return { url: urlOf(where, house, 'vapi'), headers, body }
}

export async function retell(where: Where, house: House, told: unknown): Promise<Signed> {
  const body = JSON.stringify(told)
  const headers = { ...json, 'x-retell-signature': await signRetell(body, secretOf(house, 'retell')) }
  return { url: urlOf(where, house, 'retell'), headers, body }
}

export function elevenLabs(
  where: Where,
  house: House,
  told: unknown,
  rest = '',
  more: Record<string, string> = {},
): Signed {
  const headers = { ...json, 'x-tableside-secret': secretOf(house, 'elevenlabs'), ...more }
  return { url: urlOf(where, house, 'elevenlabs', rest), headers, body: JSON.stringify(told) }
}

/** Signed as `constructEvent` of ElevenLabs' own package has it. */
export function elevenLabsReport(where: Where, house: House, told: unknown, at = Date.now()): Signed {
  const body = JSON.stringify(told)
  const t = Math.floor(at / 1000)
  const v0 = createHmac('sha256', secretOf(house, 'elevenlabs')).update(`${t}.${body}`).digest('hex')
  const headers = { ...json, 'elevenlabs-signature': `t=${t},v0=${v0}` }
  return { url: urlOf(where, house, 'elevenlabs'), headers, body }
}

export function openAi(where: Where, house: House, told: unknown, at = Date.now(), id: string = randomUUID()): Signed {
  const body = JSON.stringify(told)
  const signature = new Webhook(secretOf(house, 'openai')).sign(id, new Date(at), body)
  const timestamp = String(Math.floor(at / 1000))
  const headers = { ...json, 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
  return { url: urlOf(where, house, 'openai'), headers, body }
}

export function twilio(where: Where, house: House, form: Record<string, string>, rest = ''): Signed {
  const url = urlOf(where, house, 'twilio', rest)
  const signature = getExpectedTwilioSignature(secretOf(house, 'twilio'), url, form)
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature }
  return { url, headers, body: new URLSearchParams(form).toString() }
}

export function twilioTool(where: Where, house: House, operation: string, told: unknown): Signed {
  const body = JSON.stringify(told)
  const url = urlOf(where, house, 'twilio', `/${operation}?bodySHA256=${getExpectedBodyHash(body)}`)
  const signature = getExpectedTwilioSignature(secretOf(house, 'twilio'), url, {})
  return { url, headers: { ...json, 'x-twilio-signature': signature }, body }
}

/** The address of the conversation, and what Twilio signs its handshake with. */
export function relayHandshake(where: Where, house: House): { url: string; headers: Record<string, string> } {
  const url = `${where.origin.replace('http', 'ws')}/voice/relay/${house.slug}`
  return { url, headers: { 'x-twilio-signature': getExpectedTwilioSignature(secretOf(house, 'twilio'), url, {}) } }
}
