import { askObject } from '../platform/ask-object.ts'
import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import type { RestaurantFloorStub, Turn } from './feed-object.ts'
import { selectEventsSince } from './feed-queries.ts'
import { renderEvent } from './feed-rules.ts'

export type Pumping = Pick<Ctx, 'db' | 'floor' | 'request_id'>

export function askFloor<T>(
  ctx: Pick<Ctx, 'floor' | 'request_id'>,
  restaurant_id: string,
  ask: (floor: RestaurantFloorStub) => Promise<T>,
): Promise<T> {
  const facts = { request_id: ctx.request_id, restaurant_id }
  return askObject('floor_unavailable', facts, () => ctx.floor(restaurant_id), ask)
}

/**
 * R95. Brings what was committed before this call to the consoles of a house; where none looks on, nothing is read,
 * unless `anyway`. Answers whether anybody does. Throws `unavailable` when it could not be done; the next one makes up for it.
 */
export async function pumpFloor(
  ctx: Pumping,
  restaurant_id: string,
  { anyway = false } = {},
): Promise<'nobody' | 'told'> {
  // A read is refused when another arrived first, from the same place; the next begins where that one ended.
  for (let attempt = 1; attempt <= 5; attempt++) {
    const turn = await askFloor(ctx, restaurant_id, (floor) => floor.turn(anyway))
    if (!turn.read) return turn.why === 'nobody' ? 'nobody' : 'told'
    if (await bring(ctx, restaurant_id, turn)) return 'told'
  }
  log('warn', 'feed_contended', { request_id: ctx.request_id, restaurant_id })
  return 'told'
}

async function bring(ctx: Pumping, restaurant_id: string, turn: Extract<Turn, { read: true }>): Promise<boolean> {
  const { lease, since } = turn
  try {
    const { upto, reset, events } = await withRetry(
      () => selectEventsSince(ctx.db, restaurant_id, since),
      ctx.request_id,
    )
    const read = { lease, since, upto, reset, events: events.map((event) => renderEvent(event)) }
    const { taken } = await askFloor(ctx, restaurant_id, (floor) => floor.take(read))
    return taken
  } catch (error) {
    await askFloor(ctx, restaurant_id, (floor) => floor.pass(lease)).catch(() => undefined)
    throw error
  }
}

/** For after the answer: what could not be told is told with the next change, or by the next tick. */
export async function tellFloor(ctx: Pumping, restaurant_id: string): Promise<void> {
  try {
    await pumpFloor(ctx, restaurant_id)
  } catch (error) {
    log('warn', 'feed_not_told', { request_id: ctx.request_id, restaurant_id, reason: String(error) })
  }
}
