import type { Once } from '../../platform/ctx.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { withTables } from '../asked-tables.ts'
import { steps } from '../rules.ts'
import { tooEarly } from '../write.ts'
import { advanceWaitlist, askToBeCalled } from './advance.ts'
import { presentEntry } from './present.ts'
import { askOfDay, askOfNow, serviceDayOf, type WaitAsk } from './rules.ts'
import type { NotifyInput, SeatInput, WaitlistEntry, WaitlistRow, WaitStep } from './schema.ts'
import { codesFor, writeEntry } from './write.ts'

type Asked = WaitStep & { stay?: boolean }
const noTables = { asks: [], other_table: false, stay: false }

/** The table that is held becomes theirs: a confirmed reservation. 409 `hold_expired` once the offer has lapsed. */
export async function acceptOffer(
  ctx: TenantCtx,
  id: string,
  asked: Asked,
  once: Once,
): Promise<Result<WaitlistEntry>> {
  const row = await writeEntry(ctx, 'step_waitlist', id, once, () => ({
    ...noTables,
    step: 'accept',
    version: asked.version ?? null,
    why: asked.why ?? null,
  }))
  return { data: presentEntry(row, ctx.restaurant, ctx.now, null) }
}

/** Not this table; the next is offered it. With `stay` they wait on, and others come first once. */
export function declineOffer(ctx: TenantCtx, id: string, asked: Asked, once: Once): Promise<Result<WaitlistEntry>> {
  return giveUp(ctx, id, { ...asked, step: 'decline', by: askerOf(ctx) }, once)
}

/** Out of the queue; a table that is held for them is offered to the next. */
export function leaveWaitlist(
  ctx: TenantCtx,
  id: string,
  asked: Asked & { by?: 'guest' | 'staff' | undefined },
  once: Once,
): Promise<Result<WaitlistEntry>> {
  return giveUp(ctx, id, { ...asked, step: 'leave', by: asked.by ?? askerOf(ctx) }, once)
}

async function giveUp(
  ctx: TenantCtx,
  id: string,
  asked: Asked & { step: 'decline' | 'leave'; by: 'guest' | 'staff' },
  once: Once,
): Promise<Result<WaitlistEntry>> {
  const row = await writeEntry(ctx, 'step_waitlist', id, once, () => ({
    ...noTables,
    step: asked.step,
    version: asked.version ?? null,
    why: asked.why ?? null,
    stay: asked.stay ?? false,
    // They would only say no again.
    not_before: new Date(ctx.now + ctx.restaurant.settings.waitlist_offer_minutes * 60_000).toISOString(),
    left_by: asked.by,
  }))
  ctx.after(advanceWaitlist(ctx, daysOf(ctx, row)))
  return { data: presentEntry(row, ctx.restaurant, ctx.now, null) }
}

/**
 * The party sits: at the table that is theirs, or at another, or straight from the queue at any that is free. By the same
 * guard as everybody: 409 `table_taken` or `sold_out`.
 */
export async function seatFromWaitlist(
  ctx: TenantCtx,
  id: string,
  asked: SeatInput,
  once: Once,
): Promise<Result<WaitlistEntry>> {
  const { table_id = null, turn_minutes = null } = asked
  const row = await writeEntry(ctx, 'step_waitlist', id, once, async (old, house) => {
    const restaurant = await houseWith(ctx, house, table_id, once)
    const kept = old.status !== 'waiting' && table_id === null
    const early = old.reservation ? Date.parse(old.reservation.starts_at) - ctx.now : 0
    if (kept && old.reservation && early > steps.seat.early_minutes * 60_000)
      throw tooEarly(old.reservation.starts_at, restaurant, presentEntry(old, restaurant, ctx.now, null))
    return {
      step: 'seat',
      version: asked.version ?? null,
      why: asked.why ?? null,
      stay: false,
      other_table: table_id !== null,
      asks: kept ? [] : [askOfNow(restaurant, old, ctx.now, { table_id, turn_minutes, seats: true })],
      per_phone: 'any',
      codes: codesFor(1),
    }
  })
  if (table_id !== null) ctx.after(advanceWaitlist(ctx, daysOf(ctx, row)))
  return { data: presentEntry(row, ctx.restaurant, ctx.now, null) }
}

/** The host offers this party a table now, whoever is before them; who was passed over is written down with why. */
export async function notifyParty(
  ctx: TenantCtx,
  id: string,
  asked: NotifyInput,
  once: Once,
): Promise<Result<WaitlistEntry>> {
  const row = await writeEntry(ctx, 'step_waitlist', id, once, async (old, house) => {
    const restaurant = await houseWith(ctx, house, asked.table_id ?? null, once)
    return {
      step: 'notify',
      version: asked.version ?? null,
      why: asked.why ?? null,
      stay: false,
      other_table: false,
      asks: [askFor(restaurant, old, ctx.now, asked.table_id ?? null)],
      per_phone: restaurant.settings.per_phone,
      codes: codesFor(1),
    }
  })
  ctx.after(askToBeCalled(ctx, row))
  return { data: presentEntry(row, ctx.restaurant, ctx.now, null) }
}

function askFor(restaurant: Restaurant, old: WaitlistRow, now: number, table_id: string | null): WaitAsk {
  if (old.window_starts_at === null || old.window_ends_at === null)
    return askOfNow(restaurant, old, now, { table_id, turn_minutes: null, seats: false })
  const window = { starts_at: Date.parse(old.window_starts_at), ends_at: Date.parse(old.window_ends_at) }
  return askOfDay(restaurant, old, [window], now, table_id)
}

/** R276. The house to plan with; where it is another than the one remembered, the writing function says so. */
async function houseWith(ctx: TenantCtx, house: Restaurant, table_id: string | null, once: Once): Promise<Restaurant> {
  const named = table_id === null ? [] : [table_id]
  return (await withTables({ ...ctx, restaurant: house }, 'table_id', named, once)).restaurant
}

/** A key acts for the house, whoever holds it; a guest or a caller for itself. */
function askerOf({ actor }: TenantCtx): 'guest' | 'staff' {
  return actor.kind === 'guest' || actor.kind === 'call' ? 'guest' : 'staff'
}

/** Where a table may have come free: on their day, and today. */
function daysOf(ctx: TenantCtx, row: WaitlistRow): string[] {
  return [...new Set([row.service_day, serviceDayOf(ctx.now, ctx.restaurant.timezone)])]
}
