import * as z from 'zod'
import { PageQuery } from '../platform/cursor.ts'
import { Id } from '../platform/text.ts'
import { CallKind } from './schema.ts'

export const NewCall = z.strictObject({ kind: CallKind }).meta({ id: 'NewCall' })
export type NewCall = z.infer<typeof NewCall>

export const TableCall = z
  .object({
    id: Id,
    session_id: Id,
    table_id: Id,
    table_number: z.string(),
    member_id: Id.nullable(),
    member: z.string().nullable(),
    kind: CallKind,
    called_at: z.string(),
    acknowledged_at: z.string().nullable(),
  })
  .meta({ id: 'TableCall' })
export type TableCall = z.infer<typeof TableCall>

export const CallFilter = z.strictObject({
  ...PageQuery.shape,
  status: z.enum(['open', 'acknowledged', 'all']).default('open'),
})
export type CallFilter = z.output<typeof CallFilter>
