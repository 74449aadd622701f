import { offsetMinutes, wallOf } from '../../src/platform/time.ts'
import type { House } from '../factories.ts'
import type { Party } from './evenings.ts'

/** What figures should be, by counting party by party, minute by minute, with nothing of the product's SQL. */
export type Counted = {
  parties: number
  covers: number
  seated_parties: number
  seated_covers: number
  cancelled_parties: number
  cancelled_covers: number
  no_show_parties: number
  no_show_covers: number
}

export const real = (one: Party): boolean =>
  one.status !== 'held' && !(one.status === 'cancelled' && (one.cancel_reason === 'hold_lapsed' || one.name === null))

const came = (one: Party): boolean => one.status === 'seated' || one.status === 'completed'

const sum = (of: Party[]): number => of.reduce((total, one) => total + one.party_size, 0)

export function countOutcomes(parties: Party[]): Counted {
  const all = parties.filter(real)
  const [seated, cancelled, missing] = [
    all.filter(came),
    all.filter((one) => one.status === 'cancelled'),
    all.filter((one) => one.status === 'no_show'),
  ]
  return {
    parties: all.length,
    covers: sum(all),
    seated_parties: seated.length,
    seated_covers: sum(seated),
    cancelled_parties: cancelled.length,
    cancelled_covers: sum(cancelled),
    no_show_parties: missing.length,
    no_show_covers: sum(missing),
  }
}

/** From when to when a party sat; null for one that never did. */
export function stay(one: Party, now: number): { from: number; to: number } | null {
  if (!came(one) || !real(one)) return null
  const from = one.seated_at ?? one.starts_at
  return { from, to: one.completed_at ?? Math.max(from, Math.min(now, one.ends_at)) }
}

/** Guest-minutes by half-hour of the wall clock, second by second in steps that divide every clock's changes. */
export function guestMinutes(parties: Party[], house: House, now: number): Map<string, number> {
  const bins = new Map<string, number>()
  const step = 1_000 * 30
  for (const one of parties) {
    const sat = stay(one, now)
    if (!sat) continue
    for (let at = sat.from; at < sat.to;) {
      const next = Math.min(sat.to, Math.floor(at / step) * step + step)
      const { minute } = wallOf(at, house.timezone)
      const half = minute - (minute % 30)
      const name = `${String(Math.floor(half / 60)).padStart(2, '0')}:${String(half % 60).padStart(2, '0')}`
      bins.set(name, (bins.get(name) ?? 0) + ((next - at) / 60_000) * one.party_size)
      at = next
    }
  }
  return bins
}

/** Days from the local date it was booked to its service day. */
export function leadDays(one: Party, house: House): number {
  const made = new Date(one.created_at + offsetMinutes(one.created_at, house.timezone) * 60_000)
    .toISOString()
    .slice(0, 10)
  return Math.max(0, Math.round((Date.parse(one.day) - Date.parse(made)) / 86_400_000))
}

/** The least of the values, to the nearest five, that at least this share does not exceed. */
export function nearestRank(minutes: number[], share: number): number | null {
  const sorted = minutes.map((one) => Math.round(one / 5 + 1e-9) * 5).toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? null
}
