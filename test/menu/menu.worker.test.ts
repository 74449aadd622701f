import { describe, expect, inject, test } from 'vitest'
import { demoMenus } from '../../local/demo/menu.ts'
import { caller, type House, openHouse } from '../factories.ts'
import { atRoot, rowsOf } from './root.ts'

const where = inject('stack')
const nobody = '00000000-0000-7000-8000-000000000000'
const short = {
  categories: [
    {
      name: 'Mains',
      items: [
        { name: 'Laksa', price_minor: 1450 },
        { name: 'Satay', price_minor: 1200, stock: 2 },
      ],
    },
  ],
}

/** Its answers are loose, as factories.ts has them. */
// oxlint-disable-next-line typescript/no-explicit-any
async function withMenu(menu: unknown = short): Promise<{ house: House; menu: any; items: any[] }> {
  const house = await openHouse(where)
  const answer = await house.call('PUT', '/menu', menu)
  expect([answer.status, answer.body]).toEqual([200, expect.anything()])
  return { house, menu: answer.data, items: answer.data.categories.flatMap((one: { items: unknown[] }) => one.items) }
}
const guestSees = (house: House, headers: Record<string, string> = {}) =>
  atRoot(where, `/menu?restaurant_name=${house.slug}`, headers)

describe('R40–R42 replacing the menu', () => {
  test('a house begins with an empty menu; the short form fills it', async () => {
    const house = await openHouse(where)
    expect((await house.call('GET', '/menu')).data).toEqual({ version: 1, currency: 'SGD', categories: [] })
    const put = await house.call('PUT', '/menu', short)
    expect([put.status, put.headers.get('etag')]).toEqual([200, '"2"'])
    expect(put.data).toMatchObject({
      version: 2,
      currency: 'SGD',
      categories: [
        {
          name: 'Mains',
          items: [
            { name: 'Laksa', price_minor: 1450, available: true, sold_out: false, stock: null, version: 1 },
            { name: 'Satay', stock: 2 },
          ],
        },
      ],
    })
    expect((await house.call('GET', '/menu')).data).toEqual(put.data)
    expect((await house.call('GET', `/restaurants/${house.id}/menu`)).data).toEqual(put.data)
  })

  test('ids stay, by id or by name; the same menu once more changes nothing', async () => {
    const { house, menu, items } = await withMenu()
    expect((await house.call('PUT', '/menu', short)).data).toEqual(menu)
    expect((await house.call('PUT', '/menu', menu)).data).toEqual(menu)
    const [laksa, satay] = items
    const changed = await house.call('PUT', '/menu', {
      categories: [
        { name: 'New', items: [{ id: laksa.id, name: 'Laksa lemak', price_minor: 1500 }] },
        { name: 'Mains', items: [{ name: 'Satay', price_minor: 1200 }] },
      ],
    })
    expect(changed.data.version).toBe(3)
    const [[first], [second]] = changed.data.categories.map((one: { items: unknown[] }) => one.items)
    expect(first).toMatchObject({ id: laksa.id, name: 'Laksa lemak', price_minor: 1500, version: 2 })
    expect(second).toMatchObject({ id: satay.id, stock: 2 })
    expect(changed.data.categories[1].id).toBe(menu.categories[0].id)
  })

  test('what is no longer on it is put away, not deleted, and comes back as the same', async () => {
    const { house, items } = await withMenu()
    const [laksa, satay] = items
    await house.call('PUT', '/menu', { categories: [] })
    expect((await house.call('GET', '/menu')).data.categories).toEqual([])
    expect((await house.call('PATCH', `/menu/items/${laksa.id}`, { sold_out: true })).code).toBe('not_found')
    const kept = await rowsOf(
      where,
      'select name, archived_at from menu_items where restaurant_id = $1 order by position',
      house.id,
    )
    expect(kept).toEqual([
      { name: 'Laksa', archived_at: expect.any(Date) },
      { name: 'Satay', archived_at: expect.any(Date) },
    ])
    const back = await house.call('PUT', '/menu', {
      categories: [{ name: 'Mains', items: [{ id: satay.id, name: 'Satay', price_minor: 1, stock: 7 }] }],
    })
    expect(back.data.categories[0].items).toMatchObject([{ id: satay.id, stock: 7, version: 3 }])
  })

  test('the kitchen’s state is not the menu’s: a PUT of what was read before leaves it', async () => {
    const { house, menu, items } = await withMenu()
    await house.call('PATCH', `/menu/items/${items[0].id}`, { sold_out: true })
    const edited = structuredClone(menu)
    delete edited.version
    edited.categories[0].items[0].price_minor = 1600
    const put = await house.call('PUT', '/menu', edited)
    expect(put.data.categories[0].items[0]).toMatchObject({ price_minor: 1600, sold_out: true })
  })

  test('with a version that is no longer so it is refused with the menu as it is, by body or If-Match', async () => {
    const { house, menu } = await withMenu()
    const other = { categories: [{ name: 'Other' }] }
    for (const [body, headers] of [
      [{ ...other, version: 1 }, {}],
      [other, { 'if-match': '"1"' }],
    ] as const) {
      const answer = await house.call('PUT', '/menu', body, headers)
      expect([answer.status, answer.code]).toEqual([409, 'stale_version'])
      expect(answer.body.current).toEqual(menu)
    }
    expect((await house.call('GET', '/menu')).data).toEqual(menu)
    expect((await house.call('PUT', '/menu', { ...other, version: 2 })).data.version).toBe(3)
  })

  test('R28 what was decided on another menu is not written: the answer is the menu as it is', async () => {
    const { house, menu } = await withMenu()
    const change = {
      restaurant_id: house.id,
      menu_version: 1,
      key: crypto.randomUUID(),
      fingerprint: '',
      now: new Date(),
      actor: { kind: 'cron' },
      request_id: 'elsewhere',
      categories: [],
      items: [],
    }
    const [stale] = await rowsOf(where, 'select put_menu($1) as answer', change)
    expect(stale).toEqual({ answer: { outcome: 'stale_menu', menu } })
    expect((await house.call('GET', '/menu')).data).toEqual(menu)
    // Nothing was decided, so nothing is kept under the key: on the menu as it is the same call is done.
    const [done] = await rowsOf(where, 'select put_menu($1) as answer', { ...change, menu_version: 2 })
    expect(done).toMatchObject({ answer: { outcome: 'written', written: { version: 3, categories: [] } } })
  })

  test('ten at once: each is decided on the menu as it is, none is lost, the same key does one thing', async () => {
    const house = await openHouse(where)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => house.call('PUT', '/menu', { categories: [{ name: `Category ${i}` }] })),
    )
    const versions = answers.filter((one) => one.status === 200).map((one) => one.data.version)
    expect(answers.every((one) => [200, 503].includes(one.status))).toBe(true)
    expect(new Set(versions).size).toBe(versions.length)
    const now = await house.call('GET', '/menu')
    expect(now.data.version).toBe(Math.max(...versions))
    expect(now.data.categories).toHaveLength(1)

    const key = { 'idempotency-key': 'menu-1' }
    const same = await Promise.all(Array.from({ length: 5 }, () => house.call('PUT', '/menu', short, key)))
    expect(new Set(same.map((one) => JSON.stringify(one.data))).size).toBe(1)
    expect((await house.call('PUT', '/menu', { categories: [] }, key)).code).toBe('idempotency_key_reused')
    const events = await rowsOf<{ n: number }>(
      where,
      "select count(*)::int as n from events where restaurant_id = $1 and type = 'menu.replaced'",
      house.id,
    )
    expect(events[0]?.n).toBe(versions.length + 1)
  })

  test.each([
    ['no name', { categories: [{ name: 'c', items: [{ price_minor: 1 }] }] }, 'categories.0.items.0.name'],
    ['no price', { categories: [{ name: 'c', items: [{ name: 'x' }] }] }, 'categories.0.items.0.price_minor'],
    ['half a cent', { categories: [{ name: 'c', items: [{ name: 'x', price_minor: 0.5 }] }] }, /price_minor/],
    ['below nothing', { categories: [{ name: 'c', items: [{ name: 'x', price_minor: -1 }] }] }, /price_minor/],
    ['an unknown field', { categories: [{ name: 'c', items: [{ name: 'x', price_minor: 1, cost: 1 }] }] }, /items.0/],
    [
      'an unknown allergen',
      { categories: [{ name: 'c', items: [{ name: 'x', price_minor: 1, allergens: ['sand'] }] }] },
      /allergens/,
    ],
    ['an id of no kind', { categories: [{ name: 'c', items: [{ id: 'pizza', name: 'x', price_minor: 1 }] }] }, /id$/],
    ['another currency', { currency: 'EUR', categories: [] }, 'currency'],
    [
      'more needed than there is',
      {
        categories: [
          {
            name: 'c',
            items: [{ name: 'x', price_minor: 1, modifiers: [{ name: 'm', min: 2, options: [{ name: 'o' }] }] }],
          },
        ],
      },
      'categories.0.items.0.modifiers.0.min',
    ],
    [
      'a window of no length',
      { categories: [{ name: 'c', windows: [{ days: [1], from: '10:00', until: '10:00' }] }] },
      /until/,
    ],
  ])('%s is 422, and nothing is written', async (_what, body, path) => {
    const { house, menu } = await withMenu()
    const answer = await house.call('PUT', '/menu', body)
    expect([answer.status, answer.code]).toEqual([422, 'validation_failed'])
    expect(answer.body.errors[0].path).toMatch(path)
    expect((await house.call('GET', '/menu')).data).toEqual(menu)
  })

  test('the demo menus stand, in all their languages', async () => {
    for (const [slug, languages] of [
      ['chianti', ['it', 'zh']],
      ['osteria', ['es']],
    ] as const) {
      const currency = slug === 'chianti' ? 'SGD' : 'USD'
      const house = await openHouse(where, { currency })
      const answer = await house.call('PUT', '/menu', demoMenus[slug])
      expect(answer.status).toBe(200)
      for (const category of answer.data.categories)
        for (const one of [category, ...category.items]) expect(Object.keys(one.names)).toEqual(languages)
    }
  })
})

