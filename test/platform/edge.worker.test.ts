import { beforeAll, describe, expect, inject, test } from 'vitest'
import { platformKey } from '../../local/keys.ts'
import { caller, daysAhead, type House, openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')
const date = daysAhead(12)
let house: House
beforeAll(async () => {
  house = await openHouse(where)
})

async function eventsOf(some: House): Promise<number> {
  return withDatabase(where, async (client) => {
    const found = await client.query<{ n: number }>('select count(*)::int as n from events where restaurant_id = $1', [
      some.id,
    ])
    return found.rows[0]?.n ?? 0
  })
}

/** With its length undeclared: chunk by chunk. */
function send(text: string): Promise<Response> {
  const headers = { authorization: `Bearer ${house.key}`, 'content-type': 'application/json' }
  const streamed: RequestInit & { duplex: 'half' } = { method: 'POST', headers, duplex: 'half' }
  return fetch(`${where.origin}/api/tables/availability`, { ...streamed, body: new Blob([text]).stream() })
}

function numbers(answer: { data: { tables: { number: string }[] } }): string[] {
  return answer.data.tables.map((one) => one.number)
}

describe('R295 what is sent is read or refused', () => {
  test('a body where none is taken names its fields, and nothing is done', async () => {
    const made = await house.call('POST', '/reservations', { date: `${date}T12:00:00`, guests: 2 })
    const path = `/reservations/${made.data.id}`
    const versioned = await house.call('DELETE', path, { version: 77, reason: 'ill' })
    expect([versioned.status, versioned.code]).toEqual([422, 'validation_failed'])
    expect(versioned.body.errors).toEqual([
      { path: 'version', message: 'is not read here: this takes no body, and a version as If-Match' },
      { path: 'reason', message: 'is not read here: this takes no body' },
    ])
    for (const body of [[1], 'null', '"x"']) {
      const other = await house.call('DELETE', path, body)
      expect([other.status, other.body.errors[0].path]).toEqual([422, 'body'])
    }
    expect((await house.call('GET', path)).data.status).toBe('confirmed')
    expect((await house.call('DELETE', path, {})).data.status).toBe('cancelled')
  })

  test('a series is not cancelled without its scope', async () => {
    const wish = { rrule: 'FREQ=WEEKLY;COUNT=2', start_date: date, time: '13:00', party_size: 2, name: 'Ana' }
    const { series } = (await house.call('POST', '/reservations/series', wish)).data
    const path = `/reservations/series/${series.id}`
    const unsaid = await house.call('DELETE', path)
    expect(unsaid.body.errors).toEqual([{ path: 'query.scope', message: 'is required: this, following, all' }])
    expect((await house.call('DELETE', path, { scope: 'this', from_date: date })).code).toBe('validation_failed')
    const kept = (await house.call('GET', path)).data.occurrences
    expect(kept.map((one: { status: string }) => one.status)).toEqual(['confirmed', 'confirmed'])
    const all = await house.call('DELETE', `${path}?scope=all`)
    expect(all.data.cancelled).toHaveLength(2)
  })

  test('R296 what a restaurant is made of is there: its country and its currency', async () => {
    const base = {
      slug: `nowhere-${process.pid}`,
      name: 'Nowhere',
      timezone: 'Asia/Singapore',
      country: 'ZZ',
      currency: 'XYZ',
    }
    const answer = await caller(where.origin, platformKey)('POST', '/restaurants', base)
    const paths = answer.body.errors.map((one: { path: string }) => one.path)
    expect([answer.status, paths]).toEqual([422, ['country', 'currency', 'hours', 'tables']])
  })

  test('a body whose length is not declared is read too, and counted', async () => {
    expect((await send(JSON.stringify({ date, time: '19:00', party_size: 2 }))).status).toBe(200)
    expect((await send(JSON.stringify({ pad: 'x'.repeat(300 * 1024) }))).status).toBe(413)
  })
})

describe('R297 a wrong method, and nobody', () => {
  test.each([
    ['PATCH', '/reservations', 'GET, POST'],
    ['POST', '/availability', 'GET'],
    ['PUT', '/restaurant', 'GET, PATCH'],
  ])('%s %s is 405, and says what is allowed', async (method, path, allowed) => {
    const answer = await house.call(method, path, {})
    expect([answer.status, answer.code, answer.headers.get('allow')]).toEqual([405, 'method_not_allowed', allowed])
    expect(answer.headers.get('x-request-id')).not.toBeNull()
  })

  test('a path that is not there is 404 by any method', async () => {
    for (const method of ['GET', 'POST', 'DELETE'])
      expect((await house.call(method, '/nowhere')).status, method).toBe(404)
  })

  test('401 has WWW-Authenticate, and says whether anything was sent', async () => {
    const [none, bad] = [caller(where.origin, null), caller(where.origin, 'tsk_of_nobody')]
    const [unsaid, wrong] = [await none('GET', '/reservations'), await bad('GET', '/reservations')]
    for (const answer of [unsaid, wrong])
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(unsaid.body.detail).toContain('No key or token was sent')
    expect(wrong.body.detail).toContain('none of ours')
  })
})

describe('R298 once and again', () => {
  test('an answer that was given before says so, a refusal too, and no other', async () => {
    const replayed = 'idempotency-replayed'
    for (const [path, body] of [
      ['/reservations', { date: `${date}T14:00:00`, guests: 2 }],
      ['/reservations', { date: `${date}T14:00:00`, guests: 900 }],
      ['/keys', { name: 'Twice', scopes: ['reservations:read'] }],
      ['/tables', { number: 'T9', seats: 2 }],
    ] as const) {
      const key = { 'idempotency-key': crypto.randomUUID() }
      const first = await house.call('POST', path, body, key)
      const again = await house.call('POST', path, body, key)
      expect([again.status, first.headers.get(replayed)]).toEqual([first.status, null])
      // What was refused before anything was written is decided again.
      if (first.status < 300) expect(again.headers.get(replayed), path).toBe('true')
      const reused = await house.call('POST', path, { ...body, extra: undefined, notes: 'x' }, key)
      expect(reused.headers.get(replayed)).toBeNull()
    }
  })

  test('a refusal that was kept says so when it comes again', async () => {
    const own = await openHouse(where)
    const number = own.tables[0]?.number
    const key = { 'idempotency-key': 'taken' }
    const first = await own.call('POST', '/tables', { number, seats: 2 }, key)
    const again = await own.call('POST', '/tables', { number, seats: 2 }, key)
    expect([first.code, first.headers.get('idempotency-replayed')]).toEqual(['already_exists', null])
    expect([again.code, again.headers.get('idempotency-replayed')]).toEqual(['already_exists', 'true'])
  })

  test('an edit that changes nothing is none: of the house, a table, a combination', async () => {
    const own = await openHouse(where)
    const [one, two] = own.tables
    const table_ids = [one?.id, two?.id]
    const joined = (await own.call('POST', '/combinations', { table_ids })).data
    const before = (await own.call('GET', '/restaurant')).data
    const events = await eventsOf(own)
    const { settings, name, hours } = before
    for (const [path, body] of [
      ['/restaurant', {}],
      ['/restaurant', { name, settings, hours, special_days: [] }],
      [`/tables/${one?.id}`, {}],
      [`/tables/${one?.id}`, { seats: one?.seats }],
      [`/combinations/${joined.id}`, {}],
      [`/combinations/${joined.id}`, { table_ids: table_ids.toReversed() }],
    ] as const) {
      const answer = await own.call('PATCH', path, body)
      expect([path, answer.status]).toEqual([path, 200])
    }
    expect((await own.call('GET', '/restaurant')).data).toEqual(before)
    expect(await eventsOf(own)).toBe(events)
    const changed = await own.call('PATCH', '/restaurant', { special_days: [{ date, hours: [] }] })
    expect(changed.data.version).toBeGreaterThan(before.version)
    const again = await own.call('PATCH', '/restaurant', { special_days: [{ date, hours: [] }] })
    expect(again.data.version).toBe(changed.data.version)
  })

  test('a dozen edits of one house at once are all made', async () => {
    const own = await openHouse(where)
    const edits = Array.from({ length: 12 }, (_, i) => own.call('PATCH', '/restaurant', { name: `House of ${i}` }))
    const answers = await Promise.all(edits)
    expect(answers.map((one) => one.status)).toEqual(answers.map(() => 200))
  })
})

test('R299 keys, staff, integrations and feeds write instants as the book does', async () => {
  const york = await openHouse(where, { timezone: 'America/New_York', country: 'US', currency: 'USD' })
  await york.call('POST', '/staff', { email: 'ana@york.test', name: 'Ana', role: 'host' })
  await york.call('PUT', '/integrations/pos', { kind: 'http', url: 'http://localhost:1/x', secret: 'a-secret-of-it' })
  await york.call('POST', '/calendar-feed', { name: 'Desk' })
  for (const path of ['/keys', '/staff', '/integrations', '/calendar-feed']) {
    const answer = await york.call('GET', path)
    const [first] = answer.data
    expect([path, first.created_at]).toEqual([path, expect.stringMatching(/T\d\d:\d\d:\d\d-0[45]:00$/)])
  }
})

test('the restaurant’s tables are in the order people count', async () => {
  const own = await openHouse(where, { tables: ['10', '2', '1'].map((number) => ({ number, seats: 2 })) })
  expect(numbers(await own.call('GET', '/restaurant'))).toEqual(['1', '2', '10'])
  expect(numbers(await own.call('PATCH', '/restaurant', { name: 'Counted' }))).toEqual(['1', '2', '10'])
})

test('OpenAPI says where the API is, and how many a query may ask for', async () => {
  const document = JSON.parse(await (await fetch(`${where.origin}/openapi.json`)).text())
  expect(document.servers).toEqual([{ url: '/', description: expect.any(String) }])
  const queries = document.paths['/api/availability'].get.parameters
  expect(queries.find((one: { name: string }) => one.name === 'guests').schema).toMatchObject({ minimum: 1 })
})
