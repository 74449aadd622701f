/**
 * The product's promises once more, as naively as can be: written from its words and sharing no line with it, so that a
 * mistake there is not repeated here.
 */
import { instantOf, type Wish } from './deed.ts'
import type { House } from './house.ts'

/** A table is kept for the turn and the time to lay it again. Milliseconds. */
export function windowOf(house: House, wish: Wish): { from: number; until: number } {
  const { turn_rules, buffer_minutes } = house.rules
  const rule = turn_rules.find((one) => wish.party <= one.max_party)
  if (!rule) throw new Error('the house of a proof has a turn for every party')
  const from = instantOf(wish.date, wish.time)
  return { from, until: from + (rule.minutes + buffer_minutes) * 60_000 }
}

/** Each way to seat the party in an empty room. */
export function waysToSeat(house: House, wish: Wish): string[][] {
  const { tables, combinations } = house
  if (wish.table_id)
    return tables.filter((one) => one.id === wish.table_id && one.seats >= wish.party).map((one) => [one.id])
  const alone = tables.filter((one) => one.seats >= wish.party && one.min_party <= wish.party).map((one) => [one.id])
  const joined = combinations
    .filter((one) => one.min_party <= wish.party && wish.party <= one.max_party)
    .map((one) => one.table_ids)
  return [...alone, ...joined]
}

/** The slot whose arrivals are paced together: counted from the opening of the day. Milliseconds. */
export function slotOf(house: House, at: number, date: string): { from: number; until: number } {
  const opens = instantOf(date, house.rules.opens)
  const slot = house.rules.slot_minutes * 60_000
  const from = opens + Math.floor((at - opens) / slot) * slot
  return { from, until: from + slot }
}
