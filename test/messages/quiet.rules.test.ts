import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterQuiet, isQuiet, remindersOf } from '../../src/messages/quiet-rules.ts'

const night = { quiet_from: '21:00', quiet_to: '09:00' }
const hour = 3_600_000
const at = (iso: string): number => Date.parse(iso)

describe('R159 quiet hours', () => {
  test('are those of the place: across midnight, and none where both ends are one', () => {
    expect(isQuiet(at('2026-12-01T20:59:00+08:00'), night, 'Asia/Singapore')).toBe(false)
    expect(isQuiet(at('2026-12-01T21:00:00+08:00'), night, 'Asia/Singapore')).toBe(true)
    expect(isQuiet(at('2026-12-02T08:59:00+08:00'), night, 'Asia/Singapore')).toBe(true)
    expect(isQuiet(at('2026-12-02T09:00:00+08:00'), night, 'Asia/Singapore')).toBe(false)
    expect(isQuiet(at('2026-12-02T03:00:00+08:00'), { quiet_from: '09:00', quiet_to: '09:00' }, 'UTC')).toBe(false)
  })

  test('end by the clock on the nights when it changes', () => {
    // New York, spring forward on 8 March 2026 at two, back on 1 November.
    expect(afterQuiet(at('2026-03-07T23:00:00-05:00'), night, 'America/New_York')).toBe(at('2026-03-08T09:00:00-04:00'))
    expect(afterQuiet(at('2026-10-31T23:00:00-04:00'), night, 'America/New_York')).toBe(at('2026-11-01T09:00:00-05:00'))
    // An end that is skipped is as late as the clocks go on; one that comes twice is the next of the two.
    const early = { quiet_from: '21:00', quiet_to: '02:30' }
    expect(afterQuiet(at('2026-03-08T01:00:00-05:00'), early, 'America/New_York')).toBe(at('2026-03-08T03:00:00-04:00'))
    const twice = { quiet_from: '21:00', quiet_to: '01:30' }
    expect(afterQuiet(at('2026-11-01T01:10:00-05:00'), twice, 'America/New_York')).toBe(at('2026-11-01T01:30:00-05:00'))
  })

  test('whatever the zone, the hour and the night: never earlier, never quiet, and less than a day later', () => {
    const zones = Intl.supportedValuesOf('timeZone')
    const clock = fc.integer({ min: 0, max: 95 }).map((n) => new Date(n * 900_000).toISOString().slice(11, 16))
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: at('2025-01-01T00:00:00Z') / 60_000, max: at('2028-01-01T00:00:00Z') / 60_000 }),
        clock,
        clock,
        (zone, minute, quiet_from, quiet_to) => {
          const quiet = { quiet_from, quiet_to }
          const moved = afterQuiet(minute * 60_000, quiet, zone)
          expect(moved).toBeGreaterThanOrEqual(minute * 60_000)
          expect(moved - minute * 60_000).toBeLessThan(26 * hour)
          if (!isQuiet(minute * 60_000, quiet, zone)) expect(moved).toBe(minute * 60_000)
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('R158 reminders', () => {
  const visit = { starts_at: at('2026-12-10T19:00:00+08:00'), known_at: at('2026-12-01T10:00:00+08:00') }
  const plan = (changes: Partial<typeof visit> = {}, hours = [24, 3]): string[] =>
    remindersOf({ ...visit, ...changes }, hours, night, 'Asia/Singapore').map((one) => new Date(one.at).toISOString())

  test('come so many hours before, not sooner than an hour after the booking', () => {
    expect(plan()).toEqual(['2026-12-10T08:00:00.000Z', '2026-12-09T11:00:00.000Z'])
    expect(plan({ known_at: visit.starts_at - 23.5 * hour })).toEqual(['2026-12-10T08:00:00.000Z'])
    expect(plan({ known_at: visit.starts_at - 3.5 * hour })).toEqual([])
  })

  test('wait for the end of quiet hours, and are dropped where that is past the visit', () => {
    const brunch = at('2026-12-10T10:00:00+08:00')
    expect(plan({ starts_at: brunch }, [3])).toEqual(['2026-12-10T01:00:00.000Z'])
    expect(plan({ starts_at: at('2026-12-10T08:00:00+08:00') }, [3])).toEqual([])
  })

  test('never two within the hour', () => {
    // Both would come at nine.
    expect(plan({ starts_at: at('2026-12-10T11:00:00+08:00') }, [3, 4, 12])).toEqual(['2026-12-10T01:00:00.000Z'])
    expect(plan({}, [3, 3, 3])).toHaveLength(1)
  })
})
