import type { Hours } from './hours.ts'
import type { Ask } from './requests.ts'
import { dateNumber, dayMinutes, minuteOfWeek, weekMinutes } from './wall.ts'
import { turnMinutes } from './words.ts'

/** All that a guest could know of a house. */
export type House = {
  tables: { id: string; seats: number; min_party: number }[]
  combinations: { table_ids: string[]; min_party: number; max_party: number }[]
  hours: Hours[]
  buffer_minutes: number
  horizon_days: number
}

/** What the product says it booked; times in wall minutes. */
export type Booking = { starts: number; ends: number; party_size: number; table_ids: string[] }

export type Fault = { kind: 'false_refusal' | 'overlap' | 'misbooking' | 'false_offer'; line: number; says: string }

/**
 * Knows the house and what it booked so far, from its answers, and judges each next answer by the words of the
 * product: nothing of the product's code is asked. Answers are told in the order in which they were given.
 */
export type Oracle = {
  refused(ask: Ask, code: string): Fault[]
  booked(ask: Ask, booking: Booking): Fault[]
  /** Another time that a refusal offers, for the same party. */
  offered(ask: Ask, visit: number): Fault[]
}

type Taken = { from: number; until: number; line: number }

export function createOracle(house: House): Oracle {
  const open = openMinutesOf(house.hours)
  const taken = new Map<string, Taken[]>()

  function inTheWay(table_id: string, from: number, until: number): Taken | undefined {
    return taken.get(table_id)?.find((one) => one.from < until && from < one.until)
  }

  function isFree(table_ids: string[], ask: Ask): boolean {
    const until = ask.visit + turnMinutes(ask.party_size) + house.buffer_minutes
    return table_ids.every((id) => !inTheWay(id, ask.visit, until))
  }

  /** Every reason that truly holds against the ask; none: it must be booked. */
  function reasonsAgainst(ask: Ask): string[] {
    const reasons: string[] = []
    if (ask.visit < ask.now) reasons.push('in_past')
    if (dateNumber(ask.visit) - dateNumber(ask.now) > house.horizon_days) reasons.push('too_far_ahead')
    if (!isOpen(open, ask.visit, 1)) reasons.push('closed')
    else if (!isOpen(open, ask.visit, turnMinutes(ask.party_size))) reasons.push('past_closing')
    const fitting = seatingsFor(house, ask.party_size)
    if (fitting.length === 0) reasons.push('no_table_fits')
    else if (!fitting.some((tables) => isFree(tables, ask))) reasons.push('sold_out')
    return reasons
  }

  return {
    refused(ask, code) {
      const reasons = reasonsAgainst(ask)
      if (reasons.includes(code)) return []
      const free = seatingsFor(house, ask.party_size).find((tables) => isFree(tables, ask))
      const truth =
        reasons.length > 0 ? `in truth it is ${reasons.join(', ')}` : `in truth ${free?.join(' + ')} was free`
      return [{ kind: 'false_refusal', line: ask.line, says: `${code}, but ${truth}` }]
    },

    booked(ask, booking) {
      const faults: Fault[] = []
      const fault = (kind: Fault['kind'], says: string): number => faults.push({ kind, line: ask.line, says })
      if (booking.starts !== ask.visit || booking.party_size !== ask.party_size)
        fault('misbooking', 'for another time or party than was asked')
      if (booking.ends - booking.starts !== turnMinutes(ask.party_size))
        fault('misbooking', `a turn of ${booking.ends - booking.starts} minutes for ${ask.party_size}`)
      const known = seatingsFor(house, ask.party_size).some((tables) => sameTables(tables, booking.table_ids))
      if (!known) fault('misbooking', `the tables ${booking.table_ids.join(' + ')} do not seat ${ask.party_size}`)
      const against = reasonsAgainst(ask).filter((reason) => reason !== 'sold_out')
      if (against.length > 0) fault('misbooking', `though ${against.join(', ')}`)

      const until = booking.ends + house.buffer_minutes
      for (const id of booking.table_ids) {
        const other = inTheWay(id, booking.starts, until)
        if (other) fault('overlap', `table ${id} is that of line ${other.line} then`)
        const ofTable = taken.get(id) ?? []
        ofTable.push({ from: booking.starts, until, line: ask.line })
        taken.set(id, ofTable)
      }
      return faults
    },

    offered(ask, visit) {
      const against = reasonsAgainst({ ...ask, visit })
      if (against.length === 0) return []
      return [{ kind: 'false_offer', line: ask.line, says: `offers another time that is ${against.join(', ')}` }]
    },
  }
}

/** Every table, and every combination, that seats such a party. */
function seatingsFor(house: House, party_size: number): string[][] {
  const singles = house.tables.filter((one) => one.min_party <= party_size && party_size <= one.seats)
  const joined = house.combinations.filter((one) => one.min_party <= party_size && party_size <= one.max_party)
  return [...singles.map((one) => [one.id]), ...joined.map((one) => one.table_ids)]
}

/** The minutes of the week at which the house is open; those of openings that touch are one stretch. */
export function openMinutesOf(hours: Hours[]): Uint8Array {
  const open = new Uint8Array(weekMinutes)
  for (const { days, opens, closes } of hours) {
    const length = (minutesIn(closes) - minutesIn(opens) + dayMinutes) % dayMinutes || dayMinutes
    for (const day of days) {
      const from = (day - 1) * dayMinutes + minutesIn(opens)
      for (let i = 0; i < length; i++) open[(from + i) % weekMinutes] = 1
    }
  }
  return open
}

export function isOpen(open: Uint8Array, from: number, minutes: number): boolean {
  for (let i = 0; i < minutes; i++) if (!open[minuteOfWeek(from + i)]) return false
  return true
}

function minutesIn(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))
}

function sameTables(some: string[], others: string[]): boolean {
  return some.toSorted().join() === others.toSorted().join()
}
