import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, inject, test } from 'vitest'
import { type Answer, daysAhead, openHouse, overlaps, withDatabase } from '../factories.ts'
import { claimsOf, clockAt, date, type FloorHouse, openFloor } from './houses.ts'

const where = inject('stack')
const morrow = daysAhead(11)
const two = { date, party_size: 2, name: 'Ana' }
const turn = (minutes: number): Record<string, unknown> => ({ turn_rules: [{ max_party: 1000, minutes }] })

/** Open all night; slots of an hour from half past, so that one lies half in either service day, and holds one party. */
const openNight = (more: Record<string, unknown> = {}): Promise<FloorHouse> =>
  openFloor(where, {
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '22:30', closes: '08:30' }],
    settings: {
      turn_rules: [{ max_party: 1000, minutes: 20 }],
      slot_minutes: 60,
      max_party: 2,
      pacing: { max_parties_per_slot: 1 },
      ...more,
    },
  })
/** One table, to be had at any hour. */
const openAlways = (settings: unknown): Promise<FloorHouse> =>
  openFloor(where, {
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
    tables: [{ number: '1', seats: 2 }],
    settings,
  })

/** Blocking claims that are not of the day they begin on, or reach too far from it. */
async function astray(house: { id: string }): Promise<unknown[]> {
  return withDatabase(where, async (client) => {
    const found = await client.query(
      `select c.service_day::text, c.during::text, c.kind
         from claims c join restaurants x on x.id = c.restaurant_id
        where c.restaurant_id = $1 and c.blocking
          and (c.service_day <> service_day(lower(c.during), x.timezone)
               or upper(c.during) > (c.service_day + 1 + time '05:00') at time zone x.timezone
                  and upper(c.during) - lower(c.during) > interval '18 hours')`,
      [house.id],
    )
    return found.rows
  })
}

async function days(house: { id: string }): Promise<string[]> {
  return withDatabase(where, async (client) => {
    const found = await client.query<{ day: string }>(
      'select service_day::text as day from claims where restaurant_id = $1 and blocking order by during',
      [house.id],
    )
    return found.rows.map((row) => row.day)
  })
}

/** What the job does every five minutes, for this house alone. */
async function stay(house: { id: string }, time: string, day = date): Promise<void> {
  await withDatabase(where, (client) =>
    client.query("select extend_stays($1, $2, 'test')", [house.id, `${day}T${time}:00+08:00`]),
  )
}

type Verb = (house: FloorHouse, time: string) => Promise<Answer>
/** Everything that asks the kitchen. Each comes at that time of the night. */
const verbs: [string, Verb][] = [
  ['book', (house, time) => house.call('POST', '/reservations', { ...two, time })],
  ['hold', (house, time) => house.call('POST', '/reservations/holds', { date, time, party_size: 2 })],
  ['group', (house, time) => house.call('POST', '/reservations/groups', { ...two, time, party_size: 3 })],
  ['walk in', (house, time) => house.at(time, 'POST', '/walk-ins', { party_size: 2 })],
  [
    'series',
    (house, time) =>
      house.call('POST', '/reservations/series', {
        rrule: 'FREQ=DAILY;COUNT=1',
        start_date: date,
        time,
        party_size: 2,
        name: 'Club',
        phone_number: '98207272',
      }),
  ],
  [
    'change',
    async (house, time) => {
      const early = await house.call('POST', '/reservations', { ...two, time: '01:30' })
      return house.call('PUT', `/reservations/${early.data.id}`, { time })
    },
  ],
]

