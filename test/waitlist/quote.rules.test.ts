import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  askOfDay,
  askOfNow,
  futureOfferExpiry,
  serviceDayOf,
  statusNow,
  waitCandidates,
  type WaitWish,
  windowOf,
  windowRefusal,
} from '../../src/reservations/waitlist/rules.ts'
import {
  type TurnLength,
  type Floor,
  type LiveClaim,
  quoteFor,
  quotesOf,
  stayMinutes,
} from '../../src/reservations/waitlist/quote-rules.ts'
import { defaultSettings, type Restaurant } from '../../src/restaurants/schema.ts'
import { at, house, id, table } from '../reservations/houses.ts'

const date = '2027-06-15'
const now = at(date, '18:00')
const minute = 60_000
const two: WaitWish = { party_size: 2, area: null, accepts_bar: null }
const empty: Floor = { claims: [], overstayed: [], queue: [], turns: [] }
const one = house({ tables: [table(1, 4)] })
const seated = (n: number, since: number, turn: number, party_size = 2): LiveClaim => ({
  table_id: id(n),
  starts_at: now - since * minute,
  ends_at: now + (turn - since) * minute,
  seated_at: now - since * minute,
  party_size,
})
const queue = (wishes: WaitWish[]): Floor['queue'] => wishes.map((wish, i) => ({ ...wish, id: id(100 + i) }))

describe('R122–R124 the quote', () => {
  test('a free table and nobody ahead is no wait', () => {
    expect(quoteFor(one, empty, two, now)).toEqual({
      min_minutes: 0,
      max_minutes: 0,
      explanation: 'A table is free now.',
    })
  })

  test('the only table is taken: until such parties go, sooner by hope and later by care, in steps of five minutes', () => {
    const floor = { ...empty, claims: [seated(1, 30, 90)] }
    // 0.8 and 1.15 of 90 minutes, of which 30 are over: 42 and 73.5.
    expect(quoteFor(one, floor, two, now)).toMatchObject({ min_minutes: 40, max_minutes: 75 })
    expect(quoteFor(one, floor, two, now).explanation).toBe(
      'Nobody is ahead; table 1 should be ready between 18:40 and 19:15.',
    )
  })

  test('what parties of that size really do counts more than the plan', () => {
    const turns = [{ party_size: 2, short_minutes: 40, median_minutes: 50, long_minutes: 65 }]
    expect(quoteFor(one, { ...empty, turns, claims: [seated(1, 30, 90)] }, two, now)).toMatchObject({
      min_minutes: 10,
      max_minutes: 35,
    })
    expect(stayMinutes(defaultSettings, turns, 2, 'hopeful')).toBe(40)
    expect(stayMinutes(defaultSettings, turns, 6, 'hopeful')).toBe(96)
  })

  test('a table where somebody sits past its time is not free; a reservation to come has its table', () => {
    expect(quoteFor(one, { ...empty, overstayed: [id(1)] }, two, now)).toMatchObject({
      min_minutes: 5,
      max_minutes: 20,
    })
    const soon = {
      table_id: id(1),
      starts_at: now + 30 * minute,
      ends_at: now + 120 * minute,
      seated_at: null,
      party_size: 2,
    }
    expect(quoteFor(one, { ...empty, claims: [soon] }, two, now)).toMatchObject({ min_minutes: 120, max_minutes: 120 })
  })

  test('who is ahead takes the table first; before opening the wait is until then', () => {
    const floor = { ...empty, queue: queue([two]) }
    expect(quoteFor(one, floor, two, now)).toMatchObject({ min_minutes: 70, max_minutes: 105 })
    expect(quoteFor(one, empty, two, at(date, '10:30'))).toMatchObject({ min_minutes: 30, max_minutes: 30 })
  })

  test('no table in sight: none that fits, too late, or none before closing', () => {
    const none = { min_minutes: null, max_minutes: null }
    expect(quoteFor(one, empty, { ...two, party_size: 9 }, now)).toMatchObject(none)
    expect(quoteFor(one, empty, two, at(date, '22:00'))).toMatchObject({
      ...none,
      explanation: 'It is too late today to seat a party of 2 before closing.',
    })
    const all = { table_id: id(1), starts_at: now - minute, ends_at: at(date, '22:30'), seated_at: null, party_size: 2 }
    expect(quoteFor(one, { ...empty, claims: [all] }, two, now)).toMatchObject(none)
  })
})

