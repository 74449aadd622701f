import { looksLikeCallToken, readCallToken } from '../../access/call-token.ts'
import { houseCaller } from '../../access/caller.ts'
import { allows } from '../../access/rules.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { closedAtOnce, isUpgrade, withProtocol } from '../../platform/upgrade.ts'
import { loadRestaurant } from '../../restaurants/load.ts'
import { loadCall, noteTurns } from '../calls.ts'
import { tellFloor } from '../../floor/feed-pump.ts'
import { beginCall, endCall, type LiveCall, perform } from './door.ts'
import { clockFrom, hangUp, type Listener, listenTo, sayTo, socketCodes } from './socket-line.ts'
import { voiceAnswer } from './voice-rules.ts'
import { type VoiceAnswer, VoiceMessage, voiceOperations, voiceProtocol, VoiceQuery } from './voice-schema.ts'

type Limit = (name: string, per_minute: number) => Promise<unknown>
const connectsPerMinute = 60

/**
 * R248. The voice socket: one call, from its first word until the socket closes. With a key a call begins; with a call’s
 * token it goes on. Whatever is wrong is said by the code it is closed with: 4401, 4403, 4429.
 */
export async function openVoice(ctx: Ctx, request: Request, limit: Limit): Promise<Response> {
  if (!isUpgrade(request)) throw new Problem('upgrade_required')
  const query = VoiceQuery.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  if (!query.success) throw new Problem('validation_failed')
  const offered = request.headers.get('sec-websocket-protocol')
  const answer = (response: Response): Response => withProtocol(response, offered, voiceProtocol)
  let begun: Begun
  try {
    begun = await begin(ctx, request.headers, query.data, limit)
  } catch (error) {
    const code = error instanceof Problem ? codeFor(error) : null
    if (code === null) throw error
    return answer(closedAtOnce(code, error instanceof Problem ? error.code : ''))
  }
  const { 0: client, 1: server } = new WebSocketPair()
  listenTo(begun.house, server, callOn(begun, server))
  sayTo(server, begun.first)
  return answer(new Response(null, { status: 101, webSocket: client }))
}

function codeFor({ code }: Problem): number | null {
  if (code === 'unauthorized') return socketCodes.bad_token
  if (code === 'forbidden' || code === 'not_found' || code === 'call_over' || code === 'bad_origin')
    return socketCodes.closed
  return code === 'rate_limited' ? socketCodes.flooding : null
}

type Begun = { house: TenantCtx; call: LiveCall; first: Extract<VoiceAnswer, { type: 'call.started' }> }

function tokenIn(headers: Headers): string {
  const offered = (headers.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim())
  const bearer = offered.find((one) => one.startsWith('bearer.'))?.slice('bearer.'.length)
  const token = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? bearer
  if (token === undefined) throw new Problem('unauthorized')
  return token
}

async function begin(ctx: Ctx, headers: Headers, query: VoiceQueryOf, limit: Limit): Promise<Begun> {
  const token = tokenIn(headers)
  if (looksLikeCallToken(token)) return goOn(ctx, token, limit)
  const caller = await houseCaller(ctx, headers, `Bearer ${token}`, true)
  await limit(caller.limit.name, caller.limit.per_minute)
  if (caller.restaurant_id === null || !allows(caller.scopes, 'agents:write')) throw new Problem('forbidden')
  const house = { ...ctx, actor: caller.actor, restaurant: await loadRestaurant(ctx, caller.restaurant_id) }
  const { caller_phone, called_number, vendor_call_id = crypto.randomUUID(), locale } = query
  const line = { vendor_call_id, caller: caller_phone ?? null, called: called_number ?? null, locale: locale ?? null }
  const { call, call_token, consent, known } = await beginCall(house, 'voice_ws', line)
  if (call.ended) throw new Problem('call_over')
  return { house, call, first: { type: 'call.started', call_id: call.id, call_token, consent, known } }
}
type VoiceQueryOf = ReturnType<typeof VoiceQuery.parse>

async function goOn(ctx: Ctx, token: string, limit: Limit): Promise<Begun> {
  const claims = await readCallToken(ctx.secrets.token_secret, token, ctx.now)
  if (!claims) throw new Problem('unauthorized')
  await limit(`call:${claims.call_id}`, connectsPerMinute)
  const restaurant = await loadRestaurant(ctx, claims.restaurant_id)
  const house: TenantCtx = { ...ctx, actor: { kind: 'call', id: claims.call_id }, restaurant }
  const call = await loadCall(house, claims.call_id)
  const first = { type: 'call.started' as const, call_id: call.id, call_token: null, consent: null, known: {} }
  return { house, call: { ...call, ended: false }, first }
}

function callOn({ house, call }: Begun, socket: WebSocket): Listener {
  const clock = clockFrom(house)
  const tell = (message: VoiceAnswer): void => sayTo(socket, message)
  let ended = false

  async function note(ctx: TenantCtx, said: Extract<VoiceMessage, { type: 'said' }>): Promise<void> {
    const { text, speaker, key = crypto.randomUUID(), at } = said
    await noteTurns(ctx, call.id, { turns: [{ key, speaker, text, ...(at === undefined ? {} : { at }) }] })
    ctx.after(tellFloor(ctx, ctx.restaurant.id))
    tell({ type: 'noted', key })
  }

  async function finish(ctx: TenantCtx, reason: string, summary: string | null): Promise<void> {
    if (ended) return
    ended = true
    await endCall(ctx, call, { reason, summary })
  }

  async function obey(ctx: TenantCtx, message: VoiceMessage): Promise<void> {
    if (message.type === 'ping') return tell({ type: 'pong' })
    if (message.type === 'said') return note(ctx, message)
    if (message.type === 'hang_up') {
      await finish(ctx, 'hang_up', message.summary ?? null)
      tell({ type: 'call.ended' })
      return hangUp(socket, 1000, 'over')
    }
    const operation = message.type === 'operation' ? message.operation : voiceOperations[message.type]
    const answer = await perform(ctx, call, operation, message.data, `ws:${message.request_id}`)
    tell(voiceAnswer(message.request_id, operation, answer))
  }

  return {
    async hear(text) {
      const ctx: TenantCtx = { ...house, ...clock() }
      const parsed = VoiceMessage.safeParse(jsonIn(text))
      if (parsed.success) return obey(ctx, parsed.data)
      const data = {
        errors: parsed.error.issues.slice(0, 5).map((one) => ({ path: one.path.join('.'), message: one.message })),
      }
      tell({ type: 'error', request_id: requestIn(text), code: 'malformed', say: 'I did not understand that.', data })
    },
    over: (reason) => finish({ ...house, ...clock() }, reason, null),
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function requestIn(text: string): string | null {
  const message = jsonIn(text)
  if (typeof message !== 'object' || message === null || !('request_id' in message)) return null
  return typeof message.request_id === 'string' ? message.request_id.slice(0, 120) : null
}
