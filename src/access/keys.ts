import * as z from 'zod'
import type { Once } from '../platform/ctx.ts'
import { type PageQuery, pageOf, readCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { withHouseTimes } from '../platform/instants.ts'
import { newApiKey, sha256Hex } from '../platform/ids.ts'
import { Problem } from '../platform/problem.ts'
import { forgetKey } from './authenticate.ts'
import { doOnce } from './once.ts'
import { issueKeyStatement, revokeKeyStatement, selectKeys } from './queries.ts'
import { mayGrant, scopesOf } from './rules.ts'
import { ApiKey, type IssuedApiKey, type NewApiKey, scopes } from './schema.ts'

const Answer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('written'), written: ApiKey }),
  z.object({ outcome: z.enum(['not_found', 'forbidden']) }),
])
const mostPerMinute = 1200

/** A new key of the restaurant, its secret in this one answer; 403 where it is to do more than who asks may do. */
export async function issueKey(ctx: TenantCtx, input: NewApiKey, once: Once): Promise<Result<IssuedApiKey>> {
  const held = scopesOf(ctx.actor)
  if (!mayGrant(held, input.scopes)) throw new Problem('forbidden', { detail: 'A key gives away only what it has.' })
  const rate_per_minute = input.rate_per_minute ?? mostPerMinute
  if (rate_per_minute > mostPerMinute && !held.includes('platform'))
    throw new Problem('forbidden', {
      detail: `More than ${mostPerMinute} requests a minute are the operator's to give.`,
    })
  const secret = newApiKey()
  const key = {
    name: input.name,
    prefix: secret.slice(0, 12),
    hash: await sha256Hex(secret),
    scopes: input.scopes,
    rate_per_minute,
  }
  const change = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, fields: key }
  const { answer, replayed } = await doOnce(ctx, ctx.restaurant.id, once, issueKeyStatement(change))
  return { data: { ...keyOf(answer, ctx.restaurant), api_key: replayed ? null : secret } }
}

/** Every key of the restaurant, revoked ones too, in the order they were made. */
export async function listKeys(ctx: TenantCtx, page: PageQuery): Promise<Result<ApiKey[]>> {
  const [, after = null] = readCursor(page.cursor) ?? []
  const rows = await withRetry(() => selectKeys(ctx.db, ctx.restaurant.id, after, page.limit + 1), ctx.request_id)
  return withHouseTimes(
    pageOf(rows, page.limit, () => ''),
    ctx.restaurant.timezone,
  )
}

/** Refused here from this moment, and everywhere within five seconds. A key may revoke itself, and none that may more than it. */
export async function revokeKey(ctx: TenantCtx, id: string, once: Once): Promise<Result<ApiKey>> {
  const held = scopesOf(ctx.actor)
  const revocable = scopes.filter((scope) => mayGrant(held, [scope]))
  const change = { ...causeOf(ctx), restaurant_id: ctx.restaurant.id, id, fields: { revocable } }
  const { answer } = await doOnce(ctx, ctx.restaurant.id, once, revokeKeyStatement(change))
  forgetKey(id)
  return { data: keyOf(answer, ctx.restaurant) }
}

function keyOf(answer: unknown, { timezone }: TenantCtx['restaurant']): ApiKey {
  const result = Answer.parse(answer)
  if (result.outcome === 'forbidden') throw new Problem('forbidden', { detail: 'That key may more than yours.' })
  if (result.outcome !== 'written') throw new Problem('not_found')
  return withHouseTimes(result.written, timezone)
}
