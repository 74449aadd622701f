import { describe, expect, test } from 'vitest'
import { readRows } from '../../bench/replay/csv.ts'
import { busiestTenants, type Row } from '../../bench/replay/requests.ts'
import { isoOfWall, wallOfInstant, wallOfText, workingDay } from '../../bench/replay/wall.ts'

const header = 'restaurant,visit_at,reserved_at,party_size'
const wall = (text: string): number => wallOfText(text) ?? Number.NaN

describe('reading the file', () => {
  test('gives the rows with their lines, through a byte order mark, CRLF and an empty end', () => {
    expect(readRows(`\uFEFF${header}\r\n2,2017-01-06T17:00,2017-01-01T20:00,2\r\n\r\n`)).toEqual({
      rows: [
        {
          line: 2,
          restaurant: '2',
          visit: wall('2017-01-06T17:00'),
          reserved: wall('2017-01-01T20:00'),
          party_size: 2,
        },
      ],
    })
  })

  test('says which line is wrong, and how', () => {
    const lines = [
      header,
      '2,2017-01-06T17:00,2017-01-01T20:00,2',
      '2,2017-02-30T17:00,2017-01-01T20:00,2',
      '2,2017-01-06T17:00,yesterday,2',
      '2,2017-01-06T17:00,2017-01-01T20:00,0',
      '2,2017-01-06T17:00,2017-01-01T20:00,2.5',
      ',2017-01-06T17:00,2017-01-01T20:00,2',
      '2,2017-01-06T17:00,2',
    ]
    expect(readRows(lines.join('\n'))).toEqual({
      mistakes: [
        'line 3: visit_at "2017-02-30T17:00" is no YYYY-MM-DDTHH:MM',
        'line 4: reserved_at "yesterday" is no YYYY-MM-DDTHH:MM',
        'line 5: party_size "0" is no whole number from 1 to 1000',
        'line 6: party_size "2.5" is no whole number from 1 to 1000',
        'line 7: restaurant is empty or too long',
        'line 8: 4 columns wanted, 3 found',
      ],
    })
  })

  test('does not list a thousand mistakes', () => {
    const read = readRows([header, ...Array.from({ length: 1000 }, () => 'x')].join('\n'))
    expect(read).toMatchObject({ mistakes: { length: 11 } })
    expect('mistakes' in read && read.mistakes.at(-1)).toBe('and 990 more')
  })

  test('refuses other columns and no rows', () => {
    expect(readRows('air_store_id,visit_datetime\n1,2')).toMatchObject({
      mistakes: [expect.stringContaining('line 1: the columns must be')],
    })
    expect(readRows('')).toMatchObject({ mistakes: [expect.stringContaining('line 1')] })
    expect(readRows(`${header}\n`)).toEqual({ mistakes: ['there is no reservation in it'] })
  })
})

const row = (line: number, restaurant: string, visit: string, reserved: string): Row => {
  return { line, restaurant, visit: wall(visit), reserved: wall(reserved), party_size: 2 }
}

describe('who asks when', () => {
  const rows = [
    row(2, 'b', '2017-01-06T17:00', '2017-01-02T10:00'),
    row(3, 'a', '2017-01-06T17:00', '2017-01-02T10:00'),
    row(4, 'a', '2017-01-05T17:00', '2017-01-01T10:00'),
    row(5, 'a', '2017-01-03T17:00', '2017-01-03T19:00'),
    row(6, 'b', '2017-01-06T17:00', '2017-01-02T10:00'),
  ]

  test('the busiest restaurants first, each in the order of asking', () => {
    expect(busiestTenants(rows, 1, null).map((one) => [one.name, one.asks.map((ask) => ask.line)])).toEqual([
      ['a', [4, 3, 5]],
    ])
    expect(busiestTenants(rows, 9, null).map((one) => one.name)).toEqual(['a', 'b'])
  })

  test('what was written down after the visit is asked for as of the visit', () => {
    const [a] = busiestTenants(rows, 1, null)
    expect(a?.nudged).toBe(1)
    expect(a?.asks.at(-1)).toMatchObject({ line: 5, now: wall('2017-01-03T17:00') })
  })

  test('a seed draws the order within the hour, the same each time', () => {
    const many = Array.from({ length: 30 }, (_, i) => row(i + 2, 'a', '2017-01-06T17:00', '2017-01-02T10:00'))
    const lines = (seed: number | null): (number[] | undefined)[] =>
      busiestTenants(many, 1, seed).map((one) => one.asks.map((ask) => ask.line))
    expect(lines(7)).toEqual(lines(7))
    expect(lines(7)).not.toEqual(lines(8))
    expect(lines(7)[0]?.toSorted((a, b) => a - b)).toEqual(lines(null)[0])
  })
})

test('wall minutes are those of Tokyo', () => {
  expect(isoOfWall(wall('2017-01-06T17:00'))).toBe('2017-01-06T17:00:00+09:00')
  expect(wallOfInstant('2017-01-06T08:00:00Z')).toBe(wall('2017-01-06T17:00'))
  expect(workingDay(wall('2017-01-07T04:59'))).toBe(workingDay(wall('2017-01-06T05:00')))
})
