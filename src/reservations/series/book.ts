import type { Once } from '../../platform/ctx.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { contactOf } from '../requests.ts'
import { bookDates } from './dates.ts'
import { datesOf, readRule, writeRule } from './rules.ts'
import { type BookedSeries, mostOccurrences, type NewSeries } from './schema.ts'

/**
 * A table on every date of a rule, at the same wall time: 201 with what was booked, and what was not and why. Asked for
 * all or nothing, 409 `series_conflicts` and nothing is booked.
 */
export async function bookSeries(ctx: TenantCtx, input: NewSeries, once: Once): Promise<Result<BookedSeries>> {
  const { time, party_size, start_date } = input
  const reading = readRule(input.rrule, time, ctx.restaurant.timezone)
  if ('mistake' in reading) throw ruleProblem(reading.mistake)
  const rrule = writeRule(reading)
  const all = datesOf(rrule, start_date, mostOccurrences)
  if (!all || all.length === 0) throw ruleProblem(`gives no date from ${start_date} on`)
  if (all.length > mostOccurrences) throw ruleProblem(`gives more than ${mostOccurrences} dates`)
  const dates = all.filter((date) => !input.exdates.includes(date))
  if (dates.length === 0) throw ruleProblem('leaves no date after exdates')

  const contact = contactOf(input, ctx.restaurant)
  const terms = {
    time,
    party_size,
    area: input.area ?? null,
    table_id: input.table_id ?? null,
    name: input.name,
    phone_number: contact['phone_number'] ?? null,
    email: input.email ?? null,
    notes: input.notes ?? null,
    other_info: input.other_info ?? null,
  }
  const source = input.source ?? 'api'
  return bookDates(
    ctx,
    {
      id: null,
      version: null,
      dates,
      termsOn: () => terms,
      guest: { client_id: input.client_id ?? null, language: input.language ?? null },
      source,
      all_or_nothing: input.book === 'all_or_nothing',
      event: 'series.booked',
      fields: {
        rrule,
        start_date,
        last_date: all.at(-1),
        exdates: input.exdates,
        terms: [{ from_date: start_date, ...terms }],
        phone_number: terms.phone_number,
        source,
      },
    },
    once,
  )
}

/** 422 with what is wrong with a rule. */
export function ruleProblem(mistake: string): Problem {
  return new Problem('validation_failed', {
    detail: `rrule: ${mistake}`,
    errors: [{ path: 'rrule', message: mistake }],
  })
}
