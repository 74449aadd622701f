import * as z from 'zod'
import { MenuBrief } from './menu-schema.ts'
import { Opening, Restaurant, Settings } from './schema.ts'

const Sentence = z.string().meta({ description: 'In English, as it may be spoken' })

const Weekday = z.object({
  weekday: z.int().meta({ description: 'ISO, 1 is Monday' }),
  name: z.string(),
  openings: z.array(Opening),
  sentence: Sentence,
})

const SpecialDayToCome = z.object({
  date: z.string(),
  weekday: z.int(),
  openings: z.array(Opening).meta({ description: 'None: closed all day' }),
  reason: z.string().nullable(),
  sentence: Sentence,
})

const Today = z.object({
  open: z.boolean().meta({ description: 'At this moment' }),
  openings: z.array(Opening).meta({ description: 'Those that begin today' }),
  closes_at: z.string().nullable().meta({ description: 'While open; null where it does not close' }),
  next_opens_at: z.string().nullable().meta({ description: 'The next time it opens after now' }),
  next_closes_at: z.string().nullable().meta({ description: 'Of the service under way, else of the next' }),
  sentence: Sentence,
})

/** The settings that a guest may be told of. */
const PolicySettings = Settings.pick({
  horizon_days: true,
  min_notice_minutes: true,
  last_seating_minutes: true,
  grace_minutes: true,
  hold_minutes: true,
  turn_rules: true,
  approval: true,
  per_phone: true,
})

const Policies = z.object({
  ...PolicySettings.shape,
  largest_party: z.int().meta({ description: 'What settings and room both allow; 0 while no table is enabled' }),
  last_date: z.string().meta({ description: 'The last local date that may be booked now' }),
  sentences: z.array(Sentence),
})

const Room = z.object({
  tables: z.int(),
  seats: z.int(),
  areas: z.array(z.object({ name: z.string().nullable(), tables: z.int(), seats: z.int() })),
})

/** Everything one must know to speak for the house, at one moment. */
export const HouseContext = z
  .object({
    restaurant: Restaurant.pick({
      id: true,
      slug: true,
      name: true,
      address: true,
      phone: true,
      email: true,
      country: true,
      timezone: true,
      currency: true,
      languages: true,
    }),
    now: z.object({ at: z.string(), date: z.string(), time: z.string(), weekday: z.string() }),
    today: Today,
    hours: z.array(Weekday),
    special_days: z.array(SpecialDayToCome).meta({ description: 'From today on' }),
    policies: Policies,
    room: Room,
    menu: MenuBrief,
  })
  .meta({ id: 'HouseContext' })
export type HouseContext = z.infer<typeof HouseContext>
