import { describe, expect, inject, test } from 'vitest'
import { daysAhead, openHouse, overlaps, withDatabase } from '../factories.ts'

const where = inject('stack')
const date = daysAhead(10)
const sixes = (n: number): { tables: { number: number; seats: number }[] } => ({
  tables: Array.from({ length: n }, (_, i) => ({ number: i + 1, seats: 6 })),
})
const group = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  date,
  time: '19:00',
  party_size: 22,
  name: 'Wedding',
  phone_number: '98207272',
  ...more,
})
const numbers = (row: { tables: { number: string }[] }): string[] => row.tables.map((one) => one.number).toSorted()

describe('groups', () => {
  test('R149 R150 one reservation over several tables, pending until the house confirms it', async () => {
    const house = await openHouse(where, { ...sixes(6), settings: { max_party: 6 } })
    const ordinary = await house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 22 })
    expect(ordinary.code).toBe('party_too_large')
    const made = await house.call('POST', '/reservations/groups', group())
    expect(made).toMatchObject({
      status: 201,
      data: { status: 'pending', is_group: true, party_size: 22, name: 'Wedding' },
    })
    expect(made.data.tables).toHaveLength(4)
    const free = await house.call('GET', `/availability?date=${date}&guests=6&time=19:00`)
    expect(free.data.tablesAvailable).toBe(2)
    expect((await house.call('POST', `/reservations/${made.data.id}/confirm`)).data.status).toBe('confirmed')
    const gone = await house.call('DELETE', `/reservations/${made.data.confirmation_code}`)
    expect(gone.data.status).toBe('cancelled')
    const after = await house.call('GET', `/availability?date=${date}&guests=6&time=19:00`)
    expect(after.data.tablesAvailable).toBe(6)
  })

  test('R151 two groups, one room: exactly one has it, the other is told when it could', async () => {
    const house = await openHouse(where, sixes(5))
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        house.call('POST', '/reservations/groups', group({ phone_number: `9820700${i}` })),
      ),
    )
    expect(answers.filter((one) => one.status === 201)).toHaveLength(1)
    const lost = answers.filter((one) => one.code === 'sold_out')
    expect(lost).toHaveLength(5)
    expect(lost[0]?.body.alternatives[0]).toMatchObject({ date, time: '16:30' })
    expect(lost[0]?.body.hint).toMatch(/^We are fully booked at that time\. I could offer 16:30( or \d\d:\d\d)?\.$/)
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R151 nobody is refused while a set is free: eight groups race for sixteen tables, with single parties between', async () => {
    const house = await openHouse(where, sixes(20))
    const answers = await Promise.all([
      ...Array.from({ length: 8 }, (_, i) =>
        house.call('POST', '/reservations/groups', group({ party_size: 12, phone_number: `9820700${i}` })),
      ),
      ...Array.from({ length: 4 }, () => house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 6 })),
    ])
    expect(answers.map((one) => one.status)).toEqual(answers.map(() => 201))
    const used = answers.flatMap((one) => numbers(one.data))
    expect([used.length, new Set(used).size]).toEqual([20, 20])
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R26 the same key is one group, even where it took the last tables', async () => {
    const house = await openHouse(where, sixes(4))
    const key = { 'idempotency-key': 'wedding' }
    const first = await house.call('POST', '/reservations/groups', group(), key)
    const again = await house.call('POST', '/reservations/groups', group(), key)
    expect(again).toMatchObject({ status: 201, data: first.data })
    const other = await house.call('POST', '/reservations/groups', group({ party_size: 20 }), key)
    expect(other.code).toBe('idempotency_key_reused')
  })

  test('R152 a group that moves or grows is placed anew, its own tables among what is free', async () => {
    const house = await openHouse(where, sixes(5))
    const made = await house.call('POST', '/reservations/groups', group())
    const ref = `/reservations/${made.data.id}`
    const later = await house.call('PUT', ref, { time: '20:00', version: 1 })
    expect(later.data).toMatchObject({ reservation_time: '20:00', version: 2, is_group: true })
    expect(numbers(later.data)).toEqual(numbers(made.data))
    const larger = await house.call('PUT', ref, { party_size: 30 })
    expect(numbers(larger.data)).toEqual(['1', '2', '3', '4', '5'])
    const smaller = await house.call('PUT', ref, { party_size: 5 })
    expect(smaller.data.tables).toHaveLength(1)
    const covers = await withDatabase(where, (client) =>
      client.query(
        'select sum(covers)::int as covers, count(*)::int as rows from claims where owner = $1 and blocking',
        [made.data.id],
      ),
    )
    expect(covers.rows).toEqual([{ covers: 5, rows: 1 }])
    expect((await house.call('PUT', ref, { party_size: 31 })).code).toBe('party_too_large')
    expect((await house.call('PUT', ref, { notes: 'no', version: 1 })).code).toBe('stale_version')
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('tables may be named; those of another house are none', async () => {
    const [house, other] = [await openHouse(where, sixes(4)), await openHouse(where)]
    const [one, two, three] = house.tables
    const made = await house.call(
      'POST',
      '/reservations/groups',
      group({ party_size: 10, tables: [three?.id, one?.id] }),
    )
    expect(numbers(made.data)).toEqual(['1', '3'])
    const taken = await house.call(
      'POST',
      '/reservations/groups',
      group({ party_size: 10, tables: [one?.id, two?.id], phone_number: null }),
    )
    expect(taken.code).toBe('sold_out')
    const foreign = await house.call('POST', '/reservations/groups', group({ tables: [other.tables[0]?.id] }))
    expect(foreign.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'tables' }] })
    expect((await other.call('GET', `/reservations/${made.data.id}`)).status).toBe(404)
    const denied = await house.call('GET', '/denied-requests')
    expect(denied.data.map((line: { reason: string }) => line.reason)).toEqual(['sold_out'])
  })

  test.each([[{ time: 'seven' }], [{ party_size: 0 }], [{ tables: [] }], [{ seats: 4 }]])(
    'bad input %j is 422',
    async (more) => {
      const house = await openHouse(where)
      expect((await house.call('POST', '/reservations/groups', group(more))).code).toBe('validation_failed')
    },
  )
})