const wish: fc.Arbitrary<WaitWish> = fc.record({
  party_size: fc.integer({ min: 1, max: 9 }),
  area: fc.constantFrom(null, null, 'terrace'),
  accepts_bar: fc.constantFrom(null, true, false),
})
const rooms: fc.Arbitrary<Restaurant> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom(null, 'terrace', 'Bar')), {
    minLength: 1,
    maxLength: 8,
  })
  .map((tables) => house({ tables: tables.map(([seats, area], i) => table(i + 1, seats, { area })) }))
const claims: fc.Arbitrary<LiveClaim[]> = fc.array(
  fc
    .record({
      n: fc.integer({ min: 1, max: 8 }),
      from: fc.integer({ min: -120, max: 240 }),
      turn: fc.integer({ min: 15, max: 180 }),
      sits: fc.boolean(),
      size: fc.integer({ min: 1, max: 8 }),
    })
    .map(({ n, from, turn, sits, size }) => ({
      table_id: id(n),
      starts_at: now + from * minute,
      ends_at: now + (from + turn) * minute,
      seated_at: sits && from <= 0 ? now + from * minute : null,
      party_size: size,
    })),
  { maxLength: 16 },
)
const floors = fc.record({
  claims,
  overstayed: fc.uniqueArray(fc.integer({ min: 1, max: 8 }).map(id), { maxLength: 2 }),
  queue: fc.array(wish, { maxLength: 12 }).map(queue),
  turns: fc.constantFrom<TurnLength[]>(
    [],
    [{ party_size: 2, short_minutes: 45, median_minutes: 60, long_minutes: 80 }],
  ),
})

