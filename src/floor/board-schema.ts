import * as z from 'zod'
import { Id, Instant, LocalDate, LocalTime, text, Version } from '../platform/text.ts'
import { PageQuery } from '../platform/cursor.ts'
import { ClaimKind, PartyQuery, Status } from '../reservations/schema.ts'
import { Table } from '../restaurants/schema.ts'

/** What a table is at a moment; a colour, a shape and a word of its own each. */
export const FloorStatus = z.enum(['free', 'reserved', 'occupied', 'unavailable'])
export type FloorStatus = z.infer<typeof FloorStatus>

// What is answered ----------------------------------------------------------------------------------------------------------

export const BoardQuery = z.strictObject({ at: Instant.optional() })
export const BoardParty = z
  .object({
    reservation_id: Id,
    confirmation_code: z.string(),
    name: z.string().nullable(),
    party_size: z.int(),
    status: Status,
    version: z.int(),
    vip: z.boolean(),
    allergies: z.array(z.string()),
    notes: z.string().nullable(),
    starts_at: z.string(),
    seated_minutes: z.int().nullable(),
    expected_end_at: z.string().meta({ description: 'Its planned end; later where it was seated late' }),
    late_minutes: z.int().meta({ description: 'Past its time, or the time it told of, and not here' }),
    overstay_minutes: z.int().meta({ description: 'Seated past its planned end' }),
  })
  .meta({ id: 'BoardParty' })
export type BoardParty = z.infer<typeof BoardParty>
const NextClaim = z.object({
  kind: ClaimKind,
  owner: Id,
  name: z.string().nullable(),
  confirmation_code: z.string().nullable(),
  party_size: z.int().nullable(),
  starts_at: z.string(),
  minutes_until: z.int(),
})
export const BoardTable = Table.omit({ version: true })
  .extend({
    status: FloorStatus,
    why: z.enum(['closed', 'disabled', 'blocked']).nullable().meta({ description: 'Of an unavailable table' }),
    until: z.string().nullable().meta({ description: 'Until when it is so, as far as is known' }),
    claim: z
      .object({ kind: ClaimKind, owner: Id, starts_at: z.string(), ends_at: z.string(), reason: z.string().nullable() })
      .nullable(),
    party: BoardParty.nullable(),
    next: NextClaim.nullable(),
    session: z
      .object({ id: Id, members: z.int(), open_minutes: z.int(), orders: z.int(), total_minor: z.int() })
      .nullable(),
    unpaid_minor: z.int(),
    pos: z.enum(['ok', 'waiting', 'failed']).nullable().meta({ description: 'Of its orders; null where it has none' }),
    calls: z.array(z.object({ id: Id, kind: z.string(), waiting_minutes: z.int() })),
  })
  .meta({ id: 'BoardTable' })
export type BoardTable = z.infer<typeof BoardTable>

