import * as z from 'zod'

/** Of the form that Twilio sends when a call comes in, after the conversation, and when the call’s state changes. */
export const TwilioForm = z.looseObject({
  CallSid: z.string().regex(/^[\w-]{1,64}$/),
  CallStatus: z.string().default(''),
  From: z.string().optional(),
  To: z.string().optional(),
  SessionStatus: z.string().optional(),
  HandoffData: z.string().max(8_000).optional(),
})
export type TwilioForm = z.infer<typeof TwilioForm>

/** What the conversation leaves for the call when it ends: said by the call itself, so that it is not cut short. */
export const HandoffData = z.object({ say: z.string(), transfer: z.boolean(), locale: z.string() })
export type HandoffData = z.infer<typeof HandoffData>

/** A tool of an assistant or a flow at Twilio, as JSON. */
export const TwilioTool = z.looseObject({
  call_sid: z.string().min(1).max(64),
  from: z.string().nullish(),
  to: z.string().nullish(),
  tool_call_id: z.string().min(1).max(200).nullish(),
  input: z.unknown().optional(),
})

/** What ConversationRelay says. */
export const RelayIn = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('setup'),
    callSid: z.string().regex(/^[\w-]{1,64}$/),
    sessionId: z.string().max(64).default(''),
    from: z.string().nullish(),
    to: z.string().nullish(),
  }),
  z.looseObject({
    type: z.literal('prompt'),
    voicePrompt: z.string().max(10_000),
    lang: z.string().max(20).nullish(),
    last: z.boolean().default(true),
  }),
  z.looseObject({ type: z.literal('dtmf'), digit: z.string().max(4) }),
  z.looseObject({ type: z.literal('interrupt') }),
  z.looseObject({ type: z.literal('error'), description: z.string().max(2_000).nullish() }),
])
export type RelayIn = z.infer<typeof RelayIn>

/** What it is told. */
export type RelayOut =
  | { type: 'text'; token: string; last: true; lang: string; interruptible: boolean }
  | { type: 'language'; ttsLanguage: string; transcriptionLanguage: string }
  | { type: 'end'; handoffData: string }
