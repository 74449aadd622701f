import type { OrderStatus } from './schema.ts'
import { type SquareEvent, type SquareFulfillmentState, type SquareOrderState, squareObjects } from './square-schema.ts'

export type Said = Extract<OrderStatus, 'accepted' | 'preparing' | 'ready' | 'served' | 'paid' | 'rejected'>

/** What an event says of one order at one of Square's locations. `pays`: only where it covers what the order costs. */
export type SquareWord = {
  order: string
  location_id: string
  says: Said
  pays: { amount: number; currency: string } | null
}

const ofOrder: Record<SquareOrderState, Said | null> = {
  DRAFT: null,
  OPEN: 'accepted',
  // Square completes an order once all of it is paid.
  COMPLETED: 'paid',
  CANCELED: 'rejected',
}
const ofFulfillment: Record<SquareFulfillmentState, Said> = {
  PROPOSED: 'accepted',
  RESERVED: 'preparing',
  PREPARED: 'ready',
  COMPLETED: 'served',
  CANCELED: 'rejected',
  FAILED: 'rejected',
}
const steps: Said[] = ['accepted', 'preparing', 'ready', 'served', 'paid']

/** R79. Square's word in ours; null where it says nothing that we keep, 'malformed' where it is not as Square has it. */
export function wordOf(event: SquareEvent): SquareWord | null | 'malformed' {
  const { type } = event
  const { object } = event.data
  if (type === 'order.created' || type === 'order.updated') {
    const change = squareObjects[type].safeParse(object)
    if (!change.success) return 'malformed'
    const says = ofOrder[change.data.state]
    return says && { order: change.data.order_id, location_id: change.data.location_id, says, pays: null }
  }
  if (type === 'order.fulfillment.updated') {
    const change = squareObjects[type].safeParse(object)
    if (!change.success) return 'malformed'
    const { order_id, location_id, fulfillment_update } = change.data
    const states = fulfillment_update.map((one) => ofFulfillment[one.new_state])
    // Of several parts the one that is least far counts; a part that was cancelled is no part of it.
    const says = steps.find((one) => states.includes(one)) ?? 'rejected'
    return { order: order_id, location_id, says, pays: null }
  }
  if (type === 'payment.created' || type === 'payment.updated') {
    const payment = squareObjects[type].safeParse(object)
    if (!payment.success) return 'malformed'
    const { order_id, location_id, status, amount_money } = payment.data
    if (status !== 'COMPLETED' || order_id === undefined) return null
    return { order: order_id, location_id, says: 'paid', pays: amount_money }
  }
  return null
}
