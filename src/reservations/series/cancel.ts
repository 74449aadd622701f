import type { Once } from '../../platform/ctx.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { addDays } from '../../platform/time.ts'
import { presentReservation } from '../present.ts'
import { steps } from '../rules.ts'
import { advanceAfter } from '../waitlist/advance.ts'
import { callOf } from '../write.ts'
import { isToCome } from './change.ts'
import { presentSeries } from './present.ts'
import { readRule, writeRule } from './rules.ts'
import type { CancelledSeries, SeriesCancel, SeriesRow } from './schema.ts'
import { callForAll, problemIn, readSeries, type SeriesCall } from './write.ts'

/**
 * Cancels one occurrence (its date is left out from then on), those from a date on (the series ends before it), or all
 * that are to come. Tables are free at once; who sits already, or has left, stays in the book.
 */
export async function cancelSeries(
  ctx: TenantCtx,
  id: string,
  input: SeriesCancel,
  expected: number | null,
  once: Once,
): Promise<Result<CancelledSeries>> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const { series, occurrences } = await readSeries(ctx, id, input.scope === 'all' ? null : (input.from_date ?? null))
    const chosen = occurrences.filter(
      (one) => isToCome(one, ctx.now) && (input.scope !== 'this' || one.series_date === input.from_date),
    )
    const answer = await callForAll(ctx, 'cancel_series', {
      ...callOf(ctx, ctx.restaurant, once),
      id,
      version: expected ?? series.version,
      occurrences: chosen.map((row) => ({
        ...callOf(ctx, ctx.restaurant, once),
        ref_kind: 'id',
        ref: row.id,
        step: 'cancel',
        allowed_from: steps.cancel.from,
        status: steps.cancel.to,
        why: input.why ?? null,
      })),
      why: input.why ?? null,
      ...ending(series, input, ctx.restaurant.timezone),
    })
    if (answer.outcome === 'cancelled') {
      ctx.after(advanceAfter(ctx, null))
      const cancelled = answer.cancelled.map((row) => presentReservation(row, ctx.restaurant.timezone))
      return { data: { series: presentSeries(answer.series, ctx), cancelled } }
    }
    if (answer.outcome !== 'stale' || expected !== null) throw problemIn(ctx, answer)
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}

/** What the series says once the occurrences are gone. */
function ending(series: SeriesRow, input: SeriesCancel, timezone: string): Pick<SeriesCall, 'fields' | 'event'> {
  const from = input.scope === 'all' ? series.start_date : (input.from_date ?? series.start_date)
  if (input.scope === 'this')
    return { event: 'series.changed', fields: { exdates: [...new Set([...series.exdates, from])].toSorted() } }
  if (from <= series.start_date) return { event: 'series.cancelled', fields: { status: 'cancelled' } }
  const last_date = addDays(from, -1)
  // Where it had ended before, its end stays.
  if (last_date >= series.last_date) return { event: 'series.changed', fields: {} }
  const reading = readRule(series.rrule, '00:00', timezone)
  if ('mistake' in reading) throw new Error(`series ${series.id} has a rule that cannot be read: ${reading.mistake}`)
  const rrule = writeRule({ rule: reading.rule, until: last_date, count: null })
  return { event: 'series.changed', fields: { rrule, last_date } }
}
