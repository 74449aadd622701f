import { canonicalJson } from '../platform/ids.ts'
import { sha256HexNow } from '../platform/sha256.ts'
import type { Allergen, MenuItem } from '../restaurants/menu-schema.ts'
import { type Found, priceLine, servedNow, type WallMinute } from '../restaurants/menu-rules.ts'
import type { CartLine, CartMutate, CartRefusal, ChosenModifier } from './schema.ts'

export const mostLines = 200
const mostOfALine = 99

/** What a command on a cart is decided with. Lines in the order they were made. */
export type CartState = {
  status: 'active' | 'closed'
  /** An order is being placed. */
  frozen: boolean
  cart_version: number
  lines: readonly CartLine[]
}

/** Who gives the command: a member, or staff. `pass_needed`: the house asks for its daily pass and has not had it. */
export type By = {
  member_id: string | null
  is_host: boolean
  allergies: readonly Allergen[]
  pass_needed: boolean
}

/** What the command is about beside the cart: the item on the menu now, the wall time, and the id a new line gets. */
export type Around = { found: Found | null; at: WallMinute; new_line_id: string }

export type CartEvent = { op: 'create' | 'update'; line: CartLine } | { op: 'delete'; line: CartLine }
export type Decision = { event: CartEvent } | { refusal: CartRefusal }

const refuse = (refusal: CartRefusal): Decision => ({ refusal })

/** What a command does to the cart, or why it does nothing (R50–R58). Versions are compared and never merged. */
export function decide(cart: CartState, command: CartMutate, by: By, around: Around): Decision {
  if (cart.status === 'closed') return refuse('session_closed')
  if (by.pass_needed) return refuse('pass_required')
  if (cart.frozen) return refuse('cart_frozen')
  switch (command.op) {
    case 'create':
      return decideCreate(cart, command, by, around)
    case 'update':
      return decideUpdate(cart, command, by, around)
    case 'delete':
      return decideDelete(cart, command, by)
  }
}

// R51. Two who add at once both mean it: the cart_version that a new line carries is where its phone stood, no condition.
function decideCreate(cart: CartState, command: CartMutate, by: By, around: Around): Decision {
  if (by.member_id === null || !command.menu_item_id || command.line_id) return refuse('malformed')
  if (cart.lines.length >= mostLines) return refuse('cart_full')
  const line: Wish = {
    id: around.new_line_id,
    member_id: by.member_id,
    menu_item_id: command.menu_item_id,
    variant_id: command.variant_id ?? null,
    modifiers: command.modifiers ?? [],
    qty: command.qty ?? 1,
    note: command.note ?? null,
    acknowledged: command.acknowledged ?? [],
    version: 1,
  }
  return checked(cart, 'create', line, 0, by, around)
}

function decideUpdate(cart: CartState, command: CartMutate, by: By, around: Around): Decision {
  const line = cart.lines.find((one) => one.id === command.line_id)
  if (!line) return refuse(command.line_id ? 'unknown_line' : 'malformed')
  if (line.member_id !== by.member_id) return refuse('not_your_line')
  if (line.version !== command.version) return refuse('stale_line')
  if (command.menu_item_id && command.menu_item_id !== line.menu_item_id) return refuse('malformed')
  const wish: Wish = {
    id: line.id,
    member_id: line.member_id,
    menu_item_id: line.menu_item_id,
    variant_id: command.variant_id === undefined ? line.variant_id : command.variant_id,
    modifiers: command.modifiers ?? line.modifiers,
    qty: command.qty ?? line.qty,
    note: command.note === undefined ? line.note : command.note,
    acknowledged: command.acknowledged ?? line.acknowledged,
    version: line.version + 1,
  }
  return checked(cart, 'update', wish, line.qty, by, around)
}

