import type { TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { clock, isoAt, wallOf } from '../platform/time.ts'
import { presentReservation } from '../reservations/present.ts'
import type { BlockAnswer, Change, InTheWay, MoveAnswer } from './schema.ts'
import { inTheWaySentence } from './words-rules.ts'

type Refused = Exclude<MoveAnswer, { outcome: 'moved' | 'swapped' }> | Exclude<BlockAnswer, { block: unknown }>

/** What a function of 0017 refused, as the problem that says it: who is in the way, who was first, what cannot be. */
export function floorProblem(ctx: TenantCtx, answer: Refused): Problem {
  const { timezone } = ctx.restaurant
  switch (answer.outcome) {
    case 'table_taken':
      return takenProblem(ctx, answer.in_the_way)
    case 'stale':
    // Overtaken again and again, by others who were quicker.
    case 'again':
      return new Problem('stale_version', {
        ...changedFacts(answer.changed, timezone),
        more: {
          current: presentReservation(answer.reservation, timezone),
          changed: presentChange(answer.changed, timezone),
        },
      })
    case 'illegal':
      return new Problem('illegal_step', {
        detail: `It is ${answer.reservation.status.replace('_', '-')}.`,
        more: { current: presentReservation(answer.reservation, timezone) },
      })
    case 'too_small':
      return new Problem('table_too_small', {
        detail: `${answer.seats} seats for a party of ${answer.party_size}; allow_overfill seats them all the same.`,
        more: { seats: answer.seats, party_size: answer.party_size },
      })
    case 'key_reused':
      return new Problem('idempotency_key_reused')
    case 'not_found':
      return new Problem('not_found')
    case 'unknown_table':
      return unusable('table_ids', 'names a table that is not there')
    case 'table_off':
      return unusable('table_ids', 'names a table that is out of use')
    case 'same_table':
      return unusable('b', 'shares a table with a')
    case 'not_its_table':
      return unusable('table_ids', 'must name some of its tables, and not all')
    case 'bad_time':
      return unusable('minutes', 'makes it end before it begins, or last too long')
  }
}

/** 409, naming each claim with who has it, when, and who made it. `more` is what could be had instead. */
export function takenProblem(ctx: TenantCtx, way: InTheWay[], more: Record<string, unknown> = {}): Problem {
  const { timezone } = ctx.restaurant
  const [first] = way
  return new Problem('table_taken', {
    ...(first ? { detail: inTheWaySentence(first, timezone) } : {}),
    more: { in_the_way: way.map((one) => presentWay(one, timezone)), ...more },
  })
}

export function unusable(path: string, message: string): Problem {
  return new Problem('validation_failed', { detail: `${path}: ${message}`, errors: [{ path, message }] })
}

function presentWay(one: InTheWay, timezone: string): InTheWay {
  const local = (at: string): string => isoAt(Date.parse(at), timezone)
  return {
    ...one,
    starts_at: local(one.starts_at),
    ends_at: one.ends_at === null ? null : local(one.ends_at),
    ...(one.expires_at ? { expires_at: local(one.expires_at) } : {}),
    ...(one.made_at ? { made_at: local(one.made_at) } : {}),
  }
}

/** Who was first, in one sentence. */
export function changedFacts(changed: Change | null, timezone: string): { detail?: string } {
  if (!changed) return {}
  const at = clock(wallOf(Date.parse(changed.at), timezone).minute)
  return { detail: `${changed.by.name ?? changed.by.kind} changed it at ${at}.` }
}

export function presentChange(changed: Change | null, timezone: string): Change | null {
  return changed && { ...changed, at: isoAt(Date.parse(changed.at), timezone) }
}
