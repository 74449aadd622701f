import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import { callExtendStays, selectHousesWithStays } from './queries.ts'

const atOnce = 8

/**
 * R114. Every five minutes: who still sits keeps its table for the next quarter of an hour, up to the next claim, so that
 * nobody is seated on top of it. Safe to run twice; R290: one house's trouble is not the next one's, nor one party's.
 */
export async function extendStays(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>): Promise<void> {
  const houses = await withRetry(() => selectHousesWithStays(ctx.db, ctx.now), ctx.request_id)
  let extended = 0
  for (let first = 0; first < houses.length; first += atOnce) {
    const done = await Promise.all(houses.slice(first, first + atOnce).map((house) => extendHouse(ctx, house)))
    extended += done.reduce((sum, count) => sum + count, 0)
  }
  if (extended > 0) log('info', 'stays', { request_id: ctx.request_id, houses: houses.length, extended })
}

async function extendHouse(ctx: Pick<Ctx, 'db' | 'now' | 'request_id'>, restaurant_id: string): Promise<number> {
  try {
    const stays = () => callExtendStays(ctx.db, restaurant_id, ctx.now, ctx.request_id)
    const { extended, failed } = await withRetry(stays, ctx.request_id)
    for (const one of failed) {
      // R290. What the locks should have prevented is an alarm here too, though it was one party's trouble only.
      const event = one.code === '23P01' ? 'claims_alarm' : 'stays_not_extended'
      log('error', event, { request_id: ctx.request_id, restaurant_id, ...one })
    }
    return extended
  } catch (error) {
    log('error', 'stays_not_extended', { request_id: ctx.request_id, restaurant_id, reason: String(error) })
    return 0
  }
}
