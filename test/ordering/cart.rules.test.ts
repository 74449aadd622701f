import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { friendlyNames } from '../../src/ordering/nickname-rules.ts'
import {
  type Around,
  type By,
  cartHash,
  cartHashInput,
  type CartState,
  decide,
  evolve,
  mostLines,
  subtotalOf,
} from '../../src/ordering/rules.ts'
import type { CartLine, CartMutate } from '../../src/ordering/schema.ts'
import { sha256HexNow } from '../../src/platform/sha256.ts'
import type { Found } from '../../src/restaurants/menu-rules.ts'
import type { MenuItem } from '../../src/restaurants/menu-schema.ts'

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const [ana, bo, eve] = [id(1), id(2), id(3)]
const soupId = id(100)

function item(changes: Partial<MenuItem> = {}): MenuItem {
  return {
    id: soupId,
    name: 'Soup',
    price_minor: 900,
    description: null,
    variants: [],
    modifiers: [],
    allergens: ['celery'],
    diets: [],
    available: true,
    sold_out: false,
    stock: null,
    tax_permille: 70,
    windows: [],
    version: 1,
    ...changes,
  }
}
const found = (changes: Partial<MenuItem> = {}): Found => ({
  category: { id: id(200), name: 'Food', windows: [], items: [] },
  item: item(changes),
})
const around = (changes: Partial<MenuItem> = {}, new_line_id = id(900)): Around => ({
  found: found(changes),
  at: { weekday: 1, minute: 12 * 60 },
  new_line_id,
})
const by = (member_id: string | null, changes: Partial<By> = {}): By => {
  return { member_id, is_host: false, allergies: [], pass_needed: false, ...changes }
}
const create = (changes: Partial<CartMutate> = {}): CartMutate => {
  return { type: 'cart_mutate', request_id: 'r', op: 'create', menu_item_id: soupId, version: 0, ...changes }
}
const line = (changes: Partial<CartLine> = {}): CartLine => ({
  id: id(900),
  member_id: ana,
  menu_item_id: soupId,
  variant_id: null,
  modifiers: [],
  qty: 1,
  note: null,
  acknowledged: [],
  version: 1,
  name: 'Soup',
  unit_price_minor: 900,
  allergens: ['celery'],
  sold_out: false,
  ...changes,
})
const cart = (lines: CartLine[] = [], changes: Partial<CartState> = {}): CartState => {
  return { status: 'active', frozen: false, cart_version: 7, lines, ...changes }
}

