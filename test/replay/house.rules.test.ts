import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hoursOf } from '../../bench/replay/hours.ts'
import { peakParties, percentile, roomOf } from '../../bench/replay/room.ts'
import { isoOfWall } from '../../bench/replay/wall.ts'
import { decideBooking } from '../../src/reservations/rules.ts'
import { hoursMistakes } from '../../src/restaurants/rules.ts'
import { NewRestaurant } from '../../src/restaurants/schema.ts'
import { restaurantFor, visits, wall, type Visit } from './house.ts'

const party = (visit: string, party_size = 2): Visit => ({ visit: wall(visit), party_size })

describe('hours', () => {
  test('last from the first visit to the end of the last turn, weekday by weekday', () => {
    const some = [party('2017-01-02T18:00'), party('2017-01-09T20:00', 4), party('2017-01-03T18:00')]
    expect(hoursOf(some)).toEqual([
      { days: [1], opens: '18:00', closes: '21:45' },
      { days: [2], opens: '18:00', closes: '19:30' },
    ])
  })

  test('have a pause between lunch and dinner, and none of an hour or less', () => {
    expect(hoursOf([party('2017-01-02T12:00'), party('2017-01-02T14:30'), party('2017-01-02T18:00')])).toEqual([
      { days: [1], opens: '12:00', closes: '16:00' },
      { days: [1], opens: '18:00', closes: '19:30' },
    ])
  })

  test('who comes after midnight keeps the evening open; alone, they open the day', () => {
    expect(hoursOf([party('2017-01-07T22:30'), party('2017-01-08T00:30', 8)])).toEqual([
      { days: [6], opens: '22:30', closes: '03:00' },
    ])
    expect(hoursOf([party('2017-01-09T01:00')])).toEqual([{ days: [1], opens: '01:00', closes: '02:30' }])
    expect(hoursOf([party('2017-01-02T22:30')])).toEqual([{ days: [1], opens: '22:30', closes: '24:00' }])
  })

  test('who sits through five in the morning has two openings that are one', () => {
    expect(hoursOf([party('2017-01-08T04:00')])).toEqual([
      { days: [7], opens: '04:00', closes: '05:00' },
      { days: [7], opens: '05:00', closes: '05:30' },
    ])
  })

  test('R8–R11: the product would take every visit of the data, were a table free', () => {
    fc.assert(
      fc.property(visits, (some) => {
        const restaurant = restaurantFor(some)
        expect(hoursMistakes(restaurant.hours)).toEqual([])
        for (const { visit, party_size } of some) {
          const at = Date.parse(isoOfWall(visit))
          const request = { moment: { at }, party_size, area: null, table_id: null }
          expect(decideBooking(request, restaurant, at)).toHaveProperty('plan')
        }
      }),
      { numRuns: 150 },
    )
  })

  test('a restaurant of it can be opened', () => {
    fc.assert(
      fc.property(visits, (some) => {
        const input = {
          slug: 'r',
          name: 'R',
          timezone: 'Asia/Tokyo',
          country: 'JP',
          currency: 'JPY',
          hours: hoursOf(some),
          tables: roomOf(some).tables,
        }
        expect(NewRestaurant.safeParse(input).error).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })
})

describe('the room', () => {
  test('has the tables of its peak on all but one day in five', () => {
    const days = Array.from({ length: 10 }, (_, day) => `2017-01-${String(day + 2).padStart(2, '0')}`)
    // Two at once on eight days, five at once on two: two tables are laid.
    const some = days.flatMap((day, i) =>
      Array.from({ length: i < 8 ? 2 : 5 }, () => party(`${day}T19:00`)).concat(party(`${day}T21:00`)),
    )
    expect(roomOf(some).tables).toEqual([
      { number: '1', seats: 2 },
      { number: '2', seats: 2 },
    ])
  })

  test('has one table for what comes rarely, and joins the largest for the largest parties', () => {
    const some = [party('2017-01-02T19:00'), party('2017-01-03T19:00', 6), party('2017-01-04T19:00', 20)]
    const room = roomOf(some)
    expect(room.tables.map((table) => table.seats)).toEqual([2, 6, 8, 8])
    expect(room.combinations).toEqual([{ numbers: ['2', '3', '4'], min_party: 9, max_party: 22 }])
  })

  test('seats every party up to 96', () => {
    fc.assert(
      fc.property(visits, (some) => {
        const { tables, combinations } = roomOf(some)
        for (const { party_size } of some) {
          const single = tables.some((table) => table.seats >= party_size)
          const joined = combinations.some((one) => one.min_party <= party_size && party_size <= one.max_party)
          expect(single || joined).toBe(true)
        }
        const names = new Set(tables.map((table) => table.number))
        for (const one of combinations) {
          expect(one.numbers.length).toBeGreaterThanOrEqual(2)
          expect(one.numbers.length).toBeLessThanOrEqual(12)
          expect(one.numbers.every((number) => names.has(number))).toBe(true)
        }
        expect(new Set(combinations.map((one) => one.numbers.join())).size).toBe(combinations.length)
      }),
      { numRuns: 150 },
    )
  })

  test('peaks: who leaves makes room for who comes', () => {
    // Two stay 90 minutes, and the table is laid again for 15.
    expect(peakParties([party('2017-01-02T19:00'), party('2017-01-02T20:45')])).toBe(1)
    expect(peakParties([party('2017-01-02T19:00'), party('2017-01-02T20:44')])).toBe(2)
    expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.8)).toBe(8)
    expect(percentile([], 0.8)).toBe(0)
  })
})