describe('R42 an item', () => {
  test('sold out is seen at once by the guest, the key and the agent, and so is its return', async () => {
    const { house, items } = await withMenu()
    await guestSees(house)
    const patched = await house.call('PATCH', `/menu/items/${items[0].id}`, { sold_out: true })
    expect([patched.status, patched.headers.get('etag')]).toEqual([200, '"2"'])
    expect(patched.data).toEqual({ ...items[0], sold_out: true, version: 2 })
    const seen = async (): Promise<boolean[]> => [
      (await guestSees(house)).data.categories[0].items[0].sold_out,
      (await house.call('GET', '/menu')).data.categories[0].items[0].sold_out,
      (await house.call('GET', '/context')).data.menu[0].items[0].sold_out,
    ]
    expect(await seen()).toEqual([true, true, true])
    await house.call('PATCH', `/menu/items/${items[0].id}`, { sold_out: false })
    expect(await seen()).toEqual([false, false, false])
  })

  test('what another isolate did is seen at once too: the version says so', async () => {
    const { house, items } = await withMenu()
    expect((await guestSees(house)).data.version).toBe(2)
    const change = {
      restaurant_id: house.id,
      key: crypto.randomUUID(),
      fingerprint: '',
      now: new Date(),
      actor: { kind: 'cron' },
      request_id: 'elsewhere',
      id: items[0].id,
      fields: { sold_out: true },
    }
    await rowsOf(where, 'select patch_menu_item($1)', change)
    expect((await guestSees(house)).data).toMatchObject({
      version: 3,
      categories: [{ items: [{ sold_out: true }, {}] }],
    })
    expect((await house.call('GET', '/context')).data.menu[0].items[0].sold_out).toBe(true)
  })

  test('what is off the menu is not shown to a guest', async () => {
    const { house, items } = await withMenu()
    await house.call('PATCH', `/menu/items/${items[0].id}`, { available: false })
    const names = (await guestSees(house)).data.categories[0].items.map((one: { name: string }) => one.name)
    expect(names).toEqual(['Satay'])
    expect((await house.call('GET', '/menu')).data.categories[0].items[0].available).toBe(false)
  })

  test('none left is sold out; given back to sale without a number it is counted no more', async () => {
    const { house, items } = await withMenu()
    const path = `/menu/items/${items[1].id}`
    expect((await house.call('PATCH', path, { stock: 0 })).data).toMatchObject({ stock: 0, sold_out: true })
    expect((await house.call('PATCH', path, { stock: 4 })).data).toMatchObject({ stock: 4, sold_out: false })
    await house.call('PATCH', path, { stock: 0 })
    expect((await house.call('PATCH', path, { sold_out: false })).data).toMatchObject({ stock: null, sold_out: false })
    await house.call('PATCH', path, { stock: 3, sold_out: true })
    expect((await house.call('PATCH', path, { sold_out: false })).data).toMatchObject({ stock: 3, sold_out: false })
  })

  test('what changes nothing leaves both versions; a stale version is refused with the item as it is', async () => {
    const { house, items } = await withMenu()
    const path = `/menu/items/${items[0].id}`
    expect((await house.call('PATCH', path, { sold_out: false })).data).toEqual(items[0])
    expect((await house.call('GET', '/menu')).data.version).toBe(2)
    const once = { 'idempotency-key': 'sold-out', 'if-match': '"1"' }
    const first = await house.call('PATCH', path, { sold_out: true }, once)
    expect((await house.call('PATCH', path, { sold_out: true }, once)).data).toEqual(first.data)
    for (const [body, headers] of [
      [{ stock: 5, version: 1 }, {}],
      [{ stock: 5 }, { 'if-match': '"1"' }],
    ] as const) {
      const answer = await house.call('PATCH', path, body, headers)
      expect([answer.status, answer.code, answer.body.current]).toEqual([409, 'stale_version', first.data])
    }
    expect((await house.call('PATCH', path, { stock: 5, version: 2 })).data).toMatchObject({ stock: 5, version: 3 })
    const events = await rowsOf(
      where,
      "select before->'sold_out' as before, after->'sold_out' as after from events where restaurant_id = $1 and type = 'menu_item.changed' order by id limit 1",
      house.id,
    )
    expect(events).toEqual([{ before: false, after: true }])
  })

  test.each([[{}], [{ version: 1 }], [{ stock: -1 }], [{ stock: 1.5 }], [{ sold_out: 'yes' }], [{ price_minor: 1 }]])(
    '%j is 422',
    async (body) => {
      const { house, items } = await withMenu()
      expect((await house.call('PATCH', `/menu/items/${items[0].id}`, body)).code).toBe('validation_failed')
    },
  )

  test('another tenant’s is 404, whatever its id; a key without the scope is 403', async () => {
    const { house, menu, items } = await withMenu()
    const other = await openHouse(where)
    const path = `/menu/items/${items[0].id}`
    expect((await other.call('PATCH', path, { sold_out: true })).code).toBe('not_found')
    expect((await other.call('PATCH', `/restaurants/${house.id}${path}`, { sold_out: true })).code).toBe('not_found')
    expect((await other.call('GET', `/restaurants/${house.id}/menu`)).code).toBe('not_found')
    expect((await other.call('PUT', `/restaurants/${house.id}/menu`, short)).code).toBe('not_found')
    expect((await house.call('PATCH', `/menu/items/${nobody}`, { sold_out: true })).code).toBe('not_found')
    // Its ids are its own: a copy of the menu elsewhere is another menu.
    const copy = await other.call('PUT', '/menu', { categories: menu.categories })
    expect(copy.data.categories).toEqual(menu.categories)
    await other.call('PATCH', path, { sold_out: true })
    expect((await house.call('GET', '/menu')).data).toEqual(menu)

    const { api_key } = (await house.call('POST', '/keys', { name: 'Reader', scopes: ['orders:read'] })).data
    const reader = caller(where.origin, api_key)
    expect((await reader('GET', '/menu')).status).toBe(200)
    expect((await reader('PUT', '/menu', short)).code).toBe('forbidden')
    expect((await reader('PATCH', path, { sold_out: true })).code).toBe('forbidden')
    expect((await caller(where.origin, null)('GET', '/menu')).code).toBe('unauthorized')
  })
})

