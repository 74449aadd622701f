import type { Once } from '../../platform/ctx.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { wasAnswered } from '../asked-tables.ts'
import { ruleProblem } from './book.ts'
import { bookDates } from './dates.ts'
import { datesOf, readRule, termsAt, writeRule } from './rules.ts'
import { type BookedSeries, mostOccurrences, type SeriesExtension, type SeriesRow } from './schema.ts'
import { readSeries } from './write.ts'

// Ten years of every other day: more than a rule is ever followed.
const mostDates = 2_000

/**
 * More dates of a series, on the terms they would have had. Dates before its old end that were skipped, cancelled or not
 * to be had stay so, but for those named in `dates`.
 */
export async function extendSeries(
  ctx: TenantCtx,
  id: string,
  input: SeriesExtension,
  expected: number | null,
  once: Once,
): Promise<Result<BookedSeries>> {
  for (let attempt = 1; ; attempt++) {
    const { series, occurrences } = await readSeries(ctx, id, null)
    const { rrule, more } = longerRule(series, input, ctx.restaurant.timezone)
    const taken = occurrences.filter((one) => one.status !== 'cancelled').map((one) => one.series_date)
    const named = input.dates ?? []
    const dates = [...new Set([...more, ...named])].toSorted().filter((date) => !taken.includes(date))
    if (dates.length > mostOccurrences) throw ruleProblem(`gives more than ${mostOccurrences} dates more`)
    // Of a repeat, the dates may be its own.
    if (dates.length === 0 && !(await wasAnswered(ctx, once)))
      throw ruleProblem(`would give no date after ${series.last_date}, and none that is not booked`)
    const version = input.version ?? expected
    try {
      return await bookDates(
        ctx,
        {
          id,
          version: version ?? series.version,
          dates,
          termsOn: (date) => termsOn(series, date),
          guest: { client_id: occurrences.at(-1)?.guest_id ?? null, language: null },
          source: series.source,
          all_or_nothing: false,
          event: 'series.extended',
          fields: {
            rrule,
            last_date: [series.last_date, ...more].toSorted().at(-1),
            exdates: series.exdates.filter((date) => !named.includes(date)),
          },
        },
        once,
      )
    } catch (error) {
      // Somebody else changed it first, and the client had not said which version it saw: what it asks still holds.
      const lost = error instanceof Problem && error.code === 'stale_version'
      if (!lost || version !== null || attempt === 3) throw error
    }
  }
}

/** The rule with its new end, and the dates past the old one; unchanged where only dates are named. */
function longerRule(series: SeriesRow, input: SeriesExtension, timezone: string): { rrule: string; more: string[] } {
  if (input.until === undefined && input.count === undefined) return { rrule: series.rrule, more: [] }
  const reading = readRule(series.rrule, '00:00', timezone)
  if ('mistake' in reading) throw new Error(`series ${series.id} has a rule that cannot be read: ${reading.mistake}`)
  const rrule = writeRule({ rule: reading.rule, until: input.until ?? null, count: input.count ?? null })
  const more = (datesOf(rrule, series.start_date, mostDates) ?? []).filter(
    (date) => date > series.last_date && !series.exdates.includes(date),
  )
  return { rrule, more }
}

function termsOn(series: SeriesRow, date: string): SeriesRow['terms'][number] {
  const terms = termsAt(series, date)
  if (!terms) throw new Error(`series ${series.id} has no terms`)
  return terms
}
