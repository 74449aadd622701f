import { withRetry } from '../../platform/db.ts'
import type { TenantCtx } from '../../platform/endpoint.ts'
import { Problem, problems } from '../../platform/problem.ts'
import { alternativesOn } from '../alternatives.ts'
import { readDays } from '../availability.ts'
import type { BookingRequest } from '../schema.ts'
import { presentSeries } from './present.ts'
import { callSeries, type Refused, selectSeries, type SeriesAnswer, type WholeSeries } from './queries.ts'
import type { SeriesConflict, SeriesTerms } from './schema.ts'

/** What a series_plan of the migrations says of the wish; what it says of the call, `callOf` does. */
export type SeriesCall = Record<string, unknown> & {
  id: string | null
  occurrences: Record<string, unknown>[]
  /** The columns of the series to write. */
  fields: Record<string, unknown>
  event: 'series.booked' | 'series.extended' | 'series.changed' | 'series.cancelled'
}

/** One call for all occurrences; repeated under its key while Postgres is briefly away. */
export function callForAll(
  ctx: TenantCtx,
  verb: Parameters<typeof callSeries>[1],
  plan: SeriesCall,
): Promise<SeriesAnswer> {
  return withRetry(() => callSeries(ctx.db, verb, plan), ctx.request_id)
}

/** The problem behind an answer that is none of those a verb has something to do with. */
export function problemIn(ctx: TenantCtx, answer: SeriesAnswer): Problem {
  switch (answer.outcome) {
    case 'stale':
      return new Problem('stale_version', { more: { current: presentSeries(answer.series, ctx) } })
    case 'illegal':
      return new Problem('illegal_step', {
        detail: 'The series is cancelled.',
        more: { current: presentSeries(answer.series, ctx) },
      })
    case 'key_reused':
      return new Problem('idempotency_key_reused')
    case 'not_found':
      return new Problem('not_found')
    case 'guest_not_found':
      return new Problem('not_found', { detail: 'There is no guest with that client_id.' })
    default:
      return new Problem('busy', { retry_after_seconds: 1 })
  }
}

/** A series of this house with its occurrences from a date on; 404 for any other. */
export async function readSeries(ctx: TenantCtx, id: string, from: string | null): Promise<WholeSeries> {
  const found = await withRetry(() => selectSeries(ctx.db, ctx.restaurant.id, id, from), ctx.request_id)
  if (!found) throw new Problem('not_found', { detail: 'There is no such series.' })
  return found
}

/** The request that an occurrence makes on its date. */
export function requestOn(date: string, terms: Omit<SeriesTerms, 'from_date'>): BookingRequest {
  return {
    moment: { date, time: terms.time },
    party_size: terms.party_size,
    area: terms.area,
    table_id: terms.table_id,
  }
}

/** Each date that could not be had, with the nearest times of that day that are open: one more read for all of them. */
export async function conflictsOf(
  ctx: TenantCtx,
  refused: Refused,
  requestFor: (date: string) => BookingRequest,
): Promise<SeriesConflict[]> {
  if (refused.length === 0) return []
  const sorted = refused.toSorted((a, b) => (a.date < b.date ? -1 : 1))
  const dates = [...new Set(sorted.map((one) => one.date))]
  const { restaurant, claims } = await readDays(ctx, dates)
  return sorted.map(({ date, reason }) => ({
    date,
    code: reason,
    detail: `${problems[reason][1]}.`,
    alternatives:
      reason === 'illegal_step' ? [] : alternativesOn(restaurant, claims, reason, requestFor(date), ctx.now),
  }))
}
