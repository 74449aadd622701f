import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { sha256Hex } from '../platform/ids.ts'
import { log } from '../platform/log.ts'
import { type Mail, sendMail } from '../platform/mail.ts'
import { selectTokenMail, type TokenMail, updateTokenMailed } from './staff-queries.ts'

type MailCtx = Pick<Ctx, 'db' | 'now' | 'request_id' | 'secrets'>

/** Mails the link of an invitation or a reset. One that could not go out is made anew by the next sweep, and goes then. */
export async function mailLink(ctx: MailCtx, restaurantId: string, tokenId: string, token: string): Promise<void> {
  const found = await withRetry(() => selectTokenMail(ctx.db, restaurantId, tokenId), ctx.request_id)
  if (found) await sendLink(ctx, found, token)
}

export async function sendLink(ctx: MailCtx, to: TokenMail, token: string): Promise<void> {
  const { mail, public_origin } = ctx.secrets
  if (!mail) {
    log('warn', 'mail_unavailable', { request_id: ctx.request_id, reason: 'no mail goes out of this deployment' })
    return
  }
  const hash = await sha256Hex(token)
  try {
    const link = `${public_origin.replace(/\/$/, '')}/console/${to.purpose}/${token}`
    await sendMail(mail, {
      ...letterTo(to, link),
      to: to.email,
      idempotency_key: `staff-${to.id}-${hash.slice(0, 16)}`,
    })
  } catch (error) {
    log('warn', 'mail_unavailable', { request_id: ctx.request_id, reason: String(error) })
    return
  }
  const now = new Date(ctx.now).toISOString()
  await withRetry(() => updateTokenMailed(ctx.db, to, hash, now), ctx.request_id)
}

function letterTo(to: TokenMail, link: string): Pick<Mail, 'subject' | 'text'> {
  const house = oneLine(to.restaurant_name)
  const name = oneLine(to.name)
  if (to.purpose === 'invitation')
    return {
      subject: `${house} invites you to Tableside`,
      text: `Hello ${name},\n\n${house} has made an account for you. Choose a password here; the link works once, for seven days:\n\n${link}\n`,
    }
  return {
    subject: `${house}: a new password`,
    text: `Hello ${name},\n\nsomebody asked for a new password for your account at ${house}. Choose one here; the link works once, for an hour:\n\n${link}\n\nIf it was not you, nothing has changed and nothing needs to be done.\n`,
  }
}

/** A subject is a header, and what somebody is called must not read as a letter of ours. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
