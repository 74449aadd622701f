import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { withRetry } from '../platform/db.ts'
import { contentOf } from './content-rules.ts'
import { selectTemplates } from './queries.ts'
import { sampleFacts } from './sample-rules.ts'
import type { Preview, PreviewInput } from './schema.ts'
import { segmentsOf } from './sms-rules.ts'
import { refuseUnknown } from './templates.ts'

/** How a message would look, of a booking that is made up; with words that are not kept yet, where there are some. */
export async function previewMessage(ctx: TenantCtx, input: PreviewInput): Promise<Result<Preview>> {
  const { kind, channel, language, subject = null, body } = input
  if (body !== undefined) refuseUnknown(input, subject, body)
  const template = body === undefined ? await ownWords(ctx, input) : { subject, body }
  const facts = { ...sampleFacts(kind, ctx.restaurant, ctx.now), template }
  const origin = ctx.secrets.public_origin.replace(/\/$/, '')
  // As long as a real one, and leading nowhere.
  const link = kind.startsWith('series_') || kind.includes('cancelled') ? null : `${origin}/m/${'x'.repeat(38)}`
  const made = contentOf(input, facts, ctx.restaurant, { link, stop: null })
  return {
    data: {
      subject: made.subject,
      text: made.text,
      html: made.html,
      segments: channel === 'sms' ? segmentsOf(made.text) : null,
    },
  }

  async function ownWords(
    { db, restaurant, request_id }: TenantCtx,
    named: PreviewInput,
  ): Promise<{ subject: string | null; body: string } | null> {
    const all = await withRetry(() => selectTemplates(db, restaurant.id), request_id)
    const own = all.find((one) => one.kind === named.kind && one.channel === named.channel && one.language === language)
    return own ? { subject: subject ?? own.subject, body: own.body } : null
  }
}
