import { Problem } from '../platform/problem.ts'
import { joinWaitlist as join } from '../reservations/waitlist/join.ts'
import { sourceOf } from './hold.ts'
import { type Operation, operation } from './operation.ts'
import { JoinWaitlistInput, JoinWaitlistOutput } from './operation-schema.ts'

export const joinWaitlist: Operation = operation({
  name: 'join_waitlist',
  title: 'Put the guest on the waitlist',
  description:
    'When there is no table: for now, or for a day to come between two times. Ask for name and party size. The house holds a freed table for the first in the queue and tells them; never promise one.',
  input: JoinWaitlistInput,
  output: JoinWaitlistOutput,
  scope: 'agents:write',
  reads: false,
  idempotent: true,
  destructive: false,
  async run(ctx, { party_size, name, phone, email, area, date, from, to }, once) {
    const phone_number = phone ?? ctx.call.caller_phone
    if (phone_number === null && !email)
      throw new Problem('contact_required', { errors: [{ path: 'phone', message: 'or an e-mail is needed' }] })
    if (date && !from) throw new Problem('validation_failed', { errors: [{ path: 'from', message: 'goes with date' }] })
    const window = date && from ? { date, from, ...(to ? { to } : {}) } : {}
    const language = ctx.call.locale
    const wish = { party_size, name, phone_number, email: email ?? null, area: area ?? null, language }
    const { data } = await join(ctx, { ...wish, ...window, source: sourceOf(ctx) }, once)
    return {
      waitlist_id: data.id,
      position: data.position,
      party_size: data.party_size,
      date: data.date,
      from: data.from,
      to: data.to,
      wait_minutes_min: data.quote?.min_minutes ?? null,
      wait_minutes_max: data.quote?.max_minutes ?? null,
    }
  },
  speak(entry, speech) {
    const { wait_minutes_min: least, wait_minutes_max: most } = entry
    const party = speech.party(entry.party_size)
    if (least !== null && most !== null && entry.from === null) return speech.wait(party, least, most)
    return speech.listed(party, entry.from === null ? '' : speech.day(entry.date))
  },
})
