import { expect, inject, test } from 'vitest'
import { type Answer, openHouse } from '../factories.ts'
import { meet, visits } from './people.ts'

const where = inject('stack')
const short = (answer: Answer): unknown[] =>
  answer.data.map((one: { guest: { name: string }; why: string[] }) => [one.guest.name, ...one.why])

test('who is this: by phone, e-mail and name, the likeliest first, and why', async () => {
  const house = await openHouse(where)
  const ana = await meet(house, { name: 'Ana Núñez', email: 'ana@example.com' })
  const bob = await meet(house, { name: 'Bob Lee' })
  await meet(house, { name: 'Ana Nunes' })
  for (let i = 0; i < 6; i++) await meet(house, { name: `Anna Nuñes ${i}` })
  const match = (body: unknown): Promise<Answer> => house.call('POST', '/guests/match', body)

  expect(short(await match({ phone: ana.phone.slice(3) }))).toEqual([['Ana Núñez', 'exact_phone']])
  expect(short(await match({ email: 'ANA@EXAMPLE.com' }))).toEqual([['Ana Núñez', 'exact_email']])
  const byName = await match({ name: 'ana nunez' })
  expect(short(byName).slice(0, 2)).toEqual([
    ['Ana Núñez', 'exact_name'],
    ['Ana Nunes', 'close_name'],
  ])
  expect(byName.data).toHaveLength(5)
  const scores = byName.data.map((one: { score: number }) => one.score)
  expect(scores).toEqual(scores.toSorted((a: number, b: number) => b - a))
  expect(byName.data[0].guest).toMatchObject({ id: ana.id, visits: 0 })

  // Bob's phone under Ana's name: both are told, with the reasons of each.
  const mixed = await match({ phone: bob.phone, name: 'Ana Nunez', email: 'nobody@example.com' })
  expect(short(mixed)).toContainEqual(['Bob Lee', 'exact_phone'])
  expect(short(mixed)).toContainEqual(['Ana Núñez', 'exact_name'])
  const whole = await match({ phone: ana.phone, name: 'Ana Núñez', email: 'ana@example.com' })
  expect(short(whole)[0]).toEqual(['Ana Núñez', 'exact_phone', 'exact_email', 'exact_name'])
  expect(whole.data[0].score).toBeGreaterThan(0.99)
  expect((await match({ name: 'Zebedee' })).data).toEqual([])
})

test('of two with one name, the one who comes more often', async () => {
  const house = await openHouse(where)
  await meet(house, { name: 'Ana Lee' })
  const regular = await meet(house, { name: 'Ana Lee' })
  await visits(house, regular.phone, 1)
  const { data } = await house.call('POST', '/guests/match', { name: 'Ana Lee' })
  expect(data.map((one: { guest: { visits: number } }) => one.guest.visits)).toEqual([1, 0])
})

test.each([
  [{}, 'validation_failed'],
  [undefined, 'validation_failed'],
  [{ phone: 'nonsense' }, 'invalid_phone'],
  [{ email: 'nonsense' }, 'validation_failed'],
  [{ name: 'Ana', nickname: 'A' }, 'validation_failed'],
])('%j is refused: %s', async (body, code) => {
  const house = await openHouse(where)
  const answer = await house.call('POST', '/guests/match', body)
  expect([answer.status, answer.code]).toEqual([422, code])
})
