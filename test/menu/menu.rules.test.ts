import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  findItem,
  menuBrief,
  orderable,
  priceLine,
  servedMenu,
  servedNow,
  withStock,
} from '../../src/restaurants/menu-rules.ts'
import { allergens, type MenuItem, type MenuWindow } from '../../src/restaurants/menu-schema.ts'
import { clock } from '../../src/platform/time.ts'
import { category, id, item, menu } from './menus.ts'

const pizza = item(1, {
  name: 'Pizza',
  price_minor: 1800,
  allergens: ['gluten', 'milk'],
  variants: [
    { id: id(10), name: 'small', price_minor: 1500 },
    { id: id(11), name: 'large', price_minor: 2200 },
  ],
  modifiers: [
    {
      id: id(20),
      name: 'Dough',
      min: 1,
      max: 1,
      options: [
        { id: id(21), name: 'white', price_minor: 0, allergens: [], available: true },
        { id: id(22), name: 'celery', price_minor: 100, allergens: ['celery'], available: true },
        { id: id(23), name: 'rye', price_minor: 50, allergens: [], available: false },
      ],
    },
    {
      id: id(30),
      name: 'On top',
      min: 0,
      max: 2,
      options: [
        { id: id(31), name: 'anchovies', price_minor: 300, allergens: ['fish'], available: true },
        { id: id(32), name: 'egg', price_minor: 200, allergens: ['eggs'], available: true },
        { id: id(33), name: 'rocket', price_minor: 150, allergens: [], available: true },
      ],
    },
  ],
})
const small = { variant_id: id(10), modifiers: [{ group_id: id(20), option_ids: [id(21)] }] }
const dough = small.modifiers[0] ?? { group_id: '', option_ids: [] }

/** Choices of all kinds: each option of each group taken or not, groups left out, in any order. */
const chosenOf = (one: MenuItem) =>
  fc
    .record({
      variant: fc.option(fc.constantFrom(...one.variants.map((v) => v.id), id(999)), { nil: null }),
      taken: fc.tuple(...one.modifiers.map((group) => fc.subarray(group.options.map((o) => o.id)))),
      named: fc.tuple(...one.modifiers.map(() => fc.boolean())),
    })
    .chain(({ variant, taken, named }) => {
      const groups = one.modifiers.flatMap((group, g) => {
        const option_ids = taken[g] ?? []
        return option_ids.length === 0 && !named[g] ? [] : [{ group_id: group.id, option_ids }]
      })
      return fc
        .shuffledSubarray(groups, { minLength: groups.length, maxLength: groups.length })
        .map((modifiers) => ({ variant_id: variant, modifiers }))
    })