describe('a command on a cart', () => {
  test('R50: closed before pass, pass before frozen, and nothing at all while any of them holds', () => {
    const commands = [create(), create({ op: 'update', line_id: id(900) }), create({ op: 'delete', line_id: id(900) })]
    for (const command of commands) {
      const state = { status: 'closed', frozen: true } as const
      expect(decide(cart([line()], state), command, by(ana, { pass_needed: true }), around())).toEqual({
        refusal: 'session_closed',
      })
      expect(decide(cart([line()], { frozen: true }), command, by(ana, { pass_needed: true }), around())).toEqual({
        refusal: 'pass_required',
      })
      expect(decide(cart([line()], { frozen: true }), command, by(ana), around())).toEqual({ refusal: 'cart_frozen' })
    }
  })

  test('R51: a new line is one’s own whatever cart_version it was made at', () => {
    for (const version of [0, 6, 7, 8]) {
      expect(decide(cart(), create({ version, qty: 2, note: 'hot' }), by(ana), around())).toEqual({
        event: { op: 'create', line: line({ qty: 2, note: 'hot' }) },
      })
    }
  })

  test('R51: update and delete name the line’s version', () => {
    const state = cart([line({ version: 3 })])
    for (const op of ['update', 'delete'] as const) {
      const command = create({ op, menu_item_id: undefined, line_id: id(900), qty: 2 })
      expect(decide(state, { ...command, version: 2 }, by(ana), around())).toEqual({ refusal: 'stale_line' })
      expect(decide(state, { ...command, version: 3 }, by(ana), around())).toMatchObject({ event: { op } })
      expect(decide(state, { ...command, line_id: id(901), version: 3 }, by(ana), around())).toEqual({
        refusal: 'unknown_line',
      })
      expect(decide(state, { ...command, line_id: undefined }, by(ana), around())).toEqual({ refusal: 'malformed' })
    }
  })

  test('R52: one’s own lines; the host and staff may take away anybody’s, and change nobody’s', () => {
    const state = cart([line()])
    const remove = create({ op: 'delete', menu_item_id: undefined, line_id: id(900), version: 1 })
    const update = create({ op: 'update', menu_item_id: undefined, line_id: id(900), version: 1, qty: 4 })
    expect(decide(state, remove, by(bo), around())).toEqual({ refusal: 'not_your_line' })
    for (const who of [by(ana), by(bo, { is_host: true }), by(null)])
      expect(decide(state, remove, who, around())).toMatchObject({ event: { op: 'delete' } })
    for (const who of [by(bo), by(bo, { is_host: true }), by(null)])
      expect(decide(state, update, who, around())).toEqual({ refusal: 'not_your_line' })
    expect(decide(state, create(), by(null), around())).toEqual({ refusal: 'malformed' })
  })

  test('R53: an allergy needs "I know" for each allergen the line holds, and keeps only those', () => {
    const state = cart()
    const who = by(ana, { allergies: ['celery', 'nuts', 'fish'] })
    const soup = around({ allergens: ['celery', 'nuts'] })
    expect(decide(state, create(), who, soup)).toEqual({ refusal: 'allergy_not_acknowledged' })
    expect(decide(state, create({ acknowledged: ['celery'] }), who, soup)).toEqual({
      refusal: 'allergy_not_acknowledged',
    })
    const told = decide(state, create({ acknowledged: ['celery', 'nuts', 'eggs'] }), who, soup)
    expect(told).toMatchObject({ event: { line: { acknowledged: ['celery', 'nuts'] } } })
    expect(decide(state, create(), by(ana, { allergies: ['fish'] }), soup)).toMatchObject({ event: {} })
  })

  test('R54: of what has run out no more is had; less may be', () => {
    const update = (qty: number): CartMutate =>
      create({ op: 'update', menu_item_id: undefined, line_id: id(900), version: 1, qty })
    const state = cart([line({ qty: 3 })])
    const out = around({ sold_out: true })
    expect(decide(cart(), create(), by(ana), out)).toEqual({ refusal: 'sold_out_item' })
    expect(decide(state, update(4), by(ana), out)).toEqual({ refusal: 'sold_out_item' })
    expect(decide(state, update(2), by(ana), out)).toMatchObject({ event: { line: { qty: 2, sold_out: true } } })
    const counted = (stock: number): Around => around({ stock }, id(901))
    expect(decide(state, create({ qty: 2 }), by(bo), counted(5))).toMatchObject({ event: {} })
    expect(decide(state, create({ qty: 3 }), by(bo), counted(5))).toEqual({ refusal: 'sold_out_item' })
    expect(decide(state, update(5), by(ana), counted(5))).toMatchObject({ event: {} })
    expect(decide(cart(), create(), by(ana), around({ available: false }))).toEqual({ refusal: 'unknown_item' })
    expect(decide(cart(), create(), by(ana), { ...around(), found: null })).toEqual({ refusal: 'unknown_item' })
    const noon = around({ windows: [{ days: [2], from: '08:00', until: '20:00' }] })
    expect(decide(cart(), create(), by(ana), noon)).toEqual({ refusal: 'not_served_now' })
  })

  test('R55: a cart holds two hundred lines, and a line ninety-nine', () => {
    const full = cart(Array.from({ length: mostLines }, (_none, n) => line({ id: id(1000 + n) })))
    expect(decide(full, create(), by(ana), around())).toEqual({ refusal: 'cart_full' })
    expect(decide(cart(full.lines.slice(1)), create(), by(ana), around())).toMatchObject({ event: {} })
    expect(decide(cart(), create({ qty: 99 }), by(ana), around())).toMatchObject({ event: {} })
    expect(decide(cart(), create({ qty: 100 }), by(ana), around())).toEqual({ refusal: 'malformed' })
  })

  test('variants and choices are those of the item, and its price is theirs', () => {
    const [glass, bottle] = [id(301), id(302)]
    const variants = [
      { id: glass, name: 'Glass', price_minor: 1200 },
      { id: bottle, name: 'Bottle', price_minor: 5200 },
    ]
    expect(decide(cart(), create(), by(ana), around({ variants }))).toEqual({ refusal: 'bad_variant' })
    const wine = decide(cart(), create({ variant_id: bottle }), by(ana), around({ variants }))
    expect(wine).toMatchObject({
      event: { line: { variant_id: bottle, unit_price_minor: 5200, name: 'Soup, Bottle' } },
    })
    const modifiers = [{ group_id: id(400), option_ids: [id(401)] }]
    expect(decide(cart(), create({ modifiers }), by(ana), around())).toEqual({ refusal: 'bad_modifiers' })
  })
})

