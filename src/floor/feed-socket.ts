import { type SocketCaller, staffOrKey } from '../access/caller.ts'
import { allows } from '../access/rules.ts'
import { socketCodes } from '../ordering/socket-schema.ts'
import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { log } from '../platform/log.ts'
import { Problem } from '../platform/problem.ts'
import { closedAtOnce, isUpgrade, withProtocol } from '../platform/upgrade.ts'
import { tablesNow } from './board.ts'
import type { Begun, Start } from './feed-object.ts'
import { askFloor, pumpFloor } from './feed-pump.ts'
import { touchOpenFloor } from './feed-queries.ts'
import { type Console, feedProtocol, FeedQuery } from './feed-schema.ts'

type Limit = (name: string, per_minute: number) => Promise<unknown>
/** A key's socket shows itself again after so long; of who signed in, the token says. */
const keyLifeMs = 12 * 3_600_000

/**
 * R95, R98. A console's socket to the feed of its house. Whatever is wrong with who asks is said by the code it is
 * closed with: 4401 where nobody can tell who it is, 4403 where they may not look on, 4429 for too many at once.
 */
export async function openFeed(ctx: Ctx, request: Request, limit: Limit): Promise<Response> {
  if (!isUpgrade(request)) throw new Problem('upgrade_required')
  const query = FeedQuery.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  if (!query.success) throw new Problem('validation_failed')
  const offered = request.headers.get('sec-websocket-protocol')
  const answer = (response: Response): Response => withProtocol(response, offered, feedProtocol)

  const caller = await callerOf(ctx, request, limit)
  if (typeof caller === 'number') return answer(closedAtOnce(caller, reasons.get(caller) ?? ''))
  const { last_seq = null, batch } = query.data
  const console = consoleOf(ctx, caller, batch === '1')
  const house: TenantCtx = { ...ctx, actor: caller.actor, restaurant: caller.restaurant }
  return answer(await connect(house, console, last_seq))
}

const reasons = new Map<number, string>([
  [socketCodes.bad_token, 'token'],
  [socketCodes.closed, 'forbidden'],
  [socketCodes.flooding, 'flooding'],
])

/** Who looks on; or the code that their socket is closed with. */
async function callerOf(ctx: Ctx, request: Request, limit: Limit): Promise<SocketCaller | number> {
  try {
    const caller = await staffOrKey(ctx, request, limit)
    if (!allows(caller.scopes, 'floor:read')) return socketCodes.closed
    return caller
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.code === 'unauthorized') return socketCodes.bad_token
    if (error.code === 'forbidden' || error.code === 'bad_origin') return socketCodes.closed
    if (error.code === 'rate_limited') return socketCodes.flooding
    throw error
  }
}

function consoleOf({ now }: Ctx, { actor, scopes, staff, expires_at }: SocketCaller, batch: boolean): Console {
  return {
    id: crypto.randomUUID(),
    tags: [`${actor.kind}:${actor.id}`, ...(staff ? [`sid:${staff.session_id}`] : [])],
    sees: allows(scopes, 'guests:read') ? 'full' : 'plain',
    batch,
    // By the object's own clock: what is left of the token counts, whatever hour the request says it is.
    expires_at: Date.now() + (expires_at === null ? keyLifeMs : expires_at - now),
  }
}

/**
 * The order is what makes it whole: the console is there before the last changes are read, and the number that its
 * snapshot has is taken before the floor is. Whatever happens in between it hears, perhaps twice, never not at all.
 */
async function connect(ctx: TenantCtx, console: Console, last_seq: number | null): Promise<Response> {
  const { id: restaurant_id } = ctx.restaurant
  const headers = { upgrade: 'websocket', 'x-tableside-console': JSON.stringify(console) }
  const [response] = await Promise.all([
    askFloor(ctx, restaurant_id, (floor) => floor.fetch(new Request('https://floor/', { headers }))),
    withRetry(() => touchOpenFloor(ctx.db, restaurant_id, new Date(ctx.now).toISOString()), ctx.request_id),
  ])
  await catchUp(ctx, last_seq)
  let snapshot: Start['snapshot'] = null
  // A second time only where the feed began anew while the floor was read.
  for (let attempt = 1; attempt <= 3; attempt++) {
    const start: Start = { id: console.id, last_seq, snapshot }
    const begun: Begun = await askFloor(ctx, restaurant_id, (floor) => floor.begin(start))
    if (begun === 'begun') return response
    if (begun === 'gone') break
    const at = new Date(ctx.now).toISOString()
    const { data: tables } = await tablesNow(ctx, {})
    snapshot = { seq: begun.need_snapshot_from, rest: JSON.stringify({ at, tables }) }
  }
  throw new Problem('unavailable', { retry_after_seconds: 1 })
}

/** Who resumes without Postgres hears what the object has; who begins gets the floor from it, or nothing. */
async function catchUp(ctx: TenantCtx, last_seq: number | null): Promise<void> {
  try {
    await pumpFloor(ctx, ctx.restaurant.id)
  } catch (error) {
    if (last_seq === null) throw error
    log('warn', 'feed_not_told', {
      request_id: ctx.request_id,
      restaurant_id: ctx.restaurant.id,
      reason: String(error),
    })
  }
}
