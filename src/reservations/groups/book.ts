import type { Once } from '../../platform/ctx.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { newConfirmationCode } from '../../platform/ids.ts'
import { Problem, problems } from '../../platform/problem.ts'
import { clock, isoAt } from '../../platform/time.ts'
import { withArea } from '../asked-area.ts'
import { refuseUnusable } from '../asked-tables.ts'
import { readDays } from '../availability.ts'
import { offered } from '../nearest-rules.ts'
import { presentReservation } from '../present.ts'
import { insertDenied } from '../queries.ts'
import { contactOf } from '../requests.ts'
import type { Reservation } from '../schema.ts'
import { call, callOf, rowOf, seatingColumns } from '../write.ts'
import { decideGroup, type GroupRequest, nearestGroupTimes } from './rules.ts'
import type { NewGroup } from './schema.ts'

/**
 * Several tables as one reservation, for a party larger than any table or combination. It waits for the house's word
 * (`pending`) unless staff book it. Decided on what is free by a fresh read, and written only if it still is.
 */
export async function bookGroup(asked: TenantCtx, input: NewGroup, once: Once): Promise<Result<Reservation>> {
  const request: GroupRequest = {
    moment: { date: input.date, time: input.time },
    party_size: input.party_size,
    area: input.area ?? null,
    table_id: null,
    tables: input.tables?.map((id) => id.toLowerCase()) ?? null,
  }
  const ctx = await withArea(asked, input.area, once)
  const contact = contactOf(input, ctx.restaurant)
  for (let attempt = 1; attempt <= 5; attempt++) {
    const { restaurant, claims } = await readDays(ctx, [input.date])
    const cause = callOf(ctx, restaurant, once)
    const decision = decideGroup(request, restaurant, claims, null, ctx.now)
    if ('refusal' in decision) {
      // Of a repeat, the tables that are taken may be its own.
      const before = await call(ctx, 'answered_before', cause)
      if (before.outcome !== 'unanswered')
        return { data: presentReservation(rowOf(before, restaurant), restaurant.timezone) }
      refuseUnusable(restaurant, 'tables', request.tables ?? [])
      ctx.after(insertDenied(ctx, 'booking', decision.refusal, request))
      const alternatives = nearestGroupTimes(request, restaurant, claims, input.date, ctx.now).map((one) => ({
        date: input.date,
        time: clock(one.time_minute),
        starts_at: isoAt(one.at, restaurant.timezone),
      }))
      const offer = offered(alternatives, input.date)
      const hint = `${problems[decision.refusal][2]} I could offer ${offer}.`
      throw new Problem(decision.refusal, { ...(offer ? { hint } : {}), more: { alternatives } })
    }
    const answer = await call(ctx, 'book_group', {
      ...cause,
      ...seatingColumns(decision.plan),
      ...contact,
      per_phone: restaurant.settings.per_phone,
      status: ctx.actor.kind === 'staff' ? 'confirmed' : 'pending',
      confirmation_code: newConfirmationCode(),
      area: request.area,
      source: input.source ?? 'api',
    })
    if (answer.outcome === 'lost_race' || answer.outcome === 'stale_restaurant') continue
    return { data: presentReservation(rowOf(answer, restaurant), restaurant.timezone) }
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}
