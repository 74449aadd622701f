import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextCron } from '../../local/qstash/cron.ts'
import { durationMs } from '../../local/qstash/duration.ts'
import { retryDelayMs } from '../../local/qstash/retry-delay.ts'

describe('a retry delay', () => {
  test.for([
    ['1000', 5, 1000],
    ['1000 * (1 + retried)', 2, 3000],
    ['pow(2, retried) * 1000', 3, 8000],
    ['max(1000, pow(2, retried) * 100)', 5, 3200],
    ['10 - 3 - 2', 0, 5],
    ['2 + 3 * 4 % 5', 0, 4],
    ['-retried + 5', 1, 4],
    ['round(sqrt(2) * 100) + floor(1.9) + ceil(0.1) + abs(-1) + exp(0)', 0, 145],
    ['min(3, 1, 2)', 0, 1],
  ] as const)('%s is, after %i retries, %i ms', ([expression, retried, ms]) => {
    expect(retryDelayMs(expression, retried)).toBe(ms)
  })

  test.for([
    '',
    'retry',
    '1 +',
    '(1',
    '1)',
    '1 2',
    'pow(2)',
    'sqrt(1, 2)',
    '2 ^ 3',
    'process.exit()',
    '1; 2',
    'sqrt(-1)',
  ])('%s is refused', (expression) => {
    expect(() => retryDelayMs(expression, 0)).toThrow('invalid retry delay')
  })

  type Node = { text: string; value: number }
  const { tree } = fc.letrec<{ tree: Node; leaf: Node; sum: Node; call: Node }>((tie) => ({
    leaf: fc.oneof(
      fc.nat(100).map((value) => ({ text: String(value), value })),
      fc.constant({ text: 'retried', value: 3 }),
    ),
    sum: fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*'), tie('tree')).map(([a, sign, b]) => ({
      text: `(${a.text}${sign}${b.text})`,
      value: sign === '+' ? a.value + b.value : sign === '-' ? a.value - b.value : a.value * b.value,
    })),
    call: fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
      text: `max( ${a.text} , ${b.text} )`,
      value: Math.max(a.value, b.value),
    })),
    tree: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('sum'), tie('call')),
  }))

  test('has the value of the tree that was written down', () => {
    fc.assert(
      fc.property(tree, ({ text, value }) => {
        expect(retryDelayMs(text, 3)).toBeCloseTo(value)
      }),
    )
  })

  test('of any text is a number or a refusal', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(retryDelayMs(text, 1)).not.toBeNaN()
        } catch (error) {
          expect(String(error)).toContain('invalid retry delay')
        }
      }),
    )
  })
})

test('a duration is read with its units, a bare number as seconds', () => {
  expect(['10', '10s', '6m5s', '1h30m', '2d', '250ms', '1.5s'].map(durationMs)).toEqual([
    10_000, 10_000, 365_000, 5_400_000, 172_800_000, 250, 1500,
  ])
  expect(['', 's', '10 s', '-1s', 'soon'].map(durationMs)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

describe('a cron', () => {
  test.for([
    ['*/5 * * * *', '2026-12-01T19:00:00Z', '2026-12-01T19:05:00.000Z'],
    ['0 3 * * *', '2026-12-31T03:00:00Z', '2027-01-01T03:00:00.000Z'],
    ['30 9-17/4 * * 1-5', '2026-12-04T17:30:00Z', '2026-12-07T09:30:00.000Z'],
    ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 13 * 5', '2026-12-01T00:00:00Z', '2026-12-04T00:00:00.000Z'],
    ['0 0 * * 7', '2026-12-01T00:00:00Z', '2026-12-06T00:00:00.000Z'],
  ] as const)('%s after %s comes at %s', ([cron, after, wanted]) => {
    expect(new Date(nextCron(cron, Date.parse(after))).toISOString()).toBe(wanted)
  })

  test.for(['* * * *', '60 * * * *', 'a * * * *', '*/0 * * * *', '0 0 31 2 *'])('%s is refused', (cron) => {
    expect(() => nextCron(cron, 0)).toThrow('cron')
  })
})
