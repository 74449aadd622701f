import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { newConfirmationCode } from '../platform/ids.ts'
import { Problem } from '../platform/problem.ts'
import { withArea } from './asked-area.ts'
import { presentHold, presentReservation } from './present.ts'
import { contactOf } from './requests.ts'
import { decideBooking } from './rules.ts'
import type { BookingRequest, Hold, HoldConfirmation, NewHold, Reservation } from './schema.ts'
import { call, callOf, decideAndWrite, rowOf, seatingColumns } from './write.ts'

/** Takes a table for some minutes while a guest fills in a form or speaks. */
export async function holdTable(ctx: TenantCtx, input: NewHold, once: Once): Promise<Result<Hold>> {
  const request: BookingRequest = {
    moment: { date: input.date, time: input.time },
    party_size: input.party_size,
    area: input.area ?? null,
    table_id: input.table_id ?? null,
  }
  const { row, restaurant, meta } = await decideAndWrite(
    await withArea(ctx, request.area, once),
    'book',
    'hold',
    request,
    once,
    (house) => decideBooking(request, house, ctx.now),
    (plan, house) => ({
      ...callOf(ctx, house, once),
      ...seatingColumns(plan),
      per_phone: 'any',
      status: 'held',
      hold_expires_at: new Date(ctx.now + house.settings.hold_minutes * 60_000).toISOString(),
      confirmation_code: newConfirmationCode(),
      area: request.area,
      source: input.source ?? 'api',
    }),
  )
  return { data: presentHold(row, restaurant.timezone), meta }
}

/**
 * The held table becomes a reservation in a guest's name; 409 `hold_expired` once its minutes are over, and `illegal_step`
 * where it is held for a party on the waitlist.
 */
export async function confirmHold(
  ctx: TenantCtx,
  holdId: string,
  input: HoldConfirmation,
  once: Once,
): Promise<Result<Reservation>> {
  const { restaurant } = ctx
  const answer = await call(ctx, 'confirm_hold', {
    ...callOf(ctx, restaurant, once),
    ...contactOf(input, restaurant),
    id: holdId,
    per_phone: restaurant.settings.per_phone,
    status: restaurant.settings.approval === 'manual' ? 'pending' : 'confirmed',
    ...(input.source ? { source: input.source } : {}),
  })
  if (answer.outcome === 'refused') throw new Problem(answer.reason)
  if (answer.outcome === 'illegal' && answer.waitlist_id) throw offeredProblem(answer.waitlist_id)
  return { data: presentReservation(rowOf(answer, restaurant), restaurant.timezone) }
}

/** R278. An offer is taken as an offer: in the name of who waits for it, from then on. */
function offeredProblem(waitlist_id: string): Problem {
  const accept = `/api/waitlist/${waitlist_id}/accept`
  return new Problem('illegal_step', {
    detail: `That table is held for a party on the waitlist; POST ${accept} takes it for them.`,
    hint: 'That table is kept for somebody on the waitlist.',
    more: { waitlist_id, accept },
  })
}
