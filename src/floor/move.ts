import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { Problem } from '../platform/problem.ts'
import { presentReservation } from '../reservations/present.ts'
import { momentOf, readRef } from '../reservations/requests.ts'
import { arrivalOf, clockRefusals } from '../reservations/rules.ts'
import { loadAgain } from '../restaurants/load.ts'
import { serviceAt } from '../restaurants/rules.ts'
import { followParty } from './follow-party.ts'
import { callMove } from './queries.ts'
import { floorProblem } from './refusals.ts'
import type { Extension, Merge, Move, MoveAnswer, MovedParty, Swap, SwappedParties } from './schema.ts'

/**
 * Seats a party elsewhere, or has it come at another time: all or nothing, past pacing. 409 `table_taken` names the
 * claims in the way, `stale_version` who was first; 422 `table_too_small` unless more covers than seats are meant.
 */
export async function moveParty(
  ctx: TenantCtx,
  input: Move,
  if_match: number | null,
  once: Once,
): Promise<Result<MovedParty>> {
  const starts_at = input.starts === undefined ? null : await instantToCome(ctx, input.starts)
  return retable(ctx, { ...partyPlan(ctx, input, if_match), step: 'move', table_ids: input.table_ids, starts_at }, once)
}

/** Joins tables to those a party has. */
export function joinTables(
  ctx: TenantCtx,
  input: Merge,
  if_match: number | null,
  once: Once,
): Promise<Result<MovedParty>> {
  return retable(ctx, { ...partyPlan(ctx, input, if_match), step: 'merge', table_ids: input.table_ids }, once)
}

/** Takes tables from a party that has others; 422 where it would have none. */
export function partTables(
  ctx: TenantCtx,
  input: Merge,
  if_match: number | null,
  once: Once,
): Promise<Result<MovedParty>> {
  return retable(ctx, { ...partyPlan(ctx, input, if_match), step: 'unmerge', table_ids: input.table_ids }, once)
}

/** A party stays longer, counted from its planned end or from now where that is over; 409 names who comes next. */
export async function extendParty(
  ctx: TenantCtx,
  ref: string,
  input: Extension,
  if_match: number | null,
  once: Once,
): Promise<Result<MovedParty>> {
  const { minutes } = input
  const plan = { ...partyPlan(ctx, { ...input, reservation: ref }, if_match), minutes }
  return { data: (await write(ctx, 'extend_party', plan, once)).one }
}

/** Two parties exchange their tables, each for its own time. */
export async function swapParties(ctx: TenantCtx, input: Swap, once: Once): Promise<Result<SwappedParties>> {
  const a = readRef(input.a.reservation, ctx.restaurant)
  const b = readRef(input.b.reservation, ctx.restaurant)
  const { one, two } = await write(
    ctx,
    'swap_parties',
    {
      ref_kind: a.kind,
      ref: a.ref,
      version: input.a.version ?? null,
      other_kind: b.kind,
      other_ref: b.ref,
      other_version: input.b.version ?? null,
      allow_overfill: input.allow_overfill,
      why: input.why,
    },
    once,
  )
  if (!two) throw new Error('swap_parties answered one party')
  return { data: { a: one.reservation, b: two, sessions: one.sessions } }
}

type Asked = {
  reservation: string
  version?: number | undefined
  allow_overfill?: boolean
  why?: string | undefined
}

function partyPlan(ctx: TenantCtx, input: Asked, if_match: number | null): Record<string, unknown> {
  const { kind, ref } = readRef(input.reservation, ctx.restaurant)
  const { allow_overfill, why } = input
  return { ref_kind: kind, ref, version: input.version ?? if_match, allow_overfill, why }
}

async function retable(ctx: TenantCtx, plan: Record<string, unknown>, once: Once): Promise<Result<MovedParty>> {
  return { data: (await write(ctx, 'move_party', plan, once)).one }
}

/** Writes, and brings the phones along; once more where somebody was quicker and the client named no version. */
async function write(
  ctx: TenantCtx,
  verb: Parameters<typeof callMove>[1],
  asked: Record<string, unknown>,
  once: Once,
): Promise<{ one: MovedParty; two: MovedParty['reservation'] | null }> {
  const { id, timezone } = ctx.restaurant
  const plan = { ...causeOf(ctx), ...once, restaurant_id: id, ...asked }
  let answer: MoveAnswer
  for (let attempt = 1; ; attempt++) {
    answer = await withRetry(() => callMove(ctx.db, verb, plan), ctx.request_id)
    if (answer.outcome !== 'again' || attempt === 6) break
  }
  if (answer.outcome !== 'moved' && answer.outcome !== 'swapped') throw floorProblem(ctx, answer)
  const sessions = await followParty(ctx, answer.sessions, answer.replayed ?? false)
  const row = answer.outcome === 'moved' ? answer.reservation : answer.one
  return {
    one: { reservation: presentReservation(row, timezone), sessions },
    two: answer.outcome === 'swapped' ? presentReservation(answer.two, timezone) : null,
  }
}

/** Staff may have a party come at any hour the house is open; the refusal of R7, R8, R10 or R11 where it is not. */
async function instantToCome(ctx: TenantCtx, starts: string): Promise<string> {
  const restaurant = await loadAgain(ctx, ctx.restaurant.id)
  const arrival = arrivalOf(momentOf(starts), restaurant.timezone)
  if (!arrival) throw new Problem('nonexistent_time')
  const service = serviceAt(restaurant, arrival.date, arrival.minute)
  const [refusal] = clockRefusals(restaurant, arrival, service, 1, ctx.now).filter(
    (code) => code === 'in_past' || code === 'closed',
  )
  if (refusal) throw new Problem(refusal)
  return new Date(arrival.at).toISOString()
}
