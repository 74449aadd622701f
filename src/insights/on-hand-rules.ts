import { addDays, daysBetween } from '../platform/time.ts'

/** Covers booked (or, negative, cancelled) so many days ahead of the day they are for. */
export type BookingChange = { lead_days: number; covers: number }
export type BookingsByDay = ReadonlyMap<string, readonly BookingChange[]>

export type PickupFigures = {
  /** Covers that one more on the books brings, until the house has shown its own figure. */
  pickup: number
  /** So many days, each with its bookings one deviation off, weigh as much as the figure above. */
  pickup_days: number
  /** Days. */
  pickup_age: number
  other_weekday: number
}

/** A day that is over: by how much its covers were off the usual, in deviations. */
export type PastDay = { date: string; age: number; weekday: number; weight: number; off: number }

/** Covers on the books for a day, so many days ahead of it. */
export function onHand(bookings: BookingsByDay, date: string, lead: number): number {
  let covers = 0
  for (const change of bookings.get(date) ?? []) if (change.lead_days >= lead) covers += change.covers
  return covers
}

/** The day of the first booking that is known: what was on the books before, nobody knows. Null where there is none. */
export function bookedSince(bookings: BookingsByDay): string | null {
  let first: string | null = null
  for (const [date, changes] of bookings) {
    for (const { lead_days } of changes) {
      const made = addDays(date, -lead_days)
      if (first === null || made < first) first = made
    }
  }
  return first
}

/** What past days had on the books at one distance, and how many covers each one more or fewer brought. */
export type UsualBooks = { days: { weekday: number; covers: number; weight: number }[]; worth: number }

/**
 * Of the days whose books at the distance `lead` are known. What a cover on the books is worth is a regression on the
 * house's own days, held by the figure of all; `deviation` is what its days are off the usual, in covers.
 */
export function usualBooks(
  past: readonly PastDay[],
  bookings: BookingsByDay,
  { lead, since, known_through, deviation }: { lead: number; since: string; known_through: string; deviation: number },
  p: PickupFigures,
): UsualBooks {
  const oldest = Math.min(5 * p.pickup_age, daysBetween(since, known_through) - lead)
  const known = past.filter((day) => day.age <= oldest)
  const days = known.map(({ date, weekday, weight }) => ({ weekday, weight, covers: onHand(bookings, date, lead) }))
  const means = meansOf(days)
  let fits = 0
  let varies = 0
  for (const [i, day] of days.entries()) {
    const more = (day.covers - (means[day.weekday] ?? 0)) / deviation
    fits += day.weight * more * (known[i]?.off ?? 0)
    varies += day.weight * more * more
    day.weight *= Math.exp(-(known[i]?.age ?? 0) / p.pickup_age)
  }
  const worth = (fits + p.pickup_days * p.pickup) / (varies + p.pickup_days)
  return { days, worth: Math.max(0, Math.min(1.2, worth)) }
}

/** Covers to expect beyond the usual, for what is on the books beyond the usual of such a day. */
export function broughtByBooks(books: UsualBooks, parts: readonly number[], on_hand: number, p: PickupFigures): number {
  let covers = 0
  let days = 0
  for (const day of books.days) {
    const part = parts[day.weekday] ?? 0
    const weight = day.weight * (part + (1 - part) * p.other_weekday)
    covers += weight * day.covers
    days += weight
  }
  return days === 0 ? 0 : books.worth * (days / (days + 0.5)) * (on_hand - covers / days)
}

function meansOf(days: readonly { weekday: number; covers: number; weight: number }[]): number[] {
  const covers = [0, 0, 0, 0, 0, 0, 0]
  const weights = [0, 0, 0, 0, 0, 0, 0]
  for (const day of days) {
    covers[day.weekday] = (covers[day.weekday] ?? 0) + day.weight * day.covers
    weights[day.weekday] = (weights[day.weekday] ?? 0) + day.weight
  }
  return covers.map((total, weekday) => total / (weights[weekday] || 1))
}
