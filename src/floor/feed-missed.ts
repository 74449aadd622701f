import { allows, scopesOf } from '../access/rules.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { askFloor, pumpFloor } from './feed-pump.ts'
import { FeedEvent, type Missed } from './feed-schema.ts'

/**
 * R99. What came after a number, read from Postgres up to this moment. Our pages ask now and then beside their socket,
 * so that an event whose news was lost is heard, by all consoles of the house, within twenty seconds.
 */
export async function readMissed(ctx: TenantCtx, last_seq: number): Promise<Result<Missed>> {
  const { id } = ctx.restaurant
  await pumpFloor(ctx, id, { anyway: true })
  const sees = allows(scopesOf(ctx.actor), 'guests:read') ? 'full' : 'plain'
  const { seq, events } = await askFloor(ctx, id, (floor) => floor.missedSince(last_seq, sees))
  const found = (events ?? []).map((one) => FeedEvent.parse(JSON.parse(one)))
  return { data: { seq, complete: events !== null, events: found } }
}
