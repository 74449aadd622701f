import { describe, expect, inject, test } from 'vitest'
import { daysAhead, openHouse, overlaps, withDatabase } from '../factories.ts'
import { advance, clockAt, day, entry, join, newPhone, occupy, until } from './queues.ts'

const where = inject('stack')
const oneTable = { tables: [{ number: '1', seats: 4 }] }
const at18 = clockAt('18:00')
const ghost = '00000000-0000-4000-8000-000000000000'

describe('R120 joining', () => {
  test('a name is enough; the answer has the place and a quote; the list has them in order', async () => {
    const house = await openHouse(where, oneTable)
    await occupy(house, '17:30')
    const ana = await join(house, { phone_number: undefined }, at18)
    expect(ana).toMatchObject({
      status: 'waiting',
      kind: 'now',
      position: 1,
      date: day,
      version: 1,
      quote: { min_minutes: 60, max_minutes: 60 },
      quoted_min_minutes: 60,
    })
    const bo = await join(house, { name: 'Bo', email: 'bo@example.test' }, clockAt('18:10'))
    expect(bo).toMatchObject({ position: 2 })
    expect(bo.quote.min_minutes).toBeGreaterThan(ana.quote.min_minutes)
    const list = await house.call('GET', '/waitlist', undefined, clockAt('18:20'))
    expect(list.data).toMatchObject([
      { name: 'Ana', position: 1, waited_minutes: 20, quote: { min_minutes: 40, max_minutes: 40 } },
      { name: 'Bo', position: 2, waited_minutes: 10 },
    ])
    const page = await house.call('GET', '/waitlist?limit=1', undefined, at18)
    const rest = await house.call('GET', `/waitlist?limit=1&cursor=${page.body.meta.next_cursor}`, undefined, at18)
    expect([page.data[0].name, rest.data[0].name, rest.body.meta.next_cursor]).toEqual(['Ana', 'Bo', null])
    expect((await house.call('GET', '/waitlist/quote?party_size=2', undefined, at18)).data).toMatchObject({
      min_minutes: expect.any(Number),
    })
  })

  test('the same phone joins a queue once, the same request is one entry, and bad input writes nothing', async () => {
    const house = await openHouse(where, oneTable)
    await occupy(house, '17:30')
    const body = { name: 'Ana', phone_number: '98207272', party_size: 2 }
    const once = { ...at18, 'idempotency-key': 'join-1' }
    const [first, again] = [
      await house.call('POST', '/waitlist', body, once),
      await house.call('POST', '/waitlist', body, once),
    ]
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.data.id).toBe(first.data.id)
    expect(await house.call('POST', '/waitlist', { ...body, party_size: 3 }, once)).toMatchObject({ status: 422 })
    const twice = await house.call('POST', '/waitlist', { ...body, phone_number: '+65 9820 7272' }, at18)
    expect(twice).toMatchObject({
      status: 409,
      code: 'already_exists',
      body: { current: { id: first.data.id, phone_number: '+6598207272' } },
    })
    for (const [changes, code] of [
      [{ name: '' }, 'validation_failed'],
      [{ party_size: 0 }, 'validation_failed'],
      [{ phone_number: '12' }, 'invalid_phone'],
      [{ party_size: 5 }, 'no_table_fits'],
      [{ area: 'moon' }, 'validation_failed'],
      [{ date: daysAhead(3) }, 'validation_failed'],
      [{ date: daysAhead(900), from: '19:00' }, 'too_far_ahead'],
      [{ date: daysAhead(5), from: '05:00', to: '06:00' }, 'closed'],
      [{ date: '2020-01-01', from: '19:00' }, 'in_past'],
    ] as const) {
      const refused = await house.call('POST', '/waitlist', { ...body, phone_number: newPhone(), ...changes }, at18)
      expect(refused.code, JSON.stringify(changes)).toBe(code)
    }
    expect((await house.call('GET', '/waitlist', undefined, at18)).data).toHaveLength(1)
  })

  test('R31 another house finds none of it, R27 a stale version is 409, an edit keeps the place', async () => {
    const house = await openHouse(where, oneTable)
    const other = await openHouse(where)
    await occupy(house, '17:30')
    const ana = await join(house, {}, at18)
    await join(house, { name: 'Bo' }, clockAt('18:05'))
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['GET', '/decisions', undefined],
      ['PUT', '', { name: 'Eve' }],
      ['DELETE', '', undefined],
      ['POST', '/accept', undefined],
      ['POST', '/decline', undefined],
      ['POST', '/seat', undefined],
      ['POST', '/notify', undefined],
    ] as const)
      expect(await other.call(method, `/waitlist/${ana.id}${path}`, body, at18), path).toMatchObject({ status: 404 })
    expect((await other.call('POST', `/waitlist/${ghost}/seat`, {}, at18)).code).toBe('not_found')

    const edited = await house.call('PUT', `/waitlist/${ana.id}`, { party_size: 4, notes: 'pram', version: 1 }, at18)
    expect(edited.data).toMatchObject({ party_size: 4, notes: 'pram', name: 'Ana', position: 1, version: 2 })
    expect(await house.call('PUT', `/waitlist/${ana.id}`, { name: 'Eve', version: 1 }, at18)).toMatchObject({
      status: 409,
      code: 'stale_version',
      body: { current: { version: 2, name: 'Ana' } },
    })
    const gone = await house.call('DELETE', `/waitlist/${ana.id}`, undefined, { ...at18, 'if-match': '"1"' })
    expect(gone.code).toBe('stale_version')
    for (const step of ['decline', 'notify', 'seat', 'accept']) {
      const stale = await house.call('POST', `/waitlist/${ana.id}/${step}`, { version: 1 }, at18)
      expect(stale.code, step).toBe('stale_version')
    }
    expect((await house.call('PUT', `/waitlist/${ana.id}`, { date: daysAhead(4) }, at18)).code).toBe(
      'validation_failed',
    )
    expect((await house.call('PUT', `/waitlist/${ana.id}`, { party_size: 9 }, at18)).code).toBe('no_table_fits')
  })
})

