import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nestedScans, type Scan } from '../../bench/measure/explain.ts'
import { firstStatementOf } from '../../bench/measure/statements.ts'
import { seedDemo } from '../../local/demo.ts'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import { addDays, isoWeekday, wallOf } from '../../src/platform/time.ts'
import { insightEndpoints } from '../../src/insights/routes.ts'
import type { Restaurant } from '../../src/restaurants/schema.ts'
import { type Answer, type Call, caller, type House, openHouse, withDatabase } from '../factories.ts'
import { countOutcomes, guestMinutes, leadDays, nearestRank, real, stay } from './brute.ts'
import { daysUntil, drawParties, insertParties, type Party } from './evenings.ts'

// Alone, because the job works for every restaurant there is.
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off', max_wal_size: '4GB' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

const hourly = (at: number): Promise<void> => stack.worker.scheduled({ cron: '0 * * * *', time: new Date(at) })

async function rows<T extends pg.QueryResultRow>(statement: string, ...values: unknown[]): Promise<T[]> {
  return withDatabase(stack, async (client) => (await client.query<T>(statement, values)).rows)
}
const clockAt = (at: number): Record<string, string> => ({ 'x-tableside-now': new Date(at).toISOString() })

function ask(house: House, metric: string, now: number, query: Record<string, string> = {}): Promise<Answer> {
  return house.call('GET', `/analytics/${metric}?${new URLSearchParams(query).toString()}`, undefined, clockAt(now))
}

const zones = [
  // The clocks go back on 2026-11-01, and forward on 2026-03-29; Kathmandu's quarter hours are nobody else's.
  { timezone: 'America/New_York', today: '2026-11-14', now: '2026-11-15T01:30:00Z' },
  { timezone: 'Europe/Berlin', today: '2026-04-10', now: '2026-04-10T20:10:00Z' },
  { timezone: 'Asia/Kathmandu', today: '2026-11-14', now: '2026-11-14T12:00:00Z' },
]

