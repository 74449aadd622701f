import * as z from 'zod'
import { askProvider, type ProviderAnswer } from './provider.ts'

/** Where texts go out: Twilio's REST API, or a stand-in that speaks it. */
export type SmsSettings = { url: string; account: string; token: string; from: string }
export type Sms = { to: string; text: string }

/** Sends one text. Twilio knows no idempotency key: see `findSms`. */
export async function trySms(settings: SmsSettings, { to, text }: Sms): Promise<ProviderAnswer> {
  const sender = settings.from.startsWith('MG') ? { MessagingServiceSid: settings.from } : { From: settings.from }
  const body = new URLSearchParams({ To: to, Body: text, ...sender })
  return askProvider('sid', () => ({
    url: messagesUrl(settings),
    init: { method: 'POST', headers: { authorization: basic(settings) }, body },
  }))
}

const Listed = z.object({
  messages: z.array(z.object({ sid: z.string(), body: z.string(), date_created: z.string() })),
})

/**
 * The id of that very text, where it went to that number since then (milliseconds): asked before a text is sent again of
 * which nobody knows what became. Throws where the provider does not say within five seconds.
 */
export async function findSms(settings: SmsSettings, { to, text }: Sms, since: number): Promise<string | null> {
  const day = new Date(since - 60_000).toISOString().slice(0, 10)
  const query = new URLSearchParams({ To: to, 'DateSent>': day, PageSize: '50' })
  const response = await fetch(`${messagesUrl(settings)}?${query.toString()}`, {
    headers: { authorization: basic(settings) },
    signal: AbortSignal.timeout(5_000),
  })
  if (!response.ok) throw new Error(`the provider of texts answered ${response.status}`)
  const { messages } = Listed.parse(await response.json())
  // Its clock has seconds, and may differ from ours by some.
  const found = messages.find((one) => one.body === text && Date.parse(one.date_created) >= since - 60_000)
  return found?.sid ?? null
}

function messagesUrl({ url, account }: SmsSettings): string {
  return `${url}/2010-04-01/Accounts/${account}/Messages.json`
}

function basic({ account, token }: SmsSettings): string {
  return `Basic ${btoa(`${account}:${token}`)}`
}

/** Whether Twilio signed this form for that address: HMAC-SHA1 over the URL and its sorted fields. Constant time. */
export async function isFromTwilio(
  token: string,
  url: string,
  form: URLSearchParams,
  signature: string,
): Promise<boolean> {
  const names = [...new Set(form.keys())].toSorted()
  const fields = names.flatMap((name) => [...new Set(form.getAll(name))].toSorted().map((value) => `${name}${value}`))
  const bytes = new TextEncoder()
  const how = { name: 'HMAC', hash: 'SHA-1' }
  const key = await crypto.subtle.importKey('raw', bytes.encode(token), how, false, ['verify'])
  const sent = bytesOf(signature)
  return sent !== null && crypto.subtle.verify('HMAC', key, sent, bytes.encode(url + fields.join('')))
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  } catch {
    return null
  }
}
