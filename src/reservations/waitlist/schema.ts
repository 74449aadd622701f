import * as z from 'zod'
import { Email, Id, LanguageTag, LocalDate, LocalTime, text, Version } from '../../platform/text.ts'
import { PartyQuery, PartySize, Source, Status } from '../schema.ts'

export const WaitStatus = z.enum(['waiting', 'offered', 'accepted', 'seated', 'left', 'lapsed', 'declined'])
export type WaitStatus = z.infer<typeof WaitStatus>
export const WaitKind = z.enum(['now', 'future'])
export type WaitKind = z.infer<typeof WaitKind>

const fields = {
  name: text(120),
  phone_number: text(40).nullable().meta({ description: 'E.164, or national in the country of the restaurant' }),
  email: Email.nullable(),
  language: LanguageTag.nullable(),
  party_size: PartySize,
  area: text(60).nullable(),
  accepts_bar: z
    .boolean()
    .nullable()
    .meta({ description: 'true: the bar will do, whatever the area; false: not at the bar; null: as the area says' }),
  notes: text(2000).nullable(),
}
const window = {
  date: LocalDate.meta({ description: 'For a day to come; without one, the queue of now' }),
  from: LocalTime.meta({ description: 'The earliest time they could come' }),
  to: LocalTime.meta({ description: 'The latest; before `from` it is past midnight' }),
}

export const NewWaitlistEntry = z
  .strictObject({
    ...fields,
    phone_number: fields.phone_number.optional(),
    email: fields.email.optional(),
    language: fields.language.optional(),
    area: fields.area.optional(),
    accepts_bar: fields.accepts_bar.optional(),
    notes: fields.notes.optional(),
    source: Source.optional(),
    date: window.date.optional(),
    from: window.from.optional(),
    to: window.to.optional(),
  })
  .refine((entry) => (entry.date === undefined) === (entry.from === undefined), {
    path: ['from'],
    message: 'goes with date: both for a day to come, neither for now',
  })
  .refine((entry) => entry.to === undefined || entry.from !== undefined, { path: ['to'], message: 'needs from' })
  .meta({ id: 'NewWaitlistEntry' })
export type NewWaitlistEntry = z.infer<typeof NewWaitlistEntry>

/** What an edit names changes; the place in the queue stays. */
export const WaitlistEdit = z
  .strictObject({ ...fields, ...window, version: Version })
  .partial()
  .meta({ id: 'WaitlistEdit' })
export type WaitlistEdit = z.infer<typeof WaitlistEdit>

const WaitedTable = z.object({ id: Id, number: z.string(), seats: z.int(), area: z.string().nullable() })
const minutes = z.int().nullable()

/** A row as `waitlist_json` in the migrations gives it. */
export const WaitlistRow = z.object({
  id: Id,
  restaurant_id: Id,
  kind: WaitKind,
  status: WaitStatus,
  service_day: LocalDate,
  name: z.string(),
  phone_number: z.string().nullable(),
  email: z.string().nullable(),
  language: z.string().nullable(),
  party_size: z.int(),
  area: z.string().nullable(),
  accepts_bar: z.boolean().nullable(),
  notes: z.string().nullable(),
  source: Source,
  window_starts_at: z.string().nullable(),
  window_ends_at: z.string().nullable(),
  joined_at: z.string(),
  quoted_min_minutes: minutes,
  quoted_max_minutes: minutes,
  aside: z.boolean(),
  lapses: z.int(),
  offers: z.int(),
  offered_at: z.string().nullable(),
  offer_expires_at: z.string().nullable(),
  accepted_at: z.string().nullable(),
  seated_at: z.string().nullable(),
  waited_minutes: minutes,
  ended_at: z.string().nullable(),
  left_by: z.enum(['guest', 'staff', 'system']).nullable(),
  why: z.string().nullable(),
  version: z.int(),
  updated_at: z.string(),
  position: z.int().nullable(),
  reservation: z
    .object({
      id: Id,
      confirmation_code: z.string(),
      status: Status,
      starts_at: z.string(),
      ends_at: z.string(),
      tables: z.array(WaitedTable),
    })
    .nullable(),
})
export type WaitlistRow = z.infer<typeof WaitlistRow>

export const Quote = z
  .object({
    min_minutes: z.int().nullable().meta({ description: 'null: no table is in sight before closing' }),
    max_minutes: z.int().nullable(),
    explanation: z.string(),
  })
  .meta({ id: 'WaitQuote' })
export type Quote = z.infer<typeof Quote>

export const WaitlistEntry = WaitlistRow.omit({ window_starts_at: true, window_ends_at: true, aside: true })
  .extend({
    date: LocalDate,
    from: LocalTime.nullable(),
    to: LocalTime.nullable(),
    position: WaitlistRow.shape.position.meta({ description: 'Place in its queue; null once it waits no more' }),
    waited_minutes: minutes.meta({ description: 'So far; of who has a table, until it was theirs' }),
    quote: Quote.nullable().meta({ description: 'As of now; of the queue for now' }),
  })
  .meta({ id: 'WaitlistEntry' })
