import { readTimeCursor, writeCursor } from '../../platform/cursor.ts'
import { withRetry } from '../../platform/db.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { withHouseTimes } from '../../platform/instants.ts'
import { Problem } from '../../platform/problem.ts'
import { addDays, wallOf } from '../../platform/time.ts'
import { loadAgain } from '../../restaurants/load.ts'
import { firstInstantAt } from '../../restaurants/rules.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { refuseUnknownArea } from '../asked-area.ts'
import { presentEntry } from './present.ts'
import { type Accuracy, selectAccuracy, selectDecisions, selectEntries, selectEntry, selectFloor } from './queries.ts'
import { type Floor, quoteFor, quotesOf } from './quote-rules.ts'
import { serviceDayOf, statusNow } from './rules.ts'
import type {
  AccuracyQuery,
  Quote,
  QuoteAccuracy,
  QuoteQuery,
  WaitDecision,
  WaitlistEntry,
  WaitlistFilter,
  WaitStatus,
} from './schema.ts'

/** The floor of today and the restaurant it was read with, in one round trip while this isolate remembers it as it is. */
export async function readFloor(
  ctx: Pick<TenantCtx, 'db' | 'now' | 'request_id' | 'restaurant'>,
): Promise<{ restaurant: Restaurant; floor: Floor }> {
  let { restaurant } = ctx
  for (let attempt = 1; ; attempt++) {
    const { id, timezone, version } = restaurant
    const floor = await withRetry(
      () => selectFloor(ctx.db, id, serviceDayOf(ctx.now, timezone), ctx.now),
      ctx.request_id,
    )
    if (!floor) throw new Problem('not_found')
    if (floor.version === version || attempt === 3) return { restaurant, floor }
    restaurant = await loadAgain(ctx, id)
  }
}

async function liveQuotes(ctx: TenantCtx): Promise<Map<string, Quote>> {
  const { restaurant, floor } = await readFloor(ctx)
  const quotes = quotesOf(restaurant, floor, floor.queue, ctx.now)
  return new Map(floor.queue.flatMap(({ id }, i) => (quotes[i] ? [[id, quotes[i]] as const] : [])))
}

const live: WaitStatus[] = ['waiting', 'offered', 'accepted']

/** The queue of a service day in the order they joined, each with its place and what it may expect now. */
export async function listWaitlist(ctx: TenantCtx, filter: WaitlistFilter): Promise<Result<WaitlistEntry[]>> {
  const { restaurant, now } = ctx
  const today = serviceDayOf(now, restaurant.timezone)
  const asked = filter.status ?? live
  // A lapsed offer is still written as one: it is read with the others, and told by the clock.
  const statuses = asked.some((one) => one === 'waiting' || one === 'lapsed') ? [...asked, 'offered' as const] : asked
  const day = filter.date ?? today
  const [rows, quotes] = await Promise.all([
    withRetry(
      () =>
        selectEntries(ctx.db, restaurant.id, {
          day,
          statuses,
          kind: filter.kind ?? null,
          after: readTimeCursor(filter.cursor),
          limit: filter.limit + 1,
        }),
      ctx.request_id,
    ),
    day === today ? liveQuotes(ctx) : new Map<string, Quote>(),
  ])
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  return {
    data: page
      .filter((row) => asked.includes(statusNow(row, now)))
      .map((row) => presentEntry(row, restaurant, now, quotes.get(row.id) ?? null)),
    meta: { next_cursor: rows.length > filter.limit && last ? writeCursor([last.joined_at, last.id]) : null },
  }
}

export async function getEntry(ctx: TenantCtx, id: string): Promise<Result<WaitlistEntry>> {
  const row = await withRetry(() => selectEntry(ctx.db, ctx.restaurant.id, id), ctx.request_id)
  if (!row) throw new Problem('not_found')
  const waits = row.kind === 'now' && statusNow(row, ctx.now) === 'waiting'
  const quotes = waits ? await liveQuotes(ctx) : null
  return { data: presentEntry(row, ctx.restaurant, ctx.now, quotes?.get(id) ?? null) }
}

/** R127. Every offer of an entry and every time it was passed over, with why. */
export async function entryDecisions(ctx: TenantCtx, id: string): Promise<Result<WaitDecision[]>> {
  const decisions = await withRetry(() => selectDecisions(ctx.db, ctx.restaurant.id, id), ctx.request_id)
  if (!decisions) throw new Problem('not_found')
  return { data: withHouseTimes(decisions, ctx.restaurant.timezone) }
}

/** What one who joined now would be told; nobody is written down. */
export async function quoteNow(ctx: TenantCtx, asked: QuoteQuery): Promise<Result<Quote>> {
  const { restaurant, floor } = await readFloor(ctx)
  refuseUnknownArea(restaurant, asked.area)
  const wish = { party_size: asked.party_size, area: asked.area ?? null, accepts_bar: asked.accepts_bar ?? null }
  return { data: quoteFor(restaurant, floor, wish, ctx.now) }
}

/** R128. What was quoted against what came, of who was seated on these local dates; the last thirty where not said. */
export async function quoteAccuracy(ctx: TenantCtx, asked: AccuracyQuery): Promise<Result<QuoteAccuracy>> {
  const { timezone, id } = ctx.restaurant
  const to = asked.to ?? wallOf(ctx.now, timezone).date
  const from = asked.from ?? addDays(to, -29)
  const rows = await withRetry(
    () => selectAccuracy(ctx.db, id, firstInstantAt(from, 0, timezone), firstInstantAt(addDays(to, 1), 0, timezone)),
    ctx.request_id,
  )
  const all = rows.find((row) => row.party_size === null) ?? none
  return {
    data: {
      from,
      to,
      ...figuresOf(all),
      by_party_size: rows.flatMap((row) =>
        row.party_size === null ? [] : [{ party_size: row.party_size, ...figuresOf(row) }],
      ),
    },
  }
}

const none: Accuracy = {
  party_size: null,
  parties: 0,
  within_range: 0,
  mean_absolute: null,
  median_absolute: null,
  mean: null,
}

const tenth = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10)

function figuresOf(row: Accuracy): Omit<QuoteAccuracy, 'from' | 'to' | 'by_party_size'> {
  return {
    parties: row.parties,
    within_range: row.within_range,
    within_range_share: row.parties === 0 ? null : Math.round((row.within_range / row.parties) * 1000) / 1000,
    mean_absolute_error_minutes: tenth(row.mean_absolute),
    median_absolute_error_minutes: tenth(row.median_absolute),
    mean_error_minutes: tenth(row.mean),
  }
}
