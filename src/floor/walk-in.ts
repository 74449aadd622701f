import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { newConfirmationCode } from '../platform/ids.ts'
import { Problem, type ProblemCode } from '../platform/problem.ts'
import { presentReservation } from '../reservations/present.ts'
import { contactOf } from '../reservations/requests.ts'
import type { Reservation } from '../reservations/schema.ts'
import { loadAgain } from '../restaurants/load.ts'
import { turnMinutes } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { wallClock } from './board-rules.ts'
import type { Suggestion } from './board-schema.ts'
import { callWalkIn } from './queries.ts'
import { readFloor } from './read-floor.ts'
import { takenProblem, unusable } from './refusals.ts'
import type { InTheWay, WalkIn, WalkInAnswer } from './schema.ts'
import { shortestStay, suggestTables } from './suggest-rules.ts'
import { decideWalkIn, type WalkInPlan } from './walk-in-rules.ts'

const iso = (at: number): string => new Date(at).toISOString()

/**
 * Seats a party that stands at the door, through the same guard as a booking: 201 with its tables. Where none is free
 * for its whole turn the refusal names those that are free for a while, and the `minutes` that fit; a named table is
 * refused with who has it. Pacing holds unless `override_pacing`.
 */
export async function seatWalkIn(ctx: TenantCtx, input: WalkIn, once: Once): Promise<Result<Reservation>> {
  let { restaurant } = ctx
  const contact = contactOf({ ...input, client_id: input.guest_id }, restaurant)
  for (let attempt = 1; attempt <= 4; attempt++) {
    const decision = decideWalkIn(input, restaurant, ctx.now)
    if (!('plan' in decision)) {
      const fresh = await loadAgain(ctx, restaurant.id)
      if (fresh.version !== restaurant.version) {
        restaurant = fresh
        continue
      }
      if ('unusable' in decision) throw unusable('table_ids', decision.unusable)
      throw refusal(decision)
    }
    const plan = { ...planOf(ctx, restaurant, decision.plan, input, once), ...contact }
    const answer = await withRetry(() => callWalkIn(ctx.db, plan), ctx.request_id)
    if (answer.outcome === 'stale_restaurant') {
      restaurant = await loadAgain(ctx, restaurant.id)
      continue
    }
    if (answer.outcome === 'seated') return { data: presentReservation(answer.reservation, restaurant.timezone) }
    throw await walkInProblem(ctx, answer, input)
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}

function planOf(
  ctx: TenantCtx,
  restaurant: Restaurant,
  plan: WalkInPlan,
  input: WalkIn,
  once: Once,
): Record<string, unknown> {
  return {
    restaurant_id: restaurant.id,
    restaurant_version: restaurant.version,
    ...once,
    ...causeOf(ctx),
    starts_at: iso(plan.starts_at),
    ends_at: iso(plan.ends_at),
    buffer_minutes: plan.buffer_minutes,
    party_size: input.party_size,
    preferred: plan.named,
    singles: plan.candidates.flatMap((tables) => (tables.length === 1 ? tables : [])),
    combined: plan.candidates.filter((tables) => tables.length > 1),
    slot_starts_at: iso(plan.slot_starts_at),
    slot_ends_at: iso(plan.slot_ends_at),
    max_covers: plan.max_covers,
    max_parties: plan.max_parties,
    confirmation_code: newConfirmationCode(),
    area: input.area ?? null,
    source: 'walk_in',
    why: input.override_pacing ? 'pacing overridden' : null,
  }
}

type Refused = Exclude<WalkInAnswer, { outcome: 'seated' | 'stale_restaurant' }>

async function walkInProblem(ctx: TenantCtx, answer: Refused, input: WalkIn): Promise<Problem> {
  if (answer.outcome === 'key_reused') return new Problem('idempotency_key_reused')
  if (answer.outcome === 'guest_not_found')
    return new Problem('not_found', { detail: 'There is no guest with that guest_id.' })
  if (answer.outcome === 'refused' && answer.reason !== 'sold_out') return new Problem(answer.reason)
  const options = await optionsNow(ctx, input)
  const [best] = options
  const offer = { alternatives: options.slice(0, 4), ...(best ? { hint: offerOf(ctx, best) } : {}) }
  if (answer.outcome === 'table_taken') {
    const minutes = minutesBefore(ctx, answer.in_the_way)
    return takenProblem(ctx, answer.in_the_way, {
      alternatives: offer.alternatives,
      minutes: minutes ?? best?.minutes ?? null,
    })
  }
  const { alternatives, hint } = { hint: undefined, ...offer }
  return new Problem('sold_out', { ...(hint ? { hint } : {}), more: { alternatives, minutes: best?.minutes ?? null } })
}

/** Tables that are free now for the turn or for a part of it. */
async function optionsNow(ctx: TenantCtx, input: WalkIn): Promise<Suggestion[]> {
  const { now } = ctx
  const { restaurant, floor } = await readFloor(ctx, () => ({ from: now, to: now + 86_400_000, past: false }))
  const minutes = input.minutes ?? turnMinutes(restaurant.settings, input.party_size)
  const wish = { party_size: input.party_size, area: input.area ?? null, starts_at: now, minutes }
  return suggestTables(restaurant, floor.claims, wish, now)
}

function offerOf(ctx: TenantCtx, best: Suggestion): string {
  const name = `${best.tables.length > 1 ? 'Tables' : 'Table'} ${best.tables.join(' and ')}`
  if (best.free_until === null || best.whole_turn) return `${name} could be had now.`
  const until = wallClock(Date.parse(best.free_until), ctx.restaurant.timezone)
  return `${name} could be had until ${until}, for ${best.minutes} minutes.`
}

/** How long the named tables are free before the first who is in the way; null where that is no stay. */
function minutesBefore(ctx: TenantCtx, way: InTheWay[]): number | null {
  const first = Math.min(...way.map((one) => Date.parse(one.starts_at)))
  const minutes = Math.floor((first - ctx.now) / 60_000) - ctx.restaurant.settings.buffer_minutes
  return Number.isFinite(minutes) && minutes >= shortestStay ? minutes : null
}

function refusal(decision: { refusal: ProblemCode; minutes?: number }): Problem {
  const { minutes } = decision
  if (minutes === undefined || minutes < shortestStay) return new Problem(decision.refusal)
  return new Problem(decision.refusal, { detail: `${minutes} minutes are left until closing.`, more: { minutes } })
}
