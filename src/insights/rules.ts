import { addDays, clock, daysBetween, isoWeekday } from '../platform/time.ts'
import { firstInstantAt, servicesOn } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { type AnalyticsQuery, type Group, mostDays } from './schema.ts'

type House = Pick<Restaurant, 'timezone' | 'hours' | 'special_days'>
/** A service day and when the house is open within it, as figures_of() takes it. */
export type DayToReckon = { day: string; open: { from: string; to: string }[] }

/** Minutes after midnight at which a service day begins. */
export const dayBegins = 5 * 60

/** The service day of an instant: local time less five hours, as service_day() in SQL has it. */
export function serviceDayOf(wall: { date: string; minute: number }): string {
  return wall.minute < dayBegins ? addDays(wall.date, -1) : wall.date
}

/** R185. Opening time belongs to the service day it falls on, from five to five; hours that touch are one stretch. */
export function daysToReckon(house: House, days: readonly string[]): DayToReckon[] {
  return days.map((day) => {
    const from = firstInstantAt(day, dayBegins, house.timezone)
    const to = firstInstantAt(addDays(day, 1), dayBegins, house.timezone)
    const stretches = [addDays(day, -1), day, addDays(day, 1)]
      .flatMap((date) => servicesOn(house, date))
      .map(({ date, opens_minute, closes_minute }) => ({
        from: Math.max(from, firstInstantAt(date, opens_minute, house.timezone)),
        to: Math.min(to, firstInstantAt(date, closes_minute, house.timezone)),
      }))
      .filter((stretch) => stretch.from < stretch.to)
      .toSorted((a, b) => a.from - b.from)
    const open: { from: number; to: number }[] = []
    for (const stretch of stretches) {
      const last = open.at(-1)
      if (last && stretch.from <= last.to) last.to = Math.max(last.to, stretch.to)
      else open.push(stretch)
    }
    return {
      day,
      open: open.map((one) => ({ from: new Date(one.from).toISOString(), to: new Date(one.to).toISOString() })),
    }
  })
}

export function daysFrom(from: string, to: string): string[] {
  return Array.from({ length: Math.max(0, daysBetween(from, to) + 1) }, (_, i) => addDays(from, i))
}

/** R190. The days asked for, or the sentence that says what is wrong with them. */
export function rangeOf(
  { from, to }: Pick<AnalyticsQuery, 'from' | 'to'>,
  today: string,
): { from: string; to: string } | { mistake: string } {
  const last = to ?? (from !== undefined && from > today ? from : today)
  const first = from ?? addDays(last, -27)
  if (first > last) return { mistake: 'must not be before `from`' }
  if (daysBetween(first, last) >= mostDays) return { mistake: `must be less than ${mostDays} days after \`from\`` }
  return { from: first, to: last }
}

/** Days that may have no figures yet: those of the range that the hourly job may not have reached. */
export function liveDays({ from, to }: { from: string; to: string }, today: string): string[] {
  return daysFrom(addDays(today, -2), today).filter((day) => day >= from && day <= to)
}

/** As SQL names the groups. */
export function groupOf(day: string, group: Group): string {
  switch (group) {
    case 'day':
      return day
    case 'week':
      return addDays(day, 1 - isoWeekday(day))
    case 'month':
      return day.slice(0, 7)
    case 'weekday':
      return String(isoWeekday(day))
  }
}

/** How many days of a range are in each group, those to come left out. */
export function daysByGroup(
  { from, to }: { from: string; to: string },
  group: Group,
  today: string,
): Map<string, number> {
  const days = new Map<string, number>()
  for (const day of daysFrom(from, to < today ? to : today)) {
    const name = groupOf(day, group)
    days.set(name, (days.get(name) ?? 0) + 1)
  }
  return days
}

/** R187. The nearest rank: the least bin that holds this share of all; null where there is nothing. */
export function percentileOf(bins: ReadonlyMap<number, number>, share: number): number | null {
  const total = [...bins.values()].reduce((sum, n) => sum + n, 0)
  if (total === 0) return null
  let seen = 0
  for (const [bin, n] of [...bins].toSorted(([a], [b]) => a - b)) {
    seen += n
    if (seen >= share * total - 1e-9) return bin
  }
  return null
}

/** Four decimals; null where it is a share of nothing. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 ? Math.round((part / whole) * 10_000) / 10_000 : null
}

export function halfHourOf(minute: number): string {
  return clock(minute)
}

/** Half-hours in the order of a service day, which begins at five. */
export function inServiceOrder(minute: number): number {
  return (minute - dayBegins + 1440) % 1440
}
