import * as z from 'zod'
import { Email, Id, Instant, LanguageTag, LocalDate, LocalTime, text, Version } from '../platform/text.ts'

export const PartySize = z.int().min(1).max(1000).meta({ description: 'Covers' })
export const Status = z.enum(['held', 'pending', 'confirmed', 'seated', 'completed', 'cancelled', 'no_show'])
export type Status = z.infer<typeof Status>
export const Source = z.enum(['api', 'web', 'phone', 'voice', 'staff', 'walk_in', 'import'])

const contact = {
  name: text(120).nullish(),
  phone_number: text(40).nullish().meta({ description: 'E.164, or national in the country of the restaurant' }),
  email: Email.nullish(),
  other_info: text(1000).nullish(),
  notes: text(2000).nullish(),
}
const seatingFields = { area: text(60).nullish(), table_id: Id.nullish(), source: Source.optional() }

/** The shapes a booking may have; all become one BookingRequest. */
export const BookingByWallTime = z
  .strictObject({
    ...contact,
    ...seatingFields,
    name: text(120),
    phone_number: text(40).meta({ description: 'E.164, or national in the country of the restaurant' }),
    reservation_date: LocalDate,
    reservation_time: LocalTime,
    party_size: PartySize,
    client_id: Id.nullish(),
    language: LanguageTag.nullish(),
  })
  .meta({ id: 'BookingByWallTime' })
export const BookingByInstant = z
  .strictObject({
    ...contact,
    ...seatingFields,
    date: Instant,
    guests: PartySize,
    client_id: Id.nullish(),
    language: LanguageTag.nullish(),
  })
  .meta({ id: 'BookingByInstant' })
/** The names that availability and holds use, for whoever carries a slot over from there. */
export const BookingOfSlot = z
  .strictObject({
    ...contact,
    ...seatingFields,
    date: LocalDate,
    time: LocalTime,
    party_size: PartySize,
    client_id: Id.nullish(),
    language: LanguageTag.nullish(),
  })
  .meta({ id: 'BookingOfSlot' })
export const NewReservation = z
  .union([BookingByWallTime, BookingByInstant, BookingOfSlot])
  .meta({ id: 'NewReservation' })
export type NewReservation = z.infer<typeof NewReservation>

/** When a party comes: a wall time, or an instant. */
export type Moment = { date: string; time: string } | { at: number }

export type BookingRequest = {
  moment: Moment
  party_size: number
  area: string | null
  table_id: string | null
}

export const NewHold = z
  .strictObject({
    date: LocalDate,
    time: LocalTime,
    party_size: PartySize,
    area: text(60).nullish(),
    table_id: Id.nullish(),
    source: Source.optional(),
  })
  .meta({ id: 'NewHold' })
export type NewHold = z.infer<typeof NewHold>

/** A hold is confirmed in the name of whoever asked for it. */
export const HoldConfirmation = z
  .strictObject({ ...contact, client_id: Id.nullish(), language: LanguageTag.nullish(), source: Source.optional() })
  .meta({ id: 'HoldConfirmation' })
export type HoldConfirmation = z.infer<typeof HoldConfirmation>

/** What a change names changes; the rest stays. Date and time in either shape. */
export const ReservationEdit = z
  .strictObject({
    ...contact,
    reservation_date: LocalDate,
    reservation_time: LocalTime,
    date: z.union([Instant, LocalDate]),
    time: LocalTime,
    party_size: PartySize,
    guests: PartySize,
    area: text(60).nullable(),
    table_id: Id,
    version: Version,
  })
  .partial()
  .meta({ id: 'ReservationEdit' })
export type ReservationEdit = z.infer<typeof ReservationEdit>

const ClaimedTable = z.object({ id: Id, number: z.string(), seats: z.int(), area: z.string().nullable() })

