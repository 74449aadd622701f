import * as z from 'zod'
import { endpoint, type Endpoint, memberEndpoint, tableEndpoint } from '../platform/endpoint.ts'
import { Id } from '../platform/text.ts'
import { fireOrder } from './order.ts'
import { getOrder, listOrders } from './order-list.ts'
import { NewOrder, Order, OrderFilter, OrderMark, OrderStep, OrderWithAttempts, PlacedOrder } from './order-schema.ts'
import { resendOrder, stepOrder } from './order-step.ts'

const tag = 'Orders'
const IdPath = z.strictObject({ id: Id })

export const orderEndpoints: Endpoint[] = [
  memberEndpoint({
    method: 'post',
    path: '/orders',
    tag,
    summary: 'Orders what is in the cart',
    description:
      "The server's prices and lines. One Idempotency-Key is one order, however often it is sent; another key is another " +
      'round. 409 `stale_cart` with the cart as it is, where the phone has seen another.',
    body: NewOrder,
    answer: PlacedOrder,
    status: 201,
    creates: true,
    run: (ctx, { body, once }) => fireOrder(ctx, body, once),
  }),
  tableEndpoint({
    method: 'get',
    path: '/orders/:id',
    scope: 'orders:read',
    tag,
    summary: 'How an order stands; for staff with each attempt to reach the till',
    params: IdPath,
    answer: OrderWithAttempts,
    run: (ctx, { params }) => getOrder(ctx, params.id),
  }),
  endpoint({
    method: 'get',
    path: '/orders',
    scope: 'orders:read',
    tag,
    summary: 'Lists orders, newest first',
    query: OrderFilter,
    answer: z.array(Order),
    run: (ctx, { query }) => listOrders(ctx, query),
  }),
  endpoint({
    method: 'post',
    path: '/orders/:id/accept',
    scope: 'orders:write',
    tag,
    summary: 'Lets an order in review go to the kitchen',
    params: IdPath,
    body: OrderStep,
    answer: Order,
    run: (ctx, { params, body, once }) => stepOrder(ctx, params.id, 'fired', body, once),
  }),
  endpoint({
    method: 'post',
    path: '/orders/:id/reject',
    scope: 'orders:write',
    tag,
    summary: 'Turns away an order in review, or one that the till could not be brought',
    params: IdPath,
    body: OrderStep,
    answer: Order,
    run: (ctx, { params, body, once }) => stepOrder(ctx, params.id, 'rejected', body, once),
  }),
  endpoint({
    method: 'post',
    path: '/orders/:id/mark',
    scope: 'orders:write',
    tag,
    summary: 'Marks an order served or paid',
    params: IdPath,
    body: OrderMark,
    answer: Order,
    run: (ctx, { params, body, once }) => stepOrder(ctx, params.id, body.status, { version: body.version }, once),
  }),
  endpoint({
    method: 'post',
    path: '/orders/:id/resend',
    scope: 'orders:write',
    tag,
    summary: 'Sends an order to the till again: the same order id, so the same ticket',
    params: IdPath,
    body: OrderStep,
    answer: Order,
    run: (ctx, { params, body, once }) => resendOrder(ctx, params.id, body, once),
  }),
]
