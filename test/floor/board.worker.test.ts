import { describe, expect, inject, test } from 'vitest'
import type { BoardTable, Timeline } from '../../src/floor/board-schema.ts'
import { daysAhead } from '../factories.ts'
import { claimsOf, date, openFloor, stranger, type FloorHouse } from './houses.ts'

const where = inject('stack')

async function board(house: FloorHouse, time: string, query = ''): Promise<Record<string, BoardTable>> {
  const answer = await house.root(time, 'GET', `/admin/tables${query}`)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return Object.fromEntries(answer.data.map((one: BoardTable) => [one.number, one]))
}

describe('the board', () => {
  test('R117 every table with its status, who has it, for how long, and who comes next', async () => {
    const house = await openFloor(where)
    const guest = await house.call('POST', '/guests', {
      name: 'Ana',
      phone: '98207272',
      vip: true,
      allergies: ['nuts'],
    })
    const ana = await house.book('19:00', 2, { table_id: house.table('1'), client_id: guest.data.id, notes: 'window' })
    await house.book('20:30', 2, { table_id: house.table('1'), name: 'Bo' })
    await house.at('18:30', 'POST', '/walk-ins', { party_size: 4, table_id: house.table('3'), name: 'Cyd' })
    await house.call('POST', '/blocks', { table_ids: [house.table('2')], date, time: '18:00', minutes: 120 })
    await house.call('PATCH', `/tables/${house.table('4')}`, { enabled: false })
    const now = await board(house, '19:10')
    expect(Object.keys(now)).toEqual(['1', '2', '3', '4'])
    expect(now['1']).toMatchObject({
      status: 'reserved',
      until: `${date}T20:30:00+08:00`,
      party: { name: 'Ana', late_minutes: 10, vip: true, allergies: ['nuts'], notes: 'window', seated_minutes: null },
      next: { name: 'Bo', minutes_until: 80 },
      session: null,
      unpaid_minor: 0,
      pos: null,
    })
    expect(now['2']).toMatchObject({ status: 'unavailable', why: 'blocked', claim: { kind: 'block' } })
    expect(now['3']).toMatchObject({
      status: 'occupied',
      claim: { kind: 'walk_in' },
      party: { name: 'Cyd', seated_minutes: 40, overstay_minutes: 0, expected_end_at: `${date}T20:15:00+08:00` },
    })
    expect(now['4']).toMatchObject({ status: 'unavailable', why: 'disabled', area: 'terrace' })
    await house.at('19:10', 'POST', `/reservations/${ana.id}/seat`)
    expect((await board(house, '20:20'))['3']).toMatchObject({ status: 'occupied', party: { overstay_minutes: 5 } })
    expect((await board(house, '20:40'))['1'], 'who sits there before who has it in the book').toMatchObject({
      status: 'occupied',
      party: { name: 'Ana', overstay_minutes: 10, expected_end_at: `${date}T20:40:00+08:00` },
      next: { name: 'Bo' },
    })
    const night = await board(house, '23:30')
    expect(night['2']).toMatchObject({ status: 'unavailable', why: 'closed' })
    const then = await board(house, '12:00', `?at=${date}T20:45`)
    expect(then['1']).toMatchObject({ status: 'reserved', party: { name: 'Bo' } })
    expect((await house.root('12:00', 'GET', '/admin/tables?at=soon')).code).toBe('validation_failed')
    const theirs = await (await stranger(where))('GET', '/floor/alerts')
    expect(theirs.data).toEqual([])
  })

  test('R108 the timeline has a word for every half hour, past midnight too, and the claims as bars', async () => {
    const house = await openFloor(where, {
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '18:00', closes: '02:00' }],
      tables: [
        { number: '1', seats: 2 },
        { number: '2', seats: 2 },
      ],
    })
    await house.book('23:30', 2, { table_id: house.table('1'), name: 'Ana' })
    await house.at('18:00', 'POST', '/walk-ins', { party_size: 2, table_id: house.table('2'), notes: 'pram' })
    const answer = await house.at('18:30', 'GET', `/floor/timeline?date=${date}`)
    const timeline: Timeline = answer.data
    expect(timeline.slots.map((slot) => slot.time).join(' ')).toBe(
      '18:00 18:30 19:00 19:30 20:00 20:30 21:00 21:30 22:00 22:30 23:00 23:30 00:00 00:30 01:00 01:30',
    )
    const words = (number: string): string =>
      timeline.tables.find((table) => table.number === number)?.slots.join(' ') ?? ''
    expect(words('1')).toBe(`${'free '.repeat(11)}reserved reserved reserved free free`)
    expect(words('2')).toBe(`occupied occupied occupied ${'free '.repeat(13)}`.trim())
    expect(timeline.tables.map((table) => table.bars)).toMatchObject([
      [{ name: 'Ana', status: 'confirmed', starts_at: `${date}T23:30:00+08:00`, flags: [] }],
      [{ kind: 'walk_in', status: 'seated', flags: ['note'] }],
    ])
    expect((await house.call('GET', '/floor/timeline?date=soon')).code).toBe('validation_failed')
  })

  test('R107 the suggestion says why, and keeps the large table free', async () => {
    const house = await openFloor(where)
    await house.book('20:00', 2, { table_id: house.table('1') })
    const answer = await house.at('19:00', 'GET', '/floor/suggest?party_size=2')
    expect(answer.data.map((one: { tables: string[] }) => one.tables)).toEqual([['2'], ['3'], ['4'], ['1']])
    expect(answer.data[0].reasons.map((one: { code: string }) => one.code)).toEqual([
      'fits_exactly',
      'free_to_closing',
      'keeps_large_free',
    ])
    expect(answer.data[3]).toMatchObject({ minutes: 60, whole_turn: false, free_until: `${date}T20:00:00+08:00` })
    const later = await house.call('GET', `/floor/suggest?party_size=2&date=${date}&time=20:00&minutes=60`)
    expect(later.data.map((one: { tables: string[] }) => one.tables)).toEqual([['2'], ['3'], ['4']])
    expect((await house.call('GET', `/floor/suggest?party_size=2&date=${date}`)).code).toBe('validation_failed')
    expect((await house.at('03:00', 'GET', '/floor/suggest?party_size=2')).data).toEqual([])
  })

  test('R112 R113 alerts: who is late, who stays too long, who that hits, and where it could sit instead', async () => {
    const house = await openFloor(where)
    const guest = await house.call('POST', '/guests', {
      name: 'Dee',
      phone: '98207272',
      vip: true,
      allergies: ['milk', 'nuts'],
      birthday: `1990-${date.slice(5)}`,
    })
    const ana = await house.book('18:00', 2, { table_id: house.table('1'), name: 'Ana' })
    await house.at('18:00', 'POST', `/reservations/${ana.id}/seat`)
    const dee = await house.book('19:30', 2, { table_id: house.table('1'), client_id: guest.data.id, name: 'Dee' })
    await house.book('19:00', 4, { table_id: house.table('3'), name: 'Eve' })
    const alerts = async (time: string): Promise<Record<string, unknown>[]> =>
      (await house.at(time, 'GET', '/floor/alerts')).data
    const kinds = async (time: string): Promise<string> =>
      (await alerts(time)).map((one) => `${String(one['name'])}:${String(one['kind'])}`).join(' ')
    expect(await kinds('19:05')).toBe('Eve:late Dee:vip Dee:allergy Dee:birthday')
    const found = await alerts('19:37')
    expect(found.find((one) => one['kind'] === 'overstay')).toMatchObject({
      urgent: true,
      name: 'Ana',
      minutes: 7,
      tables: ['1'],
      knock_on: {
        reservation_id: dee.id,
        name: 'Dee',
        table: '1',
        minutes: 7,
        move_to: [{ tables: ['2'] }, { tables: ['4'] }],
      },
    })
    expect(found.find((one) => one['kind'] === 'late' && one['name'] === 'Eve')).toMatchObject({
      minutes: 37,
      urgent: true,
    })
  })
})

