import { canonicalJson } from '../platform/ids.ts'
import type { Menu, MenuWindow, NewMenu } from './menu-schema.ts'

type Issue = { path: string; message: string }
type Row = Record<string, unknown>

/** A menu that replaces another, decided: rows for the database, what is wrong with it, or that it is the same. */
export type MenuDecision = { categories: Row[]; items: Row[] } | { stale: true } | { errors: Issue[] } | { same: true }

/**
 * R40–R42. `seen` is the version the client has seen; null where it did not say. The same menu once more changes
 * nothing, whatever version it was decided on. `newId` makes an id.
 */
export function decideMenu(menu: Menu, wish: NewMenu, seen: number | null, newId: () => string): MenuDecision {
  const errors = menuMistakes(wish, menu.currency)
  if (errors.length > 0) return { errors }
  const whole = withIds(menu, wish, newId)
  if (canonicalJson(menu.categories) === canonicalJson(whole)) return { same: true }
  if (seen !== null && seen !== menu.version) return { stale: true }
  return {
    categories: whole.map(({ items: _items, ...category }, position) => ({ ...category, position })),
    items: whole.flatMap(({ id, items }) =>
      items.map(({ version: _version, ...item }, position) => ({ ...item, category_id: id, position })),
    ),
  }
}

/** R40. What the shapes alone do not say: ids used twice, choices that cannot be made, windows that never open. */
export function menuMistakes(wish: NewMenu, currency: string): Issue[] {
  const issues: Issue[] = []
  const say = (path: string, message: string): void => void issues.push({ path, message })
  if (wish.currency !== undefined && wish.currency !== currency)
    say('currency', `must be ${currency}, the restaurant's`)
  const items = wish.categories.flatMap((category, c) =>
    category.items.map((item, i) => ({ item, path: `categories.${c}.items.${i}` })),
  )
  if (items.length > 1_000) say('categories', 'must not have more than 1000 items')
  sayTwice(
    wish.categories.map(({ id }, c) => [`categories.${c}.id`, id]),
    say,
  )
  sayTwice(
    items.map(({ item, path }) => [`${path}.id`, item.id]),
    say,
  )
  for (const [c, category] of wish.categories.entries()) sayWindows(category.windows, `categories.${c}`, say)
  for (const { item, path } of items) {
    sayWindows(item.windows, path, say)
    sayTwice(
      item.variants.map(({ id }, v) => [`${path}.variants.${v}.id`, id]),
      say,
    )
    sayTwice(
      item.modifiers.map(({ id }, m) => [`${path}.modifiers.${m}.id`, id]),
      say,
    )
    const options = item.modifiers.flatMap((group, m) =>
      group.options.map(({ id }, o): [string, string | undefined] => [`${path}.modifiers.${m}.options.${o}.id`, id]),
    )
    sayTwice(options, say)
    for (const [m, { min, max, options: offered }] of item.modifiers.entries()) {
      const at = `${path}.modifiers.${m}`
      if (min > mostOf(max, offered.length)) say(`${at}.min`, 'must not be above max')
      if (max !== undefined && max > offered.length) say(`${at}.max`, `must not be above its ${offered.length} options`)
    }
  }
  return issues
}

function mostOf(max: number | undefined, options: number): number {
  return Math.min(max ?? options, options, 20)
}

function sayTwice(ids: [path: string, id: string | undefined][], say: (path: string, message: string) => void): void {
  const met = new Set<string>()
  for (const [path, id] of ids) {
    if (id === undefined) continue
    if (met.has(id)) say(path, 'is used twice')
    met.add(id)
  }
}

function sayWindows(windows: MenuWindow[], path: string, say: (path: string, message: string) => void): void {
  for (const [w, { days, from, until }] of windows.entries()) {
    if (from === until) say(`${path}.windows.${w}.until`, 'must not be when it begins')
    if (new Set(days).size < days.length) say(`${path}.windows.${w}.days`, 'must not name a day twice')
  }
}

/** R41. Everything with an id: its own, or the one that its name has now, or a new one. */
function withIds(menu: Menu, wish: NewMenu, newId: () => string): Menu['categories'] {
  const known = menu.categories.flatMap((category) => category.items)
  const wished = wish.categories.flatMap((category) => category.items)
  const items = idsFor(wished, known, newId).map((item) => {
    const old = known.find((one) => one.id === item.id)
    return wholeItem(item, old, newId)
  })
  let next = 0
  return idsFor(wish.categories, menu.categories, newId).map((category) => {
    const mine = items.slice(next, next + category.items.length)
    next += mine.length
    return { ...named(category), items: mine }
  })
}

type WishedItem = NewMenu['categories'][number]['items'][number]
type Item = Menu['categories'][number]['items'][number]

function wholeItem(item: WishedItem & { id: string }, old: Item | undefined, newId: () => string): Item {
  const groups = idsFor(item.modifiers, old?.modifiers ?? [], newId)
  return {
    ...item,
    names: item.names ?? {},
    description: item.description ?? null,
    descriptions: item.descriptions ?? {},
    variants: idsFor(item.variants, old?.variants ?? [], newId).map(named),
    modifiers: groups.map((group) => {
      const before = old?.modifiers.find((one) => one.id === group.id)
      const options = idsFor(group.options, before?.options ?? [], newId).map(named)
      return named({ ...group, max: mostOf(group.max, group.options.length), options })
    }),
    // The kitchen's, not the menu's: of an item that is on the menu they stay.
    sold_out: old?.sold_out ?? item.sold_out,
    stock: old ? old.stock : item.stock,
    version: old?.version ?? 1,
  }
}

function named<T extends { names?: Record<string, string> | undefined }>(
  one: T,
): T & { names: Record<string, string> } {
  return { ...one, names: one.names ?? {} }
}

/** By its own id, by the name of something here that nobody claims by id, or by a new id. */
function idsFor<T extends { id?: string | undefined; name: string }>(
  wished: readonly T[],
  known: readonly { id: string; name: string }[],
  newId: () => string,
): (T & { id: string })[] {
  const taken = new Set(wished.flatMap(({ id }) => id ?? []))
  return wished.map((one) => {
    if (one.id !== undefined) return { ...one, id: one.id }
    const same = known.find(({ id, name }) => name === one.name && !taken.has(id))
    const id = same?.id ?? newId()
    taken.add(id)
    return { ...one, id }
  })
}
