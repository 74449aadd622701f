import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type House, openHouse } from '../factories.ts'
import { rowsOf } from './root.ts'

const where = inject('stack')
type Line = { menu_item_id: string; qty: number }
let pool: pg.Pool
beforeAll(() => {
  pool = new pg.Pool({ connectionString: where.database_url, max: 16 })
})
afterAll(() => pool.end())

async function stocked(...stocks: (number | null)[]): Promise<{ house: House; ids: string[] }> {
  const house = await openHouse(where)
  const items = stocks.map((stock, i) => ({ name: `Item ${i}`, price_minor: 100, stock }))
  const menu = await house.call('PUT', '/menu', { categories: [{ name: 'c', items }] })
  return { house, ids: menu.data.categories[0].items.map((one: { id: string }) => one.id) }
}

async function take(
  house: House,
  ...lines: Line[]
): Promise<{ outcome: string; items?: unknown[]; changed?: unknown[] }> {
  const found = await pool.query('select take_stock($1, $2, now()) as answer', [house.id, JSON.stringify(lines)])
  return found.rows[0].answer
}

const stockOf = async (house: House): Promise<(number | null)[]> =>
  (
    await rowsOf<{ stock: number | null }>(
      where,
      'select stock from menu_items where restaurant_id = $1 order by position',
      house.id,
    )
  ).map((row) => row.stock)
const menuVersion = async (house: House): Promise<number> => (await house.call('GET', '/menu')).data.version

describe('R46 the countdown', () => {
  test('takes all or nothing, and says what is short', async () => {
    const { house, ids } = await stocked(3, 1, null)
    const [a = '', b = '', c = ''] = ids
    const short = await take(
      house,
      { menu_item_id: a, qty: 2 },
      { menu_item_id: b, qty: 2 },
      { menu_item_id: c, qty: 50 },
    )
    expect(short).toEqual({ outcome: 'sold_out', items: [{ menu_item_id: b, name: 'Item 1', wanted: 2, left: 1 }] })
    expect(await stockOf(house)).toEqual([3, 1, null])
    const twice = await take(house, { menu_item_id: a, qty: 2 }, { menu_item_id: a, qty: 2 })
    expect(twice).toMatchObject({ outcome: 'sold_out', items: [{ wanted: 4, left: 3 }] })
    expect(await take(house, { menu_item_id: a, qty: 2 }, { menu_item_id: c, qty: 50 })).toEqual({
      outcome: 'taken',
      changed: [],
    })
    expect(await stockOf(house)).toEqual([1, 1, null])
    expect(await menuVersion(house)).toBe(2)
  })

  test('the last one sells the item out, a return brings it back, each with a new version of the menu', async () => {
    const { house, ids } = await stocked(2, null)
    const [a = '', b = ''] = ids
    expect(await take(house, { menu_item_id: a, qty: 2 }, { menu_item_id: b, qty: 1 })).toMatchObject({
      outcome: 'taken',
      changed: [{ id: a, sold_out: true, stock: 0 }],
    })
    expect(await menuVersion(house)).toBe(3)
    expect(await take(house, { menu_item_id: a, qty: 1 })).toMatchObject({ outcome: 'sold_out' })
    expect(await take(house, { menu_item_id: a, qty: -2 })).toMatchObject({
      changed: [{ id: a, sold_out: false, stock: 2 }],
    })
    expect(await menuVersion(house)).toBe(4)
  })

  test('what is switched off, off the menu, put away or another’s cannot be taken', async () => {
    const { house, ids } = await stocked(5, 5)
    const [a = '', b = ''] = ids
    const other = await openHouse(where)
    expect(await take(other, { menu_item_id: a, qty: 1 })).toMatchObject({
      outcome: 'sold_out',
      items: [{ name: null }],
    })
    await house.call('PATCH', `/menu/items/${a}`, { sold_out: true })
    await house.call('PATCH', `/menu/items/${b}`, { available: false })
    expect(await take(house, { menu_item_id: a, qty: 1 }, { menu_item_id: b, qty: 1 })).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ menu_item_id: a }),
        expect.objectContaining({ menu_item_id: b }),
      ]),
    })
    await house.call('PUT', '/menu', { categories: [] })
    expect(await take(house, { menu_item_id: a, qty: 1 })).toMatchObject({ outcome: 'sold_out' })
    expect(await stockOf(house)).toEqual([5, 5])
  })

  test('forty orders at once take exactly what there is, in any order of lines, while the kitchen and the menu change', async () => {
    const { house, ids } = await stocked(17, 23, 40)
    const menu = (await house.call('GET', '/menu')).data
    const lines = fc.sample(
      fc
        .shuffledSubarray(ids, { minLength: 2, maxLength: 3 })
        .map((some) => some.map((menu_item_id) => ({ menu_item_id, qty: 1 }))),
      40,
    )
    const kitchen = Array.from({ length: 6 }, (_, i) =>
      house.call('PATCH', `/menu/items/${ids[i % 3]}`, { available: true, sold_out: false }),
    )
    menu.categories[0].items[0].price_minor += 1
    delete menu.version
    const [answers, ...others] = await Promise.all([
      Promise.all(lines.map((some) => take(house, ...some))),
      ...kitchen,
      house.call('PUT', '/menu', menu),
    ])
    expect(others.map((one) => one.status).every((status) => status === 200 || status === 503)).toBe(true)
    const taken = ids.map((id) =>
      answers.reduce(
        (sum, one, i) => sum + Number(one.outcome === 'taken' && lines[i]?.some((line) => line.menu_item_id === id)),
        0,
      ),
    )
    // What the kitchen gave back to sale when it had run out is counted no more; the others to the last one.
    const left = await stockOf(house)
    for (const [i, stock] of left.entries())
      if (stock !== null) expect(stock).toBe(([17, 23, 40][i] ?? 0) - (taken[i] ?? 0))
  })

  test('a hundred want the last seven: seven get one', async () => {
    const { house, ids } = await stocked(7)
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => take(house, { menu_item_id: ids[0] ?? '', qty: 1 })),
    )
    expect(answers.filter((one) => one.outcome === 'taken')).toHaveLength(7)
    expect(await stockOf(house)).toEqual([0])
  })
})
