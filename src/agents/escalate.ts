import { toE164 } from '../platform/phone.ts'
import { doorsAt } from '../restaurants/context-rules.ts'
import { consentLine, written } from './calls.ts'
import { type CallCtx, type Operation, operation } from './operation.ts'
import { EscalateInput, EscalateOutput } from './operation-schema.ts'

export const escalate: Operation = operation({
  name: 'escalate',
  title: 'Hand over to a person',
  description:
    'When the guest asks for a person, complains, has a severe allergy, is a large party, or you cannot help: with a summary, so that nobody has to ask again. Then say the answer and transfer, if there is a number.',
  input: EscalateInput,
  output: EscalateOutput,
  scope: 'agents:write',
  reads: false,
  idempotent: true,
  destructive: false,
  async run(ctx, escalation, once) {
    const answer = await written(ctx, 'escalate_call', {
      ...once,
      id: ctx.call.id,
      escalation,
      ...(ctx.call.id === null ? recordWithoutCall(ctx, once.key) : {}),
    })
    if (!('call' in answer) || !answer.call) throw new Error('escalate_call answered without a call')
    return { call_id: answer.call.id, transfer_to: transferNumber(ctx), urgency: escalation.urgency }
  },
  speak: ({ transfer_to }, speech) => (transfer_to === null ? speech.call_back : speech.transfer),
})

/** R231. The house's own number for it, else its telephone; nobody is put through to a house that is closed. */
export function transferNumber({ restaurant, now }: Pick<CallCtx, 'restaurant' | 'now'>): string | null {
  const own = restaurant.settings.voice.transfer_number
  if (own !== null) return toE164(own, restaurant.country) ?? own
  return doorsAt(restaurant, now).open ? restaurant.phone : null
}

/** Somebody who asks through no call is to be rung back: a record is made of it all the same. */
function recordWithoutCall(ctx: CallCtx, key: string): Record<string, unknown> {
  const { door, caller_phone, locale } = ctx.call
  return { door, vendor_call_id: `key:${key}`, caller_phone, locale, ...consentLine(ctx.restaurant, locale) }
}
