import * as z from 'zod'
import { Id, text, Version } from '../platform/text.ts'
import { Allergen } from '../restaurants/menu-schema.ts'
import { TableNumber } from '../restaurants/schema.ts'
import { CartLine, Member, Nickname } from './schema.ts'

/** One sitting at one table, from the first phone to the closing. */
export const Session = z
  .object({
    id: Id,
    restaurant_id: Id,
    table_id: Id,
    table_number: z.string(),
    status: z.enum(['active', 'closed']),
    opened_at: z.string(),
    last_activity_at: z.string(),
    closed_at: z.string().nullable(),
    close_reason: z.string().nullable(),
    at_table_since: z.string().nullish().meta({ description: 'Where it was moved here from another table' }),
    version: z.int(),
  })
  .meta({ id: 'TableSession' })
export type Session = z.infer<typeof Session>

/** A member as Postgres keeps it; its token goes by `jti`. */
export const MemberRow = z.object({
  id: Id,
  session_id: Id,
  nickname: z.string(),
  is_host: z.boolean(),
  allergies: z.array(Allergen),
  jti: Id,
  pass_accepted_at: z.string().nullable(),
  removed_at: z.string().nullable(),
  version: z.int(),
})
export type MemberRow = z.infer<typeof MemberRow>

export const SessionMember = Member.extend({ session_id: Id, version: z.int() }).meta({ id: 'SessionMember' })
export type SessionMember = z.infer<typeof SessionMember>

const Allergies = z.array(Allergen).max(14).meta({ description: 'What this person must not have' })
const arrival = {
  nickname: Nickname.optional().meta({ description: 'A friendly random one where there is none' }),
  allergies: Allergies.optional(),
  device_id: z
    .string()
    .regex(/^[\w-]{8,128}$/, 'must be 8 to 128 letters, digits, _ or -')
    .optional()
    .meta({ description: 'What this phone calls itself: joining again with it finds the same member and lines' }),
}
const QrToken = z.string().min(1).max(200)

export const TableArrival = z
  .strictObject({
    qr_token: QrToken.optional(),
    restaurant_name: text(120).optional().meta({ description: 'Its name or slug; a key names its restaurant anyway' }),
    table_number: TableNumber.optional(),
    force: z.boolean().default(false).meta({ description: 'Close what is open and open anew: staff or the host' }),
    ...arrival,
  })
  .refine((one) => one.qr_token !== undefined || one.table_number !== undefined, {
    path: ['qr_token'],
    message: 'or restaurant_name and table_number',
  })
  .meta({ id: 'TableArrival' })
export type TableArrival = z.infer<typeof TableArrival>

export const NewMember = z.strictObject({ session_id: Id, qr_token: QrToken.optional(), ...arrival })
export type NewMember = z.infer<typeof NewMember>

export const Joined = z
  .object({
    session: Session,
    member: SessionMember,
    ws_token: z.string(),
    created: z.boolean().meta({ description: 'Whether the session was opened by this' }),
    rejoined: z.boolean().meta({ description: 'Whether this phone was a member before' }),
  })
  .meta({ id: 'Joined' })
export type Joined = z.infer<typeof Joined>

export const MemberEdit = z
  .strictObject({ nickname: Nickname, allergies: Allergies, version: Version })
  .partial()
  .refine((edit) => edit.nickname !== undefined || edit.allergies !== undefined, 'must change something')
export type MemberEdit = z.infer<typeof MemberEdit>

export const SessionStep = z.strictObject({ why: text(200).optional(), version: Version.optional() })
export type SessionStep = z.infer<typeof SessionStep>

export const SessionDetails = z
  .object({
    session: Session,
    members: z.array(SessionMember),
    cart: z
      .object({ cart_version: z.int(), cart_hash: z.string(), lines: z.array(CartLine), subtotal_minor: z.int() })
      .nullable()
      .meta({ description: 'null once the table has another session' }),
  })
  .meta({ id: 'SessionDetails' })
export type SessionDetails = z.infer<typeof SessionDetails>

export const ActiveSession = Session.extend({
  members: z.int(),
  open_minutes: z.int().meta({ description: 'Since it was opened' }),
  idle_minutes: z.int().meta({ description: 'Since anybody last did anything' }),
}).meta({ id: 'ActiveSession' })
export type ActiveSession = z.infer<typeof ActiveSession>

export const OrderingSwitch = z.object({ ordering_enabled: z.boolean() })

// What Postgres answers -------------------------------------------------------------------------------------------------

const refused = z.object({
  outcome: z.enum([
    'not_found',
    'forbidden',
    'removed',
    'session_full',
    'session_closed',
    'table_disabled',
    'restaurant_closed',
    'ordering_disabled',
    'key_reused',
  ]),
})
const staleSession = z.object({ outcome: z.literal('stale'), session: Session })
const staleMember = z.object({ outcome: z.literal('stale'), member: MemberRow })
export const JoinAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('joined'),
    session: Session,
    member: MemberRow,
    created: z.boolean(),
    rejoined: z.boolean(),
    revoked: z.array(Id),
    token_at: z.string(),
  }),
  refused,
])
export type JoinAnswer = z.infer<typeof JoinAnswer>
export const CloseAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('closed'), session: Session, revoked: z.array(Id) }),
  staleSession,
  refused,
])
export type CloseAnswer = z.infer<typeof CloseAnswer>
export const RestoreAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('restored'), session: Session }),
  z.object({ outcome: z.literal('another_open'), session: Session }),
  staleSession,
  refused,
])
export type RestoreAnswer = z.infer<typeof RestoreAnswer>
export const ChangeAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('changed'), member: MemberRow }),
  staleMember,
  refused,
])
export type ChangeAnswer = z.infer<typeof ChangeAnswer>
export const RemoveAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('gone'), member: MemberRow, revoked: z.array(Id), host: MemberRow.nullable() }),
  refused,
])
export type RemoveAnswer = z.infer<typeof RemoveAnswer>
export type OrderingSwitch = z.infer<typeof OrderingSwitch>