describe('pacing where its slot lies in two service days', () => {
  test.for(verbs)('R291 a slot is counted whole, before and after five: %s', async ([, come]) => {
    for (const [first, second] of [
      ['05:00', '04:30'],
      ['04:30', '05:00'],
    ] as const) {
      const house = await openNight()
      expect((await house.call('POST', '/reservations', { ...two, time: first })).status).toBe(201)
      const refused = await come(house, second)
      expect(JSON.stringify(refused.body)).toContain('pacing_parties')
      const offered: { time: string }[] = refused.body.alternatives ?? []
      expect(offered.map((one) => one.time)).not.toContain('04:30')
      expect(
        (await house.call('GET', `/availability/explain?date=${date}&time=${second}&guests=2`)).data,
      ).toMatchObject({ bookable: false, rules: [{ rule: 'pacing_parties' }] })
    }
  })

  test.for(verbs)('R291 it waits for whoever decides on the other side of five: %s', async ([, come]) => {
    const house = await openNight()
    await withDatabase(where, async (client) => {
      await client.query('begin')
      // The day that begins at five, which a party at half past four does not touch.
      const locked = await client.query<{ lock_no: number }>(
        'select x.lock_no, lock_day(x.lock_no, $2::date) from restaurants x where x.id = $1',
        [house.id, date],
      )
      const answer = come(house, '04:30')
      const waits = async (): Promise<boolean> => {
        const found = await client.query(
          "select from pg_locks where locktype = 'advisory' and classid = $1 and objsubid = 2 and not granted",
          [locked.rows[0]?.lock_no],
        )
        return found.rows.length > 0
      }
      let waited = false
      const done = answer.then(() => true)
      while (!(waited = await waits()) && !(await Promise.race([done, sleep(10, false)])));
      await client.query('rollback')
      expect(waited).toBe(true)
      expect((await answer).status).toBeLessThan(300)
    })
  })

  test('R291 who waits is offered no table in a full slot', async () => {
    const house = await openNight()
    await house.call('POST', '/reservations', { ...two, time: '05:00' })
    const wish = { date, from: '04:30', to: '05:29', party_size: 2, name: 'Bo', phone_number: '98207273' }
    const joined = await house.call('POST', '/waitlist', wish)
    expect(joined.status, JSON.stringify(joined.body)).toBe(201)
    await house.call('POST', '/waitlist/advance')
    expect((await house.call('GET', `/waitlist/${joined.data.id}`)).data.status).toBe('waiting')
  })
})

describe('blocks over five in the morning', () => {
  test('R292 a block of a day that begins in the small hours is seen from the next date on', async () => {
    const house = await openFloor(where, {
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '18:00', closes: '04:00' }],
      tables: [{ number: '1', seats: 2 }],
      settings: turn(60),
    })
    const table_ids = [house.table('1')]
    expect((await house.call('POST', '/blocks', { table_ids, date, time: '02:00', minutes: 1440 })).status).toBe(201)
    const open = await house.call('GET', `/availability?date=${morrow}&guests=2`)
    const free = open.data.slots.filter((slot: { tablesAvailable: number }) => slot.tablesAvailable > 0)
    expect(free[0].time).toBe('02:00')
    const refused = await house.call('POST', '/reservations', { ...two, date: morrow, time: '00:30' })
    expect(refused.code).toBe('sold_out')
    const [nearest] = refused.body.alternatives
    expect(nearest).toMatchObject({ date: morrow, time: '02:00' })
    expect((await house.call('POST', '/reservations', { ...two, date: morrow, time: '02:00' })).status).toBe(201)
    expect(await astray(house)).toEqual([])
  })

  test('R292 over the night that the clocks go forward, too', async () => {
    const house = await openHouse(where, {
      timezone: 'America/New_York',
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '05:00', closes: '23:00' }],
      tables: [{ number: '1', seats: 2 }],
      settings: { turn_rules: [{ max_party: 1000, minutes: 15 }], slot_minutes: 15 },
    })
    const now = { 'x-tableside-now': '2027-03-10T12:00:00-05:00' }
    const block = { table_ids: [house.tables[0]?.id], date: '2027-03-13', time: '04:30', minutes: 2880 }
    expect((await house.call('POST', '/blocks', block, now)).status).toBe(201)
    expect(await days(house)).toEqual(['2027-03-12', '2027-03-13', '2027-03-14', '2027-03-15'])
    expect(await astray(house)).toEqual([])
    const late = { ...two, date: '2027-03-14', time: '05:00' }
    expect((await house.call('POST', '/reservations', late, now)).code).toBe('sold_out')
    const after = { ...two, date: '2027-03-15', time: '05:30' }
    expect((await house.call('POST', '/reservations', after, now)).status).toBe(201)
  })
})