describe.for(zones)('R186 figures are what counting gives, in $timezone', ({ timezone, today, now: iso }) => {
  const now = Date.parse(iso)
  let house: House
  let parties: Party[]
  const days = daysUntil(today, 45)
  const range = { from: days[0] ?? '', to: today }
  const grouped = (group: string): Map<string, Party[]> =>
    Map.groupBy(parties, ({ day }) =>
      group === 'day'
        ? day
        : group === 'month'
          ? day.slice(0, 7)
          : group === 'weekday'
            ? String(isoWeekday(day))
            : addDays(day, 1 - isoWeekday(day)),
    )

  beforeAll(async () => {
    house = await openHouse(stack, {
      timezone,
      hours: [
        { days: [1, 2, 3, 4, 5], opens: '18:00', closes: '02:00' },
        { days: [6], opens: '12:00', closes: '24:00' },
      ],
    })
    parties = drawParties(house, days, 17, 14)
    await withDatabase(stack, (client) => insertParties(client, house, parties))
    // All but today and yesterday are rolled up; both are then reckoned live.
    await hourly(now - 86_400_000)
    await rows('delete from rolled_days where restaurant_id = $1 and service_day >= $2', house.id, addDays(today, -1))
    await rows('delete from day_figures where restaurant_id = $1 and service_day >= $2', house.id, addDays(today, -1))
  })

  test.for(['day', 'week', 'month', 'weekday'])('outcomes by %s', async (group) => {
    const answer = await ask(house, 'outcomes', now, { ...range, group })
    expect(answer.status).toBe(200)
    const found = Object.fromEntries(answer.data.rows.map((row: { group: string }) => [row.group, row]))
    const wanted = [...grouped(group)].map(([name, of]) => [name, countOutcomes(of)] as const)
    expect(Object.keys(found).toSorted()).toEqual(wanted.map(([name]) => name).toSorted())
    for (const [name, counted] of wanted) expect(found[name]).toMatchObject(counted)
    const [first] = wanted
    const { parties: n, cancelled_parties: gone, no_show_parties: missing } = first?.[1] ?? countOutcomes([])
    expect(found[first?.[0] ?? ''].cancellation_rate).toBeCloseTo(gone / n, 4)
    expect(found[first?.[0] ?? ''].no_show_rate).toBeCloseTo(missing / (n - gone), 4)
  })

  test('sources and lead time', async () => {
    const sources = await ask(house, 'sources', now, { ...range, group: 'month' })
    for (const row of sources.data.rows) {
      const of = (grouped('month').get(row.group) ?? []).filter((one) => one.source === row.source)
      expect(row).toMatchObject(countOutcomes(of))
    }
    const total = sources.data.rows.reduce((sum: number, row: { parties: number }) => sum + row.parties, 0)
    expect(total).toBe(parties.filter(real).length)

    const leads = await ask(house, 'lead-time', now, { ...range, group: 'weekday' })
    const ends = {
      same_day: 0,
      '1_day': 1,
      '2_3_days': 3,
      '4_7_days': 7,
      '8_14_days': 14,
      '15_30_days': 30,
      over_30_days: 999,
    }
    const bucket = (one: Party): string =>
      Object.entries(ends).find(([, end]) => leadDays(one, house) <= end)?.[0] ?? ''
    const booked = parties.filter((one) => one.source !== 'walk_in')
    const wanted = Map.groupBy(booked.filter(real), (one) => `${isoWeekday(one.day)} ${bucket(one)}`)
    const found = new Map(
      leads.data.rows.map((row: { group: string; lead: string }) => [`${row.group} ${row.lead}`, row]),
    )
    expect(new Set(found.keys())).toEqual(new Set(wanted.keys()))
    for (const [name, of] of wanted) expect(found.get(name)).toMatchObject(countOutcomes(of))
  })

  test('R185 occupancy by day and half-hour, across midnight and the change of the clocks', async () => {
    const peaks = await ask(house, 'peaks', now, { ...range, group: 'week' })
    for (const [week, of] of grouped('week')) {
      const wanted = guestMinutes(of, house, now)
      const found = peaks.data.rows.filter((row: { group: string }) => row.group === week)
      const sat = new Map(found.map((row: { time: string; seat_minutes: number }) => [row.time, row.seat_minutes]))
      for (const [time, minutes] of wanted) expect(sat.get(time), `${week} ${time}`).toBeCloseTo(minutes, 0)
    }
    const byDay = await ask(house, 'occupancy', now, { ...range })
    for (const row of byDay.data.rows) {
      const weekday = isoWeekday(row.group)
      // Eight hours in the week; Saturday from twelve to midnight, the rest of Friday's is before five and so Friday's.
      const open = weekday === 7 ? 0 : weekday === 6 ? 12 : 8
      // The night the clocks change, one of the hours to two o'clock may be missing, or be there twice.
      if (!['2026-10-31', '2026-03-28'].includes(row.group)) expect(row.available_seat_minutes).toBe(open * 60 * 12)
      const sum = [...guestMinutes(grouped('day').get(row.group) ?? [], house, now).values()].reduce((a, b) => a + b, 0)
      expect(row.seat_minutes).toBeCloseTo(sum, 0)
      expect(row.occupancy === null).toBe(open === 0)
    }
    expect(byDay.data.rows).toHaveLength(days.length)
  })

  test('R187 turns: the nearest rank, over any range the same as from the raw rows', async () => {
    for (const group of ['day', 'month'] as const) {
      const answer = await ask(house, 'turns', now, { ...range, group })
      for (const [name, of] of grouped(group)) {
        const timed = of.filter((one) => real(one) && one.completed_at !== null && one.seated_at !== null)
        const row = answer.data.rows.find(
          (one: { group: string; party: string }) => one.group === name && one.party === 'all',
        )
        const actual = timed.map((one) => ((one.completed_at ?? 0) - (one.seated_at ?? 0)) / 60_000)
        const planned = timed.map((one) => (one.ends_at - one.starts_at) / 60_000)
        if (timed.length === 0) continue
        expect(row).toMatchObject({
          parties: timed.length,
          planned_p50_minutes: nearestRank(planned, 0.5),
          planned_p90_minutes: nearestRank(planned, 0.9),
          actual_p50_minutes: nearestRank(actual, 0.5),
          actual_p90_minutes: nearestRank(actual, 0.9),
        })
      }
    }
  })

  test('new and returning guests; tables', async () => {
    const guests = await ask(house, 'guests', now, { ...range, group: 'month' })
    const before = (one: Party): boolean =>
      parties.some((other) => other.guest === one.guest && stay(other, now) !== null && other.starts_at < one.starts_at)
    const kind = (one: Party): string => (one.guest === null ? 'unknown' : before(one) ? 'returning' : 'new')
    for (const row of guests.data.rows) {
      const of = (grouped('month').get(row.group) ?? []).filter((one) => kind(one) === row.guest)
      expect(row).toMatchObject(countOutcomes(of))
    }
    const tables = await ask(house, 'tables', now, { ...range, group: 'month' })
    for (const row of tables.data.rows) {
      const of = (grouped('month').get(row.group) ?? []).filter((one) => one.table_ids.includes(row.table_id))
      const stays = of.flatMap((one) => stay(one, now) ?? [])
      const first = of.filter((one) => stay(one, now) && one.table_ids[0] === row.table_id)
      expect(row.parties).toBe(stays.length)
      expect(row.covers).toBe(first.reduce((sum, one) => sum + one.party_size, 0))
      expect(row.seated_minutes).toBeCloseTo(
        stays.reduce((sum, { from, to }) => sum + (to - from) / 60_000, 0),
        0,
      )
    }
    expect(tables.data.rows.length).toBeGreaterThanOrEqual(6)
  })

  test('the same when all of it is rolled up, and rolled up twice', async () => {
    const metrics = ['outcomes', 'peaks', 'turns', 'tables', 'guests', 'occupancy']
    const before = await Promise.all(metrics.map((one) => ask(house, one, now, range)))
    const wasted = `delete from days_to_roll where restaurant_id = $1`
    await rows(wasted, house.id)
    await rows(
      `insert into days_to_roll select $1, d::date, now() from generate_series($2::date, $3::date, '1 day') d`,
      house.id,
      range.from,
      addDays(today, -1),
    )
    await hourly(now)
    const first = await rows('select * from day_figures where restaurant_id = $1 order by 2,3,4,5', house.id)
    await rows(
      `insert into days_to_roll select restaurant_id, service_day, now() from rolled_days where restaurant_id = $1`,
      house.id,
    )
    await Promise.all([hourly(now), hourly(now)])
    expect(await rows('select * from day_figures where restaurant_id = $1 order by 2,3,4,5', house.id)).toEqual(first)
    const after = await Promise.all(metrics.map((one) => ask(house, one, now, range)))
    expect(after.map((one) => one.data)).toEqual(before.map((one) => one.data))
  })
})

