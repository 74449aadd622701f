import { describe, expect, inject, test } from 'vitest'
import { daysAhead, openHouse, withDatabase } from '../factories.ts'
import { openTavern } from '../ordering/phones.ts'
import { lifeOf } from './lives.ts'
import { due, meet, phoneOf, visits } from './people.ts'

const where = inject('stack')
/** The house's clock, so many days from now. */
const clock = (days: number): Record<string, string> => ({
  'x-tableside-now': new Date(Date.now() + days * 86_400_000).toISOString(),
})

describe('R170 statistics', () => {
  test('count what came, went and stayed away; what is usual; how long ahead; and what is to come', async () => {
    const house = await openHouse(where, { settings: { per_phone: 'any', horizon_days: 365 } })
    const ana = await meet(house, { name: 'Ana' })
    const fresh = (await house.call('GET', `/guests/${ana.id}`)).data
    expect(fresh).toMatchObject({ visits: 0, segments: [], next_reservation: null })
    expect(fresh.statistics).toMatchObject({ cancellations: 0, no_shows: 0, spend_minor: 0, usual_time: null })

    const [first] = await visits(house, ana.phone, 3, 1)
    for (const [i, time] of ['12:15', '12:40', '12:45'].entries()) {
      const date = `${daysAhead(10 + i)}T${time}:00`
      const { data } = await house.call('POST', '/reservations', { date, guests: 4, phone_number: ana.phone })
      await house.call('POST', `/reservations/${data.id}/${i === 0 ? 'no-show' : 'seat'}`, undefined, due(date))
    }
    const gone = { date: `${daysAhead(20)}T18:00:00`, guests: 2, phone_number: ana.phone }
    const { data: cancelled } = await house.call('POST', '/reservations', gone)
    await house.call('DELETE', `/reservations/${cancelled.id}`)
    const { data: next } = await house.call('POST', '/reservations', { ...gone, guests: 5 })
    await house.call('POST', '/reservations', { ...gone, date: `${daysAhead(30)}T18:00:00` })
    await house.call('POST', `/reservations/${first}/complete`)

    const { data } = await house.call('GET', `/guests/${ana.id}`)
    expect(data).toMatchObject({
      visits: 5,
      statistics: { visits: 5, cancellations: 1, no_shows: 1, usual_party: 2, usual_time: '18:00', currency: 'SGD' },
      next_reservation: { id: next.id, party_size: 5, status: 'confirmed' },
    })
    expect(data.statistics.first_visit_at).toBe(`${daysAhead(1)}T18:00:00+08:00`)
    expect(data.statistics.last_visit_at).toBe(`${daysAhead(12)}T12:45:00+08:00`)
    expect(data.statistics.average_lead_hours).toBeGreaterThan(24 * 3)
    expect((await house.call('GET', '/guests')).data[0].statistics).toEqual(data.statistics)
  })

  test('of two steps at once neither is lost', async () => {
    const house = await openHouse(where, {
      settings: { per_phone: 'any' },
      tables: Array.from({ length: 12 }, (_, i) => ({ number: `${i}`, seats: 2 })),
    })
    const ana = await meet(house, { name: 'Ana' })
    const evening = due(`${daysAhead(1)}T18:00:00`)
    const booked = await Promise.all(
      Array.from({ length: 12 }, () =>
        house.call('POST', '/reservations', { date: `${daysAhead(1)}T18:00:00`, guests: 2, phone_number: ana.phone }),
      ),
    )
    await Promise.all(
      booked.map(({ data }, i) =>
        i % 3 === 0
          ? house.call('DELETE', `/reservations/${data.id}`)
          : house.call('POST', `/reservations/${data.id}/${i % 3 === 1 ? 'seat' : 'no-show'}`, undefined, evening),
      ),
    )
    const { data } = await house.call('GET', `/guests/${ana.id}`)
    expect(data.statistics).toMatchObject({ visits: 4, cancellations: 4, no_shows: 4 })
  })

  test('spend is what was ordered at their table while they sat there', async () => {
    const house = await openTavern(where)
    const id = await lifeOf(where, house)
    const { data } = await house.call('GET', `/guests/${id}`)
    expect(data.statistics).toMatchObject({ spend_minor: 900, average_spend_minor: 900, visits: 1 })
  })

  test('R171 the repair reckons the same once more, and finds what was lost', async () => {
    const house = await openHouse(where)
    const ana = await meet(house, { name: 'Ana' })
    await visits(house, ana.phone, 2)
    const before = (await house.call('GET', `/guests/${ana.id}`)).data.statistics
    await withDatabase(where, async (client) => {
      await client.query('update guest_stats set visits = 99 where restaurant_id = $1', [house.id])
      // Five in the morning in Singapore.
      await client.query('select repair_guest_stats($1)', [`${daysAhead(3)}T21:30:00Z`])
    })
    expect((await house.call('GET', `/guests/${ana.id}`)).data.statistics).toEqual(before)
  })
})