describe('R44 the menu of a guest', () => {
  test('needs no key, goes by slug or name, and says what is served at this hour', async () => {
    const name = `Kopi ${Date.now()}`
    const house = await openHouse(where, { name, languages: ['en', 'zh'] })
    await house.call('PUT', '/menu', {
      categories: [
        {
          name: 'Breakfast',
          windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '07:00', until: '11:00' }],
          items: [{ name: 'Kaya toast', price_minor: 500 }],
        },
        { name: 'All day', items: [{ name: 'Kopi', names: { zh: '咖啡' }, price_minor: 200 }] },
      ],
    })
    const morning = await guestSees(house, { 'x-tableside-now': '2026-12-01T10:59:00+08:00' })
    expect(morning.status).toBe(200)
    expect(morning.data).toMatchObject({
      restaurant: { slug: house.slug, name },
      languages: ['en', 'zh'],
      at: '2026-12-01T10:59:00+08:00',
      version: 2,
      categories: [
        { name: 'Breakfast', served_now: true, items: [{ name: 'Kaya toast', served_now: true }] },
        { name: 'All day', served_now: true, items: [{ names: { zh: '咖啡' }, served_now: true }] },
      ],
    })
    const encoded = encodeURIComponent(name.toUpperCase())
    const noon = await atRoot(where, `/menu?restaurant_name=${encoded}`, {
      'x-tableside-now': '2026-12-01T11:00:00+08:00',
    })
    expect(noon.data.categories[0]).toMatchObject({ served_now: false, items: [{ served_now: false }] })
  })

  test('of nobody is 404, of no name 422, of a session without its member’s token 401', async () => {
    expect((await atRoot(where, '/menu?restaurant_name=no-such-house')).code).toBe('not_found')
    expect((await atRoot(where, '/menu')).code).toBe('restaurant_required')
    expect((await atRoot(where, `/menu?session_id=${nobody}`)).code).toBe('unauthorized')
    expect((await atRoot(where, '/menu?restaurant_name=x&x=1')).code).toBe('validation_failed')
    const house = await openHouse(where)
    const mine = await atRoot(where, '/menu', { authorization: `Bearer ${house.key}` })
    expect(mine.data.restaurant.slug).toBe(house.slug)
  })

  test('of a session is its members’ own', async () => {
    const { house } = await withMenu()
    const noon = { 'x-tableside-now': '2026-12-01T12:00:00+08:00' }
    const [table] = (await house.call('GET', '/tables')).data
    const opened = await fetch(`${where.origin}/table_session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cf-connecting-ip': '2001:db8::77', ...noon },
      body: JSON.stringify({ qr_token: table.qr_token }),
    })
    const { data } = JSON.parse(await opened.text())
    const member = { authorization: `Bearer ${data.ws_token}`, ...noon }
    const mine = await atRoot(where, `/menu?session_id=${data.session.id}`, member)
    expect(mine.data.restaurant.slug).toBe(house.slug)
    expect((await atRoot(where, `/menu?session_id=${nobody}`, member)).code).toBe('not_found')
    expect((await atRoot(where, '/menu', member)).data.categories).toHaveLength(1)
  })

  test('R46 is of this moment, what is counted too', async () => {
    const { house, items } = await withMenu()
    const before = await house.call('GET', '/menu')
    await rowsOf(
      where,
      'update menu_items set stock = 1, version = version + 1 where restaurant_id = $1 and id = $2',
      house.id,
      items[1].id,
    )
    // A countdown alone is no new version of the menu, and is seen all the same.
    const after = await house.call('GET', '/menu')
    expect(after.data.version).toBe(before.data.version)
    expect(after.data.categories[0].items[1]).toMatchObject({ stock: 1, version: 2 })
  })
})
