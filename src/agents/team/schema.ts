import * as z from 'zod'
import { Id, LanguageTag, LocalDate, LocalTime, text } from '../../platform/text.ts'
import { PartySize } from '../../reservations/schema.ts'
import { EscalationReason, OpenedCall, Urgency } from '../call-schema.ts'

export const agentNames = ['main', 'reservation', 'information', 'escalation'] as const
export const TeamAgentName = z.enum(agentNames)
export type TeamAgentName = z.infer<typeof TeamAgentName>

// Every key is there and may be null: strict tool calling knows no absent one.
export const ReservationHandoffData = z.strictObject({
  party_size: PartySize.nullable().meta({ description: 'How many people come' }),
  date: LocalDate.nullable().meta({ description: 'Local date, YYYY-MM-DD' }),
  time: LocalTime.nullable().meta({ description: 'Local time, 24 hours, HH:MM' }),
  name: text(120).nullable().meta({ description: 'As the guest says it' }),
  phone: text(40).nullable().meta({ description: 'Only a number that the guest says' }),
  requests: text(1000).nullable().meta({ description: 'Allergies, a high chair, a birthday: in the guest’s words' }),
})
export type ReservationHandoffData = z.infer<typeof ReservationHandoffData>

export const QueryType = z.enum(['hours', 'menu', 'location', 'policy', 'allergens', 'contact', 'other'])
export const InformationHandoffData = z.strictObject({
  query_type: QueryType,
  items: z.array(text(120)).max(20).nullable().meta({ description: 'Dishes, allergens, dates: what is asked about' }),
})
export type InformationHandoffData = z.infer<typeof InformationHandoffData>

export const EscalationHandoffData = z.strictObject({
  reason: EscalationReason,
  urgency: Urgency,
  summary: text(1000).meta({ description: 'What a colleague must know, in two sentences' }),
})
export type EscalationHandoffData = z.infer<typeof EscalationHandoffData>

/** Back to the one who greets: what was done, and what the guest wants now. */
export const MainHandoffData = z.strictObject({
  done: text(300).nullable().meta({ description: 'What was settled, in a few words' }),
  wish: text(300).nullable().meta({ description: 'What the guest wants now, in a few words' }),
})
export type MainHandoffData = z.infer<typeof MainHandoffData>

/** What was read back and waits for a yes: the very input that does it. */
export const ReadBack = z.object({
  operation: z.string(),
  input: z.record(z.string(), z.unknown()),
  commit_token: z.string(),
  sentence: z.string(),
})
export type ReadBack = z.infer<typeof ReadBack>

export const ConverseInput = z
  .strictObject({
    call_id: Id.nullish().meta({ description: 'The call it is said in; a new one without it' }),
    utterance: text(2000).meta({ example: 'A table for four on Friday at half past seven, please' }),
    locale: LanguageTag.nullish().meta({ description: 'Of a new call: what is spoken' }),
    caller_phone: text(40).nullish().meta({ description: 'Of a new call: the number it comes from' }),
  })
  .meta({ id: 'AgentUtterance' })
export type ConverseInput = z.output<typeof ConverseInput>

/** What one turn of the team came to. */
export const TurnAnswer = z.object({
  say: z.string().meta({ description: 'To be spoken' }),
  agent: TeamAgentName.meta({ description: 'Who hears the next words' }),
  handoffs: z.array(z.object({ from: TeamAgentName, to: TeamAgentName })),
  operations: z.array(
    z.object({
      operation: z.string(),
      outcome: z.string().meta({ description: '`ok`, or the code of the refusal' }),
    }),
  ),
  waits_for_yes: z.boolean().meta({ description: 'Whether something was read back and is not done yet' }),
  transfer_to: z
    .string()
    .nullable()
    .meta({ description: 'The number to put the caller through to, where one is wanted' }),
})
export type TurnAnswer = z.infer<typeof TurnAnswer>

export const Conversed = TurnAnswer.extend({
  call_id: Id,
  opened: OpenedCall.nullable().meta({
    description: 'Of a new call: its token, and the line the caller must be told first',
  }),
}).meta({ id: 'AgentAnswer' })
export type Conversed = z.infer<typeof Conversed>

export const TeamMember = z
  .object({
    name: TeamAgentName,
    handoff_description: z.string(),
    instructions: z.string().meta({ description: 'As at the start of a call in that language' }),
    operations: z.array(z.string()),
    handoffs: z.array(
      z.object({ to: TeamAgentName, tool: z.string(), input_schema: z.record(z.string(), z.unknown()) }),
    ),
  })
  .meta({ id: 'TeamAgent' })
export type TeamMember = z.infer<typeof TeamMember>