export type WaitlistEntry = z.infer<typeof WaitlistEntry>

export const WaitlistFilter = z.strictObject({
  date: LocalDate.optional().meta({ description: 'The service day; today where not said' }),
  status: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(WaitStatus).min(1))
    .optional()
    .meta({ description: 'One or more, by commas; those still in the queue or on their way where not said' }),
  kind: WaitKind.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(100),
  cursor: z.string().max(200).optional(),
})
export type WaitlistFilter = z.output<typeof WaitlistFilter>

export const QuoteQuery = z.strictObject({
  party_size: PartyQuery,
  area: text(60).optional(),
  accepts_bar: z.stringbool().optional(),
})
export type QuoteQuery = z.output<typeof QuoteQuery>

export const WaitStep = z
  .strictObject({ version: Version.optional(), why: text(300).optional() })
  .meta({ id: 'WaitStep' })
export type WaitStep = z.infer<typeof WaitStep>
export const DeclineInput = WaitStep.extend({
  stay: z.boolean().default(false).meta({
    description: 'Not now, but still waiting: others come first, and they are asked again some minutes later',
  }),
}).meta({ id: 'DeclineInput' })
export const SeatInput = WaitStep.extend({
  table_id: Id.optional().meta({ description: 'Another table than the one held, or any for who waits' }),
  turn_minutes: z
    .int()
    .min(15)
    .max(720)
    .optional()
    .meta({ description: 'A shorter turn, where the next party is near' }),
}).meta({ id: 'WaitlistSeatInput' })
export type SeatInput = z.infer<typeof SeatInput>
export const NotifyInput = WaitStep.extend({
  table_id: Id.optional().meta({ description: 'The table to offer; the best that is free where not said' }),
}).meta({ id: 'NotifyInput' })
export type NotifyInput = z.infer<typeof NotifyInput>

export const Advanced = z
  .object({ offered: z.array(WaitlistEntry), lapsed: z.int().meta({ description: 'Offers that nobody answered' }) })
  .meta({ id: 'WaitlistAdvanced' })
export type Advanced = z.infer<typeof Advanced>

const instant = z.coerce.date().transform((at) => at.toISOString())
export const WaitDecision = z
  .object({
    id: z.coerce.number().int(),
    at: instant,
    decision: z.enum(['offered', 'skipped', 'lapsed', 'accepted', 'declined', 'seated', 'left']),
    why: z.string(),
    table_ids: z.array(Id).nullable(),
    in_favour_of: Id.nullable().meta({ description: 'Of one passed over: the entry that had the offer' }),
    actor: z.object({ kind: z.string(), id: z.string().optional(), name: z.string().optional() }),
  })
  .meta({ id: 'WaitDecision' })
export type WaitDecision = z.infer<typeof WaitDecision>

export const AccuracyQuery = z.strictObject({ from: LocalDate.optional(), to: LocalDate.optional() })
export type AccuracyQuery = z.output<typeof AccuracyQuery>
const accuracy = {
  parties: z.int(),
  within_range: z.int(),
  within_range_share: z.number().nullable().meta({ description: '0 to 1; null where nobody was quoted' }),
  mean_absolute_error_minutes: z.number().nullable().meta({ description: 'Against the middle of the range' }),
  median_absolute_error_minutes: z.number().nullable(),
  mean_error_minutes: z.number().nullable().meta({ description: 'Above 0: they waited longer than was said' }),
}
export const QuoteAccuracy = z
  .object({
    from: LocalDate,
    to: LocalDate,
    ...accuracy,
    by_party_size: z.array(z.object({ party_size: z.int(), ...accuracy })),
  })
  .meta({ id: 'QuoteAccuracy' })
export type QuoteAccuracy = z.infer<typeof QuoteAccuracy>

/** What a guest sees by the link it was sent. */
export const GuestWait = z
  .object({
    restaurant: z.object({ name: z.string(), phone: z.string().nullable(), timezone: z.string() }),
    status: WaitStatus,
    name: z.string(),
    party_size: z.int(),
    position: z.int().nullable(),
    quote: Quote.nullable(),
    offer: z
      .object({ starts_at: z.string(), expires_at: z.string(), tables: z.array(z.object({ number: z.string() })) })
      .nullable(),
    confirmation_code: z.string().nullable(),
    may: z.array(z.enum(['accept', 'decline', 'leave'])),
    version: z.int(),
  })
  .meta({ id: 'GuestWait' })
export type GuestWait = z.infer<typeof GuestWait>
export const GuestAnswer = z
  .strictObject({ action: z.enum(['accept', 'decline', 'leave']), stay: z.boolean().default(false) })
  .meta({ id: 'GuestAnswer' })
export type GuestAnswer = z.infer<typeof GuestAnswer>