describe('R43 the price of a line', () => {
  test('its variant’s price instead of the item’s, and what its modifiers add; allergens of all of it, in one order', () => {
    expect(priceLine(pizza, small)).toEqual({
      unit_price_minor: 1500,
      name: 'Pizza, small',
      allergens: ['gluten', 'milk'],
    })
    const all = {
      variant_id: id(11),
      modifiers: [
        { group_id: id(30), option_ids: [id(32), id(31)] },
        { group_id: id(20), option_ids: [id(22)] },
      ],
    }
    expect(priceLine(pizza, all)).toEqual({
      unit_price_minor: 2800,
      name: 'Pizza, large',
      allergens: ['celery', 'gluten', 'eggs', 'fish', 'milk'],
    })
    expect(priceLine(item(1), {})).toEqual({ unit_price_minor: 1000, name: 'Item 1', allergens: [] })
  })

  test.each([
    ['no variant of one that has them', { ...small, variant_id: null }, 'bad_variant'],
    ['a variant of another', { ...small, variant_id: id(99) }, 'bad_variant'],
    ['too few', { variant_id: id(10), modifiers: [] }, 'bad_modifiers'],
    ['too few, the group named', { variant_id: id(10), modifiers: [{ ...dough, option_ids: [] }] }, 'bad_modifiers'],
    ['too many of one', { ...small, modifiers: [{ ...dough, option_ids: [id(21), id(22)] }] }, 'bad_modifiers'],
    [
      'too many of the other',
      { ...small, modifiers: [dough, { group_id: id(30), option_ids: [id(31), id(32), id(33)] }] },
      'bad_modifiers',
    ],
    ['one that is not to be had', { ...small, modifiers: [{ ...dough, option_ids: [id(23)] }] }, 'bad_modifiers'],
    ['one of another group', { ...small, modifiers: [{ ...dough, option_ids: [id(31)] }] }, 'bad_modifiers'],
    ['one twice', { ...small, modifiers: [{ ...dough, option_ids: [id(21), id(21)] }] }, 'bad_modifiers'],
    ['a group twice', { ...small, modifiers: [dough, dough] }, 'bad_modifiers'],
    ['a group twice, once empty', { ...small, modifiers: [{ ...dough, option_ids: [] }, dough] }, 'bad_modifiers'],
    ['a group of another', { ...small, modifiers: [dough, { group_id: id(98), option_ids: [] }] }, 'bad_modifiers'],
    [
      'an option of nobody',
      { ...small, modifiers: [dough, { group_id: id(30), option_ids: [id(97)] }] },
      'bad_modifiers',
    ],
  ])('%s is refused', (_what, choice, refusal) => {
    expect(priceLine(pizza, choice)).toBe(refusal)
  })

  test('a variant for an item that has none is refused', () => {
    expect(priceLine(item(1), { variant_id: id(10) })).toBe('bad_variant')
  })

  const anItem = fc
    .record({
      price_minor: fc.nat(100_000_000),
      allergens: fc.subarray([...allergens]),
      variants: fc.array(fc.nat(100_000_000), { maxLength: 4 }),
      groups: fc.array(
        fc.record({
          options: fc.array(
            fc.record({ price: fc.nat(100_000), held: fc.subarray([...allergens]), available: fc.boolean() }),
            { minLength: 1, maxLength: 6 },
          ),
          min: fc.nat(6),
          max: fc.integer({ min: 1, max: 6 }),
        }),
        { maxLength: 4 },
      ),
    })
    .map(({ price_minor, allergens: held, variants, groups }) =>
      item(1, {
        price_minor,
        allergens: held,
        variants: variants.map((price, v) => ({ id: id(100 + v), name: `v${v}`, price_minor: price })),
        modifiers: groups.map((group, g) => ({
          id: id(200 + g),
          name: `g${g}`,
          min: Math.min(group.min, group.options.length),
          max: Math.max(Math.min(group.max, group.options.length), Math.min(group.min, group.options.length), 1),
          options: group.options.map((one, o) => ({
            id: id(1000 + 100 * g + o),
            name: `o${o}`,
            price_minor: one.price,
            allergens: one.held,
            available: one.available,
          })),
        })),
      }),
    )
  test('of any item and any choice: as counted by hand', () => {
    let priced = 0
    fc.assert(
      fc.property(
        anItem.chain((one) => fc.tuple(fc.constant(one), chosenOf(one))),
        ([one, choice]) => {
          const taken = new Set(choice.modifiers.flatMap((group) => group.option_ids))
          let sum = one.price_minor
          let fits = true
          const held = new Set<string>(one.allergens)
          for (const group of one.modifiers) {
            let count = 0
            for (const option of group.options) {
              if (!taken.has(option.id)) continue
              count += 1
              sum += option.price_minor
              for (const allergen of option.allergens) held.add(allergen)
              if (!option.available) fits = false
            }
            if (count < group.min || count > group.max) fits = false
          }
          const variant = one.variants.find((v) => v.id === choice.variant_id)
          const variantFits = one.variants.length === 0 ? choice.variant_id === null : variant !== undefined
          if (variant) sum += variant.price_minor - one.price_minor
          const line = priceLine(one, choice)
          if (!variantFits) expect(line).toBe('bad_variant')
          else if (!fits) expect(line).toBe('bad_modifiers')
          else {
            priced += 1
            expect(line).toMatchObject({ unit_price_minor: sum })
            expect(typeof line === 'object' && new Set(line.allergens)).toEqual(held)
            expect(Number.isSafeInteger(sum * 99 * 200)).toBe(true)
          }
        },
      ),
      { numRuns: 1000 },
    )
    expect(priced).toBeGreaterThan(50)
  })
})

