import { addDays, clock, isoAt, isoWeekday, wallOf } from '../platform/time.ts'
import type { HouseContext } from './context-schema.ts'
import {
  daySentence,
  nowSentence,
  policySentences,
  specialDaySentence,
  weekdayNames,
} from './context-sentence-rules.ts'
import type { MenuBrief } from './menu-schema.ts'
import { closesAt, firstInstantAt, servicesOn, tablesOf, type Service } from './rules.ts'
import type { Opening, Restaurant } from './schema.ts'

/** The furthest a next opening is looked for. */
const searchDays = 400

/** What an agent must know to speak for the house at `now`, in milliseconds. */
export function contextOf(restaurant: Restaurant, now: number, menu: MenuBrief = []): HouseContext {
  const { id, slug, name, address, phone, email, country, timezone, currency, languages } = restaurant
  const wall = wallOf(now, timezone)
  const special_days = restaurant.special_days
    .filter((day) => day.date >= wall.date)
    .map((day) => {
      const openings = openingsOn(restaurant, day.date)
      const one = { date: day.date, weekday: isoWeekday(day.date), openings, reason: day.reason ?? null }
      return { ...one, sentence: specialDaySentence(one) }
    })
  return {
    restaurant: { id, slug, name, address, phone, email, country, timezone, currency, languages },
    now: {
      at: isoAt(now, timezone),
      date: wall.date,
      time: clock(wall.minute),
      weekday: weekdayNames[isoWeekday(wall.date) - 1] ?? '',
    },
    today: todayOf(restaurant, now),
    hours: weekOf(restaurant),
    special_days,
    policies: policiesOf(restaurant, wall.date),
    room: roomOf(restaurant),
    menu,
  }
}

/** R36. Whether the house is open at an instant, until when, and when it opens next; null: as far as one can see, never. */
export function doorsAt(
  house: Restaurant,
  now: number,
): { open: boolean; closes_at: number | null; next_opens_at: number | null; next_closes_at: number | null } {
  const service = serviceUnderWay(house, now)
  const closing = service ? closesAt(house, service) : null
  // Open again at the very moment it closes, days on: around the clock.
  const closes_at = closing !== null && serviceUnderWay(house, closing) ? null : closing
  const endless = service !== undefined && closes_at === null
  const next = endless ? undefined : nextService(house, closes_at ?? now)
  return {
    open: service !== undefined,
    closes_at,
    next_opens_at: next ? opensAt(house, next) : null,
    next_closes_at: service ? closes_at : next ? closesAt(house, next) : null,
  }
}

/** By instants, not by the clock on the wall: in the night the clocks go back, a quarter past one comes twice. */
function serviceUnderWay(house: Restaurant, now: number): Service | undefined {
  const { date } = wallOf(now, house.timezone)
  return [-1, 0]
    .flatMap((days) => servicesOn(house, addDays(date, days)))
    .find((one) => opensAt(house, one) <= now && now < firstInstantAt(one.date, one.closes_minute, house.timezone))
}

function nextService(house: Restaurant, after: number): Service | undefined {
  const { date } = wallOf(after, house.timezone)
  for (let days = 0; days <= searchDays; days++) {
    const found = servicesOn(house, addDays(date, days)).find((one) => opensAt(house, one) >= after)
    if (found) return found
  }
  return undefined
}

function opensAt(house: Restaurant, service: Service): number {
  return firstInstantAt(service.date, service.opens_minute, house.timezone)
}

function todayOf(restaurant: Restaurant, now: number): HouseContext['today'] {
  const { timezone } = restaurant
  const doors = doorsAt(restaurant, now)
  const iso = (at: number | null): string | null => (at === null ? null : isoAt(at, timezone))
  return {
    open: doors.open,
    openings: openingsOn(restaurant, wallOf(now, timezone).date),
    closes_at: iso(doors.closes_at),
    next_opens_at: iso(doors.next_opens_at),
    next_closes_at: iso(doors.next_closes_at),
    sentence: nowSentence(doors, now, timezone),
  }
}

function weekOf(restaurant: Restaurant): HouseContext['hours'] {
  return weekdayNames.map((name, i) => {
    const weekday = i + 1
    const openings = restaurant.hours
      .filter((hours) => hours.days.includes(weekday))
      .map(({ opens, closes }) => ({ opens, closes }))
      .toSorted((a, b) => (a.opens < b.opens ? -1 : 1))
    return { weekday, name, openings, sentence: daySentence(`On ${name}s`, openings) }
  })
}

function openingsOn(restaurant: Restaurant, date: string): Opening[] {
  return servicesOn(restaurant, date).map((one) => ({
    opens: clock(one.opens_minute),
    closes: one.closes_minute === 1440 ? '24:00' : clock(one.closes_minute),
  }))
}

/** R37. The largest party that both the settings and the room as it is take; 0 while there is no table. */
export function largestParty(restaurant: Pick<Restaurant, 'settings' | 'tables' | 'combinations'>): number {
  const { tables, combinations, settings } = restaurant
  const sizes = [
    ...tables.filter((table) => table.enabled).map((table) => table.seats),
    ...combinations.filter((one) => tablesOf(one, tables)).map((one) => one.max_party),
  ]
  return Math.min(Math.max(0, ...sizes), settings.max_party ?? Infinity)
}

function policiesOf(restaurant: Restaurant, today: string): HouseContext['policies'] {
  const { horizon_days, min_notice_minutes, last_seating_minutes, grace_minutes, hold_minutes } = restaurant.settings
  const { turn_rules, approval, per_phone } = restaurant.settings
  const policies = {
    horizon_days,
    min_notice_minutes,
    last_seating_minutes,
    grace_minutes,
    hold_minutes,
    turn_rules,
    approval,
    per_phone,
    largest_party: largestParty(restaurant),
    last_date: addDays(today, horizon_days),
  }
  return { ...policies, sentences: policySentences(policies) }
}

function roomOf(restaurant: Restaurant): HouseContext['room'] {
  const areas = new Map<string | null, { tables: number; seats: number }>()
  const usable = restaurant.tables.filter((table) => table.enabled)
  for (const { area, seats } of usable) {
    const so_far = areas.get(area) ?? { tables: 0, seats: 0 }
    areas.set(area, { tables: so_far.tables + 1, seats: so_far.seats + seats })
  }
  return {
    tables: usable.length,
    seats: usable.reduce((sum, table) => sum + table.seats, 0),
    areas: [...areas]
      .map(([name, counts]) => ({ name, ...counts }))
      .toSorted((a, b) => (a.name ?? '').localeCompare(b.name ?? '', 'en')),
  }
}
