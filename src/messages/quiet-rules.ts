import { addDays, instantOf, minutesOf, wallOf } from '../platform/time.ts'

export type Quiet = { quiet_from: string; quiet_to: string }
const minuteMs = 60_000

/** R159. Whether it is a quiet hour there; none where both ends are the same. */
export function isQuiet(at: number, quiet: Quiet, timezone: string): boolean {
  const from = minutesOf(quiet.quiet_from)
  const to = minutesOf(quiet.quiet_to)
  const { minute } = wallOf(at, timezone)
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to
}

/** R159. That instant, or in quiet hours the end of them; by the clock of the place, whatever it does that night. */
export function afterQuiet(at: number, quiet: Quiet, timezone: string): number {
  if (!isQuiet(at, quiet, timezone)) return at
  const to = minutesOf(quiet.quiet_to)
  const { date, minute } = wallOf(at, timezone)
  const on = minute < to ? date : addDays(date, 1)
  // An end that the clocks skip is as late as they go on.
  for (let later = 0; later <= 180; later += 15) {
    const end = instantOf(on, to + later, timezone)
    // Of an end that occurs twice the first may be over already.
    if (end.kind !== 'gap') return end.at > at ? end.at : at + (to - minute) * minuteMs
  }
  return at
}

/** Nobody is reminded of what they booked a moment ago, or twice within the hour. */
const apartMs = 60 * minuteMs

/**
 * R158. When the reminders of a visit are sent, each with its hours before; instants in milliseconds. Those that would come
 * too late, too soon after the booking or too near to one another are left out.
 */
export function remindersOf(
  visit: { starts_at: number; known_at: number },
  hours: readonly number[],
  quiet: Quiet,
  timezone: string,
): { hours: number; at: number }[] {
  const all = [...new Set(hours)]
    .toSorted((a, b) => a - b)
    .map((before) => ({ hours: before, at: afterQuiet(visit.starts_at - before * 60 * minuteMs, quiet, timezone) }))
    .filter(({ at }) => at >= visit.known_at + apartMs && at < visit.starts_at - 15 * minuteMs)
  // The one nearest to the visit stays.
  return all.filter(({ at }, i) => !all.slice(0, i).some((nearer) => Math.abs(nearer.at - at) < apartMs))
}
