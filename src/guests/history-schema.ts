import * as z from 'zod'
import { Json } from '../platform/json.ts'
import { Id } from '../platform/text.ts'

const Learned = <V extends z.ZodType>(value: V) =>
  z.object({
    value,
    times: z.int().meta({ description: 'So often' }),
    of: z.int().meta({ description: 'Of so many visits' }),
  })

/** R174. What a guest does when they come, and what they said of themselves; each with its evidence. */
export const Preferences = z
  .object({
    visits: z.int().meta({ description: 'That it was learned from: the last fifty at the most' }),
    learned: z.object({
      area: Learned(z.string()).nullable(),
      table: Learned(z.string()).nullable(),
      time: Learned(z.string()).nullable(),
      weekday: Learned(z.int()).nullable(),
      party_size: Learned(z.int()).nullable(),
      dishes: z.array(Learned(z.string())),
    }),
    stated: z.object({
      allergies: z.array(z.string()),
      notes: z.string().nullable(),
      tags: z.array(z.string()),
      language: z.string().nullable(),
      birthday: z.string().nullable(),
      areas: z.array(z.object({ value: z.string(), times: z.int() })).meta({ description: 'That they asked for' }),
      requests: z.array(z.object({ text: z.string(), at: z.string() })).meta({ description: 'The last five' }),
    }),
  })
  .meta({ id: 'GuestPreferences' })
export type Preferences = z.infer<typeof Preferences>

export const Moment = z
  .object({
    at: z.string(),
    kind: z.enum(['reservation', 'order', 'waitlist', 'message', 'call', 'note']),
    id: Id.meta({ description: 'Of the thing; of a note, the guest’s' }),
    data: z.record(z.string(), Json),
  })
  .meta({ id: 'GuestMoment' })
export type Moment = z.infer<typeof Moment>
