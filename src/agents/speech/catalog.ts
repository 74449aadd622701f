import type { ProblemCode } from '../../platform/problem.ts'
import type { Allergen, Diet } from '../../restaurants/menu-schema.ts'

/** What is said is put together from these; days, times and sums come in as words of the language already. */
export type Catalog = {
  today: string
  tomorrow: string
  at: (day: string, time: string) => string
  people: (count: number) => string
  consent: string
  free: (when: string, party: string) => string
  free_times: (day: string, party: string, times: string) => string
  none_free: (day: string, party: string) => string
  offer: (times: string) => string
  held: (when: string, party: string) => string
  ask_book: (booking: { when: string; party: string; name: string; requests: string | null }) => string
  booked: (when: string, party: string, code: string) => string
  requested: (when: string, party: string) => string
  found: (when: string, party: string, code: string) => string
  found_several: (bookings: string) => string
  over: Record<'cancelled' | 'completed' | 'no_show', (when: string) => string>
  ask_change: (from: string, to: string) => string
  ask_requests: (when: string, requests: string) => string
  changed: (when: string, party: string) => string
  ask_cancel: (when: string, party: string) => string
  cancelled: (when: string) => string
  late: (until: string) => string
  transfer: string
  call_back: string
  open: (day: string, hours: string) => string
  hours: (opens: string, closes: string) => string
  midnight: string
  closed: (day: string) => string
  address: (address: string) => string
  contact: (ways: string) => string
  no_fact: string
  largest_party: (party: string) => string
  grace: (minutes: number) => string
  horizon: (days: number) => string
  menu_overview: (categories: string) => string
  dish: (name: string, price: string) => string
  sold_out: (name: string) => string
  not_now: (name: string) => string
  contains: (name: string, allergens: string) => string
  declares_none: (name: string) => string
  declared_with: (allergen: string, dishes: string) => string
  not_declared_with: (allergen: string, dishes: string) => string
  suits: (diet: string, dishes: string) => string
  no_dish: string
  caution: string
  listed: (party: string, day: string) => string
  wait: (party: string, from: number, to: number) => string
  allergens: Record<Allergen, string>
  diets: Record<Diet, string>
  /** Instead of the hint of the problem, which is English. */
  refusals: Partial<Record<ProblemCode, string>>
}
