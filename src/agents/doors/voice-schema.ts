import * as z from 'zod'
import { Instant, isStorable, LanguageTag, text } from '../../platform/text.ts'
import { Speaker } from '../call-schema.ts'

/** The protocol that is spoken; `bearer.<token>` is offered beside it where a header cannot be sent. */
export const voiceProtocol = 'tableside.voice.v1'

export const VoiceQuery = z.strictObject({
  caller_phone: text(40).optional(),
  called_number: text(40).optional(),
  vendor_call_id: text(200).optional(),
  locale: LanguageTag.optional(),
})

/** What a request of the socket is in the registry. */
export const voiceOperations = {
  'availability.check': 'check_availability',
  'availability.explain': 'explain_unavailable',
  'table.hold': 'hold_table',
  'reservation.create': 'make_reservation',
  'reservation.lookup': 'find_reservation',
  'reservation.change': 'change_reservation',
  'reservation.cancel': 'cancel_reservation',
  'reservation.late': 'mark_late',
  'waitlist.join': 'join_waitlist',
  'restaurant.info': 'restaurant_info',
  'menu.info': 'menu_info',
  'person.ask': 'escalate',
} as const
const requests = [
  'availability.check',
  'availability.explain',
  'table.hold',
  'reservation.create',
  'reservation.lookup',
  'reservation.change',
  'reservation.cancel',
  'reservation.late',
  'waitlist.join',
  'restaurant.info',
  'menu.info',
  'person.ask',
] as const satisfies (keyof typeof voiceOperations)[]

const request_id = z.string().min(1).max(120)
const data = z.record(z.string(), z.unknown()).default({})

export const VoiceMessage = z.union([
  z.strictObject({ type: z.enum(requests), request_id, data }),
  /** By the operation’s own name, for whoever takes the tools from the registry. */
  z.strictObject({ type: z.literal('operation'), request_id, operation: z.string().max(60), data }),
  z.strictObject({
    type: z.literal('said'),
    text: text(4000),
    speaker: Speaker.default('caller'),
    key: z.string().min(1).max(120).refine(isStorable).optional(),
    at: Instant.optional(),
  }),
  z.strictObject({ type: z.literal('hang_up'), summary: text(4000).optional() }),
  z.strictObject({ type: z.literal('ping') }),
])
export type VoiceMessage = z.infer<typeof VoiceMessage>

const answered = { request_id: z.string(), say: z.string(), data: z.record(z.string(), z.unknown()) }
export const voiceAnswers = [
  'availability.found',
  'availability.explained',
  'table.held',
  'reservation.prepared',
  'reservation.confirmed',
  'reservation.requested',
  'reservation.found',
  'reservation.changed',
  'reservation.cancelled',
  'reservation.late',
  'waitlist.joined',
  'restaurant.told',
  'menu.told',
  'person.asked',
] as const
export const VoiceAnswer = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('call.started'),
    call_id: z.uuid(),
    /** Null where the socket came with the token. */
    call_token: z.string().nullable(),
    consent: z.string().nullable(),
    known: z.record(z.string(), z.unknown()),
  }),
  z.object({ type: z.enum(voiceAnswers), ...answered }),
  /** `reservation.error` for what asks of a reservation, `error` for the rest. */
  z.object({
    type: z.enum(['reservation.error', 'error']),
    request_id: z.string().nullable(),
    code: z.string(),
    say: z.string(),
    data: z.record(z.string(), z.unknown()),
  }),
  z.object({ type: z.literal('noted'), key: z.string() }),
  z.object({ type: z.literal('call.ended') }),
  z.object({ type: z.literal('pong') }),
])
export type VoiceAnswer = z.infer<typeof VoiceAnswer>
