import { addDays, daysBetween } from '../platform/time.ts'
import { firstInstantAt, servicesOn } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { byNumber } from './board-rules.ts'
import type { Utilisation } from './board-schema.ts'

/** As far back as one answer looks. */
export const longestRangeDays = 92

/** Minutes the house was open on these dates, hours that overlap counted once; DST-safe by instants. */
export function openMinutes(restaurant: Restaurant, from: string, to: string): number {
  let total = 0
  let counted = 0
  for (let date = from; date <= to; date = addDays(date, 1)) {
    for (const service of servicesOn(restaurant, date)) {
      const opens = Math.max(firstInstantAt(date, service.opens_minute, restaurant.timezone), counted)
      const closes = firstInstantAt(date, service.closes_minute, restaurant.timezone)
      if (closes <= opens) continue
      total += closes - opens
      counted = closes
    }
  }
  return Math.round(total / 60_000)
}

type Use = { table_id: string; parties: number; covers: number; seated_minutes: number }

const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** R115. Of each table: how long it was sat at of the time the house was open, how full, how often. */
export function utilisationOf(restaurant: Restaurant, uses: Use[], from: string, to: string): Utilisation {
  const open_minutes = openMinutes(restaurant, from, to)
  const days = daysBetween(from, to) + 1
  return {
    from,
    to,
    tables: restaurant.tables.toSorted(byNumber).map(({ id, number, seats, area }) => {
      const use = uses.find((one) => one.table_id === id)
      const { parties, covers, seated_minutes } = use ?? { parties: 0, covers: 0, seated_minutes: 0 }
      return {
        id,
        number,
        seats,
        area,
        open_minutes,
        parties,
        seated_minutes: Math.round(seated_minutes),
        covers: Math.round(covers * 10) / 10,
        utilisation: open_minutes === 0 ? 0 : rounded(seated_minutes / open_minutes),
        seat_fill: parties === 0 ? null : rounded(covers / (parties * seats)),
        turns_per_day: rounded(parties / days),
      }
    }),
  }
}
