import * as z from 'zod'
import { Email, Id, LanguageTag, text, Version } from '../platform/text.ts'

const Birthday = z.iso
  .date('must be YYYY-MM-DD')
  .refine((date) => /^(19|20)\d\d-/.test(date), 'must be between the years 1900 and 2099')
  .meta({ example: '1984-02-29' })

/** Words the house uses, each once whatever its case: tags, allergies. */
const Labels = z
  .array(text(60))
  .max(50)
  .overwrite((labels) => labels.filter((label, i) => labels.findIndex((other) => alike(other, label)) === i))
const alike = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

const guestFields = {
  name: text(120).nullable(),
  phone: text(40).nullable().meta({ description: 'E.164, or national in the country of the restaurant' }),
  email: Email.nullable(),
  language: LanguageTag.nullable(),
  notes: text(5000).nullable(),
  tags: Labels,
  vip: z.boolean(),
  allergies: Labels,
  birthday: Birthday.nullable(),
}

export const NewGuest = z
  .strictObject({
    name: guestFields.name.optional(),
    phone: guestFields.phone.optional(),
    email: guestFields.email.optional(),
    language: guestFields.language.optional(),
    notes: guestFields.notes.optional(),
    tags: guestFields.tags.default([]),
    vip: guestFields.vip.default(false),
    allergies: guestFields.allergies.default([]),
    birthday: guestFields.birthday.optional(),
  })
  .meta({ id: 'NewGuest', description: 'A phone or an e-mail is needed' })
export type NewGuest = z.infer<typeof NewGuest>

/** What an edit names changes; the rest stays. */
export const GuestEdit = z
  .strictObject({ ...guestFields, version: Version })
  .partial()
  .meta({ id: 'GuestEdit' })
export type GuestEdit = z.infer<typeof GuestEdit>

/** Of `guest_stats` in the migrations, without what the row says itself. */
const GuestStats = z.object({
  cancellations: z.int(),
  no_shows: z.int(),
  first_visit_at: z.string().nullable(),
  fourth_last_visit_at: z.string().nullable(),
  spend_minor: z.int(),
  visits_with_orders: z.int(),
  usual_party: z.int().nullable(),
  usual_weekday: z.int().nullable(),
  usual_minute: z.int().nullable(),
  lead_hours: z.int().nullable(),
  no_show_risk: z.boolean(),
})

/** A row as `guest_json` in the migrations gives it. */
export const GuestRow = z.object({
  id: Id,
  restaurant_id: Id,
  name: z.string().nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  other_phones: z.array(z.string()).meta({ description: 'Numbers of guests that were merged into this one' }),
  other_emails: z.array(z.string()),
  language: z.string().nullable(),
  notes: z.string().nullable(),
  tags: z.array(z.string()),
  vip: z.boolean(),
  allergies: z.array(z.string()),
  birthday: z.string().nullable(),
  visits: z.int().meta({ description: 'Reservations that were seated' }),
  last_visit_at: z.string().nullable(),
  stats: GuestStats.nullable(),
  version: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
})
export type GuestRow = z.infer<typeof GuestRow>

/** R172. Which of these somebody is, changes by itself as time goes by. */
export const Segment = z.enum(['vip', 'frequent', 'new', 'lapsed', 'no_show_risk'])
export type Segment = z.infer<typeof Segment>

/** R170. What a guest's past comes to; null is what it says nothing of. */
export const Statistics = z
  .object({
    visits: z.int(),
    first_visit_at: z.string().nullable(),
    last_visit_at: z.string().nullable(),
    cancellations: z.int(),
    no_shows: z.int(),
    spend_minor: z.int().meta({ description: 'Of what was ordered at their table while they sat there' }),
    average_spend_minor: z.int().nullable().meta({ description: 'Of the visits with orders' }),
    currency: z.string(),
    usual_party: z.int().nullable(),
    usual_weekday: z.int().nullable().meta({ description: 'ISO: 1 is Monday' }),
    usual_time: z.string().nullable().meta({ description: 'To the half hour' }),
    average_lead_hours: z.int().nullable().meta({ description: 'From booking to arrival, walk-ins aside' }),
  })
  .meta({ id: 'GuestStatistics' })

export const Guest = GuestRow.omit({ stats: true })
  .extend({ segments: z.array(Segment), statistics: Statistics })
  .meta({ id: 'Guest' })
export type Guest = z.infer<typeof Guest>

/** With what is to come: the next reservation, where there is one. */
export const GuestDetail = Guest.extend({
  next_reservation: z
    .object({ id: Id, confirmation_code: z.string(), starts_at: z.string(), party_size: z.int(), status: z.string() })
    .nullable(),
}).meta({ id: 'GuestDetail' })
export type GuestDetail = z.infer<typeof GuestDetail>

const Page = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
}
export const PageQuery = z.strictObject(Page)
export type PageQuery = z.output<typeof PageQuery>

export const GuestFilter = z.strictObject({
  q: text(80).optional().meta({ description: 'A name, half remembered or misspelt; a phone number; an e-mail' }),
  phone: text(40).optional().meta({ description: 'A whole number, or some of its digits' }),
  email: Email.optional(),
  language: LanguageTag.optional().meta({ description: '`en` finds `en-GB` too' }),
  tag: text(60).optional(),
  vip: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
  segment: Segment.optional(),
  min_visits: z.coerce.number().int().min(0).max(10_000).optional(),
  ...Page,
})
export type GuestFilter = z.output<typeof GuestFilter>

/** As the list is filtered; an export has no pages. */
export const ExportFilter = GuestFilter.omit({ limit: true, cursor: true })
export type ExportFilter = z.output<typeof ExportFilter>

export const MergeInput = z
  .strictObject({
    from_id: Id.meta({ description: 'The guest that goes; all it had becomes the other one’s' }),
    version: Version.optional(),
  })
  .meta({ id: 'GuestMerge' })
export type MergeInput = z.infer<typeof MergeInput>

export const MatchInput = z
  .strictObject({ phone: text(40), name: text(120), email: Email })
  .partial()
  .refine((asked) => Object.values(asked).some((value) => value !== undefined), 'needs a phone, a name or an e-mail')
  .meta({ id: 'GuestMatch' })
export type MatchInput = z.infer<typeof MatchInput>

export const Reason = z.enum(['exact_phone', 'exact_email', 'exact_name', 'close_name'])
export type Reason = z.infer<typeof Reason>

export const Candidate = z
  .object({
    guest: Guest,
    score: z.number().min(0).max(1).meta({ description: 'How sure: 1 is certain' }),
    why: z.array(Reason),
  })
  .meta({ id: 'GuestCandidate' })
export type Candidate = z.infer<typeof Candidate>
