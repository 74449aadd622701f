import { mostAttempts, queueAfter, queueGraceMs, waitAfterMs } from '../ordering/delivery-rules.ts'
import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { causeOf } from '../platform/events.ts'
import { log } from '../platform/log.ts'
import { queueCall } from '../platform/qstash.ts'
import { loadRestaurant } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { composeMessage } from './compose.ts'
import {
  type Attempt,
  callKeepContent,
  callLeaseMessage,
  callRecordMessage,
  type DueMessage,
  type Lease,
  selectDueMessages,
  updateQueuedMessage,
} from './queries.ts'
import type { Content, Told } from './schema.ts'
import { sendContent, type Sent } from './send.ts'
import { addressOf, isFinal, type Skipped, skipReason, toldOf } from './send-rules.ts'

export type DeliverCtx = Pick<Ctx, 'db' | 'now' | 'request_id' | 'actor' | 'secrets'>
/** How the message stands. `pending`: it waits for another attempt, or somebody else is making one. */
export type Delivered = 'sent' | 'failed' | 'skipped' | 'pending'
type Leased = Extract<Lease, { outcome: 'leased' }>

/**
 * R164. One attempt at a message: leased, written as things are now, kept, sent, written down; where it failed the rest is
 * handed to QStash. Safe to call at any time, by anybody, any number of times: an attempt that was made is not made again.
 */
export async function deliverMessage(ctx: DeliverCtx, wish: Attempt): Promise<Delivered> {
  const lease = await withRetry(() => callLeaseMessage(ctx.db, wish, ctx.now), ctx.request_id)
  if (lease.outcome === 'idle') return idleState(lease, wish)
  const { message, facts } = lease
  const restaurant = await loadRestaurant(ctx, message.restaurant_id)
  const address = addressOf(message, facts)
  const skipped = mayNotGo(ctx, lease, restaurant, address)
  if (skipped !== null || address === null) return skip(ctx, lease, skipped ?? 'no_address')
  // Of an attempt that nobody knows the end of, the same words again: whoever has them, has them once.
  const again = message.unknown ? message.content : null
  const content: Content = again ?? (await composeMessage(ctx, message, facts, restaurant))
  const plan = { restaurant_id: message.restaurant_id, id: message.id, lease: lease.lease, address, content }
  const kept = await withRetry(() => callKeepContent(ctx.db, plan), ctx.request_id)
  if (!kept) return skip(ctx, lease, 'opted_out')
  const sent = await sendContent(ctx, { ...message, address }, content, restaurant)
  return writeDown(ctx, lease, sent, again === null ? toldOf(message.kind, facts) : null)
}

function idleState({ state, round }: Extract<Lease, { outcome: 'idle' }>, wish: Attempt): Delivered {
  // A message of a round that is over has nothing left to do.
  if (wish.round !== null && round !== null && wish.round < round) return 'skipped'
  if (state === 'due' || state === 'sending') return 'pending'
  return state === 'sent' || state === 'failed' ? state : 'skipped'
}

function mayNotGo(ctx: DeliverCtx, lease: Leased, { settings }: Restaurant, address: string | null): Skipped | null {
  const { message, facts, opted_out } = lease
  const { channel } = message
  if (settings.messages[channel] !== 'on' || ctx.secrets[channel] === null) return 'switched_off'
  if (opted_out) return 'opted_out'
  if (address === null) return 'no_address'
  return skipReason(message, facts, ctx.now)
}

async function skip(ctx: DeliverCtx, lease: Leased, reason: Skipped): Promise<Delivered> {
  await record(ctx, lease, { state: 'skipped', reason, attempt: lease.message.attempts })
  return 'skipped'
}

