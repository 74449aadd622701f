import fc from 'fast-check'
import { defaultSettings, type Restaurant } from '../../src/restaurants/schema.ts'
import type { Claim } from '../../src/reservations/schema.ts'
import { instantOf } from '../../src/platform/time.ts'

export const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** A house in memory: open all week 11:00 to 23:00 with tables for 2, 4 and 6, unless said. */
export function house(changes: Partial<Restaurant> = {}): Restaurant {
  return {
    id: id(1),
    slug: 'house',
    name: 'House',
    timezone: 'Asia/Singapore',
    country: 'SG',
    currency: 'SGD',
    email: null,
    phone: null,
    address: null,
    languages: ['en'],
    settings: defaultSettings,
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '11:00', closes: '23:00' }],
    special_days: [],
    tables: [table(1, 2), table(2, 4), table(3, 6)],
    combinations: [],
    version: 1,
    ...changes,
  }
}

export function table(
  n: number,
  seats: number,
  changes: Partial<Restaurant['tables'][number]> = {},
): Restaurant['tables'][number] {
  const plain = { min_party: 1, area: null, position: null, notes: null, enabled: true, version: 1 }
  return { id: id(n), number: String(n), seats, ...plain, ...changes }
}

export function claim(n: number, from: number, to: number, covers = 2): Claim {
  return { table_id: id(n), starts_at: from, ends_at: to, covers }
}

/** The instant of a wall time that exists. */
export function at(date: string, time: string, timezone = 'Asia/Singapore'): number {
  const resolved = instantOf(date, Number(time.slice(0, 2)) * 60 + Number(time.slice(3)), timezone)
  if (resolved.kind === 'gap') throw new Error(`${date} ${time} does not exist in ${timezone}`)
  return resolved.at
}

const zones = [
  'Asia/Singapore',
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
]
/** Ordinary days, and days on which the clocks of one of the zones change. */
const dates = [
  '2027-03-14',
  '2027-03-28',
  '2027-04-04',
  '2027-10-03',
  '2027-10-31',
  '2027-11-07',
  '2027-06-15',
  '2028-02-29',
]

const halfHour = (from: number, to: number): fc.Arbitrary<string> =>
  fc.integer({ min: from * 2, max: to * 2 - 1 }).map((n) => `${String(n >> 1).padStart(2, '0')}:${n % 2 ? '30' : '00'}`)

const openings = fc.oneof(
  fc.record({ opens: halfHour(8, 14), closes: halfHour(15, 24) }),
  fc.record({ opens: halfHour(16, 22), closes: halfHour(0, 5) }), // past midnight
  fc.constant({ opens: '11:00', closes: '24:00' }),
  fc.constant({ opens: '00:00', closes: '24:00' }),
)

/** Random houses: hours, turns, buffers, pacing, tables of every size, joinable ones, disabled ones, areas. */
export const randomHouse: fc.Arbitrary<Restaurant> = fc
  .record({
    timezone: fc.constantFrom(...zones),
    opening: openings,
    special: fc.option(fc.record({ date: fc.constantFrom(...dates), hours: fc.array(openings, { maxLength: 1 }) }), {
      freq: 3,
    }),
    seats: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 8 }),
    disabled: fc.option(fc.nat(7), { freq: 3 }),
    least: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
    joined: fc.array(fc.uniqueArray(fc.nat(7), { minLength: 2, maxLength: 3 }), { maxLength: 3 }),
    slot: fc.constantFrom(15, 30, 45, 60),
    buffer: fc.constantFrom(0, 10, 15),
    turn: fc.constantFrom(60, 90, 105, 200),
    last: fc.constantFrom(0, 0, 60, 120),
    covers: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 2, nil: null }),
    parties: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 3, nil: null }),
    max_party: fc.option(fc.integer({ min: 2, max: 10 }), { freq: 3, nil: null }),
  })
  .map((made) => {
    const tables = made.seats.map((seats, i) =>
      table(i + 1, seats, {
        enabled: made.disabled !== i,
        area: i % 2 ? 'terrace' : null,
        min_party: Math.min(seats, made.least[i] ?? 1),
      }),
    )
    const combinations = made.joined
      .filter((joined) => joined.every((i) => i < tables.length))
      .map((joined, i) => ({
        id: id(500 + i),
        table_ids: joined.map((j) => id(j + 1)),
        min_party: 1,
        max_party: joined.reduce((sum, j) => sum + (tables[j]?.seats ?? 0), 0),
        version: 1,
      }))
    return house({
      timezone: made.timezone,
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], ...made.opening }],
      special_days: made.special ? [{ ...made.special, reason: null }] : [],
      tables,
      combinations,
      settings: {
        ...defaultSettings,
        slot_minutes: made.slot,
        buffer_minutes: made.buffer,
        turn_rules: [
          { max_party: 4, minutes: made.turn },
          { max_party: 1000, minutes: made.turn + 30 },
        ],
        last_seating_minutes: made.last,
        max_party: made.max_party,
        pacing: { max_covers_per_slot: made.covers, max_parties_per_slot: made.parties },
      },
    })
  })

export const randomDate = fc.constantFrom(...dates)
