import { addDays, clock, isoAt, wallOf } from '../platform/time.ts'
import { firstInstantAt, servicesOn } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { byNumber, statusOf } from './board-rules.ts'
import type { Timeline } from './board-schema.ts'
import type { FloorClaim } from './floor-schema.ts'
import { isSeated, lateMinutes, overstayMinutes } from './rules.ts'

const slotMs = 30 * 60_000
type Span = { starts_at: number; ends_at: number }
type Bar = Timeline['tables'][number]['bars'][number]

/** R108. From the first opening of a date to its last closing, past midnight too; the whole date where none begins. */
export function spanOf(restaurant: Restaurant, date: string): Span & { open: Span[] } {
  const { timezone } = restaurant
  const open = servicesOn(restaurant, date).map((service) => ({
    starts_at: firstInstantAt(date, service.opens_minute, timezone),
    ends_at: firstInstantAt(date, service.closes_minute, timezone),
  }))
  const midnight = firstInstantAt(date, 0, timezone)
  const starts_at = open[0]?.starts_at ?? midnight
  const ends_at = open.reduce(
    (last, one) => Math.max(last, one.ends_at),
    open.length > 0 ? starts_at : firstInstantAt(addDays(date, 1), 0, timezone),
  )
  return { starts_at, ends_at, open }
}

/** Half hours of real time: in the night the clocks change there are two more or two fewer, and none is lost. */
export function halfHours({ starts_at, ends_at }: Span): Span[] {
  const slots: Span[] = []
  for (let at = starts_at; at < ends_at; at += slotMs)
    slots.push({ starts_at: at, ends_at: Math.min(at + slotMs, ends_at) })
  return slots
}

/** Every table by half hours, and the claims as bars. `now` in milliseconds. */
export function timelineOf(restaurant: Restaurant, claims: FloorClaim[], date: string, now: number): Timeline {
  const { timezone } = restaurant
  const span = spanOf(restaurant, date)
  const slots = halfHours(span)
  const isOpen = (slot: Span): boolean => span.open.some((one) => touches(one, slot))
  return {
    date,
    open: span.open.length > 0,
    slots: slots.map((slot) => ({
      time: clock(wallOf(slot.starts_at, timezone).minute),
      starts_at: isoAt(slot.starts_at, timezone),
      open: isOpen(slot),
    })),
    tables: restaurant.tables.toSorted(byNumber).map(({ id, number, seats, area, enabled }) => {
      const mine = claims.filter((claim) => claim.table_id === id).map((claim) => lasting(claim, now))
      const shown = mine.filter((claim) => touches(claim, span))
      return {
        id,
        number,
        seats,
        area,
        enabled,
        slots: slots.map((slot) =>
          statusOf(weightiest(shown.filter((one) => touches(one, slot))), enabled, isOpen(slot)),
        ),
        bars: shown.map((claim) => barOf(claim, date, now, timezone)),
      }
    }),
  }
}

/** Of several in one half hour: who sits there, then what is blocked, then what is booked. */
function weightiest(claims: FloorClaim[]): FloorClaim | undefined {
  return (
    claims.find((claim) => isSeated(claim) || claim.party?.status === 'completed') ??
    claims.find((claim) => claim.kind === 'block') ??
    claims[0]
  )
}

function touches(a: Span, b: Span): boolean {
  return a.starts_at < b.ends_at && a.ends_at > b.starts_at
}

/** Who still sits there has the table until now at least. */
function lasting(claim: FloorClaim, now: number): FloorClaim {
  return claim.party?.status === 'seated' ? { ...claim, ends_at: Math.max(claim.ends_at, now) } : claim
}

function barOf(claim: FloorClaim, date: string, now: number, timezone: string): Bar {
  const { kind, owner, party, reason } = claim
  return {
    kind,
    owner,
    reason,
    starts_at: isoAt(claim.starts_at, timezone),
    ends_at: isoAt(claim.ends_at, timezone),
    name: party?.name ?? null,
    confirmation_code: party?.confirmation_code ?? null,
    party_size: party?.party_size ?? null,
    status: party?.status ?? null,
    version: party?.version ?? null,
    flags: flagsOf(claim, date, now),
  }
}

function flagsOf({ party }: FloorClaim, date: string, now: number): Bar['flags'] {
  if (!party) return []
  const flags: [Bar['flags'][number], boolean][] = [
    ['vip', party.vip],
    ['allergy', party.allergies.length > 0],
    ['birthday', isBirthday(party.birthday, date)],
    ['late', lateMinutes(party, now) > 0],
    ['overstay', overstayMinutes(party, now) > 0],
    ['note', Boolean(party.notes ?? party.other_info ?? party.guest_notes)],
  ]
  return flags.filter(([, holds]) => holds).map(([flag]) => flag)
}

/** Who was born on a 29 February has its birthday on the 28th in other years. */
export function isBirthday(birthday: string | null, date: string): boolean {
  if (birthday === null) return false
  const leap = addDays(`${date.slice(0, 4)}-02-28`, 1).endsWith('-02-29')
  const day = birthday.slice(5, 10)
  return (day === '02-29' && !leap ? '02-28' : day) === date.slice(5, 10)
}
