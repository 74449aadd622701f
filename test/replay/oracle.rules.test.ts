import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOracle, type Booking, type Fault, type House, type Oracle } from '../../bench/replay/oracle.ts'
import type { Ask } from '../../bench/replay/requests.ts'
import { randomOf } from '../../bench/replay/requests.ts'
import { isoOfWall } from '../../bench/replay/wall.ts'
import { takenMinutes, turnMinutes } from '../../bench/replay/words.ts'
import { decideBooking, type Decision } from '../../src/reservations/rules.ts'
import { restaurantFor, visits, wall } from './house.ts'

const house: House = {
  tables: [
    { id: 'A', seats: 2, min_party: 1 },
    { id: 'B', seats: 4, min_party: 3 },
    { id: 'C', seats: 6, min_party: 1 },
  ],
  combinations: [{ table_ids: ['B', 'C'], min_party: 7, max_party: 10 }],
  hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '17:00', closes: '02:00' }],
  buffer_minutes: 15,
  horizon_days: 30,
}
const now = wall('2017-01-02T10:00')
let lines = 1
const ask = (time: string, party_size = 2): Ask => ({ line: ++lines, visit: wall(time), now, party_size })
const seated = ({ visit, party_size }: Ask, ...table_ids: string[]): Booking => {
  return { starts: visit, ends: visit + turnMinutes(party_size), party_size, table_ids }
}
const kinds = (faults: Fault[]): string[] => faults.map((fault) => fault.kind)

describe('refusals', () => {
  test('sold out is true once everything that fits is taken, for as long as it is', () => {
    const oracle = createOracle(house)
    const at = '2017-01-05T19:00'
    expect(oracle.refused(ask(at), 'sold_out')).toMatchObject([
      { kind: 'false_refusal', says: 'sold_out, but in truth A was free' },
    ])
    expect(oracle.booked(ask(at), seated(ask(at), 'A'))).toEqual([])
    // B takes three or more: C is left.
    expect(kinds(oracle.refused(ask(at), 'sold_out'))).toEqual(['false_refusal'])
    expect(oracle.booked(ask(at), seated(ask(at), 'C'))).toEqual([])
    expect(oracle.refused(ask(at), 'sold_out')).toEqual([])
    // Half of the combination is taken.
    expect(oracle.refused(ask(at, 8), 'sold_out')).toEqual([])
    expect(kinds(oracle.refused(ask(at, 4), 'sold_out'))).toEqual(['false_refusal'])
    // 19:00, 90 minutes and 15 to lay: free again from 20:45.
    expect(oracle.refused(ask('2017-01-05T20:44'), 'sold_out')).toEqual([])
    expect(kinds(oracle.refused(ask('2017-01-05T20:45'), 'sold_out'))).toEqual(['false_refusal'])
    // And who comes at 17:15 must be gone, and the table laid, by 19:00.
    expect(kinds(oracle.refused(ask('2017-01-05T17:15'), 'sold_out'))).toEqual(['false_refusal'])
    expect(oracle.refused(ask('2017-01-05T17:16'), 'sold_out')).toEqual([])
  })

  test('every other reason must be true as well', () => {
    const oracle = createOracle(house)
    const truths: [Ask, string][] = [
      [ask('2017-01-05T16:59'), 'closed'],
      [ask('2017-01-06T00:31'), 'past_closing'],
      [ask('2017-01-05T19:00', 11), 'no_table_fits'],
      [ask('2017-01-02T09:59'), 'in_past'],
      [ask('2017-02-02T19:00'), 'too_far_ahead'],
    ]
    for (const [one, code] of truths) expect(oracle.refused(one, code)).toEqual([])
    for (const [, code] of truths)
      expect(kinds(oracle.refused(ask('2017-01-05T19:00'), code))).toEqual(['false_refusal'])
    expect(oracle.refused(ask('2017-01-06T00:30'), 'past_closing')).toHaveLength(1)
    expect(oracle.refused(ask('2017-01-05T19:00', 11), 'sold_out')).toMatchObject([
      { says: 'sold_out, but in truth it is no_table_fits' },
    ])
    expect(oracle.refused(ask('2017-01-05T19:00'), 'rate_limited')).toHaveLength(1)
  })

  test('a booking that the oracle is not told of makes the next refusal false', () => {
    const oracle = createOracle(house)
    const at = '2017-01-05T19:00'
    oracle.booked(ask(at, 3), seated(ask(at, 3), 'B'))
    expect(kinds(oracle.refused(ask(at, 3), 'sold_out'))).toEqual(['false_refusal'])
  })
})

