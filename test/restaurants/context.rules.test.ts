import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isoAt } from '../../src/platform/time.ts'
import { contextOf, doorsAt, largestParty } from '../../src/restaurants/context-rules.ts'
import { dateWords, daySentence, duration } from '../../src/restaurants/context-sentence-rules.ts'
import { HouseContext } from '../../src/restaurants/context-schema.ts'
import { defaultSettings, type Restaurant } from '../../src/restaurants/schema.ts'
import { serviceAt } from '../../src/restaurants/rules.ts'
import { house, id, table } from '../reservations/houses.ts'

const everyDay = [1, 2, 3, 4, 5, 6, 7]
const late = { hours: [{ days: [5, 6], opens: '18:00', closes: '02:00' }] }

/** What is said at a moment, and the doors as local times. */
function at(moment: string, changes: Partial<Restaurant> = {}): Record<string, unknown> {
  const { open, closes_at, next_opens_at, next_closes_at, sentence } = contextOf(
    house(changes),
    Date.parse(moment),
  ).today
  return { open, closes_at, next_opens_at, next_closes_at, sentence }
}

describe('R36 the doors', () => {
  test('while open: until closing, then the next opening', () => {
    // 2026-12-04 is a Friday.
    expect(at('2026-12-04T19:30:00+08:00')).toEqual({
      open: true,
      closes_at: '2026-12-04T23:00:00+08:00',
      next_opens_at: '2026-12-05T11:00:00+08:00',
      next_closes_at: '2026-12-04T23:00:00+08:00',
      sentence: 'We are open now, until 23:00.',
    })
  })

  test('before opening, and after closing', () => {
    expect(at('2026-12-04T10:59:59+08:00')).toEqual({
      open: false,
      closes_at: null,
      next_opens_at: '2026-12-04T11:00:00+08:00',
      next_closes_at: '2026-12-04T23:00:00+08:00',
      sentence: 'We are closed now and open next today at 11:00.',
    })
    expect(at('2026-12-04T11:00:00+08:00').open).toBe(true)
    expect(at('2026-12-04T23:00:00+08:00')).toMatchObject({
      open: false,
      sentence: 'We are closed now and open next tomorrow at 11:00.',
    })
  })

  test('overnight: the evening before is still open past midnight', () => {
    expect(at('2026-12-05T01:30:00+08:00', late)).toMatchObject({
      open: true,
      closes_at: '2026-12-05T02:00:00+08:00',
      next_opens_at: '2026-12-05T18:00:00+08:00',
      sentence: 'We are open now, until 02:00.',
    })
    expect(at('2026-12-04T20:00:00+08:00', late).sentence).toBe('We are open now, until 02:00.')
    expect(at('2026-12-06T02:00:00+08:00', late)).toMatchObject({
      open: false,
      next_opens_at: '2026-12-11T18:00:00+08:00',
      sentence: 'We are closed now and open next on Friday 11 December 2026 at 18:00.',
    })
  })

  test('closed today, on a special day, or for good', () => {
    const special_days = [
      { date: '2026-12-04', hours: [], reason: 'Staff party' },
      { date: '2026-12-05', hours: [{ opens: '17:00', closes: '24:00' }] },
    ]
    expect(at('2026-12-04T19:00:00+08:00', { special_days })).toMatchObject({
      open: false,
      sentence: 'We are closed now and open next tomorrow at 17:00.',
    })
    expect(at('2026-12-05T19:00:00+08:00', { special_days }).sentence).toBe('We are open now, until midnight.')
    expect(at('2026-12-04T19:00:00+08:00', { hours: [] })).toEqual({
      open: false,
      closes_at: null,
      next_opens_at: null,
      next_closes_at: null,
      sentence: 'We are closed until further notice.',
    })
  })

  test('around the clock there is no closing', () => {
    expect(at('2026-12-04T03:00:00+08:00', { hours: [{ days: everyDay, opens: '00:00', closes: '24:00' }] })).toEqual({
      open: true,
      closes_at: null,
      next_opens_at: null,
      next_closes_at: null,
      sentence: 'We are open now, around the clock.',
    })
  })

  test('in the nights the clocks change', () => {
    const york = { timezone: 'America/New_York', hours: [{ days: everyDay, opens: '18:00', closes: '01:30' }] }
    // The clocks go back from 02:00 to 01:00 on 1 November 2026: closing is the first 01:30, and stays closed.
    expect(at('2026-11-01T05:29:00Z', york)).toMatchObject({ open: true, closes_at: '2026-11-01T01:30:00-04:00' })
    expect(at('2026-11-01T05:30:00Z', york).open).toBe(false)
    expect(at('2026-11-01T06:15:00Z', york).open).toBe(false)
    // They go forward from 02:00 to 03:00 on 8 March 2026: closing at 02:30 is at 03:00.
    const later = { ...york, hours: [{ days: everyDay, opens: '18:00', closes: '02:30' }] }
    expect(at('2026-03-08T06:59:00Z', later)).toMatchObject({ open: true, closes_at: '2026-03-08T03:00:00-04:00' })
    expect(at('2026-03-08T07:00:00Z', later).open).toBe(false)
    // Opening at 02:30 is at 03:00 that night.
    const early = { ...york, hours: [{ days: everyDay, opens: '02:30', closes: '10:00' }] }
    expect(at('2026-03-08T06:30:00Z', early)).toMatchObject({ next_opens_at: '2026-03-08T03:00:00-04:00' })
  })

  const someHouse = fc
    .record({
      hours: fc.array(
        fc.record({
          days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
          opens: fc.constantFrom('00:00', '06:30', '11:00', '18:00', '23:59'),
          closes: fc.constantFrom('00:00', '02:30', '11:00', '15:00', '23:00', '24:00'),
        }),
        { maxLength: 3 },
      ),
      timezone: fc.constantFrom('Asia/Singapore', 'America/New_York', 'Australia/Lord_Howe'),
    })
    .map((changes) => house(changes))
  const someMoment = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) })

  test('agree with the hours, and what comes next comes later and is so', () => {
    fc.assert(
      fc.property(someHouse, someMoment, (one, now) => {
        const doors = doorsAt(one, now)
        if (doors.closes_at !== null) {
          expect(doors.closes_at).toBeGreaterThan(now)
          expect(doorsAt(one, doors.closes_at - 1).open).toBe(true)
          expect(doorsAt(one, doors.closes_at).open).toBe(false)
        }
        if (doors.next_opens_at !== null) {
          expect(doors.next_opens_at).toBeGreaterThan(now)
          expect(doorsAt(one, doors.next_opens_at).open).toBe(true)
        }
        if (one.timezone === 'Asia/Singapore') {
          const wall = isoAt(now, one.timezone)
          const minute = Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16))
          expect(doors.open).toBe(serviceAt(one, wall.slice(0, 10), minute) !== undefined)
        }
        if (one.hours.length > 0) expect(doors.open || doors.next_opens_at !== null).toBe(true)
      }),
    )
  })

  test('any context is one the wire can carry, and its sentences are sentences', () => {
    fc.assert(
      fc.property(someHouse, someMoment, (one, now) => {
        const context = contextOf(one, now)
        expect(HouseContext.parse(context)).toEqual(context)
        const said = [context.today, ...context.hours, ...context.special_days].map((part) => part.sentence)
        for (const sentence of [...said, ...context.policies.sentences]) {
          expect(sentence).toMatch(/^[A-Z][^{}[\]]+\.$/)
          expect(sentence).not.toMatch(/undefined|null|NaN| {2}/)
        }
      }),
    )
  })
})

