import * as z from 'zod'
import { Id, text } from '../../platform/text.ts'

export const NewCalendarFeed = z
  .strictObject({
    name: text(80).default('Calendar').meta({ description: 'Whose calendar, or on which device' }),
    with_phones: z.boolean().default(false).meta({ description: 'Whether the feed shows the phones of the guests' }),
  })
  .meta({ id: 'NewCalendarFeed' })
export type NewCalendarFeed = z.output<typeof NewCalendarFeed>

export const CalendarFeed = z
  .object({
    id: Id,
    name: z.string(),
    with_phones: z.boolean(),
    version: z.int(),
    created_at: z.string(),
    revoked_at: z.string().nullable(),
  })
  .meta({ id: 'CalendarFeed' })
export type CalendarFeed = z.infer<typeof CalendarFeed>

/** With the address, in the one answer that ever carries it; null where that answer is replayed. */
export const IssuedCalendarFeed = CalendarFeed.extend({ url: z.string().nullable() }).meta({ id: 'IssuedCalendarFeed' })
export type IssuedCalendarFeed = z.infer<typeof IssuedCalendarFeed>

export const CalendarFile = z
  .string()
  .regex(/^[\w-]{43}\.[\w-]{43}\.ics$/)
  .meta({ description: 'The token of a feed, and .ics' })
