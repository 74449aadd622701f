import fc from 'fast-check'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { problems } from '../../src/platform/problem.ts'
import { type Answer, caller, daysAhead, type House, openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')
const date = daysAhead(10)
let house: House
let other: House
beforeAll(async () => {
  house = await openHouse(where)
  other = await openHouse(where)
})

/** Everything a restaurant keeps, counted: what a refused request must leave as it was. */
async function rows(restaurant: House): Promise<number> {
  return withDatabase(where, async (client) => {
    let n = 0
    for (const name of ['reservations', 'claims', 'guests', 'events', 'idempotency_keys', 'tables', 'combinations']) {
      const column = name === 'idempotency_keys' ? 'scope' : 'restaurant_id'
      const found = await client.query<{ n: number }>(`select count(*)::int as n from ${name} where ${column} = $1`, [
        restaurant.id,
      ])
      n += found.rows[0]?.n ?? 0
    }
    return n
  })
}

function isProblem(answer: Answer): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.body).toMatchObject({
    success: false,
    status: answer.status,
    title: expect.any(String),
    detail: expect.any(String),
    hint: expect.any(String),
    request_id: expect.any(String),
  })
  expect(Object.keys(problems)).toContain(answer.code)
}

const good = { name: 'Ana', phone_number: '98207272', reservation_date: date, reservation_time: '19:00', party_size: 2 }

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}

