import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBookings, readVisits } from '../../bench/forecast/csv.ts'
import { measure } from '../../bench/forecast/measure.ts'
import { type BookingChange, forecastCovers, type ForecastInput, onHand } from '../../src/insights/forecast-rules.ts'
import type { KnownDay } from '../../src/insights/forecast-schema.ts'
import { forecastsMadeOn } from '../../src/insights/known-rules.ts'
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
  holiday: false,
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

  test('closed days are zero, a holiday is as a Sunday, and no history says nothing', () => {
    const days = [
      { date: '2026-06-29', closed: true, holiday: false },
      { date: '2026-06-30', closed: false, holiday: true },
    ]
    const [closed, holiday] = forecastCovers({ ...plain, days })
    expect(closed).toMatchObject({ covers: 0, low: 0, high: 0 })
    expect(holiday?.covers).toBeGreaterThan(54)
    expect(forecastCovers({ ...plain, history: [] })).toEqual([])
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