describe('what the job does', () => {
  const now = Date.parse('2026-06-10T12:00:00Z')

  test('R188 a past day that changes is reckoned again, with the room it had; one under way is not kept', async () => {
    const house = await openHouse(stack)
    const [party] = drawParties(house, ['2026-06-01'], 3, 1).map((one) => ({ ...one, status: 'completed' as const }))
    if (!party) throw new Error('no party')
    const sat = {
      ...party,
      cancel_reason: null,
      name: 'A',
      party_size: 2,
      source: 'web',
      cancelled_at: null,
      seated_at: party.starts_at,
      completed_at: party.starts_at + 3_600_000,
    }
    await withDatabase(stack, (client) =>
      insertParties(
        client,
        house,
        [
          sat,
          {
            ...sat,
            id: randomUUID(),
            day: '2026-06-10',
            starts_at: now - 7_200_000,
            seated_at: now - 7_200_000,
            completed_at: now - 3_600_000,
            ends_at: now,
          },
        ].map((one) => ({ ...one, guest: null })),
      ),
    )
    await hourly(now)
    const read = async () => (await ask(house, 'occupancy', now, { from: '2026-06-01', to: '2026-06-01' })).data.rows[0]
    expect(await read()).toMatchObject({ seated_covers: 2, available_seat_minutes: 12 * 12 * 60 })
    expect(
      await rows('select 1 from rolled_days where restaurant_id = $1 and service_day = $2', house.id, '2026-06-10'),
    ).toEqual([])
    expect(
      (await ask(house, 'outcomes', now, { from: '2026-06-10', to: '2026-06-10' })).data.rows[0].seated_covers,
    ).toBe(2)

    await house.call('PATCH', `/tables/${house.tables[2]?.id ?? ''}`, { seats: 10 })
    await rows('update reservations set party_size = 4 where id = $1', sat.id)
    await rows(
      `insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
       values ($1, now(), 'reservation.changed', $2, '{"kind":"system"}', 'test', '{"service_day":"2026-06-01","status":"completed"}')`,
      house.id,
      sat.id,
    )
    await hourly(now + 3_600_000)
    expect(await read()).toMatchObject({ seated_covers: 4, available_seat_minutes: 12 * 12 * 60 })
  })

  test('R191 a special day weeks ago is known to the forecast, and hardly learnt from', async () => {
    const days = daysUntil('2026-06-09', 42)
    const odd = '2026-06-03'
    const next = async (special: boolean): Promise<number> => {
      const house = await openHouse(stack)
      const [drawn] = drawParties(house, days, 9, 1)
      if (!drawn) throw new Error('no party drawn')
      const parties = days.map((day): Party => {
        const starts_at = Date.parse(`${day}T11:00:00Z`)
        return {
          ...drawn,
          id: randomUUID(),
          day,
          status: 'completed',
          party_size: day === odd ? 20 : 4,
          guest: null,
          created_at: starts_at - 86_400_000,
          starts_at,
          ends_at: starts_at + 3_600_000,
          seated_at: starts_at,
          completed_at: starts_at + 3_600_000,
          cancelled_at: null,
        }
      })
      await withDatabase(stack, (client) => insertParties(client, house, parties))
      if (special)
        await rows(
          `insert into special_days (restaurant_id, date, hours) values ($1, $2, '[{"opens":"12:00","closes":"23:00"}]')`,
          house.id,
          odd,
        )
      await hourly(now)
      // The first run has every day to reckon; the next one's day is the latest only.
      await hourly(now + 86_400_000)
      const answer = await ask(house, 'forecast', now + 86_400_000, { from: '2026-06-17', to: '2026-06-17' })
      return answer.data.days[0].covers
    }
    const [named, unnamed] = [await next(true), await next(false)]
    expect(named).toBeGreaterThan(0)
    expect(unnamed - named).toBeGreaterThan(0.2)
  })

  test('R189 raw rows purged: the figures stay, whatever is rolled up after', async () => {
    const house = await openHouse(stack)
    const days = daysUntil('2026-06-08', 20)
    const parties = drawParties(house, days, 5, 10)
    await withDatabase(stack, (client) => insertParties(client, house, parties))
    await hourly(now)
    const range = { from: days[0] ?? '', to: '2026-06-09' }
    const before = (await ask(house, 'outcomes', now, range)).data
    expect(before.rows[0].parties).toBeGreaterThan(0)
    await rows('delete from reservations where restaurant_id = $1 and starts_at < $2', house.id, '2026-06-04T00:00:00Z')
    await rows(
      `insert into days_to_roll select restaurant_id, service_day, now() from rolled_days where restaurant_id = $1`,
      house.id,
    )
    await hourly(now + 3_600_000)
    expect((await ask(house, 'outcomes', now, range)).data).toEqual(before)
    const sealed = await rows<{ n: number }>(
      'select count(*)::int as n from rolled_days where restaurant_id = $1 and sealed',
      house.id,
    )
    expect(sealed[0]?.n).toBeGreaterThanOrEqual(14)
  })

  test('staff: who seated, who closed, and the last to see to an order; denied demand and what of it was lost', async () => {
    const house = await openHouse(stack, {
      tables: [{ number: '1', seats: 4 }],
      settings: { min_notice_minutes: 0, per_phone: 'any' },
    })
    const day = new Date().toISOString().slice(0, 10)
    const evening = Date.parse(`${day}T11:00:00Z`) // seven in Singapore
    const book = (time: string, party_size: number, at: number) =>
      house.call(
        'POST',
        '/reservations',
        { name: 'A', phone_number: '+6598207272', reservation_date: day, reservation_time: time, party_size },
        clockAt(at),
      )
    const booked = await book('19:00', 4, evening - 3 * 3_600_000)
    expect(booked.status).toBe(201)
    // Asks twice, then takes a later time: nothing lost. Another party of three is.
    await book('19:30', 2, evening - 2 * 3_600_000)
    await book('20:00', 2, evening - 2 * 3_600_000 + 60_000)
    expect((await book('21:00', 2, evening - 2 * 3_600_000 + 120_000)).status).toBe(201)
    expect((await book('19:15', 3, evening - 3_600_000)).status).toBe(409)
    const seated = await house.call('POST', `/reservations/${booked.data.id}/seat`, {}, clockAt(evening))
    const left = await house.call(
      'POST',
      `/reservations/${booked.data.id}/complete`,
      {},
      clockAt(evening + 80 * 60_000),
    )
    expect([seated.status, left.status]).toEqual([200, 200])
    const after = evening + 90 * 60_000
    const check = async (): Promise<void> => {
      const staff = await ask(house, 'staff', after, { from: day, to: day })
      expect(staff.data.rows).toMatchObject([
        { seated_parties: 1, seated_covers: 4, completed_parties: 1, mean_turn_minutes: 80, mean_planned_minutes: 105 },
      ])
      const denied = await ask(house, 'denied', after, { from: day, to: day })
      expect(denied.data.rows).toMatchObject([
        { time: '19:00', reason: 'sold_out', asks: 1, covers_asked: 3, lost_parties: 1, lost_covers: 3 },
        { time: '19:30', reason: 'sold_out', asks: 1, covers_asked: 2, lost_parties: 0 },
        { time: '20:00', reason: 'sold_out', asks: 1, covers_asked: 2, lost_parties: 0 },
      ])
    }
    await check()
    await hourly(after)
    await check()
    await hourly(after + 86_400_000)
    await check()
    expect(
      await rows('select 1 from rolled_days where restaurant_id = $1 and service_day = $2', house.id, day),
    ).toHaveLength(1)
  })
})

