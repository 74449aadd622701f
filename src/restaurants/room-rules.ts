import type { ProblemCode } from '../platform/problem.ts'
import type { Combination, CombinationEdit, NewCombination, NewTable, Restaurant, Table, TableEdit } from './schema.ts'

/** What the rules have against an edit, with what its problem says. */
export type HouseRefusal = {
  outcome: ProblemCode
  detail?: string
  errors?: { path: string; message: string }[]
  current?: unknown
}

/** An edit of the house, decided: the columns that change, or why not. The names of `house_change` in the migrations. */
export type HouseDecision =
  | { id?: string; fields: Record<string, unknown>; combinations?: CombinationSize[] }
  | { refusal: HouseRefusal }
export type CombinationSize = Pick<Combination, 'id' | 'min_party' | 'max_party'>

type Room = Pick<Restaurant, 'tables' | 'combinations'>

export function decideNewTable(room: Room, table: NewTable): HouseDecision {
  const taken = numberTaken(room, table.number, null)
  if (taken) return { refusal: taken }
  const { area = null, position = null, notes = null } = table
  return { fields: { ...table, area, position, notes } }
}

/** `seen` is the version the client has seen; null where it did not say. A smaller table makes its combinations smaller. */
export function decideTableEdit(room: Room, id: string, edit: TableEdit, seen: number | null): HouseDecision {
  const { version: _version, ...named } = edit
  const table = room.tables.find((one) => one.id === id)
  const refusal = refusalOf(table, seen) ?? (named.number === undefined ? null : numberTaken(room, named.number, id))
  if (refusal) return { refusal }
  const fields = withoutUndefined(named)
  const edited = { ...table, ...fields }
  if ((edited.min_party ?? 1) > (edited.seats ?? 1)) return { refusal: mistake('min_party', 'must not be above seats') }
  return { id, fields, combinations: outgrown(room, id, edited.seats ?? 1) }
}

/** R35. No combination seats more than its tables: the size of those that would once a table has `seats`. */
function outgrown(room: Room, tableId: string, seats: number): CombinationSize[] {
  const tables = room.tables.map((table) => (table.id === tableId ? { ...table, seats } : table))
  return room.combinations
    .filter((one) => one.table_ids.includes(tableId))
    .flatMap(({ id, table_ids, min_party, max_party }) => {
      const most = seatsOf(tables, table_ids)
      return max_party <= most ? [] : [{ id, min_party: Math.min(min_party, most), max_party: most }]
    })
}

/** Whether something may be put away, as far as the rules know; whether a party is to come to it, the database does. */
export function decideRemoval(found: { version: number } | undefined, id: string, seen: number | null): HouseDecision {
  const refusal = refusalOf(found, seen)
  return refusal ? { refusal } : { id, fields: {} }
}

export function decideNewCombination(room: Room, input: NewCombination): HouseDecision {
  const refusal = tablesRefusal(room, input.table_ids, null)
  if (refusal) return { refusal }
  const max_party = input.max_party ?? seatsOf(room.tables, input.table_ids)
  return sizeDecision(room, { table_ids: input.table_ids, min_party: input.min_party, max_party })
}

export function decideCombinationEdit(
  room: Room,
  id: string,
  edit: CombinationEdit,
  seen: number | null,
): HouseDecision {
  const combination = room.combinations.find((one) => one.id === id)
  const refusal = refusalOf(combination, seen) ?? (edit.table_ids ? tablesRefusal(room, edit.table_ids, id) : null)
  if (refusal || !combination) return { refusal: refusal ?? { outcome: 'not_found' } }
  const table_ids = edit.table_ids ?? combination.table_ids
  const min_party = edit.min_party ?? combination.min_party
  const max_party = edit.max_party ?? combination.max_party
  const decision = sizeDecision(room, { table_ids, min_party, max_party })
  return 'refusal' in decision ? decision : { ...decision, id }
}

/** Kept in one order, so that the same tables named in another are the same combination. */
function sizeDecision(room: Room, one: Pick<Combination, 'table_ids' | 'min_party' | 'max_party'>): HouseDecision {
  const most = seatsOf(room.tables, one.table_ids)
  if (one.max_party > most) return { refusal: mistake('max_party', `must not be above their ${most} seats`) }
  if (one.min_party > one.max_party) return { refusal: mistake('min_party', 'must not be above max_party') }
  return { fields: { ...one, table_ids: one.table_ids.toSorted() } }
}

function tablesRefusal(room: Room, ids: string[], but: string | null): HouseRefusal | null {
  const errors = ids.flatMap((id, i) => {
    const table = room.tables.find((one) => one.id === id)
    if (table?.enabled) return []
    return [{ path: `table_ids.${i}`, message: table ? 'is not enabled' : 'is no table of this restaurant' }]
  })
  const [first] = errors
  if (first) return { outcome: 'validation_failed', detail: `${first.path}: ${first.message}`, errors }
  const same = room.combinations.some((one) => one.id !== but && sameSet(one.table_ids, ids))
  return same ? { outcome: 'already_exists', detail: 'These tables are a combination already.' } : null
}

function numberTaken(room: Room, number: string, but: string | null): HouseRefusal | null {
  if (!room.tables.some((table) => table.number === number && table.id !== but)) return null
  const errors = [{ path: 'number', message: 'is taken' }]
  return { outcome: 'already_exists', detail: `There is a table ${number} already.`, errors }
}

/** Against any edit of a thing: it is not there, or not as the client has seen it. */
export function refusalOf(found: { version: number } | undefined, seen: number | null): HouseRefusal | null {
  if (!found) return { outcome: 'not_found' }
  return seen !== null && seen !== found.version ? { outcome: 'stale_version', current: found } : null
}

export function mistake(path: string, message: string): HouseRefusal {
  return { outcome: 'validation_failed', detail: `${path}: ${message}`, errors: [{ path, message }] }
}

/** In the order people count: 2 before 10. */
export function byNumber(a: [number: string, id: string], b: [number: string, id: string]): number {
  return a[0].localeCompare(b[0], 'en', { numeric: true }) || (a[1] < b[1] ? -1 : Number(a[1] > b[1]))
}

export function seatsOf(tables: Table[], ids: string[]): number {
  return tables.reduce((sum, table) => sum + (ids.includes(table.id) ? table.seats : 0), 0)
}

function sameSet(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id))
}

export function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined))
}
