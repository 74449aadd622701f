import * as z from 'zod'
import { LocalDate, text } from '../platform/text.ts'

const Pass = text(64).meta({ description: 'In any case; spaces and hyphens do not count' })

export const PassTry = z.strictObject({ pass: Pass }).meta({ id: 'PassTry' })
export type PassTry = z.infer<typeof PassTry>
export const PassVerdict = z.object({ accepted: z.literal(true) }).meta({ id: 'PassVerdict' })
export type PassVerdict = z.infer<typeof PassVerdict>

export const NewPass = z
  .strictObject({
    pass: Pass.refine((pass) => pass.replace(/[\s-]/g, '').length >= 4, 'must have four letters or digits')
      .optional()
      .meta({ description: 'One of your own; a new one is made where there is none' }),
  })
  .default({})
  .meta({ id: 'NewPass' })
export type NewPass = z.output<typeof NewPass>

export const RotatedPass = z
  .object({
    night: LocalDate.meta({ description: 'It is good until the next night, at four in the morning' }),
    pass: z.string().nullable().meta({ description: 'In this one answer; null where it is replayed' }),
  })
  .meta({ id: 'RotatedPass' })
export type RotatedPass = z.infer<typeof RotatedPass>
