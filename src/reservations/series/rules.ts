import { RRuleTemporal } from 'rrule-temporal'
import { addDays, clock, minutesOf, wallOf } from '../../platform/time.ts'
import type { ReservationRow } from '../schema.ts'
import type { KeptEdit, SeriesEdit, SeriesRow, SeriesTerms, TermsChange } from './schema.ts'

/** What RFC 5545 allows of a rule here: whole dates, none of the parts that name an hour. */
const parts: Record<string, RegExp> = {
  FREQ: /^(DAILY|WEEKLY|MONTHLY|YEARLY)$/,
  INTERVAL: /^[1-9]\d{0,2}$/,
  COUNT: /^[1-9]\d{0,3}$/,
  UNTIL: /^\d{8}(T\d{6}Z?)?$/,
  BYDAY: /^([+-]?[1-5]?\d?(MO|TU|WE|TH|FR|SA|SU))(,[+-]?[1-5]?\d?(MO|TU|WE|TH|FR|SA|SU))*$/,
  BYMONTHDAY: /^-?([1-9]|[12]\d|3[01])(,-?([1-9]|[12]\d|3[01]))*$/,
  BYMONTH: /^([1-9]|1[0-2])(,([1-9]|1[0-2]))*$/,
  BYSETPOS: /^-?[1-9]\d{0,2}(,-?[1-9]\d{0,2})*$/,
  WKST: /^(MO|TU|WE|TH|FR|SA|SU)$/,
}
type Parts = Map<string, string>

/** A rule that can be followed, or why it cannot. `until` is its last local date, where it has one. */
export type RuleReading = { rule: Parts; until: string | null; count: number | null } | { mistake: string }

/**
 * R135. A rule as RFC 5545 writes it. UNTIL is a local date; where it is an instant, the last date on which `time` is not
 * past it. Every rule ends.
 */
export function readRule(rrule: string, time: string, timezone: string): RuleReading {
  const rule: Parts = new Map()
  for (const part of rrule
    .trim()
    .replace(/^RRULE:/i, '')
    .toUpperCase()
    .split(';')) {
    const [name = '', value = ''] = part.split('=')
    if (!Object.hasOwn(parts, name)) return { mistake: `${name || 'an empty part'} is not taken here` }
    if (rule.has(name)) return { mistake: `${name} is given twice` }
    if (!parts[name]?.test(value)) return { mistake: `${name} is not right` }
    rule.set(name, value)
  }
  const freq = rule.get('FREQ')
  const ordinal = /\d/.test(rule.get('BYDAY') ?? '')
  if (freq === undefined) return { mistake: 'FREQ is missing' }
  if (ordinal && (freq === 'DAILY' || freq === 'WEEKLY'))
    return { mistake: `BYDAY has no numbers where FREQ is ${freq}` }
  if (rule.has('BYMONTHDAY') && freq === 'WEEKLY') return { mistake: 'BYMONTHDAY does not go with FREQ=WEEKLY' }
  if (rule.has('BYSETPOS') && !['BYDAY', 'BYMONTHDAY', 'BYMONTH'].some((name) => rule.has(name)))
    return { mistake: 'BYSETPOS needs another BY part' }
  if (rule.has('COUNT') && rule.has('UNTIL')) return { mistake: 'COUNT and UNTIL do not go together' }
  if (!rule.has('COUNT') && !rule.has('UNTIL')) return { mistake: 'needs COUNT or UNTIL: a series ends' }
  const until = rule.has('UNTIL') ? lastDate(rule.get('UNTIL') ?? '', time, timezone) : null
  if (until === undefined) return { mistake: 'UNTIL is no date' }
  return { rule, until, count: rule.has('COUNT') ? Number(rule.get('COUNT')) : null }
}

function lastDate(value: string, time: string, timezone: string): string | undefined {
  const date = `${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6, 8)}`
  const clockTime =
    value.length > 8 ? `T${value.slice(9, 11)}:${value.slice(11, 13)}:${value.slice(13, 15)}Z` : 'T00:00:00Z'
  const at = Date.parse(`${date}${clockTime}`)
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(date)) return undefined
  if (value.length === 8) return date
  const wall = value.endsWith('Z') ? wallOf(at, timezone) : wallOf(at, 'UTC')
  return minutesOf(time) <= wall.minute ? wall.date : addDays(wall.date, -1)
}

