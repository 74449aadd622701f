import { Problem } from '../platform/problem.ts'
import { clock, wallOf } from '../platform/time.ts'
import { changeReservation as change } from '../reservations/change.ts'
import type { ReservationRow } from '../reservations/schema.ts'
import { stepReservation } from '../reservations/step.ts'
import { bookingOf, bookingsOf, briefOf } from './caller-bookings.ts'
import { checkMove, type Move, moveOf } from './check-move.ts'
import { type Operation, operation } from './operation.ts'
import {
  CancelReservationInput,
  ChangeReservationInput,
  FindReservationInput,
  FindReservationOutput,
  MarkLateInput,
  MarkLateOutput,
  type ReservationBrief,
  TwoStepOutput,
} from './operation-schema.ts'
import { type Speech, speechFor } from './speech.ts'
import { commitMs, inTwoSteps } from './two-step.ts'

const mostBookings = 5
const usuallyLate = 15

export const findReservation: Operation = operation({
  name: 'find_reservation',
  title: 'Find the caller’s booking',
  description:
    'Finds what the caller has booked. Ask for the name first and pass it as the guest says it; the number they call from is known. Never say a name or a booking that the guest has not proved to be theirs, and never suggest names.',
  input: FindReservationInput,
  output: FindReservationOutput,
  scope: 'agents:read',
  reads: true,
  idempotent: true,
  destructive: false,
  async run(ctx, whose) {
    const rows = await bookingsOf(ctx, whose)
    return { reservations: rows.slice(0, mostBookings).map((row) => briefOf(row, ctx.restaurant.timezone)) }
  },
  speak({ reservations }, speech) {
    const [first, ...others] = reservations
    if (!first) return ''
    if (others.length > 0) return speech.found_several(speech.list(reservations.map((one) => toldOf(one, speech))))
    const { status } = first
    if (status === 'cancelled' || status === 'completed' || status === 'no_show')
      return speech.over[status](speech.when(first))
    return speech.found(speech.when(first), speech.party(first.party_size), speech.spelled(first.confirmation_code))
  },
})

const toldOf = (one: ReservationBrief, speech: Speech): string =>
  `${speech.when(one)} (${speech.party(one.party_size)})`

export const changeReservation: Operation = operation({
  name: 'change_reservation',
  title: 'Change the caller’s booking',
  description:
    'Moves the caller’s booking to another date, time or party size, or notes a request, in two steps. Ask for the name first. Call it without commit_token, say read_back word by word, and only after a clear yes call it again with the same fields and the commit_token. The old place is kept where the new one cannot be had.',
  input: ChangeReservationInput,
  output: TwoStepOutput,
  scope: 'agents:write',
  reads: false,
  idempotent: true,
  destructive: true,
  run(ctx, input) {
    const wish = moveOf(input)
    if (Object.keys(wish).length === 0) throw new Problem('nothing_to_change')
    return inTwoSteps(
      ctx,
      'change_reservation',
      input,
      async () => {
        const row = await bookingOf(ctx, input)
        mustBeAhead(row)
        await checkMove(ctx, row, wish)
        const read_back = changeReadBack(briefOf(row, ctx.restaurant.timezone), wish, speechFor(ctx))
        return { subject: { id: row.id, version: row.version }, read_back, expires_at: ctx.now + commitMs }
      },
      async ({ id, version }, once) => {
        const { data } = await change(ctx, id, wish, version, once)
        const reservation = briefOf(data, ctx.restaurant.timezone)
        return { status: 'changed', read_back: null, commit_token: null, expires_at: null, reservation }
      },
    )
  },
  speak({ read_back, reservation }, speech) {
    if (reservation === null) return read_back ?? ''
    return speech.changed(speech.when(reservation), speech.party(reservation.party_size))
  },
})

function changeReadBack(now: ReservationBrief, wish: Move, speech: Speech): string {
  const then = {
    date: wish.date ?? now.date,
    time: wish.time ?? now.time,
    party_size: wish.party_size ?? now.party_size,
  }
  const moves = wish.date ?? wish.time ?? wish.party_size ?? wish.area
  const words = (one: typeof then, area: string | null): string =>
    [`${speech.when(one)} (${speech.party(one.party_size)})`, ...(area ? [area] : [])].join(', ')
  const parts = [
    ...(moves === undefined ? [] : [speech.ask_change(words(now, now.area), words(then, wish.area ?? now.area))]),
    ...(wish.other_info === undefined ? [] : [speech.ask_requests(speech.when(then), wish.other_info)]),
  ]
  return parts.join(' ')
}

function mustBeAhead(row: ReservationRow): void {
  if (row.status !== 'pending' && row.status !== 'confirmed')
    throw new Problem('illegal_step', { detail: `It is ${row.status.replace('_', '-')}.` })
}

export const cancelReservation: Operation = operation({
  name: 'cancel_reservation',
  title: 'Cancel the caller’s booking',
  description:
    'Cancels the caller’s booking in two steps. Ask for the name first. Call it without commit_token, say read_back word by word, and only after a clear yes call it again with the same fields and the commit_token.',
  input: CancelReservationInput,
  output: TwoStepOutput,
  scope: 'agents:write',
  reads: false,
  idempotent: true,
  destructive: true,
  run(ctx, input) {
    return inTwoSteps(
      ctx,
      'cancel_reservation',
      input,
      async () => {
        const row = await bookingOf(ctx, input)
        mustBeAhead(row)
        const speech = speechFor(ctx)
        const now = briefOf(row, ctx.restaurant.timezone)
        const read_back = speech.ask_cancel(speech.when(now), speech.party(now.party_size))
        return { subject: { id: row.id, version: row.version }, read_back, expires_at: ctx.now + commitMs }
      },
      async ({ id, version }, once) => {
        const { data } = await stepReservation(ctx, 'cancel', id, { version, why: input.reason ?? 'caller' }, once)
        const reservation = briefOf(data, ctx.restaurant.timezone)
        return { status: 'cancelled', read_back: null, commit_token: null, expires_at: null, reservation }
      },
    )
  },
  speak({ read_back, reservation }, speech) {
    return reservation === null ? (read_back ?? '') : speech.cancelled(speech.when(reservation))
  },
})

export const markLate: Operation = operation({
  name: 'mark_late',
  title: 'The caller will be late',
  description:
    'Tells the house that the caller’s party comes later than booked. Ask for the name, and how many minutes.',
  input: MarkLateInput,
  output: MarkLateOutput,
  scope: 'agents:write',
  reads: false,
  idempotent: true,
  destructive: false,
  async run(ctx, input, once) {
    const row = await bookingOf(ctx, input)
    mustBeAhead(row)
    const minutes = input.minutes ?? usuallyLate
    const { data } = await stepReservation(ctx, 'late', row.id, { minutes }, once)
    const { timezone, settings } = ctx.restaurant
    const kept = Date.parse(data.starts_at) + (minutes + settings.grace_minutes) * 60_000
    return { reservation: briefOf(data, timezone), kept_until: clock(wallOf(kept, timezone).minute) }
  },
  speak: ({ kept_until }, speech) => speech.late(speech.time(kept_until)),
})
