import { randomUUID } from 'node:crypto'
import { addDays, wallOf } from '../../src/platform/time.ts'
import { busyTables } from '../../src/reservations/tables-rules.ts'
import { askOf, seatingOf, slotsOn } from '../../src/reservations/rules.ts'
import type { Claim } from '../../src/reservations/schema.ts'
import { Restaurant } from '../../src/restaurants/schema.ts'
import { dice } from './dice.ts'
import { demoGuests } from './guests.ts'

type Row = Record<string, unknown>
type Year = { combinations: Row[]; guests: Row[]; reservations: Row[]; claims: Row[] }

const daysBehind = 365
const daysAhead = 28
/** How many parties a table of this house gets in a day, by weekday from Monday and by month from January. */
const byWeekday = [0.5, 0.7, 0.8, 0.95, 1.45, 1.6, 1.1]
const byMonth = [0.8, 0.9, 0.95, 1, 1.05, 1, 0.9, 0.85, 1, 1.05, 1.1, 1.35]
/** Slots people ask for, by hour of the day. */
const byHour: Record<number, number> = {
  11: 1,
  12: 4,
  13: 3,
  14: 1,
  17: 1,
  18: 4,
  19: 7,
  20: 6,
  21: 3,
  22: 1,
  23: 0.5,
  0: 0.3,
}

/** A believable year: more on Saturdays and in December, regulars, cancellations, some who never come. Nothing overlaps. */
export function demoYear(loaded: unknown, seed: number, today: Date): Year {
  const roll = dice(seed)
  const restaurant = Restaurant.parse(loaded)
  const combinations = joinable(restaurant)
  const house = { ...restaurant, combinations: combinations.map((one) => ({ ...one, version: 1 })) }
  const guests = demoGuests(restaurant, roll, 700)
  const now = today.getTime()
  const start = addDays(wallOf(now, restaurant.timezone).date, -daysBehind)
  const year: Year = {
    combinations: combinations.map((one) => ({ ...one, restaurant_id: restaurant.id, version: 1, created_at: today })),
    guests: guests.map((guest) => guest.row),
    reservations: [],
    claims: [],
  }
  const codes = new Set<string>()

  for (let day = 0; day <= daysBehind + daysAhead; day++) {
    const date = addDays(start, day)
    const slots = slotsOn(house, date)
    if (slots.length === 0) continue
    const taken: Claim[] = []
    const booked = day <= daysBehind ? 1 : Math.max(0.08, 0.9 * Math.exp(-(day - daysBehind) / 9))
    const monthly = byMonth[Number(date.slice(5, 7)) - 1] ?? 1
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7
    const parties = Math.round(
      house.tables.length * (byWeekday[weekday - 1] ?? 1) * monthly * booked * (0.85 + roll.next() * 0.3),
    )
    for (let n = 0; n < parties; n++) {
      const slot = roll.weighted(slots.map((one) => [one, byHour[Math.floor(one.arrival.minute / 60)] ?? 0.2]))
      const party_size = roll.weighted([
        [1, 4],
        [2, 46],
        [3, 14],
        [4, 20],
        [5, 6],
        [6, 6],
        [8, 3],
        [10, 1],
      ])
      const seating = seatingOf(house, slot.arrival, slot.service, party_size)
      const busy = busyTables(taken, seating)
      const candidate = askOf(house, { party_size, area: null }).candidates.find(
        (one) => !one.table_ids.some((id) => busy.has(id)),
      )
      if (!candidate) continue
      const guest = roll.regular(guests)
      const reservation = reservationRow(house, guest.row, seating, party_size, candidate.table_ids, now, roll, codes)
      year.reservations.push(reservation)
      const blocking = ['pending', 'confirmed', 'seated'].includes(String(reservation['status']))
      candidate.table_ids.toSorted().forEach((table_id, i) => {
        const until = seating.ends_at + seating.buffer_minutes * 60_000
        if (reservation['status'] !== 'cancelled')
          taken.push({ table_id, starts_at: seating.starts_at, ends_at: until, covers: 1 })
        year.claims.push({
          restaurant_id: house.id,
          service_day: reservation['service_day'],
          table_id,
          during: `["${iso(seating.starts_at)}","${iso(until)}")`,
          kind: 'reservation',
          owner: reservation['id'],
          covers: i === 0 ? party_size : 0,
          blocking,
        })
      })
    }
  }
  return year
}

