import type { Allergen, Diet, ServedCategory } from '../restaurants/menu-schema.ts'
import { heldBy } from './allergen-rules.ts'

type Words = { money: (minor: number) => string; caution: string }
type Priced = { name: string; price: string }
type Dish = Priced & {
  description: string | null
  sizes: Priced[]
  choices: { name: string; of: (Priced & { allergens: Allergen[]; available: boolean })[] }[]
  allergens: Allergen[]
  diets: Diet[]
  sold_out: boolean
  served_now: boolean
}

/** The menu in one of the house's languages, for a model to read: prices as they are said, `caution` always with it. */
export function menuTold(
  categories: readonly ServedCategory[],
  language: string,
  { money, caution }: Words,
): { caution: string; categories: { name: string; served_now: boolean; items: Dish[] }[] } {
  const named = (one: { name: string; names?: Record<string, string> | undefined }): string =>
    one.names?.[language] ?? one.name
  return {
    caution,
    categories: categories.map((category) => ({
      name: named(category),
      served_now: category.served_now,
      items: category.items.map((item) => ({
        name: named(item),
        description: item.descriptions?.[language] ?? item.description,
        price: money(
          item.variants.length > 0 ? Math.min(...item.variants.map((one) => one.price_minor)) : item.price_minor,
        ),
        sizes: item.variants.map((one) => ({ name: named(one), price: money(one.price_minor) })),
        choices: item.modifiers.map((group) => ({
          name: named(group),
          of: group.options.map((one) => ({
            name: named(one),
            price: money(one.price_minor),
            allergens: one.allergens,
            available: one.available,
          })),
        })),
        allergens: heldBy(item),
        diets: item.diets,
        sold_out: item.sold_out,
        served_now: item.served_now,
      })),
    })),
  }
}
