import { describe, expect, inject, test } from 'vitest'
import { dayInWords } from '../../src/platform/time.ts'
import { daysAhead, type House, openHouse } from '../factories.ts'

const where = inject('stack')
const date = daysAhead(10)
const one = { tables: [{ number: '1', seats: 2 }] }
const everyDay = [1, 2, 3, 4, 5, 6, 7]

type Offer = { date: string; time: string }
const wordsOf = (offers: Offer[]): string[] => offers.map((offer) => `${offer.date} ${offer.time}`)

/** What is offered instead by a booking that is refused, and by who explains why. */
async function offersOf(
  house: House,
  slot: { date: string; time: string },
): Promise<{ booking: string[]; explained: string[]; hint: string }> {
  const refused = await house.call('POST', '/reservations', { date: `${slot.date}T${slot.time}:00`, guests: 2 })
  expect(refused.status, JSON.stringify(refused.body)).toBeGreaterThanOrEqual(409)
  const { data } = await house.call('GET', `/availability/explain?date=${slot.date}&time=${slot.time}&guests=2`)
  return { booking: wordsOf(refused.body.alternatives), explained: wordsOf(data.nearest), hint: refused.body.hint }
}

describe('R302 a refusal offers the nearest times', () => {
  test('on a closed day those of the days around, as the explanation does', async () => {
    const house = await openHouse(where, { ...one, special_days: [{ date, hours: [] }] })
    const { booking, explained, hint } = await offersOf(house, { date, time: '14:00' })
    const before = daysAhead(9)
    expect(booking).toEqual([`${before} 21:30`, `${before} 21:00`, `${before} 20:30`, `${before} 20:00`])
    expect(explained).toEqual(booking)
    const day = dayInWords(before)
    expect(hint).toBe(`We are closed at that time. I could offer 21:30 on ${day} or 21:00 on ${day}.`)
  })

  test('after midnight those before it, from the claims that came with the refusal', async () => {
    const hours = [{ days: everyDay, opens: '18:00', closes: '02:00' }]
    const turn_rules = [{ max_party: 1000, minutes: 60 }]
    const house = await openHouse(where, { ...one, hours, settings: { turn_rules, buffer_minutes: 0 } })
    const book = (time: string) => house.call('POST', '/reservations', { date: `${time}:00`, guests: 2 })
    expect((await book(`${date}T00:30`)).status).toBe(201)
    expect((await book(`${daysAhead(9)}T22:30`)).status).toBe(201)
    const { booking, explained } = await offersOf(house, { date, time: '00:30' })
    expect(booking.slice(0, 2)).toEqual([`${daysAhead(9)} 23:30`, `${daysAhead(9)} 21:30`])
    expect(explained).toEqual(booking)
  })

  test('where the whole day is taken, those of the days around', async () => {
    const house = await openHouse(where, { ...one, hours: [{ days: everyDay, opens: '19:00', closes: '20:30' }] })
    expect((await house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 2 })).status).toBe(201)
    const { booking, explained } = await offersOf(house, { date, time: '19:00' })
    expect(booking.slice(0, 2)).toEqual([`${daysAhead(9)} 19:00`, `${daysAhead(11)} 19:00`])
    expect(explained).toEqual(booking)
  })

  test('of a time that the clocks skip those around the moment they do', async () => {
    const hours = [{ days: everyDay, opens: '00:00', closes: '24:00' }]
    const house = await openHouse(where, {
      ...one,
      timezone: 'Europe/Rome',
      country: 'IT',
      hours,
      settings: { horizon_days: 365 },
    })
    const slot = { date: '2027-03-28', time: '02:30' }
    const clockThen = { 'x-tableside-now': '2027-03-01T12:00:00Z' }
    const refused = await house.call(
      'POST',
      '/reservations',
      { date: `${slot.date}T${slot.time}:00`, guests: 2 },
      clockThen,
    )
    expect(refused).toMatchObject({ status: 422, code: 'nonexistent_time' })
    expect(refused.body.alternatives[0]).toMatchObject({ date: slot.date, time: '03:00' })
  })
})