test('revenue: what was ordered and neither waits nor was rejected, by day and by table', async () => {
  const house = await openHouse(stack)
  const [day, other] = ['2026-06-08', '2026-06-09']
  const sessions = [randomUUID(), randomUUID()]
  const orders: [string, number, string, number, number][] = [
    [day, 0, 'paid', 5_000, 400],
    [day, 0, 'served', 1_500, 120],
    [day, 1, 'rejected', 9_900, 0],
    [day, 1, 'review', 9_900, 0],
    [day, 1, 'pos_failed', 700, 50],
    [other, 1, 'fired', 2_000, 160],
  ]
  for (const [i, [service_day, at, status, total, tax]] of orders.entries()) {
    await rows(
      `insert into orders (restaurant_id, session_id, table_id, table_number, service_day, ticket_no, status, total_minor,
                           tax_minor, taxes, currency, placed_at, freeze_key, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '[]', 'SGD', $5::date + time '12:00', gen_random_uuid()::text, now())`,
      house.id,
      sessions[at],
      house.tables[at]?.id,
      house.tables[at]?.number,
      service_day,
      i + 1,
      status,
      total,
      tax,
    )
  }
  const check = async (): Promise<void> => {
    const now = Date.parse('2026-06-09T12:00:00Z')
    const revenue = await ask(house, 'revenue', now, { from: day, to: other })
    expect(revenue.data.rows).toMatchObject([
      { orders: 3, sessions: 2, revenue_minor: 7_200, tax_minor: 570, revenue_per_order_minor: 2_400, currency: 'SGD' },
      { orders: 1, sessions: 1, revenue_minor: 2_000, tax_minor: 160, revenue_per_cover_minor: null },
    ])
    const tables = await ask(house, 'tables', now, { from: day, to: other, group: 'month' })
    expect(
      tables.data.rows.map((row: { orders: number; revenue_minor: number }) => [row.orders, row.revenue_minor]),
    ).toEqual([
      [2, 6_500],
      [2, 2_700],
      [0, 0],
    ])
  }
  await check()
  await rows(`insert into days_to_roll values ($1, $2, now()), ($1, $3, now())`, house.id, day, other)
  await hourly(Date.parse('2026-06-10T12:00:00Z'))
  await check()
})

