import { expect, test } from 'vitest'
import { cronMatches } from '../../local/cron.ts'

/** A Saturday. */
const at = (time: string) => new Date(`2026-11-21T${time}:00Z`)

test.each([
  ['* * * * *', '00:00', true],
  ['*/5 * * * *', '19:35', true],
  ['*/5 * * * *', '19:36', false],
  ['30 19 * * *', '19:30', true],
  ['30 19 * * *', '20:30', false],
  ['0,15,45 * * * *', '07:45', true],
  ['0,15,45 * * * *', '07:30', false],
  ['0 9-17 * * *', '17:00', true],
  ['0 9-17 * * *', '18:00', false],
  ['10-50/20 * * * *', '00:30', true],
  ['10-50/20 * * * *', '00:20', false],
  ['5/10 * * * *', '00:25', true],
  ['0 0 21 11 *', '00:00', true],
  ['0 0 21 12 *', '00:00', false],
  ['0 0 * * 7', '00:00', true],
  ['0 0 * * 6', '00:00', false],
])('%s at %s: %s', (pattern, time, matches) => {
  expect(cronMatches(pattern, at(time))).toBe(matches)
})

test('a pattern that is not understood is refused, not skipped', () => {
  expect(() => cronMatches('* * * *', at('00:00'))).toThrow('no cron pattern')
  expect(() => cronMatches('0 0 L * *', at('00:00'))).toThrow('day of "0 0 L * *"')
})
