import { doOnce } from '../access/once.ts'
import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { presentGuest } from './present.ts'
import { EraseAnswer, selectGuestData } from './erase-queries.ts'
import type { Erased, GuestData } from './erase-schema.ts'
import { callGuest } from './queries.ts'

/**
 * R180. The right to be forgotten. 409 `guest_has_upcoming` while they are expected or on the line; `seen` is the version
 * of an If-Match.
 */
export async function eraseGuest(ctx: TenantCtx, id: string, seen: number | null, once: Once): Promise<Result<Erased>> {
  const { restaurant } = ctx
  const plan = { restaurant_id: restaurant.id, ...causeOf(ctx), id, version: seen }
  // R26. The query is no part of what a key was used for: an erasure under the key of a removal is another request.
  const own = { key: once.key, fingerprint: `erase:${once.fingerprint}` }
  const { answer } = await doOnce(ctx, restaurant.id, own, callGuest('erase_guest', plan))
  const said = EraseAnswer.parse(answer)
  switch (said.outcome) {
    case 'erased':
      return { data: { id, erased: said.erased } }
    case 'stale':
      throw new Problem('stale_version', { more: { current: presentGuest(said.guest, ctx) } })
    case 'has_upcoming':
      throw new Problem('guest_has_upcoming', {
        detail: `Cancel or finish ${said.upcoming.join(', ')} first.`,
        more: { current: presentGuest(said.guest, ctx), upcoming: said.upcoming },
      })
    case 'not_found':
      throw new Problem('not_found', { detail: 'There is no such guest.' })
  }
}

/** R183. The right to know: everything that is held about a guest, in one answer. */
export async function guestData(ctx: TenantCtx, id: string): Promise<Result<GuestData>> {
  const data = await withRetry(() => selectGuestData(ctx.db, ctx.restaurant.id, id), ctx.request_id)
  if (!data) throw new Problem('not_found', { detail: 'There is no such guest.' })
  return { data }
}