/** A row as `reservation_json` in the migrations gives it. */
export const ReservationRow = z.object({
  id: Id,
  restaurant_id: Id,
  confirmation_code: z.string(),
  status: Status,
  party_size: z.int(),
  starts_at: z.string(),
  ends_at: z.string(),
  buffer_minutes: z.int(),
  tables: z.array(ClaimedTable),
  guest_id: Id.nullable(),
  name: z.string().nullable(),
  phone_number: z.string().nullable(),
  email: z.string().nullable(),
  area: z.string().nullable(),
  notes: z.string().nullable(),
  other_info: z.string().nullable(),
  source: Source,
  late_minutes: z.int().nullable(),
  cancel_reason: z.string().nullable(),
  hold_expires_at: z.string().nullable(),
  seated_at: z.string().nullable(),
  completed_at: z.string().nullable(),
  cancelled_at: z.string().nullable(),
  no_show_at: z.string().nullable(),
  version: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
  // Later than the others: an answer that was kept before they came has nothing to say of them.
  series_id: Id.nullable().default(null),
  series_date: LocalDate.nullable().default(null).meta({ description: 'The date that the rule of its series gave' }),
  is_group: z.boolean().default(false),
})
export type ReservationRow = z.infer<typeof ReservationRow>

export const Reservation = ReservationRow.extend({
  reservation_date: LocalDate,
  reservation_time: LocalTime,
  turn_minutes: z.int(),
}).meta({ id: 'Reservation' })
export type Reservation = z.infer<typeof Reservation>

export const Hold = z
  .object({
    hold_id: Id,
    expires_at: z.string(),
    reservation_date: LocalDate,
    reservation_time: LocalTime,
    starts_at: z.string(),
    ends_at: z.string(),
    party_size: z.int(),
    tables: z.array(ClaimedTable),
    version: z.int(),
  })
  .meta({ id: 'Hold' })
export type Hold = z.infer<typeof Hold>

export const ClaimKind = z.enum(['reservation', 'hold', 'walk_in', 'block', 'session'])

/** A claim of the day as availability reads it; instants in milliseconds. */
export const Claim = z.object({
  table_id: Id,
  starts_at: z.number(),
  ends_at: z.number(),
  covers: z.int(),
})
export type Claim = z.infer<typeof Claim>

/** Why a party cannot be seated then; each is a problem code too. */
export const refusalCodes = [
  'nonexistent_time',
  'in_past',
  'too_soon',
  'too_far_ahead',
  'closed',
  'past_closing',
  'after_last_seating',
  'party_too_large',
  'no_table_fits',
  'table_too_small',
  'sold_out',
  'pacing_covers',
  'pacing_parties',
  'phone_overlap',
  'phone_has_upcoming',
] as const
export const RefusalCode = z.enum(refusalCodes)
export type RefusalCode = z.infer<typeof RefusalCode>

const Slot = z.object({
  time: LocalTime,
  starts_at: z.string().nullable().meta({ description: 'null: the clocks skip that time' }),
  tablesAvailable: z.int().meta({ description: 'How many such parties could still be seated then' }),
  reason: RefusalCode.optional().meta({ description: 'The first rule that says no' }),
})
export const DayAvailability = z
  .object({
    date: LocalDate,
    guests: z.int(),
    availableSlots: z.array(LocalTime),
    tablesAvailable: z.int(),
    totalTables: z.int(),
    reason: RefusalCode.optional().meta({ description: 'Of the asked time: the first rule that says no' }),
    slots: z.array(Slot),
  })
  .meta({ id: 'DayAvailability' })
export type DayAvailability = z.infer<typeof DayAvailability>

export const ReservationRef = z
  .string()
  .min(1)
  .max(64)
  .meta({ description: 'An id, a confirmation code, or a phone number (then the next one to come)' })

export const StepInput = z
  .strictObject({ version: Version.optional(), why: text(300).optional() })
  .meta({ id: 'StepInput' })
export const LateInput = StepInput.extend({
  minutes: z.int().min(1).max(240).default(15).meta({ description: 'How late; the grace counts from then' }),
}).meta({ id: 'LateInput' })

