import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instantOf, isoAt } from '../../src/platform/time.ts'
import {
  closesAt,
  editedSettings,
  firstInstantAt,
  hoursMistakes,
  serviceAt,
  servicesOn,
  specialDaysMistakes,
  turnMinutes,
} from '../../src/restaurants/rules.ts'
import { defaultSettings, type WeeklyHours } from '../../src/restaurants/schema.ts'

const everyDay = [1, 2, 3, 4, 5, 6, 7]
const lunchAndDinner = [
  { days: everyDay, opens: '18:00', closes: '02:00' },
  { days: [1, 2, 3, 4, 5], opens: '11:30', closes: '15:00' },
]
const house = { timezone: 'Asia/Singapore', hours: lunchAndDinner, special_days: [] }
// 2026-12-04 is a Friday.
const friday = '2026-12-04'
const minute = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

const timeOf = (m: number): string =>
  `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`
const someHours: fc.Arbitrary<WeeklyHours[]> = fc.array(
  fc.record({
    days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }),
    opens: fc.integer({ min: 0, max: 1439 }).map(timeOf),
    closes: fc.integer({ min: 0, max: 1440 }).map(timeOf),
  }),
  { maxLength: 4 },
)
const someDate = fc
  .integer({ min: 0, max: 20_000 })
  .map((day) => new Date(Date.parse('2000-01-05') + day * 86_400_000).toISOString().slice(0, 10))

describe('R1 services of a date', () => {
  test('go by the weekday, in order of opening', () => {
    expect(servicesOn(house, friday)).toEqual([
      { date: friday, opens_minute: 690, closes_minute: 900, special: false },
      { date: friday, opens_minute: 1080, closes_minute: 1560, special: false },
    ])
    expect(servicesOn(house, '2026-12-05')).toHaveLength(1)
  })

  test('go by the special day where there is one; without hours it is closed', () => {
    const hours = [{ opens: '10:00', closes: '12:00' }]
    const special = {
      ...house,
      special_days: [
        { date: friday, hours },
        { date: '2026-12-05', hours: [] },
      ],
    }
    expect(servicesOn(special, friday)).toEqual([
      { date: friday, opens_minute: 600, closes_minute: 720, special: true },
    ])
    expect(servicesOn(special, '2026-12-05')).toEqual([])
    expect(servicesOn(special, '2026-12-06')).toHaveLength(1)
  })

  test('R2 last at least a minute and at most a day', () => {
    fc.assert(
      fc.property(someHours, someDate, (hours, date) => {
        for (const one of servicesOn({ ...house, hours }, date)) {
          expect(one.closes_minute - one.opens_minute).toBeGreaterThan(0)
          expect(one.closes_minute - one.opens_minute).toBeLessThanOrEqual(1440)
        }
      }),
    )
  })
})

describe('R3 the service under way', () => {
  test.each([
    [friday, '11:29', null],
    [friday, '11:30', friday],
    [friday, '14:59', friday],
    [friday, '15:00', null],
    [friday, '23:59', friday],
    ['2026-12-05', '01:59', friday],
    ['2026-12-05', '02:00', null],
    ['2026-12-05', '12:00', null],
  ])('on %s at %s is that of %j', (date, time, begun) => {
    expect(serviceAt(house, date, minute(time))?.date ?? null).toBe(begun)
  })

  test('is one that begins on the date or the evening before, and holds the minute', () => {
    fc.assert(
      fc.property(someHours, someDate, fc.integer({ min: 0, max: 1439 }), (hours, date, at) => {
        const one = serviceAt({ ...house, hours }, date, at)
        if (!one) return
        const shifted = one.date === date ? at : at + 1440
        expect(one.opens_minute <= shifted && shifted < one.closes_minute).toBe(true)
      }),
    )
  })

  test('is there at every minute of every service', () => {
    fc.assert(
      fc.property(someHours, someDate, fc.double({ min: 0, max: 1, noNaN: true }), (hours, date, share) => {
        for (const one of servicesOn({ ...house, hours }, date)) {
          const at = one.opens_minute + Math.floor(share * (one.closes_minute - one.opens_minute - 1))
          const day = at < 1440 ? date : new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10)
          expect(serviceAt({ ...house, hours }, day, at % 1440)).toBeDefined()
        }
      }),
    )
  })
})

function closing(on: Parameters<typeof closesAt>[0], date: string, time: string): string {
  const service = serviceAt(on, date, minute(time))
  if (!service) throw new Error('closed then')
  return isoAt(closesAt(on, service), on.timezone)
}

