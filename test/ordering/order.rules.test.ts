import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { priceOrder, statusesBefore, taxShares } from '../../src/ordering/order-rules.ts'
import { type CartLine, type Member, OrderStatus } from '../../src/ordering/schema.ts'
import { category, id, item, menu } from '../menu/menus.ts'

const at = { weekday: 1, minute: 720 }
const ann: Member = { id: id(1), nickname: 'Ann', is_host: true, allergies: ['nuts'], online: true }
const bob: Member = { id: id(2), nickname: 'Bob', is_host: false, allergies: [], online: true }

function line(menu_item_id: string, more: Partial<CartLine> = {}): CartLine {
  return {
    id: id(900),
    member_id: bob.id,
    menu_item_id,
    variant_id: null,
    modifiers: [],
    qty: 1,
    note: null,
    acknowledged: [],
    version: 1,
    name: 'as the phone was told',
    unit_price_minor: 1,
    allergens: [],
    sold_out: false,
    ...more,
  }
}

describe('R70 the server’s prices', () => {
  const soup = item(10, { price_minor: 900, tax_permille: 90 })
  const cake = item(11, { price_minor: 700, allergens: ['nuts'], tax_permille: 70 })
  const gone = item(12, { sold_out: true })
  const house = menu([category(50, [soup, cake, gone])])

  test('name, price and tax are the menu’s, whatever the line says', () => {
    const priced = priceOrder(house, [line(soup.id, { qty: 3 })], [ann, bob], at)
    expect(priced).toMatchObject({
      total_minor: 2700,
      lines: [{ name: soup.name, price_minor: 900, total_minor: 2700, member: 'Bob', tax_permille: 90 }],
      allergies: [{ member: 'Ann', allergens: ['nuts'] }],
    })
  })

  test('the first line that cannot be had refuses the whole', () => {
    const lines = [line(soup.id), line(gone.id, { id: id(901) }), line(id(999))]
    expect(priceOrder(house, lines, [bob], at)).toEqual({
      refusal: 'sold_out_item',
      line_id: id(901),
      menu_item_id: gone.id,
      name: line(gone.id).name,
    })
    expect(priceOrder(house, [line(id(999))], [bob], at)).toMatchObject({ refusal: 'unknown_item' })
    expect(priceOrder(house, [line(soup.id, { variant_id: id(5) })], [bob], at)).toMatchObject({
      refusal: 'bad_variant',
    })
  })

  test('an allergen that the menu has learned of must be acknowledged before the order goes out', () => {
    const hers = line(cake.id, { member_id: ann.id })
    expect(priceOrder(house, [hers], [ann], at)).toMatchObject({ refusal: 'allergy_not_acknowledged' })
    const known = { ...hers, acknowledged: ['nuts' as const] }
    expect(priceOrder(house, [known], [ann], at)).toMatchObject({ lines: [{ acknowledged: ['nuts'] }] })
  })
})

test('R71 tax is within the price, reckoned on the sum of its rate: to the minor unit, and never off by more than half', () => {
  expect(taxShares([{ tax_permille: 190, total_minor: 1190 }])).toEqual([
    { tax_permille: 190, gross_minor: 1190, tax_minor: 190 },
  ])
  const rows = fc.array(
    fc.record({
      tax_permille: fc.constantFrom(0, 50, 70, 90, 190, 1000),
      total_minor: fc.integer({ min: 0, max: 1e8 }),
    }),
  )
  fc.assert(
    fc.property(rows, (lines) => {
      const shares = taxShares(lines)
      const gross = lines.reduce((sum, one) => sum + one.total_minor, 0)
      expect(shares.reduce((sum, one) => sum + one.gross_minor, 0)).toBe(gross)
      for (const { tax_permille, gross_minor, tax_minor } of shares) {
        const net = gross_minor - tax_minor
        expect(Math.abs(net * (1 + tax_permille / 1000) - gross_minor)).toBeLessThanOrEqual(1)
        expect(tax_minor).toBeLessThanOrEqual(gross_minor)
      }
    }),
  )
})

test('R74 whatever order the words come in, an order ends where the furthest of them is, and never goes back', () => {
  const said = fc.array(fc.constantFrom(...OrderStatus.options), { maxLength: 20 })
  const order = ['review', 'fired', 'pos_failed', 'accepted', 'preparing', 'ready', 'served', 'paid']
  fc.assert(
    fc.property(said, (words) => {
      let status: OrderStatus = 'fired'
      for (const word of words) {
        const before = status
        if (statusesBefore(word).includes(status)) status = word
        if (before === 'rejected') expect(status).toBe('rejected')
        else if (status !== 'rejected') expect(order.indexOf(status)).toBeGreaterThanOrEqual(order.indexOf(before))
      }
      if (!words.includes('rejected')) {
        const furthest = Math.max(order.indexOf('fired'), ...words.map((word) => order.indexOf(word)))
        expect(status).toBe(order[furthest])
      }
    }),
  )
  expect(statusesBefore('fired')).toEqual(['review'])
  expect(OrderStatus.options.filter((one) => statusesBefore(one).includes('paid'))).toEqual([])
})
