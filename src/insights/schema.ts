import * as z from 'zod'
import { Id, LocalDate } from '../platform/text.ts'

export const mostDays = 400

export const Group = z.enum(['day', 'week', 'month', 'weekday']).meta({
  description: 'What a row is about: a service day, an ISO week (its Monday), a month, or a weekday (1 is Monday)',
})
export type Group = z.infer<typeof Group>

export const AnalyticsQuery = z
  .strictObject({
    from: LocalDate.optional().meta({ description: 'First service day; 27 days before `to` where not said' }),
    to: LocalDate.optional().meta({
      description: 'Last service day, at most 400 days from the first; today where not said',
    }),
    group: Group.default('day'),
  })
  .meta({ id: 'AnalyticsQuery' })
export type AnalyticsQuery = z.infer<typeof AnalyticsQuery>

const count = z.int().min(0)
const share = z.number().nullable()
const minutes = z.number().min(0)
const minor = z.int().meta({ description: 'In minor units of the restaurant’s currency' })

const about = {
  group: z
    .string()
    .meta({ description: 'The service day, Monday, month (2026-12) or weekday it is about', example: '2026-12-01' }),
  days: count.meta({ description: 'How many days of the range that are not to come are in the group' }),
}
const HalfHour = z.string().meta({ description: 'A half-hour of the wall clock, by its beginning', example: '19:30' })

const outcomes = {
  parties: count.meta({ description: 'Parties booked for or walked in on these days; holds that lapsed are none' }),
  covers: count,
  seated_parties: count.meta({ description: 'Parties that came' }),
  seated_covers: count,
  cancelled_parties: count,
  cancelled_covers: count,
  no_show_parties: count,
  no_show_covers: count,
  cancellation_rate: share.meta({ description: 'Cancelled parties ÷ parties; null without any' }),
  cancellation_rate_covers: share.meta({ description: 'The same by covers' }),
  no_show_rate: share.meta({ description: 'Parties that never came ÷ those that had not cancelled' }),
  no_show_rate_covers: share,
}

export const OccupancyRow = z.object({
  ...about,
  seat_minutes: minutes.meta({ description: 'Guests × the minutes they sat, from being seated to leaving' }),
  available_seat_minutes: minutes.meta({ description: 'Seats of enabled tables × opening minutes, blocks taken off' }),
  occupancy: share.meta({ description: 'seat_minutes ÷ available_seat_minutes; null on closed days' }),
  seated_parties: count,
  seated_covers: count,
})
export const PeakRow = z.object({
  ...about,
  time: HalfHour,
  parties: count.meta({ description: 'Parties whose time it was, cancelled and not' }),
  seated_parties: count.meta({ description: 'Of them, those that came' }),
  seated_covers: count,
  seat_minutes: minutes,
  available_seat_minutes: minutes,
  occupancy: share,
})
const bin = z.int().nullable().meta({ description: 'Minutes, to the nearest five' })
export const TurnRow = z.object({
  ...about,
  party: z.string().meta({ description: 'Party size: 1, 2, 3-4, 5-6, 7-8, 9+, or all' }),
  parties: count.meta({ description: 'Parties that were seated and have left: only they are measured' }),
  planned_p50_minutes: bin,
  planned_p90_minutes: bin,
  actual_p50_minutes: bin,
  actual_p90_minutes: bin,
})
export const leads = ['same_day', '1_day', '2_3_days', '4_7_days', '8_14_days', '15_30_days', 'over_30_days'] as const
export const LeadRow = z.object({
  ...about,
  lead: z.enum(leads).meta({ description: 'Service day less the local date it was booked; walk-ins are left out' }),
  ...outcomes,
})
export const SourceRow = z.object({ ...about, source: z.string(), ...outcomes })
export const OutcomeRow = z.object({ ...about, ...outcomes })
export const RevenueRow = z.object({
  ...about,
  currency: z.string(),
  orders: count.meta({ description: 'Orders that were neither in review nor rejected' }),
  sessions: count.meta({ description: 'Sessions at tables that ordered' }),
  revenue_minor: minor.meta({ description: 'Their totals, tax included, in minor units' }),
  tax_minor: minor,
  seated_covers: count,
  revenue_per_cover_minor: z.int().nullable().meta({ description: 'Revenue ÷ covers that came, rounded' }),
  revenue_per_order_minor: z.int().nullable(),
  revenue_per_seat_hour_minor: z.int().nullable().meta({ description: 'Revenue ÷ available seat-hours (RevPASH)' }),
})
export const GuestRow = z.object({
  ...about,
  guest: z.enum(['new', 'returning', 'unknown']).meta({
    description: 'Returning: came before; unknown: gave neither phone nor e-mail',
  }),
  ...outcomes,
})
export const StaffRow = z.object({
  ...about,
  staff_key: z.string().meta({ description: 'staff:<id>, or key:<id> for what a device does with a key' }),
  name: z.string().nullable(),
  seated_parties: count.meta({ description: 'Parties this person seated last' }),
  seated_covers: count,
  completed_parties: count.meta({ description: 'Parties this person closed' }),
  mean_turn_minutes: z.number().nullable().meta({ description: 'Of those, from seated to left' }),
  mean_planned_minutes: z.number().nullable(),
  orders: count.meta({ description: 'Orders whose last step was this person’s' }),
  revenue_minor: minor,
})
export const DeniedRow = z.object({
  ...about,
  reason: z.string(),
  time: HalfHour,
  asks: count.meta({ description: 'Requests refused for that time' }),
  covers_asked: count,
  lost_parties: count.meta({
    description:
      'Asks for the same day and size within half an hour are one party, lost unless one of that size was booked',
  }),
  lost_covers: count.meta({ description: 'An estimate: the covers of those parties, at the time they asked for last' }),
})
export const TableRow = z.object({
  ...about,
  table_id: Id,
  number: z.string(),
  parties: count.meta({ description: 'Parties that sat there; at joined tables, at each of them' }),
  covers: count.meta({ description: 'At joined tables, at the first of them' }),
  seated_minutes: minutes,
  available_minutes: minutes,
  utilisation: share.meta({ description: 'seated_minutes ÷ available_minutes' }),
  parties_a_day: z.number().nullable(),
  orders: count,
  revenue_minor: minor,
})

/** A range of service days, and what is said of them. */
export function analysisOf<R extends z.ZodType>(
  row: R,
): z.ZodObject<{ from: z.ZodString; to: z.ZodString; group: typeof Group; rows: z.ZodArray<R> }> {
  return z.object({ from: z.string(), to: z.string(), group: Group, rows: z.array(row) })
}

/** The sums of one kind, key and bin over a group of days, as day_figures has them. */
export const Figure = z.object({
  group: z.string(),
  kind: z.string(),
  key: z.string(),
  bin: z.int(),
  label: z.string().nullable(),
  parties: z.int(),
  covers: z.int(),
  seated_parties: z.int(),
  seated_covers: z.int(),
  cancelled_parties: z.int(),
  cancelled_covers: z.int(),
  no_show_parties: z.int(),
  no_show_covers: z.int(),
  seconds: z.number(),
  planned_seconds: z.number(),
  orders: z.int(),
  amount_minor: z.int(),
})
export type Figure = z.infer<typeof Figure>
