import * as z from 'zod'

/** Why a socket was closed by us. */
export const socketCodes = { bad_token: 4401, closed: 4403, silent: 4408, flooding: 4429 } as const

/** The protocol that is spoken; `bearer.<token>` is offered beside it where a header cannot be sent. */
export const socketProtocol = 'tableside.v1'

export const SocketQuery = z.strictObject({
  last_seq: z.coerce.number().int().min(0).optional().meta({ description: 'Resume from here instead of a snapshot' }),
  batch: z.enum(['0', '1']).optional().meta({ description: '1: several messages may come in one frame, as an array' }),
})

/** What the Worker tells the object of a phone whose token it has read. */
export const Connection = z.object({
  session_id: z.string(),
  member_id: z.string(),
  expires_at: z.number(),
  batch: z.boolean(),
  last_seq: z.int().nullable(),
})
export type Connection = z.infer<typeof Connection>