describe('R172 segments', () => {
  test('each is found by its own filter, by itself as time goes by, and by nobody else’s house', async () => {
    const house = await openHouse(where, { settings: { per_phone: 'any', horizon_days: 365 } })
    const other = await openHouse(where)
    const [vip, often, once, risk] = await Promise.all([
      meet(house, { name: 'Vip', vip: true }),
      meet(house, { name: 'Often' }),
      meet(house, { name: 'Once' }),
      meet(house, { name: 'Risk' }),
    ])
    await visits(house, often.phone, 4)
    await visits(house, once.phone, 1)
    const { data } = await house.call('POST', '/reservations', {
      date: `${daysAhead(2)}T20:00:00`,
      guests: 2,
      phone_number: risk.phone,
    })
    await house.call('POST', `/reservations/${data.id}/no-show`, undefined, due(`${daysAhead(2)}T20:00:00`))

    const named = async (segment: string, days: number): Promise<string[]> => {
      const answer = await house.call('GET', `/guests?segment=${segment}`, undefined, clock(days))
      expect(answer.status).toBe(200)
      for (const one of answer.data) expect(one.segments).toContain(segment)
      return answer.data.map((one: { name: string }) => one.name)
    }
    expect(await named('vip', 5)).toEqual(['Vip'])
    expect(await named('frequent', 5)).toEqual(['Often'])
    expect(await named('new', 5)).toEqual(['Once'])
    expect(await named('lapsed', 5)).toEqual([])
    expect(await named('no_show_risk', 5)).toEqual(['Risk'])
    expect(await named('frequent', 100)).toEqual([])
    expect(await named('new', 100)).toEqual([])
    expect(await named('lapsed', 200)).toEqual(['Often'])
    expect((await other.call('GET', '/guests?segment=vip')).data).toEqual([])
    expect((await house.call('GET', '/guests?segment=rich')).code).toBe('validation_failed')
    expect((await house.call('GET', '/guests?min_visits=4')).data).toMatchObject([{ id: often.id }])
    expect((await house.call('GET', '/guests?min_visits=1&segment=new', undefined, clock(3))).data).toMatchObject([
      { id: once.id },
    ])
    expect((await house.call('GET', `/guests/${vip.id}`)).data.segments).toEqual(['vip'])
  })

  test('a filter reads by index, however long the past is', async () => {
    const house = await openHouse(where)
    const plans = await withDatabase(where, async (client) => {
      await client.query(
        `insert into guests (restaurant_id, name, search_name, phone)
         select $1, 'G' || i, 'g' || i, '+65' || (80000000 + i) from generate_series(1, 20000) i`,
        [house.id],
      )
      await client.query(
        `insert into guest_stats (restaurant_id, guest_id, visits, last_visit_at, fourth_last_visit_at)
         select g.restaurant_id, g.id, n.i % 50, now() - make_interval(days => n.i % 1000), now() - make_interval(days => n.i % 3000)
           from (select g.*, (row_number() over ())::int as i from guests g where restaurant_id = $1) n join guests g using (id)`,
        [house.id],
      )
      await client.query('analyze guests')
      await client.query('analyze guest_stats')
      const { rows } = await client.query(
        `explain (analyze, format text) select g.id from guests g
          where g.restaurant_id = $1 and (g.restaurant_id, g.id) in (
            select s.restaurant_id, s.guest_id from guest_stats s
             where s.restaurant_id = g.restaurant_id and s.fourth_last_visit_at >= now() - interval '90 days')
          order by guest_sort_key(g.search_name) collate "C", g.id limit 51`,
        [house.id],
      )
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    })
    expect(plans).not.toContain('Seq Scan')
    expect((await house.call('GET', '/guests?segment=frequent&limit=50')).data).toHaveLength(50)
  })
})