describe('R193 bounds, and other houses', () => {
  const now = Date.parse('2026-06-10T12:00:00Z')
  test.for([
    { from: '2026-06-02', to: '2026-06-01' },
    { from: '2025-01-01', to: '2026-02-05' },
    { from: '2026-13-01' },
    { group: 'year' },
    { unknown: '1' },
  ])('%j is refused', async (query) => {
    const house = await openHouse(stack)
    expect(await ask(house, 'outcomes', now, query)).toMatchObject({ status: 422, code: 'validation_failed' })
  })

  test('four hundred days are answered; another house sees nothing; its path is 404; without the scope 403', async () => {
    const [house, other] = [await openHouse(stack), await openHouse(stack)]
    await withDatabase(stack, (client) => insertParties(client, house, drawParties(house, ['2026-06-09'], 1, 5)))
    const range = { from: '2025-05-08', to: '2026-06-11' }
    const answer = await ask(house, 'outcomes', now, range)
    expect(answer.data.rows).toHaveLength(399)
    const theirs = await ask(other, 'outcomes', now, range)
    expect(theirs.data.rows.every((row: { parties: number }) => row.parties === 0)).toBe(true)
    expect((await other.call('GET', `/api/restaurants/${house.id}/analytics/outcomes`)).status).toBe(404)
    const key = await house.call('POST', '/keys', { name: 'narrow', scopes: ['reservations:read'] })
    const narrow = await fetch(`${stack.origin}/api/analytics/outcomes`, {
      headers: { authorization: `Bearer ${key.data.api_key}` },
    })
    expect(narrow.status).toBe(403)
  })
})