describe('bookings', () => {
  test('what overlaps is found, on any of its tables', () => {
    const oracle = createOracle(house)
    const first = ask('2017-01-05T19:00', 8)
    expect(oracle.booked(first, seated(first, 'C', 'B'))).toEqual([])
    const second = ask('2017-01-05T21:44', 3)
    expect(oracle.booked(second, seated(second, 'B'))).toMatchObject([
      { kind: 'overlap', line: second.line, says: `table B is that of line ${first.line} then` },
    ])
    const third = ask('2017-01-05T21:45', 5)
    expect(oracle.booked(third, seated(third, 'C'))).toEqual([])
  })

  test('a table that does not fit, a wrong time, a wrong turn, a closed house', () => {
    const oracle = createOracle(house)
    const one = ask('2017-01-05T19:00', 3)
    const booking = seated(one, 'B')
    const wrong: [Ask, Booking, string][] = [
      [one, { ...booking, table_ids: ['A'] }, 'the tables A do not seat 3'],
      [one, { ...booking, table_ids: ['nowhere'] }, 'the tables nowhere do not seat 3'],
      [one, { ...booking, table_ids: ['B', 'C'] }, 'the tables B + C do not seat 3'],
      [one, { ...booking, party_size: 2 }, 'for another time or party than was asked'],
      [one, { ...booking, ends: booking.ends - 15 }, 'a turn of 90 minutes for 3'],
      [ask('2017-01-06T01:00', 3), seated(ask('2017-01-06T01:00', 3), 'B'), 'though past_closing'],
    ]
    for (const [i, [asked, booked, says]] of wrong.entries()) {
      const elsewhere = createOracle(house)
      expect(elsewhere.booked(asked, booked), String(i)).toMatchObject([{ kind: 'misbooking', says }])
    }
    expect(oracle.booked({ ...one, visit: one.visit + 60 }, booking)).toMatchObject([{ kind: 'misbooking' }])
  })

  test('an offer must be one that could be had', () => {
    const oracle = createOracle(house)
    const one = ask('2017-01-05T19:00', 8)
    oracle.booked(one, seated(one, 'B', 'C'))
    expect(oracle.offered(one, wall('2017-01-05T21:45'))).toEqual([])
    expect(oracle.offered(one, wall('2017-01-05T21:30'))).toMatchObject([{ kind: 'false_offer' }])
    expect(oracle.offered(one, wall('2017-01-05T23:31'))).toMatchObject([{ kind: 'false_offer' }])
  })
})

const candidatesOf = (decision: Decision): string[][] => ('plan' in decision ? decision.plan.candidates : [])

/** Books one after another; `change` lets a mistake in. */
function replayOf(
  some: { visit: number; party_size: number }[],
  change: (chosen: string[] | undefined, i: number, candidates: string[][]) => string[] | undefined,
): Fault[] {
  const restaurant = restaurantFor(some)
  const oracle: Oracle = createOracle({
    tables: restaurant.tables,
    combinations: restaurant.combinations,
    hours: restaurant.hours,
    buffer_minutes: restaurant.settings.buffer_minutes,
    horizon_days: restaurant.settings.horizon_days,
  })
  const claims: { table: string; from: number; until: number }[] = []
  return some.flatMap((visit, i) => {
    const one = { ...visit, line: i + 2, now: visit.visit }
    const candidates = candidatesOf(
      decideBooking(
        { moment: { at: Date.parse(isoOfWall(one.visit)) }, party_size: one.party_size, area: null, table_id: null },
        restaurant,
        Date.parse(isoOfWall(one.visit)),
      ),
    )
    const until = one.visit + takenMinutes(one.party_size)
    const busy = new Set(
      claims.filter((claim) => claim.from < until && one.visit < claim.until).map((claim) => claim.table),
    )
    const free = candidates.find((tables) => !tables.some((table) => busy.has(table)))
    const chosen = change(free, i, candidates)
    if (!chosen) return oracle.refused(one, 'sold_out')
    for (const table of chosen) claims.push({ table, from: one.visit, until })
    return oracle.booked(one, seated(one, ...chosen))
  })
}

describe('against a book kept by the rules of the product', () => {
  // Crowded, so that much is sold out.
  const crowded = visits.map((some) =>
    some.map((one) => ({ ...one, visit: wall('2017-01-06T18:00') + (one.visit % 12) * 15 })),
  )

  test('nothing is found where nothing is wrong', () => {
    fc.assert(
      fc.property(fc.oneof(visits, crowded), (some) => {
        expect(replayOf(some, (free) => free)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })

  test('each wrong sold_out is found, and no other', () => {
    fc.assert(
      fc.property(crowded, fc.integer(), (some, seed) => {
        const random = randomOf(seed)
        let wrong = 0
        const faults = replayOf(some, (free) => {
          if (!free || random() < 0.8) return free
          wrong += 1
          return undefined
        })
        expect(kinds(faults)).toEqual(Array.from({ length: wrong }, () => 'false_refusal'))
      }),
      { numRuns: 150 },
    )
  })

  test('each booking on a taken table is found', () => {
    fc.assert(
      fc.property(crowded, (some) => {
        const overbooked = new Set<number>()
        const faults = replayOf(some, (free, i, candidates) => {
          if (!free) overbooked.add(i + 2)
          return free ?? candidates[0]
        })
        expect(new Set(faults.map((fault) => fault.line))).toEqual(overbooked)
        expect(faults.every((fault) => fault.kind === 'overlap')).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})
