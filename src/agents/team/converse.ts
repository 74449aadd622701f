import type { AgentInputItem, Model, RunItem } from '@openai/agents'
import type { Once } from '../../platform/ctx.ts'
import { withRetry } from '../../platform/db.ts'
import type { AgentCtx, Result } from '../../platform/endpoint.ts'
import { causeOf } from '../../platform/events.ts'
import { log } from '../../platform/log.ts'
import { Problem } from '../../platform/problem.ts'
import type { OpenedCall } from '../call-schema.ts'
import { loadCall, openCall } from '../calls.ts'
import { textTeam } from './agents.ts'
import { loadSdk, type Sdk } from './load-sdk.ts'
import { houseModel, type ModelSource } from './model.ts'
import { beginTurn, type Begun, endTurn } from './queries.ts'
import { team } from './rules.ts'
import type { Conversed, ConverseInput, TurnAnswer } from './schema.ts'
import {
  answerOf,
  hear,
  leaseSeconds,
  modelMs,
  mostModelCalls,
  noteRefusal,
  openTurn,
  type TeamCtx,
  type Turn,
} from './turn.ts'

/**
 * R265. What somebody says in a call, and what the team answers; without a telephone, or behind any. Once for its key.
 * One answer at a time: `busy` while another is made. 404 for another house's call, `call_over`, `model_not_configured`,
 * `model_unavailable`: then nothing was said, and the same words may be sent again.
 */
export async function converse(
  ctx: AgentCtx,
  input: ConverseInput,
  once: Once,
  source: ModelSource = houseModel,
): Promise<Result<Conversed>> {
  const sdk = await loadSdk()
  const model = await source(ctx, sdk)
  const { call, opened } = await callFor(ctx, input, once)
  const inCall: TeamCtx = { ...ctx, call, actor: { kind: 'call', id: call.id } }
  const lease = crypto.randomUUID()
  const plan = { ...causeOf(inCall), restaurant_id: ctx.restaurant.id, id: call.id, ...once, lease }
  const asked = { ...plan, utterance: input.utterance, seconds: leaseSeconds }
  const begun = await withRetry(() => beginTurn(ctx.db, asked), ctx.request_id)
  switch (begun.outcome) {
    case 'said':
      return { data: { ...begun.answer, call_id: call.id, opened } }
    case 'not_found':
      throw new Problem('not_found', { detail: 'There is no such call.' })
    case 'key_reused':
      throw new Problem('idempotency_key_reused')
    case 'busy':
      throw new Problem('busy', { detail: 'Another answer is being made in this call.', retry_after_seconds: 2 })
    case 'call_over':
      throw new Problem('call_over')
    case 'begun':
  }
  const turn = turnOf(inCall, begun, once)
  hear(turn, input.utterance)
  const answer = await said(turn, begun, sdk, model)
  const { agent, unheard } = turn
  // What nobody has heard yet waits for nothing: a yes to the next words is no yes to these.
  const unsaid = answer === null && turn.read_back !== null && unheard.has(turn.read_back.commit_token)
  const end = { ...plan, agent, read_back: unsaid ? null : turn.read_back }
  if (answer === null) {
    await withRetry(() => endTurn(ctx.db, end), ctx.request_id)
    throw new Problem('model_unavailable', { retry_after_seconds: 2 })
  }
  await withRetry(() => endTurn(ctx.db, { ...end, answer }), ctx.request_id)
  return { data: { ...answer, call_id: call.id, opened } }
}

/** The call of the token, the one that is named, or a new one. */
async function callFor(
  ctx: AgentCtx,
  input: ConverseInput,
  once: Once,
): Promise<{ call: TeamCtx['call']; opened: OpenedCall | null }> {
  const named = ctx.claims?.call_id ?? input.call_id
  if (ctx.claims && input.call_id && input.call_id !== ctx.claims.call_id)
    throw new Problem('not_found', { detail: 'There is no such call.' })
  if (named) return { call: await loadCall(ctx, named), opened: null }
  const { locale, caller_phone } = input
  const opening = { key: `${once.key}:call`, fingerprint: once.fingerprint }
  const { data } = await openCall(ctx, { door: 'rest', locale, caller_phone }, opening)
  return { call: await loadCall(ctx, data.call.id), opened: data }
}

function turnOf(ctx: TeamCtx, { call, agent, read_back }: Begun, once: Once): Turn {
  return openTurn(ctx, `team:${ctx.call.id}:${once.key}`, {
    agent,
    state: call.state,
    read_back,
    escalated: call.escalated_at !== null,
  })
}

/** Null where the model did not answer, or would not come to an end. */
async function said(turn: Turn, begun: Begun, sdk: Sdk, model: Model): Promise<TurnAnswer | null> {
  const agents = textTeam(sdk, () => turn, model)
  const runner = new sdk.Runner({ tracingDisabled: true, toolNotFoundBehavior: 'return_error_to_model' })
  const lines: AgentInputItem[] = begun.turns.map(({ speaker, text }) =>
    speaker === 'caller' ? sdk.user(text) : sdk.assistant(text),
  )
  try {
    const result = await runner.run(agents[turn.agent], lines, {
      maxTurns: mostModelCalls,
      signal: AbortSignal.timeout(modelMs),
    })
    await noteMisfires(turn, result.newItems)
    const text = result.finalOutput ?? ''
    const answer = answerOf(turn, text)
    return answer.say === '' ? null : answer
  } catch (error) {
    const { request_id, call } = turn.ctx
    log('warn', 'model_failed', { request_id, call_id: call.id, agent: turn.agent, reason: nameOf(error) })
    return null
  }
}

/** Its kind and status and no more: a vendor's message may say the key, or what the guest said. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'status' in error && typeof error.status === 'number' ? `${error.name} ${error.status}` : error.name
}

/** Tools that the agent does not have, and input that is no JSON: the SDK tells the model, and this the record. */
async function noteMisfires(turn: Turn, items: RunItem[]): Promise<void> {
  for (const item of items) {
    if (item.type !== 'tool_call_item' || item.rawItem.type !== 'function_call') continue
    const { name, arguments: raw, callId } = item.rawItem
    const own = Object.values(team).find((one) => one.name === item.agent.name)?.operations ?? []
    if (!own.includes(name)) await noteRefusal(turn, name, 'not_found', callId)
    else if (!isJson(raw)) await noteRefusal(turn, name, 'malformed_json', callId)
  }
}

function isJson(raw: string): boolean {
  try {
    JSON.parse(raw === '' ? '{}' : raw)
    return true
  } catch {
    return false
  }
}
