import * as z from 'zod'
import { Json } from '../platform/json.ts'
import { Id } from '../platform/text.ts'
import { GuestRow } from './schema.ts'

export const RemoveQuery = z.strictObject({
  erase: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .meta({ description: '`true`: everything that is held about them goes, wherever it is' }),
})

/** Of how many things a person was taken out. */
export const ErasedCounts = z.object({
  reservations: z.int(),
  waitlist_entries: z.int(),
  series: z.int(),
  calls: z.int(),
  orders: z.int(),
  messages: z.int(),
})
export type ErasedCounts = z.infer<typeof ErasedCounts>

export const Erased = z.object({ id: Id, erased: ErasedCounts }).meta({ id: 'ErasedGuest' })
export type Erased = z.infer<typeof Erased>

const Things = z.array(z.record(z.string(), Json))

/** R183. As it is held: nothing is left out for being the house's own remark. */
export const GuestData = z
  .object({
    guest: GuestRow,
    reservations: Things,
    series: Things,
    waitlist: Things,
    orders: Things,
    messages: Things,
    message_optouts: Things,
    calls: Things,
    events: Things,
  })
  .meta({ id: 'GuestData' })
export type GuestData = z.infer<typeof GuestData>
