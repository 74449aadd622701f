import { describe, expect, inject, test } from 'vitest'
import { overlaps, withDatabase } from '../factories.ts'
import { claimsOf, date, eventsOf, openFloor, stranger } from './houses.ts'

const where = inject('stack')

describe('moving', () => {
  test('R104 a booked party has another table, for its own time; pacing is not asked', async () => {
    const house = await openFloor(where, { settings: { pacing: { max_parties_per_slot: 1 } } })
    const booked = await house.book('19:00', 2)
    const moved = await house.call('POST', '/floor/move', { reservation: booked.id, table_ids: [house.table('4')] })
    expect(moved.status, JSON.stringify(moved.body)).toBe(200)
    expect(moved.data).toMatchObject({ reservation: { tables: [{ number: '4' }], version: 2 }, sessions: [] })
    expect(await claimsOf(where, house)).toEqual(['4 reservation 19:00-20:30'])
    const later = await house.book('20:00', 2)
    const together = await house.call('POST', '/floor/move', { reservation: later.id, starts: `${date}T19:00` })
    expect(together.data.reservation).toMatchObject({ reservation_time: '19:00', tables: [{ number: '1' }] })
    expect((await house.call('GET', `/availability?date=${date}&guests=2&time=19:00`)).data.reason).toBe(
      'pacing_parties',
    )
    expect((await eventsOf(where, booked.id)).map((one) => one.type)).toEqual([
      'reservation.booked',
      'reservation.moved',
    ])
  })

  test('R105 the refusal names who is in the way, when, and who made it; all stays as it was', async () => {
    const house = await openFloor(where)
    const ana = await house.book('19:00', 2, { name: 'Ana', table_id: house.table('1') })
    const bo = await house.book('20:00', 2, { name: 'Bo', table_id: house.table('2') })
    const refused = await house.call('POST', '/floor/move', { reservation: bo.id, table_ids: [house.table('1')] })
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({
      code: 'table_taken',
      in_the_way: [
        {
          table: '1',
          kind: 'reservation',
          owner: ana.id,
          name: 'Ana',
          code: ana.confirmation_code,
          party_size: 2,
          starts_at: `${date}T19:00:00+08:00`,
          ends_at: `${date}T20:30:00+08:00`,
          made_by: { kind: 'key' },
        },
      ],
    })
    expect(await claimsOf(where, house)).toEqual(['1 reservation 19:00-20:30', '2 reservation 20:00-21:30'])
    expect((await house.call('GET', `/reservations/${bo.id}`)).data.version).toBe(1)
  })

  test('R106 a party that sits moves from now on; what it had is over, and neither table is lost or had twice', async () => {
    const house = await openFloor(where)
    const ana = await house.at('18:00', 'POST', '/walk-ins', { party_size: 2, table_id: house.table('1') })
    const moved = await house.at('18:40', 'POST', '/floor/move', {
      reservation: ana.data.id,
      table_ids: [house.table('3')],
    })
    expect(moved.data.reservation.tables).toMatchObject([{ number: '3' }])
    expect(await claimsOf(where, house)).toEqual(['1 walk_in 18:00-18:40', '3 walk_in 18:40-19:30'])
    const next = await house.at('18:41', 'POST', '/walk-ins', { party_size: 2, table_id: house.table('1') })
    expect(next.status, JSON.stringify(next.body)).toBe(201)
    const joined = await house.at('18:50', 'POST', '/floor/merge', {
      reservation: ana.data.id,
      table_ids: [house.table('4')],
    })
    expect(joined.data.reservation.tables).toMatchObject([{ number: '3' }, { number: '4' }])
    const parted = await house.at('19:00', 'POST', '/floor/unmerge', {
      reservation: ana.data.id,
      table_ids: [house.table('3')],
    })
    expect(parted.data.reservation.tables).toMatchObject([{ number: '4' }])
    await house.at('19:20', 'POST', `/reservations/${ana.data.id}/complete`)
    const visits = async (number: string): Promise<unknown> =>
      (await house.at('20:00', 'GET', `/tables/${house.table(number)}/history?from=${date}&to=${date}`)).data.find(
        (one: { reservation_id: string }) => one.reservation_id === ana.data.id,
      )
    expect(await visits('1')).toMatchObject({ actual_minutes: 40, planned_minutes: 90, moved: true })
    expect(await visits('3')).toMatchObject({ actual_minutes: 20 })
    expect(await visits('4')).toMatchObject({ actual_minutes: 30, left_at: `${date}T19:20:00+08:00` })
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R14 a party that moves while it sits still counts once, where it began', async () => {
    const house = await openFloor(where, { settings: { pacing: { max_parties_per_slot: 1 } } })
    const ana = await house.at('18:05', 'POST', '/walk-ins', { party_size: 2 })
    await house.at('18:10', 'POST', '/floor/move', { reservation: ana.data.id, table_ids: [house.table('3')] })
    expect((await house.at('18:15', 'POST', '/walk-ins', { party_size: 2 })).code).toBe('pacing_parties')
    expect((await house.at('18:35', 'POST', '/walk-ins', { party_size: 2 })).status).toBe(201)
  })

  test('more covers than seats only on purpose; no table that is out of use; not who is gone', async () => {
    const house = await openFloor(where)
    const four = await house.book('19:00', 4)
    const move = (body: Record<string, unknown>) => house.call('POST', '/floor/move', { reservation: four.id, ...body })
    expect((await move({ table_ids: [house.table('1')] })).body).toMatchObject({ code: 'table_too_small', seats: 2 })
    expect((await move({ table_ids: [house.table('1')], allow_overfill: true })).status).toBe(200)
    expect((await move({ table_ids: [house.table('1'), house.table('2')] })).data.reservation.tables).toHaveLength(2)
    await house.call('PATCH', `/tables/${house.table('4')}`, { enabled: false })
    expect((await move({ table_ids: [house.table('4')] })).code).toBe('validation_failed')
    expect((await move({})).code).toBe('validation_failed')
    expect((await move({ table_ids: [] })).code).toBe('validation_failed')
    expect((await move({ starts: `${date}T03:00` })).code).toBe('closed')
    expect((await move({ starts: '2020-01-01T19:00' })).code).toBe('in_past')
    await house.call('DELETE', `/reservations/${four.id}`)
    expect((await move({ table_ids: [house.table('3')] })).code).toBe('illegal_step')
  })

  test('R27 who saw an older version is told who was first; R26 a repeat moves once; R31 another house finds nothing', async () => {
    const house = await openFloor(where)
    const ana = await house.book('19:00', 2)
    const move = (number: string, headers: Record<string, string> = {}, version = 1) =>
      house.call('POST', '/floor/move', { reservation: ana.id, table_ids: [house.table(number)], version }, headers)
    const key = { 'idempotency-key': 'drag-1' }
    const first = await Promise.all([move('3', key), move('3', key), move('3', key)])
    expect(first.map((one) => [one.status, one.data?.reservation.version])).toEqual([
      [200, 2],
      [200, 2],
      [200, 2],
    ])
    const stale = await move('4')
    expect(stale.body).toMatchObject({
      code: 'stale_version',
      current: { version: 2, tables: [{ number: '3' }] },
      changed: { type: 'reservation.moved', by: { kind: 'key' } },
    })
    expect(stale.body.detail).toMatch(/ changed it at \d\d:\d\d\.$/)
    const ifMatch = { reservation: ana.id, table_ids: [house.table('4')] }
    expect((await house.call('POST', '/floor/move', ifMatch, { 'if-match': '"1"' })).code).toBe('stale_version')
    const call = await stranger(where)
    for (const path of ['move', 'merge', 'unmerge'])
      expect((await call('POST', `/floor/${path}`, ifMatch)).status, path).toBe(404)
    const foreign = await openFloor(where)
    const theirs = { reservation: ana.id, table_ids: [foreign.table('1')] }
    expect((await house.call('POST', '/floor/move', theirs)).code).toBe('validation_failed')
  })
})

