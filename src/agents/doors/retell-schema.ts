import * as z from 'zod'

const Said = z.looseObject({
  role: z.string(),
  content: z.string().nullish(),
  /** Of an invocation and of its result. */
  tool_call_id: z.string().nullish(),
  name: z.string().nullish(),
})
export type RetellSaid = z.infer<typeof Said>

export const RetellCall = z.looseObject({
  call_id: z.string().min(1).max(200),
  from_number: z.string().nullish(),
  to_number: z.string().nullish(),
  disconnection_reason: z.string().nullish(),
  transcript: z.string().nullish(),
  transcript_object: z.array(Said).nullish(),
  transcript_with_tool_calls: z.array(Said).nullish(),
  call_analysis: z.looseObject({ call_summary: z.string().nullish() }).nullish(),
  call_cost: z.looseObject({ combined_cost: z.number().nullish() }).nullish(),
})
export type RetellCall = z.infer<typeof RetellCall>

const CustomFunction = z.looseObject({
  name: z.string(),
  tool_call_id: z.string().nullish(),
  args: z.unknown().optional(),
  call: RetellCall,
})
const CallEvent = z.looseObject({ event: z.string(), call: RetellCall })
const Inbound = z.looseObject({
  event: z.literal('call_inbound'),
  call_inbound: z.looseObject({ from_number: z.string().nullish(), to_number: z.string().nullish() }),
})

/** One of three, told apart by what they have. */
export const RetellBody = z.union([
  Inbound.transform(({ call_inbound }) => ({ kind: 'inbound' as const, from: call_inbound.from_number ?? null })),
  CustomFunction.transform(({ name, tool_call_id, args, call }) => ({
    kind: 'function' as const,
    name,
    tool_call_id: tool_call_id ?? null,
    args: args ?? {},
    call,
  })),
  CallEvent.transform(({ event, call }) => ({ kind: 'event' as const, event, call })),
])
export type RetellAsked = Extract<z.output<typeof RetellBody>, { kind: 'function' }>