describe('the demo year', () => {
  const today = new Date()
  let call: Call
  beforeAll(async () => {
    await seedDemo(stack.database_url, stack.bindings['TOKEN_SECRET'] ?? '', today)
    call = caller(stack.origin, 'tsk_local_chianti')
  })

  test('R186 outcomes by month are those of its rows', async () => {
    const day = wallOf(today.getTime() - 5 * 3_600_000, 'Asia/Singapore').date
    const range = { from: addDays(day, -365), to: addDays(day, -1), group: 'month' }
    const answer = await call('GET', `/analytics/outcomes?${new URLSearchParams(range).toString()}`)
    const raw = await rows<Pick<Party, 'day' | 'status' | 'party_size' | 'name' | 'cancel_reason'>>(
      `select service_day::text as day, status, party_size, name, cancel_reason from reservations
        where restaurant_id = (select id from restaurants where slug = 'chianti') and service_day between $1 and $2`,
      range.from,
      range.to,
    )
    expect(raw.length).toBeGreaterThan(5_000)
    for (const row of answer.data.rows) {
      const of = raw.filter((one) => one.day.startsWith(row.group))
      const covers = (status: string): number =>
        of.filter((one) => one.status === status).reduce((sum, one) => sum + one.party_size, 0)
      expect(row).toMatchObject({
        parties: of.length,
        seated_covers: covers('completed') + covers('seated'),
        cancelled_covers: covers('cancelled'),
        no_show_covers: covers('no_show'),
      })
    }
  })

  test('R191 R192 past forecasts beside what came, with their error and the naive one’s; the days ahead without', async () => {
    const answer = await call('GET', '/analytics/forecast')
    const { days, errors } = answer.data
    const day = wallOf(today.getTime() - 5 * 3_600_000, 'Asia/Singapore').date
    expect(days.filter((one: { date: string }) => one.date > day)).toHaveLength(14)
    const over = days.filter((one: { date: string }) => one.date < day)
    expect(over).toHaveLength(28)
    expect(
      over.every(
        (one: { actual: number | null; horizon_days: number }) => one.actual !== null && one.horizon_days === 1,
      ),
    ).toBe(true)
    const off = (name: 'covers' | 'naive'): number => {
      const open = over.filter((one: { actual: number; naive: number }) => one.actual > 0)
      return (
        open.reduce(
          (sum: number, one: Record<string, number>) => sum + Math.abs((one[name] ?? 0) - (one['actual'] ?? 0)),
          0,
        ) / open.length
      )
    }
    const [tomorrow] = errors.filter((one: { horizon_days: number }) => one.horizon_days === 1)
    expect(tomorrow.mean_absolute_error).toBeCloseTo(off('covers'), 1)
    expect(tomorrow.naive_mean_absolute_error).toBeCloseTo(off('naive'), 1)
    expect(errors.length).toBeGreaterThan(14)
  })

  test('R194 the dashboard counts what the list says', async () => {
    const answer = await call('GET', '/dashboard')
    expect(answer.status).toBe(200)
    const { date, booked, to_come, seated, done, expected, compared, occupancy, arrivals } = answer.data
    const raw = await rows<{ status: string; n: number; covers: number }>(
      `select status, count(*)::int as n, sum(party_size)::int as covers from reservations
        where restaurant_id = (select id from restaurants where slug = 'chianti') and service_day = $1 group by 1`,
      date,
    )
    const of = (...statuses: string[]) => ({
      parties: raw.filter((one) => statuses.includes(one.status)).reduce((sum, one) => sum + one.n, 0),
      covers: raw.filter((one) => statuses.includes(one.status)).reduce((sum, one) => sum + one.covers, 0),
    })
    expect({ booked, to_come, seated, done }).toEqual({
      booked: of('pending', 'confirmed', 'seated', 'completed'),
      to_come: of('pending', 'confirmed'),
      seated: of('seated'),
      done: of('completed'),
    })
    expect(expected.covers).toBeGreaterThanOrEqual(booked.covers)
    expect(compared.last_week.date).toBe(addDays(date, -7))
    expect(compared.last_year.date).toBe(addDays(date, -364))
    expect(occupancy.ahead).toHaveLength(12)
    expect(arrivals.length).toBeLessThanOrEqual(50)
  })
})

