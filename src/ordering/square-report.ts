import * as z from 'zod'
import { parseJson } from '../platform/body.ts'
import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { sha256Hex } from '../platform/ids.ts'
import { Problem } from '../platform/problem.ts'
import type { Pos } from '../restaurants/integrations-schema.ts'
import { callNameOrder, type NamedOrder, selectOrderNamed } from './order-queries.ts'
import { reportOrder } from './order-step.ts'
import { retrieveOrder } from './pos-square.ts'
import { ask, isAccepted } from './push.ts'
import { wordOf } from './square-rules.ts'
import { SquareAnswer, SquareEvent } from './square-schema.ts'
import { isSquares } from './square-signature.ts'

type SquarePos = Extract<Pos, { kind: 'square' }>

/** Square repeats an event for a day; until then its `event_id` is kept, and after that it is refused. */
const oldestMs = 24 * 3_600_000
const clocksDifferMs = 300_000
/** So late a till still speaks of an order whose name there is not known here. */
const unnamedForMs = 12 * 3_600_000

/**
 * R79. What Square says by webhook. Its subscription is of a whole application: what is of another location, or of an
 * order that was not ours, is `ignored`, or Square would repeat it for a day and then stop telling anything.
 */
export async function hearSquare(
  ctx: TenantCtx,
  pos: SquarePos,
  headers: Headers,
  body: string,
): Promise<{ applied: string }> {
  const address = `${ctx.secrets.public_origin.replace(/\/$/, '')}/webhooks/pos/${ctx.restaurant.slug}`
  const signature = headers.get('x-square-hmacsha256-signature')
  if (!(await isSquares(pos.secret, address, body, signature))) throw new Problem('invalid_signature')
  const event = SquareEvent.safeParse(parseJson(body))
  if (!event.success) throw new Problem('validation_failed', { detail: 'That is no event of Square’s.' })
  // By the real hour: the window is what keeps an old message from being sent again.
  const age = Date.now() - Date.parse(event.data.created_at)
  if (age > oldestMs || age < -clocksDifferMs) throw new Problem('invalid_signature')

  const word = wordOf(event.data)
  if (word === 'malformed') throw new Problem('validation_failed', { detail: `That is no ${event.data.type}.` })
  if (word === null || word.location_id !== pos.location_id) return { applied: 'ignored' }
  const order = await orderOf(ctx, pos, word.order)
  if (!order || (word.pays && !covers(word.pays, order))) return { applied: 'ignored' }
  const once = { key: `webhook:pos:${event.data.event_id}`, fingerprint: await sha256Hex(body) }
  return { applied: (await reportOrder(ctx, order.id, word.says, null, once)).status }
}

/** A bill that is split is paid when Square says so of the order. */
function covers(pays: { amount: number; currency: string }, order: NamedOrder): boolean {
  return pays.currency === order.currency && pays.amount >= order.total_minor
}

/**
 * Our order behind Square's id. Where its answer to the push was lost, or is just being written down, Square is asked
 * for our own id; out of reach it is `unavailable`, and Square comes again.
 */
async function orderOf(ctx: TenantCtx, pos: SquarePos, external_id: string): Promise<NamedOrder | null> {
  const { db, request_id, restaurant } = ctx
  const since = ctx.now - unnamedForMs
  const named = await withRetry(() => selectOrderNamed(db, restaurant.id, external_id, since), request_id)
  if (named.order || !named.unsure) return named.order
  const { status, text } = await ask(retrieveOrder(external_id, pos), request_id, true)
  if (status === 404) return null
  const found = SquareAnswer.safeParse(isAccepted(status) ? text : null)
  if (!found.success) throw new Problem('unavailable', { retry_after_seconds: 60 })
  const ours = z.uuid().safeParse(found.data.order.reference_id)
  if (!ours.success) return null
  return withRetry(() => callNameOrder(db, restaurant.id, ours.data, external_id), request_id)
}
