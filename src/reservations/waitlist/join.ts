import type { Once } from '../../platform/ctx.ts'
import { withRetry } from '../../platform/db.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { addDays, clock, wallOf } from '../../platform/time.ts'
import { withArea } from '../asked-area.ts'
import { contactOf } from '../requests.ts'
import { roomRefusal } from '../tables-rules.ts'
import { advanceWaitlist } from './advance.ts'
import { readFloor } from './list.ts'
import { presentEntry } from './present.ts'
import { callWaitlist } from './queries.ts'
import { quoteFor } from './quote-rules.ts'
import { serviceDayOf, waitCandidates, windowOf, windowRefusal, type WaitWish } from './rules.ts'
import type { NewWaitlistEntry, Quote, WaitlistEdit, WaitlistEntry } from './schema.ts'
import { entryOf, waitCallOf, writeEntry } from './write.ts'

/**
 * R120. Joins the queue of now, with a quote, or the list of a day to come. 409 `already_exists` with the entry where
 * this phone is in that queue; the rule that says no where no table could ever serve.
 */
export async function joinWaitlist(
  asked: TenantCtx,
  input: NewWaitlistEntry,
  once: Once,
): Promise<Result<WaitlistEntry>> {
  const ctx = await withArea(asked, input.area, once)
  const { restaurant } = ctx
  const wish = wishOf(input)
  if (waitCandidates(restaurant, wish).length === 0) {
    throw new Problem(roomRefusal(restaurant, { ...wish, table_id: null }, []) ?? 'no_table_fits')
  }
  const contact = contactColumns(input, ctx)
  const place =
    input.date === undefined || input.from === undefined
      ? await placeNow(ctx, wish)
      : { ...windowColumns(ctx, { date: input.date, from: input.from, to: input.to ?? input.from }, wish), quote: null }
  const { quote, kind, service_day, ...columns } = place
  const plan = {
    ...waitCallOf(ctx, restaurant, once),
    kind,
    service_day,
    fields: { ...contact, ...wish, ...columns, source: input.source ?? (kind === 'now' ? 'walk_in' : 'api') },
  }
  const answer = await withRetry(() => callWaitlist(ctx.db, 'join_waitlist', plan), ctx.request_id)
  const row = entryOf(answer, restaurant, ctx.now)
  // There may be a table already.
  ctx.after(advanceWaitlist(ctx, [row.service_day]))
  return { data: presentEntry(row, restaurant, ctx.now, quote) }
}

async function placeNow(
  ctx: TenantCtx,
  wish: WaitWish,
): Promise<{
  kind: 'now'
  service_day: string
  quote: Quote
  quoted_min_minutes: number | null
  quoted_max_minutes: number | null
}> {
  const { restaurant, floor } = await readFloor(ctx)
  const quote = quoteFor(restaurant, floor, wish, ctx.now)
  return {
    kind: 'now',
    service_day: serviceDayOf(ctx.now, restaurant.timezone),
    quote,
    quoted_min_minutes: quote.min_minutes,
    quoted_max_minutes: quote.max_minutes,
  }
}

/** R120. Corrects what an entry says; its place in the queue stays. */
export async function editEntry(
  asked: TenantCtx,
  id: string,
  input: WaitlistEdit,
  if_match: number | null,
  once: Once,
): Promise<Result<WaitlistEntry>> {
  const ctx = await withArea(asked, input.area, once)
  const row = await writeEntry(ctx, 'edit_waitlist', id, once, (old) => {
    const { version, date, from, to, ...named } = input
    const merged = { ...old, ...definedOnly(named) }
    const wish = wishOf(merged)
    if (waitCandidates(ctx.restaurant, wish).length === 0) throw new Problem('no_table_fits')
    const window = [date, from, to].some((one) => one !== undefined)
      ? windowAfter(ctx, old, { date, from, to }, wish)
      : {}
    return { version: version ?? if_match, fields: { ...contactColumns(merged, ctx), ...wish, ...window } }
  })
  ctx.after(advanceWaitlist(ctx, [row.service_day]))
  return { data: presentEntry(row, ctx.restaurant, ctx.now, null) }
}

function windowAfter(
  ctx: TenantCtx,
  old: { kind: string; window_starts_at: string | null; window_ends_at: string | null },
  named: { date: string | undefined; from: string | undefined; to: string | undefined },
  wish: WaitWish,
): Record<string, unknown> {
  if (old.window_starts_at === null || old.window_ends_at === null) {
    const message = 'only an entry for a day to come has one'
    throw new Problem('validation_failed', { errors: [{ path: 'date', message }] })
  }
  const was = wallTimes(ctx, Date.parse(old.window_starts_at), Date.parse(old.window_ends_at))
  const { kind: _kind, ...columns } = windowColumns(
    ctx,
    { date: named.date ?? was.date, from: named.from ?? was.from, to: named.to ?? was.to },
    wish,
  )
  return columns
}

function wallTimes(ctx: TenantCtx, starts: number, ends: number): { date: string; from: string; to: string } {
  const { timezone } = ctx.restaurant
  const from = wallOf(starts, timezone)
  return { date: from.date, from: clock(from.minute), to: clock(wallOf(ends, timezone).minute) }
}

function windowColumns(
  ctx: TenantCtx,
  asked: { date: string; from: string; to: string },
  wish: WaitWish,
): { kind: 'future'; service_day: string; window_starts_at: string; window_ends_at: string } {
  const { restaurant, now } = ctx
  const { timezone, settings } = restaurant
  const window = windowOf(restaurant, asked)
  if ('refusal' in window) throw new Problem(window.refusal)
  if (asked.date > addDays(wallOf(now, timezone).date, settings.horizon_days)) throw new Problem('too_far_ahead')
  const refusal = windowRefusal(restaurant, window, wish.party_size, now)
  if (refusal) throw new Problem(refusal)
  return {
    kind: 'future',
    service_day: serviceDayOf(window.starts_at, timezone),
    window_starts_at: new Date(window.starts_at).toISOString(),
    window_ends_at: new Date(window.ends_at).toISOString(),
  }
}

type Said = {
  name: string
  phone_number?: string | null | undefined
  email?: string | null | undefined
  language?: string | null | undefined
  notes?: string | null | undefined
}

function contactColumns(said: Said, ctx: TenantCtx): Record<string, string | null | undefined> {
  const { name, search_name, phone_number, email, language, notes } = contactOf(said, ctx.restaurant)
  return { name, search_name, phone_number, email, language, notes }
}

function wishOf(said: {
  party_size: number
  area?: string | null | undefined
  accepts_bar?: boolean | null | undefined
}): WaitWish {
  return { party_size: said.party_size, area: said.area ?? null, accepts_bar: said.accepts_bar ?? null }
}

/** What was named, without what was not: the type says the same of the values that are left. */
function definedOnly<T extends object>(named: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