/** The rule in one spelling, ended as said. */
export function writeRule(reading: { rule: Parts; until: string | null; count: number | null }): string {
  const names = Object.keys(parts).filter((name) => name !== 'COUNT' && name !== 'UNTIL' && reading.rule.has(name))
  const end = reading.until === null ? `COUNT=${reading.count}` : `UNTIL=${reading.until.replaceAll('-', '')}`
  return [...names.map((name) => `${name}=${reading.rule.get(name)}`), end].join(';')
}

/** No date past it can be asked for: see LocalDate. */
const lastOfAll = '2199-12-31'

/**
 * The local dates of a rule from its first possible one on, ascending, one more than `most` at the most. They are counted
 * in days, which have no clock: what a date's wall time is as an instant is found for each of them later.
 */
export function datesOf(rrule: string, start_date: string, most: number): string[] | null {
  const withoutDash = start_date.replaceAll('-', '')
  const bounded = rrule.replace(/(UNTIL=\d{8})(?!T)/, '$1T235959Z')
  try {
    const rule = new RRuleTemporal({
      rruleString: `DTSTART;TZID=UTC:${withoutDash}T000000\nRRULE:${bounded}`,
      maxIterations: 4_000,
      cache: false,
    })
    const dates = rule.all((_date, i) => i <= most).map((date) => date.toString().slice(0, 10))
    return dates.filter((date) => date <= lastOfAll)
  } catch {
    return null // a rule such as the 30th of February, which never comes
  }
}

/** What an occurrence of that date was to be. */
export function termsAt(series: Pick<SeriesRow, 'terms'>, date: string): SeriesTerms | undefined {
  return series.terms.findLast((terms) => terms.from_date <= date) ?? series.terms[0]
}

/** R141. The terms after an edit from a date on: every date before it keeps its own, every other has the change. */
export function termsAfter(terms: SeriesTerms[], from_date: string, change: TermsChange): SeriesTerms[] {
  const before = terms.filter((one) => one.from_date < from_date)
  const after = terms.filter((one) => one.from_date >= from_date)
  const current = before.at(-1)
  const begins = after[0]?.from_date === from_date || !current ? [] : [{ ...current, from_date }]
  return [...before, ...[...begins, ...after].map((one) => ({ ...one, ...change }))]
}

type Field = KeptEdit['fields'][number]
export const editableFields = [
  'time',
  'party_size',
  'area',
  'table_id',
  'name',
  'phone_number',
  'email',
  'notes',
  'other_info',
] as const satisfies readonly Field[]

/** What an edit of a series says of its occurrences. */
export function changeOf(edit: SeriesEdit): TermsChange {
  return Object.fromEntries(
    editableFields.flatMap((field) => (edit[field] === undefined ? [] : [[field, edit[field]]])),
  )
}

type Occurrence = ReservationRow & { series_date: string }

/**
 * R142. What of a change an occurrence takes, and what it keeps: a field that is not as the series had it was edited by
 * itself. One that is already as wanted is neither.
 */
export function editOf(
  row: Occurrence,
  baseline: SeriesTerms,
  change: TermsChange,
  overwrite: boolean,
  timezone: string,
): { change: TermsChange; kept: Field[] } {
  const has = fieldsOf(row, baseline, timezone)
  const taken: [Field, unknown][] = []
  const kept: Field[] = []
  for (const field of editableFields) {
    const wanted = change[field]
    if (wanted === undefined || has[field] === wanted) continue
    if (overwrite || has[field] === baseline[field]) taken.push([field, wanted])
    else kept.push(field)
  }
  return { change: Object.fromEntries(taken), kept }
}

/** An occurrence in the terms of its series. Which table it got where none was asked for is the house's choice, no edit. */
function fieldsOf(row: Occurrence, baseline: SeriesTerms, timezone: string): Record<Field, unknown> {
  const wall = wallOf(Date.parse(row.starts_at), timezone)
  const own = row.tables.length === 1 ? (row.tables[0]?.id ?? null) : null
  const { party_size, area, name, phone_number, email, notes, other_info } = row
  return {
    // Another date is another time, whatever its hour.
    time: wall.date === row.series_date ? clock(wall.minute) : `${wall.date} ${clock(wall.minute)}`,
    party_size,
    area,
    table_id: baseline.table_id === null ? null : own,
    name,
    phone_number,
    email,
    notes,
    other_info,
  }
}
