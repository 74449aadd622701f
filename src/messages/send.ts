import type { Ctx } from '../platform/ctx.ts'
import { sha256Hex } from '../platform/ids.ts'
import { tryMail } from '../platform/mail.ts'
import type { ProviderAnswer } from '../platform/provider.ts'
import { findSms, trySms } from '../platform/sms.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { stoppable } from './compose.ts'
import { stopUrl } from './link.ts'
import type { Content, LeasedMessage } from './schema.ts'

export type Sent = ProviderAnswer

/** R165. One message to its provider, who has it once: a mail by its key, a text because it is looked for first. */
export async function sendContent(
  { secrets }: Pick<Ctx, 'secrets'>,
  message: LeasedMessage,
  content: Content,
  { name, email, settings }: Restaurant,
): Promise<Sent> {
  const { mail, sms } = secrets
  if (message.channel === 'sms') {
    if (!sms) return nobody
    const text = { to: message.address, text: content.text }
    if (!message.unknown) return trySms(sms, text)
    try {
      const id = await findSms(sms, text, Date.parse(message.created_at))
      return id === null ? await trySms(sms, text) : { status: 200, id, error: null }
    } catch (error) {
      return { status: null, id: null, error: `not known: ${String(error).slice(0, 160)}` }
    }
  }
  if (!mail) return nobody
  const reply_to = settings.messages.reply_to ?? email
  const stop = stoppable(message.kind) ? await stopUrl(secrets, message.id) : null
  return tryMail(mail, {
    to: message.address,
    from_name: settings.messages.from_name ?? name,
    ...(reply_to === null ? {} : { reply_to }),
    subject: content.subject ?? name,
    text: content.text,
    ...(content.html === null ? {} : { html: content.html }),
    ...(content.attachments.length > 0 ? { attachments: content.attachments } : {}),
    ...(stop === null
      ? {}
      : { headers: { 'List-Unsubscribe': `<${stop}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } }),
    idempotency_key: `message-${message.id}-${(await sha256Hex(JSON.stringify(content))).slice(0, 16)}`,
  })
}

const nobody: Sent = { status: null, id: null, error: 'nothing is set up to send it' }
