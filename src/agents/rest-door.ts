import type { Once } from '../platform/ctx.ts'
import type { AgentCtx, Result } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import type { Call } from './call-schema.ts'
import { Door } from './call-schema.ts'
import { loadCall } from './calls.ts'
import { operate } from './operate.ts'
import { inputSchema, operations, outputSchema, strictInputSchema } from './registry.ts'

type Described = {
  name: string
  title: string
  description: string
  scope: string
  reads: boolean
  idempotent: boolean
  destructive: boolean
  input_schema: Record<string, unknown>
  strict_input_schema: Record<string, unknown>
  output_schema: Record<string, unknown>
}

export function listOperations(): Described[] {
  return operations.map((one) => {
    const { name, title, description, scope, reads, idempotent, destructive } = one
    return {
      name,
      title,
      description,
      scope,
      reads,
      idempotent,
      destructive,
      input_schema: inputSchema(one),
      strict_input_schema: strictInputSchema(one),
      output_schema: outputSchema(one),
    }
  })
}

/** Through the plainest door: the answer as it is, a refusal as the problem it is. */
export async function operateByRest(
  ctx: AgentCtx,
  name: string,
  body: Record<string, unknown>,
  once: Once,
): Promise<Result<{ output: Record<string, unknown>; say: string }>> {
  const { call_id, ...input } = body
  const call = await callOf(ctx, typeof call_id === 'string' ? call_id : null)
  const answer = await operate({ ...ctx, call }, name, input, once)
  if (answer.ok) return { data: { output: answer.output, say: answer.say } }
  const { code, detail, hint, errors, retry_after_seconds, more } = answer.problem
  throw new Problem(code, {
    detail,
    hint,
    more,
    ...(errors ? { errors } : {}),
    ...(retry_after_seconds === undefined ? {} : { retry_after_seconds }),
  })
}

/** R226. The call that the token is for, and no other; with a key, the call it names, or none. */
async function callOf(ctx: AgentCtx, call_id: string | null): Promise<Call> {
  if (ctx.claims) {
    const { call_id: id, door, caller_phone, locale } = ctx.claims
    if (call_id !== null && call_id !== id) throw new Problem('not_found', { detail: 'There is no such call.' })
    return { id, door: Door.parse(door), caller_phone, locale }
  }
  if (call_id !== null) return loadCall(ctx, call_id)
  return { id: null, door: 'rest', caller_phone: null, locale: ctx.restaurant.languages[0] ?? 'en' }
}
