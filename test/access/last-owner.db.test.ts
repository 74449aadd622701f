import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { openHouse } from '../factories.ts'
import { hire } from './people.ts'

const where = inject('stack')

test('R86 the second of two owners who go waits for the first, and then stays', async () => {
  const house = await openHouse(where)
  const [one, two] = [await hire(where, house, 'owner'), await hire(where, house, 'owner')]
  const plan = (id: string): Record<string, unknown> => ({
    restaurant_id: house.id,
    key: `remove-${id}`,
    fingerprint: '',
    now: new Date().toISOString(),
    actor: { kind: 'system', name: 'test' },
    request_id: 'test',
    id,
    roles: ['owner'],
  })
  const remove = "select change_staff('remove', $1)->>'outcome' as outcome"
  const [first, second] = [0, 1].map(() => new pg.Client({ connectionString: where.database_url }))
  if (!first || !second) throw new Error('two are needed')
  await Promise.all([first.connect(), second.connect()])
  try {
    await first.query('begin')
    expect((await first.query(remove, [plan(one.id)])).rows).toEqual([{ outcome: 'written' }])
    let done = false
    const waiting = second.query(remove, [plan(two.id)]).finally(() => (done = true))
    // A statement after it on the first connection has come back long before the second may.
    await first.query('select pg_sleep(0.2)')
    expect(done).toBe(false)
    await first.query('commit')
    expect((await waiting).rows).toEqual([{ outcome: 'last_owner' }])
  } finally {
    await Promise.all([first.end(), second.end()])
  }
})
