import { parseJson } from '../../platform/body.ts'
import { Problem } from '../../platform/problem.ts'
import { logFailure } from '../../platform/serve.ts'
import { transferNumber } from '../escalate.ts'
import { speechFor, spokenLanguage } from '../speech.ts'
import {
  admit,
  beginCall,
  callOf,
  endCall,
  type HouseCtx,
  type Incoming,
  type LiveCall,
  perform,
  toldToModel,
  type VendorDoor,
} from './door.ts'
import { greetingOf, spokenBy } from './relay-languages.ts'
import { isFromTwilio } from './signature.ts'
import { HandoffData, TwilioForm, TwilioTool } from './twilio-schema.ts'
import { twilioLanguage, twiml, type Verb } from './twiml-rules.ts'

/**
 * R247. Twilio: a call comes in and is connected to our own conversation; what follows it; what becomes of the call.
 * Whatever goes wrong once the call is known, its caller is put through or told, never cut off.
 */
export const twilioDoor: VendorDoor = async (ctx, incoming) => {
  const { slug, headers, body, operation, path_and_query } = incoming
  const url = ctx.secrets.public_origin + path_and_query
  if (operation !== null) return tool(ctx, incoming, url, operation)
  const form = new URLSearchParams(body)
  const house = await admit(ctx, 'twilio', slug, (voice) => isFromTwilio(voice, headers, url, { form }))
  const parsed = TwilioForm.safeParse(Object.fromEntries(form))
  if (!parsed.success) throw new Problem('validation_failed')
  try {
    return answer(await verbsFor(house, parsed.data, new URL(url).searchParams.get('step')))
  } catch (error) {
    logFailure('voice_call_failed', house.request_id, error)
    return answer(passedOn(house, house.restaurant.languages[0] ?? 'en'))
  }
}

const answer = (verbs: readonly Verb[]): Response =>
  new Response(twiml(verbs), { headers: { 'content-type': 'text/xml; charset=utf-8' } })

const overStates = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled'])

async function verbsFor(ctx: HouseCtx, form: TwilioForm, step: string | null): Promise<readonly Verb[]> {
  const line = { vendor_call_id: form.CallSid, caller: form.From ?? null, called: form.To ?? null }
  if (overStates.has(form.CallStatus)) {
    await endCall(ctx, await callOf(ctx, 'twilio', line), {
      reason: form.CallStatus === 'completed' ? 'hang_up' : form.CallStatus,
    })
    return []
  }
  if (step === 'after') return after(ctx, form, line)
  const { call } = await beginCall(ctx, 'twilio', line)
  // Told again of a call that is over, nothing begins anew.
  if (call.ended) return [{ name: 'Hangup' }]
  return [conversation(ctx, call)]
}

function conversation({ restaurant, secrets }: HouseCtx, call: LiveCall): Verb {
  const { slug, country } = restaurant
  const socket = new URL(`/voice/relay/${slug}`, secrets.public_origin)
  socket.protocol = socket.protocol.replace('http', 'ws')
  const [first = 'en', ...others] = spokenBy(restaurant)
  return {
    name: 'Connect',
    attributes: { action: new URL(`/webhooks/voice/twilio/${slug}?step=after`, secrets.public_origin).href },
    inside: [
      {
        name: 'ConversationRelay',
        attributes: {
          url: socket.href,
          welcomeGreeting: greetingOf(restaurant, call.locale),
          // Consent is heard to its end.
          welcomeGreetingInterruptible: 'none',
          language: twilioLanguage(first, country),
          dtmfDetection: 'true',
        },
        inside: others.map((one) => ({ name: 'Language', attributes: { code: twilioLanguage(one, country) } })),
      },
    ],
  }
}

/** The conversation is over: it left what is to be said; or it broke off, and somebody is still on the line. */
async function after(ctx: HouseCtx, form: TwilioForm, line: Parameters<typeof beginCall>[2]): Promise<readonly Verb[]> {
  const call = await callOf(ctx, 'twilio', line)
  const left = HandoffData.safeParse(jsonOrNull(form.HandoffData))
  if (left.success) {
    const { say, transfer, locale } = left.data
    return [saying(ctx, say, locale), transfer ? dialOr(ctx) : { name: 'Hangup' }]
  }
  await endCall(ctx, call, { reason: 'lost' })
  // Of the call that is over nothing is done any more: who calls back has a record of its own.
  const again = await callOf(ctx, 'twilio', { ...line, vendor_call_id: `${form.CallSid}:lost` })
  const summary = 'The conversation with the assistant broke off.'
  await perform(ctx, again, 'escalate', { reason: 'technical', urgency: 'high', summary }, 'lost')
  await endCall(ctx, again, { reason: 'lost' })
  return passedOn(ctx, call.locale)
}

function passedOn(ctx: HouseCtx, locale: string): readonly Verb[] {
  const speech = speechFor({ ...ctx, call: { locale } })
  const number = transferNumber(ctx)
  return [saying(ctx, number === null ? speech.call_back : speech.transfer, locale), dialOr(ctx)]
}

function dialOr(ctx: HouseCtx): Verb {
  const number = transferNumber(ctx)
  return number === null ? { name: 'Hangup' } : { name: 'Dial', text: number }
}

function saying({ restaurant }: HouseCtx, text: string, locale: string): Verb {
  const language = twilioLanguage(spokenLanguage(locale, restaurant), restaurant.country)
  return { name: 'Say', attributes: { language }, text }
}

function jsonOrNull(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return null
  }
}

/** An assistant or a flow at Twilio uses an operation: JSON, whose hash is in the address that is signed. */
async function tool(
  ctx: Parameters<VendorDoor>[0],
  { slug, headers, body }: Incoming,
  url: string,
  operation: string,
): Promise<Response> {
  const house = await admit(ctx, 'twilio', slug, (voice) => isFromTwilio(voice, headers, url, { json: body }))
  const parsed = TwilioTool.safeParse(parseJson(body))
  if (!parsed.success) throw new Problem('validation_failed')
  const { call_sid, from = null, to = null, tool_call_id = null, input } = parsed.data
  const call = await callOf(house, 'twilio', { vendor_call_id: call_sid, caller: from, called: to })
  return Response.json(toldToModel(await perform(house, call, operation, input ?? {}, tool_call_id)))
}
