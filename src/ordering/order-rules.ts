import { orderable, priceLine, type WallMinute } from '../restaurants/menu-rules.ts'
import type { Menu, MenuItem } from '../restaurants/menu-schema.ts'
import type { OrderAllergy, OrderLine, OrderModifier, TaxShare } from './order-schema.ts'
import type { CartLine, CartRefusal, ChosenModifier, Member, OrderStatus } from './schema.ts'

/** R74. An order only ever moves to a status of a higher rank; `rejected` ends it. */
const ranks = {
  review: 0,
  fired: 1,
  pos_failed: 2,
  accepted: 3,
  preparing: 4,
  ready: 5,
  served: 6,
  paid: 7,
} as const satisfies Partial<Record<OrderStatus, number>>
type Ranked = keyof typeof ranks
const ranked: Ranked[] = ['review', 'fired', 'pos_failed', 'accepted', 'preparing', 'ready', 'served', 'paid']

/** The statuses from which one may be reached; an order in review goes nowhere but by its staff. */
export function statusesBefore(status: OrderStatus): OrderStatus[] {
  if (status === 'fired') return ['review']
  // What is ready has been cooked: that is taken back with a refund, not with a rejection.
  if (status === 'rejected') return ['fired', 'pos_failed', 'accepted', 'preparing']
  return ranked.filter((one) => one !== 'review' && ranks[one] < ranks[status])
}

/** Which orders the staff may turn away, and send to the till once more. */
export const staffRejects: OrderStatus[] = ['review', 'pos_failed']
export const resendable: OrderStatus[] = ['fired', 'pos_failed', 'accepted', 'preparing', 'ready', 'served', 'paid']

export type PricedOrder = {
  lines: OrderLine[]
  allergies: OrderAllergy[]
  total_minor: number
  tax_minor: number
  taxes: TaxShare[]
}
/** `name` is what the line was called when it was put into the cart. */
export type OrderRefusal = { refusal: CartRefusal; line_id: string; menu_item_id: string; name: string }

/**
 * R70. A frozen cart as an order: every price and tax from the server's menu as it is now, whatever the phones were
 * shown. Refused with the first line that cannot be had.
 */
export function priceOrder(
  menu: Menu,
  lines: readonly CartLine[],
  members: readonly Member[],
  at: WallMinute,
): PricedOrder | OrderRefusal {
  const priced: OrderLine[] = []
  for (const line of lines) {
    const one = priceOne(menu, line, members, at)
    if (typeof one === 'string') {
      return { refusal: one, line_id: line.id, menu_item_id: line.menu_item_id, name: line.name }
    }
    priced.push(one)
  }
  const taxes = taxShares(priced)
  return {
    lines: priced,
    allergies: members
      .filter((one) => one.allergies.length > 0)
      .map((one) => ({ member: one.nickname, allergens: one.allergies })),
    total_minor: priced.reduce((sum, one) => sum + one.total_minor, 0),
    tax_minor: taxes.reduce((sum, one) => sum + one.tax_minor, 0),
    taxes,
  }
}

function priceOne(menu: Menu, line: CartLine, members: readonly Member[], at: WallMinute): OrderLine | CartRefusal {
  const found = orderable(menu, line.menu_item_id, at)
  if (typeof found === 'string') return found
  const price = priceLine(found.item, line)
  if (typeof price === 'string') return price
  const member = members.find((one) => one.id === line.member_id)
  const danger = (member?.allergies ?? []).filter((one) => price.allergens.includes(one))
  // The menu may have learned of an allergen since the line was put there.
  if (danger.some((one) => !line.acknowledged.includes(one))) return 'allergy_not_acknowledged'
  return {
    menu_item_id: line.menu_item_id,
    variant_id: line.variant_id,
    name: price.name,
    modifiers: namedModifiers(found.item, line.modifiers),
    qty: line.qty,
    note: line.note,
    member_id: line.member_id,
    member: member?.nickname ?? null,
    allergens: price.allergens,
    acknowledged: danger,
    price_minor: price.unit_price_minor,
    total_minor: price.unit_price_minor * line.qty,
    tax_permille: found.item.tax_permille,
  }
}

/** As the kitchen reads them, in the order of the menu. */
function namedModifiers(item: MenuItem, chosen: readonly ChosenModifier[]): OrderModifier[] {
  return item.modifiers.flatMap((group) => {
    const ids = chosen.find((one) => one.group_id === group.id)?.option_ids ?? []
    return group.options
      .filter((option) => ids.includes(option.id))
      .map((option) => ({ group: group.name, option: option.name, price_minor: option.price_minor }))
  })
}

/** R71. Prices include their tax. It is reckoned on the sum at each rate, so that roundings do not add up. */
export function taxShares(lines: readonly Pick<OrderLine, 'tax_permille' | 'total_minor'>[]): TaxShare[] {
  const gross = new Map<number, number>()
  for (const line of lines) gross.set(line.tax_permille, (gross.get(line.tax_permille) ?? 0) + line.total_minor)
  return [...gross]
    .toSorted(([a], [b]) => a - b)
    .map(([tax_permille, gross_minor]) => ({
      tax_permille,
      gross_minor,
      tax_minor: Math.round((gross_minor * tax_permille) / (1000 + tax_permille)),
    }))
}
