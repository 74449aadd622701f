import * as z from 'zod'

const modes = ['drop_before', 'drop_after_commit', 'error_500', 'error_code', 'delay', 'delay_after_commit'] as const

export const Fault = z.strictObject({
  mode: z.enum(modes),
  /** How many requests it hits; without it, until it is cleared. */
  next: z.int().min(1).optional(),
  /** For `error_code`: the SQLSTATE answered. */
  code: z
    .string()
    .regex(/^[0-9A-Z]{5}$/, 'must be a SQLSTATE such as 40001')
    .default('40001'),
  /** For the delays. */
  ms: z.number().min(0).max(600_000).default(1_000),
  /** The chance that a request is hit, drawn from `seed`: the same seed hits the same requests. */
  probability: z.number().min(0).max(1).default(1),
  seed: z.int().default(1),
  /** Only requests with a statement that contains this text, such as `book(`. */
  match: z.string().optional(),
})
export type Fault = z.output<typeof Fault>

/** `{"next": 0}` clears. */
export const FaultCommand = z.union([z.strictObject({ next: z.literal(0) }), Fault])

export type Faults = {
  set(command: z.output<typeof FaultCommand>): void
  /** The fault in force, `next` counting down. */
  current(): Fault | undefined
  /** The fault that this request meets, if any. */
  meet(statements: { query: string }[]): Fault | undefined
}

export function createFaults(): Faults {
  let fault: Fault | undefined
  let draw = randomFrom(0)
  return {
    set(command) {
      fault = 'mode' in command ? { ...command } : undefined
      draw = randomFrom(fault?.seed ?? 0)
    },
    current: () => fault,
    meet(statements) {
      if (!fault) return undefined
      const { match, probability } = fault
      if (match !== undefined && !statements.some(({ query }) => query.includes(match))) return undefined
      if (draw() >= probability) return undefined
      const met = fault
      if (met.next !== undefined) fault = met.next > 1 ? { ...met, next: met.next - 1 } : undefined
      return met
    },
  }
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
