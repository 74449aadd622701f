import { workingDay } from './wall.ts'
import { takenMinutes } from './words.ts'

export type Room = {
  tables: { number: string; seats: number }[]
  combinations: { numbers: string[]; min_party: number; max_party: number }[]
}
type Visit = { visit: number; party_size: number }

/** Seats of single tables; what is larger joins tables. */
const singleSizes = [2, 4, 6, 8]
const joinedSizes = [12, 16, 24, 32, 48, 64, 96]
const largestSingle = 8
const mostJoined = 12
/** The house is laid for all but its busiest day in five. */
const share = 0.8
/** So that no file asks for a larger room than the product takes. */
const mostOfSize = 40

/**
 * A room sized to its demand. For each size of table: of all parties in the data that want that size, how many sat at
 * once at the peak of each working day; of those peaks, the 80th percentile (days without such a party count as 0),
 * and at least one. Parties above eight are sized likewise by classes of 12, 16, 24 … and get groups of joinable
 * tables, the largest first, that seat the largest party of the class; where the room has too few, eights are added.
 */
export function roomOf(visits: Visit[]): Room {
  const days = Map.groupBy(visits, (one) => workingDay(one.visit))
  const wanted = (above: number, upTo: number): number => {
    if (!visits.some((one) => one.party_size > above && one.party_size <= upTo)) return 0
    const peaks = [...days.values()].map((day) =>
      peakParties(day.filter((one) => one.party_size > above && one.party_size <= upTo)),
    )
    return Math.min(mostOfSize, Math.max(1, percentile(peaks, share)))
  }
  const seats = singleSizes.flatMap((size, i) => repeated(size, wanted(singleSizes[i - 1] ?? 0, size)))
  const groups = new Map<string, number[]>()
  for (const [i, size] of joinedSizes.entries()) {
    const above = joinedSizes[i - 1] ?? largestSingle
    const count = wanted(above, size)
    if (count === 0) continue
    const largest = Math.max(...visits.map((one) => (one.party_size <= size ? one.party_size : 0)))
    for (const group of groupsFor(seats, largest, count)) groups.set(group.join(), group)
  }
  if (seats.length === 0) seats.push(largestSingle)
  return {
    tables: seats.map((size, i) => ({ number: String(i + 1), seats: size })),
    combinations: [...groups.values()].map((group) => ({
      numbers: group.map((i) => String(i + 1)),
      min_party: largestSingle + 1,
      max_party: group.reduce((sum, i) => sum + (seats[i] ?? 0), 0),
    })),
  }
}

/** The most parties that sit at once. */
export function peakParties(visits: Visit[]): number {
  const steps = visits
    .flatMap((one) => [
      { at: one.visit, change: 1 },
      { at: one.visit + takenMinutes(one.party_size), change: -1 },
    ])
    // Who leaves makes room for who comes at that minute.
    .toSorted((a, b) => a.at - b.at || a.change - b.change)
  let now = 0
  let most = 0
  for (const step of steps) {
    now += step.change
    most = Math.max(most, now)
  }
  return most
}

/** By nearest rank; 0 of nothing. */
export function percentile(values: number[], of: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(of * sorted.length) - 1)] ?? 0
}

/** Groups of tables that each seat so many, apart from one another while there are tables; `seats` grows by eights. */
function groupsFor(seats: number[], party_size: number, count: number): number[][] {
  const free = seats.map((_, i) => i).toSorted((a, b) => (seats[b] ?? 0) - (seats[a] ?? 0) || a - b)
  const groups: number[][] = []
  for (let made = 0; made < count; made++) {
    let group = firstThatSeat(seats, free, party_size)
    if (!group && seats.length < 2 * mostOfSize) {
      while (!group) {
        free.unshift(seats.push(largestSingle) - 1)
        group = firstThatSeat(seats, free, party_size)
      }
    }
    if (!group) break
    for (const i of group) free.splice(free.indexOf(i), 1)
    groups.push(group.toSorted((a, b) => a - b))
  }
  return groups
}

function firstThatSeat(seats: number[], free: number[], party_size: number): number[] | null {
  const group: number[] = []
  let seated = 0
  for (const i of free.slice(0, mostJoined)) {
    group.push(i)
    seated += seats[i] ?? 0
    if (seated >= party_size && group.length > 1) return group
  }
  return null
}

function repeated(size: number, count: number): number[] {
  return Array.from({ length: count }, () => size)
}
