import fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import { daysAhead, type House, openHouse, overlaps, withDatabase } from '../factories.ts'
import { advance, clockAt, day, entry, join, newPhone, until } from './queues.ts'

const where = inject('stack')
const at18 = clockAt('18:00')

/** How many offers that still hold name each table; and how many reservations of the waitlist are alive beside them. */
async function holdsOf(house: House, now: string): Promise<{ table: string; holds: number }[]> {
  const found = await withDatabase(where, (client) =>
    client.query<{ table: string; holds: number }>(
      `select t.number as table, count(*)::int as holds
         from waitlist_entries w
         join reservations r on r.restaurant_id = w.restaurant_id and r.id = w.reservation_id
         join tables t on t.restaurant_id = w.restaurant_id and t.id = any (r.table_ids)
        where w.restaurant_id = $1 and w.status = 'offered' and w.offer_expires_at > $2
        group by t.number`,
      [house.id, now],
    ),
  )
  return found.rows
}

/** What a host with pen and paper would do: in order of arrival, each the smallest table that is free and seats it. */
function onPaper(tables: number[], parties: number[]): (number | null)[] {
  const free = tables.map((seats, i) => ({ seats, number: i + 1 }))
  return parties.map((party) => {
    const [best] = free
      .filter(({ seats }) => seats >= party)
      .toSorted((a, b) => a.seats - b.seats || a.number - b.number)
    if (best) free.splice(free.indexOf(best), 1)
    return best?.number ?? null
  })
}

describe('R125 fair order', () => {
  test('whatever the room and the queue, the database offers as one would on paper', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 8 }),
        async (seats, parties) => {
          const asked = parties.filter((party) => seats.some((one) => one >= party))
          fc.pre(asked.length > 0)
          const house = await openHouse(where, { tables: seats.map((one, i) => ({ number: i + 1, seats: one })) })
          await withDatabase(where, async (client) => {
            for (const [i, party_size] of asked.entries())
              await client.query(
                `insert into waitlist_entries (restaurant_id, kind, status, service_day, name, search_name, party_size,
                                               source, joined_at, updated_at)
                 values ($1, 'now', 'waiting', $2, 'Ana', 'ana', $3, 'walk_in', $4, $4)`,
                [house.id, day, party_size, new Date(Date.parse(at18['x-tableside-now'] ?? '') - (60 - i) * 60_000)],
              )
          })
          await advance(house, at18)
          const list = await house.call('GET', '/waitlist', undefined, at18)
          const offered = list.data.map((one: { reservation: { tables: { number: string }[] } | null }) =>
            one.reservation ? Number(one.reservation.tables[0]?.number) : null,
          )
          expect(offered).toEqual(onPaper(seats, asked))
        },
      ),
      { numRuns: 15 },
    )
  })
})

