import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { availabilityOn } from '../../src/reservations/availability.ts'
import { addDays } from '../../src/platform/time.ts'
import { at, claim, house, id, randomDate, randomHouse, table } from './houses.ts'
import { availableByBruteForce } from './oracle.ts'

const now = Date.parse('2027-01-01T00:00:00Z')
const tuesday = '2027-06-15'
const ask = (guests: number, more: Record<string, string> = {}): { date: string; guests: number } => ({
  date: tuesday,
  guests,
  ...more,
})

describe('availability', () => {
  test('R15 lists slots from opening, and R11 none whose party would sit past closing', () => {
    const day = availabilityOn(house(), [], ask(2), now)
    expect(day.availableSlots[0]).toBe('11:00')
    expect(day.availableSlots.at(-1)).toBe('21:30')
    expect(day.slots.find((slot) => slot.time === '22:00')).toMatchObject({
      tablesAvailable: 0,
      reason: 'past_closing',
    })
    expect(day.totalTables).toBe(3)
    expect(day.tablesAvailable).toBe(3)
  })

  test('a claim takes its table for its whole turn, and R5 the buffer keeps others off', () => {
    const taken = [claim(3, at(tuesday, '19:00'), at(tuesday, '21:00'), 6)]
    const times = availabilityOn(house(), taken, ask(6), now).availableSlots
    expect(times).not.toContain('17:30')
    expect(times).toContain('17:00')
    expect(times).toContain('21:00')
    const buffered = house({ settings: { ...house().settings, buffer_minutes: 15 } })
    expect(availabilityOn(buffered, taken, ask(6), now).availableSlots).not.toContain('17:00')
  })

  test('the asked time decides tablesAvailable, on the grid of slots or not', () => {
    const taken = [claim(1, at(tuesday, '19:00'), at(tuesday, '20:30'))]
    expect(availabilityOn(house(), taken, ask(2, { time: '19:20' }), now).tablesAvailable).toBe(2)
    expect(availabilityOn(house(), [], ask(2, { time: '23:30' }), now)).toMatchObject({
      tablesAvailable: 0,
      reason: 'closed',
    })
  })

  test('R16 a party too large for one table is offered what can be joined, counted as it would be seated', () => {
    const joinable = house({
      tables: [table(1, 2), table(2, 2), table(3, 2), table(4, 4)],
      combinations: [
        { id: id(50), table_ids: [id(1), id(2)], min_party: 3, max_party: 4, version: 1 },
        { id: id(51), table_ids: [id(2), id(3)], min_party: 3, max_party: 4, version: 1 },
      ],
    })
    expect(availabilityOn(joinable, [], ask(4), now).tablesAvailable).toBe(2)
    expect(availabilityOn(joinable, [], ask(5), now)).toMatchObject({ tablesAvailable: 0, availableSlots: [] })
  })

  test('R3 after midnight is the next date, and an evening that runs over is in both lists where it belongs', () => {
    const bar = house({ hours: [{ days: [5], opens: '20:00', closes: '02:00' }] })
    const friday = availabilityOn(bar, [], { date: '2027-06-18', guests: 2 }, now)
    const saturday = availabilityOn(bar, [], { date: '2027-06-19', guests: 2 }, now)
    expect(friday.availableSlots).toEqual(['20:00', '20:30', '21:00', '21:30', '22:00', '22:30', '23:00', '23:30'])
    expect(saturday.availableSlots).toEqual(['00:00', '00:30'])
  })

  test('agrees with brute force on random houses, days and bookings, the days the clocks change among them', () => {
    fc.assert(
      fc.property(
        randomHouse,
        randomDate,
        fc.integer({ min: 1, max: 9 }),
        fc.array(
          fc.record({
            table: fc.nat(7),
            start: fc.integer({ min: -600, max: 2000 }),
            long: fc.integer({ min: 15, max: 240 }),
            covers: fc.nat(6),
          }),
          { maxLength: 25 },
        ),
        fc.boolean(),
        (restaurant, date, party, taken, late) => {
          const midnight = Date.parse(`${date}T00:00:00Z`)
          const claims = taken.map((one) =>
            claim(one.table + 1, midnight + one.start * 60_000, midnight + (one.start + one.long) * 60_000, one.covers),
          )
          const clock = late ? midnight + 15 * 3_600_000 : Date.parse(`${addDays(date, -30)}T00:00:00Z`)
          const ours = availabilityOn(restaurant, claims, { date, guests: party }, clock)
          const truth = availableByBruteForce(restaurant, claims, date, party, clock)
          const grid = new Map(
            ours.slots.filter((slot) => slot.tablesAvailable > 0).map((slot) => [slot.time, slot.tablesAvailable]),
          )
          for (const slot of ours.slots)
            expect([slot.time, grid.get(slot.time) ?? 0]).toEqual([slot.time, truth.get(slot.time) ?? 0])
          // Off the grid too.
          for (const time of ['12:07', '19:40', '00:20']) {
            const asked = availabilityOn(restaurant, claims, { date, guests: party, time }, clock)
            expect([time, asked.tablesAvailable]).toEqual([time, truth.get(time) ?? 0])
          }
          for (const slot of ours.slots) expect(slot.tablesAvailable > 0).toBe(slot.reason === undefined)
        },
      ),
      { numRuns: 400 },
    )
  }, 120_000)
})
