import * as z from 'zod'
import { Json } from '../platform/json.ts'
import { Id } from '../platform/text.ts'
import { BoardTable } from './board-schema.ts'

/** The protocol that is spoken; `bearer.<token>` is offered beside it where a header cannot be sent. */
export const feedProtocol = 'tableside.floor.v1'

/** Closed by us because the feed cannot bring this console up to date: connect again, and get a snapshot. */
export const behindCode = 1012

export const FeedQuery = z.strictObject({
  last_seq: z.coerce.number().int().min(0).optional().meta({ description: 'Resume from here instead of a snapshot' }),
  batch: z.enum(['0', '1']).optional().meta({ description: '1: several messages may come in one frame, as an array' }),
})

/** How much of a guest a console sees: with `guests:read` how to reach them too. */
export const Sees = z.enum(['plain', 'full'])
export type Sees = z.infer<typeof Sees>

/** What the Worker tells the object of a console it has let in. */
export const Console = z.object({
  /** Of this connection, so that the Worker can speak of it. */
  id: z.string(),
  /** Who is cut off together: `key:…`, `staff:…`, `sid:…`. */
  tags: z.array(z.string().max(128)).min(1).max(4),
  sees: Sees,
  batch: z.boolean(),
  expires_at: z.number(),
})
export type Console = z.infer<typeof Console>

/** One change in the house. `data` is the thing as it became, null where that is not for this console or for the feed. */
export const FeedEvent = z
  .object({
    type: z.literal('event'),
    seq: z.int(),
    event: z.string().meta({ description: 'Such as `reservation.seated`' }),
    subject_id: Id,
    at: z.string(),
    by: z.looseObject({ kind: z.string() }),
    request_id: z.string(),
    data: z.record(z.string(), Json).nullable(),
  })
  .meta({ id: 'FeedEvent' })
export type FeedEvent = z.infer<typeof FeedEvent>

export const FeedMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), seq: z.int(), resumed: z.boolean() }),
  z.object({ type: z.literal('snapshot'), seq: z.int(), at: z.string(), tables: z.array(BoardTable) }),
  FeedEvent,
  z.object({ type: z.literal('error'), code: z.literal('malformed'), message: z.string() }),
  z.object({ type: z.literal('pong') }),
])
export type FeedMessage = z.infer<typeof FeedMessage>

export const ConsoleMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resume'), last_seq: z.int().min(0) }),
  z.strictObject({ type: z.literal('ping') }),
])
export type ConsoleMessage = z.infer<typeof ConsoleMessage>

export const MissedQuery = z.strictObject({
  last_seq: z.coerce.number().int().min(0).meta({ description: 'The last number you have' }),
})
/** The feed for who has no socket, and for who wants to be sure that nothing was lost on the way to it. */
export const Missed = z
  .object({
    seq: z.int().meta({ description: 'The last number there is' }),
    complete: z.boolean().meta({ description: 'False: more was missed than is kept; read the floor again' }),
    events: z.array(FeedEvent),
  })
  .meta({ id: 'MissedEvents' })
export type Missed = z.infer<typeof Missed>

/** An event as Postgres has it. */
export const StoredEvent = z.object({
  type: z.string(),
  subject_id: Id,
  at: z.string(),
  actor: z.looseObject({ kind: z.string() }),
  request_id: z.string(),
  after: Json,
})
export type StoredEvent = z.infer<typeof StoredEvent>
