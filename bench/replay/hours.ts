import { dayBegins, dayMinutes, minuteOfWeek, modulo, weekMinutes } from './wall.ts'
import { turnMinutes } from './words.ts'

export type Hours = { days: number[]; opens: string; closes: string }
type Visit = { visit: number; party_size: number }

/** The product takes so many openings a week. */
const mostHours = 50

/**
 * Weekly hours under which every visit of the data can be had: open whenever, on that weekday, some party sat there,
 * from the hour it came until its turn was over, and through pauses of an hour or less. So closing follows from the
 * last real visit and its turn, and no party spans it. Who came at one in the morning keeps the evening before open:
 * its opening passes midnight. Nothing runs past five in the morning; where a party does, the next opening begins at
 * five and the two are one.
 */
export function hoursOf(visits: Visit[]): Hours[] {
  for (let pause = 60; ; pause *= 2) {
    const hours = openingsOf(openMinutes(visits, pause))
    if (hours.length <= mostHours) return hours
  }
}

/** For each minute of the week, whether somebody sat there, or was about to within `pause` minutes. */
function openMinutes(visits: Visit[], pause: number): Uint8Array {
  const open = new Uint8Array(weekMinutes)
  for (const { visit, party_size } of visits) {
    const from = minuteOfWeek(visit)
    for (let i = 0; i < turnMinutes(party_size); i++) open[(from + i) % weekMinutes] = 1
  }
  let lastOpen: number | null = null
  // Twice round, since the week has no end.
  for (let at = 0; at < 2 * weekMinutes; at++) {
    if (!open[at % weekMinutes]) continue
    if (lastOpen !== null && at - lastOpen - 1 <= pause)
      for (let i = lastOpen + 1; i < at; i++) open[i % weekMinutes] = 1
    lastOpen = at
  }
  return open
}

/** Openings from the open minutes, those of equal times under one entry. */
function openingsOf(open: Uint8Array): Hours[] {
  const daysOf = new Map<string, Set<number>>()
  for (let day = 0; day < 7; day++) {
    let opened: number | null = null
    for (let minute = dayBegins; minute <= dayBegins + dayMinutes; minute++) {
      const isOpen = minute < dayBegins + dayMinutes && open[modulo(day * dayMinutes + minute, weekMinutes)] === 1
      if (isOpen) opened ??= minute
      else if (opened !== null) {
        // What opens after midnight is an opening of the next weekday.
        const weekday = ((day + Math.floor(opened / dayMinutes)) % 7) + 1
        const times = `${clockOf(opened % dayMinutes)}-${minute === dayMinutes ? '24:00' : clockOf(minute % dayMinutes)}`
        daysOf.set(times, (daysOf.get(times) ?? new Set()).add(weekday))
        opened = null
      }
    }
  }
  return [...daysOf]
    .map(([times, days]) => ({
      days: [...days].toSorted((a, b) => a - b),
      opens: times.slice(0, 5),
      closes: times.slice(6),
    }))
    .toSorted((a, b) => a.opens.localeCompare(b.opens))
}

function clockOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
