import * as z from 'zod'
import { PageQuery } from '../platform/cursor.ts'
import { Id, text, Version } from '../platform/text.ts'
import { Allergen } from '../restaurants/menu-schema.ts'
import { OrderStatus } from './schema.ts'

export const NewOrder = z
  .strictObject({ session_id: Id, cart_version: z.int().min(0), cart_hash: z.string().min(1).max(128) })
  .meta({ id: 'NewOrder', description: 'The cart as this phone sees it; the server has the lines and the prices' })
export type NewOrder = z.infer<typeof NewOrder>

export const OrderModifier = z.object({ group: z.string(), option: z.string(), price_minor: z.int() })
export type OrderModifier = z.infer<typeof OrderModifier>

export const OrderLine = z
  .object({
    menu_item_id: Id,
    variant_id: Id.nullable(),
    name: z.string(),
    modifiers: z.array(OrderModifier),
    qty: z.int(),
    note: z.string().nullable(),
    member_id: Id.nullable(),
    member: z.string().nullable(),
    allergens: z.array(Allergen),
    acknowledged: z.array(Allergen),
    price_minor: z.int().meta({ description: 'Of one, its variant and modifiers included' }),
    total_minor: z.int(),
    tax_permille: z.int(),
  })
  .meta({ id: 'OrderLine' })
export type OrderLine = z.infer<typeof OrderLine>

/** The tax within an order's prices at one rate, in tenths of a percent. */
export const TaxShare = z.object({ tax_permille: z.int(), gross_minor: z.int(), tax_minor: z.int() })
export type TaxShare = z.infer<typeof TaxShare>

export const OrderAllergy = z.object({ member: z.string(), allergens: z.array(Allergen) })
export type OrderAllergy = z.infer<typeof OrderAllergy>

export const DeliveryState = z.enum(['pending', 'delivered', 'failed', 'no_till'])

export const Order = z
  .object({
    id: Id,
    restaurant_id: Id,
    session_id: Id,
    member_id: Id.nullable(),
    table_id: Id,
    table_number: z.string(),
    pos_ticket: z.string().meta({ description: 'Counts from 001 on each day of the restaurant' }),
    status: OrderStatus,
    total_minor: z.int().meta({ description: 'Tax included' }),
    tax_minor: z.int(),
    taxes: z.array(TaxShare),
    currency: z.string(),
    allergies: z.array(OrderAllergy),
    why: z.string().nullable(),
    lines: z.array(OrderLine),
    delivery: z
      .object({
        state: DeliveryState,
        round: z.int().meta({ description: 'Counts resends; each has five attempts' }),
        attempts: z.int(),
        next_attempt_at: z.string().nullable(),
        delivered_at: z.string().nullable(),
      })
      .nullable(),
    version: z.int(),
    placed_at: z.string(),
    fired_at: z.string().nullable(),
    pos_failed_at: z.string().nullable(),
    accepted_at: z.string().nullable(),
    preparing_at: z.string().nullable(),
    ready_at: z.string().nullable(),
    served_at: z.string().nullable(),
    paid_at: z.string().nullable(),
    rejected_at: z.string().nullable(),
    updated_at: z.string(),
  })
  .meta({ id: 'Order' })
export type Order = z.infer<typeof Order>

/** What `POST /orders` answers. */
export const PlacedOrder = z.object({ order: Order, pos_ticket: z.string() }).meta({ id: 'PlacedOrder' })
export type PlacedOrder = z.infer<typeof PlacedOrder>

export const DeliveryAttempt = z
  .object({
    round: z.int(),
    attempt: z.int(),
    at: z.string(),
    outcome: z.enum(['accepted', 'found', 'refused', 'unknown', 'told']).meta({
      description:
        'unknown: nobody knows whether the till has it; found: it had it; told: it said so itself, by a webhook',
    }),
    status: z.int().nullable(),
    ms: z.int().nullable(),
    error: z.string().nullable(),
    request_id: z.string(),
  })
  .meta({ id: 'DeliveryAttempt' })
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>

export const OrderWithAttempts = Order.extend({ attempts: z.array(DeliveryAttempt) }).meta({ id: 'OrderWithAttempts' })
export type OrderWithAttempts = z.infer<typeof OrderWithAttempts>

export const OrderFilter = z.strictObject({
  ...PageQuery.shape,
  status: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(OrderStatus))
    .optional()
    .meta({ description: 'One or several, with commas' }),
  session_id: Id.optional(),
  from: z.iso.datetime({ offset: true }).optional().meta({ description: 'Placed at or after' }),
})
export type OrderFilter = z.output<typeof OrderFilter>

export const OrderStep = z.strictObject({ why: text(200).nullish(), version: Version.optional() }).default({})
export type OrderStep = z.output<typeof OrderStep>
export const OrderMark = z.strictObject({ status: z.enum(['served', 'paid']), version: Version.optional() })
export type OrderMark = z.output<typeof OrderMark>

/** What the till reports back, as a Standard Webhook. Fields that we do not know are the till's own. */
export const PosReport = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['order.accepted', 'order.preparing', 'order.ready', 'order.served', 'order.paid', 'order.rejected']),
    order_id: Id,
    why: text(200).nullish(),
  }),
  z.object({ type: z.enum(['item.sold_out', 'item.available']), menu_item_id: Id }),
])
export type PosReport = z.infer<typeof PosReport>
