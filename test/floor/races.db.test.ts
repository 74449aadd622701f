import { describe, expect, inject, test } from 'vitest'
import { type Answer, overlaps, withDatabase } from '../factories.ts'
import { claimsOf, date, openFloor } from './houses.ts'

const where = inject('stack')
const crowd = <T>(n: number, make: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, (_none, i) => make(i)))
const codes = (answers: Answer[]): Record<string, number> => {
  const found: Record<string, number> = {}
  for (const one of answers) {
    const code = one.status < 300 ? 'done' : (one.code ?? String(one.status))
    found[code] = (found[code] ?? 0) + 1
  }
  return found
}

describe('many at once', () => {
  test('R27 R105 many hosts move one party: one does, the others are told who was first', async () => {
    const house = await openFloor(where)
    const ana = await house.book('19:00', 2, { table_id: house.table('1') })
    const answers = await crowd(24, (i) =>
      house.call('POST', '/floor/move', {
        reservation: ana.id,
        table_ids: [house.table(String(2 + (i % 3)))],
        version: 1,
      }),
    )
    expect(codes(answers)).toEqual({ done: 1, stale_version: 23 })
    for (const lost of answers.filter((one) => one.status !== 200))
      expect(lost.body).toMatchObject({
        current: { version: 2 },
        changed: { type: 'reservation.moved', by: { kind: 'key' } },
      })
    expect(await overlaps(where, house.id)).toBe(0)
    expect(await claimsOf(where, house)).toHaveLength(1)
  })

  test('R105 many parties are dragged onto one table: one gets it, the others keep theirs and hear whose it is', async () => {
    const house = await openFloor(where, {
      tables: Array.from({ length: 21 }, (_none, i) => ({ number: i, seats: 2 })),
    })
    const parties = await crowd(20, (i) => house.book('19:00', 2, { table_id: house.table(String(i)), name: `P${i}` }))
    const answers = await Promise.all(
      parties.map((one) => house.call('POST', '/floor/move', { reservation: one.id, table_ids: [house.table('20')] })),
    )
    expect(codes(answers)).toEqual({ done: 1, table_taken: 19 })
    const winner = answers.find((one) => one.status === 200)?.data.reservation.name
    for (const lost of answers.filter((one) => one.status !== 200))
      expect(lost.body.in_the_way).toMatchObject([{ name: winner, table: '20' }])
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R116 blocks against bookings of the same tables: never both', async () => {
    const house = await openFloor(where)
    for (const time of ['12:00', '15:00', '18:00']) {
      const answers = await crowd(24, (i) =>
        i % 2 === 0
          ? house.call('POST', '/blocks', { table_ids: [house.table('1')], date, time, minutes: 60 })
          : house.call('POST', '/reservations', { date: `${date}T${time}`, guests: 2, table_id: house.table('1') }),
      )
      expect(answers.filter((one) => one.status === 201)).toHaveLength(1)
      expect(answers.filter((one) => one.status >= 500)).toEqual([])
      const lostBlock = answers.find((one, i) => i % 2 === 0 && one.status !== 201)
      expect(lostBlock?.body.in_the_way).toHaveLength(1)
    }
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R104 parties swap crosswise and at once: nobody is lost, nobody sits twice', async () => {
    const house = await openFloor(where, { tables: Array.from({ length: 6 }, (_none, i) => ({ number: i, seats: 4 })) })
    const parties = await crowd(6, (i) =>
      house.book(i % 2 ? '19:00' : '19:30', 2, { table_id: house.table(String(i)) }),
    )
    for (let round = 0; round < 4; round++) {
      const answers = await crowd(24, (i) => {
        const [a, b] = [parties[i % 6], parties[(i + 1 + (i % 4)) % 6]]
        return house.call('POST', '/floor/swap', { a: { reservation: a?.id }, b: { reservation: b?.id } })
      })
      const found = codes(answers)
      expect(found['done'] ?? 0).toBeGreaterThan(0)
      // One that meets itself, or is overtaken again and again; but nothing else.
      expect(
        Object.keys(found).filter((code) => !['done', 'validation_failed', 'stale_version'].includes(code)),
      ).toEqual([])
    }
    const claims = await claimsOf(where, house)
    expect(claims).toHaveLength(6)
    expect(new Set(claims.map((one) => one[0])).size).toBe(6)
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R18 R103 walk-ins and bookings want the last tables: exactly as many get one as there are', async () => {
    const house = await openFloor(where)
    const answers = await crowd(32, (i) =>
      i % 2 === 0
        ? house.at('19:00', 'POST', '/walk-ins', { party_size: 2 })
        : house.at('18:59', 'POST', '/reservations', { date: `${date}T19:00`, guests: 2 }),
    )
    expect(codes(answers)).toEqual({ done: 4, sold_out: 28 })
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('moves, blocks, walk-ins and swaps all over one evening: no overlap, no error of ours', async () => {
    const house = await openFloor(where, { tables: Array.from({ length: 8 }, (_none, i) => ({ number: i, seats: 4 })) })
    const parties = await crowd(16, (i) => house.book(i % 2 ? '18:00' : '20:00', 2))
    const answers = await crowd(96, (i) => {
      const party = parties[i % 16]
      const table = house.table(String((i * 7) % 8))
      if (i % 4 === 0)
        return house.at('19:10', 'POST', '/floor/move', {
          reservation: party?.id,
          table_ids: [table],
          allow_overfill: true,
        })
      if (i % 4 === 1) return house.at('19:10', 'POST', '/walk-ins', { party_size: 2, minutes: 30 })
      if (i % 4 === 2)
        return house.at('19:10', 'POST', '/floor/swap', {
          a: { reservation: party?.id },
          b: { reservation: parties[(i + 5) % 16]?.id },
        })
      return house.at('19:10', 'POST', '/blocks', { table_ids: [table], date, time: '22:00', minutes: 30 })
    })
    const found = codes(answers)
    expect(
      answers.filter((one) => one.status >= 500),
      JSON.stringify(found),
    ).toEqual([])
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('whatever lays a claim waits for the lock of its day, and says so where it waited too long', async () => {
    const house = await openFloor(where)
    const ana = await house.book('19:00', 2, { table_id: house.table('1') })
    const bo = await house.book('19:00', 2, { table_id: house.table('2') })
    const block = await house.call('POST', '/blocks', {
      table_ids: [house.table('4')],
      date,
      time: '12:00',
      minutes: 30,
    })
    const answers = await withDatabase(where, async (client) => {
      await client.query('begin')
      await client.query('select lock_day(lock_no, $2) from restaurants where id = $1', [house.id, date])
      const party = { reservation: ana.id, table_ids: [house.table('3')] }
      const asked = await Promise.all([
        house.at('18:00', 'POST', '/walk-ins', { party_size: 4 }),
        house.call('POST', '/blocks', { table_ids: [house.table('4')], date, time: '15:00', minutes: 30 }),
        house.call('PATCH', `/blocks/${block.data.id}`, { until: `${date}T13:00` }),
        house.call('POST', '/floor/move', party),
        house.call('POST', '/floor/merge', party),
        house.call('POST', '/floor/swap', { a: { reservation: ana.id }, b: { reservation: bo.id } }),
        house.call('POST', `/reservations/${bo.id}/extend`, { minutes: 15 }),
      ])
      await client.query('rollback')
      return asked
    })
    expect(answers.map((one) => [one.status, one.code])).toEqual(answers.map(() => [503, 'busy']))
    expect(answers.map((one) => one.headers.get('retry-after'))).toEqual(answers.map(() => '1'))
    expect(await claimsOf(where, house)).toHaveLength(3)
  })
})
