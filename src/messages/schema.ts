import * as z from 'zod'
import { ReservationRow } from '../reservations/schema.ts'
import { WaitlistRow } from '../reservations/waitlist/schema.ts'
import { Id, LocalDate, text, Version } from '../platform/text.ts'

export const kinds = [
  'confirmation',
  'pending',
  'approved',
  'changed',
  'cancelled',
  'cancelled_by_house',
  'declined',
  'reminder',
  'no_show',
  'waitlist_joined',
  'waitlist_offered',
  'waitlist_lapsed',
  'series_booked',
  'series_changed',
  'series_cancelled',
] as const
export const Kind = z.enum(kinds)
export type Kind = z.infer<typeof Kind>

export const Channel = z.enum(['mail', 'sms'])
export type Channel = z.infer<typeof Channel>
export const languages = ['en', 'es', 'fr', 'de', 'it'] as const
export const MessageLanguage = z.enum(languages)
export type MessageLanguage = z.infer<typeof MessageLanguage>
export const MessageState = z.enum(['due', 'sending', 'sent', 'failed', 'skipped'])
export type MessageState = z.infer<typeof MessageState>

const SubjectType = z.enum(['reservation', 'waitlist', 'series'])

/** A message as the API gives it; its text once it was tried. */
export const Message = z
  .object({
    id: Id,
    kind: Kind,
    channel: Channel,
    address: z.string().meta({ description: 'Where it goes: an e-mail, or a phone as E.164' }),
    language: z.string(),
    subject_type: SubjectType,
    subject_id: Id,
    about_at: z.string().nullable().meta({ description: 'Of a reminder: the visit it is about' }),
    due_at: z.string(),
    state: MessageState,
    reason: z.string().nullable().meta({ description: 'Why it was skipped, or what the provider said last' }),
    attempts: z.int(),
    provider_id: z.string().nullable(),
    subject: z.string().nullable(),
    text: z.string().nullable(),
    version: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
    sent_at: z.string().nullable(),
  })
  .meta({ id: 'Message' })
export type Message = z.infer<typeof Message>

export const MessageFilter = z.strictObject({
  reservation: Id.optional().meta({ description: 'Of this reservation, or waitlist entry, or series' }),
  state: MessageState.optional(),
  kind: Kind.optional(),
  channel: Channel.optional(),
  date: LocalDate.optional().meta({ description: 'Made on this local date' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
})
export type MessageFilter = z.output<typeof MessageFilter>

export const ResendInput = z.strictObject({ version: Version.optional() }).meta({ id: 'MessageResend' })

const words = {
  subject: text(200).nullish().meta({ description: 'Of a mail; the usual one where not said' }),
  body: text(4_000).meta({ description: 'With placeholders such as {time}' }),
}
export const TemplateName = z.strictObject({ kind: Kind, channel: Channel, language: MessageLanguage })
export type TemplateName = z.infer<typeof TemplateName>
export const NewTemplate = z
  .strictObject({ ...words, version: z.int().min(0).max(2_147_483_647).optional() })
  .meta({ id: 'NewMessageTemplate', description: '`version` 0 where the house had no words of its own yet' })
export type NewTemplate = z.infer<typeof NewTemplate>
/** Words for a kind of message: the house's own, or the usual ones (`version` 0). */
export const Template = z
  .object({
    ...TemplateName.shape,
    subject: z.string().nullable(),
    body: z.string(),
    own: z.boolean(),
    placeholders: z.array(z.string()),
    version: z.int(),
  })
  .meta({ id: 'MessageTemplate' })
export type Template = z.infer<typeof Template>

export const PreviewInput = z
  .strictObject({ ...TemplateName.shape, subject: words.subject, body: words.body.optional() })
  .meta({ id: 'MessagePreviewInput' })
export type PreviewInput = z.infer<typeof PreviewInput>
export const Preview = z
  .object({
    subject: z.string().nullable(),
    text: z.string(),
    html: z.string().nullable(),
    segments: z.int().nullable().meta({ description: 'How many texts an SMS is sent and paid as' }),
  })
  .meta({ id: 'MessagePreview' })
export type Preview = z.infer<typeof Preview>

/** How somebody can be reached. */
export const Contact = z.object({
  name: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  language: z.string().nullable(),
})
export type Contact = z.infer<typeof Contact>

/** What the guest knows once the message is there. */
export const Told = z.object({ starts_at: z.string(), party_size: z.int(), area: z.string().nullable() })
export type Told = z.infer<typeof Told>

/** As `message_event_json` gives it. `before` and `after` are read by each type as its own shape. */
export const SeenEvent = z.object({
  id: z.int(),
  tx: z.string(),
  type: z.string(),
  at: z.string(),
  subject_id: Id,
  actor_kind: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
  contact: Contact.nullable(),
})
export type SeenEvent = z.infer<typeof SeenEvent>

/** As much of a reservation in an event as decides whether its guest hears of it. */
export const SeenReservation = ReservationRow.pick({
  id: true,
  status: true,
  party_size: true,
  starts_at: true,
  area: true,
  name: true,
  email: true,
  phone_number: true,
  source: true,
  cancel_reason: true,
}).extend({
  tables: z.array(z.object({ area: z.string().nullable() })).default([]),
  series_id: Id.nullable().default(null),
  waitlist_id: Id.nullable().default(null),
})
export type SeenReservation = z.infer<typeof SeenReservation>

export const SeenEntry = WaitlistRow.pick({
  id: true,
  kind: true,
  name: true,
  phone_number: true,
  email: true,
  language: true,
  offer_expires_at: true,
}).extend({
  reservation: z.object({ id: Id, starts_at: z.string() }).nullish(),
})
export type SeenEntry = z.infer<typeof SeenEntry>

/** A message to be; the names of `message_wish` in the migrations. */
export type Wish = {
  kind: Kind
  channel: Channel
  address: string
  language: MessageLanguage
  subject_type: z.infer<typeof SubjectType>
  subject_id: string
  event_id: number
  dedupe_key: string
  about_at: string | null
  due_at: string
  settles: boolean
}
export type Step = { make: Wish } | { void: string; kinds: readonly Kind[] }

const Attachment = z.object({ filename: z.string(), content: z.string(), content_type: z.string() })
/** What goes out; kept word for word before it does. */
export const Content = z.object({
  subject: z.string().nullable(),
  text: z.string(),
  html: z.string().nullable().default(null),
  attachments: z.array(Attachment).default([]),
})
export type Content = z.infer<typeof Content>

/** A message as whoever sends it has it. */
export const LeasedMessage = z.object({
  id: Id,
  restaurant_id: Id,
  kind: Kind,
  channel: Channel,
  address: z.string(),
  language: MessageLanguage,
  subject_type: SubjectType,
  subject_id: Id,
  dedupe_key: z.string(),
  about_at: z.string().nullable(),
  round: z.int(),
  attempts: z.int(),
  unknown: z.boolean(),
  queued: z.boolean(),
  content: Content.nullable(),
  created_at: z.string(),
})
export type LeasedMessage = z.infer<typeof LeasedMessage>

const Visit = z.object({ starts_at: z.string(), party_size: z.int() })
/** What it is about, as it is now. */
export const Facts = z.object({
  contact: Contact.nullable(),
  reservation: ReservationRow.nullable(),
  entry: WaitlistRow.nullable(),
  series: z
    .object({ status: z.string(), visits: z.array(Visit), not_booked: z.array(z.string().nullable()) })
    .nullable(),
  told: Told.nullable(),
  template: z.object({ subject: z.string().nullable(), body: z.string() }).nullable(),
})
export type Facts = z.infer<typeof Facts>
