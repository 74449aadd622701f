import { allows, scopesOf } from '../access/rules.ts'
import type { Once } from '../platform/ctx.ts'
import { databaseError, withRetry } from '../platform/db.ts'
import { tellFloor } from '../floor/feed-pump.ts'
import { tellGuests } from '../messages/pump.ts'
import { causeOf } from '../platform/events.ts'
import { Problem, type ProblemCode, problems } from '../platform/problem.ts'
import { storable } from '../platform/text.ts'
import { redacted, slotsOf } from './input-rules.ts'
import type { CallCtx, Operation } from './operation.ts'
import { insertToolCall } from './queries.ts'
import { operationNamed } from './registry.ts'
import { refusalSentence, speechFor } from './speech.ts'

/** What every door answers with, in its own envelope; `say` is what may be spoken, in the language of the call. */
export type OperationAnswer =
  | { ok: true; output: Record<string, unknown>; say: string }
  | { ok: false; problem: OperationProblem; say: string }
export type OperationProblem = {
  code: ProblemCode
  status: number
  detail: string
  hint: string
  errors?: { path: string; message: string }[]
  retry_after_seconds?: number
  /** The nearest open times, what is read back anew, which bookings there are. */
  more: Record<string, unknown>
}

/** What a refusal may carry to a model: a current resource holds what the house notes for itself. */
const told = ['alternatives', 'bookings', 'read_back', 'commit_token', 'expires_at']

/**
 * R229. The one way in, for every door: who may, what is meant, what is done, and what is said to it. A refusal is an
 * answer; only what nobody foresaw is thrown. In a call it acts in that call's name and is noted in its record.
 */
export async function operate(ctx: CallCtx, name: string, raw: unknown, once: Once): Promise<OperationAnswer> {
  const { call } = ctx
  const began = Date.now()
  // A caller's key is that call's own: two calls that count from one must not get each other's tables.
  const own = call.id === null ? once : { ...once, key: `call:${call.id}:${once.key}` }
  const answer = await answerTo(ctx, operationNamed(name), raw, own)
  if (call.id !== null) {
    const outcome = answer.ok ? 'ok' : answer.problem.code
    // A measurement, and no decision is made by it.
    const ms = Date.now() - began
    const tool = { key: once.key, operation: storable(name, 60), input: redacted(raw), outcome, ms }
    const actor = { kind: 'call', id: call.id } as const
    const plan = { ...causeOf({ ...ctx, actor }), restaurant_id: ctx.restaurant.id, id: call.id, tool }
    const slots = answer.ok ? slotsOf(raw) : {}
    ctx.after(noteTool(ctx, { ...plan, slots }))
  }
  return answer
}

/** After the answer: a caller does not wait for the record. The consoles are told once it is there. */
async function noteTool(ctx: CallCtx, plan: Record<string, unknown>): Promise<void> {
  await withRetry(() => insertToolCall(ctx.db, plan), ctx.request_id)
  await tellFloor(ctx, ctx.restaurant.id)
  await tellGuests(ctx, ctx.restaurant)
}

async function answerTo(
  ctx: CallCtx,
  operation: Operation | undefined,
  raw: unknown,
  once: Once,
): Promise<OperationAnswer> {
  try {
    if (!operation) throw new Problem('not_found', { detail: 'There is no such operation.' })
    const { actor, call } = ctx
    const mayBeAsked = actor.kind === 'call' || allows(scopesOf(actor), operation.scope)
    if (!mayBeAsked) throw new Problem('forbidden', { detail: `This needs the scope ${operation.scope}.` })
    const inCall = call.id === null ? ctx : { ...ctx, actor: { kind: 'call', id: call.id } as const }
    return { ok: true, ...(await operation.perform(inCall, raw, once)) }
  } catch (error) {
    const problem = refusalOf(error)
    if (!problem) throw error
    return refused(ctx, problem)
  }
}

/** R223. The database undoes what is done in the name of a call that is over, whatever verb did it. */
function refusalOf(error: unknown): Problem | null {
  if (databaseError(error)?.code === 'TS021') return new Problem('call_over')
  return error instanceof Problem ? error : null
}

function refused(ctx: CallCtx, { code, facts }: Problem): OperationAnswer {
  const [status, title, usual] = problems[code]
  const { alternatives = [], ...more } = Object.fromEntries(
    Object.entries(facts.more ?? {}).filter(([key]) => told.includes(key)),
  )
  const open = Array.isArray(alternatives) ? alternatives.flatMap(slotIn) : []
  const hint = facts.hint ?? usual
  const read = more['read_back']
  const speech = speechFor(ctx)
  const say = typeof read === 'string' ? read : refusalSentence(speech, { code, hint, alternatives: open })
  return {
    ok: false,
    problem: {
      code,
      status,
      detail: facts.detail ?? `${title}.`,
      hint: say,
      ...(facts.errors ? { errors: facts.errors } : {}),
      ...(facts.retry_after_seconds ? { retry_after_seconds: facts.retry_after_seconds } : {}),
      more: { ...more, ...(open.length > 0 ? { alternatives: open } : {}) },
    },
    say,
  }
}

function slotIn(value: unknown): { date: string; time: string }[] {
  if (typeof value !== 'object' || value === null || !('date' in value) || !('time' in value)) return []
  const { date, time } = value
  return typeof date === 'string' && typeof time === 'string' ? [{ date, time }] : []
}
