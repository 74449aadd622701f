import * as z from 'zod'

const OrderState = z.enum(['DRAFT', 'OPEN', 'COMPLETED', 'CANCELED'])
const FulfillmentState = z.enum(['PROPOSED', 'RESERVED', 'PREPARED', 'COMPLETED', 'CANCELED', 'FAILED'])
export type SquareOrderState = z.infer<typeof OrderState>
export type SquareFulfillmentState = z.infer<typeof FulfillmentState>

const OrderChange = z.object({ order_id: z.string(), location_id: z.string(), state: OrderState })
const FulfillmentChange = z.object({
  order_id: z.string(),
  location_id: z.string(),
  fulfillment_update: z.array(z.object({ new_state: FulfillmentState })).min(1),
})
const Payment = z.object({
  order_id: z.string().optional(),
  location_id: z.string(),
  status: z.string(),
  // What the guest pays for the order; tips are apart.
  amount_money: z.object({ amount: z.int(), currency: z.string() }),
})

/** What Square's webhooks say, as far as we listen; it sends whatever the subscription of the application has. */
export const SquareEvent = z.object({
  event_id: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  created_at: z.iso.datetime({ offset: true }),
  type: z.string(),
  data: z.object({ object: z.unknown() }),
})
export type SquareEvent = z.infer<typeof SquareEvent>

/** By `type`; another type is none of ours. */
export const squareObjects = {
  'order.created': z.object({ order_created: OrderChange }).transform((one) => one.order_created),
  'order.updated': z.object({ order_updated: OrderChange }).transform((one) => one.order_updated),
  'order.fulfillment.updated': z
    .object({ order_fulfillment_updated: FulfillmentChange })
    .transform((one) => one.order_fulfillment_updated),
  'payment.created': z.object({ payment: Payment }).transform((one) => one.payment),
  'payment.updated': z.object({ payment: Payment }).transform((one) => one.payment),
}

/** What CreateOrder and RetrieveOrder answer, as a text. */
export const SquareAnswer = z
  .string()
  .transform(parsed)
  .pipe(z.object({ order: z.object({ id: z.string().min(1), reference_id: z.string().optional() }) }))

function parsed(text: string, ctx: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text)
  } catch {
    ctx.addIssue('must be JSON')
    return z.NEVER
  }
}
