import * as z from 'zod'
import { LocalDate, LocalTime, text, Version } from '../../platform/text.ts'
import { PartySize, Status } from '../schema.ts'

export const ManageToken = z
  .string()
  .regex(/^ey[\w-]+\.[\w-]+\.[\w-]+$/)
  .max(600)
  .meta({ description: 'What the link ends with that the guest was sent' })

/** A reservation as its guest sees it. */
export const ManagedReservation = z
  .object({
    restaurant: z.object({
      name: z.string(),
      slug: z.string(),
      address: z.string().nullable(),
      phone: z.string().nullable(),
      timezone: z.string(),
    }),
    confirmation_code: z.string(),
    status: Status,
    name: z.string().nullable(),
    party_size: z.int(),
    reservation_date: LocalDate,
    reservation_time: LocalTime,
    starts_at: z.string(),
    ends_at: z.string(),
    area: z.string().nullable(),
    other_info: z.string().nullable(),
    is_group: z.boolean(),
    can_change: z.boolean().meta({ description: 'Whether it may still be changed and cancelled here' }),
    change_until: z.string(),
    calendar_url: z.string(),
    version: z.int(),
  })
  .meta({ id: 'ManagedReservation' })
export type ManagedReservation = z.infer<typeof ManagedReservation>

export const GuestEdit = z
  .strictObject({
    date: LocalDate,
    time: LocalTime,
    party_size: PartySize,
    other_info: text(1000).nullable(),
    version: Version,
  })
  .partial()
  .meta({ id: 'ManagedReservationEdit' })
export type GuestEdit = z.infer<typeof GuestEdit>
