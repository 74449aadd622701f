import * as z from 'zod'
import { Email, Id, LanguageTag, LocalDate, LocalTime, text } from '../../platform/text.ts'
import { PartySize, Source } from '../schema.ts'

export const NewGroup = z
  .strictObject({
    date: LocalDate,
    time: LocalTime,
    party_size: PartySize,
    name: text(120),
    phone_number: text(40).nullish(),
    email: Email.nullish(),
    notes: text(2000).nullish(),
    other_info: text(1000).nullish(),
    client_id: Id.nullish(),
    language: LanguageTag.nullish(),
    area: text(60).nullish(),
    tables: z
      .array(Id)
      .min(1)
      .max(100)
      .refine((ids) => new Set(ids).size === ids.length, 'must not name a table twice')
      .optional()
      .meta({ description: 'Exactly these; without it the fewest that seat the party, in one area where one can' }),
    source: Source.optional(),
  })
  .meta({ id: 'NewGroup' })
export type NewGroup = z.infer<typeof NewGroup>
