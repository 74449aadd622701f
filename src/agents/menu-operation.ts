import { searchable } from '../platform/text.ts'
import { isoWeekday, wallOf } from '../platform/time.ts'
import { loadMenuAgain } from '../restaurants/menu-load.ts'
import { servedMenu } from '../restaurants/menu-rules.ts'
import { heldBy } from './allergen-rules.ts'
import { type Operation, operation } from './operation.ts'
import { MenuInfoInput, MenuInfoOutput } from './operation-schema.ts'
import { bestDishes } from './menu-search-rules.ts'
import { type Speech, speechFor, spokenLanguage } from './speech.ts'

const mostItems = 8
const mostSpoken = 3

type Told = {
  name: string
  price: string
  allergens: readonly (keyof Speech['allergens'])[]
  sold_out: boolean
  served_now: boolean
}

export const menuInfo: Operation = operation({
  name: 'menu_info',
  title: 'About the menu',
  description:
    'Dishes, prices, what has run out, declared allergens and diets. Say caution whenever allergens are spoken of, and never promise that a dish is free of something: the menu only says what is declared.',
  input: MenuInfoInput,
  output: MenuInfoOutput,
  scope: 'agents:read',
  reads: true,
  idempotent: true,
  destructive: false,
  async run(ctx, { query, allergen, diet }) {
    const { restaurant, now } = ctx
    const wall = wallOf(now, restaurant.timezone)
    const at = { weekday: isoWeekday(wall.date), minute: wall.minute }
    const language = spokenLanguage(ctx.call.locale, restaurant)
    const speech = speechFor(ctx)
    const categories = servedMenu(await loadMenuAgain(ctx, restaurant), at)
    const named = (one: { name: string; names?: Record<string, string> | undefined }): string =>
      one.names?.[language] ?? one.name
    const dishes = categories.flatMap((category) =>
      category.items.map((item) => ({ item, category: named(category), words: wordsOf(item, category) })),
    )
    const fitting = dishes.filter(({ item }) => !diet || item.diets.includes(diet))
    const found = query ? bestDishes(fitting, searchable(query)) : allergen || diet ? fitting : []
    // Where somebody must not have something, what is not declared with it comes first.
    const sorted = allergen
      ? found.toSorted(
          (a, b) => Number(a.item.allergens.includes(allergen)) - Number(b.item.allergens.includes(allergen)),
        )
      : found
    const items = sorted.slice(0, mostItems).map(({ item, category }) => ({
      name: named(item),
      category,
      price: speech.money(
        item.variants.length > 0 ? Math.min(...item.variants.map((one) => one.price_minor)) : item.price_minor,
      ),
      description: item.descriptions?.[language] ?? item.description,
      allergens: heldBy(item),
      diets: item.diets,
      sold_out: item.sold_out,
      served_now: item.served_now,
    }))
    return {
      query: query ?? null,
      categories: categories.map(named),
      items,
      more: found.length - items.length,
      allergen: allergen ?? null,
      caution: allergen || items.length > 0 ? speech.caution : null,
    }
  },
  speak({ query, categories, items, allergen }, speech) {
    if (items.length === 0) {
      const overview = categories.length === 0 ? [] : [speech.menu_overview(speech.list(categories.slice(0, 8)))]
      const none = query !== null || allergen !== null || overview.length === 0 ? [speech.no_dish] : []
      return [...none, ...(allergen === null ? overview : [speech.caution])].join(' ')
    }
    if (allergen !== null) return [...allergenTold(items, allergen, speech), speech.caution].join(' ')
    return items
      .slice(0, mostSpoken)
      .flatMap((one) => dishTold(one, speech, items.length === 1))
      .join(' ')
  },
})

type Named = { name: string; names?: Record<string, string> | undefined }
const wordsOf = (item: Named, category: Named): string[] =>
  [item, category].flatMap((one) => [one.name, ...Object.values(one.names ?? {})]).map(searchable)

function dishTold(one: Told, speech: Speech, alone: boolean): string[] {
  if (one.sold_out) return [speech.sold_out(one.name)]
  const told = [speech.dish(one.name, one.price)]
  if (!one.served_now) told.push(speech.not_now(one.name))
  if (!alone) return told
  const allergens = one.allergens.map((allergen) => speech.allergens[allergen])
  told.push(allergens.length > 0 ? speech.contains(one.name, speech.list(allergens)) : speech.declares_none(one.name))
  return [...told, speech.caution]
}

function allergenTold(items: Told[], allergen: keyof Speech['allergens'], speech: Speech): string[] {
  const word = speech.allergens[allergen]
  const names = (some: Told[]): string => speech.list(some.slice(0, mostSpoken + 1).map((one) => one.name))
  const holds = (one: Told): boolean => one.allergens.includes(allergen)
  const [held, free] = [items.filter(holds), items.filter((one) => !holds(one))]
  return [
    ...(held.length > 0 ? [speech.declared_with(word, names(held))] : []),
    ...(free.length > 0 ? [speech.not_declared_with(word, names(free))] : []),
  ]
}
