import { tellFloor } from '../../floor/feed-pump.ts'
import { tellGuests } from '../../messages/pump.ts'
import type { Once } from '../../platform/ctx.ts'
import type { PublicCtx, Result, TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { loadRestaurant } from '../../restaurants/load.ts'
import { readWaitlistToken } from './link.ts'
import { getEntry } from './list.ts'
import type { GuestAnswer, GuestWait, WaitlistEntry } from './schema.ts'
import { acceptOffer, declineOffer, leaveWaitlist } from './step.ts'

const perMinute = 60

/** What a guest sees by its link: its place, what it may expect, the table that is held for it. */
export async function guestWait(ctx: PublicCtx, token: string): Promise<Result<GuestWait>> {
  const { tenant, entry_id } = await openLink(ctx, token)
  const { data } = await getEntry(tenant, entry_id)
  return { data: viewOf(tenant, data) }
}

/** The guest takes the table, does not want it, or leaves the queue. */
export async function answerAsGuest(
  ctx: PublicCtx,
  token: string,
  said: GuestAnswer,
  once: Once,
): Promise<Result<GuestWait>> {
  const { tenant, entry_id } = await openLink(ctx, token)
  const verbs = { accept: acceptOffer, decline: declineOffer, leave: leaveWaitlist }
  // A guest's key is a guest's own: it answers for nothing that anybody else did under the same one.
  const own = { ...once, key: `waitlist:${entry_id}:${once.key}` }
  const { data } = await verbs[said.action](tenant, entry_id, { stay: said.stay }, own).catch((error: unknown) => {
    throw withoutOthers(error)
  })
  ctx.after(tellFloor(ctx, tenant.restaurant.id))
  ctx.after(tellGuests(tenant, tenant.restaurant))
  return { data: viewOf(tenant, data) }
}

async function openLink(ctx: PublicCtx, token: string): Promise<{ tenant: TenantCtx; entry_id: string }> {
  const claim = await readWaitlistToken(ctx.secrets.token_secret, token)
  // By entry, for many wait on one Wi-Fi; by address whoever guesses.
  await ctx.limit(claim ? `waitlist:${claim.entry_id}` : `waitlist:${ctx.address}`, perMinute)
  if (!claim) throw new Problem('not_found')
  const restaurant = await loadRestaurant(ctx, claim.restaurant_id)
  return { tenant: { ...ctx, restaurant, actor: { kind: 'guest' } }, entry_id: claim.entry_id }
}

/** The house's own notes of an entry are not shown to who holds a link. */
function withoutOthers(error: unknown): unknown {
  if (!(error instanceof Problem)) return error
  const { more: _more, ...facts } = error.facts
  return new Problem(error.code, facts)
}

function viewOf({ restaurant }: TenantCtx, entry: WaitlistEntry): GuestWait {
  const { status, name, party_size, position, quote, reservation, offer_expires_at, version } = entry
  const offered = status === 'offered' && reservation !== null && offer_expires_at !== null
  return {
    restaurant: { name: restaurant.name, phone: restaurant.phone, timezone: restaurant.timezone },
    status,
    name,
    party_size,
    position,
    quote,
    offer: offered
      ? {
          starts_at: reservation.starts_at,
          expires_at: offer_expires_at,
          tables: reservation.tables.map(({ number }) => ({ number })),
        }
      : null,
    confirmation_code: status === 'accepted' || status === 'seated' ? (reservation?.confirmation_code ?? null) : null,
    may: offered ? ['accept', 'decline', 'leave'] : status === 'waiting' || status === 'accepted' ? ['leave'] : [],
    version,
  }
}
