import * as z from 'zod'
import type { Arena } from './arena.ts'

/** What the house promises, in the product's words; the oracle reads this and never asks the product's own rules. */
export type HouseRules = {
  opens: string
  closes: string
  slot_minutes: number
  buffer_minutes: number
  hold_minutes: number
  turn_rules: { max_party: number; minutes: number }[]
  pacing: { max_covers_per_slot: number | null; max_parties_per_slot: number | null }
  per_phone: 'any' | 'no_overlap' | 'one_upcoming'
}
export type HouseTable = { id: string; number: string; seats: number; min_party: number }
export type HouseCombination = { table_ids: string[]; min_party: number; max_party: number }
export type House = {
  id: string
  key: string
  name: string
  rules: HouseRules
  tables: HouseTable[]
  combinations: HouseCombination[]
}

export type HousePlan = Partial<HouseRules> & {
  tables: { seats: number; min_party?: number }[]
  /** Tables by their place in `tables`, from 0. */
  joined?: { tables: number[]; min_party: number; max_party: number }[]
}

const Opened = z.object({
  data: z.object({
    restaurant: z.object({ id: z.string() }),
    api_key: z.string(),
    tables: z.array(z.object({ id: z.string(), number: z.string(), seats: z.int(), min_party: z.int() })),
  }),
})

const usualRules: HouseRules = {
  opens: '11:00',
  closes: '23:30',
  slot_minutes: 30,
  buffer_minutes: 0,
  hold_minutes: 5,
  turn_rules: [
    { max_party: 2, minutes: 90 },
    { max_party: 4, minutes: 105 },
    { max_party: 1000, minutes: 120 },
  ],
  pacing: { max_covers_per_slot: null, max_parties_per_slot: null },
  per_phone: 'no_overlap',
}

/** No daylight saving, so that the oracle's arithmetic is beyond doubt; clock changes have proofs of their own. */
export const zone = { name: 'Asia/Singapore', offset: '+08:00' }

let opened = 0

/** A restaurant of the round's own, opened as an operator does, with a key that no rate limit stops. */
export async function openHouse(arena: Arena, plan: HousePlan): Promise<House> {
  opened += 1
  const name = `prove-${process.pid}-${Date.now().toString(36)}-${opened}`
  const { tables, joined = [], ...changes } = plan
  const rules = { ...usualRules, ...changes }
  const { opens, closes, ...settings } = rules
  const body = {
    slug: name,
    name,
    timezone: zone.name,
    country: 'SG',
    currency: 'SGD',
    settings,
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens, closes }],
    tables: tables.map((table, index) => ({ ...table, number: String(index + 1) })),
  }
  const headers = { authorization: `Bearer ${arena.platform_key}`, 'content-type': 'application/json' }
  const reply = await arena.send({ method: 'POST', path: '/api/restaurants', headers, body: JSON.stringify(body) })
  if (reply.status !== 201) throw new Error(`The house did not open: ${reply.status} ${reply.text}`)
  const { data } = Opened.parse(JSON.parse(reply.text))
  await arena.sql('update api_keys set rate_per_minute = 10000000 where restaurant_id = $1', [data.restaurant.id])

  const byNumber = data.tables.toSorted((a, b) => Number(a.number) - Number(b.number))
  const combinations = joined.map(({ tables: places, min_party, max_party }) => ({
    table_ids: places.map((place) => byNumber[place]?.id ?? ''),
    min_party,
    max_party,
  }))
  for (const { table_ids, min_party, max_party } of combinations) {
    await arena.sql(
      'insert into combinations (restaurant_id, table_ids, min_party, max_party) values ($1, $2, $3, $4)',
      [data.restaurant.id, table_ids, min_party, max_party],
    )
  }
  return { id: data.restaurant.id, key: data.api_key, name, rules, tables: byNumber, combinations }
}
