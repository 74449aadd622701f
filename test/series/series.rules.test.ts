import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, isoWeekday } from '../../src/platform/time.ts'
import type { ReservationRow } from '../../src/reservations/schema.ts'
import { arrivalOf } from '../../src/reservations/rules.ts'
import { datesOf, editOf, readRule, termsAfter, termsAt, writeRule } from '../../src/reservations/series/rules.ts'
import type { SeriesTerms } from '../../src/reservations/series/schema.ts'
import { id } from '../reservations/houses.ts'

const zone = 'Asia/Singapore'
/** The dates of a rule, or what is wrong with it. */
function follow(rrule: string, start: string, time = '19:00', timezone = zone): string[] | string {
  const reading = readRule(rrule, time, timezone)
  if ('mistake' in reading) return reading.mistake
  return datesOf(writeRule(reading), start, 104) ?? []
}

describe('R135 rules', () => {
  test.each([
    ['FREQ=WEEKLY;BYDAY=TH;COUNT=3', '2026-12-01', ['2026-12-03', '2026-12-10', '2026-12-17']],
    // Dates that nothing else here takes are none of a series.
    ['FREQ=WEEKLY;COUNT=3', '2199-12-20', ['2199-12-20', '2199-12-27']],
    ['rrule:freq=weekly;count=2', '2026-12-01', ['2026-12-01', '2026-12-08']],
    ['FREQ=DAILY;INTERVAL=3;UNTIL=20261207', '2026-12-01', ['2026-12-01', '2026-12-04', '2026-12-07']],
    ['FREQ=MONTHLY;BYDAY=-1FR;COUNT=3', '2026-12-01', ['2026-12-25', '2027-01-29', '2027-02-26']],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2', '2026-12-01', ['2026-12-31', '2027-01-29']],
    ['FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3', '2026-12-01', ['2026-12-31', '2027-01-31', '2027-03-31']],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2', '2026-12-01', ['2028-02-29', '2032-02-29']],
    [
      'FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO;COUNT=4',
      '2026-12-06',
      ['2026-12-06', '2026-12-07', '2026-12-20', '2026-12-21'],
    ],
  ])('%s from %s', (rrule, start, dates) => {
    expect(follow(rrule, start)).toEqual(dates)
  })

  test.each([
    ['FREQ=WEEKLY', 'needs COUNT or UNTIL: a series ends'],
    ['FREQ=HOURLY;COUNT=2', 'FREQ is not right'],
    ['FREQ=WEEKLY;COUNT=2;BYHOUR=9', 'BYHOUR is not taken here'],
    ['FREQ=WEEKLY;COUNT=2;UNTIL=20270101', 'COUNT and UNTIL do not go together'],
    ['FREQ=WEEKLY;COUNT=2;COUNT=3', 'COUNT is given twice'],
    ['FREQ=WEEKLY;BYDAY=2TH;COUNT=2', 'BYDAY has no numbers where FREQ is WEEKLY'],
    ['FREQ=WEEKLY;BYMONTHDAY=2;COUNT=2', 'BYMONTHDAY does not go with FREQ=WEEKLY'],
    ['FREQ=MONTHLY;BYSETPOS=1;COUNT=2', 'BYSETPOS needs another BY part'],
    ['FREQ=WEEKLY;UNTIL=20270231', 'UNTIL is no date'],
    ['COUNT=2', 'FREQ is missing'],
    ['FREQ=WEEKLY;COUNT=0', 'COUNT is not right'],
    ['', 'an empty part is not taken here'],
    ['FREQ=WEEKLY;COUNT=2;__PROTO__=1', '__PROTO__ is not taken here'],
  ])('%s is refused: %s', (rrule, mistake) => {
    expect(follow(rrule, '2026-12-01')).toBe(mistake)
  })

  test('a rule that never comes gives nothing, and not for long', () => {
    expect(follow('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3', '2026-12-01')).toEqual([])
  })

  test('an UNTIL that is an instant ends on the last date whose time it does not precede', () => {
    const rule = 'FREQ=DAILY;UNTIL=20261203T110000Z' // 19:00 in Singapore
    expect(follow(rule, '2026-12-02', '19:00')).toEqual(['2026-12-02', '2026-12-03'])
    expect(follow(rule, '2026-12-02', '19:01')).toEqual(['2026-12-02'])
    expect(follow('FREQ=DAILY;UNTIL=20261204T003000Z', '2026-12-02', '19:00', 'America/New_York')).toEqual([
      '2026-12-02',
      '2026-12-03',
    ])
  })

  test('every date of a weekly rule is that weekday, whatever the zone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4000 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 1, max: 8 }),
        (offset, day, interval) => {
          const start = addDays('2026-01-01', offset)
          const name = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'][day]
          const dates = follow(`FREQ=WEEKLY;INTERVAL=${interval};BYDAY=${name};COUNT=9`, start)
          if (typeof dates === 'string') throw new Error(dates)
          expect(dates).toHaveLength(9)
          for (const [i, date] of dates.entries()) {
            expect(isoWeekday(date)).toBe(day + 1)
            expect(date >= start).toBe(true)
            if (i > 0) expect(date).toBe(addDays(dates[i - 1] ?? '', 7 * interval))
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('R136 wall time', () => {
  test.each([
    ['America/New_York', '2027-03-07', 2, '02:30', ['2027-03-07T07:30', null]],
    ['America/New_York', '2027-10-31', 2, '19:00', ['2027-10-31T23:00', '2027-11-08T00:00']],
    ['Australia/Lord_Howe', '2027-09-26', 2, '02:15', ['2027-09-25T15:45', null]],
    ['Australia/Lord_Howe', '2027-03-28', 2, '19:00', ['2027-03-28T08:00', '2027-04-04T08:30']],
  ])('in %s from %s', (timezone, start, count, time, instants) => {
    const dates = follow(`FREQ=WEEKLY;COUNT=${count}`, start, time, timezone)
    if (typeof dates === 'string') throw new Error(dates)
    const found = dates.map((date) => {
      const arrival = arrivalOf({ date, time }, timezone)
      return arrival ? new Date(arrival.at).toISOString().slice(0, 16) : null
    })
    expect(found).toEqual(instants)
  })
})

const terms = (from_date: string, more: Partial<SeriesTerms> = {}): SeriesTerms => ({
  from_date,
  time: '19:00',
  party_size: 4,
  area: null,
  table_id: null,
  name: 'Ana',
  phone_number: null,
  email: null,
  notes: null,
  other_info: null,
  ...more,
})

describe('R141 terms', () => {
  test('an edit from a date on changes every date from it, and no other', () => {
    const day = fc.integer({ min: 0, max: 60 }).map((n) => addDays('2027-01-01', n))
    const edit = fc.record({ from: day, party_size: fc.integer({ min: 1, max: 9 }) })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 6 }), day, (edits, asked) => {
        let now = [terms('2027-01-01')]
        let expected = 4
        for (const { from, party_size } of edits) {
          now = termsAfter(now, from, { party_size })
          if (asked >= from) expected = party_size
        }
        expect(termsAt({ terms: now }, asked)?.party_size).toBe(expected)
        expect(now.map((one) => one.from_date)).toEqual([...new Set(now.map((one) => one.from_date))].toSorted())
      }),
    )
  })
})

const row = (more: Partial<ReservationRow> = {}): ReservationRow & { series_date: string } => ({
  id: id(9),
  restaurant_id: id(1),
  confirmation_code: 'ABCDEF',
  status: 'confirmed',
  starts_at: '2027-01-07T19:00:00+08:00',
  ends_at: '2027-01-07T20:45:00+08:00',
  buffer_minutes: 0,
  tables: [{ id: id(2), number: '2', seats: 4, area: null }],
  guest_id: null,
  source: 'api',
  late_minutes: null,
  cancel_reason: null,
  hold_expires_at: null,
  seated_at: null,
  completed_at: null,
  cancelled_at: null,
  no_show_at: null,
  version: 1,
  created_at: '2027-01-01T00:00:00Z',
  updated_at: '2027-01-01T00:00:00Z',
  series_id: id(8),
  is_group: false,
  ...terms('2027-01-01'),
  ...more,
  series_date: '2027-01-07',
})

describe('R142 an occurrence that was edited by itself', () => {
  test('keeps that field and takes the others', () => {
    const edit = editOf(row({ notes: 'cake' }), terms('2027-01-01'), { time: '20:00', notes: 'quiet' }, false, zone)
    expect(edit).toEqual({ change: { time: '20:00' }, kept: ['notes'] })
  })
  test('loses it where it is to be overwritten', () => {
    const edit = editOf(row({ notes: 'cake' }), terms('2027-01-01'), { notes: 'quiet' }, true, zone)
    expect(edit).toEqual({ change: { notes: 'quiet' }, kept: [] })
  })
  test('is as wanted already, and so neither', () => {
    expect(editOf(row({ party_size: 6 }), terms('2027-01-01'), { party_size: 6 }, false, zone)).toEqual({
      change: {},
      kept: [],
    })
  })
  test('that was moved to another date keeps its time', () => {
    const moved = row({ starts_at: '2027-01-08T19:00:00+08:00' })
    expect(editOf(moved, terms('2027-01-01'), { time: '20:00' }, false, zone).kept).toEqual(['time'])
  })
  test('sits where the house put it: that is no edit, unless a table was asked for', () => {
    expect(editOf(row(), terms('2027-01-01'), { table_id: id(3) }, false, zone).change).toEqual({ table_id: id(3) })
    const wished = terms('2027-01-01', { table_id: id(5) })
    expect(editOf(row(), wished, { table_id: id(3) }, false, zone).kept).toEqual(['table_id'])
  })
})
