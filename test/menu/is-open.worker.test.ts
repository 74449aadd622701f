import { describe, expect, inject, test } from 'vitest'
import { type House, openHouse } from '../factories.ts'
import { atRoot, rowsOf } from './root.ts'

const where = inject('stack')
// 2026-12-04 is a Friday.
const overnight = { hours: [{ days: [5], opens: '18:00', closes: '02:00' }] }

const ask = (house: House, at: string, table = '1') =>
  atRoot(where, `/is_open?restaurant_name=${house.slug}&table_number=${table}`, { 'x-tableside-now': at })

describe('R47 whether something can be ordered at a table', () => {
  test('open, with when it closes, also past midnight', async () => {
    const house = await openHouse(where, overnight)
    for (const at of ['2026-12-04T18:00:00+08:00', '2026-12-04T23:59:59+08:00', '2026-12-05T01:59:59+08:00']) {
      const answer = await ask(house, at)
      expect([answer.status, answer.body]).toEqual([
        200,
        { success: true, data: { open: true, closes_at: '2026-12-05T02:00:00+08:00' } },
      ])
    }
  })

  test('closed is 403, with when it opens next, to be spoken too', async () => {
    const house = await openHouse(where, overnight)
    const answer = await ask(house, '2026-12-05T02:00:00+08:00')
    expect([answer.status, answer.code]).toEqual([403, 'restaurant_closed'])
    expect(answer.body).toMatchObject({
      next_opens_at: '2026-12-11T18:00:00+08:00',
      next_closes_at: '2026-12-12T02:00:00+08:00',
      hint: 'We are closed now and open next on Friday 11 December 2026 at 18:00.',
    })
    expect((await ask(house, '2026-12-04T17:59:59+08:00')).body.next_opens_at).toBe('2026-12-04T18:00:00+08:00')
  })

  test('around the clock it does not close', async () => {
    const house = await openHouse(where, { hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }] })
    expect((await ask(house, '2026-12-05T03:00:00+08:00')).data).toEqual({ open: true, closes_at: null })
  })

  test('a table that is off is 423, and so is every table while ordering is off; at once', async () => {
    const house = await openHouse(where)
    const noon = '2026-12-04T12:00:00+08:00'
    expect((await ask(house, noon)).status).toBe(200)
    await house.call('PATCH', `/tables/${house.tables[0]?.id}`, { enabled: false })
    const off = await ask(house, noon)
    expect([off.status, off.code]).toEqual([423, 'table_disabled'])
    expect((await ask(house, noon, '2')).status).toBe(200)
    await rowsOf(
      where,
      'update restaurants set ordering_enabled = false, version = version + 1 where id = $1',
      house.id,
    )
    const all = await ask(house, noon, '2')
    expect([all.status, all.code]).toEqual([423, 'table_disabled'])
  })

  test('a table or a restaurant that is not there is 404; so is a name that two have', async () => {
    const name = `Twins ${Date.now()}`
    const [first, second] = [await openHouse(where, { name }), await openHouse(where, { name: name.toUpperCase() })]
    const noon = '2026-12-04T12:00:00+08:00'
    expect((await ask(first, noon, '99')).code).toBe('not_found')
    const nowhere = await atRoot(where, '/is_open?restaurant_name=no-such-house&table_number=1')
    expect([nowhere.status, nowhere.code]).toEqual([404, 'not_found'])
    const encoded = encodeURIComponent(name)
    expect((await atRoot(where, `/is_open?restaurant_name=${encoded}&table_number=1`)).code).toBe('not_found')
    expect((await ask(second, noon)).status).toBe(200)
  })

  test('by name in any case; the number as the house writes it, in any case', async () => {
    const name = `Trattoria da Ünal ${Date.now()}`
    const house = await openHouse(where, { name, tables: [{ number: '12A', seats: 2 }] })
    const noon = '2026-12-04T12:00:00+08:00'
    const encoded = encodeURIComponent(name.toUpperCase())
    const path = `/is_open?restaurant_name=${encoded}&table_number=12a`
    expect((await atRoot(where, path, { 'x-tableside-now': noon })).status).toBe(200)
    const bySlug = `/is_open?restaurant_name=${house.slug.toUpperCase()}&table_number=12A`
    expect((await atRoot(where, bySlug, { 'x-tableside-now': noon })).status).toBe(200)
  })

  test.each([
    '',
    '?restaurant_name=x',
    '?table_number=1',
    '?restaurant_name=%00&table_number=1',
    '?restaurant_name=x&table_number=1&x=1',
  ])('%j is 422', async (query) => {
    expect((await atRoot(where, `/is_open${query}`)).code).toBe('validation_failed')
  })

  test('sixty a minute from one address; another address is not stopped', async () => {
    const house = await openHouse(where)
    const mine = { 'cf-connecting-ip': `198.51.100.${Math.floor(Math.random() * 250)}` }
    const path = `/is_open?restaurant_name=${house.slug}&table_number=99`
    const codes: (string | undefined)[] = []
    let last = await atRoot(where, path, mine)
    // Two minutes' worth, in case a minute ends meanwhile.
    for (let n = 0; n < 125 && last.status !== 429; n++) {
      last = await atRoot(where, path, mine)
      codes.push(last.code)
    }
    expect([last.status, last.code]).toEqual([429, 'rate_limited'])
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(codes.length).toBeGreaterThanOrEqual(59)
    expect((await atRoot(where, path)).status).toBe(404)
  })
})
