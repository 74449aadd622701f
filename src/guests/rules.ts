import { toE164 } from '../platform/phone.ts'
import { clock } from '../platform/time.ts'
import type { Preferences } from './history-schema.ts'
import type { GuestRow, Reason, Segment } from './schema.ts'

/** What one candidate shares with who was asked for: `likeness` of the names is 0 to 1. */
export type Likeness = { phone: boolean; email: boolean; likeness: number }

export const mostCandidates = 5
// Of a phone, one in ten is shared by a family or an office; a name alone is anybody's.
const weights: Record<Reason, number> = { exact_phone: 0.9, exact_email: 0.9, exact_name: 0.6, close_name: 0.5 }
const namesDiffer = 0.7

/**
 * Each reason leaves less doubt than it found, so more evidence never lowers the score. Where a name was given and
 * is nothing like this guest's, somebody else may be calling from the same phone.
 */
export function scoreOf(found: Likeness, nameAsked: boolean): { score: number; why: Reason[] } {
  const { phone, email, likeness } = found
  const why: Reason[] = []
  if (phone) why.push('exact_phone')
  if (email) why.push('exact_email')
  if (likeness === 1) why.push('exact_name')
  else if (likeness > 0) why.push('close_name')
  let doubt = 1
  for (const reason of why) doubt *= 1 - weights[reason] * (reason === 'close_name' ? likeness : 1)
  const score = (1 - doubt) * (nameAsked && likeness === 0 ? namesDiffer : 1)
  return { score: Math.round(score * 1000) / 1000, why }
}

/** A whole number to be equal to, or digits to be contained; null where there are too few to search by. */
export type PhoneSearch = { equals: string } | { contains: string }
export function phoneSearch(value: string, country: string): PhoneSearch | null {
  const equals = toE164(value, country)
  if (equals) return { equals }
  const digits = value.replace(/\D/g, '')
  return /^[+\d\s().-]+$/.test(value) && digits.length >= 3 ? { contains: digits } : null
}

/** What somebody typed into the one field there is: a phone number, an e-mail, or else a name. */
export type Search = { phone: PhoneSearch | null; email: string | null; name: string | null }
export function readSearch(q: string, country: string): Search {
  const phone = phoneSearch(q, country)
  if (phone && !/\p{L}/u.test(q)) return { phone, email: null, name: null }
  if (/^[^\s@]+@[^\s@]+$/.test(q)) return { phone: null, email: q, name: null }
  return { phone: null, email: null, name: q }
}

const dayMs = 86_400_000
/** R172. In days: within which four visits are frequent and a first one is new, and after which who came twice has lapsed. */
export const frequentDays = 90
export const newDays = 90
export const lapsedDays = 180

/** R172. Which segments a guest is in at `now` (milliseconds). The same conditions as `inSegment` in queries.ts. */
export function segmentsOf(
  guest: Pick<GuestRow, 'vip' | 'visits' | 'last_visit_at' | 'stats'>,
  now: number,
): Segment[] {
  const since = (at: string | null | undefined): number => (at ? (now - Date.parse(at)) / dayMs : Infinity)
  const last = since(guest.last_visit_at)
  const is: Record<Segment, boolean> = {
    vip: guest.vip,
    frequent: since(guest.stats?.fourth_last_visit_at) <= frequentDays,
    new: guest.visits === 1 && last <= newDays,
    lapsed: guest.visits >= 2 && last > lapsedDays,
    no_show_risk: guest.stats?.no_show_risk ?? false,
  }
  return segmentNames.filter((segment) => is[segment])
}
const segmentNames: readonly Segment[] = ['vip', 'frequent', 'new', 'lapsed', 'no_show_risk']

export type Habit = { what: string; value: string; times: number }
type Learned<V> = { value: V; times: number; of: number } | null

/** R174. A habit is what they did at least twice, and in two of five visits: anything less is chance. */
export function learnedOf(habits: readonly Habit[], visits: number, withOrders: number): Preferences['learned'] {
  const isHabit = (one: Habit, of: number): boolean => one.times >= 2 && one.times * 5 >= of * 2
  const of = (what: string): Learned<string> => {
    const [best] = habits.filter((one) => one.what === what)
    return best && isHabit(best, visits) ? { value: best.value, times: best.times, of: visits } : null
  }
  return {
    area: of('area'),
    table: of('table'),
    time: of('time'),
    weekday: asNumber(of('weekday')),
    party_size: asNumber(of('party_size')),
    dishes: habits
      .filter((one) => one.what === 'dish' && isHabit(one, withOrders))
      .map(({ value, times }) => ({ value, times, of: withOrders })),
  }
}

function asNumber(one: Learned<string>): Learned<number> {
  return one && { ...one, value: Number(one.value) }
}

/** Minutes of a day as a clock shows them. */
export function timeOf(minute: number | null | undefined): string | null {
  return minute === null || minute === undefined ? null : clock(minute)
}
