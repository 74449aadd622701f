import { addDays, clock } from '../../platform/time.ts'
import { serviceAt } from '../../restaurants/rules.ts'
import type { Restaurant } from '../../restaurants/schema.ts'
import { dayparts, type Said } from './clock-rules.ts'
import type { Found, Reading } from './grammar-rules.ts'

export type House = Pick<Restaurant, 'timezone' | 'hours' | 'special_days'>
/** A wall time. `next_day`: at night, past midnight, and so on the day after the evening that was named. */
export type Time = { time: string; confidence: number; alternatives: string[]; next_day: boolean }

/**
 * R211. Which half of the day is meant, and the time in it. What was said decides; then the opening hours of the date,
 * or without one of the week from `today`; then when people eat. `hint` is the part of the day said elsewhere.
 */
export function timeOf(said: Said, hint: number | null, date: string | null, today: string, house: House | null): Time {
  const part = said.daypart ?? hint
  const certain = said.sure ? 0.97 : 0.55
  const at = (hour: number, confidence: number, others: number[] = []): Time => ({
    time: clock(hour * 60 + said.minute),
    confidence: Math.min(confidence, said.sure ? 1 : 0.6),
    alternatives: others.map((one) => clock(one * 60 + said.minute)),
    next_day: part !== null && part >= dayparts.evening && hour < 5,
  })
  if (said.half === 'am') return at(said.hour % 12, certain)
  if (said.half === 'pm') return at((said.hour % 12) + 12, certain)
  if (said.hour > 12) return at(said.hour, certain)
  if (said.hour === 0) return at(0, certain)
  const halves = [said.hour % 12, (said.hour % 12) + 12]
  if (part !== null) return at(inPart(said.hour, part), said.daypart === null ? 0.9 : certain)
  const open = house ? halves.filter((hour) => isOpen(house, date, today, hour * 60 + said.minute)) : halves
  const usual = usualHour(said.hour)
  const [only] = open
  if (house && open.length === 1 && only !== undefined) return at(only, 0.93)
  // Ten to twelve in the morning is as usual as at night; between one and ten nobody means the morning.
  const others = halves.filter((hour) => hour !== usual && open.includes(hour) && hour >= 7)
  return at(usual, house && open.length === 0 ? 0.6 : others.length > 0 ? 0.8 : 0.9, others)
}

/** The hour of the day for an hour from 1 to 12 in a part of the day. */
function inPart(hour: number, part: number): number {
  const late = (hour % 12) + 12
  if (part === dayparts.small_hours) return hour % 12
  if (part === dayparts.morning) return hour === 12 ? 12 : hour
  if (part === dayparts.noon) return hour >= 10 ? hour : late
  if (part === dayparts.afternoon) return hour === 11 ? 11 : late
  if (part === dayparts.night && (hour === 12 || hour < 5)) return hour % 12
  return hour === 12 ? 0 : late
}

/** When people eat at such an hour: ten to twelve by day, one to nine in the afternoon and evening. */
const usualHour = (hour: number): number => (hour >= 10 && hour <= 12 ? hour : hour + 12)

function isOpen(house: House, date: string | null, today: string, minute: number): boolean {
  const dates = date === null ? [0, 1, 2, 3, 4, 5, 6].map((ahead) => addDays(today, ahead)) : [date]
  return dates.some((one) => serviceAt(house, one, minute) !== undefined)
}

/** The part of the day named nearest to a time that has none of its own: dinner at 8, tomorrow morning … at 9. */
export function hintFor({ tokens }: Reading, time: Found<Said>): number | null {
  let nearest: number | null = null
  let distance = Infinity
  for (const [at, { kind, value }] of tokens.entries()) {
    const away = at < time.from ? time.from - at : at - time.to + 1
    if (!['daypart', 'today_part', 'meal'].includes(kind) || away >= distance) continue
    nearest = value
    distance = away
  }
  return nearest
}
