import * as z from 'zod'
import { openSecret, sealSecret } from '../access/seal.ts'
import type { Ctx, Once, Secrets } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { withHouseTimes } from '../platform/instants.ts'
import { log } from '../platform/log.ts'
import { Problem } from '../platform/problem.ts'
import { writtenRow } from './change-house.ts'
import { urlMistake } from './integrations-rules.ts'
import { Integration, type NewPos, Pos } from './integrations-schema.ts'
import {
  callPutIntegration,
  callRemoveIntegration,
  type SealedIntegration,
  selectIntegrations,
  selectSealed,
} from './queries.ts'

/** Says how the till is reached; its secrets are sealed before they leave this isolate. 409 `stale_version`. */
export async function putPos(
  ctx: TenantCtx,
  input: NewPos,
  if_match: number | null,
  once: Once,
): Promise<Result<Integration>> {
  const { restaurant, secrets } = ctx
  const mistake = urlMistake(input.url, input.kind, secrets.local)
  if (mistake) {
    throw new Problem('validation_failed', { detail: `url: ${mistake}`, errors: [{ path: 'url', message: mistake }] })
  }
  const { kind, url, secret } = input
  const hidden = kind === 'square' ? { secret, access_token: input.access_token } : { secret }
  const change = {
    ...causeOf(ctx),
    restaurant_id: restaurant.id,
    ...once,
    version: input.version ?? if_match,
    fields: {
      name: 'pos',
      kind,
      url,
      settings: kind === 'square' ? { location_id: input.location_id } : { lookup: input.lookup },
      secret_sealed: await sealPos(secrets.sealing_key, restaurant.id, kind, hidden),
    },
  }
  const answer = await withRetry(() => callPutIntegration(ctx.db, change), ctx.request_id)
  return { data: writtenRow(withHouseTimes(answer, restaurant.timezone), Integration) }
}

/** Lets the till go: orders stay with the house from now on. 404 where there is none, 409 `stale_version`. */
export async function removePos(ctx: TenantCtx, if_match: number | null, once: Once): Promise<Result<Integration>> {
  return { data: await letGo(ctx, 'pos', if_match, once) }
}

/** The integration as it was. */
export async function letGo(ctx: TenantCtx, name: string, if_match: number | null, once: Once): Promise<Integration> {
  const change = {
    ...causeOf(ctx),
    restaurant_id: ctx.restaurant.id,
    ...once,
    version: if_match,
    fields: { name },
  }
  const answer = await withRetry(() => callRemoveIntegration(ctx.db, change), ctx.request_id)
  return writtenRow(withHouseTimes(answer, ctx.restaurant.timezone), Integration)
}

export async function listIntegrations(ctx: TenantCtx): Promise<Result<Integration[]>> {
  const rows = await withRetry(() => selectIntegrations(ctx.db, ctx.restaurant.id), ctx.request_id)
  return { data: withHouseTimes(rows, ctx.restaurant.timezone) }
}

/** How the restaurant's till is reached, secrets opened; null where it has none. Calls to it must follow no redirect. */
export async function loadPos(
  ctx: Pick<Ctx, 'db' | 'request_id' | 'secrets'>,
  restaurant: { id: string },
): Promise<Pos | null> {
  const row = await withRetry(() => selectSealed(ctx.db, restaurant.id, 'pos'), ctx.request_id)
  return row ? openPos(ctx.secrets, restaurant.id, row) : null
}

/** Of a row that came with something else. Null where it cannot be opened, which is logged: the key was changed. */
export async function openPos(
  secrets: Pick<Secrets, 'sealing_key'>,
  restaurantId: string,
  row: SealedIntegration,
): Promise<Pos | null> {
  const opened = await openSecret(secrets.sealing_key, boundTo(restaurantId, row.kind), row.secret_sealed)
  if (opened === null) {
    log('error', 'integration_sealed', { restaurant_id: restaurantId, kind: row.kind })
    return null
  }
  const hidden = z.record(z.string(), z.string()).parse(JSON.parse(opened))
  return Pos.parse({ ...row.settings, kind: row.kind, url: row.url, ...hidden })
}

/** What a till is reached with, as its row keeps it. */
export function sealPos(
  sealing_key: string,
  restaurantId: string,
  kind: string,
  hidden: Record<string, string>,
): Promise<string> {
  return sealSecret(sealing_key, boundTo(restaurantId, kind), JSON.stringify(hidden))
}

function boundTo(restaurantId: string, kind: string): string {
  return `${restaurantId}:pos:${kind}`
}
