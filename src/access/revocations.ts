import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import { Problem } from '../platform/problem.ts'
import { selectRevoked } from './staff-queries.ts'

type RevocationCtx = Pick<Ctx, 'db' | 'redis' | 'now' | 'request_id'>
export type RevokedToken = { jti: string; expires_at: string }

const keptForMs = 5_000
const good = new Map<string, number>()
const revoked = new Set<string>()

/**
 * R88. Throws `unauthorized` where a staff token was taken back. Asked of Redis, and for five seconds remembered here;
 * with Redis out of reach of Postgres, which wrote it down first. Who can ask neither lets nobody in (`unavailable`).
 */
export async function refuseRevoked(ctx: RevocationCtx, restaurant_id: string, jti: string): Promise<void> {
  if (revoked.has(jti)) throw new Problem('unauthorized')
  if ((good.get(jti) ?? 0) > Date.now()) return
  if (await isTakenBack(ctx, restaurant_id, jti)) {
    remember(jti)
    throw new Problem('unauthorized')
  }
  if (good.size > 10_000) good.clear()
  good.set(jti, Date.now() + keptForMs)
}

async function isTakenBack(ctx: RevocationCtx, restaurant_id: string, jti: string): Promise<boolean> {
  try {
    return (await ctx.redis.exists(keyOf(jti))) > 0
  } catch (error) {
    log('warn', 'revocations_unavailable', { request_id: ctx.request_id, reason: String(error) })
    return withRetry(() => selectRevoked(ctx.db, restaurant_id, jti), ctx.request_id)
  }
}

/** Tells Redis of tokens that Postgres has taken back already. What it cannot be told now the next sweep tells it. */
export async function tellRevoked(ctx: RevocationCtx, tokens: readonly RevokedToken[]): Promise<void> {
  if (tokens.length === 0) return
  const pipeline = ctx.redis.pipeline()
  for (const { jti, expires_at } of tokens) {
    remember(jti)
    // A minute more than it lives: clocks differ.
    const seconds = Math.ceil((Date.parse(expires_at) - ctx.now) / 1000) + 60
    if (seconds > 0) pipeline.set(keyOf(jti), 1, { ex: seconds })
  }
  if (pipeline.length() === 0) return
  try {
    await pipeline.exec()
  } catch (error) {
    log('warn', 'revocations_unavailable', { request_id: ctx.request_id, reason: String(error) })
  }
}

function remember(jti: string): void {
  good.delete(jti)
  if (revoked.size > 10_000) revoked.clear()
  revoked.add(jti)
}

const keyOf = (jti: string): string => `revoked:${jti}`
