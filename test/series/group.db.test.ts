import { expect, inject, test } from 'vitest'
import { daysAhead, openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')

test('R151 a set that is gone is no answer and no denied demand; the one that is there is taken, once for its key', async () => {
  const house = await openHouse(where)
  const day = daysAhead(10)
  const taken = await house.call('POST', '/reservations', { date: `${day}T19:00:00`, guests: 2 })
  const [one, two, three] = house.tables.map((table) => table.id)
  expect(taken.data.tables).toMatchObject([{ id: one }])
  const { version } = (await house.call('GET', '/restaurant')).data
  const plan = (combined: unknown[]): string =>
    JSON.stringify({
      restaurant_id: house.id,
      restaurant_version: version,
      key: 'group-1',
      fingerprint: 'f',
      now: new Date().toISOString(),
      actor: { kind: 'system', name: 'test' },
      request_id: 'test',
      starts_at: `${day}T19:00:00+08:00`,
      ends_at: `${day}T21:30:00+08:00`,
      buffer_minutes: 0,
      party_size: 9,
      singles: [],
      combined,
      per_phone: 'no_overlap',
      status: 'pending',
      confirmation_code: 'GRXUPA',
      source: 'api',
    })
  const answers = await withDatabase(where, async (client) => {
    const book = async (combined: unknown[]): Promise<{ outcome: string; reservation?: { table_ids: string[] } }> =>
      (await client.query('select book_group($1::jsonb) as answer', [plan(combined)])).rows[0].answer
    return [
      await book([[one, three]]),
      await book([
        [one, three],
        [two, three],
      ]),
      await book([[one, three]]),
    ]
  })
  expect(answers[0]).toEqual({ outcome: 'lost_race' })
  expect(answers[1]).toMatchObject({ outcome: 'booked', reservation: { table_ids: [two, three], is_group: true } })
  expect(answers[2]).toMatchObject({ outcome: 'booked', replayed: true, reservation: { table_ids: [two, three] } })
  expect((await house.call('GET', '/denied-requests')).data).toEqual([])
})
