import * as z from 'zod'
import { Id, Instant, LocalDate, LocalTime, text, Version } from '../platform/text.ts'
import { ClaimKind, PartySize, Reservation, ReservationRef, ReservationRow, Status } from '../reservations/schema.ts'
import { MemberRow, Session } from '../ordering/session-schema.ts'

const TableIds = z
  .array(Id)
  .min(1)
  .max(12)
  .refine((ids) => new Set(ids).size === ids.length, 'must not name a table twice')

/** A party at the door. */
export const WalkIn = z
  .strictObject({
    party_size: PartySize,
    name: text(120).nullish(),
    phone_number: text(40).nullish(),
    guest_id: Id.nullish(),
    table_id: Id.optional(),
    table_ids: TableIds.optional().meta({
      description: 'Joined for this party, whether they are a combination or not',
    }),
    area: text(60).nullish(),
    minutes: z.int().min(10).max(720).optional().meta({ description: 'How long it may stay; its turn where not said' }),
    notes: text(2000).nullish(),
    override_pacing: z
      .boolean()
      .default(false)
      .meta({ description: 'Seats past the pacing and the last seating; the event says so' }),
    allow_overfill: z.boolean().default(false).meta({ description: 'More covers than the named tables have seats' }),
  })
  .refine((one) => one.table_id === undefined || one.table_ids === undefined, {
    path: ['table_ids'],
    message: 'or table_id, not both',
  })
  .meta({ id: 'WalkIn' })
export type WalkIn = z.output<typeof WalkIn>

const moveFields = {
  reservation: ReservationRef,
  allow_overfill: z.boolean().default(false).meta({ description: 'More covers than the tables have seats' }),
  version: Version.optional(),
  why: text(300).optional(),
}
export const Move = z
  .strictObject({
    ...moveFields,
    table_ids: TableIds.optional(),
    starts: Instant.optional().meta({ description: 'When it comes instead; not of a party that is seated' }),
  })
  .refine((one) => one.table_ids !== undefined || one.starts !== undefined, {
    path: ['table_ids'],
    message: 'or starts',
  })
  .meta({ id: 'Move' })
export type Move = z.output<typeof Move>
/** Of tables to join to a party's, or to give back. */
export const Merge = z.strictObject({ ...moveFields, table_ids: TableIds }).meta({ id: 'Merge' })
export type Merge = z.output<typeof Merge>

const SwapSide = z.strictObject({ reservation: ReservationRef, version: Version.optional() })
export const Swap = z
  .strictObject({ a: SwapSide, b: SwapSide, allow_overfill: z.boolean().default(false), why: text(300).optional() })
  .meta({ id: 'Swap' })
export type Swap = z.output<typeof Swap>

export const Extension = z
  .strictObject({ minutes: z.int().min(5).max(240), version: Version.optional(), why: text(300).optional() })
  .meta({ id: 'Extension' })
export type Extension = z.infer<typeof Extension>

/** Who did something, as an event keeps it. */
const Maker = z.object({ kind: z.string(), id: z.string().optional(), name: z.string().optional() })

/** A claim that keeps somebody from a table: who, when, and who made it. */
export const InTheWay = z
  .object({
    table_id: Id,
    table: z.string(),
    kind: ClaimKind,
    owner: Id,
    name: z.string().nullish(),
    code: z.string().nullish().meta({ description: 'Its confirmation code' }),
    party_size: z.int().nullish(),
    status: Status.nullish(),
    reason: z.string().nullish().meta({ description: 'Of a block' }),
    starts_at: z.string(),
    ends_at: z.string().nullable(),
    expires_at: z.string().nullish(),
    made_by: Maker.nullish(),
    made_at: z.string().nullish(),
  })
  .meta({ id: 'InTheWay' })
export type InTheWay = z.infer<typeof InTheWay>

const Change = z.object({ type: z.string(), by: Maker, at: z.string() })
export type Change = z.infer<typeof Change>

/** A session that went with its party; its phones scan the code of the new table. */
export const FollowedSession = z
  .object({
    session_id: Id,
    from_table: z.string(),
    to_table: z.string(),
    lines: z.int().meta({ description: 'Of the cart, that went along' }),
    lines_left: z.int().meta({ description: 'That could not be had any more' }),
  })
  .meta({ id: 'FollowedSession' })
export type FollowedSession = z.infer<typeof FollowedSession>

export const MovedParty = z
  .object({ reservation: Reservation, sessions: z.array(FollowedSession) })
  .meta({ id: 'MovedParty' })
export type MovedParty = z.infer<typeof MovedParty>
export const SwappedParties = z
  .object({ a: Reservation, b: Reservation, sessions: z.array(FollowedSession) })
  .meta({ id: 'SwappedParties' })
