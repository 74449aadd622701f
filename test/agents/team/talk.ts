import {
  assistantMessage,
  functionCall,
  type modelError,
  ScriptedModel,
  type ScriptedModelInput,
} from '@openai/agents/testing'
import * as z from 'zod'
import { nowhere } from '../../../bench/measure/nowhere.ts'
import { converse } from '../../../src/agents/team/converse.ts'
import type { Conversed } from '../../../src/agents/team/schema.ts'
import { openDb } from '../../../src/platform/db.ts'
import type { AgentCtx } from '../../../src/platform/endpoint.ts'
import { loadAgain } from '../../../src/restaurants/load.ts'
import type { House, Where } from '../../factories.ts'

type Line = ReturnType<typeof assistantMessage> | ReturnType<typeof functionCall>
type Seen = { instructions: string; outputs: Record<string, unknown>[] }
type Step = Line[] | ReturnType<typeof modelError> | ((seen: Seen) => Line[] | Promise<Line[]>)

export type Heard = Conversed & { model: ScriptedModel }
export type Talk = {
  /** Somebody says this, and the model does that: a list of what it writes, one element a call of it. */
  say: (utterance: string, steps: Step[], more?: { call_id?: string; key?: string; now?: number }) => Promise<Heard>
  /** Until everything is written that is written after an answer. */
  settled: () => Promise<void>
  ctx: AgentCtx
}

const nobody = (): Promise<object> => Promise.resolve({ read: false, why: 'nobody' })

/** A house whose consoles are all closed; nothing else of it is asked. */
function closedFloor(): ReturnType<AgentCtx['floor']> {
  const stub: unknown = { turn: nobody }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return stub as ReturnType<AgentCtx['floor']>
}
const nobodyLooksOn = closedFloor()

/** The verb itself, on the stack's database, with a model that says what it is told to. */
export async function openTalk(
  where: Where & { control_origin: string },
  house: House,
  caller: { phone: string | null; locale?: string },
): Promise<Talk> {
  const db = openDb(where.database_url, new URL(where.control_origin).host)
  const work: Promise<unknown>[] = []
  const base = {
    ...nowhere,
    floor: () => nobodyLooksOn,
    secrets: { ...nowhere.secrets, token_secret: 'a-secret-of-at-least-thirty-two-characters' },
    db,
    now: Date.now(),
    request_id: 'test',
    actor: { kind: 'system' as const, name: 'test' },
    after: (one: Promise<unknown>) => void work.push(one),
  }
  const ctx: AgentCtx = { ...base, restaurant: await loadAgain(base, house.id), claims: null }
  ctx.actor = { kind: 'key', id: crypto.randomUUID(), name: 'test', scopes: ['agents:read', 'agents:write'] }
  let call_id: string | undefined
  return {
    ctx,
    settled: async () => void (await Promise.all(work)),
    async say(utterance, steps, more = {}) {
      const model = new ScriptedModel(steps.map((step) => scripted(step)))
      const id = more.call_id ?? call_id
      const input = {
        utterance,
        ...(id ? { call_id: id } : { caller_phone: caller.phone, locale: caller.locale ?? 'en' }),
      }
      const once = { key: more.key ?? crypto.randomUUID(), fingerprint: utterance }
      const { data } = await converse({ ...ctx, now: more.now ?? ctx.now }, input, once, () => Promise.resolve(model))
      call_id = data.call_id
      await Promise.all(work)
      model.assertComplete()
      return { ...data, model }
    },
  }
}

function scripted(step: Step): ScriptedModelInput {
  if (typeof step !== 'function') return step
  return {
    type: 'responder',
    respond: ({ request }) =>
      step({ instructions: request.systemInstructions ?? '', outputs: outputsIn(request.input) }),
  }
}

/** What tools answered so far, as the model was told. */
function outputsIn(input: unknown): Record<string, unknown>[] {
  return z
    .array(z.object({ type: z.string().optional(), output: z.unknown().optional() }))
    .parse(Array.isArray(input) ? input : [])
    .flatMap(({ type, output }) => {
      if (type !== 'function_call_result') return []
      const text = z.object({ text: z.string() }).safeParse(output)
      return [parsed(text.success ? text.data.text : output)]
    })
}
export const outputsOf = (heard: Heard): Record<string, unknown>[] => outputsIn(heard.model.lastCall?.request.input)

function parsed(text: unknown): Record<string, unknown> {
  try {
    return typeof text === 'string' ? JSON.parse(text) : {}
  } catch {
    return { text }
  }
}

let made = 0
export const use = (name: string, input: Record<string, unknown> | string): Line[] => [
  functionCall(name, input, { callId: `c${(made += 1)}` }),
]
export const speak = (text: string): Line[] => [assistantMessage(text)]

/** What the n-th call of the model was told. */
export function told(heard: Heard, n: number): { instructions: string; tools: string[]; handoffs: string[] } {
  const request = heard.model.calls[n]?.request
  return {
    instructions: request?.systemInstructions ?? '',
    tools: request?.tools.map((one) => one.name) ?? [],
    handoffs: request?.handoffs.map((one) => one.toolName) ?? [],
  }
}
