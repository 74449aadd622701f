import { expect, inject, test, vi } from 'vitest'
import { openRoom } from '../../bench/measure/room.ts'
import { nowhere } from '../../bench/measure/nowhere.ts'
import { openDb } from '../../src/platform/db.ts'
import { bookTable } from '../../src/reservations/book.ts'
import { NewReservation } from '../../src/reservations/schema.ts'
import { daysAhead, withDatabase } from '../factories.ts'

const where = inject('stack')

/** Leaves what it is to fill as it is: all zeros. */
const zeros = <T extends ArrayBufferView | null>(bytes: T): T => bytes

test('a confirmation code that the house has given already is not given again, and nobody is refused for it', async () => {
  const restaurant = await openRoom(where, `codes-${Date.now()}`)
  const db = openDb(where.database_url, new URL(where.control_origin).host)
  const actor = { kind: 'system' as const, name: 'test' }
  const ctx = { ...nowhere, db, restaurant, actor, now: Date.now(), request_id: 'test', after: () => {} }
  const book = (time: string) =>
    bookTable(ctx, NewReservation.parse({ date: `${daysAhead(5)}T${time}`, guests: 2 }), {
      key: crypto.randomUUID(),
      fingerprint: '',
    })
  // The same dice twice: the second booking is offered the code of the first.
  const dice = vi.spyOn(crypto, 'getRandomValues')
  for (let throws = 0; throws < 2; throws++) dice.mockImplementationOnce(zeros)
  const first = await book('19:00:00')
  for (let throws = 0; throws < 2; throws++) dice.mockImplementationOnce(zeros)
  const second = await book('19:00:00')
  dice.mockRestore()
  expect(first.data.confirmation_code).toBe('AAAAAA')
  expect(second.data.confirmation_code).toMatch(/^[A-HJ-NP-Z][A-HJ-NP-Z2-9]{5}$/)
  expect(second.data.confirmation_code).not.toBe('AAAAAA')
})

test('free_code keeps a code that is free, and finds another for one that is not', async () => {
  const restaurant = await openRoom(where, `free-${Date.now()}`)
  await withDatabase(where, async (client) => {
    const code = async (): Promise<string> =>
      (await client.query('select free_code($1, $2) as code', [restaurant.id, 'BCDEFG'])).rows[0].code
    expect(await code()).toBe('BCDEFG')
    await client.query(
      `insert into reservations (restaurant_id, confirmation_code, status, party_size, service_day, starts_at, ends_at,
                                 table_ids, source, created_at, updated_at)
       values ($1, 'BCDEFG', 'cancelled', 2, current_date, now(), now() + interval '1 hour', '{}', 'test', now(), now())`,
      [restaurant.id],
    )
    const codes: string[] = []
    while (codes.length < 50) codes.push(await code())
    expect(new Set(codes).size).toBe(50)
    for (const one of codes) expect(one).toMatch(/^[A-HJ-NP-Z][A-HJ-NP-Z2-9]{5}$/)
  })
})
