import * as z from 'zod'
import { Email, Id, LanguageTag, LocalDate, LocalTime, text, Version } from '../../platform/text.ts'
import { PartySize, RefusalCode, Reservation, Source } from '../schema.ts'

/** Most dates that are booked by one request: two years of weeks. */
export const mostOccurrences = 104

const Rule = z
  .string()
  .min(6)
  .max(300)
  .meta({
    description:
      'RFC 5545: FREQ DAILY, WEEKLY, MONTHLY or YEARLY, with INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST; ended ' +
      'by COUNT or UNTIL. The time of day is not its own: it is `time`.',
    example: 'FREQ=WEEKLY;BYDAY=TH;COUNT=12',
  })
const contact = {
  name: text(120),
  phone_number: text(40).nullable().meta({ description: 'E.164, or national in the country of the restaurant' }),
  email: Email.nullable(),
  notes: text(2000).nullable(),
  other_info: text(1000).nullable(),
}
const seating = { time: LocalTime, party_size: PartySize, area: text(60).nullable(), table_id: Id.nullable() }

export const NewSeries = z
  .strictObject({
    rrule: Rule,
    start_date: LocalDate.meta({ description: 'The first date it may fall on; COUNT counts from there' }),
    time: seating.time,
    party_size: seating.party_size,
    area: seating.area.optional(),
    table_id: seating.table_id.optional(),
    name: contact.name,
    phone_number: contact.phone_number.optional(),
    email: contact.email.optional(),
    notes: contact.notes.optional(),
    other_info: contact.other_info.optional(),
    client_id: Id.nullish(),
    language: LanguageTag.nullish(),
    source: Source.optional(),
    exdates: z.array(LocalDate).max(366).default([]).meta({ description: 'Dates of the rule to leave out' }),
    book: z
      .enum(['possible', 'all_or_nothing'])
      .default('possible')
      .meta({ description: 'Whether dates that cannot be had keep the others from being booked' }),
  })
  .meta({ id: 'NewSeries' })
export type NewSeries = z.output<typeof NewSeries>

/** What each occurrence from a date on was to be, before anybody edited it by itself. */
export const SeriesTerms = z.object({ from_date: LocalDate, ...seating, ...contact }).meta({ id: 'SeriesTerms' })
export type SeriesTerms = z.infer<typeof SeriesTerms>
export type TermsChange = Partial<Omit<SeriesTerms, 'from_date'>>

/** A row of reservation_series. */
export const SeriesRow = z.object({
  id: Id,
  rrule: z.string(),
  start_date: LocalDate,
  last_date: LocalDate.meta({ description: 'The last date that has been asked for' }),
  exdates: z.array(LocalDate),
  terms: z.array(SeriesTerms),
  source: Source,
  status: z.enum(['active', 'cancelled']),
  version: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
})
export type SeriesRow = z.infer<typeof SeriesRow>

/** With the terms of the next occurrences beside its rule. */
export const Series = SeriesRow.extend({ ...seating, ...contact }).meta({ id: 'Series' })
export type Series = z.infer<typeof Series>

const NearbyTime = z.object({ date: LocalDate, time: LocalTime, starts_at: z.string(), tablesAvailable: z.int() })
export const SeriesConflict = z
  .object({
    date: LocalDate,
    code: z.union([RefusalCode, z.literal('illegal_step')]),
    detail: z.string(),
    alternatives: z.array(NearbyTime).meta({ description: 'The nearest times of that day that are open' }),
  })
  .meta({ id: 'SeriesConflict' })
export type SeriesConflict = z.infer<typeof SeriesConflict>

export const BookedSeries = z
  .object({ series: Series, booked: z.array(Reservation), not_booked: z.array(SeriesConflict) })
  .meta({ id: 'BookedSeries' })
export type BookedSeries = z.infer<typeof BookedSeries>

export const SeriesWithOccurrences = Series.extend({ occurrences: z.array(Reservation) }).meta({
  id: 'SeriesWithOccurrences',
})
export type SeriesWithOccurrences = z.infer<typeof SeriesWithOccurrences>

const Scope = z.enum(['this', 'following', 'all']).meta({
  description: 'The occurrence of `from_date`, those from it on, or all that are to come',
})
const FromDate = LocalDate.optional().meta({
  description: 'The date that the rule gives the occurrence, wherever it was moved; not needed for `all`',
})

export const SeriesEdit = z
  .strictObject({
    scope: Scope,
    from_date: FromDate,
    overwrite: z.boolean().default(false).meta({
      description: 'Whether occurrences that were edited by themselves lose that edit where this one is about the same',
    }),
    version: Version.optional(),
    time: seating.time.optional(),
    party_size: seating.party_size.optional(),
    area: seating.area.optional(),
    table_id: seating.table_id.optional(),
    name: contact.name.optional(),
    phone_number: contact.phone_number.optional(),
    email: contact.email.optional(),
    notes: contact.notes.optional(),
    other_info: contact.other_info.optional(),
  })
  .refine((edit) => edit.scope === 'all' || edit.from_date !== undefined, {
    path: ['from_date'],
    message: 'is needed for this scope',
  })
  .meta({ id: 'SeriesEdit' })
export type SeriesEdit = z.output<typeof SeriesEdit>

/** What of an occurrence somebody had edited by itself, and was kept. */
export const KeptEdit = z.object({
  date: LocalDate,
  reservation_id: Id,
  fields: z.array(
    z.enum(['time', 'party_size', 'area', 'table_id', 'name', 'phone_number', 'email', 'notes', 'other_info']),
  ),
})
export type KeptEdit = z.infer<typeof KeptEdit>

export const ChangedSeries = z
  .object({
    series: Series,
    changed: z.array(Reservation),
    not_changed: z.array(SeriesConflict),
    kept: z.array(KeptEdit).meta({ description: 'What had been edited by itself and stays so' }),
  })
  .meta({ id: 'ChangedSeries' })
export type ChangedSeries = z.infer<typeof ChangedSeries>

/** Nothing is cancelled by default: the scope is said. */
export const SeriesCancelQuery = z
  .strictObject({ scope: Scope, from_date: FromDate, why: text(300).optional() })
  .refine((query) => query.scope === 'all' || query.from_date !== undefined, {
    path: ['from_date'],
    message: 'is needed for this scope',
  })
export type SeriesCancel = z.output<typeof SeriesCancelQuery>
export const CancelledSeries = z
  .object({ series: Series, cancelled: z.array(Reservation) })
  .meta({ id: 'CancelledSeries' })
export type CancelledSeries = z.infer<typeof CancelledSeries>

export const SeriesExtension = z
  .strictObject({
    until: LocalDate.optional(),
    count: z.int().min(1).max(1000).optional().meta({ description: 'Of the whole series, from its start' }),
    dates: z
      .array(LocalDate)
      .min(1)
      .max(mostOccurrences)
      .optional()
      .meta({ description: 'Dates to book besides, such as those that could not be had at first' }),
    version: Version.optional(),
  })
  .refine(
    (edit) => [edit.until, edit.count, edit.dates].some((one) => one !== undefined),
    'needs until, count or dates',
  )
  .refine((edit) => edit.until === undefined || edit.count === undefined, 'takes until or count, not both')
  .meta({ id: 'SeriesExtension' })
export type SeriesExtension = z.infer<typeof SeriesExtension>

export const SeriesFilter = z.strictObject({
  status: z.enum(['active', 'cancelled']).optional(),
  phone: text(40).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
})
export type SeriesFilter = z.output<typeof SeriesFilter>
