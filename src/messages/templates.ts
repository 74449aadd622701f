import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { doOnce } from '../access/once.ts'
import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { type OwnWords, selectTemplates } from './queries.ts'
import { kinds, type NewTemplate, type Template, type TemplateName } from './schema.ts'
import { placeholdersOf, unknownPlaceholders, wordsFor } from './words-rules.ts'

const Answer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('written'),
    template: z.object({ subject: z.string().nullable(), body: z.string(), version: z.int() }),
  }),
  z.object({
    outcome: z.literal('stale'),
    template: z.object({ subject: z.string().nullable(), body: z.string(), version: z.int() }).nullable(),
  }),
  z.object({ outcome: z.literal('not_found') }),
])
type Stored = Pick<OwnWords, 'subject' | 'body' | 'version'>

/** Every kind of message by channel, in one language: in the house's own words where it has some. */
export async function listTemplates(ctx: TenantCtx, language: TemplateName['language']): Promise<Result<Template[]>> {
  const own = await withRetry(() => selectTemplates(ctx.db, ctx.restaurant.id), ctx.request_id)
  const data = kinds.flatMap((kind) =>
    (['mail', 'sms'] as const).map((channel) => {
      const named = { kind, channel, language }
      return presentTemplate(named, own.find((one) => isOf(one, named)) ?? null)
    }),
  )
  return { data }
}

/**
 * R163. The house's words for one kind, channel and language. 422 where they name what such a message has not; 409
 * `stale_version` with the words as they are.
 */
export async function putTemplate(
  ctx: TenantCtx,
  named: TemplateName,
  { subject = null, body, version }: NewTemplate,
  if_match: number | null,
  once: Once,
): Promise<Result<Template>> {
  refuseUnknown(named, subject, body)
  const seen = version ?? if_match
  const plan = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, ...named, subject, body, version: seen }
  const effect = sql`select put_message_template(${JSON.stringify(plan)}::jsonb) as answer`
  return { data: writtenIn(named, (await doOnce(ctx, ctx.restaurant.id, once, effect)).answer) }
}

/** From now on in our words again. */
export async function removeTemplate(ctx: TenantCtx, named: TemplateName, once: Once): Promise<Result<Template>> {
  const plan = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, ...named }
  const effect = sql`select remove_message_template(${JSON.stringify(plan)}::jsonb) as answer`
  writtenIn(named, (await doOnce(ctx, ctx.restaurant.id, once, effect)).answer)
  return { data: presentTemplate(named, null) }
}

/** 422 for words that name what such a message has not: it would be left out of every one of them. */
export function refuseUnknown({ kind }: TemplateName, subject: string | null, body: string): void {
  const errors = [
    ...unknownPlaceholders(kind, subject ?? '').map((name) => ({ path: 'subject', message: `has no {${name}}` })),
    ...unknownPlaceholders(kind, body).map((name) => ({ path: 'body', message: `has no {${name}}` })),
  ]
  if (errors.length > 0) {
    const detail = `Such a message may name ${placeholdersOf(kind).join(', ')}.`
    throw new Problem('validation_failed', { detail, errors })
  }
}

function isOf(one: OwnWords, { kind, channel, language }: TemplateName): boolean {
  return one.kind === kind && one.channel === channel && one.language === language
}

function writtenIn(named: TemplateName, raw: unknown): Template {
  const answer = Answer.parse(raw)
  if (answer.outcome === 'not_found') throw new Problem('not_found')
  const template = presentTemplate(named, answer.template)
  if (answer.outcome === 'stale') throw new Problem('stale_version', { more: { current: template } })
  return template
}

function presentTemplate(named: TemplateName, own: Stored | null): Template {
  const words = wordsFor(named.kind, named.channel, named.language, own)
  return {
    ...named,
    ...words,
    own: own !== null,
    placeholders: placeholdersOf(named.kind),
    version: own?.version ?? 0,
  }
}
