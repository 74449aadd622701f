import { withRetry } from '../platform/db.ts'
import type { PublicCtx, Result, StaffCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import { cookieLine, readCookie, refuseOtherPages } from './cookies.ts'
import { readRefresh, type RefreshClaims } from './refresh-token.ts'
import { tellRevoked } from './revocations.ts'
import { roleScopes } from './rules.ts'
import { callRefresh, callSignOut, selectStaff } from './staff-queries.ts'
import type { SignedIn } from './staff-schema.ts'
import { idleDays, sessionWith, signedIn } from './staff-session.ts'

/** A second tab, or an answer that was lost on the way, asks again with the same token about this soon. */
const graceSeconds = 10
const refreshesPerMinute = 30

/**
 * R88. A new access token and the next refresh token for the last one. One that was used before ends the session: it was
 * stolen. 401 `signed_out` where the session is over, whatever ended it.
 */
export async function refreshSession(ctx: PublicCtx): Promise<Result<SignedIn>> {
  refuseOtherPages(ctx.headers, ctx.secrets)
  const claims = await shownRefresh(ctx)
  if (!claims) throw new Problem('signed_out')
  await ctx.limit(`refresh:${claims.session_id}`, refreshesPerMinute)
  const session = await sessionWith(ctx, claims, claims.generation)
  const plan = { ...causeOf(ctx), restaurant_id: claims.restaurant_id, session: session.row }
  const answer = await withRetry(
    () => callRefresh(ctx.db, plan, `${idleDays} days`, `${graceSeconds} seconds`),
    ctx.request_id,
  )
  if (answer.outcome === 'reused') await tellRevoked(ctx, answer.revoked)
  if (answer.outcome !== 'refreshed') throw new Problem('signed_out')
  const next = { ...claims, generation: claims.generation + 1 }
  return signedIn(ctx, answer.staff, { ...session, refresh: next })
}

/** Signs this device out; done is done, whoever asks again. Its cookies go whatever they were worth. */
export async function signOut(ctx: PublicCtx): Promise<Result<{ done: true }>> {
  refuseOtherPages(ctx.headers, ctx.secrets)
  const signed = ctx.caller.kind === 'key' ? ctx.caller.staff : null
  const shown = signed ?? (await shownRefresh(ctx))
  if (shown) {
    const plan = { ...causeOf(ctx), restaurant_id: shown.restaurant_id, session: { id: shown.session_id } }
    await tellRevoked(ctx, await withRetry(() => callSignOut(ctx.db, plan, false), ctx.request_id))
  }
  return { data: { done: true }, cookies: noCookies(ctx) }
}

/** Signs every device of theirs out, this one too. */
export async function signOutEverywhere(ctx: StaffCtx): Promise<Result<{ done: true }>> {
  const { restaurant_id, session_id } = ctx.staff
  const plan = { ...causeOf(ctx), restaurant_id, session: { id: session_id } }
  await tellRevoked(ctx, await withRetry(() => callSignOut(ctx.db, plan, true), ctx.request_id))
  return { data: { done: true }, cookies: noCookies(ctx) }
}

/** Who is signed in: as the database has them, for the session that the token names. */
export async function whoAmI(ctx: StaffCtx): Promise<Result<SignedIn>> {
  const { restaurant, staff } = ctx
  const found = await withRetry(() => selectStaff(ctx.db, restaurant.id, staff.staff_id), ctx.request_id)
  if (!found || found.disabled) throw new Problem('unauthorized')
  const { id, email, name, role } = found
  return {
    data: {
      staff: { id, email, name, role },
      restaurant: { id: restaurant.id, slug: restaurant.slug, name: restaurant.name, timezone: restaurant.timezone },
      // What the token may, which is what the next request may.
      scopes: [...roleScopes[staff.role]],
      access_expires_at: isoAt(staff.expires_at, restaurant.timezone),
    },
  }
}

async function shownRefresh(ctx: Pick<PublicCtx, 'headers' | 'secrets'>): Promise<RefreshClaims | null> {
  const token = readCookie(ctx.headers, 'refresh', ctx.secrets)
  return token === null ? null : readRefresh(ctx.secrets.token_secret, token)
}

function noCookies({ secrets }: Pick<PublicCtx, 'secrets'>): string[] {
  return [cookieLine('access', null, 0, secrets), cookieLine('refresh', null, 0, secrets)]
}
