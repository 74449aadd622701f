import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideMenu, menuMistakes } from '../../src/restaurants/menu-edit-rules.ts'
import { Menu, NewMenu } from '../../src/restaurants/menu-schema.ts'
import { category, id, item, menu } from './menus.ts'

/** Ids that can be told from given ones. */
function counter(): () => string {
  let n = 9_000
  return () => id(n++)
}

const whole = menu([
  category(50, [
    item(1, {
      stock: 3,
      sold_out: true,
      version: 4,
      variants: [{ id: id(10), name: 'glass', names: {}, price_minor: 900 }],
      modifiers: [
        {
          id: id(20),
          name: 'Ice',
          names: {},
          min: 0,
          max: 2,
          options: [
            { id: id(21), name: 'one', names: {}, price_minor: 0, allergens: [], available: true },
            { id: id(22), name: 'two', names: {}, price_minor: 0, allergens: [], available: true },
          ],
        },
      ],
    }),
    item(2),
  ]),
  category(51, [item(3)]),
])

const wish = (value: unknown): NewMenu => NewMenu.parse(value)
const maybeId = (from: number) => fc.option(fc.integer({ min: from, max: from + 3 }).map(id), { nil: undefined })
const group = (changes: object): object => ({ name: 'g', options: [{ name: 'a' }, { name: 'b' }], ...changes })
const dish = (changes: object): object => ({ name: 'x', price_minor: 1, ...changes })
const inCategory = (...items: object[]): unknown => [{ name: 'c', items }]
const short = (categories: unknown): NewMenu => wish({ categories })

describe('R41 ids', () => {
  test('the short form: names and prices are enough', () => {
    const decision = decideMenu(
      menu([]),
      short([
        {
          name: 'Pasta',
          items: [
            {
              name: 'Ragù',
              price_minor: 2400,
              modifiers: [{ name: 'Extra', options: [{ name: 'cheese', price_minor: 200 }, { name: 'chili' }] }],
              variants: [{ name: 'half', price_minor: 1400 }],
            },
          ],
        },
      ]),
      null,
      counter(),
    )
    if (!('items' in decision)) throw new Error(JSON.stringify(decision))
    const [made] = decision.items
    expect(made).toMatchObject({
      name: 'Ragù',
      position: 0,
      category_id: decision.categories[0]?.['id'],
      description: null,
      available: true,
      sold_out: false,
      stock: null,
      tax_permille: 0,
      allergens: [],
      modifiers: [{ name: 'Extra', min: 0, max: 2, options: [{ name: 'cheese' }, { name: 'chili', price_minor: 0 }] }],
    })
    const ids = JSON.stringify(decision).match(/00009\d{3}"/g)
    // Category, item, variant, group, two options; the category once more as the item's.
    expect(new Set(ids).size).toBe(6)
  })

  test('stay with what is given them, stay with a name that stays, are new for what is new', () => {
    const decision = decideMenu(
      whole,
      short([
        {
          name: 'Category 51',
          items: [
            { name: 'Item 1', price_minor: 1, variants: [{ name: 'glass', price_minor: 2 }] },
            { id: id(2), name: 'Item 3', price_minor: 1 },
            { name: 'Item 3', price_minor: 1 },
            { name: 'Item 3', price_minor: 1 },
            { id: id(700), name: 'Given', price_minor: 1 },
          ],
        },
      ]),
      null,
      counter(),
    )
    if (!('items' in decision)) throw new Error(JSON.stringify(decision))
    expect(decision.categories.map((one) => one['id'])).toEqual([id(51)])
    const made = decision.items.map((one) => one['id'])
    expect(made.slice(0, 3)).toEqual([id(1), id(2), id(3)])
    expect(made[3]).toMatch(/9\d{3}$/)
    expect(made[4]).toBe(id(700))
    expect(decision.items[0]).toMatchObject({ variants: [{ id: id(10), price_minor: 2 }], category_id: id(51) })
  })

  test('a name does not take the id that another names', () => {
    const decision = decideMenu(
      whole,
      short([
        {
          name: 'x',
          items: [
            { name: 'Item 1', price_minor: 5 },
            { id: id(1), name: 'Other', price_minor: 5 },
          ],
        },
      ]),
      null,
      counter(),
    )
    if (!('items' in decision)) throw new Error(JSON.stringify(decision))
    expect(decision.items[0]?.['id']).not.toBe(id(1))
    expect(decision.items[1]?.['id']).toBe(id(1))
  })

  test('however a menu is written, no id comes twice and the same once more changes nothing', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const categories = fc.array(
      fc.record({
        id: maybeId(50),
        name,
        items: fc.array(
          fc.record({
            id: maybeId(1),
            name,
            price_minor: fc.nat(9),
            variants: fc.array(fc.record({ name, price_minor: fc.nat(9) }), { maxLength: 2 }),
            modifiers: fc.array(
              fc.record({ name, options: fc.array(fc.record({ name }), { minLength: 1, maxLength: 3 }) }),
              { maxLength: 2 },
            ),
          }),
          { maxLength: 3 },
        ),
      }),
      { maxLength: 3 },
    )
    const newId = counter()
    let decided = 0
    fc.assert(
      fc.property(categories, categories, (before, after) => {
        let now = menu([])
        for (const one of [before, after]) {
          const asked = short(JSON.parse(JSON.stringify(one)))
          const decision = decideMenu(now, asked, null, newId)
          if ('errors' in decision) return
          if (!('items' in decision)) continue
          decided += 1
          now = written(decision)
          for (const ids of [now.categories.map((c) => c.id), now.categories.flatMap((c) => c.items.map((i) => i.id))])
            expect(new Set(ids).size).toBe(ids.length)
          expect(decideMenu(now, asked, 1, newId)).toEqual({ same: true })
          expect(decideMenu(now, wish(now), null, newId)).toEqual({ same: true })
        }
      }),
      { numRuns: 300 },
    )
    expect(decided).toBeGreaterThan(100)
  })
})