describe('bad input gets its code and changes nothing', () => {
  test.each<[string, unknown, Record<string, string>, number, string]>([
    ['no body', undefined, {}, 422, 'validation_failed'],
    ['no JSON', '{"party_size":', {}, 400, 'malformed_json'],
    ['an array', [], {}, 422, 'validation_failed'],
    ['null', null, {}, 422, 'validation_failed'],
    ['deep nesting', '['.repeat(100_000), {}, 400, 'malformed_json'],
    ['nesting that is JSON', nested(20_000), { 'idempotency-key': 'deep' }, 400, 'malformed_json'],
    ['65 levels', nested(65), {}, 400, 'malformed_json'],
    ['64 levels', nested(64), {}, 422, 'validation_failed'],
    ['broken UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), {}, 400, 'malformed_text'],
    ['300 KiB', JSON.stringify({ ...good, notes: 'x'.repeat(300 * 1024) }), {}, 413, 'body_too_large'],
    ['another type', JSON.stringify(good), { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['an unknown field', { ...good, price: 1 }, {}, 422, 'validation_failed'],
    ['a text for a number', { ...good, party_size: '2' }, {}, 422, 'validation_failed'],
    ['half a guest', { ...good, party_size: 2.5 }, {}, 422, 'validation_failed'],
    ['nobody', { ...good, party_size: 0 }, {}, 422, 'validation_failed'],
    ['endlessly many', JSON.stringify(good).replace(':2}', ':1e400}'), {}, 422, 'validation_failed'],
    ['no name', { ...good, name: undefined }, {}, 422, 'validation_failed'],
    ['a blank name', { ...good, name: '   ' }, {}, 422, 'validation_failed'],
    ['the 30th of February', { ...good, reservation_date: '2027-02-30' }, {}, 422, 'validation_failed'],
    ['a date in words', { ...good, reservation_date: 'tomorrow' }, {}, 422, 'validation_failed'],
    ['the year nought', { ...good, reservation_date: '0000-01-01' }, {}, 422, 'validation_failed'],
    ['25 o’clock', { ...good, reservation_time: '25:00' }, {}, 422, 'validation_failed'],
    ['a NUL in a name', { ...good, name: 'A\u0000na' }, {}, 422, 'validation_failed'],
    ['half a character', JSON.stringify(good).replace('Ana', String.raw`A\ud800`), {}, 422, 'validation_failed'],
    ['no phone number', { ...good, phone_number: 'call me' }, {}, 422, 'invalid_phone'],
    ['the past', { ...good, reservation_date: '2024-12-01' }, {}, 422, 'in_past'],
    ['closed', { ...good, reservation_time: '04:00' }, {}, 422, 'closed'],
    ['a bad key', good, { 'idempotency-key': 'ключ'.normalize() }, 400, 'invalid_idempotency_key'],
    ['a long key', good, { 'idempotency-key': 'k'.repeat(256) }, 400, 'invalid_idempotency_key'],
  ])('%s', async (_name, body, headers, status, code) => {
    if (headers['idempotency-key'] && !/^[ -~]+$/.test(headers['idempotency-key'])) headers['idempotency-key'] = 'a b'
    const before = await rows(house)
    const answer = await house.call('POST', '/reservations', body, headers)
    expect([answer.status, answer.code]).toEqual([status, code])
    isProblem(answer)
    expect(await rows(house)).toBe(before)
  })

  test('a wall time that the clocks skip is refused; one they repeat is taken the first time, and says so', async () => {
    const berlin = await openHouse(where, {
      timezone: 'Europe/Berlin',
      country: 'DE',
      currency: 'EUR',
      settings: { horizon_days: 1000 },
      hours: [{ days: [6, 7], opens: '20:00', closes: '06:00' }],
    })
    const skipped = await berlin.call('POST', '/reservations', { date: '2027-03-28T02:30:00', guests: 2 })
    expect([skipped.status, skipped.code]).toEqual([422, 'nonexistent_time'])
    const twice = await berlin.call('POST', '/reservations', { date: '2027-10-31T02:30:00', guests: 2 })
    expect(twice.data.starts_at).toBe('2027-10-31T02:30:00+02:00')
    expect(twice.body.meta.notices).toMatchObject([{ code: 'time_occurs_twice' }])
  })

  test('no key, a wrong key and a key of nobody are 401; a key without the scope is 403', async () => {
    for (const key of [null, 'tsk_nobody_knows_this', 'nonsense']) {
      const answer = await caller(where.origin, key)('GET', `/availability?date=${date}&guests=2`)
      expect([answer.status, answer.code]).toEqual([401, 'unauthorized'])
      isProblem(answer)
    }
    const reader = await house.call('POST', '/keys', { name: 'reader', scopes: ['reservations:read'] })
    const answer = await caller(where.origin, reader.data.api_key)('POST', '/reservations', good)
    expect([answer.status, answer.code]).toEqual([403, 'forbidden'])
  })

  test('query strings are read as strictly', async () => {
    for (const query of [
      '',
      '?date=x&guests=2',
      `?date=${date}`,
      `?date=${date}&guests=0`,
      `?date=${date}&guests=2&x=1`,
      `?date=${date}&guests=2&guests=3`,
      `?date=${date}&guests=2&area=%00`,
      `?date=${date}&guests=NaN`,
    ]) {
      const answer = await house.call('GET', `/availability${query}`)
      expect([query, answer.status, answer.code]).toEqual([query, 422, 'validation_failed'])
    }
    expect((await house.call('GET', '/reservations/%00')).status).toBe(404)
    expect((await house.call('GET', '/reservations/%E0%A4%A')).status).toBe(404)
    expect((await house.call('GET', '/nothing/here')).code).toBe('not_found')
  })

  test('another tenant’s things are 404, on both path families, and stay as they are', async () => {
    const made = await other.call('POST', '/reservations', { ...good, reservation_time: '18:00' })
    const held = await other.call('POST', '/reservations/holds', { date, time: '12:00', party_size: 2 })
    const before = await rows(other)
    const refs = [made.data.id, made.data.confirmation_code, '98207272']
    for (const ref of refs) {
      for (const [method, path, body] of [
        ['GET', ''],
        ['PUT', '', { notes: 'mine' }],
        ['DELETE', ''],
        ['POST', '/confirm'],
        ['POST', '/seat'],
        ['POST', '/complete'],
        ['POST', '/no-show'],
        ['POST', '/late'],
      ] as const) {
        const answer = await house.call(method, `/reservations/${ref}${path}`, body)
        expect([method, path, answer.status]).toEqual([method, path, 404])
      }
    }
    for (const [method, path] of [
      ['POST', '/confirm'],
      ['POST', '/extend'],
      ['DELETE', ''],
    ] as const)
      expect(
        (
          await house.call(
            method,
            `/reservations/holds/${held.data.hold_id}${path}`,
            method === 'POST' ? {} : undefined,
          )
        ).status,
      ).toBe(404)
    expect((await house.call('GET', `/api/restaurants/${other.id}/reservations`)).status).toBe(404)
    expect((await house.call('POST', `/api/restaurants/${other.id}/reservations`, good)).status).toBe(404)
    expect((await house.call('POST', '/reservations', { ...good, table_id: other.tables[0]?.id })).code).toBe(
      'validation_failed',
    )
    expect(await rows(other)).toBe(before)
  })

  test('the same key and body get the first answer; another body is 422; twenty at once make one booking', async () => {
    const key = { 'idempotency-key': `k-${Date.now()}` }
    const body = { ...good, phone_number: '98200001', reservation_time: '12:00' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => house.call('POST', '/reservations', body, key)))
    expect(new Set(answers.map((answer) => answer.data?.id)).size).toBe(1)
    expect(new Set(answers.map((answer) => JSON.stringify(answer.data))).size).toBe(1)
    expect(answers.every((answer) => answer.status === 201)).toBe(true)
    const reused = await house.call('POST', '/reservations', { ...body, party_size: 1 }, key)
    expect([reused.status, reused.code]).toEqual([422, 'idempotency_key_reused'])
    const elsewhere = await other.call('POST', '/reservations', { ...body, party_size: 1 }, key)
    expect(elsewhere.status).toBe(201)
  })

  test('the request id comes in or is made, and is in every answer', async () => {
    const named = await house.call('GET', '/reservations', undefined, { 'x-request-id': 'abc-123' })
    expect(named.headers.get('x-request-id')).toBe('abc-123')
    const refused = await house.call('GET', '/reservations/ZZZZZZ', undefined, { 'x-request-id': 'abc-124' })
    expect([refused.headers.get('x-request-id'), refused.body.request_id]).toEqual(['abc-124', 'abc-124'])
    const odd = await house.call('GET', '/reservations', undefined, { 'x-request-id': 'a b"c' })
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

const doors = (some: House): [string, string][] => [
  ['POST', '/reservations'],
  ['POST', '/reservations/holds'],
  ['PUT', `/reservations/${some.tables[0]?.id}`],
  ['POST', '/tables/availability'],
  ['POST', '/tables/availability/bulk'],
  ['POST', '/reservations/ZZZZZZ/late'],
  ['POST', '/reservations/ZZZZZZ/seat'],
  ['POST', '/guests'],
  ['POST', '/guests/match'],
  ['POST', '/tables'],
  ['POST', '/combinations'],
  ['POST', '/keys'],
  ['PATCH', '/restaurant'],
  ['PUT', '/menu'],
  ['PATCH', `/menu/items/${some.tables[0]?.id}`],
  ['PUT', '/integrations/pos'],
]

test.each([String.raw`a\u0000b`, String.raw`a\ud800b`])('what Postgres cannot keep is refused: %s', async (text) => {
  const { data } = await house.call('POST', '/agents/calls', { caller_phone: null })
  const handoffs = `/agents/calls/${data.call.id}/handoffs`
  const pos = { kind: 'http', url: 'https://till.example/*', secret: 'a-secret-of-it' }
  for (const [method, path, body] of [
    ['PUT', '/message-templates/confirmation/mail/en', { body: '*' }],
    ['POST', handoffs, { key: 'one', from: 'main', to: 'menu', data: { deep: [{ er: '*' }] } }],
    ['POST', handoffs, { key: '*', from: 'main', to: 'menu', data: {} }],
    ['POST', handoffs, { key: 'two', from: 'main', to: 'menu', data: { '*': 1 } }],
    ['PUT', '/integrations/pos', pos],
  ] as const) {
    const answer = await house.call(method, path, JSON.stringify(body).replace('*', text))
    expect([path, answer.code]).toEqual([path, 'validation_failed'])
  }
  const late = { body: 'See you', version: 2_147_483_648 }
  expect((await house.call('PUT', '/message-templates/confirmation/mail/en', late)).code).toBe('validation_failed')
})

describe('any JSON at any door is a 2xx or a problem, never a 500', () => {
  test('bodies of any shape, and near-right ones with one thing wrong', async () => {
    const fuzzed = await openHouse(where)
    const nasty = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '',
        ' ',
        '0',
        -1,
        0,
        1e21,
        1e-7,
        2 ** 31,
        2 ** 53,
        true,
        null,
        [],
        {},
        '\u0000',
        '\uFFFF',
        '\u202E',
        "'; drop table claims; --",
        '${jndi}',
        '%00',
        '9'.repeat(300),
        date,
        '19:00',
        `${date}T19:00:00Z`,
        `${date}T23:59:60Z`,
        '+6598207272',
        'a@b.co',
      ),
    )
    const shaped = fc
      .tuple(
        fc.constantFrom(
          'name',
          'phone_number',
          'phone',
          'email',
          'reservation_date',
          'reservation_time',
          'date',
          'time',
          'dates',
          'party_size',
          'guests',
          'area',
          'table_id',
          'client_id',
          'notes',
          'language',
          'settings',
          'hours',
          'number',
          'seats',
          'table_ids',
          'scopes',
          'categories',
          'stock',
          'sold_out',
          'url',
          'version',
          'minutes',
        ),
        nasty,
      )
      .map(([field, value]) => ({ ...good, date, time: '19:00', guests: 2, [field]: value }))
    const small = fc.dictionary(
      fc.constantFrom(
        'name',
        'date',
        'time',
        'guests',
        'party_size',
        'dates',
        'phone',
        'email',
        'number',
        'seats',
        'scopes',
        'table_ids',
        'settings',
        'version',
      ),
      nasty,
    )
    let answered = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...doors(fuzzed)),
        fc.oneof(nasty, shaped, small),
        async ([method, path], body) => {
          const answer = await fuzzed.call(method, path, JSON.stringify(body))
          answered += 1
          expect(
            answer.status,
            `${method} ${path} ${JSON.stringify(body)} → ${JSON.stringify(answer.body)}`,
          ).toBeLessThan(500)
          if (answer.status >= 400) isProblem(answer)
        },
      ),
      { numRuns: 600 },
    )
    expect(answered).toBeGreaterThanOrEqual(600)
  }, 120_000)
})
