import { Problem } from '../platform/problem.ts'
import { clock, wallOf } from '../platform/time.ts'
import { alternativesOn } from '../reservations/alternatives.ts'
import { refuseUnknownArea } from '../reservations/asked-area.ts'
import { readDays } from '../reservations/availability.ts'
import { decideChange, demandRefusal } from '../reservations/rules.ts'
import type { BookingRequest, Claim, ReservationRow } from '../reservations/schema.ts'
import type { CallCtx } from './operation.ts'

/** What a caller wants otherwise, as a change of a reservation takes it. */
export type Move = {
  date?: string
  time?: string
  party_size?: number
  area?: string
  other_info?: string
}

export function moveOf(input: {
  new_date?: string | null | undefined
  new_time?: string | null | undefined
  new_party_size?: number | null | undefined
  new_area?: string | null | undefined
  new_requests?: string | null | undefined
}): Move {
  const { new_date, new_time, new_party_size, new_area, new_requests } = input
  return {
    ...(new_date ? { date: new_date } : {}),
    ...(new_time ? { time: new_time } : {}),
    ...(new_party_size ? { party_size: new_party_size } : {}),
    ...(new_area ? { area: new_area } : {}),
    ...(new_requests ? { other_info: new_requests } : {}),
  }
}

/** Whether a booking could be moved so, its own table counted as free; throws the rule that says no, with other times. */
export async function checkMove(ctx: CallCtx, row: ReservationRow, wish: Move): Promise<void> {
  const { date, time, party_size, area } = wish
  if ((date ?? time ?? party_size ?? area) === undefined) return
  const wall = wallOf(Date.parse(row.starts_at), ctx.restaurant.timezone)
  const request: BookingRequest = {
    moment: { date: date ?? wall.date, time: time ?? clock(wall.minute) },
    party_size: party_size ?? row.party_size,
    area: area ?? row.area,
    table_id: null,
  }
  const { restaurant, claims } = await readDays(ctx, [...new Set([wall.date, date ?? wall.date])])
  refuseUnknownArea(restaurant, area)
  const others = claims.filter((claim) => !isOf(claim, row))
  const decision = decideChange(request, row, true, restaurant, ctx.now)
  const refusal = 'refusal' in decision ? decision.refusal : demandAgainst(decision.plan)
  if (refusal === null) return
  throw new Problem(refusal, { more: { alternatives: alternativesOn(restaurant, others, refusal, request, ctx.now) } })

  function demandAgainst(
    plan: Extract<typeof decision, { plan: unknown }>['plan'],
  ): ReturnType<typeof demandRefusal>['refusal'] {
    const candidates = plan.candidates.map((table_ids) => ({ table_ids, seats: 0 }))
    return demandRefusal(restaurant, others, plan, candidates, plan.party_size).refusal
  }
}

/** Two claims never share a table and a moment, so table and beginning say whose it is. */
function isOf(claim: Claim, row: ReservationRow): boolean {
  return claim.starts_at === Date.parse(row.starts_at) && row.tables.some((table) => table.id === claim.table_id)
}
