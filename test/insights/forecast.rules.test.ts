import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBookings, readVisits } from '../../bench/forecast/csv.ts'
import { measure } from '../../bench/forecast/measure.ts'
import { forecastCovers, forecastFigures, type ForecastInput } from '../../src/insights/forecast-rules.ts'
import type { KnownDay } from '../../src/insights/forecast-schema.ts'
import { publicHolidays, weekdayParts } from '../../src/insights/holiday-rules.ts'
import { forecastsMadeOn } from '../../src/insights/known-rules.ts'
import { type BookingChange, onHand } from '../../src/insights/on-hand-rules.ts'
import { daysFrom, daysToReckon, liveDays, percentileOf, rangeOf } from '../../src/insights/rules.ts'
import { addDays, isoWeekday } from '../../src/platform/time.ts'
import { house } from '../reservations/houses.ts'

const through = '2026-06-28' // a Sunday
const week = [40, 42, 44, 50, 80, 100, 60]
const usual = (date: string): number => week[isoWeekday(date) - 1] ?? 0
const past = daysFrom(addDays(through, -83), through)
const ahead = daysFrom(addDays(through, 1), addDays(through, 14)).map((date) => ({
  date,
  closed: false,
}))
const plain: ForecastInput = {
  history: past.map((date) => ({ date, covers: usual(date) })),
  known_through: through,
  days: ahead,
  holidays: new Set(),
  bookings: null,
}
const coversOf = (input: ForecastInput): number[] => forecastCovers(input).map((one) => one.covers)

const sum = (covers: number[]): number => covers.reduce((a, b) => a + b, 0)
const booksWith = (more: number): Map<string, BookingChange[]> =>
  new Map(
    [...past, ...ahead.map((day) => day.date)].map((date) => [
      date,
      [{ lead_days: 20, covers: date === ahead[4]?.date ? 20 + more : 20 }],
    ]),
  )
const at = (more: number): number => coversOf({ ...plain, bookings: booksWith(more) })[4] ?? 0

const parts = (date: string, ...named: string[]): number[] => weekdayParts(date, new Set(named), forecastFigures)
const ofJapan = (year: number): string[] =>
  [...publicHolidays('Asia/Tokyo', `${year}-05-01`, `${year}-05-02`)].map((day) => day.slice(5)).toSorted()