// Commands of three members over a handful of lines and versions, so that they do meet.
const member = fc.constantFrom(ana, bo, eve)
const command = fc.record({
  member,
  op: fc.constantFrom('create', 'update', 'delete'),
  pick: fc.nat(6),
  qty: fc.integer({ min: 1, max: 5 }),
  skew: fc.constantFrom(0, 0, 0, 1, -1),
  host: fc.boolean(),
})

const same = (lines: CartLine[]): string => JSON.stringify(lines.toSorted((a, b) => (a.id < b.id ? -1 : 1)))

describe('whatever is commanded', () => {
  test('versions count one by one, only the owner changes a line, and a refusal changes nothing', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        let lines: CartLine[] = []
        let cart_version = 0
        for (const [n, one] of commands.entries()) {
          const target = lines[one.pick % Math.max(1, lines.length)]
          const wish = create({
            op: one.op,
            qty: one.qty,
            version: Math.max(0, (target?.version ?? 0) + one.skew),
            ...(one.op === 'create' ? {} : { menu_item_id: undefined, line_id: target?.id ?? id(1) }),
          })
          const before = structuredClone(lines)
          const decision = decide(
            cart(lines, { cart_version }),
            wish,
            by(one.member, { is_host: one.host }),
            around({}, id(5000 + n)),
          )
          expect(lines).toEqual(before)
          if ('refusal' in decision) continue
          const { event } = decision
          lines = evolve(lines, event)
          cart_version += 1
          if (event.op === 'create') {
            expect(event.line).toMatchObject({ member_id: one.member, version: 1, qty: one.qty })
            expect(lines.length).toBe(before.length + 1)
          } else {
            expect(wish.version).toBe(target?.version)
            if (event.op === 'update') {
              expect(event.line).toEqual({ ...target, qty: one.qty, version: (target?.version ?? 0) + 1 })
              expect(target?.member_id).toBe(one.member)
            } else {
              expect(lines.some((kept) => kept.id === event.line.id)).toBe(false)
              expect(target?.member_id === one.member || one.host).toBe(true)
            }
          }
          expect(new Set(lines.map((kept) => kept.id)).size).toBe(lines.length)
          expect(subtotalOf(lines)).toBe(lines.reduce((sum, kept) => sum + kept.qty * 900, 0))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('R57: carts have one hash exactly if they hold the same lines, in whatever order they came', () => {
    const aLine = fc
      .record({ n: fc.nat(9), qty: fc.integer({ min: 1, max: 3 }), version: fc.integer({ min: 1, max: 3 }), member })
      .map(({ n, qty, version, member: member_id }) => line({ id: id(n), qty, version, member_id }))
    const some = fc.uniqueArray(aLine, { selector: (one) => one.id, maxLength: 6 })
    fc.assert(
      fc.property(some, some, fc.nat(), (one, other, seed) => {
        const shuffled = one.toSorted((a, b) => ((a.qty * 7 + seed) % 3) - ((b.qty * 7 + seed) % 3))
        expect(cartHash(shuffled)).toBe(cartHash(one))
        expect(cartHash(one) === cartHash(other)).toBe(same(one) === same(other))
      }),
    )
    const groups = [
      { group_id: id(2), option_ids: [id(21), id(20)] },
      { group_id: id(1), option_ids: [id(11)] },
    ]
    const turned = groups.toReversed().map((one) => ({ ...one, option_ids: one.option_ids.toReversed() }))
    expect(cartHash([line({ modifiers: groups })])).toBe(cartHash([line({ modifiers: turned })]))
    expect(cartHash([line({ sold_out: true })])).toBe(cartHash([line()]))
    expect(cartHashInput([line()])).toBe(
      `[{"id":"${id(900)}","member_id":"${ana}","menu_item_id":"${soupId}","modifiers":[],"note":null,"qty":1,"variant_id":null,"version":1}]`,
    )
  })

  test('the hash is SHA-256, as everybody else reckons it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        expect(sha256HexNow(text)).toBe(createHash('sha256').update(text).digest('hex'))
      }),
    )
    for (let n = 50; n < 140; n++)
      expect(sha256HexNow('x'.repeat(n))).toBe(createHash('sha256').update('x'.repeat(n)).digest('hex'))
  })
})

test('friendly names are the same for a seed, all different, and of two words', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 }), (seed) => {
      const names = friendlyNames(seed, 60)
      expect(names).toEqual(friendlyNames(seed, 60))
      expect(new Set(names).size).toBe(60)
      expect(names.every((name) => /^[A-Z]\w+ [A-Z]\w+$/.test(name))).toBe(true)
    }),
  )
})
