import { describe, expect, inject, test } from 'vitest'
import {
  type Answer,
  caller,
  type Call,
  daysAhead,
  type House,
  openHouse,
  overlaps,
  withDatabase,
} from '../factories.ts'

const where = inject('stack')
const dinner = { date: `${daysAhead(10)}T19:00:00`, guests: 2 }
const nobody = '00000000-0000-7000-8000-000000000000'

async function keyWith(house: House, scopes: string[]): Promise<Call> {
  const { api_key } = (await house.call('POST', '/keys', { name: scopes.join(), scopes })).data
  return caller(where.origin, api_key)
}

async function eventsOf(house: House, type: string): Promise<{ before: unknown; after: unknown; actor: unknown }[]> {
  return withDatabase(where, async (client) => {
    const found = await client.query(
      'select before, after, actor from events where restaurant_id = $1 and type = $2 order by id',
      [house.id, type],
    )
    return found.rows
  })
}

const numbers = (tables: { number: string }[]): string[] => tables.map((table) => table.number)
const at = (date: string, time: string): Record<string, string> => ({ 'x-tableside-now': `${date}T${time}:00+08:00` })

describe('tables', () => {
  test('are listed as people count, by pages', async () => {
    const house = await openHouse(where, {
      tables: ['10', '2', '1', 'P3', '12A'].map((number) => ({ number, seats: 2 })),
    })
    expect(numbers((await house.call('GET', '/tables')).data)).toEqual(['1', '2', '10', '12A', 'P3'])
    const first = await house.call('GET', `/restaurants/${house.id}/tables?limit=3`)
    expect(numbers(first.data)).toEqual(['1', '2', '10'])
    const second = await house.call('GET', `/tables?limit=3&cursor=${first.body.meta.next_cursor}`)
    expect(numbers(second.data)).toEqual(['12A', 'P3'])
    expect(second.body.meta.next_cursor).toBeNull()
    expect((await house.call('GET', '/tables?cursor=none')).code).toBe('validation_failed')
  })

  test('are added once per key, and booked at once', async () => {
    const house = await openHouse(where)
    const before = (await house.call('GET', '/restaurant')).data.version
    const table = { number: 7, seats: 8, area: 'Terrace', min_party: 5, position: { x: 10, y: 20 }, notes: 'Heater' }
    const key = { 'idempotency-key': 'table-7' }
    const added = await house.call('POST', '/tables', table, key)
    expect(added.status).toBe(201)
    expect(added.data).toEqual({ ...table, id: added.data.id, number: '7', enabled: true, version: 1 })
    expect((await house.call('POST', '/tables', table, key)).data).toEqual(added.data)
    expect((await house.call('POST', '/tables', { ...table, seats: 9 }, key)).code).toBe('idempotency_key_reused')
    expect((await house.call('GET', '/restaurant')).data.version).toBeGreaterThan(before)
    expect(await eventsOf(house, 'table.added')).toMatchObject([
      { before: null, after: { number: '7' }, actor: { kind: 'key', name: 'First key' } },
    ])
    const party = await house.call('POST', '/reservations', { ...dinner, guests: 8 })
    expect(party.data.tables).toMatchObject([{ number: '7' }])
  })

  test('of one number there is one, however many add it at once', async () => {
    const house = await openHouse(where)
    expect((await house.call('POST', '/tables', { number: '1', seats: 2 })).code).toBe('already_exists')
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => house.call('POST', '/tables', { number: '9', seats: 2 })),
    )
    expect(answers.map((answer) => answer.code ?? 'added').toSorted((a, b) => a.localeCompare(b))).toEqual([
      'added',
      ...Array.from({ length: 5 }, () => 'already_exists'),
    ])
    expect((await house.call('GET', '/tables')).data).toHaveLength(4)
  })

  test.each([
    { number: '9' },
    { number: '9', seats: 0 },
    { number: '9', seats: 4, min_party: 5 },
    { number: '', seats: 4 },
    { number: '9', seats: 4, colour: 'red' },
    { number: '9', seats: 4, position: { x: -1, y: 0 } },
  ])('are refused as %j', async (table) => {
    const house = await openHouse(where)
    expect((await house.call('POST', '/tables', table)).code).toBe('validation_failed')
  })

  test('are edited in what is named', async () => {
    const house = await openHouse(where)
    const [one] = house.tables
    const edited = await house.call('PATCH', `/tables/${one?.id}`, { seats: 3, area: 'Bar', position: { x: 1, y: 2 } })
    expect(edited.data).toMatchObject({ number: '1', seats: 3, area: 'Bar', position: { x: 1, y: 2 }, version: 2 })
    expect(edited.headers.get('etag')).toBe('"2"')
    const cleared = await house.call('PATCH', `/tables/${one?.id}`, { area: null, position: null, enabled: false })
    expect(cleared.data).toMatchObject({ seats: 3, area: null, position: null, enabled: false, version: 3 })
    expect(await eventsOf(house, 'table.changed')).toMatchObject([
      { before: { seats: 2, area: null }, after: { seats: 3, area: 'Bar' } },
      { before: { enabled: true }, after: { enabled: false } },
    ])
    expect((await house.call('POST', '/reservations', dinner)).data.tables).toMatchObject([{ number: '2' }])
  })

  test('refuse what cannot be', async () => {
    const house = await openHouse(where)
    const path = `/tables/${house.tables[0]?.id}`
    expect((await house.call('PATCH', path, { number: '2' })).code).toBe('already_exists')
    expect((await house.call('PATCH', path, { number: '1' })).status).toBe(200)
    const tooMany = await house.call('PATCH', path, { min_party: 3 })
    expect([tooMany.code, tooMany.body.errors[0].path]).toEqual(['validation_failed', 'min_party'])
    expect((await house.call('PATCH', '/tables/7', { seats: 3 })).code).toBe('validation_failed')
    expect((await house.call('PATCH', `/tables/${nobody}`, { seats: 3 })).code).toBe('not_found')
    expect((await house.call('DELETE', `/tables/${nobody}`)).code).toBe('not_found')
  })

  test('refuse a stale version with the table as it is', async () => {
    const house = await openHouse(where)
    const path = `/tables/${house.tables[0]?.id}`
    await house.call('PATCH', path, { notes: 'By the window', version: 1 })
    for (const stale of [
      await house.call('PATCH', path, { notes: 'Draughty', version: 1 }),
      await house.call('PATCH', path, { notes: 'Draughty' }, { 'if-match': '"1"' }),
      await house.call('DELETE', path, undefined, { 'if-match': '1' }),
    ]) {
      expect([stale.status, stale.code]).toEqual([409, 'stale_version'])
      expect(stale.body.current).toMatchObject({ notes: 'By the window', version: 2 })
    }
  })
})