describe('a claim is of the day it begins on', () => {
  test('R293 R294 who is seated before five for a time after it, moves, and leaves', async () => {
    const house = await openFloor(where, {
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '22:00', closes: '22:00' }],
      tables: [
        { number: '1', seats: 2 },
        { number: '2', seats: 2 },
      ],
      settings: {
        turn_rules: [
          { max_party: 1, minutes: 20 },
          { max_party: 1000, minutes: 60 },
        ],
        slot_minutes: 5,
      },
    })
    const first = { table_id: house.table('1') }
    const ana = await house.book('06:00', 2, first)
    await house.at('04:30', 'POST', `/reservations/${ana.id}/seat`)
    await stay(house, '04:30')
    expect(await claimsOf(where, house)).toEqual(['1 reservation 04:30-06:00', '1 reservation 06:00-07:00'])
    expect(await astray(house)).toEqual([])
    for (const party_size of [1, 2]) {
      const wish = { ...two, ...first, time: '04:35', party_size }
      expect((await house.at('04:31', 'POST', '/reservations', wish)).code).toBe('sold_out')
    }
    const moved = { reservation: ana.id, table_ids: [house.table('2')] }
    expect((await house.at('04:40', 'POST', '/floor/move', moved)).status).toBe(200)
    expect(await claimsOf(where, house)).toEqual(['1 reservation 04:30-04:40', '2 reservation 04:40-07:00'])
    expect(await astray(house)).toEqual([])
    await house.at('05:10', 'POST', `/reservations/${ana.id}/complete`)
    expect(await claimsOf(where, house)).toEqual([])
  })

  test.for([
    ['cancelled', (house: FloorHouse, id: string) => house.at('05:12', 'DELETE', `/reservations/${id}`), []],
    [
      'come later',
      (house: FloorHouse, id: string) => house.at('05:12', 'PUT', `/reservations/${id}`, { time: '07:00' }),
      ['2 reservation 07:00-08:00'],
    ],
    [
      'moved in time',
      (house: FloorHouse, id: string) =>
        house.at('05:12', 'POST', '/floor/move', { reservation: id, starts: `${date}T07:00:00+08:00` }),
      ['2 reservation 07:00-08:00'],
    ],
  ] as const)('R294 late, given another table after five, then %s: nothing is left behind', async ([, then, left]) => {
    const house = await openFloor(where, {
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
      settings: { ...turn(60), grace_minutes: 60 },
    })
    const ana = await house.book('04:45', 2, { table_id: house.table('1') })
    const moved = { reservation: ana.id, table_ids: [house.table('2')] }
    expect((await house.at('05:10', 'POST', '/floor/move', moved)).status).toBe(200)
    expect(await astray(house)).toEqual([])
    const done = await then(house, ana.id)
    expect(done.status, JSON.stringify(done.body)).toBeLessThan(300)
    expect(await claimsOf(where, house)).toEqual(left)
    expect(await astray(house)).toEqual([])
  })

  test('R293 R294 who stays a day, over five twice, keeps its table for as long and leaves none of it', async () => {
    const house = await openAlways({
      turn_rules: [
        { max_party: 1, minutes: 15 },
        { max_party: 1000, minutes: 720 },
      ],
      slot_minutes: 15,
    })
    const ana = await house.book('04:45', 2)
    await house.at('04:45', 'POST', `/reservations/${ana.id}/seat`)
    for (const time of ['08:00', '09:00', '10:00'])
      expect((await house.at(time, 'POST', `/reservations/${ana.id}/extend`, { minutes: 240 })).status).toBe(200)
    await stay(house, '04:50', morrow)
    expect(await astray(house)).toEqual([])
    const next = { ...two, date: morrow, time: '05:00', party_size: 1 }
    expect((await house.call('POST', '/reservations', next, clockAt('04:51', morrow))).code).toBe('sold_out')
    await house.call('POST', `/reservations/${ana.id}/complete`, undefined, clockAt('04:52', morrow))
    expect(await claimsOf(where, house)).toEqual([])
    expect((await house.call('POST', '/reservations', next, clockAt('04:53', morrow))).status).toBe(201)
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R293 in another time zone the border is elsewhere, and blocks are cut there', async () => {
    const house = await openAlways(turn(60))
    const table_ids = [house.table('1')]
    await house.call('POST', '/blocks', { table_ids, date, time: '05:00', minutes: 1440 })
    expect(await days(house)).toEqual([date])
    const read = await house.call('GET', '/restaurant')
    const edited = await house.call('PATCH', '/restaurant', { timezone: 'Europe/Berlin', version: read.data.version })
    expect(edited.status, JSON.stringify(edited.body)).toBe(200)
    expect(await days(house)).toHaveLength(2)
    expect(await astray(house)).toEqual([])
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R293 what is not of its day by any time zone, the database does not take', async () => {
    const house = await openAlways(turn(60))
    const insert = (day: string, hours: number): Promise<unknown> =>
      withDatabase(where, (client) =>
        client.query(
          `insert into claims (restaurant_id, service_day, table_id, during, kind, owner)
           values ($1, $2::date, $3, tstzrange($4, $4::timestamptz + make_interval(hours => $5)), 'block', uuidv7())`,
          [house.id, day, house.table('1'), `${date}T12:00:00Z`, hours],
        ),
      )
    await expect(insert(daysAhead(12), 1)).rejects.toThrow('claims_of_their_day')
    await expect(insert(daysAhead(8), 1)).rejects.toThrow('claims_of_their_day')
    await expect(insert(daysAhead(9), 19)).rejects.toThrow('claims_of_their_day')
    await insert(date, 18)
  })
})
