import * as z from 'zod'
import { Id } from '../platform/text.ts'
import { ClaimKind, Status } from '../reservations/schema.ts'

/** A claim with the party behind it; instants in milliseconds. */
export const FloorClaim = z.object({
  table_id: Id,
  kind: ClaimKind,
  owner: Id,
  starts_at: z.number(),
  ends_at: z.number(),
  /** Of a reservation or walk-in: null otherwise. */
  party: z
    .object({
      id: Id,
      confirmation_code: z.string(),
      status: Status,
      name: z.string().nullable(),
      party_size: z.int(),
      starts_at: z.number(),
      ends_at: z.number(),
      seated_at: z.number().nullable(),
      completed_at: z.number().nullable(),
      late_minutes: z.int().nullable(),
      notes: z.string().nullable(),
      other_info: z.string().nullable(),
      source: z.string(),
      version: z.int(),
      guest_id: Id.nullable(),
      vip: z.boolean(),
      allergies: z.array(z.string()),
      birthday: z.string().nullable(),
      guest_notes: z.string().nullable(),
    })
    .nullable(),
  reason: z.string().nullable(),
})
export type FloorClaim = z.infer<typeof FloorClaim>
export type Party = NonNullable<FloorClaim['party']>

/** An open session with what the till and the staff should know of it. */
export const FloorSession = z.object({
  id: Id,
  table_id: Id,
  opened_at: z.number(),
  last_activity_at: z.number(),
  members: z.int(),
  orders: z.int(),
  total_minor: z.int(),
  unpaid_minor: z.int(),
  pos_failed: z.int(),
  pos_waiting: z.int(),
  calls: z.array(z.object({ id: Id, kind: z.string(), called_at: z.number() })),
})
export type FloorSession = z.infer<typeof FloorSession>

/** A caller who waits for a person. */
export const Escalation = z.object({
  call_id: Id,
  reason: z.string().nullable(),
  urgency: z.string().nullable(),
  escalated_at: z.number(),
})
export type Escalation = z.infer<typeof Escalation>

/** The floor as one statement reads it. */
export const RawFloor = z.object({
  version: z.int(),
  claims: z.array(FloorClaim),
  sessions: z.array(FloorSession),
  escalations: z.array(Escalation),
})
export type Floor = { claims: FloorClaim[]; sessions: FloorSession[]; escalations: Escalation[] }
