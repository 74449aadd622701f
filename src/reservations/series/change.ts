import type { Once } from '../../platform/ctx.ts'
import type { Result, TenantCtx } from '../../platform/endpoint.ts'
import { Problem } from '../../platform/problem.ts'
import { loadAgain } from '../../restaurants/load.ts'
import { withArea } from '../asked-area.ts'
import { withTables } from '../asked-tables.ts'
import { askedOf, changeReservation } from '../change.ts'
import { presentReservation } from '../present.ts'
import { contactOf } from '../requests.ts'
import { decideChange } from '../rules.ts'
import type { ReservationEdit } from '../schema.ts'
import { advanceAfter } from '../waitlist/advance.ts'
import { callOf, seatingColumns } from '../write.ts'
import { presentSeries } from './present.ts'
import type { WholeSeries } from './queries.ts'
import { changeOf, editOf, termsAfter, termsAt } from './rules.ts'
import type { ChangedSeries, KeptEdit, SeriesEdit, SeriesRow, SeriesTerms, TermsChange } from './schema.ts'
import { callForAll, conflictsOf, problemIn, readSeries, requestOn } from './write.ts'

type Occurrence = WholeSeries['occurrences'][number]

/**
 * Changes one occurrence, those from a date on, or all that are to come. Each moves by itself: one that cannot be had
 * stays as it was and is reported, and what was edited by itself stays unless `overwrite`.
 */
export async function changeSeries(
  ctx: TenantCtx,
  id: string,
  input: SeriesEdit,
  expected: number | null,
  once: Once,
): Promise<Result<ChangedSeries>> {
  const change = termsChangeOf(ctx, input)
  const version = input.version ?? expected
  let house = ctx
  for (let attempt = 1; attempt <= 4; attempt++) {
    const { series, occurrences } = await readSeries(ctx, id, input.scope === 'all' ? null : (input.from_date ?? null))
    if (input.scope === 'this') return changeOne(house, series, occurrences, change, input, version, once)
    const coming = occurrences.filter((one) => isToCome(one, ctx.now))
    house = await withTables(
      await withArea(house, change.area, once),
      'table_id',
      change.table_id ? [change.table_id] : [],
      once,
    )
    const decided = decideChanges(house, series, coming, change, input.overwrite, once)
    const from = input.scope === 'all' ? series.start_date : (input.from_date ?? series.start_date)
    const terms = termsAfter(series.terms, from, change)
    const answer = await callForAll(ctx, 'change_series', {
      ...callOf(ctx, house.restaurant, once),
      id,
      version: version ?? series.version,
      occurrences: decided.plans,
      denied: decided.denied,
      fields: { terms, phone_number: terms.at(-1)?.phone_number ?? null, source: series.source },
      event: 'series.changed',
    })
    if (answer.outcome === 'stale_restaurant') house = { ...ctx, restaurant: await loadAgain(ctx, ctx.restaurant.id) }
    else if (answer.outcome === 'changed') {
      ctx.after(advanceAfter(house, null))
      const not_changed = await conflictsOf(house, answer.refused, (date) =>
        requestOn(date, { ...baselineOf(series, date), ...change }),
      )
      const changed = answer.changed.map((row) => presentReservation(row, house.restaurant.timezone))
      return { data: { series: presentSeries(answer.series, house), changed, not_changed, kept: decided.kept } }
    } else {
      // Somebody else was first; where the client had not said which version it saw, what it asks still holds.
      const again = answer.outcome === 'stale_occurrences' || (answer.outcome === 'stale' && version === null)
      if (!again) throw problemIn(house, answer)
    }
  }
  throw new Problem('busy', { retry_after_seconds: 1 })
}

/** One that nobody sits at yet, and whose time has not come. `now` in milliseconds. */
export function isToCome(one: Occurrence, now: number): boolean {
  return (one.status === 'pending' || one.status === 'confirmed') && Date.parse(one.starts_at) > now
}

function termsChangeOf(ctx: TenantCtx, input: SeriesEdit): TermsChange {
  const change = changeOf(input)
  if (Object.keys(change).length === 0) {
    const message = 'nothing is named that is to change'
    throw new Problem('validation_failed', { detail: message, errors: [{ path: '', message }] })
  }
  if (change.phone_number) change.phone_number = contactOf(change, ctx.restaurant)['phone_number'] ?? null
  return change
}

/** As any reservation is changed: what cannot be had is a problem of its own. */
async function changeOne(
  ctx: TenantCtx,
  series: SeriesRow,
  occurrences: Occurrence[],
  change: TermsChange,
  input: SeriesEdit,
  version: number | null,
  once: Once,
): Promise<Result<ChangedSeries>> {
  if (version !== null && version !== series.version) throw problemIn(ctx, { outcome: 'stale', series })
  const row = occurrences.find((one) => one.series_date === input.from_date && one.status !== 'cancelled')
  if (!row) throw new Problem('not_found', { detail: `The series has no occurrence on ${input.from_date}.` })
  const { data, meta } = await changeReservation(ctx, row.id, reservationEdit(row, change), null, once)
  return {
    data: { series: presentSeries(series, ctx), changed: [data], not_changed: [], kept: [] },
    ...(meta ? { meta } : {}),
  }
}

type Decided = { plans: Record<string, unknown>[]; denied: Record<string, unknown>[]; kept: KeptEdit[] }

function decideChanges(
  ctx: TenantCtx,
  series: SeriesRow,
  rows: Occurrence[],
  change: TermsChange,
  overwrite: boolean,
  once: Once,
): Decided {
  const { restaurant } = ctx
  const decided: Decided = { plans: [], denied: [], kept: [] }
  for (const row of rows) {
    const date = row.series_date
    const edit = editOf(row, baselineOf(series, date), change, overwrite, restaurant.timezone)
    if (edit.kept.length > 0) decided.kept.push({ date, reservation_id: row.id, fields: edit.kept })
    const { request, moves, columns } = askedOf(row, reservationEdit(row, edit.change), restaurant)
    if (Object.keys(edit.change).length === 0) continue
    const decision = decideChange(request, row, moves, restaurant, ctx.now)
    if ('refusal' in decision) {
      const { party_size, area } = request
      decided.denied.push({ date, reason: decision.refusal, party_size, starts_at: row.starts_at, area })
      continue
    }
    decided.plans.push({
      ...callOf(ctx, restaurant, once),
      ...seatingColumns(decision.plan),
      ...columns,
      version: row.version,
      per_phone: restaurant.settings.per_phone,
      series_date: date,
    })
  }
  return decided
}

/** A change of terms as an edit of one occurrence; a time is one of the date that the rule gives. */
function reservationEdit(row: Occurrence, change: TermsChange): ReservationEdit {
  const { time, table_id, ...rest } = change
  return {
    ...rest,
    ...(time === undefined ? {} : { date: row.series_date, time }),
    // No table wished for any more: it keeps the one it has.
    ...(table_id ? { table_id } : {}),
  }
}

function baselineOf(series: SeriesRow, date: string): SeriesTerms {
  const terms = termsAt(series, date)
  if (!terms) throw new Error(`series ${series.id} has no terms`)
  return terms
}
