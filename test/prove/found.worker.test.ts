import { expect, inject, test } from 'vitest'
import { daysAhead, openHouse, withDatabase } from '../factories.ts'

/** What the race proof found, each in its smallest form. */
const where = inject('stack')
const date = daysAhead(12)

test('a hold that lapsed and was cleared by the next booking leaves an event of its own', async () => {
  const house = await openHouse(where, { tables: [{ number: '1', seats: 2 }] })
  const held = await house.call('POST', '/reservations/holds', { date, time: '19:00', party_size: 2 })
  const later = { 'x-tableside-now': new Date(Date.now() + 6 * 60_000).toISOString() }
  const booked = await house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 2 }, later)
  expect(booked.status).toBe(201)
  const events = await withDatabase(where, (client) =>
    client.query<{ type: string; version: number }>(
      `select type, (after->>'version')::int as version from events where subject_id = $1 order by id`,
      [held.data.hold_id],
    ),
  )
  expect(events.rows).toEqual([
    { type: 'reservation.held', version: 1 },
    { type: 'reservation.hold_lapsed', version: 2 },
  ])
})

test('a hold can be moved, and still lapses when it was to', async () => {
  const house = await openHouse(where)
  const held = await house.call('POST', '/reservations/holds', { date, time: '19:00', party_size: 2 })
  const moved = await house.call('PUT', `/reservations/${held.data.hold_id}`, { time: '20:00', party_size: 4 })
  expect(moved.status).toBe(200)
  expect(moved.data).toMatchObject({ status: 'held', reservation_time: '20:00', hold_expires_at: held.data.expires_at })
  const confirmed = await house.call('POST', `/reservations/holds/${held.data.hold_id}/confirm`, { name: 'Ana' })
  expect(confirmed.data).toMatchObject({ status: 'confirmed', reservation_time: '20:00', party_size: 4 })
})
