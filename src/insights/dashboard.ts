import { aheadMinutes, forgottenMinutes, goneMinutes } from '../floor/rules.ts'
import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { addDays, clock, isoAt, wallOf } from '../platform/time.ts'
import { firstInstantAt } from '../restaurants/rules.ts'
import { selectDashboard } from './dashboard-queries.ts'
import type { Dashboard } from './dashboard-schema.ts'
import { dayBegins, serviceDayOf, shareOf } from './rules.ts'

/** The day under way on one page, in one round trip. Instants carry the restaurant's own offset. */
export async function readDashboard(ctx: TenantCtx): Promise<{ data: Dashboard }> {
  const { timezone, id } = ctx.restaurant
  const wall = wallOf(ctx.now, timezone)
  const day = serviceDayOf(wall)
  const from = firstInstantAt(day, dayBegins, timezone)
  const to = firstInstantAt(addDays(day, 1), dayBegins, timezone)
  // Offsets are of whole quarters, so the half-hour on the wall began so many minutes ago.
  const half_hour = Math.floor(ctx.now / 60_000) * 60_000 - (wall.minute % 30) * 60_000
  const told = {
    ahead: ctx.now + aheadMinutes * 60_000,
    gone: ctx.now - goneMinutes * 60_000,
    forgotten: ctx.now - forgottenMinutes * 60_000,
  }
  const read = await withRetry(
    () => selectDashboard(ctx.db, id, { day, from, to, now: ctx.now, half_hour, ...told }),
    ctx.request_id,
  )
  if (!read) throw new Problem('not_found')
  const { occupancy, arrivals, ...rest } = read
  return {
    data: {
      date: day,
      now: isoAt(ctx.now, timezone),
      ...rest,
      arrivals: arrivals.map((one) => ({ ...one, starts_at: isoAt(Date.parse(one.starts_at), timezone) })),
      occupancy: {
        ...occupancy,
        share: shareOf(occupancy.covers, occupancy.seats),
        ahead: occupancy.ahead.map(({ at, covers }) => ({
          at: isoAt(Date.parse(at), timezone),
          time: clock(wallOf(Date.parse(at), timezone).minute),
          covers,
          share: shareOf(covers, occupancy.seats),
        })),
      },
    },
  }
}
