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

/** A row as `guest_json` in the migrations gives it. */
export const GuestRow = z.object({
  id: Id,
  restaurant_id: Id,
  name: z.string().nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  language: z.string().nullable(),
  notes: z.string().nullable(),
  tags: z.array(z.string()),
  vip: z.boolean(),
  allergies: z.array(z.string()),
  birthday: z.string().nullable(),
  visits: z.int().meta({ description: 'Reservations that were seated' }),
  last_visit_at: z.string().nullable(),
  version: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
})
export type GuestRow = z.infer<typeof GuestRow>
export const Guest = GuestRow.meta({ id: 'Guest' })
export type Guest = z.infer<typeof Guest>

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
  min_visits: z.coerce.number().int().min(0).max(10_000).optional(),
  ...Page,
})
export type GuestFilter = z.output<typeof GuestFilter>

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
