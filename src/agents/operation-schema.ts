import * as z from 'zod'
import { PartySize, RefusalCode, Status } from '../reservations/schema.ts'
import { Allergen, Diet } from '../restaurants/menu-schema.ts'
import { Email, LocalDate, LocalTime, text } from '../platform/text.ts'
import { EscalationReason, Urgency } from './call-schema.ts'

// Inputs are flat, and what may be left out may be null too: strict tool calling knows no absent key.
const area = text(60).nullish().meta({ description: 'Only where the guest asks for a part of the restaurant' })
const slot = {
  date: LocalDate.meta({ description: 'Local date, YYYY-MM-DD' }),
  time: LocalTime.meta({ description: 'Local time, 24 hours, HH:MM' }),
  party_size: PartySize.meta({ description: 'How many people come' }),
}
const commit_token = z
  .string()
  .max(200)
  .nullish()
  .meta({ description: 'From the first answer, once the guest has said yes to what was read back; else null' })
/** Whose booking: what a caller says of it. */
const whose = {
  confirmation_code: z.string().trim().max(20).nullish().meta({ description: 'Six characters, if the guest has it' }),
  name: text(120).nullish().meta({ description: 'The name the guest says it is booked under; never guess it' }),
  phone: text(40).nullish().meta({ description: 'Only without a call: the number it was booked with' }),
  date: LocalDate.nullish().meta({ description: 'The date it is booked for, where there is more than one' }),
}

export const CheckAvailabilityInput = z.strictObject({
  date: slot.date,
  party_size: slot.party_size,
  time: LocalTime.nullish().meta({ description: 'Local time, HH:MM; null for the whole day' }),
  area,
})
export const SlotInput = z.strictObject({ ...slot, area })
export const MakeReservationInput = z.strictObject({
  ...slot,
  name: text(120).meta({ description: 'As the guest says it' }),
  phone: text(40).nullish().meta({ description: 'Only where it is another number than the one they call from' }),
  email: Email.nullish(),
  area,
  requests: text(1000).nullish().meta({ description: 'Allergies, a high chair, a birthday: in the guest’s words' }),
  commit_token,
})
export const FindReservationInput = z.strictObject(whose)
export const ChangeReservationInput = z.strictObject({
  ...whose,
  new_date: LocalDate.nullish(),
  new_time: LocalTime.nullish(),
  new_party_size: PartySize.nullish(),
  new_area: text(60).nullish(),
  new_requests: text(1000).nullish(),
  commit_token,
})
export const CancelReservationInput = z.strictObject({ ...whose, reason: text(300).nullish(), commit_token })
export const MarkLateInput = z.strictObject({
  ...whose,
  minutes: z.int().min(1).max(240).nullish().meta({ description: 'How late; 15 where the guest does not say' }),
})
export const JoinWaitlistInput = z.strictObject({
  party_size: slot.party_size,
  name: text(120).meta({ description: 'As the guest says it' }),
  phone: text(40).nullish().meta({ description: 'Only where it is another number than the one they call from' }),
  email: Email.nullish(),
  area,
  date: LocalDate.nullish().meta({ description: 'For a day to come; null for now' }),
  from: LocalTime.nullish().meta({ description: 'With date: the earliest time' }),
  to: LocalTime.nullish().meta({ description: 'With date: the latest time' }),
})
export const JoinWaitlistOutput = z.object({
  waitlist_id: z.string(),
  position: z.int().nullable(),
  party_size: z.int(),
  date: LocalDate,
  from: LocalTime.nullable(),
  to: LocalTime.nullable(),
  wait_minutes_min: z.int().nullable(),
  wait_minutes_max: z.int().nullable(),
})
export const InfoTopic = z.enum(['hours', 'location', 'contact', 'policies', 'all'])
export const RestaurantInfoInput = z.strictObject({
  topic: InfoTopic,
  date: LocalDate.nullish().meta({ description: 'For the hours of that day; else today' }),
})
export const MenuInfoInput = z.strictObject({
  query: text(120)
    .nullish()
    .meta({ description: 'A dish or a part of the menu, in the guest’s words; null for an overview' }),
  allergen: Allergen.nullish().meta({ description: 'What the guest must not have' }),
  diet: Diet.nullish(),
})
export const EscalateInput = z.strictObject({
  reason: EscalationReason,
  urgency: Urgency,
  summary: text(1000).meta({ description: 'What a colleague must know, in two sentences' }),
})

export const ReservationBrief = z.object({
  confirmation_code: z.string(),
  status: Status,
  date: LocalDate,
  time: LocalTime,
  party_size: z.int(),
  name: z.string().nullable(),
  area: z.string().nullable(),
  requests: z.string().nullable(),
  late_minutes: z.int().nullable(),
})
export type ReservationBrief = z.infer<typeof ReservationBrief>

const times = z.array(LocalTime)
export const CheckAvailabilityOutput = z.object({
  date: LocalDate,
  time: LocalTime.nullable(),
  party_size: z.int(),
  available: z.boolean().meta({ description: 'At the time asked for; without one, at any time of the day' }),
  reason: RefusalCode.nullable(),
  times: times.meta({ description: 'Open times of that day, nearest to the one asked for first' }),
})
export const ExplainUnavailableOutput = z.object({
  date: LocalDate,
  time: LocalTime,
  party_size: z.int(),
  bookable: z.boolean(),
  rules: z.array(RefusalCode),
  nearest: z.array(z.object({ date: LocalDate, time: LocalTime })),
  sentence: z.string(),
})
export const HoldTableOutput = z.object({
  hold_id: z.string(),
  expires_at: z.string(),
  date: LocalDate,
  time: LocalTime,
  party_size: z.int(),
})
/** First what is read back and a token for exactly that; with the token, what was done. */
export const TwoStepOutput = z.object({
  status: z.enum(['prepared', 'booked', 'requested', 'changed', 'cancelled']),
  read_back: z.string().nullable().meta({ description: 'Say this, and wait for a yes' }),
  commit_token: z.string().nullable(),
  expires_at: z.string().nullable(),
  reservation: ReservationBrief.nullable(),
})
export type TwoStepOutput = z.infer<typeof TwoStepOutput>
export const FindReservationOutput = z.object({ reservations: z.array(ReservationBrief) })
export const MarkLateOutput = z.object({ reservation: ReservationBrief, kept_until: LocalTime })
export const RestaurantInfoOutput = z.object({
  topic: InfoTopic,
  open_now: z.boolean(),
  date: LocalDate,
  openings: z.array(z.object({ opens: z.string(), closes: z.string() })),
  address: z.string().nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  largest_party: z.int(),
  grace_minutes: z.int(),
  horizon_days: z.int(),
  min_notice_minutes: z.int(),
})
export const MenuInfoOutput = z.object({
  query: z.string().nullable(),
  categories: z.array(z.string()),
  items: z.array(
    z.object({
      name: z.string(),
      category: z.string(),
      price: z.string(),
      description: z.string().nullable(),
      allergens: z.array(Allergen).meta({ description: 'Those declared; never proof that there are no others' }),
      diets: z.array(Diet),
      sold_out: z.boolean(),
      served_now: z.boolean(),
    }),
  ),
  more: z.int().meta({ description: 'How many more match' }),
  allergen: Allergen.nullable(),
  caution: z.string().nullable().meta({ description: 'Must be said whenever allergens are spoken of' }),
})
export const EscalateOutput = z.object({
  call_id: z.string(),
  transfer_to: z.string().nullable().meta({ description: 'The number to transfer to; null: the house calls back' }),
  urgency: Urgency,
})
