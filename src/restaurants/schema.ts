import * as z from 'zod'
import { isCountry, isCurrency } from '../platform/codes.ts'
import { Email, Id, LanguageTag, LocalDate, LocalTime, text, Version } from '../platform/text.ts'
import { isTimezone } from '../platform/time.ts'

/** When a service begins and ends: `closes` at or before `opens`, or 24:00, is past midnight. */
export const ClosingTime = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be HH:MM or 24:00')
  .meta({ example: '23:00' })
export const Opening = z.strictObject({ opens: LocalTime, closes: ClosingTime }).meta({ id: 'Opening' })
export type Opening = z.infer<typeof Opening>

export const WeeklyHours = z
  .strictObject({
    days: z.array(z.int().min(1).max(7)).min(1).max(7).meta({ description: 'ISO weekdays, 1 is Monday' }),
    opens: LocalTime,
    closes: ClosingTime,
  })
  .meta({ id: 'WeeklyHours' })
export type WeeklyHours = z.infer<typeof WeeklyHours>

/** Overrides the weekly hours of one date; no hours is a blackout. */
export const SpecialDay = z
  .strictObject({ date: LocalDate, hours: z.array(Opening).max(6).default([]), reason: text(200).nullish() })
  .meta({ id: 'SpecialDay' })
export type SpecialDay = z.infer<typeof SpecialDay>

export const TurnRule = z.strictObject({ max_party: z.int().min(1).max(1000), minutes: z.int().min(15).max(720) })
export type TurnRule = z.infer<typeof TurnRule>

const optionalCount = z.int().min(1).max(10_000).nullable()
const minutes = (least: number, most: number): z.ZodNumber => z.int().min(least).max(most)

const voiceFields = {
  consent: z
    .record(LanguageTag, text(500))
    .meta({ description: 'What a caller is told at the start, by language; the usual words where there are none' }),
  transcript_days: z.int().min(1).max(730).meta({ description: 'After so many days what was said is forgotten' }),
  transfer_number: text(40).nullable().meta({ description: 'Where callers who want a person are put through to' }),
}

const OnOff = z.enum(['off', 'on'])
const messageFields = {
  mail: OnOff,
  sms: OnOff,
  reminder_hours: z
    .array(z.int().min(1).max(336))
    .max(4)
    .meta({ description: 'How many hours before the visit guests are reminded of it' }),
  quiet_from: LocalTime.meta({ description: 'Between these hours nobody is reminded; what is urgent goes at once' }),
  quiet_to: LocalTime,
  from_name: text(80).nullable().meta({ description: 'Who mails are from; null: the name of the house' }),
  reply_to: Email.nullable().meta({ description: 'Where answers go; null: the e-mail of the house' }),
  no_show_note: OnOff.meta({ description: 'on: who did not come is written to' }),
}
const defaultMessages = {
  mail: 'off' as const,
  sms: 'off' as const,
  reminder_hours: [24, 3],
  quiet_from: '21:00',
  quiet_to: '09:00',
  from_name: null,
  reply_to: null,
  no_show_note: 'off' as const,
}

/** Without defaults, so that an edit changes only what it names. */
export const SettingsEdit = z
  .strictObject({
    slot_minutes: minutes(5, 240),
    buffer_minutes: minutes(0, 240),
    turn_rules: z
      .array(TurnRule)
      .min(1)
      .max(50)
      .refine((rules) => rules.every((rule, i) => i === 0 || rule.max_party > (rules[i - 1]?.max_party ?? 0)), {
        message: 'must be in ascending order of max_party',
      })
      .meta({ description: 'The first rule whose max_party holds the party; a larger party takes the last' }),
    last_seating_minutes: minutes(0, 720).meta({ description: 'No party starts later than this before closing' }),
    min_notice_minutes: minutes(0, 43_200),
    horizon_days: z.int().min(0).max(1_095),
    max_party: z.int().min(1).max(1000).nullable().meta({ description: 'null: as large as the room can seat' }),
    max_group: z
      .int()
      .min(1)
      .max(1000)
      .nullable()
      .meta({ description: 'The largest party at several tables booked as a group; null: all the seats there are' }),
    pacing: z.strictObject({
      max_covers_per_slot: optionalCount.optional(),
      max_parties_per_slot: optionalCount.optional(),
    }),
    hold_minutes: minutes(1, 60),
    approval: z.enum(['auto', 'manual']),
    grace_minutes: minutes(0, 240),
    per_phone: z.enum(['any', 'no_overlap', 'one_upcoming']),
    order_review: z.enum(['off', 'on']),
    daily_pass: z.enum(['off', 'on']),
    join_without_qr: z
      .enum(['off', 'on'])
      .meta({ description: 'on: guests may join a table by the number on it, without its QR code' }),
    waitlist_offer_minutes: minutes(1, 60).meta({
      description: 'How long a free table is held for one party of the waitlist; six times that for a day to come',
    }),
    voice: z.strictObject(voiceFields).partial().meta({ description: 'For agents that answer the telephone' }),
    messages: z.strictObject(messageFields).partial().meta({ description: 'What guests are written, and how' }),
  })
  .partial()
  .meta({ id: 'SettingsEdit' })
