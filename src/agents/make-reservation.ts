import { toE164 } from '../platform/phone.ts'
import { Problem } from '../platform/problem.ts'
import { contactOf } from '../reservations/requests.ts'
import { call, callOf, rowOf } from '../reservations/write.ts'
import { briefOf } from './caller-bookings.ts'
import { holdForCaller, sourceOf } from './hold.ts'
import { type CallCtx, type Operation, operation } from './operation.ts'
import { MakeReservationInput, TwoStepOutput } from './operation-schema.ts'
import { speechFor } from './speech.ts'
import { commitMs, inTwoSteps } from './two-step.ts'

export const makeReservation: Operation = operation({
  name: 'make_reservation',
  title: 'Book a table',
  description:
    'Books a table in two steps. Ask for date, time, party size and name; the number they call from is known. Call it without commit_token, say read_back word by word, and only after a clear yes call it again with the same fields and the commit_token.',
  input: MakeReservationInput,
  output: TwoStepOutput,
  scope: 'agents:write',
  reads: false,
  idempotent: true,
  destructive: false,
  run(ctx, input, once) {
    const phone = bookedWith(ctx, input.phone ?? null)
    if (phone === null && !input.email)
      throw new Problem('contact_required', { errors: [{ path: 'phone', message: 'or an e-mail is needed' }] })
    const fields = { ...input, phone }
    return discreetly(ctx, phone, () =>
      inTwoSteps(
        ctx,
        'make_reservation',
        fields,
        async () => {
          const { row, expires_at } = await holdForCaller(ctx, input, phone, once)
          const speech = speechFor(ctx)
          const { party_size, name, requests = null } = input
          const party = speech.party(party_size)
          const read_back = speech.ask_book({ when: speech.when(input), party, name, requests })
          const until = Math.min(expires_at, ctx.now + commitMs)
          return { subject: { id: row.id, version: row.version }, read_back, expires_at: until }
        },
        async ({ id, version }, commitOnce) => {
          const { restaurant } = ctx
          const who = { name: input.name, phone_number: phone, email: input.email, other_info: input.requests }
          const answer = await call(ctx, 'confirm_for_agent', {
            ...callOf(ctx, restaurant, commitOnce),
            ...contactOf({ ...who, language: ctx.call.locale }, restaurant),
            id,
            version,
            per_phone: restaurant.settings.per_phone,
            status: restaurant.settings.approval === 'manual' ? 'pending' : 'confirmed',
            source: sourceOf(ctx),
          })
          if (answer.outcome === 'refused') throw new Problem(answer.reason)
          const row = rowOf(answer, restaurant)
          const status = row.status === 'pending' ? 'requested' : 'booked'
          const reservation = briefOf(row, restaurant.timezone)
          return { status, read_back: null, commit_token: null, expires_at: null, reservation }
        },
      ),
    )
  },
  speak({ status, read_back, reservation }, speech) {
    if (reservation === null) return read_back ?? ''
    const [when, party] = [speech.when(reservation), speech.party(reservation.party_size)]
    if (status === 'requested') return speech.requested(when, party)
    return speech.booked(when, party, speech.spelled(reservation.confirmation_code))
  },
})

/** The number the booking is made with: the one that is given, else the one they call from. */
function bookedWith(ctx: CallCtx, given: string | null): string | null {
  if (given === null) return ctx.call.caller_phone
  const phone = toE164(given, ctx.restaurant.country)
  if (phone !== null) return phone
  throw new Problem('invalid_phone', { errors: [{ path: 'phone', message: 'is no phone number' }] })
}

/** R235. Whether somebody else's number has a table, a caller does not learn by booking with it. */
async function discreetly<T>(ctx: CallCtx, phone: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const telling = error instanceof Problem && ['phone_overlap', 'phone_has_upcoming'].includes(error.code)
    if (telling && ctx.call.id !== null && phone !== ctx.call.caller_phone) throw new Problem('needs_person')
    throw error
  }
}
