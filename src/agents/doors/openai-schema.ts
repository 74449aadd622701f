import * as z from 'zod'

const SipHeader = z.looseObject({ name: z.string(), value: z.string() })
/** The same call is announced under both names, each with an id of its own. */
export const OpenAiEvent = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('realtime.call.incoming'),
    data: z.looseObject({ call_id: z.string().regex(/^[\w-]{1,200}$/), sip_headers: z.array(SipHeader).default([]) }),
  }),
  z.looseObject({
    type: z.enum(['live.transport.incoming', 'live.call.incoming']),
    data: z.looseObject({
      session_id: z.string().regex(/^[\w-]{1,200}$/),
      sip_headers: z.array(SipHeader).default([]),
    }),
  }),
])
export type OpenAiEvent = z.infer<typeof OpenAiEvent>
export const OpenAiOther = z.looseObject({ type: z.string() })
