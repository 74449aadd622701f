import { isoAt } from '../platform/time.ts'
import type { Guest, GuestRow } from './schema.ts'

/** A row as the house reads it: instants with the restaurant's own offset. */
export function presentGuest(row: GuestRow, timezone: string): Guest {
  const local = (at: string): string => isoAt(Date.parse(at), timezone)
  return {
    ...row,
    last_visit_at: row.last_visit_at === null ? null : local(row.last_visit_at),
    created_at: local(row.created_at),
    updated_at: local(row.updated_at),
  }
}
