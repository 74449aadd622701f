import { readTimeCursor, writeCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { addDays, daysBetween, isoAt, wallOf } from '../platform/time.ts'
import { loadAgain } from '../restaurants/load.ts'
import { firstInstantAt } from '../restaurants/rules.ts'
import type { HistoryQuery, TableVisit, Utilisation } from './board-schema.ts'
import { selectUse, selectVisits, type Visit } from './history-queries.ts'
import { longestRangeDays, utilisationOf } from './history-rules.ts'
import { unusable } from './refusals.ts'

/** Who sat at a table between two dates, the last 30 days where none are named: turns as planned and as they were. */
export async function tableHistory(
  ctx: TenantCtx,
  table_id: string,
  asked: HistoryQuery,
): Promise<Result<TableVisit[]>> {
  const { timezone, id } = ctx.restaurant
  const today = wallOf(ctx.now, timezone).date
  const to = asked.to ?? (asked.from === undefined ? today : addDays(asked.from, 30))
  const from = asked.from ?? addDays(to, -30)
  const known = ctx.restaurant.tables.some((table) => table.id === table_id)
  if (!known && !(await loadAgain(ctx, id)).tables.some((table) => table.id === table_id))
    throw new Problem('not_found')
  const wish = { table_id, ...instantsOf(ctx, from, to), after: readTimeCursor(asked.cursor), limit: asked.limit + 1 }
  const rows = await withRetry(() => selectVisits(ctx.db, id, wish), ctx.request_id)
  const page = rows.slice(0, asked.limit)
  const last = page.at(-1)
  const next_cursor = rows.length > asked.limit && last ? writeCursor([last.starts_at, last.id]) : null
  return { data: page.map((visit) => presentVisit(visit, timezone)), meta: { next_cursor } }
}

/** How every table was used between two dates, 92 days at the most. */
export async function floorUtilisation(
  ctx: TenantCtx,
  { from, to }: { from: string; to: string },
): Promise<Result<Utilisation>> {
  const { from: starts, before } = instantsOf(ctx, from, to)
  const restaurant = await loadAgain(ctx, ctx.restaurant.id)
  const uses = await withRetry(() => selectUse(ctx.db, restaurant.id, starts, before, ctx.now), ctx.request_id)
  return { data: utilisationOf(restaurant, uses, from, to) }
}

function instantsOf(ctx: TenantCtx, from: string, to: string): { from: number; before: number } {
  if (to < from) throw unusable('query.to', 'must not be before from')
  if (daysBetween(from, to) >= longestRangeDays) throw unusable('query.to', `must be within ${longestRangeDays} days`)
  const { timezone } = ctx.restaurant
  return { from: firstInstantAt(from, 0, timezone), before: firstInstantAt(addDays(to, 1), 0, timezone) }
}

const minutes = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / 60_000)

function presentVisit(visit: Visit, timezone: string): TableVisit {
  const { id, starts_at, ends_at, seated_at, left_at, ...facts } = visit
  const local = (at: string | null): string | null => (at === null ? null : isoAt(Date.parse(at), timezone))
  return {
    ...facts,
    reservation_id: id,
    starts_at: isoAt(Date.parse(starts_at), timezone),
    planned_minutes: minutes(starts_at, ends_at),
    seated_at: local(seated_at),
    left_at: local(left_at),
    actual_minutes: seated_at !== null && left_at !== null ? Math.max(0, minutes(seated_at, left_at)) : null,
  }
}