describe('R125 a table that comes free', () => {
  test('is held for the first, then for the next; nobody is offered one table twice', async () => {
    const house = await openHouse(where, oneTable)
    const taken = await occupy(house, '17:30')
    await house.call('POST', `/reservations/${taken.id}/seat`, undefined, clockAt('17:30'))
    const ana = await join(house, {}, at18)
    const bo = await join(house, { name: 'Bo' }, clockAt('18:01'))
    expect((await advance(house, clockAt('18:02'))).offered).toEqual([])
    // The host completes the party: the offer follows by itself.
    await house.call('POST', `/reservations/${taken.id}/complete`, undefined, clockAt('18:10'))
    const offered = await until(
      () => entry(house, ana.id, clockAt('18:10')),
      (one) => one.status === 'offered',
    )
    expect(offered).toMatchObject({ status: 'offered', position: 1, reservation: { tables: [{ number: '1' }] } })
    expect(offered.offer_expires_at).toBe(`${day}T18:20:00+08:00`)
    // Held: nobody else has it, by whatever door.
    const walk = { date: `${day}T18:15:00`, guests: 2, table_id: house.tables[0]?.id }
    expect((await house.call('POST', '/reservations', walk, clockAt('18:11'))).code).toBe('sold_out')
    expect((await advance(house, clockAt('18:19'))).offered).toEqual([])
    // Lapsed by the clock alone: read so at once, and offered to the next.
    expect(await entry(house, ana.id, clockAt('18:20'))).toMatchObject({
      status: 'waiting',
      lapses: 1,
      reservation: null,
    })
    expect((await house.call('POST', `/waitlist/${ana.id}/accept`, {}, clockAt('18:20'))).code).toBe('hold_expired')
    const second = await until(
      () => advance(house, clockAt('18:21')).then(() => entry(house, bo.id, clockAt('18:21'))),
      (one) => one.status === 'offered',
    )
    expect(second).toMatchObject({ status: 'offered', position: 2 })
    // Ana kept her place: when Bo lets it go too, she is asked once more, and then no more.
    await advance(house, clockAt('18:32'))
    expect(await entry(house, ana.id, clockAt('18:32'))).toMatchObject({ status: 'offered', lapses: 1 })
    await advance(house, clockAt('18:43'))
    expect(await entry(house, ana.id, clockAt('18:43'))).toMatchObject({ status: 'lapsed', why: 'no_answer' })
    expect(await entry(house, bo.id, clockAt('18:43'))).toMatchObject({ status: 'offered' })
    expect(await overlaps(where, house.id)).toBe(0)
    const log = await house.call('GET', `/waitlist/${ana.id}/decisions`)
    expect(log.data.map((one: { decision: string }) => one.decision)).toEqual([
      'offered',
      'lapsed',
      'skipped',
      'offered',
      'lapsed',
    ])
    expect(log.data[2]).toMatchObject({ why: 'stood_aside', in_favour_of: bo.id })
  })

  test('accepted it is a confirmed reservation in their name, from then on; seated, the wait is recorded', async () => {
    const house = await openHouse(where, oneTable)
    const ana = await join(house, { phone_number: '98207272', notes: 'birthday' }, at18)
    await until(
      () => entry(house, ana.id, at18),
      (one) => one.status === 'offered',
    )
    const accept = { ...clockAt('18:08'), 'idempotency-key': 'yes' }
    const accepted = await house.call('POST', `/waitlist/${ana.id}/accept`, {}, accept)
    expect(accepted.data).toMatchObject({ status: 'accepted', position: null, reservation: { status: 'confirmed' } })
    expect((await house.call('POST', `/waitlist/${ana.id}/accept`, {}, accept)).data).toEqual(accepted.data)
    const made = await house.call('GET', `/reservations/${accepted.data.reservation.confirmation_code}`)
    expect(made.data).toMatchObject({
      status: 'confirmed',
      name: 'Ana',
      phone_number: '+6598207272',
      reservation_time: '18:08',
      turn_minutes: 90,
      notes: 'birthday',
    })
    expect(made.data.guest_id).not.toBeNull()
    const seated = await house.call('POST', `/waitlist/${ana.id}/seat`, {}, clockAt('18:14'))
    expect(seated.data).toMatchObject({ status: 'seated', waited_minutes: 0, reservation: { status: 'seated' } })
    expect(seated.data.reservation.ends_at).toBe(`${day}T19:44:00+08:00`)
    expect((await house.call('DELETE', `/waitlist/${ana.id}`)).code).toBe('illegal_step')
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('the wait is a whole turn, or until the next claim; a table that is free for less is not offered', async () => {
    const house = await openHouse(where, oneTable)
    await occupy(house, '19:35')
    const early = await join(house, {}, at18)
    await until(
      () => entry(house, early.id, at18),
      (one) => one.status === 'offered',
    )
    await house.call('POST', `/waitlist/${early.id}/accept`, {}, clockAt('18:09'))
    const seated = await house.call('POST', `/waitlist/${early.id}/seat`, {}, clockAt('18:20'))
    expect(seated.data.reservation.ends_at).toBe(`${day}T19:35:00+08:00`)
    await house.call('POST', `/reservations/${seated.data.reservation.id}/complete`, undefined, clockAt('18:30'))
    const late = await join(house, { name: 'Bo' }, clockAt('18:31'))
    expect((await advance(house, clockAt('18:32'))).offered).toEqual([])
    // The host knows better: half an hour will do.
    const refused = await house.call('POST', `/waitlist/${late.id}/seat`, {}, clockAt('18:33'))
    expect(refused).toMatchObject({ status: 409, code: 'table_taken' })
    const short = await house.call('POST', `/waitlist/${late.id}/seat`, { turn_minutes: 30 }, clockAt('18:33'))
    expect(short.data).toMatchObject({ status: 'seated', waited_minutes: 2 })
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('a table where somebody still sits past its time is not offered', async () => {
    const house = await openHouse(where, oneTable)
    const sits = await occupy(house, '16:00')
    await house.call('POST', `/reservations/${sits.id}/seat`, undefined, clockAt('16:00'))
    const ana = await join(house, {}, at18)
    expect((await advance(house, at18)).offered).toEqual([])
    expect(ana.quote).toMatchObject({ min_minutes: 5, max_minutes: 20 })
    const refused = await house.call('POST', `/waitlist/${ana.id}/seat`, { table_id: house.tables[0]?.id }, at18)
    expect(refused.status).toBe(409)
    await house.call('POST', `/reservations/${sits.id}/complete`, undefined, clockAt('18:02'))
    const offered = await until(
      () => entry(house, ana.id, clockAt('18:02')),
      (one) => one.status === 'offered',
    )
    expect(offered.status).toBe('offered')
  })

  test('R127 a smaller party behind may have what does not seat the larger, and it is written down why', async () => {
    const house = await openHouse(where, {
      tables: [
        { number: '1', seats: 2 },
        { number: '2', seats: 8 },
      ],
    })
    await occupy(house, '17:45', { guests: 8, table_id: house.tables[1]?.id })
    const six = await join(house, { name: 'Six', party_size: 6 }, at18)
    const two = await join(house, { name: 'Two' }, clockAt('18:01'))
    const offered = await until(
      () => entry(house, two.id, clockAt('18:02')),
      (one) => one.status === 'offered',
    )
    expect(offered.reservation.tables).toMatchObject([{ number: '1' }])
    const log = await house.call('GET', `/waitlist/${six.id}/decisions`)
    expect(log.data).toMatchObject([{ decision: 'skipped', why: 'sold_out', in_favour_of: two.id }])
    expect((await house.call('GET', `/waitlist/${two.id}/decisions`)).data).toMatchObject([
      { decision: 'offered', why: 'first_in_order', table_ids: [house.tables[0]?.id] },
    ])
  })

  test('declined or left, the table goes on to the next; who declines may wait on', async () => {
    const house = await openHouse(where, oneTable)
    const [ana, bo, cy] = [
      await join(house, {}, at18),
      await join(house, { name: 'Bo' }, clockAt('18:01')),
      await join(house, { name: 'Cy' }, clockAt('18:02')),
    ]
    const offeredTo = (one: { id: string }, time: string) =>
      until(
        () => entry(house, one.id, clockAt(time)),
        (now) => now.status === 'offered',
      )
    await offeredTo(ana, '18:02')
    const stays = await house.call('POST', `/waitlist/${ana.id}/decline`, { stay: true }, clockAt('18:03'))
    expect(stays.data).toMatchObject({ status: 'waiting', position: 1, lapses: 0 })
    expect((await offeredTo(bo, '18:03')).status).toBe('offered')
    expect((await house.call('POST', `/waitlist/${bo.id}/decline`, {}, clockAt('18:04'))).data.status).toBe('declined')
    // Ana asked to be asked later: ten minutes.
    expect((await offeredTo(cy, '18:04')).status).toBe('offered')
    const left = await house.call('DELETE', `/waitlist/${cy.id}?by=guest&why=tired`, undefined, clockAt('18:05'))
    expect(left.data).toMatchObject({ status: 'left', left_by: 'guest', why: 'tired' })
    expect((await advance(house, clockAt('18:12'))).offered).toEqual([])
    expect((await advance(house, clockAt('18:13'))).offered).toMatchObject([{ id: ana.id, status: 'offered' }])
    expect(await overlaps(where, house.id)).toBe(0)
  })
})

describe('the host', () => {
  test('offers out of order, and why is written down for those before', async () => {
    const house = await openHouse(where, oneTable)
    const sits = await occupy(house, '17:30')
    const ana = await join(house, { party_size: 4 }, at18)
    const bo = await join(house, { name: 'Bo', party_size: 4 }, clockAt('18:01'))
    const full = await house.call('POST', `/waitlist/${bo.id}/notify`, {}, clockAt('18:02'))
    expect(full).toMatchObject({ status: 409, code: 'table_taken', body: { claim: { owner: sits.id } } })
    await withDatabase(where, (client) =>
      client.query('update claims set blocking = false where restaurant_id = $1', [house.id]),
    )
    const told = await house.call('POST', `/waitlist/${bo.id}/notify`, { why: 'wheelchair' }, clockAt('18:03'))
    expect(told.data).toMatchObject({ status: 'offered', offer_expires_at: `${day}T18:13:00+08:00` })
    expect((await house.call('GET', `/waitlist/${bo.id}/decisions`)).data).toMatchObject([
      { decision: 'offered', why: 'host: wheelchair' },
    ])
    expect((await house.call('GET', `/waitlist/${ana.id}/decisions`)).data).toMatchObject([
      { decision: 'skipped', why: 'out_of_order', in_favour_of: bo.id },
    ])
    expect((await house.call('POST', `/waitlist/${bo.id}/notify`, {}, clockAt('18:03'))).code).toBe('illegal_step')
  })

  test('seats a party at another table than the one held, in one step', async () => {
    const house = await openHouse(where)
    const ana = await join(house, {}, at18)
    const held = await until(
      () => entry(house, ana.id, at18),
      (one) => one.status === 'offered',
    )
    expect(held.reservation.tables).toMatchObject([{ number: '1' }])
    const seated = await house.call(
      'POST',
      `/waitlist/${ana.id}/seat`,
      { table_id: house.tables[2]?.id },
      clockAt('18:05'),
    )
    expect(seated.data).toMatchObject({
      status: 'seated',
      reservation: { id: held.reservation.id, status: 'seated', tables: [{ number: '3' }] },
    })
    const free = await house.call('GET', `/availability?date=${day}&guests=2&time=18:30`, undefined, clockAt('18:05'))
    expect(free.data.tablesAvailable).toBe(2)
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R132 whatever the host does with the reservation, the entry follows', async () => {
    const house = await openHouse(where, { tables: [1, 2, 3].map((number) => ({ number, seats: 2 })) })
    const entries = []
    for (const name of ['Ana', 'Bo', 'Cy']) entries.push(await join(house, { name }, at18))
    await advance(house, at18)
    const offered = await Promise.all(entries.map((one) => entry(house, one.id, at18)))
    expect(offered.map((one) => one.status)).toEqual(['offered', 'offered', 'offered'])
    const [ana, bo, cy] = offered
    await house.call('POST', `/waitlist/${ana.id}/accept`, {}, clockAt('18:02'))
    await house.call('POST', `/reservations/${ana.reservation.id}/seat`, undefined, clockAt('18:05'))
    await house.call('DELETE', `/reservations/${bo.reservation.id}`, undefined, clockAt('18:05'))
    await house.call('POST', `/waitlist/${cy.id}/accept`, {}, clockAt('18:05'))
    await house.call('POST', `/reservations/${cy.reservation.id}/no-show`, undefined, clockAt('18:30'))
    const after = await Promise.all(entries.map((one) => entry(house, one.id, clockAt('18:31'))))
    expect(after).toMatchObject([
      { status: 'seated', waited_minutes: 0 },
      { status: 'left', left_by: 'system' },
      { status: 'left', why: 'no_show' },
    ])
  })

  test('R128 the quote’s error is what was waited against what was said', async () => {
    const house = await openHouse(where, oneTable)
    const sits = await occupy(house, '17:00')
    await house.call('POST', `/reservations/${sits.id}/seat`, undefined, clockAt('17:00'))
    const ana = await join(house, {}, at18)
    expect(ana.quote).toMatchObject({ min_minutes: 10, max_minutes: 45 })
    await house.call('POST', `/reservations/${sits.id}/complete`, undefined, clockAt('18:20'))
    await until(
      () => entry(house, ana.id, clockAt('18:20')),
      (one) => one.status === 'offered',
    )
    await house.call('POST', `/waitlist/${ana.id}/seat`, {}, clockAt('18:25'))
    const bo = await join(house, { name: 'Bo', party_size: 4 }, clockAt('18:30'))
    await house.call(
      'POST',
      `/reservations/${(await entry(house, ana.id, at18)).reservation.id}/complete`,
      undefined,
      clockAt('18:30'),
    )
    await until(
      () => entry(house, bo.id, clockAt('18:30')),
      (one) => one.status === 'offered',
    )
    await house.call('POST', `/waitlist/${bo.id}/seat`, {}, clockAt('18:31'))
    const accuracy = await house.call('GET', `/waitlist/quote-accuracy?from=${day}&to=${day}`)
    expect(accuracy.data).toMatchObject({
      parties: 2,
      within_range: 1,
      within_range_share: 0.5,
      by_party_size: [
        { party_size: 2, parties: 1, within_range: 1, mean_absolute_error_minutes: 7.5, mean_error_minutes: -7.5 },
        { party_size: 4, parties: 1, within_range: 0 },
      ],
    })
    const none = await house.call('GET', `/waitlist/quote-accuracy?from=${daysAhead(-9)}&to=${daysAhead(-9)}`)
    expect(none.data).toMatchObject({ parties: 0, within_range_share: null, by_party_size: [] })
  })
})
