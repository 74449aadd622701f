import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main, type MainOptions } from '../../bench/replay/main.ts'
import { randomOf } from '../../bench/replay/requests.ts'
import { withDatabase } from '../factories.ts'

let directory = ''
let file = ''
const busiestEvening = '2017-02-10'

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tableside-replay-'))
  file = join(directory, 'reservations.csv')
  writeFileSync(file, syntheticFile().join('\n'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const two = (value: number): string => String(value).padStart(2, '0')

/** Three restaurants and a fourth that is left out; quiet evenings, one with a run on it, late guests, large parties. */
function syntheticFile(): string[] {
  const random = randomOf(11)
  const pick = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1))
  const lines = ['restaurant,visit_at,reserved_at,party_size']
  for (const [restaurant, count] of [
    ['pine', 110],
    ['plum', 80],
    ['reed', 60],
  ] as const) {
    for (let i = 0; i < count; i++) {
      const day = pick(1, 28)
      const visit = random() < 0.05 ? `2017-02-${two(day)}T0${pick(0, 4)}:00` : `2017-02-${two(day)}T${pick(17, 22)}:00`
      const reserved = random() < 0.1 ? visit : `2017-01-${two(pick(1, 31))}T${two(pick(0, 23))}:00`
      lines.push(`${restaurant},${visit},${reserved},${random() < 0.06 ? pick(9, 30) : pick(1, 8)}`)
    }
    // Everybody at once, for one evening, on two afternoons.
    for (let i = 0; i < 20; i++)
      lines.push(`${restaurant},${busiestEvening}T${pick(18, 20)}:00,2017-02-0${pick(5, 6)}T15:00,${pick(1, 6)}`)
  }
  lines.push('pine,2017-02-20T19:00,2017-02-20T21:00,2', 'yew,2017-02-20T19:00,2017-02-01T21:00,2')
  return lines
}

async function replay(options: MainOptions = {}): Promise<{ code: number; text: string }> {
  const lines: string[] = []
  const code = await main([file, '--restaurants', '3', '--clients', '4', '--seed', '5'], {
    ...options,
    say: (line) => lines.push(line),
  })
  return { code, text: lines.join('\n') }
}

/** The figure that a line of the report begins with. */
function figure(text: string, name: string): number {
  return Number(new RegExp(`^${name} +(\\d+)`, 'm').exec(text)?.[1])
}

describe('a replay', () => {
  test('of a run on every table finds nothing wrong, and something sold out', async () => {
    const { code, text } = await replay()
    expect(text).toContain('311 of the 3 busiest restaurants are replayed')
    expect(text).toContain('; 1 were written down after it')
    expect(figure(text, 'answers')).toBe(311)
    expect(Number(/, (\d+) sold_out$/m.exec(text)?.[1])).toBeGreaterThan(10)
    for (const name of ['overlaps in SQL', 'false refusals', 'overlaps', 'wrong bookings', 'false offers'])
      expect(figure(text, name), name).toBe(0)
    for (const name of ['5xx or no answer', 'bookings lost', 'database errors'])
      expect(figure(text, name), name).toBe(0)
    expect(text).toMatch(/ 1\.00 per booked \(least 1, most 1;/)
    expect(code).toBe(0)
  })

  test('fails where tables were blocked behind the back of the house', async () => {
    const { code, text } = await replay({
      spoil: (database_url, houses) =>
        withDatabase({ origin: '', database_url }, async (client) => {
          await client.query(
            `insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
             select t.restaurant_id, $2::date, t.id,
                    tstzrange($2::date + time '05:00' at time zone 'Asia/Tokyo',
                              $2::date + 1 + time '05:00' at time zone 'Asia/Tokyo'), 'block', uuidv7()
               from tables t where t.restaurant_id = $1`,
            [houses[0]?.id, busiestEvening],
          )
        }),
    })
    expect(figure(text, 'false refusals')).toBeGreaterThan(5)
    expect(text).toMatch(/! restaurant pine, line \d+: sold_out, but in truth \S+ was free/)
    expect(figure(text, 'overlaps in SQL')).toBe(0)
    expect(code).toBe(1)
  })

  test('fails where the guard against double bookings is gone', async () => {
    const { code, text } = await replay({
      spoil: (database_url) =>
        withDatabase({ origin: '', database_url }, async (client) => {
          await client.query(
            `alter table claims drop constraint claims_never_overlap;
             create or replace function choose_tables(a booking_plan, p_timezone text, out chosen uuid[], out refusal text, out lapsed boolean)
             language sql stable as $$
               select case when cardinality(a.singles) > 0 then a.singles[1:1] else array(select jsonb_array_elements_text(a.combined -> 0)::uuid) end, null::text, false
             $$`,
          )
        }),
    })
    expect(figure(text, 'overlaps in SQL')).toBeGreaterThan(5)
    expect(figure(text, 'overlaps')).toBeGreaterThan(5)
    expect(code).toBe(1)
  })
})

async function refusalOf(argv: string[]): Promise<string> {
  const lines: string[] = []
  expect(await main(argv, { say: (line) => lines.push(line) })).toBe(2)
  expect(lines[0]).toBe('NO REPLAY WAS RUN')
  return lines.slice(1).join('\n')
}

test('says what is wrong with the call or the data, and runs nothing', async () => {
  const wrong = join(directory, 'wrong.csv')
  writeFileSync(wrong, 'restaurant,visit_at,reserved_at,party_size\n2,2017-02-30T17:00,2017-01-01T20:00,2\n')
  expect(await refusalOf([join(directory, 'none.csv')])).toContain('the data is absent: there is no file')
  expect(await refusalOf([wrong])).toContain('line 2: visit_at "2017-02-30T17:00"')
  expect(await refusalOf([directory])).toContain('cannot be read')
  expect(await refusalOf([])).toContain('exactly one file is wanted')
  expect(await refusalOf([file, '--clients', '0'])).toContain('whole numbers from 1')
  expect(await refusalOf([file, '--fast'])).toContain('--fast')
})