export type SettingsEdit = z.infer<typeof SettingsEdit>

export const Settings = z
  .object({
    ...SettingsEdit.required().shape,
    pacing: z.strictObject({ max_covers_per_slot: optionalCount, max_parties_per_slot: optionalCount }),
    // Later than the others: a house that was opened before has nothing to say of it.
    join_without_qr: z.enum(['off', 'on']).default('off'),
    waitlist_offer_minutes: minutes(1, 60).default(10),
    voice: z.strictObject(voiceFields).default({ consent: {}, transcript_days: 30, transfer_number: null }),
    max_group: z.int().min(1).max(1000).nullable().default(null),
    messages: z.strictObject(messageFields).default(defaultMessages),
  })
  .meta({ id: 'Settings' })
export type Settings = z.infer<typeof Settings>

export const defaultSettings: Settings = {
  slot_minutes: 30,
  buffer_minutes: 0,
  turn_rules: [
    { max_party: 2, minutes: 90 },
    { max_party: 4, minutes: 105 },
    { max_party: 6, minutes: 120 },
    { max_party: 1000, minutes: 150 },
  ],
  last_seating_minutes: 0,
  min_notice_minutes: 0,
  horizon_days: 365,
  max_party: null,
  max_group: null,
  pacing: { max_covers_per_slot: null, max_parties_per_slot: null },
  hold_minutes: 5,
  approval: 'auto',
  grace_minutes: 15,
  per_phone: 'no_overlap',
  order_review: 'off',
  daily_pass: 'off',
  join_without_qr: 'off',
  waitlist_offer_minutes: 10,
  voice: { consent: {}, transcript_days: 30, transfer_number: null },
  messages: defaultMessages,
}

/** A table's number is what the house calls it: 7, 12A, P3. */
export const TableNumber = z.union([z.int().min(0).max(99_999).transform(String), text(12)]).pipe(z.string())

const Position = z.strictObject({ x: z.number().min(0).max(10_000), y: z.number().min(0).max(10_000) })

const tableFields = {
  number: TableNumber,
  seats: z.int().min(1).max(100),
  min_party: z.int().min(1).max(100),
  area: text(60).nullable(),
  position: Position.nullable(),
  notes: text(500).nullable(),
  enabled: z.boolean(),
}
export const NewTable = z
  .strictObject({
    ...tableFields,
    min_party: tableFields.min_party.default(1),
    area: tableFields.area.optional(),
    position: tableFields.position.optional(),
    notes: tableFields.notes.optional(),
    enabled: tableFields.enabled.default(true),
  })
  .refine((table) => table.min_party <= table.seats, { path: ['min_party'], message: 'must not be above seats' })
  .meta({ id: 'NewTable' })
export type NewTable = z.infer<typeof NewTable>

export const TableEdit = z
  .strictObject({ ...tableFields, version: Version })
  .partial()
  .meta({ id: 'TableEdit' })
export type TableEdit = z.infer<typeof TableEdit>

export const Table = z.object({ id: Id, ...tableFields, number: z.string(), version: z.int() }).meta({ id: 'Table' })
export type Table = z.infer<typeof Table>

