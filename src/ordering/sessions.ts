import { revokeTokens } from '../access/member-token.ts'
import type { Ctx, Once } from '../platform/ctx.ts'
import { type PageQuery, pageOf, readCursor } from '../platform/cursor.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TableCtx, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { turnMinutes } from '../restaurants/rules.ts'
import { announceNotice } from './announce.ts'
import { askTable, attachToTable, sessionFacts } from './at-table.ts'
import type { Cart } from './schema.ts'
import { presentMember, presentSession } from './session-present.ts'
import {
  callCloseSession,
  callRestoreSession,
  callSwitchOrdering,
  selectActiveSessions,
  selectSession,
} from './session-queries.ts'
import { refusalOfSession } from './session-refusals.ts'
import type { ActiveSession, OrderingSwitch, Session, SessionDetails, SessionStep } from './session-schema.ts'

type Closing = Pick<Ctx, 'db' | 'redis' | 'table' | 'actor' | 'now' | 'request_id'>

/** Closes a session: its table is free, its tokens are taken back, its phones are told and cut off. Safe to repeat. */
export async function closeSession(
  ctx: Closing,
  restaurant_id: string,
  session_id: string,
  once: Once,
  said: { why: string; version?: number | null },
): Promise<Session> {
  const plan = { ...causeOf(ctx), ...once, restaurant_id, session_id, why: said.why, version: said.version ?? null }
  const answer = await withRetry(() => callCloseSession(ctx.db, plan), ctx.request_id)
  if (answer.outcome !== 'closed') throw refusalOfSession(answer, 'session' in answer ? answer.session : undefined)
  const { session, revoked } = answer
  await revokeTokens(ctx, revoked)
  await askTable(ctx, session, (table) => table.close({ session_id, why: said.why, version: session.version }))
  return session
}

/** Staff close; `stale_version` with the session as it is where they saw another. */
export async function closeByStaff(
  ctx: TenantCtx,
  id: string,
  step: SessionStep,
  if_match: number | null,
  once: Once,
): Promise<Result<Session>> {
  const said = { why: step.why ?? 'closed_by_staff', version: step.version ?? if_match }
  const session = await closeSession(ctx, ctx.restaurant.id, id, once, said)
  return { data: presentSession(session, ctx.restaurant.timezone) }
}

/** Takes a closing back; 409 `session_open` where somebody else sits there. Its phones scan again and find their lines. */
export async function restoreSession(
  ctx: TenantCtx,
  id: string,
  step: SessionStep,
  if_match: number | null,
  once: Once,
): Promise<Result<Session>> {
  const { restaurant } = ctx
  const plan = {
    ...causeOf(ctx),
    ...once,
    restaurant_id: restaurant.id,
    session_id: id,
    version: step.version ?? if_match,
    why: step.why,
    holds_until: new Date(ctx.now + turnMinutes(restaurant.settings, 2) * 60_000).toISOString(),
  }
  const answer = await withRetry(() => callRestoreSession(ctx.db, plan), ctx.request_id)
  if (answer.outcome !== 'restored') throw refusalOfSession(answer, 'session' in answer ? answer.session : undefined)
  const { session } = answer
  await askTable(ctx, session, (table) => table.restore({ session: sessionFacts(session, restaurant) }))
  return { data: presentSession(session, restaurant.timezone) }
}

/** A session with its members and cart: for who sits there, and for staff. */
export async function sessionDetails(ctx: TableCtx, id: string | undefined): Promise<Result<SessionDetails>> {
  const { session, members } = await sessionOf(ctx, id)
  const cart = await askTable(ctx, session, (table) => table.snapshot(session.id))
  const { timezone } = ctx.restaurant
  return {
    data: {
      session: presentSession(session, timezone),
      members: members.filter((one) => one.removed_at === null).map((one) => presentMember(one, cart)),
      cart: cart && briefly(cart),
    },
  }
}

function briefly({ cart_version, cart_hash, lines, subtotal_minor }: Cart): SessionDetails['cart'] {
  return { cart_version, cart_hash, lines, subtotal_minor }
}

/** The whole cart of an open session. An object that has never heard of it is told first. */
export async function cartSnapshot(ctx: TableCtx, id: string | undefined): Promise<Result<Cart>> {
  if (ctx.member && (id === undefined || id === ctx.member.session_id)) {
    const { session_id } = ctx.member
    const known = await askTable(ctx, ctx.member, (table) => table.snapshot(session_id))
    if (known) return { data: known }
  }
  const { session } = await sessionOf(ctx, id)
  const ask = (): Promise<Cart | null> => askTable(ctx, session, (table) => table.snapshot(session.id))
  let cart = await ask()
  if (!cart && session.status === 'active') {
    await attachToTable(ctx, ctx.restaurant, session, null)
    cart = await ask()
  }
  if (!cart) throw new Problem('session_closed')
  return { data: cart }
}

/** The session that is asked for, where the asker may see it: a member its own, staff their house's. */
async function sessionOf(
  ctx: TableCtx,
  id: string | undefined,
): Promise<NonNullable<Awaited<ReturnType<typeof selectSession>>>> {
  const wanted = id ?? ctx.member?.session_id
  if (wanted === undefined) {
    const message = 'is required'
    throw new Problem('validation_failed', { errors: [{ path: 'query.session_id', message }] })
  }
  if (ctx.member && ctx.member.session_id !== wanted) throw new Problem('not_found')
  const found = await withRetry(() => selectSession(ctx.db, ctx.restaurant.id, wanted), ctx.request_id)
  if (!found) throw new Problem('not_found')
  return found
}

/** Open sessions in the order they were opened, each with how long it has been open and idle. */
export async function activeSessions(ctx: TenantCtx, page: PageQuery): Promise<Result<ActiveSession[]>> {
  const [, after = null] = readCursor(page.cursor) ?? []
  const { id, timezone } = ctx.restaurant
  const rows = await withRetry(() => selectActiveSessions(ctx.db, id, after, page.limit + 1), ctx.request_id)
  const minutesSince = (at: string): number => Math.max(0, Math.floor((ctx.now - Date.parse(at)) / 60_000))
  const listed = rows.map(({ session, members }) => ({
    ...presentSession(session, timezone),
    members,
    open_minutes: minutesSince(session.opened_at),
    idle_minutes: minutesSince(session.last_activity_at),
  }))
  return pageOf(listed, page.limit, () => '')
}

/** The switch for all tables of the house; phones are told at once, and orders refused from this moment. */
export async function switchOrdering(ctx: TenantCtx, on: boolean, once: Once): Promise<Result<OrderingSwitch>> {
  const plan = { ...causeOf(ctx), ...once, restaurant_id: ctx.restaurant.id }
  const answer = await withRetry(() => callSwitchOrdering(ctx.db, on, plan), ctx.request_id)
  if (answer.outcome === 'key_reused') throw refusalOfSession(answer)
  await announceNotice(ctx, ctx.restaurant, on ? 'ordering_enabled' : 'ordering_disabled')
  return { data: { ordering_enabled: answer.ordering_enabled } }
}
