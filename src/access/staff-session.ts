import type { Actor, Ctx } from '../platform/ctx.ts'
import type { PublicCtx, Result } from '../platform/endpoint.ts'
import { isoAt } from '../platform/time.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import { cookieLine } from './cookies.ts'
import { firstRefresh, type RefreshClaims, rootHashOf, writeRefresh } from './refresh-token.ts'
import { roleScopes } from './rules.ts'
import type { SignedIn, Staff } from './staff-schema.ts'
import { accessSeconds, signStaffToken } from './staff-token.ts'

/** R88. A session ends when it was not used for so long; and whatever happens after so long. */
export const idleDays = 14
const absoluteDays = 60
const dayMs = 86_400_000

export type OpenedSession = { refresh: RefreshClaims; jti: string; access_expires_at: number; row: object }
type SessionCtx = Pick<PublicCtx, 'now' | 'address' | 'headers'>

/** What a session begins with. Its id is made here, so that a repeat of ours opens it once. */
export async function newSession(ctx: SessionCtx, restaurant_id: string): Promise<OpenedSession> {
  const refresh = firstRefresh(restaurant_id, crypto.randomUUID())
  const expires_at = new Date(ctx.now + absoluteDays * dayMs).toISOString()
  return sessionWith(ctx, refresh, refresh.generation, { expires_at })
}

/** A session's row as the database is handed it, with a new access token in it. */
export async function sessionWith(
  ctx: SessionCtx,
  refresh: RefreshClaims,
  generation: number,
  more: object = {},
): Promise<OpenedSession> {
  const jti = crypto.randomUUID()
  const access_expires_at = (Math.floor(ctx.now / 1000) + accessSeconds) * 1000
  const row = {
    id: refresh.session_id,
    root_hash: await rootHashOf(refresh),
    generation,
    jti,
    access_expires_at: new Date(access_expires_at).toISOString(),
    user_agent: deviceOf(ctx.headers),
    address: ctx.address,
    ...more,
  }
  return { refresh, jti, access_expires_at, row }
}

/** The answer to who has just signed in, with its cookies. */
export async function signedIn(ctx: Ctx, staff: Staff, session: OpenedSession): Promise<Result<SignedIn>> {
  const { refresh, jti, access_expires_at } = session
  const { id, email, name, role, restaurant_id } = staff
  const claims = { staff_id: id, session_id: refresh.session_id, restaurant_id, name, role, jti }
  const access = await signStaffToken(ctx.secrets.token_secret, claims, ctx.now)
  const cookies = [
    cookieLine('access', access, accessSeconds, ctx.secrets),
    cookieLine('refresh', await writeRefresh(ctx.secrets.token_secret, refresh), idleDays * 86_400, ctx.secrets),
  ]
  const { slug, name: called, timezone } = await loadRestaurant(ctx, restaurant_id)
  return {
    data: {
      staff: { id, email, name, role },
      restaurant: { id: restaurant_id, slug, name: called, timezone },
      scopes: [...roleScopes[role]],
      access_expires_at: isoAt(access_expires_at, timezone),
    },
    cookies,
  }
}

export function actorOf({ id, name, role }: Pick<Staff, 'id' | 'name' | 'role'>): Extract<Actor, { kind: 'staff' }> {
  return { kind: 'staff', id, name, role }
}

/** What says which device this is, where staff look at who is signed in as them. */
export function deviceOf(headers: Headers): string | null {
  return headers.get('user-agent')?.slice(0, 300) ?? null
}