describe('R4 closing', () => {
  test('is past midnight where the hours say so', () => {
    expect(closing(house, friday, '20:00')).toBe('2026-12-05T02:00:00+08:00')
    expect(closing(house, friday, '12:00')).toBe('2026-12-04T15:00:00+08:00')
  })

  test('looks through services that follow without a pause', () => {
    const joined = {
      ...house,
      hours: [
        { days: [5], opens: '11:00', closes: '17:00' },
        { days: [5], opens: '17:00', closes: '24:00' },
        { days: [6], opens: '00:00', closes: '04:00' },
      ],
    }
    expect(closing(joined, friday, '12:00')).toBe('2026-12-05T04:00:00+08:00')
    const paused = { ...joined, hours: joined.hours.map((one, i) => (i === 1 ? { ...one, opens: '17:01' } : one)) }
    expect(closing(paused, friday, '12:00')).toBe('2026-12-04T17:00:00+08:00')
  })

  test('in the night the clocks change is where the wall clock says, or when they skip it', () => {
    const york = {
      ...house,
      timezone: 'America/New_York',
      hours: [{ days: everyDay, opens: '18:00', closes: '02:30' }],
    }
    // 02:30 does not exist on 8 March 2026, and 01:30 comes twice on 1 November.
    expect(closing(york, '2026-03-07', '20:00')).toBe('2026-03-08T03:00:00-04:00')
    const early = { ...york, hours: [{ days: everyDay, opens: '18:00', closes: '01:30' }] }
    expect(closing(early, '2026-10-31', '20:00')).toBe('2026-11-01T01:30:00-04:00')
  })

  test('never comes before the service began', () => {
    const zones = fc.constantFrom('Asia/Singapore', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca')
    fc.assert(
      fc.property(someHours, someDate, zones, (hours, date, timezone) => {
        const there = { ...house, hours, timezone }
        for (const one of servicesOn(there, date)) {
          expect(closesAt(there, one)).toBeGreaterThanOrEqual(firstInstantAt(date, one.opens_minute, timezone))
        }
      }),
    )
  })

  test('of a time that exists is that time', () => {
    fc.assert(
      fc.property(someDate, fc.integer({ min: 0, max: 2880 }), (date, at) => {
        const resolved = instantOf(date, at, 'Europe/Rome')
        if (resolved.kind !== 'gap') expect(firstInstantAt(date, at, 'Europe/Rome')).toBe(resolved.at)
        else expect(instantOf(date, at + 60, 'Europe/Rome').kind).not.toBe('gap')
      }),
    )
  })
})

describe('hours that cannot be', () => {
  test.each([
    [
      [
        { days: [1], opens: '11:00', closes: '15:00' },
        { days: [1], opens: '14:59', closes: '20:00' },
      ],
      1,
    ],
    [
      [
        { days: [1], opens: '11:00', closes: '15:00' },
        { days: [1], opens: '15:00', closes: '20:00' },
      ],
      0,
    ],
    [[{ days: [1, 1], opens: '11:00', closes: '15:00' }], 1],
    [
      [
        { days: [1], opens: '18:00', closes: '02:00' },
        { days: [2], opens: '01:00', closes: '03:00' },
      ],
      1,
    ],
    [
      [
        { days: [7], opens: '18:00', closes: '02:00' },
        { days: [1], opens: '01:00', closes: '03:00' },
      ],
      1,
    ],
    [[{ days: everyDay, opens: '00:00', closes: '24:00' }], 0],
    [[], 0],
  ])('%j: %i mistakes', (hours, mistakes) => {
    expect(hoursMistakes(hours)).toHaveLength(mistakes)
  })

  test('are found whenever a minute of the week has two services', () => {
    fc.assert(
      fc.property(someHours, someDate, fc.integer({ min: 0, max: 1439 }), (hours, date, at) => {
        if (hoursMistakes(hours).length > 0) return
        const there = { ...house, hours }
        const yesterday = new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10)
        const under_way = [
          ...servicesOn(there, date).filter((one) => one.opens_minute <= at && at < one.closes_minute),
          ...servicesOn(there, yesterday).filter((one) => at + 1440 < one.closes_minute),
        ]
        expect(under_way.length).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('of a special day are found too', () => {
    const one = { opens: '11:00', closes: '15:00' }
    expect(specialDaysMistakes([{ date: friday, hours: [one, { opens: '15:00', closes: '20:00' }] }])).toEqual([])
    expect(specialDaysMistakes([{ date: friday, hours: [{ opens: '14:00', closes: '20:00' }, one] }])).toHaveLength(1)
    expect(specialDaysMistakes([{ date: friday, hours: [{ opens: '10:00', closes: '09:00' }, one] }])).toHaveLength(1)
  })
})

describe('R5 the turn', () => {
  test.each([
    [1, 90],
    [2, 90],
    [3, 105],
    [4, 105],
    [5, 120],
    [6, 120],
    [7, 150],
    [5000, 150],
  ])('of a party of %i is %i minutes', (size, minutes) => {
    expect(turnMinutes(defaultSettings, size)).toBe(minutes)
  })

  test('never falls as the party grows, where the rules do not', () => {
    const rules = fc
      .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 15, max: 300 })), {
        minLength: 1,
        selector: ([most]) => most,
      })
      .map((pairs) => {
        const sizes = pairs.map(([most]) => most).toSorted((a, b) => a - b)
        const turns = pairs.map(([, turn]) => turn).toSorted((a, b) => a - b)
        return sizes.map((max_party, i) => ({ max_party, minutes: turns[i] ?? 15 }))
      })
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 60 }), (turn_rules, size) => {
        const settings = { ...defaultSettings, turn_rules }
        expect(turnMinutes(settings, size + 1)).toBeGreaterThanOrEqual(turnMinutes(settings, size))
      }),
    )
  })
})

test('an edit of settings changes what it names and nothing else', () => {
  const edited = editedSettings(defaultSettings, { slot_minutes: 15, pacing: { max_covers_per_slot: 9 } })
  expect(edited).toEqual({
    ...defaultSettings,
    slot_minutes: 15,
    pacing: { max_covers_per_slot: 9, max_parties_per_slot: null },
  })
  expect(editedSettings(edited, { pacing: { max_covers_per_slot: null } })).toEqual({
    ...defaultSettings,
    slot_minutes: 15,
  })
  expect(editedSettings(edited, {})).toEqual(edited)
})
