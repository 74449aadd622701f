import type { Ctx } from '../../platform/ctx.ts'
import { parseJson } from '../../platform/body.ts'
import { Problem } from '../../platform/problem.ts'
import { briefFor } from './brief.ts'
import {
  admit,
  beginCall,
  callOf,
  type Cost,
  endCall,
  type HouseCtx,
  type Incoming,
  type Line,
  noteLines,
  perform,
  spoken,
  toldToModel,
  type VendorDoor,
} from './door.ts'
import { ElevenLabsReport, ElevenLabsStart } from './elevenlabs-schema.ts'
import { isElevenLabsReport, isElevenLabsTool } from './signature.ts'

/**
 * R242. ElevenLabs: server tools (the operation is the end of the path, its fields the body), what it asks while the
 * telephone rings, and its report. The report is signed; of the others a header carries the secret.
 */
export const elevenLabsDoor: VendorDoor = async (ctx, incoming) => {
  if (incoming.headers.has('elevenlabs-signature')) return report(ctx, incoming)
  const { slug, headers, body, operation } = incoming
  const house = await admit(ctx, 'elevenlabs', slug, (voice) => isElevenLabsTool(voice, headers))
  const sent = body === '' ? {} : parseJson(body)
  if (operation === null) return Response.json(await start(house, sent))
  const line = lineIn(headers)
  if (line === null) throw new Problem('validation_failed', { detail: 'x-conversation-id or x-call-sid is needed.' })
  const call = await callOf(house, 'elevenlabs', line)
  const named = headers.get('x-tool-call-id')
  return Response.json(toldToModel(await perform(house, call, operation, sent, named)))
}

/** A call on the telephone has one name everywhere, a conversation elsewhere only its own. */
function lineIn(headers: Headers): Line | null {
  const vendor_call_id = value(headers, 'x-call-sid') ?? value(headers, 'x-conversation-id')
  if (vendor_call_id === null) return null
  return { vendor_call_id, caller: value(headers, 'x-caller-id'), called: value(headers, 'x-called-number') }
}

/** A variable that has no value is sent as nothing, as "None", or as it was written. */
function value(headers: Headers, name: string): string | null {
  const sent = headers.get(name)?.trim() ?? ''
  return sent === '' || /^(none|null|undefined|\{\{.*\}\})$/i.test(sent) ? null : sent
}

async function start(ctx: HouseCtx, sent: unknown): Promise<Record<string, unknown>> {
  const parsed = ElevenLabsStart.safeParse(sent)
  if (!parsed.success) throw new Problem('validation_failed')
  const { caller_id: caller = null, called_number: called = null, call_sid, conversation_id } = parsed.data
  const vendor_call_id = call_sid ?? conversation_id
  const opened = vendor_call_id ? await beginCall(ctx, 'elevenlabs', { vendor_call_id, caller, called }) : null
  const call = opened?.call ?? { locale: ctx.restaurant.languages[0] ?? 'en', caller_phone: null }
  const { greeting, instructions, variables, language } = await briefFor(ctx, call, opened?.known)
  return {
    type: 'conversation_initiation_client_data',
    dynamic_variables: { ...variables, instructions },
    conversation_config_override: { agent: { prompt: { prompt: instructions }, first_message: greeting, language } },
  }
}

async function report(ctx: Ctx, { slug, headers, body }: Incoming): Promise<Response> {
  // By the real hour: the window is what keeps an old report from being sent again.
  const house = await admit(ctx, 'elevenlabs', slug, (voice) => isElevenLabsReport(voice, headers, body, Date.now()))
  const parsed = ElevenLabsReport.safeParse(parseJson(body))
  if (!parsed.success) throw new Problem('validation_failed')
  const { type, data } = parsed.data
  const { metadata, conversation_id, transcript, analysis } = data
  const phone = metadata?.phone_call
  const vendor_call_id = phone?.call_sid ?? metadata?.body?.CallSid ?? metadata?.body?.call_sid ?? conversation_id
  if (!vendor_call_id || type === 'post_call_audio') return Response.json({})
  const line = { vendor_call_id, caller: phone?.external_number ?? null, called: phone?.agent_number ?? null }
  const call = await callOf(house, 'elevenlabs', line)
  const lines = (transcript ?? []).map(({ role, message }, i) => spoken(i, role === 'user', message))
  await noteLines(house, call, lines)
  const reason = data.failure_reason || metadata?.termination_reason || 'hang_up'
  await endCall(house, call, { reason, summary: analysis?.transcript_summary ?? null, cost: costOf(metadata) })
  return Response.json({})
}

/** In dollars where it says so, else in its own credits. */
function costOf(
  told: { cost?: number | null | undefined; cost_fiat?: number | null | undefined } | null | undefined,
): Cost | null {
  if (typeof told?.cost_fiat === 'number') return { amount: told.cost_fiat, unit: 'USD' }
  return typeof told?.cost === 'number' ? { amount: told.cost, unit: 'credits' } : null
}