describe('the words', () => {
  test.each([
    [[{ opens: '11:00', closes: '15:00' }], 'On Mondays we are open from 11:00 to 15:00.'],
    [[{ opens: '18:00', closes: '02:00' }], 'On Mondays we are open from 18:00 to 02:00 the next morning.'],
    [[{ opens: '18:00', closes: '24:00' }], 'On Mondays we are open from 18:00 to midnight.'],
    [[{ opens: '18:00', closes: '00:00' }], 'On Mondays we are open from 18:00 to midnight.'],
    [[{ opens: '00:00', closes: '24:00' }], 'On Mondays we are open around the clock.'],
    [
      [
        { opens: '11:00', closes: '15:00' },
        { opens: '18:00', closes: '23:00' },
      ],
      'On Mondays we are open from 11:00 to 15:00 and from 18:00 to 23:00.',
    ],
    [[], 'On Mondays we are closed.'],
  ])('%j', (openings, sentence) => {
    expect(daySentence('On Mondays', openings)).toBe(sentence)
  })

  test.each([
    [1, '1 minute'],
    [60, '1 hour'],
    [90, '1 hour 30 minutes'],
    [1440, '24 hours'],
    [2880, '2 days'],
    [2940, '49 hours'],
  ])('%i minutes are %s', (minutes, words) => {
    expect(duration(minutes)).toBe(words)
  })

  test('a date as it is spoken', () => {
    expect(dateWords('2026-12-04')).toBe('Friday 4 December 2026')
  })
})