describe('history and use', () => {
  test('R115 turns as planned and as they were, by pages; use of the time the house was open', async () => {
    const house = await openFloor(where, { tables: [{ number: '1', seats: 4 }] })
    for (const [from, to] of [
      ['12:00', '13:00'],
      ['14:00', '16:00'],
      ['18:00', '19:00'],
    ] as const) {
      const seated = await house.at(from, 'POST', '/walk-ins', { party_size: 2 })
      expect(seated.status).toBe(201)
      await house.at(to, 'POST', `/reservations/${seated.data.id}/complete`)
    }
    const path = `/tables/${house.table('1')}/history?from=${date}&to=${date}&limit=2`
    const first = await house.at('20:00', 'GET', path)
    expect(first.data).toMatchObject([
      { planned_minutes: 90, actual_minutes: 60, status: 'completed', moved: false },
      { planned_minutes: 90, actual_minutes: 120 },
    ])
    const second = await house.at('20:00', 'GET', `${path}&cursor=${first.body.meta.next_cursor}`)
    expect(second.data).toMatchObject([{ actual_minutes: 60 }])
    expect(second.body.meta.next_cursor).toBeNull()
    const use = await house.at('20:00', 'GET', `/floor/utilisation?from=${date}&to=${date}`)
    expect(use.data.tables).toEqual([
      {
        id: house.table('1'),
        number: '1',
        seats: 4,
        area: null,
        open_minutes: 720,
        seated_minutes: 240,
        parties: 3,
        covers: 6,
        utilisation: 0.333,
        seat_fill: 0.5,
        turns_per_day: 3,
      },
    ])
    expect((await house.call('GET', '/floor/utilisation?from=2026-01-01&to=2026-04-03')).code).toBe('validation_failed')
    expect((await house.call('GET', `/floor/utilisation?from=${date}&to=2026-01-01`)).code).toBe('validation_failed')
    const call = await stranger(where)
    expect((await call('GET', path)).status).toBe(404)
  })
})

