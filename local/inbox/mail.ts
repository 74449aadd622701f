import { createHash, randomUUID } from 'node:crypto'
import * as z from 'zod'
import { parseJson } from '../control.ts'
import type { Answer, Api, Incoming, Sent } from './inbox.ts'

const Addresses = z.union([z.string(), z.array(z.string()).max(50)]).transform((one) => [one].flat())

/** Resend's `POST /emails`, the fields we know; it ignores others, so do we. */
const Email = z.object({
  from: z.string().min(3),
  to: Addresses.refine((list) => list.length > 0 && list.every((one) => one.includes('@')), 'no valid address'),
  cc: Addresses.default([]),
  bcc: Addresses.default([]),
  reply_to: Addresses.default([]),
  subject: z.string().min(1),
  text: z.string().default(''),
  html: z.string().nullable().default(null),
  headers: z.record(z.string(), z.string()).default({}),
  attachments: z
    .array(z.object({ filename: z.string(), content: z.string(), content_type: z.string().optional() }))
    .default([]),
})

export type Mail = Sent & z.output<typeof Email> & { idempotency_key: string | null }

export function mailApi(now: () => number): Api<Mail> {
  const answered = new Map<string, { digest: string; id: string }>()

  function send({ headers, body }: Incoming): Answer<Mail> {
    if (!headers.authorization?.startsWith('Bearer ')) return refusal(401, 'missing_api_key', 'Missing API key')
    const email = Email.safeParse(parseJson(body.toString()))
    if (!email.success) return refusal(422, 'validation_error', z.prettifyError(email.error))
    const key = headers['idempotency-key']?.toString() ?? null
    const digest = createHash('sha256').update(body).digest('hex')
    const known = key === null ? undefined : answered.get(key)
    if (known && known.digest !== digest) {
      return refusal(409, 'invalid_idempotent_request', 'This idempotency key has been used with another body')
    }
    if (known) return { status: 200, body: { id: known.id } }
    const id = randomUUID()
    if (key !== null) answered.set(key, { digest, id })
    const message = { id, sent_at: new Date(now()).toISOString(), idempotency_key: key, ...email.data }
    return { status: 200, body: { id }, message }
  }

  return {
    title: 'Mail',
    call(incoming, sent) {
      if (incoming.path === '/emails' && incoming.method === 'POST') return send(incoming)
      const id = /^\/emails\/([^/]+)$/.exec(incoming.path)?.[1]
      if (!id || incoming.method !== 'GET') return undefined
      const found = sent.find((one) => one.id === id)
      return found
        ? { status: 200, body: { object: 'email', last_event: 'delivered', ...found } }
        : refusal(404, 'not_found', 'Email not found')
    },
    problem: (status) => refusal(status, status === 429 ? 'rate_limit_exceeded' : 'application_error', 'fault').body,
    isTo: ({ to, cc, bcc }, wanted) => [...to, ...cc, ...bcc].some((one) => address(one) === address(wanted)),
    row: ({ subject, from, to, cc, sent_at, headers, attachments, text, html }) => ({
      heading: subject,
      facts: [
        ['From', from],
        ['To', to.join(', ')],
        ...(cc.length ? [['Cc', cc.join(', ')] satisfies [string, string]] : []),
        ['Sent', sent_at],
        ...Object.entries(headers),
        ...attachments.map(({ filename }): [string, string] => ['Attached', filename]),
      ],
      text,
      html,
    }),
  }
}

function refusal(statusCode: number, name: string, message: string): Answer<Mail> {
  return { status: statusCode, body: { statusCode, name, message } }
}

/** `Ada <ADA@example.com>` and `ada@example.com` are one address. */
function address(text: string): string {
  return (/<([^>]+)>/.exec(text)?.[1] ?? text).trim().toLowerCase()
}
