import { describe, expect, inject, test } from 'vitest'
import { daysAhead } from '../factories.ts'
import { claimsOf, date, eventsOf, openFloor, stranger } from './houses.ts'

const where = inject('stack')

describe('blocks', () => {
  test('R116 a block takes its tables out of the evening, and lifted gives them back at once', async () => {
    const house = await openFloor(where)
    const made = await house.call('POST', '/blocks', {
      table_ids: [house.table('1'), house.table('3')],
      date,
      time: '18:00',
      minutes: 180,
      reason: 'wobbly',
    })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    expect(made.data).toMatchObject({
      tables: [{ number: '1' }, { number: '3' }],
      starts_at: `${date}T18:00:00+08:00`,
      ends_at: `${date}T21:00:00+08:00`,
      reason: 'wobbly',
      made_by: { kind: 'key' },
      version: 1,
    })
    const slot = await house.call('GET', `/availability?date=${date}&guests=2&time=19:00`)
    expect(slot.data.tablesAvailable).toBe(2)
    const board = await house.call('GET', `/tables/availability?date=${date}&time=19:00`)
    expect(board.data.find((one: { table: { number: string } }) => one.table.number === '1')).toMatchObject({
      status: 'unavailable',
      why: 'blocked',
    })
    expect((await house.call('GET', `/blocks?date=${date}`)).data).toMatchObject([{ id: made.data.id }])
    expect((await house.call('GET', `/blocks?date=${daysAhead(12)}`)).data).toEqual([])
    const lifted = await house.call('DELETE', `/blocks/${made.data.id}`)
    expect(lifted.data.lifted_at).not.toBeNull()
    expect(await claimsOf(where, house)).toEqual([])
    expect((await house.call('DELETE', `/blocks/${made.data.id}`)).data.version).toBe(2)
    expect((await house.call('PATCH', `/blocks/${made.data.id}`, { reason: 'again' })).code).toBe('illegal_step')
    expect((await eventsOf(where, made.data.id)).map((one) => one.type)).toEqual(['block.made', 'block.lifted'])
  })

  test('R105 never over anybody: the refusal names the booking; what lapsed is nobody', async () => {
    const house = await openFloor(where)
    const ana = await house.book('19:00', 2, { name: 'Ana', table_id: house.table('1') })
    const body = { table_ids: [house.table('1'), house.table('2')], starts_at: `${date}T20:00:00+08:00`, minutes: 60 }
    const refused = await house.call('POST', '/blocks', body)
    expect(refused.body).toMatchObject({
      code: 'table_taken',
      in_the_way: [{ name: 'Ana', owner: ana.id, table: '1' }],
    })
    expect((await house.call('POST', '/blocks', { ...body, starts_at: `${date}T20:30:00+08:00` })).status).toBe(201)
    const hold = await house.call('POST', '/reservations/holds', { date, time: '12:00', party_size: 2 })
    const lunch = { table_ids: [hold.data.tables[0].id], date, time: '12:00', minutes: 60 }
    expect((await house.call('POST', '/blocks', lunch)).body).toMatchObject({ in_the_way: [{ kind: 'hold' }] })
    expect((await house.at('11:00', 'POST', '/blocks', lunch)).status).toBe(201)
  })

  test('R116 of several days: each evening is found blocked, and only those', async () => {
    const house = await openFloor(where, { tables: [{ number: '1', seats: 2 }] })
    const until = `${daysAhead(13)}T15:00`
    const made = await house.call('POST', '/blocks', {
      table_ids: [house.table('1')],
      starts_at: `${date}T18:00`,
      until,
    })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const free = async (day: number, time: string): Promise<number> =>
      (await house.call('GET', `/availability?date=${daysAhead(day)}&guests=2&time=${time}`)).data.tablesAvailable
    expect([
      await free(10, '12:00'),
      await free(10, '19:00'),
      await free(11, '19:00'),
      await free(12, '12:00'),
    ]).toEqual([1, 0, 0, 0])
    expect([await free(13, '14:00'), await free(13, '15:00')]).toEqual([0, 1])
  })

  test('R27 a change is for the version seen; R26 a repeat changes once; R31 another house finds nothing', async () => {
    const house = await openFloor(where)
    const body = { table_ids: [house.table('1')], date, time: '18:00', minutes: 60 }
    const key = { 'idempotency-key': 'block-1' }
    const made = await Promise.all(Array.from({ length: 5 }, () => house.call('POST', '/blocks', body, key)))
    expect(new Set(made.map((one) => one.data?.id)).size).toBe(1)
    const id = made[0]?.data.id
    const booked = await house.book('19:00', 2, { table_id: house.table('1') })
    const longer = await house.call('PATCH', `/blocks/${id}`, { until: `${date}T19:30` })
    expect(longer.body).toMatchObject({ code: 'table_taken', in_the_way: [{ owner: booked.id }] })
    const other = await house.call('PATCH', `/blocks/${id}`, {
      table_ids: [house.table('2')],
      version: 1,
      reason: 'paint',
    })
    expect(other.data).toMatchObject({ version: 2, tables: [{ number: '2' }], reason: 'paint' })
    expect(await claimsOf(where, house)).toEqual(['1 reservation 19:00-20:30', '2 block 18:00-19:00'])
    const stale = await house.call('PATCH', `/blocks/${id}`, { reason: 'late', version: 1 })
    expect(stale.body).toMatchObject({
      code: 'stale_version',
      current: { version: 2 },
      changed: { type: 'block.changed' },
    })
    expect((await house.call('DELETE', `/blocks/${id}`, undefined, { 'if-match': '1' })).code).toBe('stale_version')
    const call = await stranger(where)
    expect((await call('PATCH', `/blocks/${id}`, { reason: 'x' })).status).toBe(404)
    expect((await call('DELETE', `/blocks/${id}`)).status).toBe(404)
    expect((await call('POST', '/blocks', body)).code).toBe('validation_failed')
    for (const bad of [
      { ...body, minutes: undefined },
      { ...body, until: `${date}T20:00` },
      { ...body, table_ids: [] },
      { ...body, table_ids: [house.table('1'), house.table('1')] },
      { ...body, time: undefined },
      { ...body, minutes: undefined, until: `${date}T17:00` },
      { ...body, minutes: 44_641 },
    ])
      expect((await house.call('POST', '/blocks', bad)).code, JSON.stringify(bad)).toBe('validation_failed')
    expect((await house.call('POST', '/blocks', { ...body, date: '2020-01-01' })).code).toBe('in_past')
    expect((await house.call('PATCH', `/blocks/${id}`, { until: `${date}T17:00` })).code).toBe('validation_failed')
  })
})