/** `told` is null of words that were kept from before: what they said is not known to be so still. */
async function writeDown(ctx: DeliverCtx, lease: Leased, sent: Sent, told: Told | null): Promise<Delivered> {
  const { message } = lease
  const attempt = message.attempts + 1
  if (sent.error === null) {
    await record(ctx, lease, { state: 'sent', reason: null, attempt, provider_id: sent.id, ...(told ? { told } : {}) })
    return 'sent'
  }
  const wait = isFinal(sent.status) ? null : waitAfterMs(attempt)
  if (wait === null) {
    await record(ctx, lease, { state: 'failed', reason: sent.error, attempt })
    log('error', 'message_failed', { request_id: ctx.request_id, message_id: message.id, reason: sent.error })
    return 'failed'
  }
  const due_at = new Date(ctx.now + wait).toISOString()
  const unknown = message.unknown || sent.status === null || sent.status === 408 || sent.status >= 500
  const { recorded, queued } = await record(ctx, lease, { state: 'due', reason: sent.error, attempt, due_at, unknown })
  if (recorded && !queued) await handToQueue(ctx, message, attempt)
  return 'pending'
}

function record(
  ctx: DeliverCtx,
  { lease, message }: Leased,
  became: Record<string, unknown>,
): Promise<{ recorded: boolean; queued: boolean }> {
  const { restaurant_id, id } = message
  return withRetry(
    () => callRecordMessage(ctx.db, { ...causeOf(ctx), restaurant_id, id, lease, ...became }),
    ctx.request_id,
  )
}

type Row = { restaurant_id: string; id: string; round: number }

/** What is left of the round after an attempt. Where QStash cannot be reached the sweep makes it, and asks again. */
async function handToQueue(ctx: DeliverCtx, row: Row, attempt: number): Promise<void> {
  const queued = queueAfter(attempt)
  if (queued) await queueMessage(ctx, row, queued)
}

/** R164. A message that is not due yet: QStash calls in its minute, and makes a whole round of it. */
export async function queueAhead(ctx: DeliverCtx, row: Row & { due_at: number }): Promise<void> {
  const delay_seconds = Math.max(0, Math.ceil((row.due_at - ctx.now) / 1000))
  const retry_delay = `${waitAfterMs(1)} * pow(4, retried)`
  await queueMessage(ctx, row, { first_attempt: 1, delay_seconds, retries: mostAttempts - 1, retry_delay })
}

async function queueMessage(
  ctx: DeliverCtx,
  { restaurant_id, id, round }: Row,
  { first_attempt, ...times }: NonNullable<ReturnType<typeof queueAfter>>,
): Promise<void> {
  try {
    await queueCall(ctx.secrets, {
      path: '/jobs/message',
      body: { restaurant_id, id, round, first_attempt },
      deduplication_id: `message-${id}-${round}-${first_attempt}`,
      ...times,
    })
    await withRetry(() => updateQueuedMessage(ctx.db, restaurant_id, id, round), ctx.request_id)
  } catch (error) {
    log('warn', 'qstash_unavailable', { request_id: ctx.request_id, message_id: id, reason: String(error) })
  }
}

const atOnce = 8
const mostOfASweep = 500
const aheadMs = 60 * 60_000

/** Many at a time, and one's trouble is not another's. */
export async function inTurns<T>(ctx: DeliverCtx, all: T[], work: (one: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += atOnce) {
    const done = await Promise.allSettled(all.slice(at, at + atOnce).map((one) => work(one)))
    for (const one of done) {
      if (one.status === 'rejected') log('error', 'message', { request_id: ctx.request_id, reason: nameOf(one.reason) })
    }
  }
}

/** A failed query's own message carries its parameters, and they carry names and phones. */
function nameOf(reason: unknown): string {
  return reason instanceof Error && !reason.message.startsWith('Failed query')
    ? reason.message.slice(0, 300)
    : 'Failed query'
}

/** R164. What a crash or a QStash that was away has left due, and what comes due within the hour. */
export async function sweepDueMessages(ctx: DeliverCtx): Promise<number> {
  const spans = { grace_ms: queueGraceMs, ahead_ms: aheadMs }
  const due = await withRetry(() => selectDueMessages(ctx.db, ctx.now, spans, mostOfASweep), ctx.request_id)
  await inTurns(ctx, due, (one: DueMessage) =>
    one.overdue ? deliverMessage(ctx, { ...one, attempt: null, seen: one.attempts }) : queueAhead(ctx, one),
  )
  return due.length
}