test('a house as it is told to somebody who answers the telephone', () => {
  const one = house({
    hours: [
      { days: [2, 3, 4, 5, 6], opens: '18:00', closes: '23:00' },
      { days: [6, 7], opens: '11:30', closes: '15:00' },
    ],
    special_days: [
      { date: '2026-12-03', hours: [], reason: 'Past' },
      { date: '2026-12-24', hours: [{ opens: '11:00', closes: '15:00' }], reason: 'Christmas Eve' },
      { date: '2026-12-25', hours: [] },
    ],
    tables: [
      table(1, 2, { area: 'Terrace' }),
      table(2, 4, { area: 'Inside' }),
      table(3, 6, { area: 'Inside' }),
      table(4, 20, { enabled: false }),
    ],
    combinations: [{ id: id(9), table_ids: [id(2), id(3)], min_party: 7, max_party: 10, version: 1 }],
    settings: { ...defaultSettings, min_notice_minutes: 120, last_seating_minutes: 30, horizon_days: 60 },
  })
  const context = contextOf(one, Date.parse('2026-12-04T10:00:00Z'))
  expect(context.now).toEqual({
    at: '2026-12-04T18:00:00+08:00',
    date: '2026-12-04',
    time: '18:00',
    weekday: 'Friday',
  })
  expect(context.today.openings).toEqual([{ opens: '18:00', closes: '23:00' }])
  expect(context.hours.map((day) => day.sentence)).toEqual([
    'On Mondays we are closed.',
    'On Tuesdays we are open from 18:00 to 23:00.',
    'On Wednesdays we are open from 18:00 to 23:00.',
    'On Thursdays we are open from 18:00 to 23:00.',
    'On Fridays we are open from 18:00 to 23:00.',
    'On Saturdays we are open from 11:30 to 15:00 and from 18:00 to 23:00.',
    'On Sundays we are open from 11:30 to 15:00.',
  ])
  expect(context.special_days).toEqual([
    {
      date: '2026-12-24',
      weekday: 4,
      openings: [{ opens: '11:00', closes: '15:00' }],
      reason: 'Christmas Eve',
      sentence: 'On Thursday 24 December 2026 we are open from 11:00 to 15:00 (Christmas Eve).',
    },
    {
      date: '2026-12-25',
      weekday: 5,
      openings: [],
      reason: null,
      sentence: 'On Friday 25 December 2026 we are closed.',
    },
  ])
  expect(context.policies).toMatchObject({ largest_party: 10, last_date: '2027-02-02', hold_minutes: 5 })
  expect(context.policies.sentences).toEqual([
    'The largest party that can be booked is 10 people.',
    'We take bookings up to 60 days ahead, until Tuesday 2 February 2027.',
    'We need at least 2 hours of notice.',
    'The last party sits down 30 minutes before closing.',
    'A table is yours for 1 hour 30 minutes for up to 2 people, 1 hour 45 minutes for up to 4 people, 2 hours for up to 6 people and 2 hours 30 minutes for larger parties.',
    'We keep a table for 15 minutes after the booked time.',
    'While somebody decides, we hold a table for 5 minutes.',
    'One phone number can have one table at a time.',
  ])
  expect(context.room).toEqual({
    tables: 3,
    seats: 12,
    areas: [
      { name: 'Inside', tables: 2, seats: 10 },
      { name: 'Terrace', tables: 1, seats: 2 },
    ],
  })
})

test('R37 the largest party is what settings and room both take', () => {
  const joined = [{ id: id(9), table_ids: [id(2), id(3)], min_party: 1, max_party: 9, version: 1 }]
  expect(largestParty(house())).toBe(6)
  expect(largestParty(house({ combinations: joined }))).toBe(9)
  expect(largestParty(house({ settings: { ...defaultSettings, max_party: 4 } }))).toBe(4)
  const off = [table(1, 2), table(2, 4), table(3, 6, { enabled: false })]
  expect(largestParty(house({ combinations: joined, tables: off }))).toBe(4)
  expect(largestParty(house({ tables: [] }))).toBe(0)
})