describe('R191 forecasts', () => {
  test('a week that repeats is forecast as it is, and so is the naive one', () => {
    for (const one of forecastCovers(plain)) {
      expect(Math.abs(one.covers - usual(one.for_day)) / usual(one.for_day)).toBeLessThan(0.06)
      expect(one.naive).toBe(usual(one.for_day))
    }
  })

  test('a lasting rise is followed, a coach party is not', () => {
    const risen = {
      ...plain,
      history: plain.history.map((day, i) => ({ ...day, covers: i >= 63 ? day.covers * 1.3 : day.covers })),
    }
    const coach = {
      ...plain,
      history: plain.history.map((day) => (day.date === '2026-06-26' ? { ...day, covers: 400 } : day)),
    }
    expect(sum(coversOf(risen)) / sum(coversOf(plain))).toBeGreaterThan(1.15)
    expect(sum(coversOf(coach)) / sum(coversOf(plain))).toBeLessThan(1.1)
  })

  test('more on the books than such a day usually has brings more, never less than is on the books', () => {
    expect(at(10) - at(0)).toBeCloseTo(6, 0)
    expect(at(-10)).toBeLessThan(at(0))
    expect(at(300)).toBe(320)
  })

  test('a house whose books say all, or nothing, is believed for what they said before', () => {
    const random = [3, 11, 0, 7, 14, 2, 9, 5, 12, 1, 8]
    const booked = (i: number): number => random[i % random.length] ?? 0
    const books = new Map<string, BookingChange[]>(
      [...past, ...ahead.map((day) => day.date)].map((date, i) => [
        date,
        [{ lead_days: 20, covers: date === ahead[4]?.date ? 26 : booked(i) }],
      ]),
    )
    const noise = past.map((_, i) => ((i * 7) % 5) - 2)
    const brings = (each: number): number => {
      const history = past.map((date, i) => ({ date, covers: usual(date) + each * booked(i) + (noise[i] ?? 0) }))
      const without = coversOf({ ...plain, history })[4] ?? 0
      return ((coversOf({ ...plain, history, bookings: books })[4] ?? 0) - without) / 20
    }
    expect(brings(1)).toBeGreaterThan(0.7)
    expect(brings(0)).toBeLessThan(0.3)
  })

  test('closed days are zero, and no history says nothing', () => {
    const [closed] = forecastCovers({ ...plain, days: [{ date: '2026-06-29', closed: true }] })
    expect(closed).toMatchObject({ covers: 0, low: 0, high: 0 })
    expect(forecastCovers({ ...plain, history: [] })).toEqual([])
  })

  test('a holiday within the week is nearer a Sunday, the evening before it nearer a Saturday', () => {
    const [mon, tue, wed] = coversOf({ ...plain, holidays: new Set(['2026-06-30']) })
    const [, , usually] = coversOf(plain)
    expect(mon).toBeGreaterThan(60)
    expect(mon).toBeLessThan(75)
    expect(tue).toBeGreaterThan(51)
    expect(tue).toBeLessThan(60)
    expect(wed).toBe(usually)
    // Past ones are hardly learnt from: neither their Sunday nor their Monday says what usual ones bring.
    const odd = new Set(['2026-06-21', '2026-06-22'])
    const history = plain.history.map((day) => (odd.has(day.date) ? { ...day, covers: 100 } : day))
    const named = coversOf({ ...plain, history, holidays: new Set(['2026-06-22']) })
    const unnamed = coversOf({ ...plain, history })
    expect(Math.abs((named[0] ?? 0) - 40)).toBeLessThan(Math.abs((unnamed[0] ?? 0) - 40))
  })

  test('a holiday on a Saturday or Sunday changes no day, and every day is one day', () => {
    expect(parts('2026-06-27', '2026-06-27')).toEqual([0, 0, 0, 0, 0, 1, 0])
    expect(parts('2026-06-26', '2026-06-27')).toEqual([0, 0, 0, 0, 1, 0, 0])
    expect(parts('2026-06-28', '2026-06-28')).toEqual([0, 0, 0, 0, 0, 0, 1])
    expect(parts('2026-06-28', '2026-06-29')).toEqual([0, 0, 0, 0, 0, forecastFigures.eve, 1 - forecastFigures.eve])
    for (const date of past.slice(-7))
      for (const named of [[date], [addDays(date, 1)], [date, addDays(date, 1)]])
        expect(sum(parts(date, ...named))).toBeCloseTo(1, 9)
  })

  test('public holidays of Japan are known by rule, elsewhere the house names its own', () => {
    expect(ofJapan(2017).join(' ')).toBe(
      '01-01 01-02 01-03 01-09 02-11 03-20 04-29 05-03 05-04 05-05 07-17 08-11 09-18 09-23 10-09 11-03 11-23 12-23',
    )
    // With the day after three on a row that began on a Sunday, and a day between two.
    expect(ofJapan(2026).join(' ')).toBe(
      '01-01 01-02 01-03 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23',
    )
    expect(publicHolidays('Asia/Singapore', '2026-01-01', '2026-12-31').size).toBe(0)

    const known: KnownDay[] = past.map((date) => ({ date, covers: usual(date), open: true, booked: [] }))
    const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '11:00', closes: '23:00' }]
    const madeIn = (timezone: string, special_days: { date: string; hours: typeof hours; reason: null }[] = []) =>
      forecastsMadeOn(house({ timezone, hours, special_days }), known, '2026-06-29').find(
        (one) => one.for_day === '2026-07-20',
      )
    expect(madeIn('Asia/Tokyo')?.covers).toBeGreaterThan(madeIn('Asia/Singapore')?.covers ?? 0)
  })

  test('what is known only later changes nothing', () => {
    const later = ahead.map(({ date }) => ({ date, covers: 999 }))
    expect(forecastCovers({ ...plain, history: [...plain.history, ...later] })).toEqual(forecastCovers(plain))
    const books = new Map([[ahead[3]?.date ?? '', [{ lead_days: 4, covers: 7 }]]])
    const withLater = new Map([
      [
        ahead[3]?.date ?? '',
        [
          { lead_days: 4, covers: 7 },
          { lead_days: 3, covers: 50 },
          { lead_days: 1, covers: -7 },
        ],
      ],
    ])
    expect(forecastCovers({ ...plain, bookings: withLater })).toEqual(forecastCovers({ ...plain, bookings: books }))
    expect(onHand(withLater, ahead[3]?.date ?? '', 0)).toBe(50)

    const known: KnownDay[] = past.map((date) => ({ date, covers: usual(date), open: true, booked: [] }))
    const morning = addDays(through, -20)
    const then = known.filter((day) => day.date < morning)
    expect(forecastsMadeOn(house(), known, morning)).toEqual(forecastsMadeOn(house(), then, morning))
  })

  test('whatever the past, low ≤ covers ≤ high, all finite and none below the books', () => {
    const covers = fc.array(fc.option(fc.nat(500)), { minLength: 1, maxLength: 120 })
    const booked = fc.array(fc.tuple(fc.nat(60), fc.nat(40)), { maxLength: 10 })
    fc.assert(
      fc.property(covers, booked, (days, changes) => {
        const history = days.flatMap((n, i) =>
          n === null ? [] : [{ date: addDays(through, i - days.length + 1), covers: n }],
        )
        const bookings = new Map(
          ahead.map(({ date }) => [date, changes.map(([lead_days, n]) => ({ lead_days, covers: n }))]),
        )
        for (const one of forecastCovers({ ...plain, history, bookings })) {
          expect(Number.isFinite(one.high)).toBe(true)
          expect(one.low).toBeLessThanOrEqual(one.covers)
          expect(one.covers).toBeLessThanOrEqual(one.high)
          expect(one.covers).toBeGreaterThanOrEqual(one.on_hand)
          expect(one.low).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })
})

describe('days and ranges', () => {
  test('R185 hours past midnight are of the day they began on, past five of the next', () => {
    const late = house({ hours: [{ days: [5], opens: '18:00', closes: '06:00' }] })
    expect(daysToReckon(late, ['2026-06-26', '2026-06-27'])).toEqual([
      { day: '2026-06-26', open: [{ from: '2026-06-26T10:00:00.000Z', to: '2026-06-26T21:00:00.000Z' }] },
      { day: '2026-06-27', open: [{ from: '2026-06-26T21:00:00.000Z', to: '2026-06-26T22:00:00.000Z' }] },
    ])
    expect(daysToReckon(house({ hours: [] }), ['2026-06-26'])).toEqual([{ day: '2026-06-26', open: [] }])
  })

  test('R190 a range', () => {
    expect(rangeOf({}, '2026-06-28')).toEqual({ from: '2026-06-01', to: '2026-06-28' })
    expect(rangeOf({ from: '2026-06-28', to: '2026-06-28' }, '2026-01-01')).toEqual({
      from: '2026-06-28',
      to: '2026-06-28',
    })
    expect(rangeOf({ from: '2026-06-28', to: '2026-06-27' }, '2026-01-01')).toHaveProperty('mistake')
    expect(rangeOf({ from: '2025-01-01', to: '2026-02-04' }, '2026-01-01')).toHaveProperty('from')
    expect(rangeOf({ from: '2025-01-01', to: '2026-02-05' }, '2026-01-01')).toHaveProperty('mistake')
    expect(liveDays({ from: '2026-06-01', to: '2026-06-27' }, '2026-06-28')).toEqual(['2026-06-26', '2026-06-27'])
  })

  test('R187 the nearest rank', () => {
    const bins = new Map([
      [90, 5],
      [60, 4],
      [120, 1],
    ])
    expect([0.1, 0.4, 0.5, 0.9, 0.91, 1].map((share) => percentileOf(bins, share))).toEqual([60, 60, 90, 90, 120, 120])
    expect(percentileOf(new Map(), 0.5)).toBeNull()
  })
})

describe('the bench’s files', () => {
  test('are refused by line where they are not right', () => {
    expect(readVisits('a,b\n')).toEqual({
      mistakes: ['line 1: the columns must be "restaurant,date,visitors", not "a,b"'],
    })
    expect(
      readVisits('restaurant,date,visitors\n1,2017-02-30,4\n1,2017-02-03,x\n1,2017-02-04,1\n1,2017-02-04,1\n'),
    ).toEqual({
      mistakes: [
        'line 2: date "2017-02-30" is no YYYY-MM-DD',
        'line 3: visitors "x" is no whole number',
        'line 5: restaurant 1 has 2017-02-04 twice',
      ],
    })
  })

  test('are measured as the baselines are defined', () => {
    const lines = daysFrom('2017-01-02', '2017-02-12').map((date, i) => `1,${date},${10 + Math.floor(i / 7)}`)
    const read = readVisits(`restaurant,date,visitors\n${lines.join('\n')}\n`)
    if (!('visits' in read)) throw new Error('not read')
    const got = measure(read.visits, null, { cutoff: '2017-02-05', horizon: 7, holidays: new Set() })
    expect(got).toMatchObject({ restaurants: 1, days: 7, naive: 1, weekday_mean: 3 })
    const bookings = readBookings('restaurant,visit_at,reserved_at,party_size\n1,2017-02-08T19:00,2017-02-01T20:00,9\n')
    expect(bookings).toEqual({ bookings: new Map([['1', new Map([['2017-02-08', [{ lead_days: 7, covers: 9 }]]])]]) })
  })
})
