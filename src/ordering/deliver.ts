import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { causeOf } from '../platform/events.ts'
import { log } from '../platform/log.ts'
import { queueCall } from '../platform/qstash.ts'
import { openPos } from '../restaurants/integrations.ts'
import { queueAfter, queueGraceMs, waitAfterMs } from './delivery-rules.ts'
import {
  callLease,
  callRecordAttempt,
  type DeliveryWish,
  type LeaseAnswer,
  selectDue,
  updateNoTill,
  updateQueued,
} from './order-queries.ts'
import { statusesBefore } from './order-rules.ts'
import { type Pushed, pushOrder } from './push.ts'
import { tellStatus } from './tell.ts'

export type DeliverCtx = Pick<Ctx, 'db' | 'now' | 'request_id' | 'actor' | 'secrets' | 'table'>
/** How the delivery stands. `pending`: it waits for another attempt, or somebody else is making one. */
export type Delivered = 'pending' | 'delivered' | 'failed' | 'no_till'
type Lease = Extract<LeaseAnswer, { outcome: 'leased' }>

/**
 * R76. One attempt to bring an order to the till: leased, pushed, written down, and where it failed the rest handed to
 * QStash. Safe to call at any time, by anybody, any number of times: an attempt that was made is not made again.
 */
export async function deliver(ctx: DeliverCtx, wish: DeliveryWish): Promise<Delivered> {
  const lease = await withRetry(() => callLease(ctx.db, wish), ctx.request_id)
  if (lease.outcome === 'idle') {
    // A message of a round that a resend has ended has nothing left to do.
    const ended = wish.round !== null && lease.round !== null && wish.round < lease.round
    return ended || lease.state === null ? 'delivered' : lease.state
  }
  const pos = lease.integration ? await openPos(ctx.secrets, wish.restaurant_id, lease.integration) : null
  if (!pos && !lease.integration) {
    await withRetry(() => updateNoTill(ctx.db, wish, lease.lease, ctx.now), ctx.request_id)
    return 'no_till'
  }
  const attempt = lease.attempts + 1
  const pushed = pos ? await pushOrder(lease.order, pos, lease.unknown, ctx.request_id) : unreadable
  const accepted = pushed.outcome === 'accepted' || pushed.outcome === 'found'
  const wait = accepted ? null : waitAfterMs(attempt)
  await writeDown(ctx, wish, lease, attempt, pushed, wait)
  if (accepted) return 'delivered'
  if (wait === null) return 'failed'
  if (!lease.queued) await handToQueue(ctx, wish, lease.round, attempt)
  return 'pending'
}

/** The sealing key was changed: the staff must enter the till's secret again, and hear of it as of any failure. */
const unreadable: Pushed = {
  outcome: 'refused',
  status: null,
  ms: 0,
  error: 'the secret of the till cannot be opened',
  external_id: null,
}

async function writeDown(
  ctx: DeliverCtx,
  wish: DeliveryWish,
  lease: Lease,
  attempt: number,
  pushed: Pushed,
  wait: number | null,
): Promise<void> {
  const record = {
    ...causeOf(ctx),
    restaurant_id: wish.restaurant_id,
    order_id: wish.order_id,
    lease: lease.lease,
    round: lease.round,
    attempt,
    ...pushed,
    next_attempt_at: wait === null ? null : new Date(ctx.now + wait).toISOString(),
    accepted_from: statusesBefore('accepted'),
    failed_from: statusesBefore('pos_failed'),
  }
  const recorded = await withRetry(() => callRecordAttempt(ctx.db, record), ctx.request_id)
  if (!recorded?.moved) return
  if (recorded.order.status === 'pos_failed') {
    log('error', 'pos_failed', { request_id: ctx.request_id, order_id: wish.order_id, reason: pushed.error })
  }
  await tellStatus(ctx, recorded.order)
}

/** Where QStash cannot be reached the row stays as it is: the sweep makes the next attempt, and asks again. */
async function handToQueue(ctx: DeliverCtx, wish: DeliveryWish, round: number, attempt: number): Promise<void> {
  const queued = queueAfter(attempt)
  if (!queued) return
  const { first_attempt, ...times } = queued
  const { restaurant_id, order_id } = wish
  try {
    await queueCall(ctx.secrets, {
      path: '/jobs/deliver',
      body: { restaurant_id, order_id, round, first_attempt },
      deduplication_id: `${order_id}-${round}-${first_attempt}`,
      ...times,
    })
    await withRetry(() => updateQueued(ctx.db, wish, round), ctx.request_id)
  } catch (error) {
    log('warn', 'qstash_unavailable', { request_id: ctx.request_id, order_id, reason: String(error) })
  }
}

const atOnce = 10
const mostOfASweep = 500

/** R78. The attempts that are overdue: a Worker was killed before the push, or QStash never got the message, or is late. */
export async function sweepDeliveries(ctx: DeliverCtx): Promise<number> {
  const due = await withRetry(() => selectDue(ctx.db, ctx.now, queueGraceMs, mostOfASweep), ctx.request_id)
  for (let at = 0; at < due.length; at += atOnce) {
    const some = due.slice(at, at + atOnce)
    const done = await Promise.allSettled(
      some.map(({ attempts, ...one }) => deliver(ctx, { ...one, attempt: null, seen: attempts })),
    )
    for (const one of done) {
      if (one.status === 'rejected') log('error', 'sweep', { request_id: ctx.request_id, reason: String(one.reason) })
    }
  }
  return due.length
}
