import { clock, isoAt, wallOf } from '../../platform/time.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { statusNow } from './rules.ts'
import type { Quote, WaitlistEntry, WaitlistRow } from './schema.ts'

/** A row as the house reads it, at this moment: an offer that lapsed is none, instants bear the restaurant's offset. */
export function presentEntry(
  row: WaitlistRow,
  restaurant: Restaurant,
  now: number,
  quote: Quote | null,
): WaitlistEntry {
  const { window_starts_at, window_ends_at, aside: _aside, ...rest } = row
  const { timezone } = restaurant
  const local = (at: string): string => isoAt(Date.parse(at), timezone)
  const localOrNull = (at: string | null): string | null => (at === null ? null : local(at))
  const wall = (at: string | null): { date: string; minute: number } | null =>
    at === null ? null : wallOf(Date.parse(at), timezone)
  const status = statusNow(row, now)
  const lapsed = status !== row.status
  const queued = status === 'waiting' || status === 'offered'
  const from = wall(window_starts_at)
  const to = wall(window_ends_at)
  return {
    ...rest,
    status,
    lapses: row.lapses + (lapsed ? 1 : 0),
    date: from?.date ?? row.service_day,
    from: from && clock(from.minute),
    to: to && clock(to.minute),
    joined_at: local(row.joined_at),
    offered_at: lapsed ? null : localOrNull(row.offered_at),
    offer_expires_at: lapsed ? null : localOrNull(row.offer_expires_at),
    accepted_at: localOrNull(row.accepted_at),
    seated_at: localOrNull(row.seated_at),
    ended_at: localOrNull(row.ended_at),
    updated_at: local(row.updated_at),
    waited_minutes: queued ? Math.max(0, Math.floor((now - Date.parse(row.joined_at)) / 60_000)) : row.waited_minutes,
    position: queued ? row.position : null,
    reservation:
      row.reservation && !lapsed
        ? { ...row.reservation, starts_at: local(row.reservation.starts_at), ends_at: local(row.reservation.ends_at) }
        : null,
    quote: status === 'waiting' && row.kind === 'now' ? quote : null,
  }
}
