import { describe, expect, inject, test } from 'vitest'
import { daysAhead, openHouse, overlaps } from '../factories.ts'

const where = inject('stack')
const date = daysAhead(10)
const ana = {
  name: 'Ana Núñez',
  phone_number: '98207272',
  reservation_date: date,
  reservation_time: '19:00',
  party_size: 2,
}

describe('booking', () => {
  test('takes the smallest table that fits, under both shapes', async () => {
    const house = await openHouse(where)
    const first = await house.call('POST', '/reservations', ana)
    expect(first.status).toBe(201)
    expect(first.data).toMatchObject({
      status: 'confirmed',
      party_size: 2,
      name: 'Ana Núñez',
      phone_number: '+6598207272',
      reservation_date: date,
      reservation_time: '19:00',
      starts_at: `${date}T19:00:00+08:00`,
      ends_at: `${date}T20:30:00+08:00`,
      tables: [{ number: '1', seats: 2 }],
      version: 1,
    })
    expect(first.data.confirmation_code).toMatch(/^[A-HJ-NP-Z][A-HJ-NP-Z2-9]{5}$/)
    const second = await house.call('POST', '/reservations', { date: `${date}T11:00:00Z`, guests: 2 })
    expect(second.data).toMatchObject({ reservation_time: '19:00', tables: [{ number: '2' }], name: null })
  })

  test('sells every table once, then says so with the nearest open times', async () => {
    const house = await openHouse(where)
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 2 })),
    )
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(3)
    expect(answers.filter((answer) => answer.code === 'sold_out')).toHaveLength(5)
    const refused = answers.find((answer) => answer.status === 409)
    expect(refused?.body).toMatchObject({ success: false, code: 'sold_out', status: 409 })
    expect(refused?.body.alternatives[0]).toMatchObject({ date, time: '17:30' })
    expect(refused?.body.hint).toContain('17:30')
    expect(await overlaps(where, house.id)).toBe(0)
  })
})
