import * as z from 'zod'
import { Id, Instant, isStorable, LanguageTag, LocalDate, text, Version } from '../platform/text.ts'

/** Through which door a caller reaches the operations. */
export const doors = ['rest', 'mcp', 'vapi', 'retell', 'elevenlabs', 'openai', 'twilio', 'voice_ws'] as const
export const Door = z.enum(doors)
export type Door = z.infer<typeof Door>

/** What a door knows of the call it carries; `id` is null where there is no call, only somebody who asks. */
export type Call = {
  id: string | null
  door: Door
  /** E.164, as the line says it. Nothing is told on the strength of it alone. */
  caller_phone: string | null
  locale: string
}

export const NewCall = z
  .strictObject({
    vendor_call_id: text(200)
      .nullish()
      .meta({ description: 'The vendor’s name for the call; the same one is the same call' }),
    door: Door.default('rest'),
    caller_phone: text(40).nullish(),
    called_number: text(40).nullish(),
    locale: LanguageTag.nullish().meta({
      description: 'What is spoken; the first language of the house where not said',
    }),
  })
  .meta({ id: 'NewVoiceCall' })
export type NewCall = z.output<typeof NewCall>

export const CallOutcome = z.enum(['booked', 'changed', 'cancelled', 'late', 'waitlisted', 'informed', 'abandoned'])
export const EscalationReason = z.enum([
  'asked_for_person',
  'large_party',
  'complaint',
  'allergy',
  'vip',
  'special_request',
  'not_understood',
  'technical',
  'other',
])
export const Urgency = z.enum(['low', 'normal', 'high'])
const Escalation = z.object({
  reason: EscalationReason,
  urgency: Urgency,
  summary: z.string().optional().meta({ description: 'Gone once the transcript is' }),
})

/** A row as `voice_call_json` in the migrations gives it. */
export const VoiceCall = z
  .object({
    id: Id,
    restaurant_id: Id,
    door: Door,
    vendor_call_id: z.string(),
    caller_phone: z.string().nullable(),
    called_number: z.string().nullable(),
    locale: z.string(),
    consent: z.string().meta({ description: 'The line the caller was told at the start' }),
    consent_locale: z.string(),
    state: z.record(z.string(), z.unknown()).meta({ description: 'What is known so far; not to be asked again' }),
    recognised: z.boolean().meta({ description: 'Whether a name was given that answers to the number' }),
    hold_id: Id.nullable(),
    reservation_id: Id.nullable(),
    outcome: CallOutcome.nullable(),
    escalation: Escalation.nullable(),
    escalated_at: z.string().nullable(),
    handled_at: z.string().nullable().meta({ description: 'When somebody of the house had seen to it' }),
    handled_by: z.record(z.string(), z.unknown()).nullable(),
    summary: z.string().nullable(),
    ended_reason: z.string().nullable(),
    started_at: z.string(),
    last_heard_at: z.string(),
    ended_at: z.string().nullable(),
    purged_at: z.string().nullable(),
    cost: z
      .object({ amount: z.number(), unit: z.string() })
      .nullable()
      .default(null)
      .meta({ description: 'What the platform charged, as it says it' }),
    version: z.int(),
  })
  .meta({ id: 'VoiceCall' })
export type VoiceCall = z.infer<typeof VoiceCall>

export const OpenedCall = z
  .object({
    call: VoiceCall,
    call_token: z.string().meta({ description: 'May touch what this call may, and nothing else' }),
    expires_at: z.string(),
  })
  .meta({ id: 'OpenedCall' })
export type OpenedCall = z.infer<typeof OpenedCall>

const Key = z
  .string()
  .min(1)
  .max(200)
  .refine(isStorable, 'must be well-formed Unicode without NUL')
  .optional()
  .meta({ description: 'The vendor’s name for it: what is told twice stands once' })
export const Speaker = z.enum(['caller', 'agent'])
export const NewTurns = z
  .strictObject({
    turns: z
      .array(z.strictObject({ key: Key, at: Instant.optional(), speaker: Speaker, text: text(4000) }))
      .min(1)
      .max(200),
  })
  .meta({ id: 'NewTurns' })
export type NewTurns = z.infer<typeof NewTurns>

export const AgentName = z.string().regex(/^[a-z][a-z0-9_-]{0,59}$/, 'must be a name in lower case')
export const NewHandoff = z
  .strictObject({
    key: Key,
    from: AgentName,
    to: AgentName,
    data: z
      .record(z.string().max(60), z.unknown())
      .refine(isStorable, 'must be well-formed Unicode without NUL')
      .default({}),
  })
  .meta({ id: 'NewHandoff' })
export type NewHandoff = z.infer<typeof NewHandoff>

export const CallEnd = z
  .strictObject({
    reason: text(80).default('hang_up'),
    summary: text(4000).nullish(),
    outcome: CallOutcome.nullish().meta({ description: 'Where the record itself does not say' }),
  })
  .meta({ id: 'CallEnd' })
export type CallEnd = z.output<typeof CallEnd>

export const HandledInput = z.strictObject({ version: Version.optional() }).meta({ id: 'CallHandled' })

export const CallDetail = VoiceCall.extend({
  turns: z.array(z.object({ at: z.string(), speaker: Speaker, text: z.string() })),
  handoffs: z.array(
    z.object({
      at: z.string(),
      from: z.string(),
      to: z.string(),
      data: z.record(z.string(), z.unknown()),
      entities_filled: z.array(z.string()),
    }),
  ),
  tools: z.array(
    z.object({
      at: z.string(),
      operation: z.string(),
      input: z.record(z.string(), z.unknown()),
      outcome: z.string(),
      ms: z.int(),
    }),
  ),
}).meta({ id: 'VoiceCallDetail' })
export type CallDetail = z.infer<typeof CallDetail>

const Flag = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .optional()
export const CallFilter = z.strictObject({
  from: LocalDate.optional(),
  to: LocalDate.optional(),
  escalated: Flag,
  handled: Flag.meta({ description: 'Of escalated ones: whether somebody has seen to it' }),
  outcome: CallOutcome.optional(),
  open: Flag.meta({ description: 'true: those under way' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
})
export type CallFilter = z.output<typeof CallFilter>

const counts = z.record(z.string(), z.int())
export const CallAnalytics = z
  .object({
    from: LocalDate,
    to: LocalDate,
    calls: z.int(),
    ended: z.int(),
    escalated: z.int(),
    containment: z
      .number()
      .nullable()
      .meta({ description: 'The part of ended calls that wanted no person; null: none' }),
    average_seconds: z.number().nullable(),
    outcomes: counts,
    doors: counts,
    locales: counts,
    escalation_reasons: counts,
    handoffs: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        count: z.int(),
        entities: counts.meta({ description: 'How often each was already known' }),
      }),
    ),
    tools: z.array(
      z.object({
        operation: z.string(),
        count: z.int(),
        refused: counts,
        ms_p50: z.number(),
        ms_p95: z.number(),
      }),
    ),
  })
  .meta({ id: 'CallAnalytics' })
export type CallAnalytics = z.infer<typeof CallAnalytics>
export const AnalyticsQuery = z
  .strictObject({ from: LocalDate, to: LocalDate })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'must not be before from' })
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) <= 92 * 86_400_000, {
    path: ['to'],
    message: 'must be within 92 days of from',
  })