describe('races', () => {
  test('thirty at once advance, book, accept and leave: one winner a table, no offer twice, no overlap, no 5xx', async () => {
    const house = await openHouse(where, {
      tables: [1, 2, 3, 4].map((number) => ({ number, seats: 2 })),
      settings: { waitlist_offer_minutes: 5 },
    })
    const ids: string[] = []
    for (let i = 0; i < 12; i++) ids.push((await join(house, { name: `Party ${i}` }, at18)).id)
    for (const [round, time] of ['18:10', '18:16', '18:22', '18:28', '18:34'].entries()) {
      const now = clockAt(time)
      const calls = Array.from({ length: 30 }, (_, i) => {
        const id = ids[(i + round) % ids.length] ?? ''
        if (i % 3 === 0) return house.call('POST', '/waitlist/advance', undefined, now)
        if (i % 3 === 1) {
          const table_id = house.tables[i % 4]?.id
          return house.call('POST', '/reservations', { date: `${day}T${time}:00`, guests: 2, table_id }, now)
        }
        if (i % 6 === 2) return house.call('POST', `/waitlist/${id}/accept`, {}, now)
        return house.call(
          i % 4 === 1 ? 'DELETE' : 'POST',
          `/waitlist/${id}${i % 4 === 1 ? '' : '/notify'}`,
          undefined,
          now,
        )
      })
      const answers = await Promise.all(calls)
      for (const answer of answers) expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500)
      for (const { table, holds } of await holdsOf(house, now['x-tableside-now'] ?? '')) expect(holds, table).toBe(1)
      expect(await overlaps(where, house.id)).toBe(0)
      // Those who sit go, so that the next round has tables to give.
      const sitting = await house.call('GET', `/reservations?date=${day}&status=confirmed`, undefined, now)
      for (const one of sitting.data.slice(0, 3)) await house.call('DELETE', `/reservations/${one.id}`, undefined, now)
    }
    const told = await withDatabase(where, (client) =>
      client.query<{ n: number }>(
        `select count(*)::int as n from events where restaurant_id = $1 and type = 'waitlist.offered'`,
        [house.id],
      ),
    )
    expect(told.rows[0]?.n).toBeGreaterThan(4)
  })

  test('an offer against a booking of the same table: one has it, the other is told', async () => {
    for (let round = 0; round < 8; round++) {
      const house = await openHouse(where, { tables: [{ number: '1', seats: 4 }] })
      const taken = await house.call('POST', '/reservations', { date: `${day}T18:00:00`, guests: 2 }, clockAt('12:00'))
      const ana = await join(house, {}, at18)
      await withDatabase(where, (client) =>
        client.query('update claims set blocking = false where restaurant_id = $1', [house.id]),
      )
      expect(taken.status).toBe(201)
      const table_id = house.tables[0]?.id
      const [offer, booking, walk] = await Promise.all([
        house.call('POST', `/waitlist/${ana.id}/notify`, {}, clockAt('18:01')),
        house.call('POST', '/reservations', { date: `${day}T18:01:00`, guests: 2, table_id }, clockAt('18:01')),
        house.call('POST', '/walk-ins', { party_size: 2 }, clockAt('18:01')),
      ])
      // The queue may have been advanced by itself in that moment: then the host is told that it was.
      const offered = (await entry(house, ana.id, clockAt('18:01'))).status === 'offered'
      const won = [offered, booking.status === 201, walk.status === 201].filter(Boolean)
      expect(won, JSON.stringify([offer.code, booking.code, walk.code])).toHaveLength(1)
      if (!offered) expect(['table_taken', 'sold_out']).toContain(offer.code)
      if (booking.status !== 201) expect(booking.code).toBe('sold_out')
      if (walk.status !== 201) expect(walk.code).toBe('sold_out')
      expect(await overlaps(where, house.id)).toBe(0)
    }
  })

  test('R277 ten accept one offer at once: it is theirs once, and all are told so', async () => {
    const house = await openHouse(where, { tables: [{ number: '1', seats: 4 }] })
    const ana = await join(house, {}, at18)
    await until(
      () => entry(house, ana.id, at18),
      (one) => one.status === 'offered',
    )
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => house.call('POST', `/waitlist/${ana.id}/accept`, {}, clockAt('18:02'))),
    )
    expect(answers.map((one) => one.status)).toEqual(Array<number>(10).fill(200))
    expect(new Set(answers.map((one) => JSON.stringify(one.data))).size).toBe(1)
    const events = await withDatabase(where, (client) =>
      client.query("select type from events where restaurant_id = $1 and type = 'waitlist.accepted'", [house.id]),
    )
    expect(events.rows).toHaveLength(1)
  })

  test('one phone joins from ten places at once: one entry', async () => {
    const house = await openHouse(where)
    const body = { name: 'Ana', phone_number: newPhone(), party_size: 6 }
    const answers = await Promise.all(Array.from({ length: 10 }, () => house.call('POST', '/waitlist', body, at18)))
    expect(answers.map((one) => one.status).toSorted((a, b) => a - b)).toEqual([201, ...Array<number>(9).fill(409)])
  })
})

