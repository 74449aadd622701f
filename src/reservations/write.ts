import type { Once } from '../platform/ctx.ts'
import { databaseError, withRetry } from '../platform/db.ts'
import type { Meta, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { clock, dayInWords, wallOf } from '../platform/time.ts'
import { loadAgain } from '../restaurants/load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { alternativesTo, dayAround } from './alternatives.ts'
import { presentReservation } from './present.ts'
import { callBook, insertDenied, type WriteAnswer } from './queries.ts'
import type { Decision, SeatingPlan } from './rules.ts'
import type { BookingRequest, Claim, RefusalCode, ReservationRow } from './schema.ts'
import { advanceAfter } from './waitlist/advance.ts'

type Verb = Parameters<typeof callBook>[1]

/** What every plan says of the call itself. */
export function callOf(ctx: TenantCtx, restaurant: Restaurant, once: Once): Record<string, unknown> {
  return {
    restaurant_id: restaurant.id,
    restaurant_version: restaurant.version,
    key: once.key,
    fingerprint: once.fingerprint,
    ...causeOf(ctx),
  }
}

const iso = (at: number): string => new Date(at).toISOString()

/** A seating plan with the names of `booking_plan` in the migrations. */
export function seatingColumns(plan: SeatingPlan): Record<string, unknown> {
  return {
    starts_at: iso(plan.starts_at),
    ends_at: iso(plan.ends_at),
    buffer_minutes: plan.buffer_minutes,
    party_size: plan.party_size,
    preferred: plan.preferred,
    singles: plan.candidates.flatMap((tables) => (tables.length === 1 ? tables : [])),
    combined: plan.candidates.filter((tables) => tables.length > 1),
    slot_starts_at: iso(plan.slot_starts_at),
    slot_ends_at: iso(plan.slot_ends_at),
    max_covers: plan.max_covers,
    max_parties: plan.max_parties,
  }
}

/**
 * Decides with the restaurant as this isolate remembers it, and writes; where it has moved on, once more with the new
 * one. A refusal is never given on a memory: it is decided again on the restaurant as it is now. R26. Nor to who repeats,
 * under a key of its own, what was answered before.
 */
export async function decideAndWrite(
  ctx: TenantCtx,
  verb: Verb,
  kind: 'booking' | 'hold' | 'change',
  request: BookingRequest,
  once: Once,
  decide: (restaurant: Restaurant) => Decision,
  planOf: (plan: SeatingPlan, restaurant: Restaurant) => Record<string, unknown>,
): Promise<{ row: ReservationRow; restaurant: Restaurant; meta: Meta }> {
  let restaurant = ctx.restaurant
  for (let attempt = 1; attempt <= 4; attempt++) {
    const decision = decide(restaurant)
    if ('refusal' in decision) {
      const fresh = await loadAgain(ctx, restaurant.id)
      if (fresh.version !== restaurant.version) {
        restaurant = fresh
        continue
      }
      const before = once.key.startsWith('auto:')
        ? null
        : await call(ctx, 'answered_before', callOf(ctx, restaurant, once))
      if (before && before.outcome !== 'unanswered') return { row: rowOf(before, restaurant), restaurant, meta: {} }
      ctx.after(insertDenied(ctx, kind, decision.refusal, request))
      throw await refusalProblem(ctx, restaurant, decision.refusal, request)
    }
    const plan = { ...planOf(decision.plan, restaurant), ...dayAround(restaurant, request) }
    const answer = await call(ctx, verb, plan).catch(codeTaken)
    if (answer === null) continue
    if (answer.outcome === 'stale_restaurant') {
      restaurant = await loadAgain(ctx, restaurant.id)
      continue
    }
    if (answer.outcome === 'refused') throw await refusalProblem(ctx, restaurant, answer.reason, request, answer.claims)
    return { row: rowOf(answer, restaurant), restaurant, meta: noticesOf(decision.plan) }
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}

/** Another reservation of the house has that confirmation code: once in thousands of bookings. The next plan has another. */
function codeTaken(error: unknown): null {
  const database = databaseError(error)
  if (database?.code === '23505' && database.constraint === 'reservations_restaurant_id_confirmation_code_key')
    return null
  throw error
}

/** One call of a deciding function; repeated under its key while Postgres is briefly away. */
export async function call(ctx: TenantCtx, verb: Verb, plan: Record<string, unknown>): Promise<WriteAnswer> {
  const answer = await withRetry(() => callBook(ctx.db, verb, plan), ctx.request_id)
  if (answer.waited && (answer.outcome === 'stepped' || answer.outcome === 'changed')) {
    ctx.after(advanceAfter(ctx, verb === 'step_reservation' ? answer.reservation : null))
  }
  return answer
}

/** The reservation that was written, or the problem that kept it from being. */
export function rowOf(answer: WriteAnswer, restaurant: Restaurant): ReservationRow {
  switch (answer.outcome) {
    case 'booked':
    case 'changed':
    case 'stepped':
      return answer.reservation
    case 'stale':
      throw staleProblem(answer.reservation, restaurant)
    case 'illegal':
      throw new Problem('illegal_step', {
        detail: `It is ${answer.reservation.status.replace('_', '-')}.`,
        more: { current: presentReservation(answer.reservation, restaurant.timezone) },
      })
    case 'too_early':
      throw tooEarly(
        answer.reservation.starts_at,
        restaurant,
        presentReservation(answer.reservation, restaurant.timezone),
      )
    case 'hold_expired':
      throw new Problem('hold_expired')
    case 'table_taken':
      throw new Problem('table_taken', { more: { claim: { owner: answer.owner } } })
    case 'key_reused':
      throw new Problem('idempotency_key_reused')
    case 'guest_not_found':
      throw new Problem('not_found', { detail: 'There is no guest with that client_id.' })
    case 'not_found':
      throw new Problem('not_found')
    case 'refused':
      throw new Problem(answer.reason)
    case 'stale_restaurant':
    case 'lost_race':
    case 'unanswered':
      throw new Problem('busy', { retry_after_seconds: 1 })
  }
}

/** Changed since the version that was named; with the reservation as it is. */
export function staleProblem(row: ReservationRow, restaurant: Restaurant): Problem {
  return new Problem('stale_version', { more: { current: presentReservation(row, restaurant.timezone) } })
}

/** R301. They are to come: nobody sits who is not there, and nobody has stayed away yet. */
export function tooEarly(starts_at: string, { timezone }: Restaurant, current: object): Problem {
  const { date, minute } = wallOf(Date.parse(starts_at), timezone)
  const when = `${clock(minute)} on ${dayInWords(date)} ${date.slice(0, 4)}`
  return new Problem('illegal_step', {
    detail: `They are booked for ${when}; it is too early for that.`,
    hint: `That booking is for ${when}; it is too early for that.`,
    more: { current },
  })
}

async function refusalProblem(
  ctx: TenantCtx,
  restaurant: Restaurant,
  refusal: RefusalCode,
  request: BookingRequest,
  claims?: Claim[],
): Promise<Problem> {
  const { alternatives, sentence } = await alternativesTo({ ...ctx, restaurant }, refusal, request, claims)
  return new Problem(refusal, { ...(sentence ? { hint: sentence } : {}), more: { alternatives } })
}

function noticesOf(plan: SeatingPlan): Meta {
  if (!plan.twice) return {}
  return {
    notices: [{ code: 'time_occurs_twice', message: 'The clocks go back that night; the first of the two was taken.' }],
  }
}
