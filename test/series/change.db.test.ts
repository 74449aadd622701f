import { expect, inject, test } from 'vitest'
import { daysAhead, openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')

test('R21 the first change on a connection may be one that moves nobody', async () => {
  const house = await openHouse(where)
  const made = await house.call('POST', '/reservations', { date: `${daysAhead(10)}T19:00:00`, guests: 2 })
  const { id, starts_at, ends_at } = made.data
  const plan = {
    restaurant_id: house.id,
    restaurant_version: (await house.call('GET', '/restaurant')).data.version,
    key: 'auto:first',
    fingerprint: '',
    now: new Date().toISOString(),
    actor: { kind: 'system', name: 'test' },
    request_id: 'test',
    id,
    version: 1,
    moves: false,
    starts_at,
    ends_at,
    buffer_minutes: 0,
    party_size: 2,
    notes: 'by the window',
  }
  const answer = await withDatabase(where, (client) =>
    client.query('select change_reservation($1::jsonb) as answer', [JSON.stringify(plan)]),
  )
  expect(answer.rows[0].answer).toMatchObject({
    outcome: 'changed',
    reservation: { notes: 'by the window', table_ids: [made.data.tables[0].id] },
  })
})
