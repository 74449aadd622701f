import { expect, inject, test } from 'vitest'
import { caller, openHouse } from '../factories.ts'

const where = inject('stack')

test('the context is the house as it is at this moment', async () => {
  const house = await openHouse(where, { address: '3 Duxton Hill', phone: '62225555', languages: ['en', 'zh'] })
  // 2026-12-04 is a Friday.
  const evening = { 'x-tableside-now': '2026-12-04T19:30:00+08:00' }
  const { status, data } = await house.call('GET', '/context', undefined, evening)
  expect(status).toBe(200)
  expect(data).toMatchObject({
    restaurant: { id: house.id, address: '3 Duxton Hill', phone: '+6562225555', languages: ['en', 'zh'] },
    now: { at: '2026-12-04T19:30:00+08:00', date: '2026-12-04', time: '19:30', weekday: 'Friday' },
    today: { open: true, closes_at: '2026-12-04T23:00:00+08:00', sentence: 'We are open now, until 23:00.' },
    policies: { largest_party: 6 },
    room: { tables: 3, seats: 12, areas: [{ name: null, tables: 3, seats: 12 }] },
  })
  expect(data.hours).toHaveLength(7)
  expect(data.restaurant).not.toHaveProperty('settings')

  await house.call('PATCH', '/restaurant', { special_days: [{ date: '2026-12-04', reason: 'Staff party' }] }, evening)
  const closed = await house.call('GET', `/restaurants/${house.id}/context`, undefined, evening)
  expect(closed.data.today).toMatchObject({ open: false, next_opens_at: '2026-12-05T11:00:00+08:00' })
  expect(closed.data.special_days).toMatchObject([
    { sentence: 'On Friday 4 December 2026 we are closed (Staff party).' },
  ])
})

test('the context needs reservations:read, and is not told of another house', async () => {
  const [house, other] = [await openHouse(where), await openHouse(where)]
  const { api_key } = (await house.call('POST', '/keys', { name: 'Floor', scopes: ['floor:*'] })).data
  expect((await caller(where.origin, api_key)('GET', '/context')).code).toBe('forbidden')
  expect((await other.call('GET', `/restaurants/${house.id}/context`)).code).toBe('not_found')
})