describe('putting a table away', () => {
  test('takes its combinations with it, and frees its number', async () => {
    const house = await openHouse(where)
    const [one, two, three] = house.tables.map((table) => table.id)
    await house.call('POST', '/combinations', { table_ids: [one, two] })
    const kept = (await house.call('POST', '/combinations', { table_ids: [two, three] })).data
    const archived = await house.call('DELETE', `/tables/${one}`)
    expect([archived.status, archived.data.number]).toEqual([200, '1'])
    expect((await house.call('GET', '/tables')).data).toHaveLength(2)
    expect((await house.call('GET', '/combinations')).data).toEqual([kept])
    expect((await house.call('DELETE', `/tables/${one}`)).code).toBe('not_found')
    expect((await house.call('PATCH', `/tables/${one}`, { seats: 4 })).code).toBe('not_found')
    expect((await house.call('POST', '/tables', { number: '1', seats: 2 })).status).toBe(201)
    expect(await eventsOf(house, 'table.archived')).toHaveLength(1)
    expect(await eventsOf(house, 'combination.removed')).toHaveLength(1)
  })

  test('is refused while a party is to come, and says how many claims', async () => {
    const house = await openHouse(where, { tables: [{ number: '1', seats: 2 }] })
    const path = `/tables/${house.tables[0]?.id}`
    const booked = await house.call('POST', '/reservations', dinner)
    await house.call('POST', '/reservations', { ...dinner, date: `${daysAhead(11)}T19:00:00` })
    const refused = await house.call('DELETE', path)
    expect([refused.status, refused.code, refused.body.claims]).toEqual([409, 'table_in_use', 2])
    await house.call('DELETE', `/reservations/${booked.data.id}`)
    expect((await house.call('DELETE', path)).body.claims).toBe(1)
    // Two weeks on, both are history.
    const later = { 'x-tableside-now': `${daysAhead(14)}T00:00:00Z` }
    expect((await house.call('DELETE', path, undefined, later)).status).toBe(200)
  })

  test('is refused while a party sits there past midnight, or holds it', async () => {
    const house = await openHouse(where, {
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '18:00', closes: '03:00' }],
      tables: [{ number: '1', seats: 2 }],
    })
    const path = `/tables/${house.tables[0]?.id}`
    await house.call('POST', '/reservations', { date: `${daysAhead(10)}T23:30:00`, guests: 2 })
    expect((await house.call('DELETE', path, undefined, at(daysAhead(11), '00:59'))).code).toBe('table_in_use')
    expect((await house.call('DELETE', path, undefined, at(daysAhead(11), '01:00'))).status).toBe(200)

    const held = await openHouse(where, { tables: [{ number: '1', seats: 2 }] })
    const hold = { date: daysAhead(10), time: '19:00', party_size: 2 }
    expect((await held.call('POST', '/reservations/holds', hold)).status).toBe(201)
    const heldPath = `/tables/${held.tables[0]?.id}`
    expect((await held.call('DELETE', heldPath)).code).toBe('table_in_use')
    const lapsed = { 'x-tableside-now': new Date(Date.now() + 6 * 60_000).toISOString() }
    expect((await held.call('DELETE', heldPath, undefined, lapsed)).status).toBe(200)
  })

  test('is exact against thirty clients who book it meanwhile', async () => {
    const seen = new Set<number>()
    for (let round = 0; round < 8; round++) {
      const house = await openHouse(where, {
        tables: [
          { number: '1', seats: 2 },
          { number: '2', seats: 40 },
        ],
      })
      const [table] = house.tables
      const book = (i: number): Promise<Answer> =>
        house.call('POST', '/reservations', { date: `${daysAhead(5 + i)}T19:00:00`, guests: 1 })
      const before = Array.from({ length: round % 12 }, (_, i) => book(i))
      const deleting = house.call('DELETE', `/tables/${table?.id}`)
      const after = Array.from({ length: 30 - (round % 12) }, (_, i) => book((round % 12) + i))
      const [deleted, ...booked] = await Promise.all([deleting, ...before, ...after])
      expect(booked.map((answer) => answer.code ?? answer.status).filter((one) => one !== 201)).toEqual([])
      const { rows } = await withDatabase(where, (client) =>
        client.query(
          `select t.archived_at is not null as archived,
                  (select count(*)::int from claims c where c.table_id = t.id and c.blocking) as claims
             from tables t where t.id = $1`,
          [table?.id],
        ),
      )
      seen.add(deleted.status)
      if (deleted.status === 200) expect(rows[0]).toEqual({ archived: true, claims: 0 })
      else {
        expect(deleted.code).toBe('table_in_use')
        expect(deleted.body.claims).toBeGreaterThan(0)
        expect(rows[0].archived).toBe(false)
      }
      expect(await overlaps(where, house.id)).toBe(0)
    }
    expect([...seen].every((status) => status === 200 || status === 409)).toBe(true)
  })
})

