import { isoAt } from '../platform/time.ts'
import { segmentsOf, timeOf } from './rules.ts'
import type { Guest, GuestRow } from './schema.ts'

/** As a guest is shown: in which zone and currency, and when, for what changes with time. */
export type Shown = { restaurant: { timezone: string; currency: string }; now: number }

/** A row as the house reads it: instants with the restaurant's own offset. */
export function presentGuest(row: GuestRow, { restaurant, now }: Shown): Guest {
  const local = (at: string | null | undefined): string | null =>
    at ? isoAt(Date.parse(at), restaurant.timezone) : null
  const { stats, ...guest } = row
  return {
    ...guest,
    last_visit_at: local(row.last_visit_at),
    created_at: local(row.created_at) ?? row.created_at,
    updated_at: local(row.updated_at) ?? row.updated_at,
    segments: segmentsOf(row, now),
    statistics: {
      visits: row.visits,
      first_visit_at: local(stats?.first_visit_at),
      last_visit_at: local(row.last_visit_at),
      cancellations: stats?.cancellations ?? 0,
      no_shows: stats?.no_shows ?? 0,
      spend_minor: stats?.spend_minor ?? 0,
      average_spend_minor: stats?.visits_with_orders ? Math.round(stats.spend_minor / stats.visits_with_orders) : null,
      currency: restaurant.currency,
      usual_party: stats?.usual_party ?? null,
      usual_weekday: stats?.usual_weekday ?? null,
      usual_time: timeOf(stats?.usual_minute),
      average_lead_hours: stats?.lead_hours ?? null,
    },
  }
}