// R52. Its own, or as host or staff anybody's.
function decideDelete(cart: CartState, command: CartMutate, by: By): Decision {
  const line = cart.lines.find((one) => one.id === command.line_id)
  if (!line) return refuse(command.line_id ? 'unknown_line' : 'malformed')
  if (by.member_id !== null && line.member_id !== by.member_id && !by.is_host) return refuse('not_your_line')
  if (line.version !== command.version) return refuse('stale_line')
  return { event: { op: 'delete', line } }
}

type Wish = Omit<CartLine, 'name' | 'unit_price_minor' | 'allergens' | 'sold_out'>

/** A line as it would be, against the menu and its member's allergies. Of what has run out no more can be had. */
function checked(
  cart: CartState,
  op: 'create' | 'update',
  wish: Wish,
  had: number,
  by: By,
  { found, at }: Around,
): Decision {
  if (!found?.item.available) return refuse('unknown_item')
  if (wish.qty > mostOfALine) return refuse('malformed')
  if (wish.qty > had) {
    if (!servedNow(found.category, found.item, at)) return refuse('not_served_now')
    if (found.item.sold_out || exceedsStock(cart, found.item, wish)) return refuse('sold_out_item')
  }
  const priced = priceLine(found.item, wish)
  if (typeof priced === 'string') return refuse(priced)
  const dangers = priced.allergens.filter((one) => by.allergies.includes(one))
  if (!dangers.every((one) => wish.acknowledged.includes(one))) return refuse('allergy_not_acknowledged')
  const line: CartLine = {
    ...wish,
    modifiers: inOrder(wish.modifiers),
    acknowledged: dangers,
    name: priced.name,
    unit_price_minor: priced.unit_price_minor,
    allergens: priced.allergens,
    sold_out: found.item.sold_out,
  }
  return { event: { op, line } }
}

/** A countdown is for the whole table's cart: six are left, so seven cannot be in it. */
function exceedsStock(cart: CartState, item: MenuItem, wish: Wish): boolean {
  if (item.stock === null) return false
  const others = cart.lines.filter((line) => line.menu_item_id === item.id && line.id !== wish.id)
  return others.reduce((sum, line) => sum + line.qty, wish.qty) > item.stock
}

/** Groups and options by id, so that the same choice is the same text. */
function inOrder(modifiers: readonly ChosenModifier[]): ChosenModifier[] {
  return modifiers
    .map((one) => ({ group_id: one.group_id, option_ids: one.option_ids.toSorted() }))
    .toSorted((a, b) => (a.group_id < b.group_id ? -1 : 1))
}

/** The cart after an event; a phone that hears of it does the same. */
export function evolve(lines: readonly CartLine[], event: CartEvent): CartLine[] {
  switch (event.op) {
    case 'create':
      return [...lines, event.line]
    case 'update':
      return lines.map((line) => (line.id === event.line.id ? event.line : line))
    case 'delete':
      return lines.filter((line) => line.id !== event.line.id)
  }
}

/** The lines of an item when its state on the menu has changed. No version moves: nobody changed the line. */
export function withSoldOut(lines: readonly CartLine[], menu_item_id: string, sold_out: boolean): CartLine[] {
  return lines.map((line) => (line.menu_item_id === menu_item_id ? { ...line, sold_out } : line))
}

/** R57. What two carts must agree on to be the same cart, in one order: SHA-256 of this is the cart_hash. */
export function cartHashInput(lines: readonly CartLine[]): string {
  const sorted = lines.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return canonicalJson(
    sorted.map(({ id, version, menu_item_id, variant_id, modifiers, qty, note, member_id }) => {
      return { id, version, menu_item_id, variant_id, modifiers: inOrder(modifiers), qty, note, member_id }
    }),
  )
}

export function cartHash(lines: readonly CartLine[]): string {
  return sha256HexNow(cartHashInput(lines))
}

export function subtotalOf(lines: readonly CartLine[]): number {
  return lines.reduce((sum, line) => sum + line.qty * line.unit_price_minor, 0)
}
