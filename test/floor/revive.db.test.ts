import { expect, inject, test } from 'vitest'
import { claimsOf, openFloor } from './houses.ts'

const where = inject('stack')

test('R287 who was marked no_show and comes after all has the tables they have now, and none that they left', async () => {
  const house = await openFloor(where)
  const ana = await house.book('19:00', 2, { table_id: house.table('1') })
  const move = { reservation: ana.id, table_ids: [house.table('2'), house.table('3')] }
  expect((await house.at('19:10', 'POST', '/floor/move', move)).status).toBe(200)
  expect(await claimsOf(where, house)).toContain('1 reservation 19:00-19:10')
  await house.at('19:20', 'POST', `/reservations/${ana.id}/no-show`)
  expect(await claimsOf(where, house)).toEqual([])
  const seated = await house.at('19:25', 'POST', `/reservations/${ana.id}/seat`)
  expect(seated.status).toBe(200)
  expect(await claimsOf(where, house)).toEqual(['2 reservation 19:00-20:30', '3 reservation 19:00-20:30'])
  await house.at('19:30', 'POST', `/reservations/${ana.id}/complete`)
  expect(await claimsOf(where, house)).toEqual([])
})
