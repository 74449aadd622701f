import type * as z from 'zod'
import type { Once } from '../platform/ctx.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import type { Call } from './call-schema.ts'
import { readableInput } from './input-rules.ts'
import { type Speech, speechFor } from './speech.ts'

/** A request through any door that agents speak through. What is recognised stays on the server, in the call's record. */
export type CallCtx = TenantCtx & { call: Call }

export const operationNames = [
  'check_availability',
  'explain_unavailable',
  'hold_table',
  'make_reservation',
  'find_reservation',
  'change_reservation',
  'cancel_reservation',
  'mark_late',
  'join_waitlist',
  'restaurant_info',
  'menu_info',
  'escalate',
] as const
export type OperationName = (typeof operationNames)[number]

type Described<I extends z.ZodObject, O extends z.ZodObject> = {
  name: OperationName
  title: string
  /** For a model: when to use it, and what to ask first. */
  description: string
  input: I
  output: O
  scope: 'agents:read' | 'agents:write'
  /** It changes nothing. */
  reads: boolean
  /** Done twice with the same input it is done once. */
  idempotent: boolean
  /** It takes something away that cannot be had back for certain. */
  destructive: boolean
  /** Refusals are thrown as Problems. */
  run: (ctx: CallCtx, input: z.output<I>, once: Once) => Promise<z.output<O>>
  /** A sentence or two to speak. */
  speak: (output: z.output<O>, speech: Speech) => string
}

/** One definition, its input type forgotten: all that a door needs. */
export type Operation = Omit<Described<z.ZodObject, z.ZodObject>, 'run' | 'speak'> & {
  perform: (ctx: CallCtx, raw: unknown, once: Once) => Promise<{ output: Record<string, unknown>; say: string }>
}

/** Its input is parsed here and nowhere else, whatever the door. */
export function operation<I extends z.ZodObject, O extends z.ZodObject>(described: Described<I, O>): Operation {
  const { run, speak, ...rest } = described
  return {
    ...rest,
    async perform(ctx, raw, once) {
      const parsed = described.input.safeParse(readableInput(raw))
      if (!parsed.success) {
        const errors = parsed.error.issues.map((one) => ({
          path: one.path.map(String).join('.'),
          message: one.message,
        }))
        const detail = errors.map((one) => `${one.path || 'input'}: ${one.message}`).join('; ')
        throw new Problem('validation_failed', { detail, errors })
      }
      const output = await run(ctx, parsed.data, once)
      return { output, say: speak(output, speechFor(ctx)) }
    },
  }
}
