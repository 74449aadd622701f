import { clock, isoAt, wallOf } from '../platform/time.ts'
import type { Hold, Reservation, ReservationRow } from './schema.ts'

/** A row as the house reads it: wall time beside every instant, instants with the restaurant's own offset. */
export function presentReservation(row: ReservationRow, timezone: string): Reservation {
  const starts = Date.parse(row.starts_at)
  const ends = Date.parse(row.ends_at)
  const wall = wallOf(starts, timezone)
  const local = (at: string | null): string | null => (at === null ? null : isoAt(Date.parse(at), timezone))
  return {
    ...row,
    reservation_date: wall.date,
    reservation_time: clock(wall.minute),
    turn_minutes: Math.round((ends - starts) / 60_000),
    starts_at: isoAt(starts, timezone),
    ends_at: isoAt(ends, timezone),
    hold_expires_at: local(row.hold_expires_at),
    seated_at: local(row.seated_at),
    completed_at: local(row.completed_at),
    cancelled_at: local(row.cancelled_at),
    no_show_at: local(row.no_show_at),
    created_at: isoAt(Date.parse(row.created_at), timezone),
    updated_at: isoAt(Date.parse(row.updated_at), timezone),
  }
}

export function presentHold(row: ReservationRow, timezone: string): Hold {
  const { id, hold_expires_at, reservation_date, reservation_time, starts_at, ends_at, party_size, tables, version } =
    presentReservation(row, timezone)
  const expires_at = hold_expires_at ?? isoAt(Date.parse(row.updated_at), timezone)
  return {
    hold_id: id,
    expires_at,
    reservation_date,
    reservation_time,
    starts_at,
    ends_at,
    party_size,
    tables,
    version,
  }
}
