import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { newConfirmationCode } from '../platform/ids.ts'
import { withArea } from './asked-area.ts'
import { presentReservation } from './present.ts'
import { contactOf, requestOf } from './requests.ts'
import { decideBooking } from './rules.ts'
import type { NewReservation, Reservation } from './schema.ts'
import { callOf, decideAndWrite, seatingColumns } from './write.ts'

/** Books a table for a party: 201 with its tables and code, or the rule that says no and the nearest times that say yes. */
export async function bookTable(ctx: TenantCtx, input: NewReservation, once: Once): Promise<Result<Reservation>> {
  const request = requestOf(input)
  const contact = contactOf(input, ctx.restaurant)
  const { row, restaurant, meta } = await decideAndWrite(
    await withArea(ctx, request.area, once),
    'book',
    'booking',
    request,
    once,
    (house) => decideBooking(request, house, ctx.now),
    (plan, house) => ({
      ...callOf(ctx, house, once),
      ...seatingColumns(plan),
      ...contact,
      per_phone: house.settings.per_phone,
      status: house.settings.approval === 'manual' ? 'pending' : 'confirmed',
      confirmation_code: newConfirmationCode(),
      area: request.area,
      source: input.source ?? 'api',
    }),
  )
  return { data: presentReservation(row, restaurant.timezone), meta }
}
