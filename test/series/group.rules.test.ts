import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideGroup, type GroupRequest } from '../../src/reservations/groups/rules.ts'
import { chooseGroupTables } from '../../src/reservations/groups/tables-rules.ts'
import type { Restaurant, Table } from '../../src/restaurants/schema.ts'
import { defaultSettings } from '../../src/restaurants/schema.ts'
import { at, claim, house, id, table } from '../reservations/houses.ts'

const numbersOf = (ids: string[] | undefined): number[] =>
  (ids ?? []).map((one) => Number(one.slice(-3))).toSorted((a, b) => a - b)
const joined = (...tables: number[]): Restaurant['combinations'][number] => ({
  id: id(900 + (tables[0] ?? 0)),
  table_ids: tables.map(id),
  min_party: 1,
  max_party: 20,
  version: 1,
})
const seats = (set: Table[]): number => set.reduce((sum, one) => sum + one.seats, 0)

const areaOf = (one: Table): string => one.area?.toLowerCase() ?? ''

/** Every set of tables that seats the party, the hard way. */
function allSets(tables: Table[], party: number): Table[][] {
  const sets: Table[][] = []
  for (let bits = 1; bits < 1 << tables.length; bits++) {
    const set = tables.filter((_, i) => bits & (1 << i))
    if (seats(set) >= party) sets.push(set)
  }
  return sets
}

const room = fc
  .array(fc.record({ seats: fc.integer({ min: 1, max: 10 }), area: fc.constantFrom(null, 'Terrace', 'terrace') }), {
    minLength: 1,
    maxLength: 9,
  })
  .map((made) => made.map((one, i) => table(i + 1, one.seats, { area: one.area })))
const links = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 3 }), { maxLength: 4 })

describe('R150 the tables of a group', () => {
  test('seat it, in one area where one can, as few as can be, with the fewest seats over: against all sets', () => {
    fc.assert(
      fc.property(room, links, fc.integer({ min: 1, max: 60 }), (tables, joins, party) => {
        const known = joins.map((join) => join.filter((n) => n <= tables.length)).filter((join) => join.length > 1)
        const restaurant = house({ tables, combinations: known.map((join) => joined(...join)) })
        const found = chooseGroupTables(restaurant, tables, party).map((ids) =>
          ids.map((one) => tables.find((each) => each.id === one) ?? table(0, 0)),
        )
        const possible = allSets(tables, party)
        const inOne = possible.filter((set) => new Set(set.map(areaOf)).size === 1)
        const pool = inOne.length > 0 ? inOne : possible
        const [first] = found
        expect(first === undefined).toBe(possible.length === 0)
        if (!first) return
        const fewest = Math.min(...pool.map((set) => set.length))
        const least = Math.min(...pool.filter((set) => set.length === fewest).map(seats))
        expect([first.length, seats(first)]).toEqual([fewest, least])
        for (const set of found) {
          expect(seats(set)).toBeGreaterThanOrEqual(party)
          expect(new Set(set).size).toBe(set.length)
          // None of them is there for nothing.
          for (const one of set) expect(seats(set) - one.seats).toBeLessThan(party)
          if (inOne.length > 0) expect(new Set(set.map(areaOf)).size).toBe(1)
        }
        expect(
          new Set(
            found.map((set) =>
              set
                .map((one) => one.id)
                .toSorted()
                .join(),
            ),
          ).size,
        ).toBe(found.length)
      }),
      { numRuns: 400 },
    )
  })

  test('among equals, those that stand together', () => {
    const tables = [1, 2, 3, 4, 5, 6].map((n) => table(n, 4))
    const restaurant = house({ tables, combinations: [joined(2, 5), joined(5, 6)] })
    expect(numbersOf(chooseGroupTables(restaurant, tables, 12)[0])).toEqual([2, 5, 6])
  })

  test('a hundred guests in a room of two hundred tables are placed in a moment', () => {
    const tables = Array.from({ length: 200 }, (_, i) => table(i + 1, 2 + (i % 7), { area: i % 2 ? 'garden' : 'hall' }))
    const restaurant = house({
      tables,
      combinations: Array.from({ length: 60 }, (_, i) => joined(3 * i + 1, 3 * i + 2, 3 * i + 3)),
    })
    const sets = chooseGroupTables(restaurant, tables, 300)
    expect(sets.length).toBeGreaterThan(5)
    expect(sets[0]?.length).toBe(44)
  })
})

const hall = (settings = {}): Restaurant =>
  house({ tables: [1, 2, 3, 4].map((n) => table(n, 6)), settings: { ...defaultSettings, max_party: 6, ...settings } })
const ask = (more: Partial<GroupRequest> = {}): GroupRequest => ({
  moment: { date: '2027-06-15', time: '19:00' },
  party_size: 22,
  area: null,
  table_id: null,
  tables: null,
  ...more,
})

describe('R149 a group', () => {
  const now = at('2027-06-01', '12:00')
  const decide = (restaurant: Restaurant, request: GroupRequest, claims = [] as ReturnType<typeof claim>[]): unknown =>
    decideGroup(request, restaurant, claims, null, now)

  test('may be larger than max_party, not than max_group, and never than the room', () => {
    expect(decide(hall(), ask())).toMatchObject({ plan: { candidates: [[id(1), id(2), id(3), id(4)]] } })
    expect(decide(hall({ max_group: 20 }), ask())).toEqual({ refusal: 'party_too_large' })
    expect(decide(hall({ max_group: 90 }), ask({ party_size: 25 }))).toEqual({ refusal: 'no_table_fits' })
    expect(decide(hall(), ask({ party_size: 25 }))).toEqual({ refusal: 'party_too_large' })
  })
  test('is refused as any party by the clock, the kitchen and what is taken', () => {
    const busy = claim(2, at('2027-06-15', '18:00'), at('2027-06-15', '20:00'))
    expect(decide(hall(), ask(), [busy])).toEqual({ refusal: 'sold_out' })
    expect(decide(hall(), ask({ party_size: 18 }), [busy])).toMatchObject({
      plan: { candidates: [[id(1), id(3), id(4)]] },
    })
    expect(decide(hall(), ask({ moment: { date: '2027-06-15', time: '22:30' } }))).toEqual({ refusal: 'past_closing' })
    const pacing = { max_covers_per_slot: 20, max_parties_per_slot: null }
    expect(decide(hall({ pacing }), ask())).toEqual({ refusal: 'pacing_covers' })
  })
  test('gets exactly the tables it asks for, or none', () => {
    const busy = claim(2, at('2027-06-15', '18:00'), at('2027-06-15', '20:00'))
    const two = { party_size: 11, tables: [id(3), id(2)] }
    expect(decide(hall(), ask(two))).toMatchObject({ plan: { candidates: [[id(3), id(2)]] } })
    expect(decide(hall(), ask(two), [busy])).toEqual({ refusal: 'sold_out' })
    expect(decide(hall(), ask({ ...two, party_size: 13 }))).toEqual({ refusal: 'table_too_small' })
    expect(decide(hall(), ask({ ...two, tables: [id(3), id(99)] }))).toEqual({ refusal: 'no_table_fits' })
  })
})