describe('whatever the floor, the queue and the party', () => {
  test('a quote is never negative, its range is one, and it goes by steps of five', () => {
    fc.assert(
      fc.property(rooms, floors, wish, (restaurant, floor, asked) => {
        const { min_minutes, max_minutes, explanation } = quoteFor(restaurant, floor, asked, now)
        expect(explanation).toMatch(/\.$/)
        expect(min_minutes === null).toBe(max_minutes === null)
        if (min_minutes === null || max_minutes === null) return
        expect(min_minutes).toBeGreaterThanOrEqual(0)
        expect(max_minutes).toBeGreaterThanOrEqual(min_minutes)
        expect([min_minutes % 5, max_minutes % 5]).toEqual([0, 0])
      }),
    )
  })

  test('who joins behind more parties never waits less', () => {
    fc.assert(
      fc.property(rooms, floors, wish, fc.array(wish, { maxLength: 4 }), (restaurant, floor, asked, more) => {
        const short = quoteFor(restaurant, floor, asked, now)
        const long = quoteFor(restaurant, { ...floor, queue: [...floor.queue, ...queue(more)] }, asked, now)
        expect(long.min_minutes ?? Infinity).toBeGreaterThanOrEqual(short.min_minutes ?? Infinity)
        expect(long.max_minutes ?? Infinity).toBeGreaterThanOrEqual(short.max_minutes ?? Infinity)
      }),
      { numRuns: 300 },
    )
  })

  test('with a table free for the whole turn and no queue, the wait is none', () => {
    fc.assert(
      fc.property(rooms, floors, wish, (restaurant, floor, asked) => {
        const free = waitCandidates(restaurant, asked).some(({ table_ids }) =>
          table_ids.every(
            (each) => !floor.overstayed.includes(each) && floor.claims.every((claim) => claim.table_id !== each),
          ),
        )
        fc.pre(free)
        expect(quoteFor(restaurant, { ...floor, queue: [] }, asked, now)).toMatchObject({
          min_minutes: 0,
          max_minutes: 0,
        })
      }),
    )
  })

  test('each in the queue is quoted as if it joined behind those before it', () => {
    fc.assert(
      fc.property(rooms, floors, (restaurant, floor) => {
        const quotes = quotesOf(restaurant, floor, floor.queue, now)
        for (const [i, waiting] of floor.queue.entries()) {
          expect(quotes[i]).toEqual(quoteFor(restaurant, { ...floor, queue: floor.queue.slice(0, i) }, waiting, now))
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('what is asked for', () => {
  const room = house({ tables: [table(1, 2, { area: 'Bar' }), table(2, 2, { area: 'Terrace' }), table(3, 2)] })
  const numbers = (wished: Partial<WaitWish>): string[] =>
    waitCandidates(room, { ...two, ...wished }).map(
      ({ table_ids }) => room.tables.find((each) => each.id === table_ids[0])?.number ?? '',
    )

  test('R121 the bar is taken besides the area, or never, or as the area says', () => {
    expect(numbers({})).toEqual(['1', '2', '3'])
    expect(numbers({ accepts_bar: false })).toEqual(['2', '3'])
    expect(numbers({ area: 'terrace' })).toEqual(['2'])
    expect(numbers({ area: 'terrace', accepts_bar: true })).toEqual(['2', '1'])
  })

  test('nobody is offered a table that it would still have at closing; the host may seat whom it will', () => {
    const late = at(date, '22:00')
    expect(askOfNow(room, two, late).seatings).toMatchObject([{ refusal: 'past_closing' }])
    expect(askOfNow(room, two, late, { table_id: id(3), turn_minutes: 45, seats: true })).toMatchObject({
      singles: [id(3)],
      seatings: [{ ends_at: new Date(late + 45 * minute).toISOString(), max_covers: null }],
    })
  })

  test('R130 of a day to come the slots within the window are tried, and its beginning', () => {
    const window = { starts_at: at('2027-06-20', '18:40'), ends_at: at('2027-06-20', '19:30') }
    const { seatings } = askOfDay(room, two, [window], now)
    expect(seatings.map((seating) => seating.starts_at)).toEqual(
      ['18:40', '19:00', '19:30'].map((time) => new Date(at('2027-06-20', time)).toISOString()),
    )
    expect(windowRefusal(room, window, 2, now)).toBeNull()
    expect(windowRefusal(room, window, 2, window.ends_at)).toBe('in_past')
    const night = { starts_at: at('2027-06-20', '23:30'), ends_at: at('2027-06-20', '23:50') }
    expect(windowRefusal(room, night, 2, now)).toBe('closed')
  })

  test('a window that ends before it begins goes past midnight', () => {
    expect(windowOf(room, { date, from: '23:00', to: '01:00' })).toEqual({
      starts_at: at(date, '23:00'),
      ends_at: at('2027-06-16', '01:00'),
    })
    expect(serviceDayOf(at('2027-06-16', '01:00'), room.timezone)).toBe(date)
  })

  test('R131 an offer for a day to come lasts an hour of the day, and never past the notice the house wants', () => {
    const day = at('2027-06-20', '19:00')
    const expiry = (on: string, time: string, restaurant = room): number =>
      futureOfferExpiry(restaurant, day, at(on, time))
    expect(expiry('2027-06-18', '15:00')).toBe(at('2027-06-18', '16:00'))
    expect(expiry('2027-06-18', '23:30')).toBe(at('2027-06-19', '10:00'))
    expect(expiry('2027-06-18', '03:00')).toBe(at('2027-06-18', '10:00'))
    expect(expiry('2027-06-20', '18:30')).toBe(day)
    const strict = { ...room, settings: { ...room.settings, min_notice_minutes: 120 } }
    expect(expiry('2027-06-20', '16:30', strict)).toBe(at('2027-06-20', '17:00'))
    const window = { starts_at: day, ends_at: day }
    expect(askOfDay(strict, two, [window], at('2027-06-20', '16:55')).seatings).toMatchObject([{ refusal: 'too_soon' }])
  })

  test('R125 an offer that lapsed is none, by the clock alone; the second one ends the wait', () => {
    const offer_expires_at = new Date(now).toISOString()
    expect(statusNow({ status: 'offered', offer_expires_at, lapses: 0 }, now - 1)).toBe('offered')
    expect(statusNow({ status: 'offered', offer_expires_at, lapses: 0 }, now)).toBe('waiting')
    expect(statusNow({ status: 'offered', offer_expires_at, lapses: 1 }, now)).toBe('lapsed')
  })
})
