import { claimOfQr, type QrClaim } from '../access/qr.ts'
import { revokeTokens, signMemberToken } from '../access/member-token.ts'
import { allows } from '../access/rules.ts'
import { tellFloor } from '../floor/feed-pump.ts'
import type { Ctx, Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { PublicCtx, Result } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { sha256Hex } from '../platform/ids.ts'
import { Problem } from '../platform/problem.ts'
import { doorsAt } from '../restaurants/context-rules.ts'
import { closedNow, findByName } from '../restaurants/is-open.ts'
import { loadAgain, loadRestaurant } from '../restaurants/load.ts'
import { turnMinutes } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { attachToTable } from './at-table.ts'
import { friendlyNames } from './nickname-rules.ts'
import { presentMember, presentSession } from './session-present.ts'
import { callJoinTable } from './session-queries.ts'
import { refusalOfSession } from './session-refusals.ts'
import type { Joined, NewMember, TableArrival } from './session-schema.ts'

/** Where somebody wants to sit, and with what right: staff may do what a phone may not. */
type Place = { restaurant: Restaurant; table_id: string | null; session_id: string | null; staff: boolean }

const joinsPerTablePerMinute = 600
const joinsPerAddressPerMinute = 60

/**
 * R59. Joins the session that is open at the table, or opens one: however many do so at once, there is one. A phone
 * that was here before finds its member and lines. `force` closes what is open, for staff and the host.
 */
export async function joinTable(ctx: PublicCtx, input: TableArrival, once: Once): Promise<Result<Joined>> {
  if (input.qr_token === undefined) return join(ctx, await placeByName(ctx, input), input, once)
  const asked = await asGuestElsewhere(ctx, input.qr_token)
  return join(asked, await placeByQr(asked, input.qr_token), input, once)
}

/** Joins a session that one knows of: by its table's QR, as a member of it, or by staff. */
export async function joinSession(ctx: PublicCtx, input: NewMember, once: Once): Promise<Result<Joined>> {
  const { session_id } = input
  if (input.qr_token !== undefined) {
    const asked = await asGuestElsewhere(ctx, input.qr_token)
    return join(asked, { ...(await placeByQr(asked, input.qr_token)), session_id }, input, once)
  }
  const { caller, restaurant } = ctx
  if (!restaurant || caller.kind === 'nobody') throw new Problem('unauthorized')
  if (caller.kind === 'member' && caller.claims.session_id !== session_id) throw new Problem('not_found')
  return join(ctx, { restaurant, table_id: null, session_id, staff: isStaff(ctx) }, input, once)
}

async function join(
  ctx: PublicCtx,
  place: Place,
  input: Omit<NewMember, 'session_id'> & { force?: boolean },
  once: Once,
): Promise<Result<Joined>> {
  const { restaurant, table_id, session_id, staff } = place
  const { id: restaurant_id } = restaurant
  const member = ctx.caller.kind === 'member' ? ctx.caller.claims : null
  // At /member a token vouches for somebody new; at a table it is who comes back.
  const member_id = session_id === null && member ? member.member_id : null
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1))
  const plan = {
    ...causeOf(ctx),
    ...once,
    restaurant_id,
    table_id,
    session_id,
    member_id,
    device_hash: input.device_id ? await sha256Hex(`${restaurant_id}:${input.device_id}`) : null,
    nickname: input.nickname,
    nicknames: friendlyNames(seed, 12),
    allergies: input.allergies,
    open_refusal: staff || doorsAt(restaurant, ctx.now).open ? null : 'restaurant_closed',
    force: input.force ?? false,
    staff,
    holds_until: new Date(ctx.now + turnOf(restaurant, table_id) * 60_000).toISOString(),
  }
  const answer = await withRetry(() => callJoinTable(ctx.db, plan), ctx.request_id)
  if (answer.outcome === 'restaurant_closed') throw closedNow(restaurant, ctx.now)
  if (answer.outcome !== 'joined') throw refusalOfSession(answer)
  // At a door that is open to all the edge does not know whose house it was.
  ctx.after(tellFloor(ctx, restaurant_id))
  await revokeTokens(ctx, answer.revoked)
  await attachToTable(ctx, restaurant, answer.session, answer.member)
  const claims = { member_id: answer.member.id, session_id: answer.session.id, restaurant_id }
  const token = { ...claims, table_id: answer.session.table_id, jti: answer.member.jti }
  return {
    data: {
      session: presentSession(answer.session, restaurant.timezone),
      member: presentMember(answer.member, null),
      ws_token: await signMemberToken(ctx.secrets.token_secret, token, Date.parse(answer.token_at)),
      created: answer.created,
      rejoined: answer.rejoined,
    },
  }
}

