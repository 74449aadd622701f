import { describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { PageQuery } from '../../src/platform/cursor.ts'
import { withHouseTimes } from '../../src/platform/instants.ts'
import { mistakesOf } from '../../src/platform/mistakes.ts'
import { noSuchDay } from '../../src/platform/no-such-day.ts'
import { SeriesCancelQuery } from '../../src/reservations/series/schema.ts'
import { NewReservation, ReservationEdit } from '../../src/reservations/schema.ts'
import { NewTable, RestaurantEdit } from '../../src/restaurants/schema.ts'

/** What is wrong, by path. */
function wrong(shape: z.ZodType, value: unknown): Record<string, string> {
  const found = mistakesOf(shape, value)
  if ('data' in found) return {}
  return Object.fromEntries(found.mistakes.map(({ path, message }) => [path.map(String).join('.'), message]))
}

const wall = { name: 'Ana', phone_number: '98207272', reservation_date: '2027-03-01', reservation_time: '19:00' }

describe('R296 what is wrong is said in plain words, where it is', () => {
  test.each<[string, z.ZodType, unknown, Record<string, string>]>([
    ['nothing', NewReservation, undefined, { '': 'is required' }],
    ['a list', NewReservation, [], { '': 'must be an object' }],
    ['a page of words', PageQuery, { limit: 'ten' }, { limit: 'must be a whole number' }],
    ['half a page', PageQuery, { limit: '1.5' }, { limit: 'must be a whole number' }],
    ['no page', PageQuery, { limit: '0' }, { limit: 'must be 1 or more' }],
    ['too large a page', PageQuery, { limit: '201' }, { limit: 'must be 200 or less' }],
    ['an unknown field', PageQuery, { colour: 'red' }, { colour: 'is not known here' }],
    ['no scope', SeriesCancelQuery, {}, { scope: 'is required: this, following, all' }],
    ['no such scope', SeriesCancelQuery, { scope: 'x' }, { scope: 'must be one of this, following, all' }],
    ['no date of a scope', SeriesCancelQuery, { scope: 'this' }, { from_date: 'is needed for this scope' }],
    [
      'a table of nothing',
      NewTable,
      { number: null },
      { number: 'must be a whole number or text', seats: 'is required' },
    ],
    [
      'half a position',
      NewTable,
      { number: 1, seats: 2, position: { x: -1 } },
      {
        'position.x': 'must be 0 or more',
        'position.y': 'is required',
      },
    ],
    [
      'a country and a currency of nobody',
      RestaurantEdit,
      { country: 'ZZ', currency: 'XYZ' },
      {
        country: 'must be the ISO 3166 code of a country',
        currency: 'must be the ISO 4217 code of a currency',
      },
    ],
    ['an unknown setting', RestaurantEdit, { settings: { colour: 1 } }, { 'settings.colour': 'is not known here' }],
    ['a date in words', ReservationEdit, { date: 'soon' }, { date: 'must be an ISO 8601 date and time or YYYY-MM-DD' }],
  ])('%s', (_name, shape, value, expected) => {
    expect(wrong(shape, value)).toEqual(expected)
  })

  test.each<[string, string | null]>([
    ['2027-02-30', 'there is no 30 February 2027'],
    ['2027-02-29', 'there is no 29 February 2027'],
    ['2028-02-29', null],
    ['2027-13-01', 'there is no month 13'],
    ['2027-04-31T19:00:00+08:00', 'there is no 31 April 2027'],
    ['2027-04-00', 'there is no 0 April 2027'],
    ['soon', null],
  ])('a day that is in no calendar: %s', (date, expected) => {
    expect(noSuchDay(date)).toBe(expected)
  })

  test.each<[string, unknown, Record<string, string>]>([
    ['by wall time', { ...wall, party_size: 0 }, { party_size: 'must be 1 or more' }],
    [
      'by wall time, 30 February',
      { ...wall, party_size: 2, reservation_date: '2027-02-30' },
      {
        reservation_date: 'there is no 30 February 2027',
      },
    ],
    [
      'by wall time, nobody',
      { reservation_date: '2027-03-01', reservation_time: '19:00', party_size: 2 },
      {
        name: 'is required',
        phone_number: 'is required',
      },
    ],
    ['by instant', { date: '2027-03-01T19:00:00+08:00' }, { guests: 'is required' }],
    [
      'by instant, misspelt',
      { date: '2027-03-01T19:00:00+08:00', guests: 2, nmae: 'Ana' },
      { nmae: 'is not known here' },
    ],
    ['of a slot', { date: '2027-03-01', time: '25:00', party_size: 2 }, { time: 'must be HH:MM' }],
    [
      'of a slot, with the word of another',
      { date: '2027-03-01', time: '19:00', guests: 2 },
      {
        guests: 'is not known here',
        party_size: 'is required',
      },
    ],
  ])('of three shapes the nearest speaks: %s', (_name, value, expected) => {
    expect(wrong(NewReservation, value)).toEqual(expected)
  })
})

test('R299 instants are written with the house’s offset, to the second; nothing else is touched', () => {
  const row = {
    id: '1',
    at: '2026-11-21T11:22:11.297074+00:00',
    note: '2026-11-21T11:22:11Z',
    ends_at: null,
    format: 'x',
  }
  expect(withHouseTimes([{ ...row, inner: [{ sent_at: '2026-06-21T23:00:00.9Z' }] }], 'America/New_York')).toEqual([
    { ...row, at: '2026-11-21T06:22:11-05:00', inner: [{ sent_at: '2026-06-21T19:00:00-04:00' }] },
  ])
})