/** The menu that the database makes of a decision's rows. */
function written(decision: { categories: Record<string, unknown>[]; items: Record<string, unknown>[] }): Menu {
  return Menu.parse({
    version: 3,
    currency: 'SGD',
    categories: decision.categories.map(({ position: _position, ...one }) => ({
      ...one,
      items: decision.items
        .filter((its) => its['category_id'] === one['id'])
        .map(({ position: _at, category_id: _in, ...its }) => ({ ...its, version: 1 })),
    })),
  })
}

describe('R42 what is the kitchen’s', () => {
  test('of an item on the menu stays, of a new one is taken', () => {
    const wished = structuredClone(whole)
    const [first] = wished.categories[0]?.items ?? []
    Object.assign(first ?? {}, { sold_out: false, stock: 99, price_minor: 7 })
    wished.categories[1]?.items.push(item(4, { sold_out: true, stock: 2 }))
    const decision = decideMenu(whole, wish(wished), 3, counter())
    if (!('items' in decision)) throw new Error(JSON.stringify(decision))
    expect(decision.items[0]).toMatchObject({ id: id(1), price_minor: 7, sold_out: true, stock: 3 })
    expect(decision.items.at(-1)).toMatchObject({ id: id(4), sold_out: true, stock: 2 })
  })

  test('a menu as it was read and sent back is the same, at any version; a changed one must be of this version', () => {
    expect(decideMenu(whole, wish(whole), 3, counter())).toEqual({ same: true })
    expect(decideMenu(whole, wish(whole), 1, counter())).toEqual({ same: true })
    const changed = { ...whole, categories: [] }
    expect(decideMenu(whole, wish(changed), 2, counter())).toEqual({ stale: true })
    expect(decideMenu(whole, wish(changed), 3, counter())).toEqual({ categories: [], items: [] })
    expect(decideMenu(whole, wish(changed), null, counter())).toEqual({ categories: [], items: [] })
  })
})

describe('R40 what is no menu', () => {
  test.each([
    [
      'min above max',
      inCategory(dish({ modifiers: [group({ min: 2, max: 1 })] })),
      'categories.0.items.0.modifiers.0.min',
    ],
    [
      'min above its options',
      inCategory(dish({ modifiers: [group({ min: 3 })] })),
      'categories.0.items.0.modifiers.0.min',
    ],
    [
      'max above its options',
      inCategory(dish({ modifiers: [group({ max: 3 })] })),
      'categories.0.items.0.modifiers.0.max',
    ],
    ['an id twice', inCategory(dish({ id: id(1) }), dish({ id: id(1) })), 'categories.0.items.1.id'],
    [
      'an id in two categories',
      [
        { name: 'c', items: [dish({ id: id(1) })] },
        { name: 'd', items: [dish({ id: id(1) })] },
      ],
      'categories.1.items.0.id',
    ],
    [
      'a category twice',
      [
        { id: id(1), name: 'c' },
        { id: id(1), name: 'd' },
      ],
      'categories.1.id',
    ],
    [
      'a variant twice',
      inCategory(dish({ variants: [dish({ id: id(1) }), dish({ id: id(1) })] })),
      'categories.0.items.0.variants.1.id',
    ],
    [
      'a group twice',
      inCategory(dish({ modifiers: [group({ id: id(1) }), group({ id: id(1) })] })),
      'categories.0.items.0.modifiers.1.id',
    ],
    [
      'an option in two groups',
      inCategory(
        dish({
          modifiers: [group({ options: [{ id: id(1), name: 'a' }] }), group({ options: [{ id: id(1), name: 'a' }] })],
        }),
      ),
      'categories.0.items.0.modifiers.1.options.0.id',
    ],
    [
      'a window that ends as it begins',
      inCategory(dish({ windows: [{ days: [1], from: '10:00', until: '10:00' }] })),
      'categories.0.items.0.windows.0.until',
    ],
    [
      'a day twice',
      [{ name: 'c', windows: [{ days: [1, 1], from: '10:00', until: '11:00' }] }],
      'categories.0.windows.0.days',
    ],
  ])('%s', (_what, categories, path) => {
    const mistakes = menuMistakes(short(categories), 'SGD')
    expect(mistakes.map((mistake) => mistake.path)).toEqual([path])
    expect(decideMenu(menu([]), short(categories), null, counter())).toEqual({ errors: mistakes })
  })

  test('another currency; more than a thousand items', () => {
    expect(menuMistakes(wish({ categories: [], currency: 'EUR' }), 'SGD')).toMatchObject([{ path: 'currency' }])
    const many = Array.from({ length: 4 }, () => ({ name: 'c', items: Array.from({ length: 251 }, () => dish({})) }))
    expect(menuMistakes(short(many), 'SGD')).toMatchObject([{ path: 'categories' }])
  })
})