async function placeByQr(ctx: PublicCtx, qr_token: string): Promise<Place> {
  const claim = await readQr(ctx, qr_token)
  if (ctx.restaurant && ctx.restaurant.id !== claim.restaurant_id) throw new Problem('not_found')
  await ctx.limit(`table:${claim.table_id}`, joinsPerTablePerMinute)
  const restaurant = ctx.restaurant ?? (await loadRestaurant(ctx, claim.restaurant_id))
  return { restaurant, table_id: claim.table_id, session_id: null, staff: isStaff(ctx) }
}

/** Who is signed in at one house and scans the sticker of another sits there as anybody does. */
async function asGuestElsewhere(ctx: PublicCtx, qr_token: string): Promise<PublicCtx> {
  if (ctx.actor.kind !== 'staff') return ctx
  const claim = await readQr(ctx, qr_token)
  if (ctx.restaurant?.id === claim.restaurant_id) return ctx
  return { ...ctx, actor: { kind: 'guest' }, caller: { kind: 'nobody' }, restaurant: null }
}

function readQr(ctx: Pick<Ctx, 'secrets' | 'now'>, token: string): Promise<QrClaim> {
  return claimOfQr(ctx.secrets.qr_keys, token, ctx.now)
}

/** By the number on the table: for staff, or where the house lets guests do so. */
async function placeByName(ctx: PublicCtx, { restaurant_name, table_number }: TableArrival): Promise<Place> {
  const staff = isStaff(ctx)
  if (ctx.caller.kind === 'key' && !staff) throw new Problem('forbidden', { detail: 'This needs orders:write.' })
  const restaurant = staff ? ctx.restaurant : await houseNamed(ctx, restaurant_name)
  if (!restaurant || (restaurant_name !== undefined && !isNamed(restaurant, restaurant_name)))
    throw new Problem('not_found')
  const table = await tableNumbered(ctx, restaurant, table_number)
  return { restaurant, table_id: table, session_id: null, staff }
}

async function houseNamed(ctx: PublicCtx, name: string | undefined): Promise<Restaurant> {
  await ctx.limit(`join:${ctx.address}`, joinsPerAddressPerMinute)
  if (name === undefined) throw new Problem('not_found')
  const { restaurant } = await findByName(ctx, name)
  // Its own guest, at its own table, already proved that they sit there.
  if (restaurant.settings.join_without_qr !== 'on' && ctx.restaurant?.id !== restaurant.id)
    throw new Problem('qr_required')
  return restaurant
}

async function tableNumbered(ctx: PublicCtx, restaurant: Restaurant, number: string | undefined): Promise<string> {
  const named = (house: Restaurant): string | undefined =>
    house.tables.find((one) => one.number.toLowerCase() === number?.toLowerCase())?.id
  // A table that was added a moment ago is not in every isolate's memory.
  const id = named(restaurant) ?? named(await loadAgain(ctx, restaurant.id))
  if (id === undefined) throw new Problem('not_found')
  return id
}

function isStaff(ctx: PublicCtx): boolean {
  return ctx.caller.kind === 'key' && allows(ctx.caller.scopes, 'orders:write')
}

function isNamed(restaurant: Restaurant, name: string): boolean {
  const said = name.toLowerCase()
  return restaurant.slug === said || restaurant.name.toLowerCase() === said
}

/** As long as a party that fills the table would keep it. */
function turnOf(restaurant: Restaurant, table_id: string | null): number {
  const seats = restaurant.tables.find((one) => one.id === table_id)?.seats ?? 2
  return turnMinutes(restaurant.settings, seats)
}
