import type { Cell } from '../platform/csv.ts'
import type { Guest } from './schema.ts'

/** R176. The columns of an export, in this order; their names stay the same from version to version. */
export const columns = [
  'id',
  'name',
  'phone',
  'email',
  'other_phones',
  'other_emails',
  'language',
  'vip',
  'tags',
  'allergies',
  'birthday',
  'notes',
  'segments',
  'visits',
  'first_visit',
  'last_visit',
  'cancellations',
  'no_shows',
  'spend',
  'currency',
  'usual_party',
  'usual_time',
  'created_at',
] as const

/** Lists are words with semicolons between them; money is in the currency's own unit; dates are the restaurant's. */
export function cellsOf(guest: Guest): Cell[] {
  const { statistics } = guest
  const row: Record<(typeof columns)[number], Cell> = {
    id: guest.id,
    name: guest.name,
    phone: guest.phone,
    email: guest.email,
    other_phones: list(guest.other_phones),
    other_emails: list(guest.other_emails),
    language: guest.language,
    vip: guest.vip,
    tags: list(guest.tags),
    allergies: list(guest.allergies),
    birthday: guest.birthday,
    notes: guest.notes,
    segments: list(guest.segments),
    visits: statistics.visits,
    first_visit: day(statistics.first_visit_at),
    last_visit: day(statistics.last_visit_at),
    cancellations: statistics.cancellations,
    no_shows: statistics.no_shows,
    spend: statistics.spend_minor / 10 ** minorDigits(statistics.currency),
    currency: statistics.currency,
    usual_party: statistics.usual_party,
    usual_time: statistics.usual_time,
    created_at: guest.created_at,
  }
  return columns.map((name) => row[name])
}

function day(at: string | null): string | null {
  return at && at.slice(0, 10)
}

function list(words: readonly string[]): string | null {
  return words.length > 0 ? words.join('; ') : null
}

/** Two for most; none for yen, three for dinars. */
function minorDigits(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}
