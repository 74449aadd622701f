import { describe, expect, test } from 'vitest'
import { explanationOf } from '../../src/reservations/explain.ts'
import { datesAround, datesNear, nearestOpen, wantedOf } from '../../src/reservations/nearest-rules.ts'
import { askOf } from '../../src/reservations/rules.ts'
import type { Claim, Explanation } from '../../src/reservations/schema.ts'
import { defaultSettings, type Restaurant } from '../../src/restaurants/schema.ts'
import { at, house, id } from './houses.ts'

const everyDay: Restaurant['hours'][number]['days'] = [1, 2, 3, 4, 5, 6, 7]
const hours = (opens: string, closes: string): Restaurant['hours'] => [{ days: everyDay, opens, closes }]
const now = at('2027-03-20', '12:00')

/** What is offered instead, by date and time. */
function offers(restaurant: Restaurant, date: string, time: string, claims: Claim[] = []): string[] {
  const wanted = wantedOf(restaurant, { date, time })
  const ask = askOf(restaurant, { party_size: 2, area: null })
  return nearestOpen(restaurant, claims, ask, datesNear(restaurant, wanted), wanted.at, now).map(
    (one) => `${one.date} ${one.time}`,
  )
}

describe('R302 the nearest open times', () => {
  test('of a time that the clocks skip are those around the moment they do', () => {
    const rome = house({ timezone: 'Europe/Rome', hours: hours('00:00', '24:00') })
    expect(
      offers(rome, '2027-03-28', '02:30')
        .map((one) => one.slice(11))
        .toSorted(),
    ).toEqual(['01:00', '01:30', '03:00', '03:30'])
    expect(offers(rome, '2027-03-28', '02:30')[0]).toBe('2027-03-28 03:00')
  })

  test('after midnight are those of the evening before, too; and before it those after it', () => {
    const late = house({
      hours: hours('18:00', '02:00'),
      settings: { ...defaultSettings, turn_rules: [{ max_party: 1000, minutes: 60 }] },
    })
    const from = at('2027-03-27', '00:30')
    const full = [1, 2, 3].map((n) => ({ table_id: id(n), starts_at: from, ends_at: from + 60 * 60_000, covers: 2 }))
    expect(offers(late, '2027-03-27', '00:30', full).slice(0, 1)).toEqual(['2027-03-26 23:30'])
    const before = at('2027-03-26', '23:30')
    const until = before + 60 * 60_000
    const evening = [1, 2, 3].map((n) => ({ table_id: id(n), starts_at: before, ends_at: until, covers: 2 }))
    expect(offers(late, '2027-03-26', '23:30', evening)).toContain('2027-03-27 00:30')
    // A house that is closed by then has nothing to look at tomorrow.
    const wanted = wantedOf(house(), { date: '2027-03-26', time: '19:00' })
    expect(datesNear(house(), wanted)).toEqual(['2027-03-26'])
  })
})

const explained = (restaurant: Restaurant, date: string, time: string): Explanation =>
  explanationOf(restaurant, [], { date, time, guests: 2 }, datesAround(date), now)

describe('R304 the sentence of an explanation', () => {
  test('speaks of days as people do', () => {
    const closed = house({ special_days: [{ date: '2027-03-25', hours: [], reason: null }] })
    const { sentence } = explained(closed, '2027-03-25', '19:00')
    expect(sentence).toBe(
      '19:00 for 2 people cannot be booked because the house is closed that day; I could offer 11:00 on Friday 26 March or 11:30 on Friday 26 March.',
    )
  })

  test.each([
    ['23:00', '11:00', '23:00', 'Stay open until 00:30 that night.', 'the house closes at 23:00'],
    ['23:45', '11:00', '23:00', 'Stay open until 01:15 that night.', 'the house closes at 23:00'],
    ['02:00', '18:00', '02:00', 'Stay open until 03:30 that night.', 'the house closes at 02:00'],
    ['10:00', '11:00', '23:00', 'Open at 10:00 that day.', 'the house is open from 11:00 to 23:00'],
    ['16:30', '18:00', '02:00', 'Open at 16:30 that day.', 'the house is open from 18:00 to 02:00'],
  ])('at %s of a house from %s to %s it says: %s', (time, opens, closes, change, because) => {
    const { rules, smallest_change } = explained(house({ hours: hours(opens, closes) }), '2027-03-25', time)
    expect(rules[0]).toMatchObject({ rule: 'closed', because })
    expect(smallest_change).toEqual([change])
  })
})
