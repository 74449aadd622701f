import type { CartRefusal, ChosenModifier } from '../ordering/schema.ts'
import { minutesOf } from '../platform/time.ts'
import {
  type Allergen,
  allergens,
  type Menu,
  type MenuBrief,
  type MenuCategory,
  type MenuItem,
  type MenuWindow,
  type ServedCategory,
} from './menu-schema.ts'

/** A wall time of the restaurant: ISO weekday and minutes after midnight. */
export type WallMinute = { weekday: number; minute: number }
export type Found = { category: MenuCategory; item: MenuItem }
/** What a line costs and holds: the price of one, in minor units. */
export type PricedLine = { unit_price_minor: number; name: string; allergens: Allergen[] }
type Choice = { variant_id?: string | null | undefined; modifiers?: readonly ChosenModifier[] | undefined }

/** The item of the menu with this id, and the category it is in. */
export function findItem(menu: Menu, id: string): Found | null {
  for (const category of menu.categories) {
    const item = category.items.find((one) => one.id === id)
    if (item) return { category, item }
  }
  return null
}

/** R45. The item, where it can be ordered at this wall time: on the menu, not sold out, within its windows. */
export function orderable(menu: Menu, id: string, at: WallMinute): Found | CartRefusal {
  const found = findItem(menu, id)
  if (!found?.item.available) return 'unknown_item'
  if (found.item.sold_out) return 'sold_out_item'
  return servedNow(found.category, found.item, at) ? found : 'not_served_now'
}

/** R44. Both the category's windows and the item's own must hold, where there are any. */
export function servedNow(
  category: Pick<MenuCategory, 'windows'>,
  item: Pick<MenuItem, 'windows'>,
  at: WallMinute,
): boolean {
  return withinAny(category.windows, at) && withinAny(item.windows, at)
}

export function withinAny(windows: readonly MenuWindow[], at: WallMinute): boolean {
  return windows.length === 0 || windows.some((window) => within(window, at))
}

/** A window that ends at or before it begins ends on the next day; its days are those on which it begins. */
function within({ days, from, until }: MenuWindow, { weekday, minute }: WallMinute): boolean {
  const begins = minutesOf(from)
  const said = minutesOf(until)
  const ends = said <= begins ? said + 1440 : said
  const yesterday = weekday === 1 ? 7 : weekday - 1
  return (
    (days.includes(weekday) && begins <= minute && minute < ends) || (days.includes(yesterday) && minute + 1440 < ends)
  )
}

/**
 * R43. One piece with its variant and modifiers: `bad_variant` or `bad_modifiers` where they are not the item's, not
 * to be had, or not as many as their group asks for. Whether the item itself can be had, `orderable` says.
 */
export function priceLine(item: MenuItem, choice: Choice): PricedLine | CartRefusal {
  const variant = item.variants.find((one) => one.id === choice.variant_id)
  if (item.variants.length > 0 ? !variant : choice.variant_id) return 'bad_variant'
  const options = chosenOptions(item, choice.modifiers ?? [])
  if (!options) return 'bad_modifiers'
  const held = new Set([...item.allergens, ...options.flatMap((one) => one.allergens)])
  return {
    unit_price_minor: options.reduce((sum, one) => sum + one.price_minor, variant?.price_minor ?? item.price_minor),
    name: variant ? `${item.name}, ${variant.name}` : item.name,
    allergens: allergens.filter((one) => held.has(one)),
  }
}

type Option = MenuItem['modifiers'][number]['options'][number]

/** Every option that is chosen, in the order of the menu; null where the choice is not one the item offers. */
export function chosenOptions(item: MenuItem, chosen: readonly ChosenModifier[]): Option[] | null {
  const groups = new Map(chosen.map((one) => [one.group_id, new Set(one.option_ids)]))
  const named = chosen.reduce((sum, one) => sum + one.option_ids.length, 0)
  const options: Option[] = []
  for (const group of item.modifiers) {
    const ids = groups.get(group.id) ?? new Set()
    const found = group.options.filter((one) => ids.has(one.id))
    if (found.length < group.min || found.length > group.max || found.some((one) => !one.available)) return null
    options.push(...found)
  }
  // Fewer than were named: one was named twice, in a group named twice, or is of no group of this item.
  const known = chosen.every((one) => item.modifiers.some((group) => group.id === one.group_id))
  return known && groups.size === chosen.length && options.length === named ? options : null
}

/** The menu as a guest sees it: what is off is left out, what is sold out or not served at this hour says so. */
export function servedMenu(menu: Menu, at: WallMinute): ServedCategory[] {
  return menu.categories.flatMap((category) => {
    const items = category.items
      .filter((item) => item.available)
      .map((item) => ({ ...item, served_now: servedNow(category, item, at) }))
    return items.length === 0 ? [] : [{ ...category, served_now: withinAny(category.windows, at), items }]
  })
}

/** The menu as an agent speaks of it. */
export function menuBrief(menu: Menu): MenuBrief {
  return menu.categories.flatMap(({ name, items }) => {
    const brief = items
      .filter((item) => item.available)
      .map((item) => ({
        id: item.id,
        name: item.name,
        price_minor:
          item.variants.length > 0 ? Math.min(...item.variants.map((one) => one.price_minor)) : item.price_minor,
        allergens: item.allergens,
        diets: item.diets,
        sold_out: item.sold_out,
      }))
    return brief.length === 0 ? [] : [{ name, items: brief }]
  })
}

/** R46. The menu of a version with the counted items as they are at this moment. */
export function withStock(
  menu: Menu,
  counted: readonly Pick<MenuItem, 'id' | 'stock' | 'sold_out' | 'version'>[],
): Menu {
  if (counted.length === 0) return menu
  const live = new Map(counted.map((one) => [one.id, one]))
  const categories = menu.categories.map((category) => ({
    ...category,
    items: category.items.map((item) => ({ ...item, ...live.get(item.id) })),
  }))
  return { ...menu, categories }
}