describe('a year of a hundred thousand reservations', () => {
  const metrics = [
    'occupancy',
    'peaks',
    'turns',
    'lead-time',
    'sources',
    'outcomes',
    'revenue',
    'guests',
    'staff',
    'denied',
    'tables',
    'forecast',
  ]
  const today = '2026-11-14'
  const now = Date.parse('2026-11-14T10:00:00Z')
  let house: House
  let superuser: pg.Client
  let parties: Party[]
  let restaurant: Restaurant

  beforeAll(async () => {
    house = await openHouse(stack)
    restaurant = (await house.call('GET', `/restaurants/${house.id}`)).data
    parties = drawParties(house, daysUntil(today, 365), 23, 274).map((one, i) =>
      i % 10 === 0 ? one : { ...one, guest: null },
    )
    superuser = new pg.Client({ connectionString: stack.postgres.superuser_url.replace(/[^/]*$/, 'tableside') })
    await superuser.connect()
    await superuser.query('set session_replication_role = replica')
    await insertParties(superuser, house, parties)
    await superuser.query('reset session_replication_role; analyze reservations')
    for (let run = 0; run < 2; run++) await hourly(now + run * 3_600_000)
    // Beside other houses, as anywhere: with one alone, reading the whole table would be a good plan.
    for (let n = 0; n < 5; n++) {
      await superuser.query(
        `insert into day_figures select (jsonb_populate_record(f, jsonb_build_object('restaurant_id', $2::text))).*
        from day_figures f where f.restaurant_id = $1`,
        [house.id, randomUUID()],
      )
    }
    await superuser.query('vacuum analyze day_figures')
  }, 300_000)
  afterAll(() => superuser.end())

  test.for(metrics)(
    'R186 %s: one statement, no scan of history, no more than the figures and today read',
    async (metric) => {
      const asked = { from: addDays(today, -364), to: today, ...(metric === 'forecast' ? {} : { group: 'week' }) }
      await ask(house, metric, now, asked)
      // The restaurant itself is remembered for seconds only; a slow machine may have to read it again.
      const trips: number[] = []
      for (let n = 0; n < 3; n++) trips.push(await roundTripsOf(() => ask(house, metric, now, asked)))
      expect(Math.min(...trips)).toBe(1)

      const one = insightEndpoints.find((endpoint) => endpoint.path === `/analytics/${metric}`)
      const asker = {
        restaurant,
        caller: { kind: 'nobody' as const },
        address: '',
        headers: new Headers(),
        limit: () => Promise.resolve(),
      }
      const raw = { params: {}, query: asked, body: undefined, once: { key: 'k', fingerprint: '' }, if_match: null }
      const statement = await firstStatementOf(restaurant, async (ctx) => one?.serve({ ...ctx, now }, asker, raw))
      const scans = await nestedScans(superuser, () => superuser.query(statement.query, statement.params))
      const growing = [
        'reservations',
        'claims',
        'orders',
        'events',
        'denied_requests',
        'day_figures',
        'forecasts',
        'staff_deeds',
      ]
      expect(scans.filter((scan) => scan.node === 'Seq Scan' && growing.includes(scan.relation))).toEqual([])
      expect(readOf(scans, 'reservations')).toBeLessThan(274 * 12)
    },
  )

  test('and it is right', async () => {
    const answer = await ask(house, 'outcomes', now, { from: addDays(today, -364), to: today, group: 'month' })
    for (const row of answer.data.rows) {
      expect(row).toMatchObject(countOutcomes(parties.filter((one) => one.day.startsWith(row.group))))
    }
    expect(wallOf(now, house.timezone).date).toBe(today)
  })
})

const readOf = (scans: Scan[], relation: string): number =>
  scans.filter((scan) => scan.relation === relation).reduce((sum, scan) => sum + scan.rows + scan.removed, 0)

async function roundTripsOf(work: () => Promise<unknown>): Promise<number> {
  await fetch(`${stack.control_origin}/neon/reset`, { method: 'POST' })
  await work()
  const stats: { round_trips: number } = JSON.parse(await (await fetch(`${stack.control_origin}/neon/stats`)).text())
  return stats.round_trips
}
