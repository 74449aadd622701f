import { addDays, instantOf, isoWeekday, minutesOf } from '../platform/time.ts'
import type {
  Combination,
  Opening,
  Restaurant,
  Settings,
  SettingsEdit,
  SpecialDay,
  Table,
  WeeklyHours,
} from './schema.ts'

/** One opening on one date. Minutes count from that date's local midnight; past 1440 is the day after. */
export type Service = { date: string; opens_minute: number; closes_minute: number; special: boolean }

type House = Pick<Restaurant, 'timezone' | 'hours' | 'special_days'>

/** R1. The services that begin on a local date: its special day's, else its weekday's, in order of opening. */
export function servicesOn(house: House, date: string): Service[] {
  const special = house.special_days.find((day) => day.date === date)
  const openings = special?.hours ?? house.hours.filter((hours) => hours.days.includes(isoWeekday(date)))
  return openings
    .map((opening) => ({ date, ...minutesOfOpening(opening), special: Boolean(special) }))
    .toSorted((a, b) => a.opens_minute - b.opens_minute)
}

/** R2. Closing at or before opening means the next day; 24:00 is midnight. */
function minutesOfOpening(opening: Opening): { opens_minute: number; closes_minute: number } {
  const opens_minute = minutesOf(opening.opens)
  const closes = minutesOf(opening.closes)
  return { opens_minute, closes_minute: closes <= opens_minute ? closes + 1440 : closes }
}

/** R3. The service under way at a wall time, the one that opened last: of its own date, or of the evening before. */
export function serviceAt(house: House, date: string, minute: number): Service | undefined {
  const today = servicesOn(house, date).findLast((one) => one.opens_minute <= minute && minute < one.closes_minute)
  if (today) return today
  const yesterday = addDays(date, -1)
  return servicesOn(house, yesterday).findLast((one) => minute + 1440 < one.closes_minute)
}

/** R4. When the house closes on this service, in milliseconds: services without a pause between them are one. */
export function closesAt(house: House, service: Service): number {
  const known = closings.get(service)
  if (known !== undefined) return known
  const closing = closingOf(house, service)
  closings.set(service, closing)
  return closing
}

// A service is made from its house by servicesOn, so one answer serves all the slots of a day.
const closings = new WeakMap<Service, number>()

function closingOf(house: House, service: Service): number {
  let last = service
  for (let joined = 0; joined < 3; joined++) {
    const date = addDays(last.date, Math.floor(last.closes_minute / 1440))
    const next = serviceAt(house, date, last.closes_minute % 1440)
    if (!next) break
    last = next
  }
  return firstInstantAt(last.date, last.closes_minute, house.timezone)
}

/** The instant of a wall time, in milliseconds: one inside the hour that the clocks skip is when they skip it. */
export function firstInstantAt(date: string, minute: number, timezone: string): number {
  for (let later = minute; later <= minute + 240; later++) {
    const resolved = instantOf(date, later, timezone)
    if (resolved.kind !== 'gap') return resolved.at
  }
  return Date.parse(`${date}T00:00:00Z`) + minute * 60_000
}

/** R5. How long a party of this size keeps its table, in minutes. */
export function turnMinutes(settings: Settings, party_size: number): number {
  const rule = settings.turn_rules.find((one) => party_size <= one.max_party) ?? settings.turn_rules.at(-1)
  return rule?.minutes ?? 120
}

/** Overlapping or repeated hours of one weekday, as one sentence each. */
export function hoursMistakes(hours: WeeklyHours[]): string[] {
  const mistakes: string[] = []
  const week = hours.flatMap((one) =>
    one.days.map((day) => {
      const { opens_minute, closes_minute } = minutesOfOpening(one)
      return { from: (day - 1) * 1440 + opens_minute, to: (day - 1) * 1440 + closes_minute }
    }),
  )
  const sorted = week.toSorted((a, b) => a.from - b.from)
  const first = sorted[0]
  if (!first) return []
  for (const [i, one] of sorted.entries()) {
    const next = sorted[i + 1] ?? { from: first.from + 7 * 1440, to: 0 }
    if (one.to > next.from) mistakes.push(`The hours of weekday ${Math.floor(one.from / 1440) + 1} overlap the next.`)
  }
  return mistakes
}

/** Overlapping hours of one special day, as one sentence each. */
export function specialDaysMistakes(days: SpecialDay[]): string[] {
  return days.flatMap(({ date, hours }) => {
    const sorted = hours.map(minutesOfOpening).toSorted((a, b) => a.opens_minute - b.opens_minute)
    const overlaps = sorted.some((one, i) => one.closes_minute > (sorted[i + 1]?.opens_minute ?? Infinity))
    return overlaps ? [`The hours of ${date} overlap.`] : []
  })
}

/** Settings after an edit: what it does not name stays. */
export function editedSettings(settings: Settings, edit: SettingsEdit): Settings {
  const named = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined))
  const pacing = { ...settings.pacing }
  if (edit.pacing?.max_covers_per_slot !== undefined) pacing.max_covers_per_slot = edit.pacing.max_covers_per_slot
  if (edit.pacing?.max_parties_per_slot !== undefined) pacing.max_parties_per_slot = edit.pacing.max_parties_per_slot
  const voice = { ...settings.voice }
  if (edit.voice?.consent !== undefined) voice.consent = edit.voice.consent
  if (edit.voice?.transcript_days !== undefined) voice.transcript_days = edit.voice.transcript_days
  if (edit.voice?.transfer_number !== undefined) voice.transfer_number = edit.voice.transfer_number
  const said = Object.entries(edit.messages ?? {}).filter(([, value]) => value !== undefined)
  const messages = { ...settings.messages, ...Object.fromEntries(said) }
  return { ...settings, ...named, pacing, voice, messages }
}

/** R6. A combination can be used while all its tables are enabled; null where one is gone or off. */
export function tablesOf(combination: Pick<Combination, 'table_ids'>, tables: Table[]): Table[] | null {
  const found = combination.table_ids.map((id) => tables.find((table) => table.id === id && table.enabled))
  return found.every((table) => table !== undefined) ? found : null
}
