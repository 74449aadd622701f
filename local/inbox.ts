import { mailApi } from './inbox/mail.ts'
import { smsApi } from './inbox/sms.ts'
import { inboxOf } from './inbox/inbox.ts'

type Options = { now?: () => number }

/** What the product mails, mounted under /mail: `POST /emails` as Resend takes it, `GET /`, `DELETE /`, `POST /fail`. */
export const mailService = ({ now = Date.now }: Options = {}) => inboxOf(mailApi(now))

/** What it texts, mounted under /sms: `POST /2010-04-01/Accounts/{sid}/Messages.json` as Twilio takes it, and the same control. */
export const smsService = ({ now = Date.now }: Options = {}) => inboxOf(smsApi(now))
