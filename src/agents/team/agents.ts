import type { Agent, FunctionTool, Handoff, Model } from '@openai/agents'
import type { RealtimeAgent } from '@openai/agents/realtime'
import { log } from '../../platform/log.ts'
import { problems } from '../../platform/problem.ts'
import { operationNamed, strictInputSchema, strictSchema } from '../registry.ts'
import type { Sdk } from './load-sdk.ts'
import { handed, handoffTool, team } from './rules.ts'
import { agentNames, type TeamAgentName } from './schema.ts'
import { handOver, instructionsNow, mended, noteRefusal, type Turn, useOperation } from './turn.ts'

export type TextTeam = Record<TeamAgentName, Agent>
export type RealtimeTeam = Record<TeamAgentName, RealtimeAgent>
/** The turn as it is this moment: in a live call there is a next one with each word of the caller. */
type Now = () => Turn

/** R260. The team as agents that read and write; one model for all. */
export function textTeam(sdk: Sdk, now: Now, model: Model): TextTeam {
  // Nothing of what a guest says stays with the model's maker.
  const modelSettings = { parallelToolCalls: false, store: false, maxTokens: 1_000 }
  const made = (name: TeamAgentName): Agent =>
    new sdk.Agent({ ...common(now, name), tools: toolsOf(sdk, now, name), model, modelSettings })
  const agents = {
    main: made('main'),
    reservation: made('reservation'),
    information: made('information'),
    escalation: made('escalation'),
  }
  for (const name of agentNames) agents[name].handoffs = handoffsOf(sdk, now, name, agents)
  return agents
}

/** R260. The same team as agents that listen and speak. */
export function realtimeTeam(sdk: Sdk, now: Now): RealtimeTeam {
  const made = (name: TeamAgentName): RealtimeAgent =>
    new sdk.RealtimeAgent({ ...common(now, name), tools: toolsOf(sdk, now, name) })
  const agents = {
    main: made('main'),
    reservation: made('reservation'),
    information: made('information'),
    escalation: made('escalation'),
  }
  for (const name of agentNames) agents[name].handoffs = handoffsOf(sdk, now, name, agents)
  return agents
}

function common(
  now: Now,
  name: TeamAgentName,
): { name: string; handoffDescription: string; instructions: () => string } {
  return {
    name,
    handoffDescription: team[name].handoff_description,
    // Asked for anew before every word of the model, so that what a tool or a handoff made known is in it.
    instructions: () => instructionsNow(now(), name),
  }
}

function toolsOf(sdk: Sdk, now: Now, agent: TeamAgentName): FunctionTool<unknown, ObjectSchema>[] {
  return team[agent].operations.flatMap((name) => {
    const operation = operationNamed(name)
    if (!operation) return []
    return sdk.tool({
      name,
      description: operation.description,
      parameters: asParameters(strictInputSchema(operation)),
      strict: true,
      execute: (input, _context, details) => useOperation(now(), agent, name, input, idOf(details)),
      errorFunction: (_context, error, details) => failed(now(), name, error, idOf(details)),
    })
  })
}

/** The SDK wants the shape of a strict JSON Schema of an object spelled out; that is what `strictSchema` makes. */
function asParameters(schema: Record<string, unknown>): ObjectSchema {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return schema as ObjectSchema
}
type ObjectSchema = {
  type: 'object'
  properties: Record<string, Record<string, unknown>>
  required: string[]
  additionalProperties: false
}

const idOf = (details: { toolCall?: { callId: string } } | undefined): string =>
  details?.toolCall?.callId ?? crypto.randomUUID()

/** What nobody foresaw: logged, and said to be ours. The call goes on. */
async function failed(turn: Turn, name: string, error: unknown, id: string): Promise<string> {
  const { request_id, call } = turn.ctx
  log('error', 'agent_tool_failed', { request_id, call_id: call.id, operation: name, reason: String(error) })
  await noteRefusal(turn, name, 'internal', id)
  return JSON.stringify({ ok: false, code: 'internal', say: problems.internal[2] })
}

/**
 * R263. Typed handoffs. Whatever a model writes there is read as far as it can be before the type is asked, so that a
 * mistake never ends the call; it is noted in the call's record.
 */
function handoffsOf<C>(sdk: Sdk, now: Now, from: TeamAgentName, agents: Record<TeamAgentName, Agent<C>>): Handoff<C>[] {
  return team[from].hands_to.map((to) => {
    const { type } = handed[to]
    const made = sdk.handoff(agents[to], {
      inputType: type,
      toolNameOverride: handoffTool(to),
      toolDescriptionOverride: team[to].handoff_description,
      onHandoff: (_context, data) => handOver(now(), from, to, type.parse(data)),
    })
    const typed = made.onInvokeHandoff
    return made.clone({
      inputJsonSchema: asParameters(strictSchema(type)),
      onInvokeHandoff: async (context, raw) => typed(context, await mended(now(), to, raw)),
    })
  })
}
