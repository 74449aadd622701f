import * as z from 'zod'
import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem, type ProblemCode, problems } from '../platform/problem.ts'
import { forgetRestaurant, rememberRestaurant, specialDaysFrom } from './load.ts'
import { callChangeHouse, type HouseEdit } from './queries.ts'
import type { HouseDecision } from './room-rules.ts'
import { Restaurant } from './schema.ts'

const Written = z.object({ outcome: z.literal('written'), written: z.unknown() })
const Stale = z.object({ outcome: z.literal('stale_restaurant'), restaurant: Restaurant })
const KeyReused = z.object({ outcome: z.literal('key_reused') })
const Refused = z.object({
  outcome: z.custom<ProblemCode>((value) => typeof value === 'string' && value in problems),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  claims: z.int().optional(),
  current: z.unknown().optional(),
})

/**
 * Decides an edit of the house on the restaurant as this isolate remembers it, and writes it under the restaurant's
 * lock, in one round trip; where the restaurant has moved on, again on the new one, so that many edits at once all
 * find their turn. What the rules refuse goes the
 * same way: a repeat gets its first answer, and nothing is refused on a memory. Answers the row that was written.
 */
export async function changeHouse<T>(
  ctx: TenantCtx,
  once: Once,
  edit: HouseEdit,
  row: z.ZodType<T>,
  decide: (restaurant: Restaurant) => HouseDecision,
): Promise<T> {
  let { restaurant } = ctx
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const change = {
      ...causeOf(ctx),
      restaurant_id: restaurant.id,
      version: restaurant.version,
      ...once,
      from_date: specialDaysFrom(ctx.now),
      ...decide(restaurant),
    }
    const answer = await withRetry(() => callChangeHouse(ctx.db, edit, change), ctx.request_id)
    const stale = Stale.safeParse(answer)
    if (!stale.success) {
      forgetRestaurant(restaurant.id)
      return writtenRow(answer, row)
    }
    restaurant = stale.data.restaurant
    rememberRestaurant(restaurant)
    await turn(attempt)
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}

const mostAttempts = 14

/**
 * Every other time at once, on what was just read; else after a while with full jitter, since whoever waits comes back
 * to another restaurant than the one that they were told of.
 */
function turn(attempt: number): Promise<unknown> | undefined {
  if (attempt % 2 === 1) return undefined
  return new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(800, 25 * 2 ** (attempt / 2))))
}

/** The row that a function of the house wrote; throws the refusal it gave instead. */
export function writtenRow<T>(answer: unknown, row: z.ZodType<T>): T {
  const written = Written.safeParse(answer)
  if (written.success) return row.parse(written.data.written)
  if (KeyReused.safeParse(answer).success) throw new Problem('idempotency_key_reused')
  const { outcome, detail, errors, claims, current } = Refused.parse(answer)
  throw new Problem(outcome, {
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    more: { ...(claims === undefined ? {} : { claims }), ...(current === undefined ? {} : { current }) },
  })
}
