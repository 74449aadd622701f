import type { Once } from '../../platform/ctx.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { newConfirmationCode } from '../../platform/ids.ts'
import { Problem } from '../../platform/problem.ts'
import { loadAgain } from '../../restaurants/load.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { withArea } from '../asked-area.ts'
import { withTables } from '../asked-tables.ts'
import { presentReservation } from '../present.ts'
import { contactOf } from '../requests.ts'
import { arrivalOf, decideBooking } from '../rules.ts'
import { callOf, seatingColumns } from '../write.ts'
import { presentSeries } from './present.ts'
import type { BookedSeries, SeriesTerms } from './schema.ts'
import { callForAll, conflictsOf, problemIn, requestOn, type SeriesCall } from './write.ts'

/** Which dates, each on which terms, and what the series is to say then. */
export type DatesToBook = Pick<SeriesCall, 'id' | 'fields' | 'event'> & {
  version: number | null
  dates: string[]
  termsOn: (date: string) => Omit<SeriesTerms, 'from_date'>
  guest: { client_id: string | null; language: string | null }
  source: string
  all_or_nothing: boolean
}

/**
 * Books the dates of a series in one call: those that can be had, with the reason and the nearest open times of each that
 * cannot. 409 `series_conflicts` where it is none, or not all though all are wanted.
 */
export async function bookDates(ctx: TenantCtx, wish: DatesToBook, once: Once): Promise<Result<BookedSeries>> {
  let house = ctx
  for (const area of new Set(wish.dates.map((date) => wish.termsOn(date).area)))
    house = await withArea(house, area, once)
  const named = [...new Set(wish.dates.flatMap((date) => wish.termsOn(date).table_id ?? []))]
  for (let attempt = 1; attempt <= 4; attempt++) {
    house = await withTables(house, 'table_id', named, once)
    const { restaurant } = house
    const { occurrences, denied, twice } = decideDates(ctx, restaurant, wish, once)
    const answer = await callForAll(ctx, 'book_series', {
      ...callOf(ctx, restaurant, once),
      id: wish.id,
      version: wish.version,
      all_or_nothing: wish.all_or_nothing,
      occurrences,
      denied,
      fields: wish.fields,
      event: wish.event,
    })
    if (answer.outcome === 'stale_restaurant') {
      house = { ...ctx, restaurant: await loadAgain(ctx, restaurant.id) }
      continue
    }
    if (answer.outcome !== 'booked' && answer.outcome !== 'conflicts') throw problemIn(ctx, answer)
    const not_booked = await conflictsOf(house, answer.refused, (date) => requestOn(date, wish.termsOn(date)))
    if (answer.outcome === 'conflicts') throw new Problem('series_conflicts', { more: { not_booked } })
    const booked = answer.booked.map((row) => presentReservation(row, restaurant.timezone))
    return { data: { series: presentSeries(answer.series, house), booked, not_booked }, meta: noticesOf(twice) }
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}

type Decided = { occurrences: Record<string, unknown>[]; denied: Record<string, unknown>[]; twice: string[] }

function decideDates(ctx: TenantCtx, house: Restaurant, wish: DatesToBook, once: Once): Decided {
  const decided: Decided = { occurrences: [], denied: [], twice: [] }
  for (const date of wish.dates) {
    const terms = wish.termsOn(date)
    const request = requestOn(date, terms)
    const decision = decideBooking(request, house, ctx.now)
    if ('refusal' in decision) {
      const at = arrivalOf(request.moment, house.timezone)?.at
      const starts_at = at === undefined ? null : new Date(at).toISOString()
      const { party_size, area } = terms
      decided.denied.push({ date, reason: decision.refusal, party_size, starts_at, area })
      continue
    }
    if (decision.plan.twice) decided.twice.push(date)
    decided.occurrences.push({
      ...callOf(ctx, house, once),
      ...seatingColumns(decision.plan),
      ...contactOf({ ...terms, ...wish.guest }, house),
      per_phone: house.settings.per_phone,
      status: house.settings.approval === 'manual' ? 'pending' : 'confirmed',
      confirmation_code: newConfirmationCode(),
      area: terms.area,
      source: wish.source,
      series_date: date,
    })
  }
  return decided
}

function noticesOf(twice: string[]): { notices?: { code: string; message: string }[] } {
  if (twice.length === 0) return {}
  const message = `The clocks go back in the night of ${twice.join(', ')}; the first of the two times was taken.`
  return { notices: [{ code: 'time_occurs_twice', message }] }
}
