import { serviceAt } from '../../restaurants/rules.ts'
import type { Restaurant, Table } from '../../restaurants/schema.ts'
import { wantedOf } from '../nearest-rules.ts'
import { arrivalOf, clockRefusals, type Decision, seatingOf, slotLoad, slotsOn } from '../rules.ts'
import type { BookingRequest, Claim, RefusalCode } from '../schema.ts'
import { busyTables } from '../tables-rules.ts'
import { chooseGroupTables, seatsOf } from './tables-rules.ts'

/** A party at several tables that no combination joins. `tables`: exactly those. */
export type GroupRequest = BookingRequest & { tables: string[] | null }

/** R149. How large a group the house takes: what it says, else all its seats. */
export function largestGroup({ settings, tables }: Pick<Restaurant, 'settings' | 'tables'>): number {
  return settings.max_group ?? tables.reduce((sum, table) => sum + (table.enabled ? table.seats : 0), 0)
}

/**
 * Whether a group can be seated then, and where, by the claims of its days as they were read. `kept` are the tables it has
 * already: first choice where they still seat it. `now` in milliseconds.
 */
export function decideGroup(
  request: GroupRequest,
  restaurant: Restaurant,
  claims: Claim[],
  kept: string[] | null,
  now: number,
  choose: typeof chooseGroupTables = chooseGroupTables,
): Decision {
  const arrival = arrivalOf(request.moment, restaurant.timezone)
  if (!arrival) return { refusal: 'nonexistent_time' }
  const service = serviceAt(restaurant, arrival.date, arrival.minute)
  const [first] = clockRefusals(restaurant, arrival, service, request.party_size, now)
  if (first || !service) return { refusal: first ?? 'closed' }
  const room = roomFor(request, restaurant)
  if ('refusal' in room) return room
  const seating = seatingOf(restaurant, arrival, service, request.party_size)
  const { max_covers_per_slot: max_covers, max_parties_per_slot: max_parties } = restaurant.settings.pacing
  const load = slotLoad(claims, seating)
  if (max_parties !== null && load.parties + 1 > max_parties) return { refusal: 'pacing_parties' }
  if (max_covers !== null && load.covers + request.party_size > max_covers) return { refusal: 'pacing_covers' }

  const busy = busyTables(claims, seating)
  const free = room.tables.filter((table) => !busy.has(table.id))
  const candidates = request.tables
    ? free.length === request.tables.length
      ? [request.tables]
      : []
    : choose(restaurant, free, request.party_size)
  if (candidates.length === 0) return { refusal: 'sold_out' }
  const fits = kept !== null && !request.tables && stillFits(kept, free, candidates[0] ?? [], request.party_size)
  return {
    plan: {
      ...seating,
      party_size: request.party_size,
      preferred: fits ? kept : null,
      candidates,
      max_covers,
      max_parties,
      twice: arrival.twice,
    },
  }
}

/** What no hour of the day could change: how large it is, the tables asked for, the room. */
function roomFor(request: GroupRequest, restaurant: Restaurant): { tables: Table[] } | { refusal: RefusalCode } {
  if (request.party_size > largestGroup(restaurant)) return { refusal: 'party_too_large' }
  const { area, tables: asked } = request
  const usable = restaurant.tables.filter(
    (table) =>
      table.enabled && (asked ? asked.includes(table.id) : !area || table.area?.toLowerCase() === area.toLowerCase()),
  )
  if (asked && usable.length < asked.length) return { refusal: 'no_table_fits' }
  if (seatsOf(usable) < request.party_size) return { refusal: asked ? 'table_too_small' : 'no_table_fits' }
  return { tables: usable }
}

/** A group that only comes at another time stays where it is, while it needs as many tables as it has. */
function stillFits(kept: string[], usable: Table[], best: string[], party_size: number): boolean {
  const its = usable.filter((table) => kept.includes(table.id))
  return its.length === kept.length && kept.length <= best.length && seatsOf(its) >= party_size
}

/** Whether a group could be seated, where it matters not at which tables. */
const anyTables: typeof chooseGroupTables = (_room, free, party_size) =>
  seatsOf(free) >= party_size ? [free.map((table) => table.id)] : []

/** The nearest times of that day at which the group could be seated, four at the most; instants in milliseconds. */
export function nearestGroupTimes(
  request: GroupRequest,
  restaurant: Restaurant,
  claims: Claim[],
  date: string,
  now: number,
): { time_minute: number; at: number }[] {
  const wanted = wantedOf(restaurant, request.moment).at
  const isOpen = (at: number): boolean =>
    'plan' in decideGroup({ ...request, moment: { at } }, restaurant, claims, null, now, anyTables)
  return slotsOn(restaurant, date)
    .filter(({ arrival }) => isOpen(arrival.at))
    .map(({ arrival }) => ({ time_minute: arrival.minute, at: arrival.at }))
    .toSorted((a, b) => Math.abs(a.at - wanted) - Math.abs(b.at - wanted) || a.at - b.at)
    .slice(0, 4)
}
