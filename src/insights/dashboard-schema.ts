import * as z from 'zod'
import { Id } from '../platform/text.ts'

const count = z.int().min(0)
const of = z.object({ parties: count, covers: count })

const Compared = z
  .object({
    date: z.string(),
    seated_parties: count,
    seated_covers: count,
    no_show_parties: count,
    revenue_minor: z.int(),
  })
  .nullable()
  .meta({ description: 'How the whole of that day went; null where nothing is known of it' })

export const Arrival = z
  .object({
    id: Id,
    confirmation_code: z.string(),
    status: z.enum(['pending', 'confirmed']),
    starts_at: z.string(),
    name: z.string().nullable(),
    party_size: z.int(),
    tables: z.array(z.string()).meta({ description: 'Table numbers' }),
    vip: z.boolean(),
    allergies: z.array(z.string()),
    notes: z.string().nullable(),
    minutes_late: z.int().min(0).meta({ description: 'Past its time, what it told us of taken off' }),
  })
  .meta({ id: 'Arrival' })

export const Dashboard = z
  .object({
    date: z.string().meta({ description: 'The service day, from five to five' }),
    now: z.string(),
    booked: of.meta({
      description: 'All that are not cancelled and did come or may yet: pending, confirmed, seated, completed',
    }),
    seated: of.meta({ description: 'At a table now' }),
    done: of.meta({ description: 'Have left' }),
    to_come: of,
    vips_to_come: count.meta({ description: 'Of those to come today, at whatever hour, the parties of VIPs' }),
    walk_ins: of.meta({ description: 'Of those seated and done' }),
    cancelled: of,
    no_shows: of,
    expected: z
      .object({ covers: z.number(), low: z.number(), high: z.number() })
      .nullable()
      .meta({ description: 'Covers forecast for the whole day, at least those booked; null without a forecast' }),
    arrivals: z.array(Arrival).meta({ description: 'Due within two hours or late, by time; fifty at most' }),
    occupancy: z.object({
      covers: count,
      seats: count,
      share: z.number().nullable(),
      tables_taken: count,
      tables: count,
      ahead: z
        .array(z.object({ at: z.string(), time: z.string(), covers: count, share: z.number().nullable() }))
        .meta({ description: 'The covers at table in each of the next twelve half-hours, as booked and seated' }),
    }),
    alerts: z.object({
      // R279. These five count what /floor/alerts lists under the same word.
      vip: count.meta({ description: 'VIPs seated, due within two hours, or late' }),
      allergy: count.meta({ description: 'Parties seated, due within two hours, or late whose guest has an allergy' }),
      late: count.meta({ description: 'Due for a minute or longer, what they told us of taken off, and not here' }),
      overstay: count.meta({ description: 'Seated past their turn, by less than two hours' }),
      forgotten: count.meta({ description: 'Seated past their turn by two to four hours: have they left?' }),
      pending: count.meta({ description: 'Waiting for approval' }),
      unpaid_sessions: count.meta({ description: 'Open sessions with orders that are not paid' }),
      unpaid_minor: z.int(),
      orders_to_review: count,
      pos_failed: count,
      calls: count.meta({ description: 'Calls from tables that nobody acknowledged' }),
      waitlist: count.meta({ description: 'Parties waiting or with an offer today' }),
      voice_escalations: count.meta({ description: 'Calls of today that asked for a person' }),
    }),
    compared: z
      .object({ last_week: Compared, last_year: Compared })
      .meta({ description: 'The same weekday 7 and 364 days ago' }),
  })
  .meta({ id: 'Dashboard' })
export type Dashboard = z.infer<typeof Dashboard>

/** As it comes from the database: what the clock of the house must still be put to. */
export const DashboardRow = z.object({
  ...Dashboard.omit({ date: true, now: true, occupancy: true, expected: true }).shape,
  expected: Dashboard.shape.expected,
  occupancy: z.object({
    covers: count,
    seats: count,
    tables_taken: count,
    tables: count,
    ahead: z.array(z.object({ at: z.string(), covers: count })),
  }),
})
export type DashboardRow = z.infer<typeof DashboardRow>
