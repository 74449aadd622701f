import type { Menu, MenuCategory, MenuItem } from '../../src/restaurants/menu-schema.ts'

export const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** An item in memory: plain, on the menu, always served, unless said. */
export function item(n: number, changes: Partial<MenuItem> = {}): MenuItem {
  return {
    id: id(n),
    name: `Item ${n}`,
    names: {},
    price_minor: 1000,
    description: null,
    descriptions: {},
    variants: [],
    modifiers: [],
    allergens: [],
    diets: [],
    available: true,
    sold_out: false,
    stock: null,
    tax_permille: 0,
    windows: [],
    version: 1,
    ...changes,
  }
}

export function category(n: number, items: MenuItem[], changes: Partial<MenuCategory> = {}): MenuCategory {
  return { id: id(n), name: `Category ${n}`, names: {}, windows: [], items, ...changes }
}

export function menu(categories: MenuCategory[]): Menu {
  return { version: 3, currency: 'SGD', categories }
}
