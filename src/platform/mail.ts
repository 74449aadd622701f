import { askProvider, type ProviderAnswer } from './provider.ts'

/** Where mail goes out: Resend's API, or a stand-in that speaks it. */
export type MailSettings = { url: string; token: string; from: string }
export type Mail = {
  to: string
  subject: string
  text: string
  idempotency_key: string
  /** The name it comes from, at our address. */
  from_name?: string
  reply_to?: string
  html?: string
  headers?: Record<string, string>
  /** `content` in base64. */
  attachments?: { filename: string; content: string; content_type: string }[]
}

/** Sends one mail; the same key is the same mail. Throws where it is not taken within five seconds. */
export async function sendMail(settings: MailSettings, mail: Mail): Promise<void> {
  const { status, error } = await tryMail(settings, mail)
  if (error !== null) throw new Error(status === null ? error : `the mail provider answered ${status}`)
}

/** As `sendMail`, and says what became of it. */
export async function tryMail(settings: MailSettings, mail: Mail): Promise<ProviderAnswer> {
  const { idempotency_key, from_name, ...content } = mail
  const headers = {
    authorization: `Bearer ${settings.token}`,
    'content-type': 'application/json',
    'idempotency-key': idempotency_key,
  }
  const body = JSON.stringify({ from: fromOf(settings.from, from_name), ...content })
  return askProvider('id', () => ({ url: `${settings.url}/emails`, init: { method: 'POST', headers, body } }))
}

/** Another name before the address; a name that would end its quotes, or the line, is made to fit. */
function fromOf(from: string, name: string | undefined): string {
  if (name === undefined) return from
  const address = /<([^>]+)>/.exec(from)?.[1] ?? from
  return `"${name.replaceAll(/["\\<>\s]+/g, ' ').trim()}" <${address}>`
}
