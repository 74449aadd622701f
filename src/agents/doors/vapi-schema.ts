import * as z from 'zod'

/** Loose: what Vapi adds tomorrow is no mistake. Shapes as its server messages have them. */
const Telephone = z.looseObject({ number: z.string().nullish() })
const VapiCall = z.looseObject({
  id: z.string().min(1).max(200),
  customer: Telephone.nullish(),
  phoneNumber: Telephone.nullish(),
})
/** `arguments` is a text in the SDK, an object in the examples; older ones have it beside the name. */
const Arguments = z.union([z.string(), z.record(z.string(), z.unknown())]).nullish()
export const VapiToolCall = z.looseObject({
  id: z.string().min(1).max(200),
  function: z.looseObject({ name: z.string(), arguments: Arguments }).nullish(),
  name: z.string().nullish(),
  arguments: Arguments,
  parameters: Arguments,
})
export type VapiToolCall = z.infer<typeof VapiToolCall>

const Line = z.looseObject({
  role: z.string(),
  message: z.string().nullish(),
  content: z.unknown().optional(),
})
export type VapiLine = z.infer<typeof Line>

export const VapiBody = z.looseObject({
  message: z.looseObject({
    type: z.string(),
    call: VapiCall.nullish(),
    customer: Telephone.nullish(),
    phoneNumber: Telephone.nullish(),
    toolCallList: z.array(VapiToolCall).max(20).nullish(),
    toolCalls: z.array(VapiToolCall).max(20).nullish(),
    status: z.string().nullish(),
    endedReason: z.string().nullish(),
    cost: z.number().nullish(),
    summary: z.string().nullish(),
    analysis: z.looseObject({ summary: z.string().nullish() }).nullish(),
    artifact: z.looseObject({ messages: z.array(Line).nullish() }).nullish(),
    messages: z.array(Line).nullish(),
  }),
})
export type VapiMessage = z.infer<typeof VapiBody>['message']