export const ReservationFilter = z.strictObject({
  date: LocalDate.optional(),
  from: LocalDate.optional(),
  to: LocalDate.optional(),
  status: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(Status).min(1))
    .optional()
    .meta({ description: 'One or more, by commas' }),
  q: text(80).optional().meta({ description: 'Part of a name, a whole phone number or a confirmation code' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
})
export type ReservationFilter = z.output<typeof ReservationFilter>

/** As `PartySize`, from a query; said again because a pipe's limits are not in OpenAPI. */
export const PartyQuery = z.coerce.number().int().min(1).max(1000).meta({ description: 'Covers' })
export const AvailabilityQuery = z.strictObject({
  date: LocalDate,
  guests: PartyQuery,
  time: LocalTime.optional(),
  area: text(60).optional(),
})
export const ExplainQuery = z.strictObject({
  date: LocalDate,
  time: LocalTime,
  guests: PartyQuery,
  area: text(60).optional(),
})

export const TableStatus = z
  .object({
    table: ClaimedTable.extend({ min_party: z.int(), enabled: z.boolean() }),
    status: z.enum(['free', 'reserved', 'occupied', 'unavailable']),
    why: z.enum(['closed', 'disabled', 'blocked']).optional().meta({ description: 'Of an unavailable table' }),
    claim: z
      .object({
        kind: ClaimKind,
        owner: Id,
        starts_at: z.string(),
        ends_at: z.string(),
        status: Status.nullable(),
        confirmation_code: z.string().nullable(),
        name: z.string().nullable(),
        party_size: z.int().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'TableStatus' })
export type TableStatus = z.infer<typeof TableStatus>

export const TableQuestion = z
  .strictObject({ date: LocalDate, time: LocalTime, party_size: PartySize, area: text(60).nullish() })
  .meta({ id: 'TableQuestion' })
export type TableQuestion = z.infer<typeof TableQuestion>

const NearbyTime = z.object({ date: LocalDate, time: LocalTime, starts_at: z.string(), tablesAvailable: z.int() })
const Suggestion = z.object({ tables: z.array(ClaimedTable), seats: z.int() })
export const TableAnswer = z
  .object({
    available: z.boolean(),
    suggested_table: ClaimedTable.nullable().meta({ description: 'The best fit; the first table of a combination' }),
    suggested_tables: z.array(ClaimedTable).meta({ description: 'All of it, where it is a combination' }),
    alternatives: z.array(Suggestion).meta({ description: 'The other tables that are free then, by fit' }),
    alternative_times: z
      .array(NearbyTime)
      .meta({ description: 'Where none is free then: the nearest times of that day' }),
    rule: z.object({ code: RefusalCode, detail: z.string(), hint: z.string() }).optional(),
  })
  .meta({ id: 'TableAnswer' })
export type TableAnswer = z.infer<typeof TableAnswer>

export const BulkQuestion = z
  .strictObject({
    dates: z.array(LocalDate).min(1).max(92),
    times: z.array(LocalTime).min(1).max(96).optional(),
    party_size: PartySize,
    area: text(60).nullish(),
  })
  .meta({ id: 'BulkQuestion' })
export type BulkQuestion = z.infer<typeof BulkQuestion>
export const BulkAnswer = z.object({ party_size: z.int(), days: z.array(DayAvailability) }).meta({ id: 'BulkAnswer' })
export type BulkAnswer = z.infer<typeof BulkAnswer>

export const Explanation = z
  .object({
    bookable: z.boolean(),
    date: LocalDate,
    time: LocalTime,
    starts_at: z.string().nullable(),
    guests: z.int(),
    rules: z
      .array(
        z.object({
          rule: RefusalCode,
          setting: z
            .string()
            .meta({ description: 'What of the restaurant makes the rule', example: 'settings.horizon_days' }),
          value: z.unknown(),
          because: z.string(),
          change: z.object({ setting: z.string(), to: z.unknown(), sentence: z.string() }).nullable(),
        }),
      )
      .meta({ description: 'Every rule that refuses, the most telling first' }),
    smallest_change: z.array(z.string()).meta({ description: 'What together would open the slot' }),
    nearest: z.array(NearbyTime),
    sentence: z.string().meta({ description: 'All of it in one sentence to speak' }),
  })
  .meta({ id: 'Explanation' })
export type Explanation = z.infer<typeof Explanation>

export const DeniedRequest = z
  .object({
    id: Id,
    at: z.coerce.date().transform((at) => at.toISOString()),
    kind: z.enum(['booking', 'hold', 'change']),
    reason: z.string(),
    party_size: z.int().nullable(),
    starts_at: z.coerce
      .date()
      .transform((at) => at.toISOString())
      .nullable(),
    area: z.string().nullable(),
    source: z.string(),
  })
  .meta({ id: 'DeniedRequest' })
export type DeniedRequest = z.infer<typeof DeniedRequest>
export const DeniedFilter = z.strictObject({
  from: LocalDate.optional(),
  to: LocalDate.optional(),
  reason: RefusalCode.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
})
export type DeniedFilter = z.output<typeof DeniedFilter>