describe('R44 when it is served', () => {
  const lunch: MenuWindow = { days: [1, 2, 3, 4, 5], from: '11:30', until: '15:00' }
  const late: MenuWindow = { days: [5, 7], from: '22:00', until: '02:00' }

  test.each([
    [[], [], 3, 0, true],
    [[lunch], [], 1, 689, false],
    [[lunch], [], 1, 690, true],
    [[lunch], [], 1, 899, true],
    [[lunch], [], 1, 900, false],
    [[lunch], [], 6, 720, false],
    [[], [lunch], 6, 720, false],
    [[late], [], 5, 1320, true],
    [[late], [], 6, 119, true],
    [[late], [], 6, 120, false],
    [[late], [], 5, 60, false],
    // Sunday's, on Monday morning.
    [[late], [], 1, 60, true],
    [[lunch, late], [], 6, 60, true],
    [[lunch], [late], 5, 1330, false],
    [[{ days: [3], from: '18:00', until: '24:00' }], [], 3, 1439, true],
    [[{ days: [3], from: '18:00', until: '24:00' }], [], 4, 0, false],
  ])('category %j, item %j, weekday %i at minute %i: %s', (mine, its, weekday, minute, served) => {
    expect(servedNow({ windows: mine }, { windows: its }, { weekday, minute })).toBe(served)
  })

  const window = fc
    .record({
      days: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
      from: fc.nat(1439),
      length: fc.integer({ min: 1, max: 1439 }),
    })
    .map(({ days, from, length }) => ({
      days,
      from: clock(from),
      until: from + length === 1440 ? '24:00' : clock(from + length),
      begins: from,
      length,
    }))

  test('at every minute of any week: as on a strip of the week’s 10,080 minutes', () => {
    fc.assert(
      fc.property(fc.array(window, { maxLength: 3 }), fc.array(window, { maxLength: 2 }), (mine, its) => {
        const strip = (windows: typeof mine): boolean[] => {
          const open = Array.from({ length: 10_080 }, () => windows.length === 0)
          for (const { days, begins, length } of windows)
            for (const day of days)
              for (let m = 0; m < length; m++) open[((day - 1) * 1440 + begins + m) % 10_080] = true
          return open
        }
        const [category_open, item_open] = [strip(mine), strip(its)]
        for (let at = 0; at < 10_080; at += 7) {
          const when = { weekday: Math.floor(at / 1440) + 1, minute: at % 1440 }
          expect(servedNow({ windows: mine }, { windows: its }, when)).toBe(category_open[at] && item_open[at])
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('R45 what can be ordered', () => {
  const noon = { weekday: 1, minute: 720 }
  const breakfast = [{ days: [1], from: '07:00', until: '10:00' }]
  const card = menu([
    category(50, [pizza, item(2, { sold_out: true }), item(3, { available: false })]),
    category(51, [item(4)], { windows: breakfast }),
    category(52, [item(5, { windows: breakfast }), item(6, { available: false, sold_out: true })]),
    category(53, [item(7, { available: false })]),
  ])

  test.each([
    [1, null],
    [2, 'sold_out_item'],
    [3, 'unknown_item'],
    [4, 'not_served_now'],
    [5, 'not_served_now'],
    [6, 'unknown_item'],
    [99, 'unknown_item'],
  ])('item %i: %s', (n, refusal) => {
    const found = orderable(card, id(n), noon)
    expect(typeof found === 'string' ? found : null).toBe(refusal)
    if (!refusal) expect(found).toMatchObject({ item: { id: id(n) }, category: { id: id(50) } })
  })

  test('is found with its category', () => {
    expect(findItem(card, id(5))?.category.id).toBe(id(52))
    expect(findItem(card, id(50))).toBeNull()
  })

  test('a guest sees what is served, what is sold out, and nothing that is off', () => {
    const seen = servedMenu(card, noon).map((one) => [
      one.name,
      one.served_now,
      one.items.map((its) => [its.name, its.served_now, its.sold_out]),
    ])
    expect(seen).toEqual([
      [
        'Category 50',
        true,
        [
          ['Pizza', true, false],
          ['Item 2', true, true],
        ],
      ],
      ['Category 51', false, [['Item 4', false, false]]],
      ['Category 52', true, [['Item 5', false, false]]],
    ])
  })

  test('an agent has names, the least price, allergens and what is sold out', () => {
    const [first, second] = menuBrief(card)
    expect(first).toEqual({
      name: 'Category 50',
      items: [
        { id: id(1), name: 'Pizza', price_minor: 1500, allergens: ['gluten', 'milk'], diets: [], sold_out: false },
        { id: id(2), name: 'Item 2', price_minor: 1000, allergens: [], diets: [], sold_out: true },
      ],
    })
    expect(second?.items).toHaveLength(1)
    expect(menuBrief(card)).toHaveLength(3)
  })
})

test('R46 counted items are as they are now, the others as they were', () => {
  const card = menu([category(50, [item(1, { stock: 5 }), item(2)])])
  const now = withStock(card, [{ id: id(1), stock: 0, sold_out: true, version: 9 }])
  expect(now.categories[0]?.items).toEqual([item(1, { stock: 0, sold_out: true, version: 9 }), item(2)])
  expect(card.categories[0]?.items[0]?.stock).toBe(5)
  expect(withStock(card, [])).toBe(card)
})
