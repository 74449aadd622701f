import { expect, test } from 'vitest'
import * as z from 'zod'
import { squareOrder } from '../../src/ordering/pos-square.ts'
import type { Order, OrderLine } from '../../src/ordering/order-schema.ts'

// Transcribed by hand from Square's reference (Orders API, CreateOrder: CreateOrderRequest, Order, OrderLineItem,
// OrderLineItemModifier, OrderLineItemTax, Money), the fields that we send and their limits. Strict: a field that
// Square does not have, or only answers with, fails here.
const Money = z.strictObject({ amount: z.int().min(0), currency: z.string().regex(/^[A-Z]{3}$/) })
const Uid = z.string().min(1).max(60)
const SquareLine = z.strictObject({
  uid: Uid.optional(),
  name: z.string().max(512),
  quantity: z.string().min(1).max(12).regex(/^\d+$/),
  note: z.string().max(2000).optional(),
  variation_name: z.string().max(400).optional(),
  // base_price_money is required for what is not in Square's catalogue: lines as well as modifiers.
  modifiers: z
    .array(
      z.strictObject({
        uid: Uid.optional(),
        name: z.string().max(255),
        quantity: z.string().optional(),
        base_price_money: Money,
      }),
    )
    .optional(),
  applied_taxes: z.array(z.strictObject({ uid: Uid.optional(), tax_uid: Uid })).optional(),
  base_price_money: Money,
})
const CreateOrderRequest = z.strictObject({
  idempotency_key: z.string().max(192),
  order: z.strictObject({
    location_id: z.string().min(1),
    reference_id: z.string().max(40),
    source: z.strictObject({ name: z.string() }).optional(),
    customer_id: z.string().max(191).optional(),
    line_items: z.array(SquareLine),
    taxes: z
      .array(
        z.strictObject({
          uid: Uid,
          name: z.string().max(255),
          type: z.enum(['ADDITIVE', 'INCLUSIVE']),
          percentage: z
            .string()
            .max(10)
            .regex(/^\d+(\.\d+)?$/),
          scope: z.enum(['LINE_ITEM', 'ORDER']),
        }),
      )
      .optional(),
    metadata: z
      .record(
        z
          .string()
          .max(60)
          .regex(/^[\w-]+$/),
        z.string().max(255),
      )
      .refine((entries) => Object.keys(entries).length <= 10)
      .optional(),
    ticket_name: z.string().max(30).optional(),
  }),
})

const line: OrderLine = {
  menu_item_id: '00000000-0000-4000-8000-000000000001',
  variant_id: null,
  name: 'Pasta',
  modifiers: [
    { group: 'Cheese', option: 'Parmesan', price_minor: 150 },
    { group: 'Size', option: 'Large', price_minor: 300 },
  ],
  qty: 12,
  note: 'no salt',
  member_id: null,
  member: 'Blue Otter',
  allergens: ['gluten', 'milk'],
  acknowledged: ['milk'],
  price_minor: 2250,
  total_minor: 27_000,
  tax_permille: 75,
}
/** What the adapter reads of an order. */
function orderOf(facts: Partial<Order>): Order {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return facts as Order
}

const order = orderOf({
  id: '01a1fc45-978a-7410-aea2-7ece9f3cea41',
  table_number: '12A',
  pos_ticket: '017',
  status: 'fired',
  total_minor: 27_000,
  tax_minor: 1884,
  taxes: [{ tax_permille: 75, gross_minor: 27_000, tax_minor: 1884 }],
  currency: 'EUR',
  allergies: [{ member: 'Blue Otter', allergens: ['milk', 'nuts'] }],
  lines: [line],
})

test('an order is a CreateOrderRequest as Square publishes it', () => {
  const request = CreateOrderRequest.parse(squareOrder(order, 'L1'))
  expect(request).toMatchObject({
    idempotency_key: order.id,
    order: { location_id: 'L1', reference_id: order.id, ticket_name: '12A · 017' },
  })
  const [allergy, pasta] = request.order.line_items
  expect(allergy).toMatchObject({ name: 'ALLERGY Blue Otter: milk, nuts', base_price_money: { amount: 0 } })
  expect(pasta).toMatchObject({
    quantity: '12',
    note: 'Blue Otter · no salt · ALLERGY (knows): milk',
    base_price_money: { amount: 1800, currency: 'EUR' },
    applied_taxes: [{ tax_uid: 'tax-75' }],
  })
  expect(request.order.taxes).toMatchObject([{ uid: 'tax-75', percentage: '7.5', type: 'INCLUSIVE' }])
})

test('what Square will reckon is what we charge', () => {
  const { line_items } = CreateOrderRequest.parse(squareOrder(order, 'L1')).order
  const total = line_items.reduce((sum, one) => {
    const extras = (one.modifiers ?? []).reduce((extra, modifier) => extra + modifier.base_price_money.amount, 0)
    return sum + Number(one.quantity) * (one.base_price_money.amount + extras)
  }, 0)
  expect(total).toBe(order.total_minor)
})

test('texts as long as we take them are cut to what Square takes, in whole characters', () => {
  const emoji = '🍝'.repeat(300)
  const long = orderOf({
    ...order,
    table_number: '🍝'.repeat(12),
    allergies: [{ member: '🦦'.repeat(20), allergens: Array.from({ length: 14 }, () => 'crustaceans') }],
    lines: [{ ...line, name: emoji, note: emoji, modifiers: [{ group: emoji, option: emoji, price_minor: 0 }] }],
  })
  const { order: made } = CreateOrderRequest.parse(squareOrder(long, 'L1'))
  expect(JSON.stringify(made).isWellFormed()).toBe(true)
})