describe('changing places', () => {
  test('R104 two parties exchange their tables at once, each for its own time', async () => {
    const house = await openFloor(where)
    const ana = await house.book('19:00', 2, { table_id: house.table('1') })
    const bo = await house.book('19:30', 4, { table_id: house.table('3') })
    const small = await house.call('POST', '/floor/swap', { a: { reservation: ana.id }, b: { reservation: bo.id } })
    expect(small.code).toBe('table_too_small')
    const body = { a: { reservation: ana.id, version: 1 }, b: { reservation: bo.id, version: 1 }, allow_overfill: true }
    const swapped = await house.call('POST', '/floor/swap', body)
    expect(swapped.data).toMatchObject({ a: { tables: [{ number: '3' }] }, b: { tables: [{ number: '1' }] } })
    expect(await claimsOf(where, house)).toEqual(['1 reservation 19:30-21:15', '3 reservation 19:00-20:30'])
    expect((await house.call('POST', '/floor/swap', body)).code).toBe('stale_version')
    const same = { a: { reservation: ana.id }, b: { reservation: ana.id } }
    expect((await house.call('POST', '/floor/swap', same)).code).toBe('validation_failed')
    const call = await stranger(where)
    expect((await call('POST', '/floor/swap', body)).status).toBe(404)
    expect(await eventsOf(where, bo.id)).toEqual([
      { type: 'reservation.booked', why: null },
      { type: 'reservation.moved', why: 'swap' },
    ])
  })

  test('R105 a third who comes next is in the way, and nobody moves', async () => {
    const house = await openFloor(where)
    const ana = await house.book('18:00', 2, { table_id: house.table('1') })
    const cyd = await house.book('19:30', 2, { table_id: house.table('1'), name: 'Cyd' })
    const bo = await house.book('18:30', 2, { table_id: house.table('2') })
    const refused = await house.call('POST', '/floor/swap', { a: { reservation: ana.id }, b: { reservation: bo.id } })
    expect(refused.body).toMatchObject({
      code: 'table_taken',
      in_the_way: [{ owner: cyd.id, name: 'Cyd', table: '1' }],
    })
    expect(await claimsOf(where, house)).toEqual([
      '1 reservation 18:00-19:30',
      '1 reservation 19:30-21:00',
      '2 reservation 18:30-20:00',
    ])
  })
})