describe('combinations', () => {
  test('seat a party no single table does, up to all their seats', async () => {
    const house = await openHouse(where)
    const [one, two, three] = house.tables.map((table) => table.id)
    expect((await house.call('POST', '/reservations', { ...dinner, guests: 10 })).code).toBe('no_table_fits')
    const key = { 'idempotency-key': 'join' }
    const added = await house.call('POST', '/combinations', { table_ids: [three, two] }, key)
    expect(added.status).toBe(201)
    expect(added.data).toEqual({ id: added.data.id, table_ids: [two, three], min_party: 1, max_party: 10, version: 1 })
    expect((await house.call('POST', '/combinations', { table_ids: [three, two] }, key)).data).toEqual(added.data)
    const party = await house.call('POST', '/reservations', { ...dinner, guests: 10 })
    expect(party.data.tables).toHaveLength(2)

    const path = `/combinations/${added.data.id}`
    const edited = await house.call('PATCH', path, { table_ids: [one, two], min_party: 5, max_party: 6 })
    expect(edited.data).toMatchObject({ table_ids: [one, two], min_party: 5, max_party: 6, version: 2 })
    expect((await house.call('GET', '/combinations')).data).toEqual([edited.data])
    const stale = await house.call('PATCH', path, { min_party: 2, version: 1 })
    expect([stale.code, stale.body.current.version]).toEqual(['stale_version', 2])
    expect((await house.call('DELETE', path, undefined, { 'if-match': '1' })).code).toBe('stale_version')
    expect((await house.call('DELETE', path)).data).toEqual(edited.data)
    expect((await house.call('DELETE', path)).code).toBe('not_found')
    expect((await house.call('GET', '/combinations')).data).toEqual([])
    for (const [type, count] of [
      ['added', 1],
      ['changed', 1],
      ['removed', 1],
    ] as const) {
      expect(await eventsOf(house, `combination.${type}`)).toHaveLength(count)
    }
  })

  test('refuse what cannot be joined', async () => {
    const [house, other] = [await openHouse(where), await openHouse(where)]
    const [one, two, three] = house.tables.map((table) => table.id)
    const post = (body: unknown): Promise<{ code: string | undefined; body: { errors: { path: string }[] } }> =>
      house.call('POST', '/combinations', body)
    const made = (await house.call('POST', '/combinations', { table_ids: [one, two] })).data
    expect((await post({ table_ids: [two, one] })).code).toBe('already_exists')
    for (const [body, path] of [
      [{ table_ids: [one, other.tables[0]?.id] }, 'table_ids.1'],
      [{ table_ids: [nobody, one] }, 'table_ids.0'],
      [{ table_ids: [one, one] }, 'table_ids'],
      [{ table_ids: [one] }, 'table_ids'],
      [{ table_ids: [one, three], max_party: 9 }, 'max_party'],
      [{ table_ids: [one, three], min_party: 5, max_party: 4 }, 'min_party'],
    ] as const) {
      const refused = await post(body)
      expect([refused.code, refused.body.errors[0]?.path]).toEqual(['validation_failed', path])
    }
    const second = (await house.call('POST', '/combinations', { table_ids: [one, three] })).data
    const path = `/combinations/${second.id}`
    expect((await house.call('PATCH', path, { table_ids: [one, two] })).code).toBe('already_exists')
    expect((await house.call('PATCH', path, { max_party: 9 })).code).toBe('validation_failed')
    expect((await house.call('PATCH', `/combinations/${nobody}`, { max_party: 2 })).code).toBe('not_found')
    await house.call('PATCH', `/tables/${three}`, { enabled: false })
    expect((await post({ table_ids: [two, three] })).body.errors[0]?.path).toBe('table_ids.1')
    expect((await house.call('PATCH', path, { min_party: 2 })).status).toBe(200)
    expect(made.max_party).toBe(6)
  })

  test('shrink with their tables', async () => {
    const house = await openHouse(where)
    const [one, two] = house.tables.map((table) => table.id)
    await house.call('POST', '/combinations', { table_ids: [one, two], min_party: 5 })
    await house.call('PATCH', `/tables/${two}`, { seats: 2 })
    expect((await house.call('GET', '/combinations')).data).toMatchObject([{ min_party: 4, max_party: 4, version: 2 }])
    expect(await eventsOf(house, 'combination.changed')).toHaveLength(1)
  })
})

