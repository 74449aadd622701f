import type { Ctx, Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { MemberCtx, Result } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem, type ProblemCode, problems } from '../platform/problem.ts'
import { wallMinute } from '../restaurants/menu.ts'
import { loadMenuAgain } from '../restaurants/menu-load.ts'
import type { MenuItem } from '../restaurants/menu-schema.ts'
import { announceItem } from './announce.ts'
import { askTable } from './at-table.ts'
import { deliver } from './deliver.ts'
import { sweepAfterMs } from './delivery-rules.ts'
import type { Frozen } from './object.ts'
import { callPlaceOrder, callSettleKey, type PlaceAnswer, selectUnmarked, updateMarked } from './order-queries.ts'
import { type OrderRefusal, type PricedOrder, priceOrder } from './order-rules.ts'
import type { NewOrder, Order, PlacedOrder } from './order-schema.ts'

type Lines = Extract<Frozen, { ok: true }>

/** So old a freeze is nobody's that still works on it: a request is over in seconds. */
const abandonedAfterMs = 5_000

/**
 * R72. The cart as an order: frozen in the table's object, priced by the server's menu, written with its delivery in
 * one statement, taken out of the cart. Each step is idempotent by the key, so that a double tap is one order and a
 * crash anywhere between is mended by whoever comes next. 409 `stale_cart` with the cart as it is.
 */
export async function fireOrder(ctx: MemberCtx, input: NewOrder, once: Once): Promise<Result<PlacedOrder>> {
  const { member, restaurant } = ctx
  if (input.session_id !== member.session_id) throw new Problem('not_found')
  // Two tables may hit on the same key; two phones of one table that do mean the same order.
  const key = `order:${member.session_id}:${once.key}`
  const frozen = await freeze(ctx, { ...input, key, member_id: member.member_id })

  const menu = await loadMenuAgain(ctx, restaurant)
  const priced = priceOrder(menu, frozen.lines, frozen.members, wallMinute(restaurant, ctx.now))
  const answer = 'refusal' in priced ? await refuse(ctx, key, once, priced) : await place(ctx, key, once, priced)
  if (answer.outcome !== 'placed') {
    // The key may be another request's, whose order is just being placed: its lines are not ours to free.
    if (answer.outcome === 'key_reused') await settle(ctx, key)
    else await askTable(ctx, member, (table) => table.unfreeze({ key }))
    throw problemOf(answer)
  }

  const { order } = answer
  await mark(ctx, key, order)
  if (!answer.replayed) {
    ctx.after(announceAll(ctx, answer.changed))
    if (order.status === 'fired') {
      ctx.after(deliver(ctx, { restaurant_id: restaurant.id, order_id: order.id, round: 1, attempt: null, seen: 0 }))
    }
  }
  return { data: { order, pos_ticket: order.pos_ticket } }
}

/** The lines under this key. What another key froze and left is settled first: it was ordered, or never will be. */
async function freeze(ctx: MemberCtx, wish: NewOrder & { key: string; member_id: string }): Promise<Lines> {
  const { member } = ctx
  const frozen = await askTable(ctx, member, (table) => table.freeze(wish))
  if (frozen.ok) return frozen
  const held = frozen.held_by
  if (held === undefined || held.age_ms < abandonedAfterMs) throw cartProblem(frozen)
  await settle(ctx, held.key)
  const again = await askTable(ctx, member, (table) => table.freeze(wish))
  if (!again.ok) throw cartProblem(again)
  return again
}

/** What became of a key: the lines of its order leave the cart, or are free because it will never have one. */
async function settle(ctx: MemberCtx, key: string): Promise<void> {
  const kept = await withRetry(
    () => callSettleKey(ctx.db, ctx.restaurant.id, key, 'abandoned', { outcome: 'abandoned' }, ctx.now),
    ctx.request_id,
  )
  if (kept?.outcome === 'placed') await mark(ctx, key, kept.order)
  else await askTable(ctx, ctx.member, (table) => table.unfreeze({ key }))
}

