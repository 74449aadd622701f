import type { Once } from '../../platform/ctx.ts'
import { databaseError, withRetry } from '../../platform/db.ts'
import type { TenantCtx } from '../../platform/endpoint.ts'
import { causeOf } from '../../platform/events.ts'
import { newConfirmationCode } from '../../platform/ids.ts'
import { Problem } from '../../platform/problem.ts'
import { loadAgain } from '../../restaurants/load.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { RefusalCode } from '../schema.ts'
import { presentEntry } from './present.ts'
import { callWaitlist, selectEntry, type WaitAnswer } from './queries.ts'
import type { WaitlistRow } from './schema.ts'

/** What every plan of the waitlist says of the call itself; the names are those of `waitlist_plan` in the migrations. */
export function waitCallOf(
  ctx: Pick<TenantCtx, 'actor' | 'now' | 'request_id'>,
  restaurant: Restaurant,
  once: Once | null,
): Record<string, unknown> {
  return { restaurant_id: restaurant.id, restaurant_version: restaurant.version, ...once, ...causeOf(ctx) }
}

/** A code for each offer that one call may make. */
export function codesFor(offers: number): string[] {
  return Array.from({ length: offers }, newConfirmationCode)
}

/**
 * Reads the entry, plans with it, and writes; where the entry or the restaurant has moved on meanwhile, once more. Answers
 * the entry as it is then, or throws what kept it from being written.
 */
export async function writeEntry(
  ctx: TenantCtx,
  verb: 'edit_waitlist' | 'step_waitlist',
  id: string,
  once: Once,
  planOf: (row: WaitlistRow, restaurant: Restaurant) => Record<string, unknown> | Promise<Record<string, unknown>>,
): Promise<WaitlistRow> {
  let { restaurant } = ctx
  for (let attempt = 1; attempt <= 4; attempt++) {
    const row = await withRetry(() => selectEntry(ctx.db, restaurant.id, id), ctx.request_id)
    if (!row) throw new Problem('not_found')
    const plan = { ...waitCallOf(ctx, restaurant, once), entry_id: id, ...(await planOf(row, restaurant)) }
    const answer = await withRetry(() => callWaitlist(ctx.db, verb, plan), ctx.request_id).catch(codeTaken)
    if (answer === null) continue
    if (answer.outcome === 'stale_restaurant') restaurant = await loadAgain(ctx, restaurant.id)
    else if (answer.outcome !== 'undecided' && answer.outcome !== 'busy') return entryOf(answer, restaurant, ctx.now)
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}

/** Another reservation has that confirmation code, as happens once in thousands: null, to try with another. */
export function codeTaken(error: unknown): null {
  const database = databaseError(error)
  if (database?.constraint === 'reservations_restaurant_id_confirmation_code_key') return null
  throw error
}

/** The entry that was written, or the problem that kept it from being. */
export function entryOf(answer: WaitAnswer, restaurant: Restaurant, now: number): WaitlistRow {
  switch (answer.outcome) {
    case 'written':
      return answer.entry
    case 'already_exists':
      throw new Problem('already_exists', {
        detail: 'This phone is in that queue already.',
        more: { current: presentEntry(answer.entry, restaurant, now, null) },
      })
    case 'stale':
      throw new Problem('stale_version', { more: { current: presentEntry(answer.entry, restaurant, now, null) } })
    case 'illegal':
      throw new Problem('illegal_step', {
        detail: `It is ${answer.entry.status}.`,
        more: { current: presentEntry(answer.entry, restaurant, now, null) },
      })
    case 'hold_expired':
      throw new Problem('hold_expired', { more: { current: presentEntry(answer.entry, restaurant, now, null) } })
    case 'refused':
      throw refusalOf(answer)
    case 'not_found':
      throw new Problem('not_found')
    case 'key_reused':
      throw new Problem('idempotency_key_reused')
    case 'stale_restaurant':
    case 'undecided':
    case 'busy':
      throw new Problem('busy', { retry_after_seconds: 1 })
  }
}

function refusalOf({ reason, claim }: Extract<WaitAnswer, { outcome: 'refused' }>): Problem {
  // One table was asked for, and somebody has it.
  if (claim) return new Problem('table_taken', { more: { claim } })
  if (reason === 'not_free_long_enough')
    return new Problem('sold_out', { detail: 'A table is free, but not for a whole turn.' })
  const known = RefusalCode.safeParse(reason)
  return new Problem(known.success ? known.data : 'sold_out')
}
