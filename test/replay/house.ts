import * as fc from 'fast-check'
import { wallOfText } from '../../bench/replay/wall.ts'
import type { Restaurant } from '../../src/restaurants/schema.ts'
import { defaultSettings } from '../../src/restaurants/schema.ts'
import { hoursOf } from '../../bench/replay/hours.ts'
import { roomOf } from '../../bench/replay/room.ts'
import { buffer_minutes } from '../../bench/replay/words.ts'

export type Visit = { visit: number; party_size: number }

export const wall = (text: string): number => wallOfText(text) ?? Number.NaN

const monday = wall('2017-01-02T00:00')
/** Some weeks of visits, at any minute of the day and night. */
export const visits: fc.Arbitrary<Visit[]> = fc.array(
  fc.record({
    visit: fc.integer({ min: 0, max: 28 * 24 * 4 }).map((quarter) => monday + quarter * 15),
    party_size: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 8 }) },
      { weight: 1, arbitrary: fc.integer({ min: 9, max: 96 }) },
    ),
  }),
  { minLength: 1, maxLength: 120 },
)

/** The restaurant that a replay would open, as the product's own rules see it. */
export function restaurantFor(of: Visit[]): Restaurant {
  const room = roomOf(of)
  return {
    id: 'r',
    slug: 'r',
    name: 'R',
    timezone: 'Asia/Tokyo',
    country: 'JP',
    currency: 'JPY',
    email: null,
    phone: null,
    address: null,
    languages: ['en'],
    settings: { ...defaultSettings, buffer_minutes },
    hours: hoursOf(of),
    special_days: [],
    tables: room.tables.map((table) => ({
      ...table,
      id: table.number,
      min_party: 1,
      area: null,
      position: null,
      notes: null,
      enabled: true,
      version: 1,
    })),
    combinations: room.combinations.map(({ numbers, ...sizes }, i) => ({
      ...sizes,
      id: `c${i}`,
      table_ids: numbers,
      version: 1,
    })),
    version: 1,
  }
}