const iso = (at: number): string => new Date(at).toISOString()

/** Neighbours of four that can be pushed together, and the terrace in pairs. */
function joinable(restaurant: Restaurant): { id: string; table_ids: string[]; min_party: number; max_party: number }[] {
  const fours = restaurant.tables
    .filter((table) => table.seats === 4)
    .toSorted((a, b) => a.number.localeCompare(b.number, 'en', { numeric: true }))
  return fours.flatMap((table, i) => {
    const next = fours[i + 1]
    if (!next || i % 2 === 1 || next.area !== table.area) return []
    return [{ id: randomUUID(), table_ids: [table.id, next.id], min_party: 5, max_party: 8 }]
  })
}

const wishes = [
  'A quiet table, please',
  'Birthday',
  'High chair needed',
  'By the window if you can',
  'Anniversary',
  'Allergic to nuts',
  'Running from a show, may be late',
]

function reservationRow(
  house: Restaurant,
  guest: Row,
  seating: ReturnType<typeof seatingOf>,
  party_size: number,
  table_ids: string[],
  now: number,
  roll: ReturnType<typeof dice>,
  codes: Set<string>,
): Row {
  const { starts_at, ends_at, buffer_minutes } = seating
  const madeBefore = Math.min(roll.next() ** 3 * 40 * 86_400_000 + 3_600_000, 60 * 86_400_000)
  const created = Math.min(starts_at - madeBefore, now - 60_000)
  const fate = roll.next()
  const past = ends_at < now
  const status =
    fate < 0.09
      ? 'cancelled'
      : past
        ? fate < 0.13
          ? 'no_show'
          : 'completed'
        : house.settings.approval === 'manual' && fate > 0.8
          ? 'pending'
          : starts_at < now
            ? 'seated'
            : 'confirmed'
  const sat = status === 'completed' || status === 'seated'
  const seated = sat ? starts_at + Math.round(roll.next() * 14 - 4) * 60_000 : null
  const wall = wallOf(starts_at - 5 * 3_600_000, house.timezone)
  let code = roll.code()
  while (codes.has(code)) code = roll.code()
  codes.add(code)
  return {
    id: randomUUID(),
    restaurant_id: house.id,
    confirmation_code: code,
    status,
    party_size,
    service_day: wall.date,
    starts_at: iso(starts_at),
    ends_at: iso(ends_at),
    buffer_minutes,
    table_ids,
    guest_id: guest['id'],
    name: guest['name'],
    phone_number: guest['phone'],
    email: guest['email'],
    other_info: roll.next() < 0.18 ? roll.pick(wishes) : null,
    source: roll.weighted([
      ['web', 45],
      ['phone', 25],
      ['voice', 12],
      ['api', 10],
      ['staff', 8],
    ]),
    cancel_reason: status === 'cancelled' ? 'asked' : null,
    seated_at: seated === null ? null : iso(seated),
    completed_at:
      status === 'completed' && seated !== null
        ? iso(seated + (ends_at - starts_at) * (0.7 + roll.next() * 0.5))
        : null,
    cancelled_at: status === 'cancelled' ? iso(Math.min(now, (created + starts_at) / 2)) : null,
    no_show_at: status === 'no_show' ? iso(starts_at + 15 * 60_000) : null,
    version: status === 'confirmed' || status === 'pending' ? 1 : 2,
    created_at: iso(created),
    updated_at: iso(Math.min(now, Math.max(created, ends_at))),
  }
}
