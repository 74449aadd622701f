import * as z from 'zod'
import { ObjectSockets } from '../platform/sockets.ts'

/** Who is at the other end; kept with the socket while the object sleeps. */
export const Attachment = z.object({
  session_id: z.string(),
  member_id: z.string(),
  batch: z.boolean(),
  expires_at: z.number(),
  heard_at: z.number(),
})
export type Attachment = z.infer<typeof Attachment>

/** The phones of a table, found by their member. All hear the same. */
export class TableSockets extends ObjectSockets<Attachment, string> {
  constructor(ctx: DurableObjectState, opsPerSecond: number) {
    super(ctx, { attachment: Attachment, opsPerSecond, textFor: (message) => message })
  }
}
