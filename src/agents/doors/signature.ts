import type { Voice } from '../../restaurants/integrations-schema.ts'

type Bytes = Uint8Array<ArrayBuffer>
const minuteMs = 60_000

const bytesOf = (said: string): Bytes => Uint8Array.from(new TextEncoder().encode(said))

/** Whether `mac` is the secret's over what was said; compared in constant time. */
async function holds(hash: 'SHA-1' | 'SHA-256', secret: string, said: string, mac: Bytes | null): Promise<boolean> {
  if (mac === null || secret === '') return false
  const key = await crypto.subtle.importKey('raw', bytesOf(secret), { name: 'HMAC', hash }, false, ['verify'])
  return crypto.subtle.verify('HMAC', key, mac, bytesOf(said))
}

/** Whether a secret that was sent is the one that was agreed, in constant time: both sign the same word. */
async function isSecret(given: string | null | undefined, secret: string): Promise<boolean> {
  if (!given || given.length > 1000) return false
  const key = await crypto.subtle.importKey('raw', bytesOf(given), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytesOf('tableside')))
  return holds('SHA-256', secret, 'tableside', mac)
}

function hex(said: string | null | undefined): Bytes | null {
  if (!said || !/^([0-9a-f]{2}){1,64}$/i.test(said)) return null
  return Uint8Array.from(said.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function base64(said: string | null): Bytes | null {
  if (!said || !/^[A-Za-z0-9+/]{1,200}={0,2}$/.test(said)) return null
  try {
    return Uint8Array.from(atob(said), (char) => char.charCodeAt(0))
  } catch {
    return null
  }
}

const isWithin = (at: number, now: number, ms: number): boolean => Number.isFinite(at) && Math.abs(now - at) <= ms

/**
 * Vapi: HMAC-SHA256 in hexadecimal over `{timestamp}.{body}` within five minutes; where no signature is sent, the
 * secret itself, as bearer or as `x-vapi-secret`. A signature that is sent must be right. `now` in milliseconds.
 */
export async function isFromVapi({ secret }: Voice, headers: Headers, body: string, now: number): Promise<boolean> {
  const signature = headers.get('x-signature') ?? headers.get('x-vapi-signature')
  if (signature !== null) {
    const timestamp = headers.get('x-timestamp') ?? headers.get('x-vapi-timestamp') ?? ''
    const at = /^\d{13}$/.test(timestamp)
      ? Number(timestamp)
      : /^\d{10}$/.test(timestamp)
        ? Number(timestamp) * 1000
        : NaN
    if (!isWithin(at, now, 5 * minuteMs)) return false
    return holds('SHA-256', secret, `${timestamp}.${body}`, hex(signature.replace(/^sha256=/i, '')))
  }
  return isSecret(bearer(headers) ?? headers.get('x-vapi-secret'), secret)
}

/** Retell: `v={milliseconds},d={hex}`, HMAC-SHA256 with the API key over body and time, within five minutes. */
export async function isFromRetell({ secret }: Voice, headers: Headers, body: string, now: number): Promise<boolean> {
  const [, timestamp = '', digest] =
    /^v=(\d{1,15}),d=([0-9a-f]{64})$/i.exec(headers.get('x-retell-signature') ?? '') ?? []
  if (digest === undefined || !isWithin(Number(timestamp), now, 5 * minuteMs)) return false
  return holds('SHA-256', secret, `${body}${timestamp}`, hex(digest))
}

/** ElevenLabs, after a call: `t={seconds},v0={hex}` over `{t}.{body}`, half an hour: it is sent when the call is read. */
export async function isElevenLabsReport(voice: Voice, headers: Headers, body: string, now: number): Promise<boolean> {
  const parts = (headers.get('elevenlabs-signature') ?? '').split(',').map((one) => one.trim())
  const timestamp = parts.find((one) => /^t=\d{1,12}$/.test(one))?.slice(2)
  if (timestamp === undefined || !isWithin(Number(timestamp) * 1000, now, 30 * minuteMs)) return false
  const secret = voice.webhook_secret ?? voice.secret
  const given = parts.filter((one) => one.startsWith('v0=')).slice(0, 4)
  const verdicts = await Promise.all(
    given.map((one) => holds('SHA-256', secret, `${timestamp}.${body}`, hex(one.slice(3)))),
  )
  return verdicts.includes(true)
}

/** ElevenLabs signs no tool call: a header that was configured carries the secret. */
export function isElevenLabsTool({ secret }: Voice, headers: Headers): Promise<boolean> {
  return isSecret(headers.get('x-tableside-secret') ?? bearer(headers), secret)
}

const bearer = (headers: Headers): string | null =>
  /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null

/**
 * Twilio: HMAC-SHA1 in base64 over the address as the world knows it and the sorted fields of the form; of a JSON body
 * the address has its SHA-256 instead. With and without the port, since which was signed depends on who asks.
 */
export async function isFromTwilio(
  { secret }: Voice,
  headers: Headers,
  url: string,
  sent: { form: URLSearchParams } | { json: string } | { socket: true },
): Promise<boolean> {
  const mac = base64(headers.get('x-twilio-signature'))
  if ('json' in sent && !(await hasBody(url, sent.json))) return false
  const fields = 'form' in sent ? formFields(sent.form) : ''
  const verdicts = await Promise.all(addresses(url).map((one) => holds('SHA-1', secret, one + fields, mac)))
  return verdicts.includes(true)
}

function formFields(form: URLSearchParams): string {
  const names = [...new Set(form.keys())].toSorted()
  return names.flatMap((name) => [...new Set(form.getAll(name))].toSorted().map((value) => name + value)).join('')
}

async function hasBody(url: string, body: string): Promise<boolean> {
  const claimed = hex(new URL(url).searchParams.get('bodySHA256'))
  if (claimed?.length !== 32) return false
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(body)))
  return digest.every((byte, i) => byte === claimed[i])
}

function addresses(url: string): string[] {
  const [, scheme = '', host = '', port = '', rest = ''] = /^(\w+):\/\/([^/:?]+)(:\d+)?(.*)$/.exec(url) ?? []
  const usual = scheme === 'https' || scheme === 'wss' ? ':443' : ':80'
  return [...new Set([url, `${scheme}://${host}${rest}`, `${scheme}://${host}${port || usual}${rest}`])]
}