describe('R129–R131 a day to come', () => {
  const date = daysAhead(6)
  const noon = clockAt('12:00', daysAhead(2))
  const full = async (house: House): Promise<string> => {
    const made = await house.call('POST', '/reservations', { date: `${date}T19:00:00`, guests: 2, name: 'Bo' }, noon)
    expect(made.status).toBe(201)
    return made.data.id
  }

  test('a cancellation is offered to who waits for that evening, in order, for an hour; accepted it is booked', async () => {
    const house = await openHouse(where, { tables: [{ number: '1', seats: 4 }] })
    const booked = await full(house)
    const window = { date, from: '18:30', to: '19:30' }
    const ana = await join(
      house,
      { ...window, phone_number: '98207272', email: 'ana@example.test', language: 'de' },
      noon,
    )
    expect(ana).toMatchObject({
      kind: 'future',
      status: 'waiting',
      position: 1,
      date,
      from: '18:30',
      to: '19:30',
      quote: null,
    })
    const bo = await join(house, { ...window, name: 'Bo' }, clockAt('12:01', daysAhead(2)))
    expect((await advance(house, noon)).offered).toEqual([])
    expect((await house.call('GET', `/waitlist?date=${date}`, undefined, noon)).data).toHaveLength(2)

    await house.call('DELETE', `/reservations/${booked}`, undefined, noon)
    const offered = await until(
      () => entry(house, ana.id, noon),
      (one) => one.status === 'offered',
    )
    expect(offered).toMatchObject({ status: 'offered', offer_expires_at: `${daysAhead(2)}T13:00:00+08:00` })
    expect(offered.reservation).toMatchObject({ starts_at: `${date}T18:30:00+08:00`, tables: [{ number: '1' }] })
    expect((await entry(house, bo.id, noon)).status).toBe('waiting')
    const [event] = await withDatabase(where, async (client) => {
      const found = await client.query(
        `select after from events where restaurant_id = $1 and type = 'waitlist.offered'`,
        [house.id],
      )
      return found.rows
    })
    expect(event.after).toMatchObject({
      id: ana.id,
      kind: 'future',
      name: 'Ana',
      phone_number: '+6598207272',
      email: 'ana@example.test',
      language: 'de',
      reservation: { tables: [{ number: '1' }] },
    })
    // Let go, it goes to the next.
    const later = clockAt('13:01', daysAhead(2))
    await advance(house, later)
    expect((await entry(house, bo.id, later)).status).toBe('offered')
    const yes = await house.call('POST', `/waitlist/${bo.id}/accept`, {}, later)
    expect(yes.data).toMatchObject({ status: 'accepted', reservation: { status: 'confirmed' } })
    const made = await house.call('GET', `/reservations/${yes.data.reservation.id}`)
    expect(made.data).toMatchObject({ reservation_date: date, reservation_time: '18:30', turn_minutes: 90 })
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('a change that moves a party away opens its time; nobody is offered a second table beside its own', async () => {
    const house = await openHouse(where, { tables: [1, 2].map((number) => ({ number, seats: 4 })) })
    const booked = await full(house)
    const own = { name: 'Ana', phone_number: '98207272' }
    const hers = await house.call('POST', '/reservations', { ...own, date: `${date}T19:00:00`, guests: 2 }, noon)
    expect(hers.status).toBe(201)
    const ana = await join(house, { ...own, date, from: '19:00' }, noon)
    const bo = await join(house, { name: 'Bo', date, from: '19:00' }, clockAt('12:01', daysAhead(2)))
    await house.call('PUT', `/reservations/${booked}`, { time: '14:00' }, noon)
    const offered = await until(
      () => entry(house, bo.id, noon),
      (one) => one.status === 'offered',
    )
    expect(offered.status).toBe('offered')
    expect((await house.call('GET', `/waitlist/${ana.id}/decisions`)).data).toMatchObject([
      { decision: 'skipped', why: 'phone_overlap', in_favour_of: bo.id },
    ])
  })
})