test("nobody edits another's room, nor reads or writes without the scope", async () => {
  const [house, other] = [await openHouse(where), await openHouse(where)]
  const [one, two] = house.tables.map((table) => table.id)
  const { id } = (await house.call('POST', '/combinations', { table_ids: [one, two] })).data
  const reader = await keyWith(house, ['floor:read'])
  const booker = await keyWith(house, ['reservations:write', 'reservations:read'])
  const writes = [
    ['POST', '/tables', { number: '9', seats: 2 }],
    ['PATCH', `/tables/${one}`, { seats: 3 }],
    ['DELETE', `/tables/${one}`, undefined],
    ['POST', '/combinations', { table_ids: [one, two] }],
    ['PATCH', `/combinations/${id}`, { min_party: 2 }],
    ['DELETE', `/combinations/${id}`, undefined],
  ] as const
  for (const [method, path, body] of writes) {
    const below = `/restaurants/${house.id}${path}`
    expect([path, (await other.call(method, below, body)).code]).toEqual([path, 'not_found'])
    if (path.length > 20) expect([path, (await other.call(method, path, body)).code]).toEqual([path, 'not_found'])
    expect([path, (await reader(method, path, body)).code]).toEqual([path, 'forbidden'])
  }
  for (const path of ['/tables', '/combinations']) {
    expect((await other.call('GET', `/restaurants/${house.id}${path}`)).code).toBe('not_found')
    expect((await reader('GET', path)).status).toBe(200)
    expect((await booker('GET', path)).code).toBe('forbidden')
  }
})
