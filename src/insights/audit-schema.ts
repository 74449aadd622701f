import * as z from 'zod'
import { Json } from '../platform/json.ts'
import { Id, Instant, text } from '../platform/text.ts'

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

export const AuditQuery = z.strictObject({
  subject: Id.optional().meta({ description: 'What was changed: a reservation, a guest, a table' }),
  actor: text(200)
    .optional()
    .meta({ description: 'Who did it: `staff:{id}`, `key:{id}`, `call:{id}`, `member:{id}`, `guest`, `cron`' }),
  type: text(80).optional().meta({ example: 'reservation.cancel' }),
  from: Instant.optional(),
  to: Instant.optional().meta({ description: 'Before this moment' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
})
export type AuditQuery = z.output<typeof AuditQuery>

export const Change = z.object({ path: z.string(), before: Json, after: Json }).meta({ id: 'AuditChange' })
export type Change = { path: string; before: Json; after: Json }

/** An event as it is in the table. */
export const AuditRow = z.object({
  id: z.int(),
  restaurant_id: Id,
  at: z.string(),
  type: z.string(),
  subject_id: Id,
  actor: z.record(z.string(), Json),
  request_id: z.string(),
  before: Json,
  after: Json,
  why: z.string().nullable(),
})
export type AuditRow = z.infer<typeof AuditRow>

export const AuditEvent = AuditRow.extend({
  changes: z.array(Change).meta({ description: 'What became different, leaf by leaf' }),
  seal_no: z.int().nullable().meta({ description: 'In which seal it is; null for some minutes' }),
}).meta({ id: 'AuditEvent' })
export type AuditEvent = z.infer<typeof AuditEvent>

export const AuditHead = z
  .object({
    seal_no: z.int(),
    digest: z.string().meta({ description: 'Keep it elsewhere: `npm run audit:verify -- --head seal_no:digest`' }),
    sealed_at: z.string(),
    events: z.int().meta({ description: 'In this seal' }),
    total: z.int().meta({ description: 'Sealed so far' }),
    signature: z.string().nullable(),
  })
  .meta({ id: 'AuditHead' })
export type AuditHead = z.infer<typeof AuditHead>
