import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem, problems } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import { serviceAt } from '../restaurants/rules.ts'
import type { Restaurant, Table } from '../restaurants/schema.ts'
import { refuseUnknownArea } from './asked-area.ts'
import { availabilityOn, readDays } from './availability.ts'
import { nearestTimes, wantedOf } from './nearest-rules.ts'
import { selectClaimsAt, type TableClaim } from './queries.ts'
import { arrivalOf, askOf, availabilityAt, seatingOf, serviceDaysToRead } from './rules.ts'
import type { BulkAnswer, BulkQuestion, TableAnswer, TableQuestion, TableStatus } from './schema.ts'
import { busyTables } from './tables-rules.ts'

/** Every table at a moment: free, reserved, occupied or unavailable, and the claim that makes it so. */
export async function tablesAt(ctx: TenantCtx, asked: { date: string; time: string }): Promise<Result<TableStatus[]>> {
  const { restaurant } = ctx
  const arrival = arrivalOf(asked, restaurant.timezone)
  if (!arrival) throw new Problem('nonexistent_time')
  const days = serviceDaysToRead(restaurant, [asked.date])
  const claims = await withRetry(() => selectClaimsAt(ctx.db, restaurant.id, days, arrival.at, ctx.now), ctx.request_id)
  const open = serviceAt(restaurant, arrival.date, arrival.minute) !== undefined
  return {
    data: restaurant.tables.map((table) =>
      statusOf(
        table,
        claims.find((claim) => claim.table_id === table.id),
        open,
        restaurant.timezone,
      ),
    ),
  }
}

function statusOf(table: Table, claim: TableClaim | undefined, open: boolean, timezone: string): TableStatus {
  const { id, number, seats, area, min_party, enabled } = table
  const of = { table: { id, number, seats, area, min_party, enabled } }
  if (!claim) {
    if (enabled && open) return { ...of, status: 'free', claim: null }
    return { ...of, status: 'unavailable', why: enabled ? 'closed' : 'disabled', claim: null }
  }
  const { table_id: _table, ...facts } = claim
  const shown = {
    ...facts,
    starts_at: isoAt(Date.parse(claim.starts_at), timezone),
    ends_at: isoAt(Date.parse(claim.ends_at), timezone),
  }
  if (claim.kind === 'block') return { ...of, status: 'unavailable', why: 'blocked', claim: shown }
  const sitting = claim.kind === 'walk_in' || claim.kind === 'session' || claim.status === 'seated'
  return { ...of, status: sitting ? 'occupied' : 'reserved', claim: shown }
}

/** Whether a party can sit then, at which table best, which else, and where not: the rule, and the nearest times. */
export async function askForTable(ctx: TenantCtx, asked: TableQuestion): Promise<Result<TableAnswer>> {
  const { restaurant, claims } = await readDays(ctx, [asked.date])
  refuseUnknownArea(restaurant, asked.area)
  const ask = askOf(restaurant, { party_size: asked.party_size, area: asked.area ?? null })
  const arrival = arrivalOf(asked, restaurant.timezone)
  const service = arrival ? serviceAt(restaurant, arrival.date, arrival.minute) : undefined
  const at = arrival ? availabilityAt(restaurant, claims, { arrival, service }, ask, ctx.now) : null
  const refusal = at ? at.reason : 'nonexistent_time'
  if (refusal || !arrival || !service) {
    const code = refusal ?? 'closed'
    const wanted = wantedOf(restaurant, asked).at
    const [, title, hint] = problems[code]
    return {
      data: {
        available: false,
        suggested_table: null,
        suggested_tables: [],
        alternatives: [],
        alternative_times: nearestTimes(restaurant, claims, ask, asked.date, wanted, ctx.now),
        rule: { code, detail: `${title}.`, hint },
      },
    }
  }
  const busy = busyTables(claims, seatingOf(restaurant, arrival, service, asked.party_size))
  const free = ask.candidates.filter((candidate) => !candidate.table_ids.some((id) => busy.has(id)))
  const [best, ...others] = free.map((candidate) => ({
    tables: tablesNamed(restaurant, candidate.table_ids),
    seats: candidate.seats,
  }))
  return {
    data: {
      available: true,
      suggested_table: best?.tables[0] ?? null,
      suggested_tables: best?.tables ?? [],
      alternatives: others,
      alternative_times: [],
    },
  }
}

function tablesNamed(restaurant: Restaurant, ids: string[]): TableAnswer['suggested_tables'] {
  return ids
    .flatMap((id) => restaurant.tables.filter((table) => table.id === id))
    .map(({ id, number, seats, area }) => ({
      id,
      number,
      seats,
      area,
    }))
}

/** Many days in one round trip; with `times`, only those of the slots, and off the grid too. */
export async function bulkAvailability(ctx: TenantCtx, asked: BulkQuestion): Promise<Result<BulkAnswer>> {
  const dates = [...new Set(asked.dates)]
  const { restaurant, claims } = await readDays(ctx, dates)
  refuseUnknownArea(restaurant, asked.area)
  const ask = askOf(restaurant, { party_size: asked.party_size, area: asked.area ?? null })
  const question = { guests: asked.party_size, area: asked.area ?? undefined }
  const days = dates.map((date) => {
    const whole = availabilityOn(restaurant, claims, { ...question, date }, ctx.now)
    if (!asked.times) return whole
    const slots = [...new Set(asked.times)].map((time) => {
      const arrival = arrivalOf({ date, time }, restaurant.timezone)
      const service = arrival ? serviceAt(restaurant, arrival.date, arrival.minute) : undefined
      if (!arrival) return { time, starts_at: null, tablesAvailable: 0, reason: 'nonexistent_time' as const }
      const at = availabilityAt(restaurant, claims, { arrival, service }, ask, ctx.now)
      return {
        time,
        starts_at: isoAt(arrival.at, restaurant.timezone),
        tablesAvailable: at.parties,
        ...(at.reason ? { reason: at.reason } : {}),
      }
    })
    return {
      ...whole,
      slots,
      availableSlots: slots.filter((slot) => slot.tablesAvailable > 0).map((slot) => slot.time),
      tablesAvailable: Math.max(0, ...slots.map((slot) => slot.tablesAvailable)),
    }
  })
  return { data: { party_size: asked.party_size, days } }
}
