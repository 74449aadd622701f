import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decideCombinationEdit,
  decideNewCombination,
  decideNewTable,
  decideRemoval,
  decideTableEdit,
  type HouseDecision,
} from '../../src/restaurants/room-rules.ts'
import { tablesOf } from '../../src/restaurants/rules.ts'
import { house, id, table } from '../reservations/houses.ts'

const pair = { id: id(9), table_ids: [id(1), id(2)], min_party: 5, max_party: 6, version: 3 }
const room = house({ combinations: [pair] })
const refusalIn = (decision: HouseDecision): string | null => ('refusal' in decision ? decision.refusal.outcome : null)

describe('a table', () => {
  test('has a number of its own', () => {
    const plain = { seats: 2, min_party: 1, enabled: true }
    expect(decideNewTable(room, { ...plain, number: '4' })).toEqual({
      fields: { ...plain, number: '4', area: null, position: null, notes: null },
    })
    expect(refusalIn(decideNewTable(room, { ...plain, number: '3' }))).toBe('already_exists')
    expect(refusalIn(decideTableEdit(room, id(1), { number: '3' }, null))).toBe('already_exists')
    expect(decideTableEdit(room, id(1), { number: '1' }, null)).toEqual({
      id: id(1),
      fields: { number: '1' },
      combinations: [],
    })
  })

  test('is edited as it was seen, or not', () => {
    expect(refusalIn(decideTableEdit(room, id(7), {}, null))).toBe('not_found')
    expect(refusalIn(decideTableEdit(room, id(1), {}, 2))).toBe('stale_version')
    expect(refusalIn(decideTableEdit(room, id(1), {}, 1))).toBeNull()
    expect(refusalIn(decideRemoval(undefined, id(7), null))).toBe('not_found')
    expect(decideRemoval(pair, pair.id, 3)).toEqual({ id: pair.id, fields: {} })
  })

  test('with fewer seats leaves no combination larger than its tables', () => {
    expect(decideTableEdit(room, id(2), { seats: 2 }, null)).toMatchObject({
      combinations: [{ id: pair.id, min_party: 4, max_party: 4 }],
    })
    expect(refusalIn(decideTableEdit(room, id(2), { min_party: 5 }, null))).toBe('validation_failed')
    expect(refusalIn(decideTableEdit(room, id(2), { min_party: 5, seats: 5 }, null))).toBeNull()
  })
})

describe('a combination', () => {
  test.each([
    [{ table_ids: [id(3), id(1)], min_party: 1 }, null],
    [{ table_ids: [id(2), id(1)], min_party: 1 }, 'already_exists'],
    [{ table_ids: [id(1), id(8)], min_party: 1 }, 'validation_failed'],
    [{ table_ids: [id(1), id(3)], min_party: 1, max_party: 9 }, 'validation_failed'],
    [{ table_ids: [id(1), id(3)], min_party: 9 }, 'validation_failed'],
  ])('%j: %s', (input, refusal) => {
    expect(refusalIn(decideNewCombination(room, input))).toBe(refusal)
  })

  test('takes all their seats where not said', () => {
    expect(decideNewCombination(room, { table_ids: [id(3), id(1)], min_party: 1 })).toEqual({
      fields: { table_ids: [id(1), id(3)], min_party: 1, max_party: 8 },
    })
  })

  test('is edited within its tables', () => {
    expect(decideCombinationEdit(room, pair.id, { min_party: 2 }, 3)).toEqual({
      id: pair.id,
      fields: { table_ids: pair.table_ids, min_party: 2, max_party: 6 },
    })
    expect(refusalIn(decideCombinationEdit(room, pair.id, { max_party: 7 }, null))).toBe('validation_failed')
    expect(refusalIn(decideCombinationEdit(room, pair.id, { max_party: 4 }, null))).toBe('validation_failed')
    expect(refusalIn(decideCombinationEdit(room, pair.id, { table_ids: [id(2), id(1)] }, null))).toBeNull()
    expect(refusalIn(decideCombinationEdit(room, pair.id, {}, 2))).toBe('stale_version')
    expect(refusalIn(decideCombinationEdit(room, id(8), {}, null))).toBe('not_found')
  })

  test('R6 can be used while all its tables are enabled', () => {
    expect(tablesOf(pair, room.tables)).toHaveLength(2)
    expect(tablesOf(pair, [table(1, 2, { enabled: false }), table(2, 4)])).toBeNull()
    expect(tablesOf(pair, [table(1, 2)])).toBeNull()
  })
})

test('R35 whatever is edited, no combination seats more than its tables or fewer than one', () => {
  const size = fc.integer({ min: 1, max: 20 })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), size), { maxLength: 8 }),
      size,
      size,
      (edits, a, b) => {
        let now = house({ tables: [table(1, 10), table(2, 10), table(3, 10)] })
        const made = decideNewCombination(now, { table_ids: [id(1), id(3)], min_party: Math.min(a, b), max_party: a })
        if ('refusal' in made) return
        const sizes = { min_party: Math.min(a, b), max_party: a }
        now = { ...now, combinations: [{ id: id(9), table_ids: [id(1), id(3)], version: 1, ...sizes }] }
        for (const [n, seats] of edits) {
          const decision = decideTableEdit(now, id(n), { seats }, null)
          if ('refusal' in decision) throw new Error(decision.refusal.outcome)
          const tables = now.tables.map((one) => (one.id === id(n) ? { ...one, seats } : one))
          const shrunk = new Map(decision.combinations?.map((one) => [one.id, one]))
          now = { ...now, tables, combinations: now.combinations.map((one) => ({ ...one, ...shrunk.get(one.id) })) }
          for (const one of now.combinations) {
            const seats_of_both = (tables[0]?.seats ?? 0) + (tables[2]?.seats ?? 0)
            expect(one.max_party).toBeLessThanOrEqual(seats_of_both)
            expect(one.min_party).toBeGreaterThanOrEqual(1)
            expect(one.min_party).toBeLessThanOrEqual(one.max_party)
          }
        }
      },
    ),
  )
})