describe('staying longer', () => {
  test('R109 counted from its end, or from now where that is over; refused with who comes next', async () => {
    const house = await openFloor(where)
    const ana = await house.book('18:00', 2, { table_id: house.table('1') })
    await house.at('18:00', 'POST', `/reservations/${ana.id}/seat`)
    await house.book('20:30', 2, { table_id: house.table('1'), name: 'Bo' })
    const extend = (time: string, minutes: number, more: Record<string, unknown> = {}) =>
      house.at(time, 'POST', `/reservations/${ana.confirmation_code}/extend`, { minutes, ...more })
    const longer = await extend('19:00', 15)
    expect(longer.data.reservation).toMatchObject({ ends_at: `${date}T19:45:00+08:00`, version: 3 })
    expect((await extend('19:50', 30)).data.reservation.ends_at).toBe(`${date}T20:20:00+08:00`)
    const refused = await extend('20:15', 30)
    expect(refused.body).toMatchObject({ code: 'table_taken', in_the_way: [{ name: 'Bo', table: '1' }] })
    expect(await claimsOf(where, house)).toEqual(['1 reservation 18:00-20:20', '1 reservation 20:30-22:00'])
    expect((await extend('20:15', 5, { version: 1 })).code).toBe('stale_version')
    expect((await extend('20:15', 0)).code).toBe('validation_failed')
    const never = await house.book('12:00', 2, { table_id: house.table('2') })
    const past = await house.at('16:00', 'POST', `/reservations/${never.id}/extend`, { minutes: 5 })
    expect(past.code, 'a time that is over').toBe('validation_failed')
    await house.call('DELETE', `/reservations/${never.id}`)
    const call = await stranger(where)
    expect((await call('POST', `/reservations/${ana.id}/extend`, { minutes: 5 })).status).toBe(404)
    await house.at('20:20', 'POST', `/reservations/${ana.id}/complete`)
    expect((await extend('20:21', 5)).code).toBe('illegal_step')
    const stays = await withDatabase(where, (client) =>
      client.query('select 1 from claims where restaurant_id = $1 and blocking', [house.id]),
    )
    expect(stays.rows).toHaveLength(1)
  })
})
