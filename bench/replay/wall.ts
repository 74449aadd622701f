/**
 * Time in a replay: minutes since 1970 as the clocks on the wall in Tokyo count them. They have not been moved since
 * 1951, so wall minutes add up like instants, and nothing here asks the product what time it is.
 */
export const timezone = 'Asia/Tokyo'
export const dayMinutes = 1440
export const weekMinutes = 7 * dayMinutes
const east_minutes = 540

/** "2017-01-06T17:00" → wall minutes; null for what is no such time, like February 30th. */
export function wallOfText(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return null
  const at = Date.parse(`${text}:00Z`)
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 16) !== text ? null : at / 60_000
}

/** ISO 8601 with Tokyo's offset. */
export function isoOfWall(wall: number): string {
  return `${new Date(wall * 60_000).toISOString().slice(0, 19)}+09:00`
}

/** An instant in ISO 8601 → wall minutes. */
export function wallOfInstant(iso: string): number {
  return Date.parse(iso) / 60_000 + east_minutes
}

/** Minutes since Monday 00:00. The first of January 1970 was a Thursday. */
export function minuteOfWeek(wall: number): number {
  return modulo(wall + 3 * dayMinutes, weekMinutes)
}

/** Whole local days since 1970. */
export function dateNumber(wall: number): number {
  return Math.floor(wall / dayMinutes)
}

/** A working day begins at five in the morning: who comes after midnight belongs to the evening before. */
export const dayBegins = 5 * 60
export function workingDay(wall: number): number {
  return dateNumber(wall - dayBegins)
}

export function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