/** With what its sticker says; the same until the key that signs is another. */
export const TableWithQr = Table.extend({ qr_token: z.string(), qr_url: z.string() }).meta({ id: 'TableWithQr' })
export type TableWithQr = z.infer<typeof TableWithQr>

const combinationFields = {
  table_ids: z
    .array(Id)
    .min(2)
    .max(12)
    .refine((ids) => new Set(ids).size === ids.length, 'must not name a table twice'),
  min_party: z.int().min(1).max(1000),
  max_party: z.int().min(1).max(1000),
}
export const NewCombination = z
  .strictObject({
    ...combinationFields,
    min_party: combinationFields.min_party.default(1),
    max_party: combinationFields.max_party.optional().meta({ description: 'All their seats, where not said' }),
  })
  .meta({ id: 'NewCombination' })
export type NewCombination = z.infer<typeof NewCombination>
export const CombinationEdit = z.strictObject({ ...combinationFields, version: Version }).partial()
export type CombinationEdit = z.infer<typeof CombinationEdit>
export const Combination = z.object({ id: Id, ...combinationFields, version: z.int() }).meta({ id: 'Combination' })
export type Combination = z.infer<typeof Combination>

const restaurantFields = {
  name: text(120),
  timezone: z.string().max(64).refine(isTimezone, 'must be an IANA time zone').meta({ example: 'Asia/Singapore' }),
  country: z.string().refine(isCountry, 'must be the ISO 3166 code of a country').meta({ example: 'SG' }),
  currency: z.string().refine(isCurrency, 'must be the ISO 4217 code of a currency').meta({ example: 'SGD' }),
  email: Email.nullable(),
  phone: text(40).nullable(),
  address: text(300).nullable(),
  languages: z.array(LanguageTag).min(1).max(12),
}
export const Slug = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens')
  .refine((slug) => !/^[0-9a-f-]{36}$/.test(slug), 'must not look like an id')

const Hours = z.array(WeeklyHours).max(50)
const SpecialDays = z
  .array(SpecialDay)
  .max(400)
  .refine((days) => new Set(days.map((day) => day.date)).size === days.length, 'must not name a date twice')

export const NewRestaurant = z
  .strictObject({
    ...restaurantFields,
    slug: Slug,
    email: restaurantFields.email.optional(),
    phone: restaurantFields.phone.optional(),
    address: restaurantFields.address.optional(),
    languages: restaurantFields.languages.default(['en']),
    settings: SettingsEdit.default({}),
    hours: Hours.min(1),
    special_days: SpecialDays.default([]),
    tables: z
      .array(NewTable)
      .min(1)
      .max(300)
      .refine((tables) => new Set(tables.map((table) => table.number)).size === tables.length, {
        message: 'must not use a number twice',
      }),
  })
  .meta({ id: 'NewRestaurant' })
export type NewRestaurant = z.infer<typeof NewRestaurant>

export const RestaurantEdit = z
  .strictObject({
    ...restaurantFields,
    settings: SettingsEdit,
    hours: Hours,
    special_days: SpecialDays.meta({ description: 'The whole list: what is not in it is no longer special' }),
    version: Version,
  })
  .partial()
  .meta({ id: 'RestaurantEdit' })
export type RestaurantEdit = z.infer<typeof RestaurantEdit>

/** One value: everything a decision needs to know of the house, under one version. */
export const Restaurant = z
  .object({
    id: Id,
    slug: z.string(),
    ...restaurantFields,
    // A house that was opened before these were looked up says what it says.
    country: z.string(),
    currency: z.string(),
    settings: Settings,
    hours: z.array(WeeklyHours),
    special_days: z.array(SpecialDay),
    tables: z.array(Table),
    combinations: z.array(Combination),
    version: z.int(),
  })
  .meta({ id: 'Restaurant' })
export type Restaurant = z.infer<typeof Restaurant>

/** A restaurant as one line of the platform's list. */
export const RestaurantBrief = Restaurant.pick({
  id: true,
  slug: true,
  name: true,
  timezone: true,
  country: true,
  currency: true,
  version: true,
}).meta({ id: 'RestaurantBrief' })
export type RestaurantBrief = z.infer<typeof RestaurantBrief>
