import type { Once } from '../platform/ctx.ts'
import { newConfirmationCode } from '../platform/ids.ts'
import { withArea } from '../reservations/asked-area.ts'
import { decideBooking } from '../reservations/rules.ts'
import type { BookingRequest, ReservationRow } from '../reservations/schema.ts'
import { callOf, decideAndWrite, seatingColumns } from '../reservations/write.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import type { CallCtx } from './operation.ts'
import { commitMs } from './two-step.ts'

type Wish = { date: string; time: string; party_size: number; area?: string | null | undefined }

/**
 * R222. A table for who is on the line: one a call, so that a second wish moves it, and where that cannot be had the
 * first is kept. In a call it lasts until they hang up, ten minutes from the last wish at the most; without one, as long
 * as the house holds. `phone` is who will book: refused now where that number could not be given it later.
 */
export async function holdForCaller(
  ctx: CallCtx,
  wish: Wish,
  phone: string | null,
  once: Once,
): Promise<{ row: ReservationRow; restaurant: Restaurant; expires_at: number }> {
  const { date, time, party_size, area } = wish
  const request: BookingRequest = { moment: { date, time }, party_size, area: area ?? null, table_id: null }
  const { row, restaurant } = await decideAndWrite(
    await withArea(ctx, request.area, once),
    'hold_for_agent',
    'hold',
    request,
    once,
    (house) => decideBooking(request, house, ctx.now),
    (plan, house) => ({
      ...callOf(ctx, house, once),
      ...seatingColumns(plan),
      caller_number: phone,
      caller_per_phone: house.settings.per_phone,
      per_phone: 'any',
      status: 'held',
      hold_expires_at: new Date(ctx.now + holdMs(ctx, house)).toISOString(),
      confirmation_code: newConfirmationCode(),
      area: request.area,
      source: sourceOf(ctx),
    }),
  )
  return { row, restaurant, expires_at: Date.parse(row.hold_expires_at ?? row.updated_at) }
}

function holdMs(ctx: CallCtx, house: Restaurant): number {
  const usual = house.settings.hold_minutes * 60_000
  return ctx.call.id === null ? Math.min(usual, commitMs) : Math.max(usual, commitMs)
}

export function sourceOf(ctx: CallCtx): 'voice' | 'api' {
  return ctx.call.id === null ? 'api' : 'voice'
}
