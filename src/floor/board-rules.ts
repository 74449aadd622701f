import { clock, isoAt, wallOf } from '../platform/time.ts'
import { closesAt, serviceAt } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import type { BoardParty, BoardTable, FloorStatus } from './board-schema.ts'
import type { Floor, FloorClaim, FloorSession, Party } from './floor-schema.ts'
import { expectedEnd, holdsAt, isSeated, lateMinutes, overstayMinutes } from './rules.ts'

const minutesBetween = (from: number, to: number): number => Math.floor((to - from) / 60_000)

/** Every table of the house as it is at an instant, in milliseconds; `live` where that is now. */
export function boardOf(restaurant: Restaurant, floor: Floor, at: number, live: boolean): BoardTable[] {
  const { timezone } = restaurant
  const wall = wallOf(at, timezone)
  const service = serviceAt(restaurant, wall.date, wall.minute)
  const closes = service ? closesAt(restaurant, service) : null
  return restaurant.tables.toSorted(byNumber).map((table) => {
    const claims = floor.claims.filter((claim) => claim.table_id === table.id)
    const current = currentOf(claims, at, live)
    const next = claims.find((claim) => claim.owner !== current?.owner && claim.starts_at > (current?.starts_at ?? at))
    const session = live ? (floor.sessions.find((one) => one.table_id === table.id) ?? null) : null
    const status = statusOf(current, table.enabled, service !== undefined)
    const { version: _version, ...facts } = table
    return {
      ...facts,
      status,
      why: status === 'unavailable' ? whyNot(current, table.enabled) : null,
      until: presentAt(untilOf(status, current, next, closes, at), timezone),
      claim: current ? presentClaim(current, timezone) : null,
      party: current?.party ? presentParty(current.party, at, timezone) : null,
      next: next ? presentNext(next, at, timezone) : null,
      session: session && presentSession(session, at),
      unpaid_minor: session?.unpaid_minor ?? 0,
      pos: session ? posOf(session) : null,
      calls: (session?.calls ?? []).map(({ id, kind, called_at }) => ({
        id,
        kind,
        waiting_minutes: Math.max(0, minutesBetween(called_at, at)),
      })),
    }
  })
}

const collator = new Intl.Collator('en', { numeric: true })
/** In the order people count: 2 before 10. */
export function byNumber(a: { number: string }, b: { number: string }): number {
  return collator.compare(a.number, b.number)
}

/** Who has the table: whoever sits there before whoever has it in the book. */
export function currentOf(claims: FloorClaim[], at: number, live: boolean): FloorClaim | undefined {
  const now = claims.filter((claim) => holdsAt(claim, at, live))
  return now.findLast(isSeated) ?? now.find((claim) => claim.kind === 'block') ?? now[0]
}

export function statusOf(claim: FloorClaim | undefined, enabled: boolean, open: boolean): FloorStatus {
  if (claim) {
    if (claim.kind === 'block') return 'unavailable'
    return isSeated(claim) || claim.party?.status === 'completed' ? 'occupied' : 'reserved'
  }
  return enabled && open ? 'free' : 'unavailable'
}

function whyNot(claim: FloorClaim | undefined, enabled: boolean): BoardTable['why'] {
  if (claim) return 'blocked'
  return enabled ? 'closed' : 'disabled'
}

function untilOf(
  status: FloorStatus,
  current: FloorClaim | undefined,
  next: FloorClaim | undefined,
  closes: number | null,
  at: number,
): number | null {
  if (current) return isSeated(current) && current.party ? Math.max(expectedEnd(current.party), at) : current.ends_at
  if (status !== 'free') return null
  return next && (closes === null || next.starts_at < closes) ? next.starts_at : closes
}

function presentAt(at: number | null, timezone: string): string | null {
  return at === null ? null : isoAt(at, timezone)
}

function presentClaim(claim: FloorClaim, timezone: string): BoardTable['claim'] {
  const { kind, owner, reason } = claim
  return { kind, owner, reason, starts_at: isoAt(claim.starts_at, timezone), ends_at: isoAt(claim.ends_at, timezone) }
}

export function presentParty(party: Party, at: number, timezone: string): BoardParty {
  const { id, confirmation_code, name, party_size, status, version, vip, allergies, notes } = party
  return {
    reservation_id: id,
    confirmation_code,
    name,
    party_size,
    status,
    version,
    vip,
    allergies,
    notes,
    starts_at: isoAt(party.starts_at, timezone),
    seated_minutes: party.seated_at === null ? null : Math.max(0, minutesBetween(party.seated_at, at)),
    expected_end_at: isoAt(expectedEnd(party), timezone),
    late_minutes: lateMinutes(party, at),
    overstay_minutes: overstayMinutes(party, at),
  }
}

function presentNext(claim: FloorClaim, at: number, timezone: string): BoardTable['next'] {
  const { kind, owner, party } = claim
  return {
    kind,
    owner,
    name: party?.name ?? null,
    confirmation_code: party?.confirmation_code ?? null,
    party_size: party?.party_size ?? null,
    starts_at: isoAt(claim.starts_at, timezone),
    minutes_until: minutesBetween(at, claim.starts_at),
  }
}

function presentSession(session: FloorSession, at: number): BoardTable['session'] {
  const { id, members, orders, total_minor } = session
  return { id, members, orders, total_minor, open_minutes: Math.max(0, minutesBetween(session.opened_at, at)) }
}

function posOf(session: FloorSession): BoardTable['pos'] {
  if (session.orders === 0) return null
  if (session.pos_failed > 0) return 'failed'
  return session.pos_waiting > 0 ? 'waiting' : 'ok'
}

/** "20:00", on the house's clock. */
export function wallClock(at: number, timezone: string): string {
  return clock(wallOf(at, timezone).minute)
}
