import type { Ctx, Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { announceItem } from './announce.ts'
import { deliver } from './deliver.ts'
import { sweepAfterMs } from './delivery-rules.ts'
import { callOrderStep, type StepAnswer } from './order-queries.ts'
import { resendable, staffRejects, statusesBefore } from './order-rules.ts'
import type { Order } from './order-schema.ts'
import type { OrderStatus } from './schema.ts'
import { tellStatus } from './tell.ts'

type Asked = { version?: number | null | undefined; why?: string | null | undefined }
type Stepped = Extract<StepAnswer, { outcome: 'stepped' | 'unchanged' }>

/** R75. Staff let a reviewed order go to the kitchen, turn one away, or mark it served or paid. 409 `illegal_step`. */
export async function stepOrder(
  ctx: TenantCtx,
  id: string,
  status: 'fired' | 'rejected' | 'served' | 'paid',
  asked: Asked,
  once: Once,
): Promise<Result<Order>> {
  const allowed_from = status === 'rejected' ? staffRejects : statusesBefore(status)
  const { order, replayed } = await step(
    ctx,
    'order_step',
    id,
    { status, allowed_from, by_till: false, ...asked },
    once,
  )
  if (status === 'fired' && !replayed) pushAfter(ctx, order)
  return { data: order }
}

/** R79. Another five attempts for an order that the till should have. */
export async function resendOrder(ctx: TenantCtx, id: string, asked: Asked, once: Once): Promise<Result<Order>> {
  const { order, replayed } = await step(ctx, 'resend_order', id, { allowed_from: resendable, ...asked }, once)
  if (!replayed) pushAfter(ctx, order)
  return { data: order }
}

/** R74. What the till says of an order. A word that comes late, twice or out of order changes nothing. */
export async function reportOrder(
  ctx: TenantCtx,
  id: string,
  status: Exclude<OrderStatus, 'review' | 'fired' | 'pos_failed'>,
  why: string | null,
  once: Once,
): Promise<Order> {
  const wish = { status, allowed_from: statusesBefore(status), by_till: true, why }
  return (await step(ctx, 'order_step', id, wish, once)).order
}

function pushAfter(ctx: Ctx, order: Order): void {
  const { id: order_id, restaurant_id } = order
  ctx.after(deliver(ctx, { restaurant_id, order_id, round: order.delivery?.round ?? null, attempt: null, seen: 0 }))
}

async function step(
  ctx: TenantCtx,
  verb: 'order_step' | 'resend_order',
  id: string,
  wish: Record<string, unknown> & Asked,
  once: Once,
): Promise<Stepped> {
  const plan = {
    ...causeOf(ctx),
    restaurant_id: ctx.restaurant.id,
    ...once,
    id,
    sweep_at: new Date(ctx.now + sweepAfterMs).toISOString(),
    ...wish,
  }
  const answer = await withRetry(() => callOrderStep(ctx.db, verb, plan), ctx.request_id)
  const stepped = steppedOf(answer)
  if (stepped.outcome === 'stepped' && verb === 'order_step' && !stepped.replayed) {
    ctx.after(tellStatus(ctx, stepped.order))
    for (const item of stepped.changed) ctx.after(announceItem(ctx, ctx.restaurant, item))
  }
  return stepped
}

function steppedOf(answer: StepAnswer): Stepped {
  switch (answer.outcome) {
    case 'stepped':
    case 'unchanged':
      return answer
    case 'stale':
      throw new Problem('stale_version', { more: { current: answer.order } })
    case 'illegal':
      throw new Problem('illegal_step', {
        detail: `It is ${answer.order.status.replace('_', '-')}.`,
        hint: 'That cannot be done with this order any more.',
        more: { current: answer.order },
      })
    case 'not_found':
      throw new Problem('not_found')
    case 'key_reused':
      throw new Problem('idempotency_key_reused')
  }
}
