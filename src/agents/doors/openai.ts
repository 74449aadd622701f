import { sql } from 'drizzle-orm'
import { doOnce } from '../../access/once.ts'
import { parseJson } from '../../platform/body.ts'
import { withRetry } from '../../platform/db.ts'
import { log } from '../../platform/log.ts'
import { Problem } from '../../platform/problem.ts'
import { verifyWebhook } from '../../platform/standard-webhooks.ts'
import { briefFor } from './brief.ts'
import { admit, beginCall, endCall, type HouseCtx, type VendorDoor } from './door.ts'
import { OpenAiEvent, OpenAiOther } from './openai-schema.ts'
import { releaseClaim } from './queries.ts'

const acceptWithinMs = 5_000

/**
 * R246. A call comes in by SIP. It is announced under two names, and by each perhaps twice: the first is answered, the
 * others find it claimed. Its model reaches the operations through MCP, with a token that is good for this call alone.
 */
export const openAiDoor: VendorDoor = async (ctx, { slug, headers, body }) => {
  // By the real hour: the window is what keeps an old message from being sent again.
  const house = await admit(ctx, 'openai', slug, (voice) => verifyWebhook(voice.secret, headers, body, Date.now()))
  const sent = parseJson(body)
  const parsed = OpenAiEvent.safeParse(sent)
  if (!parsed.success) {
    const other = OpenAiOther.safeParse(sent)
    // What else the project announces is nothing to us, and no reason to be told again.
    if (other.success && !other.data.type.endsWith('.incoming')) return Response.json({ accepted: false })
    throw new Problem('validation_failed')
  }
  const event = parsed.data
  if (!isOwner(house, event)) return Response.json({ accepted: false })
  const name = nameOf(event)
  const claim = `openai:accept:${name}`.slice(0, 300)
  const effect = sql`select '{"outcome": "claimed"}'::jsonb as answer`
  const { replayed } = await doOnce(house, house.restaurant.id, { key: claim, fingerprint: '' }, effect)
  if (replayed) return Response.json({ accepted: false })
  try {
    await accept(house, event, name)
  } catch (error) {
    // Whoever announces it next may try; a 503 has OpenAI send this one again.
    await withRetry(() => releaseClaim(house.db, house.restaurant.id, claim), house.request_id)
    throw error
  }
  return Response.json({ accepted: true })
}

/** A model is spoken to in one of the two ways: it says which announcement is its. Without one the first is. */
function isOwner({ voice: { agent_id } }: HouseCtx, { type }: OpenAiEvent): boolean {
  return agent_id === undefined || /live/.test(agent_id) === type.startsWith('live.')
}

/** The name that both announcements share is that of the telephone call itself. */
function nameOf(event: OpenAiEvent): string {
  const own = 'call_id' in event.data ? event.data.call_id : event.data.session_id
  return headerOf(event, 'call-id')?.slice(0, 180) ?? String(own)
}

function headerOf({ data }: OpenAiEvent, name: string): string | null {
  const found = data.sip_headers.find((one) => one.name.toLowerCase() === name)
  return found && found.value.trim() !== '' ? found.value.trim() : null
}

/** `"Ana" <sip:+6598207272@carrier>;tag=1` → the number. What a carrier says of the caller is nobody’s proof. */
function numberIn(header: string | null): string | null {
  return /(?:sips?|tel):(\+?\d{5,15})(?=[@;>]|$)/i.exec(header ?? '')?.[1] ?? null
}

async function accept(ctx: HouseCtx, event: OpenAiEvent, name: string): Promise<void> {
  const line = {
    vendor_call_id: name,
    caller: numberIn(headerOf(event, 'from')),
    called: numberIn(headerOf(event, 'to')),
  }
  const { call, call_token, known } = await beginCall(ctx, 'openai', line)
  const { instructions, greeting } = await briefFor(ctx, call, known)
  const { agent_id: model, api_key } = ctx.voice
  if (api_key === undefined) {
    log('error', 'voice_no_api_key', { request_id: ctx.request_id, restaurant_id: ctx.restaurant.id, kind: 'openai' })
    throw new Problem('unavailable', { detail: 'The integration has no api_key to answer calls with.' })
  }
  const mcp = {
    type: 'mcp',
    server_label: 'tableside',
    server_url: new URL('/mcp', ctx.secrets.public_origin).href,
    authorization: call_token,
    require_approval: 'never',
  }
  const live = !('call_id' in event.data)
  const id = 'call_id' in event.data ? event.data.call_id : event.data.session_id
  const path = live ? `/v1/live/sessions/${String(id)}/accept` : `/v1/realtime/calls/${String(id)}/accept`
  const session = live
    ? {
        session: {
          type: 'live',
          model: model ?? 'gpt-live-1',
          instructions: `Begin with exactly this: "${greeting}" Delegate whatever concerns tables, bookings, the menu and the house.`,
          delegation: { type: 'responses', responses: { model: 'gpt-5-mini', instructions, tools: [mcp] } },
        },
      }
    : { type: 'realtime', model: model ?? 'gpt-realtime', instructions, tools: [mcp] }
  const response = await fetch(new URL(ctx.secrets.openai_url + path), {
    method: 'POST',
    headers: { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' },
    body: JSON.stringify(session),
    signal: AbortSignal.timeout(acceptWithinMs),
  }).catch((error: unknown) => {
    log('error', 'voice_not_accepted', { request_id: ctx.request_id, call_id: call.id, reason: String(error) })
    throw new Problem('unavailable', { retry_after_seconds: 1 })
  })
  await response.body?.cancel()
  if (response.ok) return
  log('error', 'voice_not_accepted', { request_id: ctx.request_id, call_id: call.id, status: response.status })
  // It rings no more: to try again would change nothing.
  if (response.status === 404 || response.status === 410) return endCall(ctx, call, { reason: 'not_accepted' })
  throw new Problem('unavailable', { retry_after_seconds: 1 })
}
