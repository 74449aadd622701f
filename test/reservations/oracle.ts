import { Temporal } from 'temporal-polyfill/implementation'
import type { Restaurant } from '../../src/restaurants/schema.ts'
import type { Claim } from '../../src/reservations/schema.ts'

/**
 * Availability by brute force, from the product's words: walks the day minute by minute on the real time line, asks of
 * every slot whether each rule holds, and seats parties one after another by trying every table. Shares no code with src.
 */
export function availableByBruteForce(
  restaurant: Restaurant,
  claims: Claim[],
  date: string,
  party: number,
  now: number,
): Map<string, number> {
  const { settings, timezone } = restaurant
  const found = new Map<string, number>()
  const turn = (settings.turn_rules.find((rule) => party <= rule.max_party) ?? settings.turn_rules.at(-1))?.minutes ?? 0

  // Services as spans of real time, with their opening.
  const spans: { opens: number; closes: number }[] = []
  const day = Temporal.PlainDate.from(date)
  for (let shift = -2; shift <= 3; shift++) {
    const on = day.add({ days: shift })
    const special = restaurant.special_days.find((one) => one.date === on.toString())
    const openings = special ? special.hours : restaurant.hours.filter((one) => one.days.includes(on.dayOfWeek))
    for (const opening of openings) {
      const [openHour = 0, openMinute = 0] = opening.opens.split(':').map(Number)
      const [closeHour = 0, closeMinute = 0] = opening.closes.split(':').map(Number)
      const sameDay = closeHour * 60 + closeMinute > openHour * 60 + openMinute
      const opens = atWall(on.toPlainDateTime({ hour: openHour, minute: openMinute }), timezone)
      const closeDay = on.add({ days: sameDay && closeHour < 24 ? 0 : 1 })
      const closes = atWall(closeDay.toPlainDateTime({ hour: closeHour % 24, minute: closeMinute }), timezone)
      spans.push({ opens, closes })
    }
  }
  const closingOf = (span: { closes: number }): number => {
    const next = spans.find((one) => one.opens <= span.closes && span.closes < one.closes)
    return next ? closingOf(next) : span.closes
  }

  const midnight = day.toZonedDateTime(timezone)
  const end = midnight.add({ days: 1 }).epochMilliseconds
  const seen = new Set<string>()
  for (let at = midnight.epochMilliseconds; at < end; at += 60_000) {
    const span = spans.findLast((one) => one.opens <= at && at < one.closes)
    const wall = Temporal.Instant.fromEpochMilliseconds(at)
      .toZonedDateTimeISO(timezone)
      .toPlainTime()
      .toString()
      .slice(0, 5)
    if (!span || seen.has(wall)) continue
    seen.add(wall)
    const until = at + turn * 60_000
    const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timezone).toPlainDate()
    const closing = closingOf(span)
    const inTime =
      at >= now + settings.min_notice_minutes * 60_000 &&
      Temporal.PlainDate.compare(day, today.add({ days: settings.horizon_days })) <= 0 &&
      until <= closing &&
      at <= closing - settings.last_seating_minutes * 60_000 &&
      (settings.max_party === null || party <= settings.max_party)
    if (!inTime) continue

    const slotMs = settings.slot_minutes * 60_000
    const bucket = Math.floor((at - span.opens) / slotMs)
    const starting = claims.filter(
      (one) => Math.floor((one.starts_at - span.opens) / slotMs) === bucket && one.covers > 0,
    )
    const { max_covers_per_slot, max_parties_per_slot } = settings.pacing
    if (max_parties_per_slot !== null && starting.length >= max_parties_per_slot) continue
    const covers = starting.reduce((sum, one) => sum + one.covers, 0)
    if (max_covers_per_slot !== null && covers + party > max_covers_per_slot) continue

    const free = new Set(
      restaurant.tables
        .filter((table) => table.enabled)
        .filter((table) =>
          claims.every((one) => {
            const overlapping = one.starts_at < until + settings.buffer_minutes * 60_000 && at < one.ends_at
            return one.table_id !== table.id || !overlapping
          }),
        )
        .map((table) => table.id),
    )
    const parties = seatAll(restaurant, free, party)
    if (parties > 0) found.set(wall, parties)
  }
  return found
}

/** One party after another takes the best fit: a single table with fewest seats, else the smallest combination. */
function seatAll(restaurant: Restaurant, free: Set<string>, party: number): number {
  let parties = 0
  for (;;) {
    const singles = restaurant.tables.filter(
      (table) => free.has(table.id) && table.seats >= party && table.min_party <= party,
    )
    const best = Math.min(...singles.map((table) => table.seats))
    // Which of several equal tables is taken changes what can be joined later: the one in the fewest combinations.
    const [single] = singles
      .filter((table) => table.seats === best)
      .toSorted((a, b) => joins(restaurant, a.id) - joins(restaurant, b.id) || Number(a.number) - Number(b.number))
    if (single) {
      free.delete(single.id)
      parties += 1
      continue
    }
    const seatsOf = (ids: string[]): number =>
      ids.reduce((sum, one) => sum + (restaurant.tables.find((table) => table.id === one)?.seats ?? 0), 0)
    const [joined] = restaurant.combinations
      .filter(
        (one) => one.min_party <= party && party <= one.max_party && one.table_ids.every((table) => free.has(table)),
      )
      .toSorted((a, b) => seatsOf(a.table_ids) - seatsOf(b.table_ids) || a.table_ids.length - b.table_ids.length)
    if (!joined) return parties
    for (const table of joined.table_ids) free.delete(table)
    parties += 1
  }
}

function joins(restaurant: Restaurant, tableId: string): number {
  return restaurant.combinations.filter((one) => one.table_ids.includes(tableId)).length
}

function atWall(wall: Temporal.PlainDateTime, timezone: string): number {
  // An hour that the clocks skip begins when they skip it.
  const zoned = wall.toZonedDateTime(timezone, { disambiguation: 'earlier' })
  if (zoned.toPlainDateTime().equals(wall)) return zoned.epochMilliseconds
  const after = zoned.getTimeZoneTransition('next')
  return after ? after.epochMilliseconds : zoned.epochMilliseconds
}
