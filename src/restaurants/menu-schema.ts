import * as z from 'zod'
import { Id, LanguageTag, LocalTime, text, Version } from '../platform/text.ts'

/** The fourteen allergens that EU law names, by key; words for them are in the catalogues of the pages. */
export const allergens = [
  'celery',
  'gluten',
  'crustaceans',
  'eggs',
  'fish',
  'lupin',
  'milk',
  'molluscs',
  'mustard',
  'nuts',
  'peanuts',
  'sesame',
  'soya',
  'sulphites',
] as const
export const Allergen = z.enum(allergens).meta({ id: 'Allergen' })
export type Allergen = z.infer<typeof Allergen>
export const Diet = z
  .enum(['vegetarian', 'vegan', 'halal', 'kosher', 'gluten_free', 'lactose_free'])
  .meta({ id: 'Diet' })
export type Diet = z.infer<typeof Diet>

export const PriceMinor = z.int().min(0).max(100_000_000).meta({ description: 'In minor units of the currency' })

/** A text in other languages of the house, by language tag. */
const Translations = z.record(LanguageTag, text(500)).optional()
const texts = { name: text(120), names: Translations }

/** One of which is chosen: glass or bottle. Its price replaces the item's. */
export const Variant = z.strictObject({ id: Id, ...texts, price_minor: PriceMinor })
export type Variant = z.infer<typeof Variant>

export const ModifierOption = z.strictObject({
  id: Id,
  ...texts,
  price_minor: PriceMinor.default(0),
  allergens: z.array(Allergen).default([]),
  available: z.boolean().default(true),
})
/** A choice of so many of its options: at least `min`, at most `max`. */
export const ModifierGroup = z.strictObject({
  id: Id,
  ...texts,
  min: z.int().min(0).max(20),
  max: z.int().min(1).max(20),
  options: z.array(ModifierOption).min(1).max(50),
})
export type ModifierGroup = z.infer<typeof ModifierGroup>

/** When it is served: days and hours of the restaurant; always where there is none. */
export const MenuWindow = z.strictObject({
  days: z.array(z.int().min(1).max(7)).min(1).max(7),
  from: LocalTime,
  until: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/),
})
export type MenuWindow = z.infer<typeof MenuWindow>

const Stock = z.int().min(0).max(1_000_000).nullable().meta({ description: 'How many are left; null: not counted' })

export const MenuItem = z
  .strictObject({
    id: Id,
    ...texts,
    price_minor: PriceMinor,
    description: text(500).nullable(),
    descriptions: Translations,
    variants: z.array(Variant).max(20),
    modifiers: z.array(ModifierGroup).max(20),
    allergens: z.array(Allergen),
    diets: z.array(Diet),
    available: z.boolean().meta({ description: 'false: off the menu for now, by the menu itself' }),
    sold_out: z.boolean().meta({ description: 'true: the kitchen is out of it (86), or its stock is used up' }),
    stock: Stock,
    tax_permille: z.int().min(0).max(1000).meta({ description: 'Tax included in the price, in tenths of a percent' }),
    windows: z.array(MenuWindow).max(10),
    version: z.int(),
  })
  .meta({ id: 'MenuItem' })
export type MenuItem = z.infer<typeof MenuItem>

export const MenuCategory = z
  .strictObject({ id: Id, ...texts, windows: z.array(MenuWindow).max(10), items: z.array(MenuItem) })
  .meta({ id: 'MenuCategory' })
export type MenuCategory = z.infer<typeof MenuCategory>

export const Menu = z
  .strictObject({ version: z.int(), currency: z.string(), categories: z.array(MenuCategory) })
  .meta({ id: 'Menu' })
export type Menu = z.infer<typeof Menu>

// What a client writes: only names and prices are needed. What is given no id keeps the one that its name has on the
// menu, or gets a new one.
const newId = Id.optional()
const NewModifierGroup = ModifierGroup.extend({
  id: newId,
  min: ModifierGroup.shape.min.default(0),
  max: ModifierGroup.shape.max.optional().meta({ description: 'All its options, where not said' }),
  options: z
    .array(ModifierOption.extend({ id: newId }))
    .min(1)
    .max(50),
})
export const NewMenuItem = z
  .strictObject({
    id: newId,
    ...texts,
    price_minor: PriceMinor,
    description: text(500).nullish(),
    descriptions: Translations,
    variants: z
      .array(Variant.extend({ id: newId }))
      .max(20)
      .default([]),
    modifiers: z.array(NewModifierGroup).max(20).default([]),
    allergens: z.array(Allergen).max(14).default([]),
    diets: z.array(Diet).max(6).default([]),
    available: z.boolean().default(true),
    sold_out: z.boolean().default(false).meta({ description: 'Of an item new to the menu; PATCH the item afterwards' }),
    stock: Stock.default(null).meta({ description: 'Of an item new to the menu; PATCH the item afterwards' }),
    tax_permille: z.int().min(0).max(1000).default(0),
    windows: z.array(MenuWindow).max(10).default([]),
    version: z.int().optional().meta({ description: 'As it was read; the version of the menu guards it' }),
  })
  .meta({ id: 'NewMenuItem' })
export const NewMenu = z
  .strictObject({
    version: Version.optional(),
    currency: z.string().optional(),
    categories: z
      .array(
        z.strictObject({
          id: newId,
          ...texts,
          windows: z.array(MenuWindow).max(10).default([]),
          items: z.array(NewMenuItem).max(300).default([]),
        }),
      )
      .max(100),
  })
  .meta({ id: 'NewMenu' })
export type NewMenu = z.output<typeof NewMenu>

export const MenuItemEdit = z
  .strictObject({ sold_out: z.boolean(), stock: Stock, available: z.boolean(), version: Version })
  .partial()
  .refine((edit) => edit.sold_out !== undefined || edit.stock !== undefined || edit.available !== undefined, {
    message: 'must say sold_out, stock or available',
  })
  .meta({ id: 'MenuItemEdit' })
export type MenuItemEdit = z.output<typeof MenuItemEdit>

// What a guest reads.
const servedNow = z.boolean().meta({ description: 'Whether it can be ordered at this hour' })
const ServedCategory = MenuCategory.extend({
  served_now: servedNow,
  items: z.array(MenuItem.extend({ served_now: servedNow })),
})
export type ServedCategory = z.infer<typeof ServedCategory>
export const ServedMenu = z
  .strictObject({
    restaurant: z.strictObject({ slug: z.string(), name: z.string() }),
    languages: z.array(LanguageTag),
    at: z.string(),
    ...Menu.shape,
    categories: z.array(ServedCategory),
  })
  .meta({ id: 'ServedMenu' })
export type ServedMenu = z.infer<typeof ServedMenu>

/** For whoever speaks of the menu: the price of an item with variants is that of its cheapest. */
export const MenuBrief = z.array(
  z.object({
    name: z.string(),
    items: z.array(
      z.object({
        id: Id,
        name: z.string(),
        price_minor: PriceMinor,
        allergens: z.array(Allergen),
        diets: z.array(Diet),
        sold_out: z.boolean(),
      }),
    ),
  }),
)
export type MenuBrief = z.infer<typeof MenuBrief>
