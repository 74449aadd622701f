import type { Allergen, MenuItem } from '../restaurants/menu-schema.ts'

/** What it may hold, in any of its choices: somebody who must not have it does not ask which. */
export function heldBy(item: Pick<MenuItem, 'allergens' | 'modifiers'>): Allergen[] {
  const chosen = item.modifiers.flatMap((group) => group.options.flatMap((option) => option.allergens))
  return [...new Set([...item.allergens, ...chosen])]
}