function place(ctx: MemberCtx, key: string, once: Once, priced: PricedOrder): Promise<PlaceAnswer> {
  const { member, restaurant } = ctx
  const plan = {
    ...causeOf(ctx),
    restaurant_id: restaurant.id,
    key,
    fingerprint: once.fingerprint,
    freeze_key: key,
    session_id: member.session_id,
    member_id: member.member_id,
    table_id: member.table_id,
    table_number: restaurant.tables.find((one) => one.id === member.table_id)?.number ?? '?',
    status: restaurant.settings.order_review === 'on' ? 'review' : 'fired',
    sweep_at: new Date(ctx.now + sweepAfterMs).toISOString(),
    currency: restaurant.currency,
    ...priced,
  }
  return withRetry(() => callPlaceOrder(ctx.db, plan), ctx.request_id)
}

/** A refusal is an answer and is kept under its key; where the key has one already, that is the answer. */
async function refuse(ctx: MemberCtx, key: string, once: Once, refusal: OrderRefusal): Promise<PlaceAnswer> {
  const { menu_item_id, line_id, name } = refusal
  const answer: PlaceAnswer = {
    outcome: 'refused',
    code: refusal.refusal,
    line_id,
    menu_item_id,
    name,
    replayed: false,
  }
  const kept = await withRetry(
    () => callSettleKey(ctx.db, ctx.restaurant.id, key, once.fingerprint, answer, ctx.now),
    ctx.request_id,
  )
  return kept ? { ...kept, replayed: true } : answer
}

/** The ordered lines leave the cart. An object that cannot be reached is told by the sweep. */
async function mark(ctx: MemberCtx, key: string, order: Order): Promise<void> {
  if (await markInCart(ctx, key, order)) ctx.after(updateMarked(ctx.db, order.restaurant_id, order.id, ctx.now))
}

async function markInCart(ctx: Pick<Ctx, 'table' | 'request_id'>, key: string, order: Order): Promise<boolean> {
  const { id: order_id, status, pos_ticket } = order
  // A table whose next session has begun knows the key no more: there is nothing to take out of a cart.
  return askTable(ctx, order, (table) => table.markOrdered({ key, order_id, status, pos_ticket })).then(
    () => true,
    () => false,
  )
}

/** R73. Orders whose lines may still stand in a cart: the Worker was killed right after the order was written. */
export async function sweepUnmarked(ctx: Pick<Ctx, 'db' | 'now' | 'request_id' | 'table'>): Promise<number> {
  const found = await withRetry(() => selectUnmarked(ctx.db, ctx.now - sweepAfterMs, 200), ctx.request_id)
  for (const { freeze_key, order } of found) {
    if (await markInCart(ctx, freeze_key, order)) await updateMarked(ctx.db, order.restaurant_id, order.id, ctx.now)
  }
  return found.length
}

async function announceAll(ctx: MemberCtx, items: readonly MenuItem[]): Promise<void> {
  for (const item of items) await announceItem(ctx, ctx.restaurant, item)
}

function cartProblem(frozen: Extract<Frozen, { ok: false }>): Problem {
  return new Problem(codeOf(frozen.code), { more: frozen.current ? { current: frozen.current } : {} })
}

function problemOf(answer: Exclude<PlaceAnswer, { outcome: 'placed' }>): Problem {
  if (answer.outcome !== 'refused') return new Problem('idempotency_key_reused')
  const { code, items, line_id, menu_item_id, name } = answer
  const named = items?.map((one) => one.name ?? one.menu_item_id) ?? (name === undefined ? [] : [name])
  return new Problem(codeOf(code), {
    ...(named.length > 0 ? { detail: `${problems[codeOf(code)][1]}: ${named.join(', ')}.` } : {}),
    more: { ...(items ? { items } : {}), ...(line_id ? { line_id, menu_item_id } : {}) },
  })
}

/** Every refusal of a cart is a problem of the same name. */
function codeOf(code: string): ProblemCode {
  return isProblem(code) ? code : 'internal'
}

function isProblem(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}
