import { Temporal } from 'temporal-polyfill/implementation'
import { describe, expect, test } from 'vitest'
import { addDays, clock, instantOf, isoAt, wallOf } from '../../src/platform/time.ts'

const years = [2026, 2027, 2028]

/** The days of these years on which a zone's clocks change, by asking the zone itself. */
function changingDays(timezone: string): string[] {
  const days: string[] = []
  let at = Temporal.PlainDate.from('2026-01-01').toZonedDateTime(timezone)
  for (;;) {
    const next = at.getTimeZoneTransition('next')
    if (!next || !years.includes(next.year)) return days
    days.push(next.subtract({ nanoseconds: 1 }).toPlainDate().toString(), next.toPlainDate().toString())
    at = next
  }
}

const wallFormat = new Map<string, Intl.DateTimeFormat>()
/** What a clock on the wall shows, by Intl: an oracle that shares no code with ours. */
function wallByIntl(at: number, timezone: string): string {
  let format = wallFormat.get(timezone)
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' })
    wallFormat.set(timezone, format)
  }
  return format.format(at)
}

describe('R7 wall time', () => {
  test('on every day the clocks change, in every zone, for three years, agrees with Intl', () => {
    let checked = 0
    let skipped = 0
    let repeated = 0
    for (const timezone of Intl.supportedValuesOf('timeZone')) {
      for (const date of new Set(changingDays(timezone))) {
        for (let minute = 0; minute < 1440; minute += 30) {
          const wall = `${date} ${clock(minute)}`
          const resolved = instantOf(date, minute, timezone)
          checked += 1
          if (resolved.kind === 'gap') {
            skipped += 1
            // No instant of the day shows this time.
            const midnight = Date.parse(`${date}T00:00:00Z`)
            for (let at = midnight - 15 * 3_600_000; at < midnight + 39 * 3_600_000; at += 1_800_000) {
              if (wallByIntl(at, timezone) === wall) throw new Error(`${timezone} ${wall} exists at ${at}`)
            }
            continue
          }
          if (wallByIntl(resolved.at, timezone) !== wall) throw new Error(`${timezone} ${wall} is not ${resolved.at}`)
          const hours = [-2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2].map((shift) => resolved.at + shift * 3_600_000)
          const twins = hours.filter((at) => wallByIntl(at, timezone) === wall)
          expect(resolved.kind, `${timezone} ${wall}`).toBe(twins.length > 0 ? 'twice' : 'once')
          if (resolved.kind === 'twice') {
            repeated += 1
            expect(Math.min(...twins), `${timezone} ${wall} takes the first`).toBeGreaterThan(resolved.at)
          }
        }
      }
    }
    expect(checked).toBeGreaterThan(30_000)
    expect(skipped).toBeGreaterThan(500)
    expect(repeated).toBeGreaterThan(500)
  }, 120_000)

  test('a wall time and its instant are one, with the offset of the day', () => {
    const summer = instantOf('2026-07-01', 19 * 60, 'Europe/Berlin')
    expect(summer).toEqual({ kind: 'once', at: Date.parse('2026-07-01T17:00:00Z') })
    expect(isoAt(Date.parse('2026-07-01T17:00:00Z'), 'Europe/Berlin')).toBe('2026-07-01T19:00:00+02:00')
    expect(isoAt(Date.parse('2026-01-01T17:00:00Z'), 'America/St_Johns')).toBe('2026-01-01T13:30:00-03:30')
    expect(wallOf(Date.parse('2026-07-01T23:30:00Z'), 'Asia/Kathmandu')).toEqual({ date: '2026-07-02', minute: 315 })
  })

  test('a minute past midnight is the next day', () => {
    expect(instantOf('2026-12-31', 1500, 'Asia/Singapore')).toEqual(instantOf('2027-01-01', 60, 'Asia/Singapore'))
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
  })
})
