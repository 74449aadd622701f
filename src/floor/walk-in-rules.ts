import { closesAt, serviceAt, turnMinutes } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { seatingOf, type Seating } from '../reservations/rules.ts'
import { candidateTables, unusableTables } from '../reservations/tables-rules.ts'
import { wallOf } from '../platform/time.ts'
import type { WalkIn } from './schema.ts'

export type WalkInPlan = Seating & {
  named: string[] | null
  candidates: string[][]
  max_covers: number | null
  max_parties: number | null
}
export type WalkInDecision =
  | { plan: WalkInPlan }
  | {
      refusal: 'closed' | 'past_closing' | 'after_last_seating' | 'table_too_small' | 'no_table_fits'
      minutes?: number
    }
  | { unusable: string }

/**
 * R100. Who stands at the door is asked whether the house is open and until when, whether the kitchen takes it (which
 * staff may override) and whether the room can seat it; not for notice, nor the largest party that is booked.
 */
export function decideWalkIn(input: WalkIn, restaurant: Restaurant, now: number): WalkInDecision {
  const { settings, timezone } = restaurant
  const wall = wallOf(now, timezone)
  const service = serviceAt(restaurant, wall.date, wall.minute)
  if (!service) return { refusal: 'closed' }
  const closing = closesAt(restaurant, service)
  const minutes = input.minutes ?? turnMinutes(settings, input.party_size)
  const left = Math.floor((closing - now) / 60_000)
  if (minutes > left) return { refusal: 'past_closing', minutes: left }
  if (!input.override_pacing && now > closing - settings.last_seating_minutes * 60_000)
    return { refusal: 'after_last_seating' }

  const asked = input.table_ids ?? (input.table_id === undefined ? null : [input.table_id])
  const named = asked && asked.map((id) => id.toLowerCase())
  const candidates = named ? [] : candidateTables(restaurant, { ...input, area: input.area ?? null, table_id: null })
  if (named) {
    const unusable = unusableTables(restaurant, named)
    if (unusable) return { unusable }
    const tables = restaurant.tables.filter((table) => named.includes(table.id))
    const seats = tables.reduce((sum, table) => sum + table.seats, 0)
    if (seats < input.party_size && !input.allow_overfill) return { refusal: 'table_too_small' }
  } else if (candidates.length === 0) return { refusal: 'no_table_fits' }

  const { max_covers_per_slot, max_parties_per_slot } = settings.pacing
  const seating = seatingOf(restaurant, { at: now, ...wall, twice: false }, service, input.party_size)
  return {
    plan: {
      ...seating,
      ends_at: now + minutes * 60_000,
      named,
      candidates: candidates.map((one) => one.table_ids),
      max_covers: input.override_pacing ? null : max_covers_per_slot,
      max_parties: input.override_pacing ? null : max_parties_per_slot,
    },
  }
}
