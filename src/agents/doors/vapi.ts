import { parseJson } from '../../platform/body.ts'
import { Problem } from '../../platform/problem.ts'
import { logFailure } from '../../platform/serve.ts'
import type { OperationAnswer } from '../operate.ts'
import { transferNumber } from '../escalate.ts'
import { briefFor } from './brief.ts'
import {
  admit,
  beginCall,
  callOf,
  endCall,
  type HouseCtx,
  type LiveCall,
  noteLines,
  perform,
  spoken,
  type Told,
  toldToModel,
  unforeseen,
  type VendorDoor,
} from './door.ts'
import { isFromVapi } from './signature.ts'
import { toolsFor } from './tools.ts'
import { VapiBody, type VapiLine, type VapiMessage, type VapiToolCall } from './vapi-schema.ts'

/**
 * R242. Vapi’s server messages. Whatever becomes of a tool call the answer is 200 with a result or an error for each, on
 * one line: anything else Vapi leaves out, and its caller waits.
 */
export const vapiDoor: VendorDoor = async (ctx, { slug, headers, body }) => {
  // By the real hour: the window is what keeps an old message from being sent again.
  const house = await admit(ctx, 'vapi', slug, (voice) => isFromVapi(voice, headers, body, Date.now()))
  const parsed = VapiBody.safeParse(parseJson(body))
  if (!parsed.success) throw new Problem('validation_failed')
  const { message } = parsed.data
  const line = lineOf(message)
  switch (message.type) {
    case 'tool-calls':
      return Response.json({ results: await toolResults(house, message, line) })
    case 'assistant-request':
      return Response.json(await assistantFor(house, line))
    case 'transfer-destination-request':
      return Response.json(transferFor(house))
  }
  if (!line) return Response.json({})
  if (message.type === 'conversation-update') {
    const call = await callOf(house, 'vapi', line)
    // The last line is still being said.
    await noteLines(house, call, linesOf(message.messages ?? []).slice(0, -1))
  } else if (message.type === 'status-update') {
    const call = await callOf(house, 'vapi', line)
    if (message.status === 'ended') await endCall(house, call, { reason: message.endedReason ?? 'hang_up' })
  } else if (message.type === 'end-of-call-report') {
    const call = await callOf(house, 'vapi', line)
    await noteLines(house, call, linesOf(message.artifact?.messages ?? message.messages ?? []))
    const summary = message.analysis?.summary ?? message.summary ?? null
    const cost = typeof message.cost === 'number' ? { amount: message.cost, unit: 'USD' } : null
    await endCall(house, call, { reason: message.endedReason ?? 'hang_up', summary, cost })
  }
  return Response.json({})
}

type VapiLineOf = ReturnType<typeof lineOf>

function lineOf({ call, customer, phoneNumber }: VapiMessage): {
  vendor_call_id: string
  caller: string | null
  called: string | null
} | null {
  if (!call) return null
  const caller = customer?.number ?? call.customer?.number ?? null
  return { vendor_call_id: call.id, caller, called: phoneNumber?.number ?? call.phoneNumber?.number ?? null }
}

type Result = { toolCallId: string; name: string } & ({ result: string } | { error: string })

async function toolResults(ctx: HouseCtx, message: VapiMessage, line: VapiLineOf): Promise<Result[]> {
  const asked = message.toolCallList ?? message.toolCalls ?? []
  const call = line === null ? null : await openOrNull(ctx, line)
  const results: Result[] = []
  // One after the other: the second may go by what the first did.
  for (const one of asked) {
    const name = one.function?.name ?? one.name ?? ''
    const answer = call ? await perform(ctx, call, name, inputOf(one), one.id) : nobodyCalls(ctx)
    results.push({ toolCallId: one.id, name, ...resultOf(answer) })
  }
  return results
}

async function openOrNull(ctx: HouseCtx, line: NonNullable<VapiLineOf>): Promise<LiveCall | null> {
  try {
    return await callOf(ctx, 'vapi', line)
  } catch (error) {
    logFailure('voice_call_not_opened', ctx.request_id, error)
    return null
  }
}

const nobodyCalls = (ctx: HouseCtx): OperationAnswer =>
  unforeseen({
    ...ctx,
    call: { id: null, door: 'vapi', caller_phone: null, locale: ctx.restaurant.languages[0] ?? 'en' },
  })

/** JSON.stringify breaks no line; a lone U+2028 would be one. */
function resultOf(answer: OperationAnswer): { result: string } | { error: string } {
  const text = JSON.stringify(toldToModel(answer)).replaceAll(/[\u2028\u2029]/g, ' ')
  return answer.ok ? { result: text } : { error: text }
}

function inputOf(one: VapiToolCall): unknown {
  const given = one.function?.arguments ?? one.arguments ?? one.parameters ?? {}
  if (typeof given !== 'string') return given
  try {
    return JSON.parse(given === '' ? '{}' : given)
  } catch {
    // No object: the operation refuses it, and says so to the model.
    return given
  }
}

/** The agent that takes the call: the one that the house names, told of the moment; else one that is made for the call. */
async function assistantFor(ctx: HouseCtx, line: VapiLineOf): Promise<Record<string, unknown>> {
  const opened = line === null ? null : await beginCall(ctx, 'vapi', line)
  const call = opened?.call ?? { locale: ctx.restaurant.languages[0] ?? 'en', caller_phone: null }
  const brief = await briefFor(ctx, call, opened?.known)
  const { agent_id } = ctx.voice
  if (agent_id !== undefined) {
    const assistantOverrides = {
      firstMessage: brief.greeting,
      variableValues: { ...brief.variables, instructions: brief.instructions },
    }
    return { assistantId: agent_id, assistantOverrides }
  }
  const { public_origin } = ctx.secrets
  return {
    assistant: {
      name: ctx.restaurant.name.slice(0, 40),
      firstMessage: brief.greeting,
      firstMessageMode: 'assistant-speaks-first',
      model: {
        provider: 'openai',
        model: 'gpt-4.1',
        temperature: 0.2,
        messages: [{ role: 'system', content: brief.instructions }],
        tools: toolsFor('vapi', public_origin, ctx.restaurant.slug),
      },
      transcriber: { provider: 'deepgram', model: 'nova-3', language: 'multi' },
      // Without a server of its own it uses that of the number, and its credential with it.
      serverMessages: [
        'tool-calls',
        'conversation-update',
        'status-update',
        'end-of-call-report',
        'transfer-destination-request',
      ],
    },
  }
}

function transferFor(ctx: HouseCtx): Record<string, unknown> {
  const number = transferNumber(ctx)
  if (number === null)
    return { error: 'Nobody can be put through to now: use escalate, and say that somebody calls back.' }
  return { destination: { type: 'number', number } }
}

/** By its place in the conversation, which the report at the end has in the same order. */
function linesOf(messages: VapiLine[]): Told[] {
  return messages.flatMap(({ role, message, content }, i) => {
    const known = role === 'user' || role === 'bot' || role === 'assistant'
    return known ? [spoken(i, role === 'user', message ?? (typeof content === 'string' ? content : ''))] : []
  })
}
