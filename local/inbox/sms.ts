import { randomUUID } from 'node:crypto'
import type { Answer, Api, Incoming, Sent } from './inbox.ts'

export type Sms = Sent & { account_sid: string; to: string; from: string; body: string; segments: number }

const codes: Record<number, number> = { 401: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503 }

/** Twilio's `POST /2010-04-01/Accounts/{sid}/Messages.json`: a form, Basic auth, errors with Twilio's own codes. */
export function smsApi(now: () => number): Api<Sms> {
  function send(account: string, { headers, body }: Incoming): Answer<Sms> {
    if (!headers.authorization?.startsWith('Basic ')) return refusal(401, 20003, 'Authenticate')
    const form = new URLSearchParams(body.toString())
    const to = form.get('To') ?? ''
    const from = form.get('From') ?? form.get('MessagingServiceSid') ?? ''
    const text = form.get('Body') ?? ''
    if (!to) return refusal(400, 21604, "A 'To' phone number is required.")
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return refusal(400, 21211, `Invalid 'To' Phone Number: ${to}`)
    if (!from) return refusal(400, 21603, "A 'From' phone number is required.")
    if (!text) return refusal(400, 21602, 'Message body is required.')
    if (text.length > 1600)
      return refusal(400, 21617, 'The concatenated message body exceeds the 1600 character limit.')
    const at = new Date(now())
    const id = `SM${randomUUID().replaceAll('-', '')}`
    const segments = segmentsOf(text)
    const message = { id, sent_at: at.toISOString(), account_sid: account, to, from, body: text, segments }
    return { status: 201, body: resource(message, at), message }
  }

  /** `GET …/Messages.json?To=&DateSent>=`: what went to a number since a day, newest first. */
  function list(account: string, { query }: Incoming, sent: readonly Sms[]): Answer<Sms> {
    const to = query.get('To')
    const day = query.get('DateSent>') ?? ''
    const found = sent.filter(
      (one) => one.account_sid === account && (to === null || one.to === to) && one.sent_at >= day,
    )
    return { status: 200, body: { messages: found.map((one) => resource(one, new Date(one.sent_at))) } }
  }

  return {
    title: 'Text messages',
    call(incoming, sent) {
      const account = /^\/2010-04-01\/Accounts\/([^/]+)\/Messages\.json$/.exec(incoming.path)?.[1]
      if (!account) return undefined
      return incoming.method === 'POST' ? send(account, incoming) : list(account, incoming, sent)
    },
    problem: (status) => refusal(status, codes[status] ?? 20500, 'fault injected').body,
    // In a query an unescaped + is a space, so only the digits count.
    isTo: ({ to }, wanted) => to.replace(/\D/g, '') === wanted.replace(/\D/g, ''),
    row: ({ to, from, sent_at, body, segments }) => ({
      heading: to,
      facts: [
        ['From', from],
        ['Sent', sent_at],
        ['Segments', String(segments)],
      ],
      text: body,
      html: null,
    }),
  }
}

function resource({ id, account_sid, to, from, body, segments }: Sms, at: Date) {
  return {
    sid: id,
    account_sid,
    to,
    from,
    body,
    status: 'queued',
    direction: 'outbound-api',
    num_segments: String(segments),
    num_media: '0',
    price: null,
    price_unit: 'USD',
    error_code: null,
    error_message: null,
    api_version: '2010-04-01',
    date_created: at.toUTCString(),
    date_updated: at.toUTCString(),
    date_sent: null,
    uri: `/2010-04-01/Accounts/${account_sid}/Messages/${id}.json`,
  }
}

function refusal(status: number, code: number, message: string): Answer<Sms> {
  return { status, body: { code, message, status, more_info: `https://www.twilio.com/docs/errors/${code}` } }
}

/** How many texts are paid for: 160 letters of GSM's alphabet, 70 of any other, fewer each where there are several. */
function segmentsOf(text: string): number {
  const gsm = /^[\w\s@£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ!"#¤%&'()*+,\-./:;<=>?¡ÄÖÑÜ§¿äöñüà]*$/.test(text)
  const [single, several] = gsm ? [160, 153] : [70, 67]
  return text.length <= single ? 1 : Math.ceil(text.length / several)
}