export type SwappedParties = z.infer<typeof SwappedParties>

// Blocks ------------------------------------------------------------------------------------------------------------------

const BlockTables = z
  .array(Id)
  .min(1)
  .max(300)
  .refine((ids) => new Set(ids).size === ids.length, 'must not name a table twice')
const blockTime = {
  starts_at: Instant.optional(),
  date: LocalDate.optional(),
  time: LocalTime.optional(),
  minutes: z.int().min(5).max(44_640).optional(),
  until: Instant.optional(),
  reason: text(300).nullish(),
}
type BlockTime = { [K in 'starts_at' | 'date' | 'time' | 'until']?: string | undefined } & {
  minutes?: number | undefined
}
const oneBeginning = (one: BlockTime): boolean =>
  (one.date === undefined) === (one.time === undefined) && !(one.starts_at !== undefined && one.date !== undefined)
const oneEnd = (one: BlockTime): boolean => one.minutes === undefined || one.until === undefined

export const NewBlock = z
  .strictObject({ table_ids: BlockTables, ...blockTime })
  .refine(oneBeginning, { path: ['starts_at'], message: 'or date and time' })
  .refine((one) => (one.minutes === undefined) !== (one.until === undefined), {
    path: ['minutes'],
    message: 'or until; one of them is needed',
  })
  .meta({ id: 'NewBlock', description: 'From now where no beginning is named; 31 days at the most' })
export type NewBlock = z.infer<typeof NewBlock>
export const BlockEdit = z
  .strictObject({ table_ids: BlockTables.optional(), ...blockTime, version: Version.optional() })
  .refine(oneBeginning, { path: ['starts_at'], message: 'or date and time' })
  .refine(oneEnd, { path: ['minutes'], message: 'or until, not both' })
  .meta({ id: 'BlockEdit', description: 'What it names changes; minutes count from its beginning' })
export type BlockEdit = z.infer<typeof BlockEdit>

const NamedTable = z.object({ id: Id, number: z.string(), seats: z.int(), area: z.string().nullable() })
export const Block = z
  .object({
    id: Id,
    tables: z.array(NamedTable),
    starts_at: z.string(),
    ends_at: z.string(),
    reason: z.string().nullable(),
    made_by: Maker,
    lifted_at: z.string().nullable(),
    version: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Block' })
export type Block = z.infer<typeof Block>

// What Postgres answers ------------------------------------------------------------------------------------------------------

const refused = z.object({
  outcome: z.enum(['not_found', 'unknown_table', 'table_off', 'same_table', 'not_its_table', 'bad_time', 'key_reused']),
})
const way = [
  z.object({ outcome: z.literal('table_taken'), in_the_way: z.array(InTheWay) }),
  z.object({ outcome: z.literal('too_small'), seats: z.int(), party_size: z.int() }),
  z.object({ outcome: z.literal('illegal'), reservation: ReservationRow }),
  z.object({ outcome: z.enum(['stale', 'again']), reservation: ReservationRow, changed: Change.nullable() }),
] as const
export const SessionMove = z.object({
  from_table_id: Id,
  session: Session,
  revoked: z.array(Id),
  members: z.array(MemberRow),
})
export type SessionMove = z.infer<typeof SessionMove>
const Replayed = z.boolean().optional()
export const MoveAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('moved'),
    reservation: ReservationRow,
    sessions: z.array(SessionMove),
    replayed: Replayed,
  }),
  z.object({
    outcome: z.literal('swapped'),
    one: ReservationRow,
    two: ReservationRow,
    sessions: z.array(SessionMove),
    replayed: Replayed,
  }),
  ...way,
  refused,
])
export type MoveAnswer = z.infer<typeof MoveAnswer>

export const BlockAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['blocked', 'lifted']), block: Block }),
  z.object({ outcome: z.literal('stale'), block: Block, changed: Change.nullable() }),
  z.object({ outcome: z.literal('table_taken'), in_the_way: z.array(InTheWay) }),
  refused,
])
export type BlockAnswer = z.infer<typeof BlockAnswer>

export const WalkInAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('seated'), reservation: ReservationRow }),
  z.object({ outcome: z.literal('refused'), reason: z.enum(['sold_out', 'pacing_covers', 'pacing_parties']) }),
  z.object({ outcome: z.literal('table_taken'), in_the_way: z.array(InTheWay) }),
  z.object({ outcome: z.enum(['stale_restaurant', 'guest_not_found', 'key_reused']) }),
])
export type WalkInAnswer = z.infer<typeof WalkInAnswer>
