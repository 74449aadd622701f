import { describe, expect, inject, test } from 'vitest'
import { caller, openHouse } from '../factories.ts'
import { meet, withScopes } from './people.ts'

const where = inject('stack')
const nobody = '01890000-0000-7000-8000-000000000000'

type Request = [method: string, path: (id: string) => string, body?: unknown]
const reads: Request[] = [
  ['GET', (id) => `/guests/${id}`],
  ['GET', (id) => `/guests/${id}/bookings`],
]
const writes: Request[] = [
  ['PUT', (id) => `/guests/${id}`, { vip: true }],
  ['DELETE', (id) => `/guests/${id}`],
  ['POST', (id) => `/guests/${id}/merge`, { from_id: nobody }],
]
const ofNobody: Request[] = [
  ['GET', () => '/guests'],
  ['POST', () => '/guests/match', { name: 'Ana' }],
]

describe.each([...reads, ...writes])('%s %s', (method, path, body) => {
  test('of another tenant’s guest is 404, and nothing happens to it', async () => {
    const [mine, theirs] = [await openHouse(where), await openHouse(where)]
    const guest = await meet(theirs, { name: 'Ana' })
    const answer = await mine.call(method, path(guest.id), body)
    expect([answer.status, answer.code]).toEqual([404, 'not_found'])
    const throughTheirs = await mine.call(method, `/restaurants/${theirs.id}${path(guest.id)}`, body)
    expect([throughTheirs.status, throughTheirs.code]).toEqual([404, 'not_found'])
    expect((await theirs.call('GET', `/guests/${guest.id}`)).data).toMatchObject({ name: 'Ana', version: 1 })
  })

  test('of nobody is 404, and of what is no id 422', async () => {
    const house = await openHouse(where)
    expect((await house.call(method, path(crypto.randomUUID()), body)).status).toBe(404)
    expect((await house.call(method, path('ana'), body)).status).toBe(422)
  })
})

describe('scopes', () => {
  test('reading and writing are two', async () => {
    const house = await openHouse(where)
    const { id } = await meet(house, { name: 'Ana' })
    const reader = await withScopes(where, house, ['guests:read'])
    const writer = await withScopes(where, house, ['guests:write'])
    const neither = await withScopes(where, house, ['reservations:read', 'reservations:write'])
    for (const [method, path, body] of [...reads, ...ofNobody]) {
      for (const call of [writer, neither]) {
        const answer = await call(method, path(id), body)
        expect([answer.status, answer.code]).toEqual([403, 'forbidden'])
      }
      expect((await reader(method, path(id), body)).status).toBe(200)
    }
    for (const [method, path, body] of [
      ...writes,
      ['POST', () => '/guests', { phone: '98207272' }] satisfies Request,
    ]) {
      for (const call of [reader, neither]) {
        const answer = await call(method, path(id), body)
        expect([answer.status, answer.code]).toEqual([403, 'forbidden'])
      }
    }
    expect((await writer('POST', '/guests', { phone: '98207272' })).status).toBe(201)
    expect((await caller(where.origin, null)('GET', '/guests')).status).toBe(401)
  })

  test('a search and a match find nobody of another tenant', async () => {
    const [mine, theirs] = [await openHouse(where), await openHouse(where)]
    const guest = await meet(theirs, { name: 'Ana', email: 'ana@example.com' })
    expect((await mine.call('GET', '/guests?q=ana')).data).toEqual([])
    expect((await mine.call('GET', '/guests')).data).toEqual([])
    const asked = { name: 'Ana', email: 'ana@example.com', phone: guest.phone }
    expect((await mine.call('POST', '/guests/match', asked)).data).toEqual([])
  })
})

test('guests are clients too, below the restaurant as well', async () => {
  const house = await openHouse(where)
  const made = await house.call('POST', `/restaurants/${house.id}/clients`, { name: 'Ana', phone: '98207272' })
  expect(made.status).toBe(201)
  for (const path of ['/guests', '/clients', `/restaurants/${house.id}/guests`, `/restaurants/${house.id}/clients`]) {
    expect((await house.call('GET', `${path}/${made.data.id}`)).data).toMatchObject(made.data)
  }
})
