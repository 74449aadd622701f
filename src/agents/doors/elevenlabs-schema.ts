import * as z from 'zod'

/** Asked while the telephone still rings. */
export const ElevenLabsStart = z.looseObject({
  caller_id: z.string().nullish(),
  agent_id: z.string().nullish(),
  called_number: z.string().nullish(),
  call_sid: z.string().min(1).max(200).nullish(),
  conversation_id: z.string().min(1).max(200).nullish(),
})
export type ElevenLabsStart = z.infer<typeof ElevenLabsStart>

const PhoneCall = z.looseObject({
  call_sid: z.string().nullish(),
  external_number: z.string().nullish(),
  agent_number: z.string().nullish(),
})
export const ElevenLabsReport = z.looseObject({
  type: z.string(),
  data: z.looseObject({
    conversation_id: z.string().min(1).max(200).nullish(),
    transcript: z.array(z.looseObject({ role: z.string(), message: z.string().nullish() })).nullish(),
    metadata: z
      .looseObject({
        cost: z.number().nullish(),
        cost_fiat: z.number().nullish(),
        termination_reason: z.string().nullish(),
        phone_call: PhoneCall.nullish(),
        body: z.looseObject({ CallSid: z.string().nullish(), call_sid: z.string().nullish() }).nullish(),
      })
      .nullish(),
    analysis: z.looseObject({ transcript_summary: z.string().nullish() }).nullish(),
    failure_reason: z.string().nullish(),
  }),
})
export type ElevenLabsReport = z.infer<typeof ElevenLabsReport>
