import { describe, expect, inject, test } from 'vitest'
import { openPos } from '../../src/restaurants/integrations.ts'
import { caller, openHouse, withDatabase } from '../factories.ts'
import { rowsOf } from './root.ts'

const where = inject('stack')
const http = { kind: 'http', url: 'http://127.0.0.1:9/orders', secret: 'whsec_cGVwcGVyb25p' }
const square = {
  kind: 'square',
  url: 'http://127.0.0.1:9/square',
  secret: 'square-signature-key',
  access_token: 'EAAA-square-access-token',
  location_id: 'L1',
}

/** Every row of every table that has a text of ours, as a dump would have it. */
async function tablesWith(text: string): Promise<string[]> {
  return withDatabase(where, async (client) => {
    const tables = await client.query<{ name: string }>(
      "select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    const found: string[] = []
    for (const { name } of tables.rows) {
      const hit = await client.query(`select 1 from ${name} x where x::text like '%' || $1 || '%' limit 1`, [text])
      if (hit.rowCount) found.push(name)
    }
    return found
  })
}

describe('the till', () => {
  test('is told, shown without its secrets, and told anew', async () => {
    const house = await openHouse(where)
    expect((await house.call('GET', '/integrations')).data).toEqual([])
    const put = await house.call('PUT', '/integrations/pos', http)
    expect([put.status, put.headers.get('etag')]).toEqual([200, '"1"'])
    expect(put.data).toEqual({
      name: 'pos',
      kind: 'http',
      url: http.url,
      lookup: false,
      has_secret: true,
      version: 1,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })
    const again = await house.call('PUT', '/integrations/pos', square, { 'if-match': '"1"' })
    expect(again.data).toMatchObject({ kind: 'square', location_id: 'L1', has_secret: true, version: 2 })
    expect((await house.call('GET', '/integrations')).data).toEqual([again.data])
  })

  test('its secrets are in no answer, no event, no table; and open for this house alone', async () => {
    const house = await openHouse(where)
    const key = { 'idempotency-key': 'till' }
    const secret = `whsec_${crypto.randomUUID()}`
    const access_token = `EAAA_${crypto.randomUUID()}`
    const body = { ...square, secret, access_token }
    const answers = [
      await house.call('PUT', '/integrations/pos', body, key),
      await house.call('PUT', '/integrations/pos', body, key),
      await house.call('PUT', '/integrations/pos', { ...body, version: 7 }),
      await house.call('PUT', '/integrations/pos', { ...body, url: `ftp://x` }),
      await house.call('PUT', '/integrations/pos', { ...body, colour: 'red' }),
      await house.call('GET', '/integrations'),
      await house.call('GET', '/restaurant'),
      await house.call('GET', '/context'),
    ]
    expect(answers.map((one) => one.status)).toEqual([200, 200, 409, 422, 422, 200, 200, 200])
    expect(answers[1]?.data).toEqual(answers[0]?.data)
    const said = JSON.stringify(answers.map((one) => [one.body, [...one.headers]]))
    for (const text of [secret, access_token]) {
      expect(said).not.toContain(text)
      expect(await tablesWith(text)).toEqual([])
    }
    expect(said).not.toContain('secret_sealed')
    expect(await tablesWith('square-nothing-like-it')).toEqual([])
    // The search itself finds what is there.
    expect(await tablesWith(house.slug)).toContain('restaurants')

    const [row] = await rowsOf<{ kind: string; url: string; settings: Record<string, unknown>; secret_sealed: string }>(
      where,
      'select kind, url, settings, secret_sealed from integrations where restaurant_id = $1',
      house.id,
    )
    if (!row) throw new Error('no row')
    const sealing_key = Buffer.from('tableside-local-sealing-key-0123').toString('base64')
    expect(await openPos({ sealing_key }, house.id, row)).toEqual(body)
    const other = await openHouse(where)
    expect(await openPos({ sealing_key }, other.id, row)).toBeNull()
    expect(await openPos({ sealing_key }, house.id, { ...row, kind: 'http' })).toBeNull()
    const events = await rowsOf(
      where,
      "select before, after from events where restaurant_id = $1 and type = 'integration.changed'",
      house.id,
    )
    expect(events).toMatchObject([{ before: null, after: { kind: 'square', has_secret: true } }])
  })

  test.each([
    ['no secret', { ...http, secret: undefined }, 'secret'],
    ['a short one', { ...http, secret: 'abc' }, 'secret'],
    ['no URL', { ...http, url: 'orders' }, 'url'],
    ['credentials in it', { ...http, url: 'http://user:pass@127.0.0.1/x' }, 'url'],
    ['another scheme', { ...http, url: 'file:///etc/passwd' }, 'url'],
    ['another kind', { ...http, kind: 'toast' }, 'kind'],
    ['Square without its place', { ...square, location_id: undefined }, 'location_id'],
    ['Square’s token for another', { ...http, access_token: 'x'.repeat(20) }, 'access_token'],
  ])('%s is 422', async (_what, body, path) => {
    const house = await openHouse(where)
    const answer = await house.call('PUT', '/integrations/pos', body)
    expect([answer.status, answer.code]).toEqual([422, 'validation_failed'])
    expect(answer.body.errors[0].path).toBe(path)
    expect((await house.call('GET', '/integrations')).data).toEqual([])
  })

  test('a stale version is 409 with it as it is, another tenant 404, a key without the scope 403', async () => {
    const [house, other] = [await openHouse(where), await openHouse(where)]
    const put = await house.call('PUT', '/integrations/pos', http)
    for (const [body, headers] of [
      [{ ...http, version: 9 }, {}],
      [http, { 'if-match': '"9"' }],
    ] as const) {
      const answer = await house.call('PUT', '/integrations/pos', body, headers)
      expect([answer.status, answer.code, answer.body.current]).toEqual([409, 'stale_version', put.data])
    }
    expect((await other.call('PUT', '/integrations/pos', { ...http, version: 1 })).code).toBe('stale_version')
    expect((await other.call('GET', `/restaurants/${house.id}/integrations`)).code).toBe('not_found')
    expect((await other.call('PUT', `/restaurants/${house.id}/integrations/pos`, http)).code).toBe('not_found')
    expect((await other.call('GET', '/integrations')).data).toEqual([])
    const scopes = ['settings:read', 'orders:*']
    const reader = caller(where.origin, (await house.call('POST', '/keys', { name: 'Reader', scopes })).data.api_key)
    expect((await reader('GET', '/integrations')).data).toEqual([put.data])
    expect((await reader('PUT', '/integrations/pos', http)).code).toBe('forbidden')
  })
})

describe('let go again', () => {
  test.each([
    ['pos', http],
    ['voice/vapi', { secret: 'vapi-secret-of-ours', phone_numbers: [] }],
  ])('%s: forgotten with its secrets, once, under its version, by this house alone', async (name, body) => {
    const [house, other] = [await openHouse(where), await openHouse(where)]
    const path = `/integrations/${name}`
    expect((await house.call('DELETE', path)).code).toBe('not_found')
    const put = await house.call('PUT', path, body)
    await other.call('PUT', path, body)
    const stale = await house.call('DELETE', path, undefined, { 'if-match': '"9"' })
    expect([stale.status, stale.code, stale.body.current]).toEqual([409, 'stale_version', put.data])
    expect((await other.call('DELETE', `/restaurants/${house.id}${path}`)).code).toBe('not_found')
    const scopes = ['settings:read', 'orders:*']
    const reader = caller(where.origin, (await house.call('POST', '/keys', { name: 'Reader', scopes })).data.api_key)
    expect((await reader('DELETE', path)).code).toBe('forbidden')

    const once = { 'idempotency-key': 'gone', 'if-match': '"1"' }
    const gone = await house.call('DELETE', path, undefined, once)
    expect([gone.status, gone.data]).toEqual([200, put.data])
    expect((await house.call('DELETE', path, undefined, once)).data).toEqual(put.data)
    expect((await house.call('DELETE', path)).code).toBe('not_found')
    expect((await house.call('GET', '/integrations')).data).toEqual([])
    expect((await other.call('GET', '/integrations')).data).toHaveLength(1)
    expect(await rowsOf(where, 'select 1 from integrations where restaurant_id = $1', house.id)).toEqual([])
    const told = await rowsOf(
      where,
      "select before, after from events where restaurant_id = $1 and type = 'integration.removed'",
      house.id,
    )
    expect(told).toMatchObject([{ before: { version: 1, has_secret: true }, after: null }])
    if (name === 'pos') {
      const webhook = await fetch(`${where.origin}/webhooks/pos/${house.slug}`, { method: 'POST', body: '{}' })
      expect(webhook.status).toBe(404)
    }
    // Back again it begins anew.
    expect((await house.call('PUT', path, body)).data).toMatchObject({ version: 1 })
  })

  test.each(['pos/x', 'voice/nobody'])('%s is none', async (name) => {
    const house = await openHouse(where)
    expect([404, 422]).toContain((await house.call('DELETE', `/integrations/${name}`)).status)
  })
})

describe('R49 stickers', () => {
  test('each table of the list has its own, the same each time', async () => {
    const house = await openHouse(where)
    const first = (await house.call('GET', '/tables')).data
    expect(new Set(first.map((one: { qr_token: string }) => one.qr_token)).size).toBe(3)
    for (const { qr_token, qr_url } of first) {
      expect(qr_token).toMatch(/^k1\.[\w-]{43}\.[\w-]{43}$/)
      expect(qr_url).toBe(`${where.origin}/t/${qr_token}`)
    }
    expect((await house.call('GET', '/tables')).data).toEqual(first)
    await house.call('PATCH', `/tables/${house.tables[0]?.id}`, { number: '77', seats: 3 })
    const renamed = (await house.call('GET', '/tables')).data.find((one: { number: string }) => one.number === '77')
    expect(renamed.qr_token).toBe(first[0].qr_token)
  })
})
