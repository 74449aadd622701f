import type { Ctx } from '../platform/ctx.ts'
import { readText } from '../platform/body.ts'
import { Problem } from '../platform/problem.ts'
import { isFromTwilio } from '../platform/sms.ts'
import { linkedMessage, subjectUrl } from './link.ts'
import { stopReminders, takeSms } from './optout.ts'
import { escaped } from './mail-rules.ts'

/** The short link of a text: on to the guest's page of what it is about. 404 for one that is none of ours. */
export async function followMessageLink(ctx: Ctx, code: string): Promise<Response> {
  const message = await linkedMessage(ctx, code)
  const url = message && (await subjectUrl(ctx.secrets, message))
  if (!url) throw new Problem('not_found')
  return new Response(null, { status: 302, headers: { location: url, ...privately } })
}

/** R167. Asks before it ends reminders: mail scanners follow every link. */
export async function stopPage(ctx: Ctx, code: string): Promise<Response> {
  if (!(await linkedMessage(ctx, code))) throw new Problem('not_found')
  return page('Reminders', '<form method="post"><button>No more reminders by mail</button></form>')
}

/** R167. The button of that page, and the one click of RFC 8058. Twice is as once. */
export async function takeStop(ctx: Ctx, code: string): Promise<Response> {
  if (!(await stopReminders(ctx, code))) throw new Problem('not_found')
  return page('Reminders', '<p>You will get no more reminders by mail. Your bookings stay as they are.</p>')
}

/** R167. A guest texts back, by Twilio: 401 without its signature. With a slug of that house, else of whoever texted it. */
export async function hearSms(ctx: Ctx, request: Request, slug: string | null): Promise<Response> {
  const { sms, public_origin } = ctx.secrets
  if (!sms) throw new Problem('not_found')
  const form = new URLSearchParams(await readText(request))
  // The address as Twilio was given it; the request's own host may be another.
  const url = `${public_origin.replace(/\/$/, '')}/webhooks/sms${slug === null ? '' : `/${slug}`}`
  const signature = request.headers.get('x-twilio-signature') ?? ''
  if (!(await isFromTwilio(sms.token, url, form, signature))) throw new Problem('invalid_signature')
  const from = form.get('From') ?? ''
  if (!/^\+[1-9]\d{6,14}$/.test(from)) throw new Problem('validation_failed')
  const heard = { from, text: (form.get('Body') ?? '').slice(0, 1_600), answered: form.has('OptOutType') }
  const taken = await takeSms(ctx, slug, heard)
  if (!taken) throw new Problem('not_found')
  const said = taken.reply === null ? '' : `<Message>${escaped(taken.reply)}</Message>`
  return new Response(`<?xml version="1.0" encoding="UTF-8"?><Response>${said}</Response>`, {
    headers: { 'content-type': 'text/xml; charset=utf-8' },
  })
}

const privately = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }

function page(title: string, body: string): Response {
  const style =
    'body{font:18px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.6rem 1rem}'
  return new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${style}</style><h1>${title}</h1>${body}</html>`,
    {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ...privately,
      },
    },
  )
}
