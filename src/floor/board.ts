import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { arrivalOf } from '../reservations/rules.ts'
import { momentOf } from '../reservations/requests.ts'
import { turnMinutes } from '../restaurants/rules.ts'
import { alertsOf } from './alerts-rules.ts'
import { boardOf } from './board-rules.ts'
import type { Alert, BoardTable, Suggestion, SuggestQuery, Timeline } from './board-schema.ts'
import { readFloor } from './read-floor.ts'
import { goneMinutes } from './rules.ts'
import { suggestTables } from './suggest-rules.ts'
import { spanOf, timelineOf } from './timeline-rules.ts'

const dayMs = 86_400_000

/** Every table at a moment, now where none is named: its status, who has it, who comes next, what it owes. */
export async function tablesNow(ctx: TenantCtx, asked: { at?: string | undefined }): Promise<Result<BoardTable[]>> {
  const at = asked.at === undefined ? ctx.now : instantAsked(ctx, momentOf(asked.at))
  const { restaurant, floor } = await readFloor(ctx, () => ({ from: at, to: at + dayMs, past: at < ctx.now }))
  return { data: boardOf(restaurant, floor, at, Math.abs(at - ctx.now) < 60_000) }
}

/** A date by half hours: every table's status in each, and the claims as bars. */
export async function timelineOn(ctx: TenantCtx, { date }: { date: string }): Promise<Result<Timeline>> {
  const { restaurant, floor } = await readFloor(ctx, (house) => {
    const { starts_at, ends_at } = spanOf(house, date)
    return { from: starts_at, to: ends_at, past: starts_at < ctx.now }
  })
  return { data: timelineOf(restaurant, floor.claims, date, ctx.now) }
}

/** What the staff should know now. */
export async function alertsNow(ctx: TenantCtx): Promise<Result<Alert[]>> {
  const { restaurant, floor } = await readFloor(ctx, () => ({
    from: ctx.now - goneMinutes * 60_000,
    to: ctx.now + dayMs,
    past: false,
  }))
  return { data: alertsOf(restaurant, floor, ctx.now) }
}

/** Where to seat a party best, now or then, with the reasons; empty where the house is closed or every table is taken. */
export async function suggestSeats(ctx: TenantCtx, asked: SuggestQuery): Promise<Result<Suggestion[]>> {
  const moment =
    asked.date !== undefined && asked.time !== undefined
      ? { date: asked.date, time: asked.time }
      : asked.at === undefined
        ? null
        : momentOf(asked.at)
  const starts_at = moment ? instantAsked(ctx, moment) : ctx.now
  const { restaurant, floor } = await readFloor(ctx, () => ({ from: starts_at, to: starts_at + dayMs, past: false }))
  const minutes = asked.minutes ?? turnMinutes(restaurant.settings, asked.party_size)
  const wish = { party_size: asked.party_size, area: asked.area ?? null, starts_at, minutes }
  return { data: suggestTables(restaurant, floor.claims, wish, ctx.now) }
}

function instantAsked(ctx: TenantCtx, moment: Parameters<typeof arrivalOf>[0]): number {
  const arrival = arrivalOf(moment, ctx.restaurant.timezone)
  if (!arrival) throw new Problem('nonexistent_time')
  return arrival.at
}