describe('the note of the day', () => {
  test('R118 is written for the version seen, once', async () => {
    const house = await openFloor(where)
    const path = `/floor/notes/${date}`
    expect((await house.call('GET', path)).data).toMatchObject({ note: '', version: 0 })
    for (const day of [11, 12, 13, 10]) {
      const notes = await Promise.all(
        Array.from({ length: 24 }, (_none, i) =>
          house.call('PUT', `/floor/notes/${daysAhead(day)}`, { note: `Note ${i}`, version: 0 }),
        ),
      )
      expect(notes.filter((one) => one.status === 200)).toHaveLength(1)
      const lost = notes.find((one) => one.status !== 200)
      expect(lost?.body).toMatchObject({ code: 'stale_version', current: { version: 1 } })
    }
    // Of a date that nobody has written of.
    const none = await house.call('PUT', `/floor/notes/${daysAhead(14)}`, { note: 'x', version: 3 })
    expect(none.body).toMatchObject({ code: 'stale_version', current: { note: '', version: 0 } })
    const key = { 'idempotency-key': 'note-1' }
    const again = await Promise.all([1, 2].map(() => house.call('PUT', path, { note: 'Twice', version: 1 }, key)))
    expect(again.map((one) => one.data?.version)).toEqual([2, 2])
    expect((await house.call('PUT', path, { note: 'x'.repeat(4001) })).code).toBe('validation_failed')
    expect((await house.call('PUT', '/floor/notes/tomorrow', { note: 'x' })).code).toBe('validation_failed')
    const call = await stranger(where)
    expect((await call('GET', path)).data.note).toBe('')
  })

  test('a key that may only read changes nothing', async () => {
    const house = await openFloor(where)
    const key = await house.call('POST', '/keys', { name: 'reader', scopes: ['floor:read'] })
    const headers = { authorization: `Bearer ${key.data.api_key}` }
    for (const [method, path, body] of [
      ['POST', '/walk-ins', { party_size: 2 }],
      ['POST', '/blocks', { table_ids: [house.table('1')], minutes: 30 }],
      ['POST', '/floor/move', { reservation: 'ABCDEF', table_ids: [house.table('1')] }],
      ['PUT', `/floor/notes/${date}`, { note: 'x' }],
    ] as const)
      expect((await house.call(method, path, body, headers)).code, path).toBe('forbidden')
    expect((await house.call('GET', '/floor/alerts', undefined, headers)).status).toBe(200)
    expect(await claimsOf(where, house)).toEqual([])
  })
})
