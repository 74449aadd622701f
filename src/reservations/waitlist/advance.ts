import { tellFloor } from '../../floor/feed-pump.ts'
import { tellGuests } from '../../messages/pump.ts'
import { withRetry } from '../../platform/db.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { log } from '../../platform/log.ts'
import { queueCall } from '../../platform/qstash.ts'
import { loadAgain } from '../../restaurants/load.ts'
import { presentEntry } from './present.ts'
import {
  callAdvance,
  callCloseWaitlists,
  callRefreshTurns,
  type Queue,
  selectHousesWaiting,
  selectQueues,
} from './queries.ts'
import { askOfDay, askOfNow, serviceDayOf } from './rules.ts'
import type { Advanced, WaitlistRow } from './schema.ts'
import { codesFor, codeTaken, waitCallOf } from './write.ts'

export type AdvanceCtx = Pick<TenantCtx, 'db' | 'now' | 'request_id' | 'actor' | 'secrets' | 'restaurant' | 'floor'>
type Moved = { offered: WaitlistRow[]; lapsed: number }

const offersOfACall = 20

/**
 * R125. The queues of a house a step further: offers nobody answered lapse, tables that are free are held for the first
 * in fair order. `days` are service days, null all. Safe to call at any time, by anybody, any number of times.
 */
export async function advanceWaitlist(ctx: AdvanceCtx, days: string[] | null): Promise<Moved> {
  const queues = await withRetry(() => selectQueues(ctx.db, ctx.restaurant.id, days), ctx.request_id)
  const today = serviceDayOf(ctx.now, ctx.restaurant.timezone)
  const moved: Moved = { offered: [], lapsed: 0 }
  for (const queue of queues) {
    // What is left of a day that is over is closed by the sweep.
    if (queue.service_day < today || (queue.kind === 'now' && queue.service_day > today)) continue
    const { offered, lapsed } = await advanceQueue(ctx, queue)
    moved.offered.push(...offered)
    moved.lapsed += lapsed
  }
  if (moved.offered.length + moved.lapsed > 0) {
    await Promise.all([...moved.offered.map((row) => askToBeCalled(ctx, row)), tellFloor(ctx, ctx.restaurant.id)])
    await tellGuests(ctx, ctx.restaurant)
  }
  return moved
}

async function advanceQueue(ctx: AdvanceCtx, queue: Queue): Promise<Moved> {
  let { restaurant } = ctx
  for (let attempt = 1; attempt <= 4; attempt++) {
    const house = restaurant
    const plan = {
      ...waitCallOf(ctx, house, null),
      service_day: queue.service_day,
      kind: queue.kind,
      asks: queue.wishes.map((wish) =>
        queue.kind === 'now' ? askOfNow(house, wish, ctx.now) : askOfDay(house, wish, queue.windows, ctx.now),
      ),
      per_phone: house.settings.per_phone,
      codes: codesFor(offersOfACall),
    }
    const answer = await withRetry(() => callAdvance(ctx.db, plan), ctx.request_id).catch(codeTaken)
    if (answer?.outcome === 'advanced') return answer
    restaurant = await loadAgain(ctx, house.id)
  }
  return { offered: [], lapsed: 0 }
}

/** R126. QStash calls when the offer lapses, so that the next is offered the table in that minute; else the sweep does. */
export async function askToBeCalled(ctx: AdvanceCtx, row: WaitlistRow): Promise<void> {
  if (row.offer_expires_at === null) return
  const delay_seconds = Math.max(1, Math.ceil((Date.parse(row.offer_expires_at) - ctx.now) / 1000) + 1)
  try {
    await queueCall(ctx.secrets, {
      path: '/jobs/waitlist',
      body: { restaurant_id: row.restaurant_id, service_day: row.service_day },
      delay_seconds,
      retries: 3,
      retry_delay: null,
      deduplication_id: `waitlist-${row.id}-${row.offers}`,
    })
  } catch (error) {
    log('warn', 'qstash_unavailable', { request_id: ctx.request_id, entry_id: row.id, reason: String(error) })
  }
}

const freed = new Set<string>(['completed', 'cancelled', 'no_show'])

/** After a reservation freed a table, or may have, while somebody waits; null: on whichever day. */
export async function advanceAfter(ctx: TenantCtx, row: { status: string; starts_at: string } | null): Promise<void> {
  if (row && !freed.has(row.status)) return
  const { timezone } = ctx.restaurant
  const days = row && [serviceDayOf(Date.parse(row.starts_at), timezone), serviceDayOf(ctx.now, timezone)]
  await advanceWaitlist(ctx, days)
}

/** The host asks for it; answers who is offered a table now. */
export async function advanceByHand(ctx: TenantCtx): Promise<Result<Advanced>> {
  const { offered, lapsed } = await advanceWaitlist(ctx, null)
  return { data: { offered: offered.map((row) => presentEntry(row, ctx.restaurant, ctx.now, null)), lapsed } }
}

/** QStash calls: an offer has just lapsed. */
export async function advanceDay(ctx: Ctx, restaurant_id: string, service_day: string): Promise<number> {
  const restaurant = await loadAgain(ctx, restaurant_id)
  const { offered } = await advanceWaitlist({ ...ctx, restaurant }, [service_day])
  return offered.length
}

/** Every five minutes, every house where somebody waits: whatever freed a table without saying so is found here. */
export async function sweepWaitlists(ctx: Ctx): Promise<void> {
  const closed = await withRetry(() => callCloseWaitlists(ctx), ctx.request_id)
  const houses = await withRetry(() => selectHousesWaiting(ctx.db), ctx.request_id)
  let offered = 0
  for (const id of houses) {
    try {
      const restaurant = await loadAgain(ctx, id)
      await withRetry(() => callRefreshTurns(ctx.db, id, ctx.now), ctx.request_id)
      offered += (await advanceWaitlist({ ...ctx, restaurant }, null)).offered.length
    } catch (error) {
      // One house's trouble is not the next one's.
      log('error', 'waitlist_not_advanced', { request_id: ctx.request_id, restaurant_id: id, reason: String(error) })
    }
  }
  if (closed + offered > 0) log('info', 'waitlist', { request_id: ctx.request_id, closed, offered })
}
