import { signCallToken, callTokenSeconds } from '../access/call-token.ts'
import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { toE164 } from '../platform/phone.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import type { Call, CallEnd, NewCall, NewHandoff, NewTurns, OpenedCall, VoiceCall } from './call-schema.ts'
import { entitiesOf, slotsOf } from './input-rules.ts'
import { type CallAnswer, callVoice, type CallVerb, selectCall } from './queries.ts'
import { catalogOf, spokenLanguage } from './speech.ts'

/**
 * R220. The call that a vendor names: opened once, however often it is told of. Its record keeps the line that the
 * caller is told of at the start, in the language that is spoken. A number that is none counts as withheld.
 */
export async function openCall(ctx: TenantCtx, input: NewCall, once: Once): Promise<Result<OpenedCall>> {
  const { restaurant } = ctx
  const locale = input.locale ?? restaurant.languages[0] ?? 'en'
  const said = consentLine(restaurant, locale)
  const answer = await written(ctx, 'open_call', {
    ...once,
    door: input.door,
    vendor_call_id: input.vendor_call_id ?? `key:${once.key}`,
    caller_phone: input.caller_phone ? toE164(input.caller_phone, restaurant.country) : null,
    called_number: input.called_number ? toE164(input.called_number, restaurant.country) : null,
    locale,
    ...said,
  })
  if (!('call' in answer) || !answer.call) throw new Error('open_call answered without a call')
  const { id: call_id, restaurant_id, door, caller_phone } = answer.call
  const claims = { call_id, restaurant_id, door, caller_phone, locale: answer.call.locale }
  return {
    data: {
      call: answer.call,
      call_token: await signCallToken(ctx.secrets.token_secret, claims, ctx.now),
      expires_at: isoAt(ctx.now + callTokenSeconds * 1000, restaurant.timezone),
    },
  }
}

/** R221. What is said at the start: the house's own words where it has some in that language. */
export function consentLine(
  restaurant: TenantCtx['restaurant'],
  locale: string,
): { consent: string; consent_locale: string } {
  const language = spokenLanguage(locale, restaurant)
  const own = restaurant.settings.voice.consent[locale] ?? restaurant.settings.voice.consent[language]
  return { consent: own ?? catalogOf(language).consent, consent_locale: language }
}

const kept = new Map<string, Call>()

/** What a door must know of a call, by its id; 404 where this house has none. It never changes, so it is remembered. */
export async function loadCall(ctx: TenantCtx, id: string): Promise<Call & { id: string }> {
  const name = `${ctx.restaurant.id}:${id}`
  const known = kept.get(name)
  if (known) return { ...known, id }
  const call = await withRetry(() => selectCall(ctx.db, ctx.restaurant.id, id), ctx.request_id)
  if (!call) throw new Problem('not_found', { detail: 'There is no such call.' })
  const { door, caller_phone, locale } = call
  if (kept.size > 2_000) kept.clear()
  kept.set(name, { id, door, caller_phone, locale })
  return { id, door, caller_phone, locale }
}

/** Lines of the transcript; one that was told before, by its key, is not noted twice. */
export async function noteTurns(ctx: TenantCtx, id: string, input: NewTurns): Promise<Result<{ noted: number }>> {
  const entries = input.turns.map(({ key, ...turn }) => ({ ...turn, key: key ?? crypto.randomUUID() }))
  const answer = await written(ctx, 'note_turns', { id, entries })
  return { data: { noted: 'noted' in answer ? (answer.noted ?? 0) : 0 } }
}

/** R232. One agent hands over to the next, with what is known: the call's record carries it on. */
export async function noteHandoff(ctx: TenantCtx, id: string, input: NewHandoff): Promise<Result<VoiceCall>> {
  const { from: from_agent, to: to_agent, data, key } = input
  const entities_filled = entitiesOf(data)
  const handoff = { key: key ?? crypto.randomUUID(), from_agent, to_agent, data, entities_filled }
  return called(await written(ctx, 'note_handoff', { id, handoff, slots: slotsOf(data) }))
}

/** R223. Hanging up: the held table is given back, and nothing more is done in this call's name. Once, however often. */
export async function closeCall(ctx: TenantCtx, id: string, end: CallEnd): Promise<Result<VoiceCall>> {
  const { reason, summary, outcome } = end
  return called(await written(ctx, 'close_call', { id, reason, summary: summary ?? null, outcome: outcome ?? null }))
}

/** R231. Somebody of the house has seen to it; 409 `illegal_step` for a call that wanted nobody. */
export async function handleCall(
  ctx: TenantCtx,
  id: string,
  version: number | null,
  once: Once,
): Promise<Result<VoiceCall>> {
  return called(await written(ctx, 'handle_call', { id, version, ...once }))
}

function called(answer: CallAnswer): Result<VoiceCall> {
  if (!('call' in answer) || !answer.call) throw new Error('a call was written and not answered')
  return { data: answer.call }
}

/** One function of the migrations on a call; throws what it refuses. Plans have the names of `voice_plan`. */
export async function written(
  ctx: TenantCtx,
  verb: CallVerb,
  wish: Record<string, unknown>,
): Promise<Exclude<CallAnswer, { outcome: 'not_found' | 'key_reused' | 'call_over' | 'stale' | 'illegal' }>> {
  const plan = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, ...wish }
  const answer = await withRetry(() => callVoice(ctx.db, verb, plan), ctx.request_id)
  switch (answer.outcome) {
    case 'not_found':
      throw new Problem('not_found', { detail: 'There is no such call.' })
    case 'key_reused':
      throw new Problem('idempotency_key_reused')
    case 'call_over':
      throw new Problem('call_over')
    case 'stale':
      throw new Problem('stale_version', { more: { current: answer.call } })
    case 'illegal':
      throw new Problem('illegal_step', { detail: 'Nobody was asked for.', more: { current: answer.call } })
    default:
      return answer
  }
}