export const Timeline = z
  .object({
    date: LocalDate,
    open: z.boolean().meta({ description: 'Whether a service begins on that date' }),
    slots: z.array(z.object({ time: LocalTime, starts_at: z.string(), open: z.boolean() })),
    tables: z.array(
      z.object({
        id: Id,
        number: z.string(),
        seats: z.int(),
        area: z.string().nullable(),
        enabled: z.boolean(),
        slots: z.array(FloorStatus).meta({ description: 'One for each of the slots above' }),
        bars: z.array(
          z.object({
            kind: ClaimKind,
            owner: Id,
            starts_at: z.string(),
            ends_at: z.string(),
            name: z.string().nullable(),
            confirmation_code: z.string().nullable(),
            party_size: z.int().nullable(),
            status: Status.nullable(),
            version: z.int().nullable(),
            reason: z.string().nullable(),
            flags: z.array(z.enum(['vip', 'allergy', 'birthday', 'late', 'overstay', 'note'])),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Timeline' })
export type Timeline = z.infer<typeof Timeline>

export const alertKinds = [
  'escalation',
  'call_waiting',
  'pos_failed',
  'overstay',
  'turn_at_risk',
  'allergy',
  'vip',
  'birthday',
  'late',
  'unpaid',
  'forgotten',
] as const
const FreeTable = z.object({ table_ids: z.array(Id), tables: z.array(z.string()), seats: z.int() })
export const Alert = z
  .object({
    kind: z.enum(alertKinds),
    urgent: z.boolean(),
    tables: z.array(z.string()),
    reservation_id: Id.nullable(),
    confirmation_code: z.string().nullable(),
    name: z.string().nullable(),
    party_size: z.int().nullable(),
    at: z.string().meta({ description: 'Since when, or when it comes' }),
    minutes: z.int().nullable(),
    sentence: z.string(),
    session_id: Id.nullable(),
    call_id: Id.nullable().meta({ description: 'The telephone call that was handed to a person' }),
    amount_minor: z.int().nullable(),
    /** The party that has the table next, and where else it could sit. */
    knock_on: z
      .object({
        reservation_id: Id,
        confirmation_code: z.string(),
        name: z.string().nullable(),
        party_size: z.int(),
        starts_at: z.string(),
        table: z.string(),
        minutes: z.int().meta({ description: 'By how much the table is expected to be late for it' }),
        move_to: z.array(FreeTable),
      })
      .nullable(),
  })
  .meta({ id: 'FloorAlert' })
export type Alert = z.infer<typeof Alert>

export const SuggestQuery = z
  .strictObject({
    party_size: PartyQuery,
    at: Instant.optional(),
    date: LocalDate.optional(),
    time: LocalTime.optional(),
    minutes: z.coerce.number().int().min(10).max(720).optional(),
    area: text(60).optional(),
  })
  .refine((one) => (one.date === undefined) === (one.time === undefined) && !(one.at && one.date), {
    path: ['at'],
    message: 'or date and time',
  })
export type SuggestQuery = z.output<typeof SuggestQuery>
export const Suggestion = z
  .object({
    table_ids: z.array(Id),
    tables: z.array(z.string()),
    seats: z.int(),
    empty_seats: z.int(),
    free_until: z.string().nullable().meta({ description: 'null: nobody comes after' }),
    minutes: z.int().meta({ description: 'How long the party may stay there, its whole turn at the most' }),
    whole_turn: z.boolean(),
    reasons: z.array(z.object({ code: z.string(), text: z.string() })),
  })
  .meta({ id: 'TableSuggestion' })
export type Suggestion = z.infer<typeof Suggestion>

export const RangeQuery = z.strictObject({ from: LocalDate, to: LocalDate })
export const HistoryQuery = z.strictObject({ ...PageQuery.shape, from: LocalDate.optional(), to: LocalDate.optional() })
export type HistoryQuery = z.output<typeof HistoryQuery>
export const TableVisit = z
  .object({
    reservation_id: Id,
    confirmation_code: z.string(),
    name: z.string().nullable(),
    party_size: z.int(),
    status: Status,
    source: z.string(),
    notes: z.string().nullable(),
    starts_at: z.string(),
    planned_minutes: z.int(),
    seated_at: z.string().nullable(),
    left_at: z.string().nullable(),
    actual_minutes: z.int().nullable().meta({ description: 'At this table; null while nobody said that it left' }),
    moved: z.boolean().meta({ description: 'It also sat elsewhere' }),
  })
  .meta({ id: 'TableVisit' })
export type TableVisit = z.infer<typeof TableVisit>

export const Utilisation = z
  .object({
    from: LocalDate,
    to: LocalDate,
    tables: z.array(
      z.object({
        id: Id,
        number: z.string(),
        seats: z.int(),
        area: z.string().nullable(),
        open_minutes: z.int(),
        seated_minutes: z.int(),
        utilisation: z.number().meta({ description: 'Seated of open minutes' }),
        parties: z.int(),
        covers: z.int(),
        seat_fill: z.number().nullable().meta({ description: 'Covers of seats while parties sat; null without any' }),
        turns_per_day: z.number(),
      }),
    ),
  })
  .meta({ id: 'Utilisation' })
export type Utilisation = z.infer<typeof Utilisation>

export const NoteInput = z.strictObject({
  note: z
    .string()
    .trim()
    .max(4000)
    .refine((value) => value.isWellFormed() && !value.includes('\u0000'), 'must be well-formed text'),
  version: z.int().min(0).max(2_147_483_647).optional().meta({ description: '0: there was none yet' }),
})
export type NoteInput = z.infer<typeof NoteInput>
export const FloorNote = z
  .object({
    date: LocalDate,
    note: z.string(),
    version: Version.or(z.literal(0)).meta({ description: '0: nobody has written one' }),
    updated_at: z.string().nullable(),
    updated_by: z.object({ kind: z.string(), name: z.string().optional() }).nullable(),
  })
  .meta({ id: 'FloorNote' })
export type FloorNote = z.infer<typeof FloorNote>
