import type { Restaurant, Table } from '../../restaurants/schema.ts'

type Seat = Pick<Table, 'id' | 'seats' | 'area' | 'number'>
type Room = Pick<Restaurant, 'tables' | 'combinations'>

// Each set beyond the first is for a race that took a table of the one before.
const mostSets = 24
// From how many tables a set is tried to be grown.
const mostSeeds = 16

/**
 * R150. The tables to put a group at, the best set first: of one area where one area can seat it, of as few tables as can
 * be, with the fewest empty seats, and among equals those that the house's combinations say stand together.
 */
export function chooseGroupTables(room: Room, free: Seat[], party_size: number): string[][] {
  const areas = new Map<string, Seat[]>()
  for (const table of free) {
    const area = table.area?.toLowerCase() ?? ''
    areas.set(area, [...(areas.get(area) ?? []), table])
  }
  const neighbours = neighboursOf(room)
  const inOneArea = [...areas.values()].flatMap((tables) => setOf(tables, party_size, neighbours) ?? [])
  const pools = inOneArea.length > 0 ? [...areas.values()] : [free]
  const found = new Map<string, Seat[]>()
  const add = (set: Seat[] | null): void => {
    if (set) found.set(keyOf(set), set)
  }
  for (const pool of pools) {
    for (let rest = pool; found.size < mostSets;) {
      const set = setOf(rest, party_size, neighbours)
      if (!set) break
      add(set)
      // Beside the best set, those that do without any one of its tables; then what can be had without any of them.
      for (const gone of set.slice(0, 8)) add(setOf(without(rest, [gone]), party_size, neighbours))
      rest = without(rest, set)
    }
  }
  return [...found.values()]
    .toSorted(
      (a, b) => a.length - b.length || seatsOf(a) - seatsOf(b) || linksIn(b, neighbours) - linksIn(a, neighbours),
    )
    .slice(0, mostSets)
    .map((set) => set.map((table) => table.id))
}

type Neighbours = Map<string, Set<string>>

/** Tables that are in one combination stand together. */
function neighboursOf(room: Room): Neighbours {
  const found: Neighbours = new Map()
  for (const { table_ids } of room.combinations) {
    for (const id of table_ids) found.set(id, new Set([...(found.get(id) ?? []), ...table_ids]))
  }
  return found
}

export const seatsOf = (set: Pick<Table, 'seats'>[]): number => set.reduce((sum, table) => sum + table.seats, 0)
const keyOf = (set: Seat[]): string =>
  set
    .map((table) => table.id)
    .toSorted()
    .join()
const without = (pool: Seat[], gone: Seat[]): Seat[] => pool.filter((table) => !gone.includes(table))

function linksIn(set: Seat[], neighbours: Neighbours): number {
  return set.reduce(
    (sum, one) => sum + set.filter((other) => other !== one && neighbours.get(one.id)?.has(other.id)).length,
    0,
  )
}

/** The best set of a pool: how many tables of which size, then which of them. Null where all of it is too small. */
function setOf(pool: Seat[], party_size: number, neighbours: Neighbours): Seat[] | null {
  const sizes = sizesFor(pool, party_size)
  return sizes ? standingTogether(pool, sizes, neighbours) : null
}

/** So many tables of the sizes that were looked at, seating so many; of which sizes, back to the first. */
type Way = { tables: number; seats: number; last: { size: number; count: number; before: Way } | null }

/** How many tables of each size: as few as can be, then with the fewest seats over. */
function sizesFor(pool: Seat[], party_size: number): Map<number, number> | null {
  const sizes = pool.map((table) => table.seats).toSorted((a, b) => b - a)
  const upTo = [0]
  for (const size of sizes) upTo.push((upTo.at(-1) ?? 0) + size)
  const fewest = upTo.findIndex((seats) => seats >= party_size)
  if (fewest < 0) return null
  const counts = new Map<number, number>()
  for (const size of sizes) counts.set(size, (counts.get(size) ?? 0) + 1)

  // Size by size, the largest first. Few tables being wanted, most ways fall short and are given up at once.
  let ways: Way[] = [{ tables: 0, seats: 0, last: null }]
  let seen = 0
  for (const [size, there] of counts) {
    seen += there
    const found = new Map<number, Way>()
    for (const before of ways) {
      for (let count = 0; count <= Math.min(there, fewest - before.tables); count++) {
        const tables = before.tables + count
        const seats = before.seats + count * size
        const most = seats + (upTo[Math.min(seen + fewest - tables, sizes.length)] ?? 0) - (upTo[seen] ?? 0)
        const key = tables * 100_000 + seats
        if (most >= party_size && !found.has(key)) found.set(key, { tables, seats, last: { size, count, before } })
      }
    }
    ways = [...found.values()]
  }
  const best = ways.filter((way) => way.tables === fewest).toSorted((a, b) => a.seats - b.seats)[0]
  const chosen = new Map<number, number>()
  for (let way = best; way?.last; way = way.last.before) chosen.set(way.last.size, way.last.count)
  return chosen
}

/** Which tables of those sizes: grown from each in turn by its neighbours, the set with the most of them together. */
function standingTogether(pool: Seat[], sizes: Map<number, number>, neighbours: Neighbours): Seat[] {
  let best: Seat[] = []
  let links = -1
  let tried = 0
  for (const seed of pool) {
    if (!sizes.get(seed.seats) || (tried > 0 && !neighbours.has(seed.id))) continue
    if (++tried > mostSeeds) break
    const set = grownFrom(seed, pool, new Map(sizes), neighbours)
    const its = linksIn(set, neighbours)
    if (its > links) [best, links] = [set, its]
  }
  return best
}

function grownFrom(seed: Seat, pool: Seat[], wanted: Map<number, number>, neighbours: Neighbours): Seat[] {
  const set: Seat[] = []
  const rest = new Set(pool)
  const near = new Set<string>()
  for (let next: Seat | undefined = seed; next;) {
    set.push(next)
    rest.delete(next)
    wanted.set(next.seats, (wanted.get(next.seats) ?? 0) - 1)
    for (const id of neighbours.get(next.id) ?? []) near.add(id)
    let beside: Seat | undefined
    let any: Seat | undefined
    for (const table of rest) {
      if ((wanted.get(table.seats) ?? 0) <= 0) continue
      any ??= table
      if (near.has(table.id)) beside = table
      if (beside) break
    }
    next = beside ?? any
  }
  return set
}
