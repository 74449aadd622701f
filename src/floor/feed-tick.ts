import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import { pumpFloor } from './feed-pump.ts'
import { forgetOpenFloor, type OpenFloor, selectOpenFloors } from './feed-queries.ts'

const page = 200
const atOnce = 8

/** R95. Tells every house where a console may look on what it was not told, and forgets those where none does. */
export async function tellOpenFloors(ctx: Ctx): Promise<{ told: number; forgotten: number; failed: number }> {
  const done = { told: 0, forgotten: 0, failed: 0 }
  let after: string | null = null
  for (;;) {
    const from: string | null = after
    const floors: OpenFloor[] = await withRetry(() => selectOpenFloors(ctx.db, from, page), ctx.request_id)
    for (let n = 0; n < floors.length; n += atOnce) {
      for (const outcome of await Promise.all(floors.slice(n, n + atOnce).map((one) => tellOne(ctx, one))))
        done[outcome] += 1
    }
    if (floors.length < page) return done
    after = floors.at(-1)?.restaurant_id ?? null
  }
}

async function tellOne(ctx: Ctx, floor: OpenFloor): Promise<'told' | 'forgotten' | 'failed'> {
  try {
    if ((await pumpFloor(ctx, floor.restaurant_id)) === 'told') return 'told'
    await withRetry(() => forgetOpenFloor(ctx.db, floor), ctx.request_id)
    return 'forgotten'
  } catch (error) {
    // One house's trouble is not the next one's.
    const { restaurant_id } = floor
    log('warn', 'feed_not_told', { request_id: ctx.request_id, restaurant_id, reason: String(error) })
    return 'failed'
  }
}
