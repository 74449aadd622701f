import { describe, expect, inject, test } from 'vitest'
import { type Answer, daysAhead, givingWay, type House, openHouse, overlaps, withDatabase } from '../factories.ts'

const where = inject('stack')
const start = daysAhead(10)
const on = (n: number): string => daysAhead(10 + 7 * n)
const club = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  rrule: 'FREQ=WEEKLY;COUNT=4',
  start_date: start,
  time: '19:00',
  party_size: 2,
  name: 'Book club',
  phone_number: '98207272',
  ...more,
})
const oneTable = { tables: [{ number: '1', seats: 4 }] }
const dates = (rows: { reservation_date: string }[]): string[] => rows.map((row) => row.reservation_date)

async function begin(house: House, more: Record<string, unknown> = {}): Promise<Answer['data']> {
  const answer = await house.call('POST', '/reservations/series', club(more))
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.data
}
async function live(house: House): Promise<number> {
  const answer = await house.call('GET', `/reservations?from=${start}&status=pending,confirmed&limit=200`)
  return answer.data.length
}

describe('a new series', () => {
  test('R135 books every date of its rule, each a reservation of its own that names the series', async () => {
    const house = await openHouse(where)
    const { series, booked, not_booked } = await begin(house)
    expect(dates(booked)).toEqual([on(0), on(1), on(2), on(3)])
    expect(not_booked).toEqual([])
    expect(booked[0]).toMatchObject({ series_id: series.id, series_date: start, reservation_time: '19:00', version: 1 })
    expect(series).toMatchObject({ status: 'active', time: '19:00', phone_number: '+6598207272', last_date: on(3) })
    expect(new Set(booked.map((one: { guest_id: string }) => one.guest_id)).size).toBe(1)
    const read = await house.call('GET', `/reservations/series/${series.id}`)
    expect(dates(read.data.occurrences)).toEqual(dates(booked))
    expect((await house.call('GET', '/reservations/series?phone=98207272')).data).toMatchObject([{ id: series.id }])
    expect((await house.call('GET', '/reservations/series?status=cancelled')).data).toEqual([])
    // What is booked beside a series knows nothing of it.
    const other = await house.call('POST', '/reservations', { date: `${start}T12:00:00`, guests: 2 })
    expect(other.data).toMatchObject({ series_id: null, series_date: null, is_group: false })
  })

  test('R136 19:00 stays 19:00 when the clocks change, and a time they skip is a conflict', async () => {
    const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }]
    const soon = { 'x-tableside-now': '2027-02-20T12:00:00Z' }
    const make = (house: House, more: Record<string, unknown>): Promise<Answer> =>
      house.call('POST', '/reservations/series', club({ rrule: 'FREQ=WEEKLY;COUNT=3', ...more }), soon)
    const york = await openHouse(where, { timezone: 'America/New_York', country: 'US', currency: 'USD', hours })
    const spring = await make(york, { start_date: '2027-03-07', phone_number: null })
    expect(spring.data.booked.map((one: { starts_at: string }) => one.starts_at)).toEqual([
      '2027-03-07T19:00:00-05:00',
      '2027-03-14T19:00:00-04:00',
      '2027-03-21T19:00:00-04:00',
    ])
    const skipped = await make(york, { start_date: '2027-03-07', time: '02:30', phone_number: null })
    expect(skipped.data.not_booked).toMatchObject([{ date: '2027-03-14', code: 'nonexistent_time' }])
    expect(dates(skipped.data.booked)).toEqual(['2027-03-07', '2027-03-21'])
    const twice = await make(york, { start_date: '2027-10-31', time: '01:30', phone_number: null })
    expect(twice.data.booked[1].starts_at).toBe('2027-11-07T01:30:00-04:00')
    expect(twice.body.meta.notices).toMatchObject([{ code: 'time_occurs_twice' }])

    const howe = await openHouse(where, { timezone: 'Australia/Lord_Howe', country: 'AU', currency: 'AUD', hours })
    const autumn = await make(howe, { start_date: '2027-03-28', phone_number: null })
    expect(autumn.data.booked.map((one: { starts_at: string }) => one.starts_at)).toEqual([
      '2027-03-28T19:00:00+11:00',
      '2027-04-04T19:00:00+10:30',
      '2027-04-11T19:00:00+10:30',
    ])
    const gap = await make(howe, { start_date: '2027-09-26', time: '02:15', phone_number: null })
    expect(gap.data.not_booked).toMatchObject([{ date: '2027-10-03', code: 'nonexistent_time' }])
  })

  test('R137 each date that cannot be had is told with its reason and the nearest times; the ledger has it', async () => {
    const house = await openHouse(where, {
      ...oneTable,
      special_days: [{ date: on(2), hours: [] }],
    })
    await house.call('POST', '/reservations', { date: `${on(1)}T19:00:00`, guests: 2 })
    const { booked, not_booked } = await begin(house)
    expect(dates(booked)).toEqual([on(0), on(3)])
    expect(not_booked).toMatchObject([
      { date: on(1), code: 'sold_out', alternatives: [{ date: on(1), time: '17:30' }, { time: '20:30' }, {}, {}] },
      { date: on(2), code: 'closed', alternatives: [] },
    ])
    const denied = await house.call('GET', '/denied-requests')
    expect(denied.data.map((one: { reason: string }) => one.reason).toSorted()).toEqual(['closed', 'sold_out'])
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R138 all or nothing: one date that is taken leaves nothing behind', async () => {
    const house = await openHouse(where, oneTable)
    await house.call('POST', '/reservations', { date: `${on(3)}T19:00:00`, guests: 2 })
    const refused = await house.call('POST', '/reservations/series', club({ book: 'all_or_nothing' }))
    expect(refused).toMatchObject({
      status: 409,
      code: 'series_conflicts',
      body: { not_booked: [{ date: on(3), code: 'sold_out' }] },
    })
    expect(await live(house)).toBe(1)
    expect((await house.call('GET', '/reservations/series')).data).toEqual([])
    const free = await house.call('GET', `/availability?date=${on(0)}&guests=2&time=19:00`)
    expect(free.data.tablesAvailable).toBe(1)
    const events = await withDatabase(where, (client) =>
      client.query('select type from events where restaurant_id = $1 and type like $2', [house.id, 'series.%']),
    )
    expect(events.rows).toEqual([])
    expect((await house.call('GET', '/denied-requests')).data).toMatchObject([{ reason: 'sold_out', kind: 'booking' }])
  })

  test('R138 a series of which no date can be had is none', async () => {
    const house = await openHouse(where)
    const refused = await house.call('POST', '/reservations/series', club({ party_size: 40 }))
    expect(refused).toMatchObject({ status: 409, code: 'series_conflicts' })
    expect(refused.body.not_booked).toHaveLength(4)
  })

  test('R139 one_upcoming counts a series as one booking', async () => {
    const house = await openHouse(where, { settings: { per_phone: 'one_upcoming' } })
    const { series, booked, not_booked } = await begin(house)
    expect([booked.length, not_booked.length]).toEqual([4, 0])
    const second = await house.call('POST', '/reservations', {
      name: 'Ana',
      phone_number: '98207272',
      reservation_date: daysAhead(12),
      reservation_time: '12:00',
      party_size: 2,
    })
    expect(second.code).toBe('phone_has_upcoming')
    expect((await house.call('POST', '/reservations/series', club({ time: '12:00' }))).code).toBe('series_conflicts')
    const moved = await house.call('PUT', `/reservations/series/${series.id}`, { scope: 'all', time: '20:30' })
    expect(moved.data).toMatchObject({ not_changed: [], changed: [{}, {}, {}, {}] })
    expect((await house.call('PUT', `/reservations/${booked[0].id}`, { time: '18:00' })).status).toBe(200)
  })

  test('R140 the same key is one series, at once or again; another body is refused', async () => {
    const house = await openHouse(where)
    const key = { 'idempotency-key': 'club-1' }
    const both = await Promise.all([1, 2, 3].map(() => house.call('POST', '/reservations/series', club(), key)))
    expect(both.map((one) => one.status)).toEqual([201, 201, 201])
    expect(both[1]?.data).toEqual(both[0]?.data)
    expect(both[2]?.data).toEqual(both[0]?.data)
    expect(await live(house)).toBe(4)
    const other = await house.call('POST', '/reservations/series', club({ time: '20:00' }), key)
    expect(other).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  })

  test('R140 what breaks off in the middle leaves nothing, and the same call completes it', async () => {
    const house = await openHouse(where)
    // A trigger stands in for the crash: the third occurrence cannot be written.
    await withDatabase(where, (client) =>
      givingWay(
        client,
        `create or replace function crash_${house.id.replaceAll('-', '')}() returns trigger language plpgsql as $$
        begin
          if new.series_date = '${on(2)}' then raise exception 'crash'; end if;
          return new;
        end $$;
        create trigger crash_${house.id.replaceAll('-', '')} before insert on reservations
          for each row when (new.restaurant_id = '${house.id}') execute function crash_${house.id.replaceAll('-', '')}()`,
      ),
    )
    const key = { 'idempotency-key': 'club-crash' }
    expect((await house.call('POST', '/reservations/series', club(), key)).status).toBe(500)
    expect(await live(house)).toBe(0)
    await withDatabase(where, (client) =>
      givingWay(client, `drop function crash_${house.id.replaceAll('-', '')} cascade`),
    )
    const again = await house.call('POST', '/reservations/series', club(), key)
    expect([again.status, again.data.booked.length]).toEqual([201, 4])
    expect(await live(house)).toBe(4)
  })

  test('two series race for one table: each date is one of them’s, no date is lost and none is doubled', async () => {
    const house = await openHouse(where, oneTable)
    const answers = await Promise.all(
      ['98207272', '98207273', '98207274'].map((phone_number) =>
        house.call('POST', '/reservations/series', club({ phone_number, rrule: 'FREQ=DAILY;COUNT=20' })),
      ),
    )
    const won = answers.flatMap((one) => (one.status === 201 ? dates(one.data.booked) : []))
    expect(won).toHaveLength(20)
    expect(new Set(won).size).toBe(20)
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test.each([
    [{ rrule: 'FREQ=WEEKLY' }, 'rrule'],
    [{ rrule: 'FREQ=DAILY;COUNT=105' }, 'rrule'],
    [{ rrule: 'FREQ=DAILY;COUNT=2', exdates: [start, daysAhead(11)] }, 'rrule'],
    [{ rrule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2' }, 'rrule'],
    [{ time: '7pm' }, 'time'],
    [{ nonsense: 1 }, 'nonsense'],
  ])('bad input %j is refused', async (more, path) => {
    const house = await openHouse(where)
    const refused = await house.call('POST', '/reservations/series', club(more))
    expect(refused).toMatchObject({ status: 422, code: 'validation_failed' })
    expect(refused.body.errors[0].path).toBe(path)
  })

  test('a guest that is not there is 404, and nothing is left of the series', async () => {
    const house = await openHouse(where)
    const client_id = '00000000-0000-4000-8000-000000000000'
    expect((await house.call('POST', '/reservations/series', club({ client_id }))).status).toBe(404)
    expect((await house.call('GET', '/reservations/series')).data).toEqual([])
    expect(await live(house)).toBe(0)
  })
})

describe('editing a series', () => {
  test('R141 this, following and all each change what they say; a date’s own edit is kept', async () => {
    const house = await openHouse(where)
    const { series, booked } = await begin(house)
    const put = (body: Record<string, unknown>): Promise<Answer> =>
      house.call('PUT', `/reservations/series/${series.id}`, body)

    const one = await put({ scope: 'this', from_date: on(1), time: '18:00' })
    expect(one.data.changed).toMatchObject([{ id: booked[1].id, reservation_time: '18:00' }])
    const later = await put({ scope: 'following', from_date: on(2), time: '20:00' })
    expect(dates(later.data.changed)).toEqual([on(2), on(3)])
    expect(later.data.series.terms).toMatchObject([{ time: '19:00' }, { from_date: on(2), time: '20:00' }])

    const all = await put({ scope: 'all', time: '20:30', notes: 'window' })
    expect(all.data.kept).toEqual([{ date: on(1), reservation_id: booked[1].id, fields: ['time'] }])
    const read = await house.call('GET', `/reservations/series/${series.id}`)
    const times = read.data.occurrences.map((row: { reservation_time: string }) => row.reservation_time)
    expect(times).toEqual(['20:30', '18:00', '20:30', '20:30'])
    expect(read.data.occurrences.every((row: { notes: string }) => row.notes === 'window')).toBe(true)
    const over = await put({ scope: 'all', time: '20:30', overwrite: true })
    expect(dates(over.data.changed)).toEqual([on(1)])
    expect(over.data.changed[0].reservation_time).toBe('20:30')
  })

  test('R143 a date that cannot be had at the new time stays as it was, and is told', async () => {
    const house = await openHouse(where, oneTable)
    const { series, booked } = await begin(house)
    await house.call('POST', '/reservations', { date: `${on(2)}T21:00:00`, guests: 2 })
    const answer = await house.call('PUT', `/reservations/series/${series.id}`, { scope: 'all', time: '20:30' })
    expect(dates(answer.data.changed)).toEqual([on(0), on(1), on(3)])
    expect(answer.data.not_changed).toMatchObject([{ date: on(2), code: 'sold_out', alternatives: [{}, {}, {}, {}] }])
    const kept = await house.call('GET', `/reservations/${booked[2].id}`)
    expect(kept.data).toMatchObject({ reservation_time: '19:00', version: 1 })
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('a stale version is 409 with the series; the same key does it once', async () => {
    const house = await openHouse(where)
    const { series } = await begin(house)
    const path = `/reservations/series/${series.id}`
    const key = { 'idempotency-key': 'later' }
    const first = await house.call('PUT', path, { scope: 'all', notes: 'a', version: 1 }, key)
    const again = await house.call('PUT', path, { scope: 'all', notes: 'a', version: 1 }, key)
    expect(again.data).toEqual(first.data)
    expect(first.data.series.version).toBe(2)
    const stale = await house.call('PUT', path, { scope: 'all', notes: 'b', version: 1 })
    expect(stale).toMatchObject({ status: 409, code: 'stale_version', body: { current: { version: 2 } } })
    const header = await house.call('DELETE', `${path}?scope=all`, undefined, { 'if-match': '"1"' })
    expect(header.code).toBe('stale_version')
  })

  test('a change of a series and of its dates at once: nothing is lost, nobody waits for ever', async () => {
    const house = await openHouse(where)
    const { series, booked } = await begin(house)
    const answers = await Promise.all([
      house.call('PUT', `/reservations/series/${series.id}`, { scope: 'all', time: '20:00' }),
      ...booked.map((one: { id: string }) => house.call('PUT', `/reservations/${one.id}`, { notes: 'own' })),
      house.call('PUT', `/reservations/series/${series.id}`, { scope: 'all', party_size: 3 }),
    ])
    expect(answers.map((one) => one.status)).toEqual(answers.map(() => 200))
    const read = await house.call('GET', `/reservations/series/${series.id}`)
    for (const row of read.data.occurrences)
      expect(row).toMatchObject({ reservation_time: '20:00', party_size: 3, notes: 'own' })
  })

  test.each([
    [{ scope: 'following', time: '20:00' }],
    [{ scope: 'all' }],
    [{ scope: 'all', phone_number: 'none' }],
    [{ scope: 'never', time: '20:00' }],
  ])('bad input %j is 422', async (body) => {
    const house = await openHouse(where)
    const { series } = await begin(house)
    expect((await house.call('PUT', `/reservations/series/${series.id}`, body)).status).toBe(422)
  })

  test('R31 another house’s series is not there', async () => {
    const [house, other] = [await openHouse(where), await openHouse(where)]
    const { series } = await begin(house)
    const path = `/reservations/series/${series.id}`
    const answers = await Promise.all([
      other.call('GET', path),
      other.call('PUT', path, { scope: 'all', notes: 'x' }),
      other.call('DELETE', `${path}?scope=all`),
      other.call('POST', `${path}/extend`, { count: 6 }),
    ])
    expect(answers.map((one) => one.status)).toEqual([404, 404, 404, 404])
    expect(await live(house)).toBe(4)
  })
})

describe('ending and extending', () => {
  test('R144 one date is skipped, the rest stays; those following go; all go', async () => {
    const house = await openHouse(where, oneTable)
    const { series } = await begin(house)
    const path = `/reservations/series/${series.id}`
    const one = await house.call('DELETE', `${path}?scope=this&from_date=${on(1)}&why=holiday`)
    expect(one.data).toMatchObject({
      series: { exdates: [on(1)], status: 'active' },
      cancelled: [{ cancel_reason: 'holiday' }],
    })
    expect((await house.call('GET', `/availability?date=${on(1)}&guests=2&time=19:00`)).data.tablesAvailable).toBe(1)
    const later = await house.call('DELETE', `${path}?scope=following&from_date=${on(3)}`)
    expect(dates(later.data.cancelled)).toEqual([on(3)])
    expect(later.data.series.rrule).toBe(`FREQ=WEEKLY;UNTIL=${daysAhead(10 + 20).replaceAll('-', '')}`)
    const all = await house.call('DELETE', `${path}?scope=all`)
    expect(dates(all.data.cancelled)).toEqual([on(0), on(2)])
    expect(all.data.series.status).toBe('cancelled')
    expect((await house.call('DELETE', `${path}?scope=all`)).code).toBe('illegal_step')
    expect((await house.call('POST', `${path}/extend`, { count: 9 })).code).toBe('illegal_step')
    expect(await live(house)).toBe(0)
  })

  test('R145 more dates come after its end, on its terms; what was skipped stays so unless it is named', async () => {
    const house = await openHouse(where)
    const { series, booked } = await begin(house)
    const path = `/reservations/series/${series.id}`
    await house.call('DELETE', `/reservations/${booked[1].id}`)
    await house.call('PUT', path, { scope: 'following', from_date: on(2), party_size: 4 })
    const more = await house.call('POST', `${path}/extend`, { count: 6 })
    expect(dates(more.data.booked)).toEqual([on(4), on(5)])
    expect(more.data.booked[0]).toMatchObject({ party_size: 4, guest_id: booked[0].guest_id })
    expect(more.data.series).toMatchObject({ rrule: 'FREQ=WEEKLY;COUNT=6', last_date: on(5) })
    const named = await house.call('POST', `${path}/extend`, { dates: [on(0), on(1)] })
    expect(dates(named.data.booked)).toEqual([on(1)])
    const same = await house.call('POST', `${path}/extend`, { until: on(5) })
    expect(same).toMatchObject({ status: 422, code: 'validation_failed' })
    const key = { 'idempotency-key': 'more' }
    const first = await house.call('POST', `${path}/extend`, { until: on(7) }, key)
    const again = await house.call('POST', `${path}/extend`, { until: on(7) }, key)
    expect(dates(first.data.booked)).toEqual([on(6), on(7)])
    expect(again.data).toEqual(first.data)
    expect(await live(house)).toBe(8)
  })
})