describe('R174 preferences', () => {
  test('what is done again and again is learned, with its evidence; once is chance', async () => {
    const house = await openHouse(where, {
      settings: { per_phone: 'any' },
      tables: [
        { number: '1', seats: 2, area: 'terrace' },
        { number: '2', seats: 2, area: 'room' },
      ],
    })
    const other = await openHouse(where)
    const ana = await meet(house, { name: 'Ana', allergies: ['Nuts'], notes: 'Quiet table', language: 'es' })
    const path = `/guests/${ana.id}/preferences`
    for (let i = 0; i < 4; i++) {
      const date = `${daysAhead(1 + i)}T${i === 3 ? '13:00' : '19:30'}:00`
      const wish = { area: 'terrace', other_info: `Candle ${i}` }
      const { data } = await house.call('POST', '/reservations', { date, guests: 2, phone_number: ana.phone, ...wish })
      await house.call('POST', `/reservations/${data.id}/seat`, undefined, due(date))
      if (i === 0) expect((await house.call('GET', path)).data.learned.table).toBeNull()
    }
    const { data } = await house.call('GET', path)
    expect(data).toMatchObject({
      visits: 4,
      learned: {
        table: { value: '1', times: 4, of: 4 },
        area: { value: 'terrace', times: 4, of: 4 },
        time: { value: '19:30', times: 3, of: 4 },
        party_size: { value: 2, times: 4, of: 4 },
        weekday: null,
        dishes: [],
      },
      stated: { allergies: ['Nuts'], notes: 'Quiet table', language: 'es', areas: [{ value: 'terrace', times: 4 }] },
    })
    expect(data.stated.requests[0].text).toBe('Candle 3')
    expect((await other.call('GET', path)).status).toBe(404)
  })

  test('R175 whoever was merged is found by the number and the address of before', async () => {
    const house = await openHouse(where)
    const [kept, gone] = [
      await meet(house, { name: 'Ana', email: 'ana@b.co' }),
      await meet(house, { name: 'Ana N', email: 'Old@B.co' }),
    ]
    await house.call('POST', `/guests/${kept.id}/merge`, { from_id: gone.id })
    const { data } = await house.call('GET', `/guests/${kept.id}`)
    expect(data).toMatchObject({ other_phones: [gone.phone], other_emails: ['old@b.co'] })
    const booking = { date: `${daysAhead(2)}T19:00:00`, guests: 2 }
    const byPhone = await house.call('POST', '/reservations', { ...booking, phone_number: gone.phone })
    expect(byPhone.data.guest_id).toBe(kept.id)
    const byMail = await house.call('POST', '/reservations', { ...booking, email: 'OLD@b.co' })
    expect(byMail.data.guest_id).toBe(kept.id)
    for (const search of [
      `phone=${gone.phone.replace('+', '%2B')}`,
      `phone=${gone.phone.slice(4)}`,
      'email=old@B.co',
      'q=old@b.co',
    ])
      expect((await house.call('GET', `/guests?${search}`)).data, search).toMatchObject([{ id: kept.id }])
    for (const asked of [{ phone: gone.phone }, { email: 'old@b.co' }]) {
      const [best] = (await house.call('POST', '/guests/match', asked)).data
      expect(best).toMatchObject({ guest: { id: kept.id }, score: 0.9 })
    }
    const again = await house.call('POST', '/guests', { phone: gone.phone })
    expect([again.status, again.code, again.body.current.id]).toEqual([409, 'already_exists', kept.id])
    const other = await meet(house, { name: 'Bo', phone: phoneOf(777_000) })
    expect((await house.call('PUT', `/guests/${other.id}`, { phone: gone.phone })).code).toBe('already_exists')
    const swapped = await house.call('PUT', `/guests/${kept.id}`, { phone: gone.phone })
    expect(swapped.data).toMatchObject({ phone: gone.phone, other_phones: [] })
  })
})
