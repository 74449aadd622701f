import { describe, expect, inject, test } from 'vitest'
import { platformKey } from '../../local/keys.ts'
import { allTenantScopes } from '../../src/access/schema.ts'
import { caller, type House, openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')
const platform = caller(where.origin, platformKey)
const nobody = '00000000-0000-7000-8000-000000000000'

async function firstKeyOf(house: House): Promise<string> {
  const [first] = (await house.call('GET', '/keys')).data
  return first.id
}

describe('a new key', () => {
  test('is told once, kept as a hash, and does what it may and no more', async () => {
    const house = await openHouse(where)
    const wish = { name: 'Booking widget', scopes: ['reservations:read'], rate_per_minute: 600 }
    const idempotent = { 'idempotency-key': 'widget' }
    const issued = await house.call('POST', '/keys', wish, idempotent)
    expect(issued.status).toBe(201)
    const { api_key, ...key } = issued.data
    expect(api_key).toMatch(/^tsk_[A-Za-z0-9]{43}$/)
    expect(key).toMatchObject({ ...wish, prefix: api_key.slice(0, 12), revoked_at: null })
    const replayed = await house.call('POST', '/keys', wish, idempotent)
    expect([replayed.status, replayed.data]).toEqual([201, { ...key, api_key: null }])
    expect((await house.call('POST', '/keys', { ...wish, name: 'Other' }, idempotent)).code).toBe(
      'idempotency_key_reused',
    )

    const list = await house.call('GET', '/keys')
    expect(list.data).toMatchObject([{ name: 'First key', scopes: allTenantScopes }, key])
    const told = JSON.stringify(list.body)
    expect(told).not.toContain(api_key)
    expect(told).not.toMatch(/hash|\\\\x/)
    const kept = await withDatabase(where, (client) =>
      client.query('select row_to_json(k)::text as text from api_keys k where restaurant_id = $1', [house.id]),
    )
    expect(JSON.stringify(kept.rows)).not.toContain(api_key)
    const answers = await withDatabase(where, (client) =>
      client.query("select string_agg(answer::text, '') as text from idempotency_keys where scope = $1", [house.id]),
    )
    expect(answers.rows[0].text).not.toContain(api_key)

    const widget = caller(where.origin, api_key)
    expect((await widget('GET', '/reservations')).status).toBe(200)
    expect((await widget('GET', '/restaurant')).status).toBe(200)
    expect((await widget('GET', '/keys')).code).toBe('forbidden')
    expect((await widget('POST', '/reservations', { date: '2030-01-01T19:00:00', guests: 2 })).code).toBe('forbidden')
  })

  test('is given no more than its giver has', async () => {
    const house = await openHouse(where)
    const wish = { name: 'Floor', scopes: ['keys:write', 'floor:write', 'reservations:read'] }
    const floor = caller(where.origin, (await house.call('POST', '/keys', wish)).data.api_key)
    const give = (scopes: string[]): Promise<{ status: number; code: string | undefined }> =>
      floor('POST', '/keys', { name: 'Given', scopes })
    expect((await give(['floor:write'])).status).toBe(201)
    expect((await give(['reservations:read', 'floor:write'])).status).toBe(201)
    for (const more of ['floor:*', 'floor:read', 'guests:read', 'reservations:write']) {
      expect([more, (await give(['floor:write', more])).code]).toEqual([more, 'forbidden'])
    }
    expect((await house.call('POST', '/keys', { name: 'x', scopes: ['platform'] })).code).toBe('validation_failed')
    expect((await house.call('GET', '/keys')).data).toHaveLength(4)
  })

  test.each([
    { name: 'x' },
    { name: 'x', scopes: [] },
    { name: '', scopes: ['floor:read'] },
    { name: 'x', scopes: ['floor:everything'] },
    { name: 'x', scopes: ['floor:read'], rate_per_minute: 0 },
    { name: 'x', scopes: ['floor:read'], hash: '00' },
  ])('is refused as %j', async (wish) => {
    const house = await openHouse(where)
    expect((await house.call('POST', '/keys', wish)).code).toBe('validation_failed')
  })
})

describe('a revoked key', () => {
  test('is refused at once, and stays in the list', async () => {
    const house = await openHouse(where)
    const issued = (await house.call('POST', '/keys', { name: 'Lost phone', scopes: ['floor:*'] })).data
    const lost = caller(where.origin, issued.api_key)
    expect((await lost('GET', '/restaurant')).status).toBe(200)
    const revoked = await house.call('DELETE', `/keys/${issued.id}`)
    expect(revoked.data).toMatchObject({ id: issued.id, revoked_at: expect.any(String) })
    expect(revoked.data).not.toHaveProperty('hash')
    const refused = await lost('GET', '/restaurant')
    expect([refused.status, refused.code]).toEqual([401, 'unauthorized'])
    expect((await house.call('DELETE', `/keys/${issued.id}`)).data).toEqual(revoked.data)
    expect((await house.call('GET', '/keys')).data).toMatchObject([{ revoked_at: null }, revoked.data])
    const events = await withDatabase(where, (client) =>
      client.query(
        "select type, before, after from events where restaurant_id = $1 and type like 'key.%' order by id",
        [house.id],
      ),
    )
    expect(events.rows).toMatchObject([
      { type: 'key.issued', before: null, after: { name: 'Lost phone' } },
      { type: 'key.revoked', before: { revoked_at: null }, after: { revoked_at: expect.any(String) } },
    ])
    expect(JSON.stringify(events.rows)).not.toContain('hash')
  })

  test('is refused within five seconds where another isolate revoked it', async () => {
    const house = await openHouse(where)
    expect((await house.call('GET', '/restaurant')).status).toBe(200)
    await withDatabase(where, (client) =>
      client.query('update api_keys set revoked_at = now() where restaurant_id = $1', [house.id]),
    )
    await new Promise((resolve) => setTimeout(resolve, 5_100))
    expect((await house.call('GET', '/restaurant')).status).toBe(401)
  })

  test('is not revoked by a key that may less, nor made faster by one of the house', async () => {
    const house = await openHouse(where)
    const host = await house.call('POST', '/keys', { name: 'Host', scopes: ['floor:*', 'keys:write'] })
    const weaker = caller(where.origin, host.data.api_key)
    expect((await weaker('DELETE', `/keys/${await firstKeyOf(house)}`)).code).toBe('forbidden')
    expect((await house.call('GET', '/restaurant')).status).toBe(200)
    const fast = { name: 'Fast', scopes: ['reservations:read'], rate_per_minute: 5000 }
    expect((await house.call('POST', '/keys', fast)).code).toBe('forbidden')
    const given = await platform('POST', `/restaurants/${house.id}/keys`, fast)
    expect(given.data.rate_per_minute).toBe(5000)
  })

  test('may be the one that revokes', async () => {
    const house = await openHouse(where)
    const id = await firstKeyOf(house)
    expect((await house.call('DELETE', `/keys/${id}`)).status).toBe(200)
    expect((await house.call('GET', '/keys')).status).toBe(401)
    // The platform lets the house in again.
    const again = await platform('POST', `/restaurants/${house.id}/keys`, { name: 'Again', scopes: ['keys:write'] })
    expect(again.status).toBe(201)
    expect((await caller(where.origin, again.data.api_key)('GET', '/keys')).data).toHaveLength(2)
  })
})

describe('keys of others', () => {
  test('are not to be found, and not to be had without keys:write', async () => {
    const [house, other] = [await openHouse(where), await openHouse(where)]
    const id = await firstKeyOf(house)
    const reader = caller(
      where.origin,
      (await house.call('POST', '/keys', { name: 'Reader', scopes: ['floor:read'] })).data.api_key,
    )
    const below = `/restaurants/${house.id}/keys`
    expect((await other.call('DELETE', `/keys/${id}`)).code).toBe('not_found')
    expect((await other.call('DELETE', `${below}/${id}`)).code).toBe('not_found')
    expect((await other.call('GET', below)).code).toBe('not_found')
    expect((await other.call('POST', below, { name: 'x', scopes: ['floor:read'] })).code).toBe('not_found')
    expect((await house.call('DELETE', `/keys/${nobody}`)).code).toBe('not_found')
    expect((await reader('GET', '/keys')).code).toBe('forbidden')
    expect((await reader('POST', '/keys', { name: 'x', scopes: ['floor:read'] })).code).toBe('forbidden')
    expect((await reader('DELETE', `/keys/${id}`)).code).toBe('forbidden')
    expect((await house.call('GET', '/restaurant')).status).toBe(200)
  })

  test('may be listed, issued and revoked by the platform, and only its own restaurant endpoints', async () => {
    const house = await openHouse(where)
    const below = `/restaurants/${house.id}/keys`
    const issued = await platform('POST', below, { name: 'Support', scopes: allTenantScopes })
    expect(issued.status).toBe(201)
    expect((await platform('GET', `${below}?limit=1`)).body.meta.next_cursor).toEqual(expect.any(String))
    const first = await platform('GET', `${below}?limit=1`)
    const second = await platform('GET', `${below}?limit=1&cursor=${first.body.meta.next_cursor}`)
    expect(second.data).toMatchObject([{ name: 'Support' }])
    expect((await platform('DELETE', `${below}/${issued.data.id}`)).data.revoked_at).not.toBeNull()
    expect((await platform('GET', '/keys')).code).toBe('restaurant_required')
    expect((await platform('GET', `/restaurants/${house.id}/reservations`)).code).toBe('forbidden')
    expect((await platform('GET', `/restaurants/${house.id}/tables`)).code).toBe('forbidden')
  })
})

test.each([null, 'tsk_nonsense_nonsense', 'sk_live_1'])('the key %j opens nothing', async (key) => {
  const answer = await caller(where.origin, key)('GET', '/restaurant')
  expect([answer.status, answer.code]).toEqual([401, 'unauthorized'])
})
