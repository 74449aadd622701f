import { describe, expect, inject, test } from 'vitest'
import { overlaps } from '../factories.ts'
import { claimsOf, eventsOf, openFloor, stranger } from './houses.ts'

const where = inject('stack')

describe('a party at the door', () => {
  test('R100 sits now at the table that fits best, for its turn, as a claim of its own kind', async () => {
    const house = await openFloor(where)
    const seated = await house.at('18:00', 'POST', '/walk-ins', { party_size: 3, name: 'Ana', notes: 'pram' })
    expect(seated.status, JSON.stringify(seated.body)).toBe(201)
    expect(seated.data).toMatchObject({
      status: 'seated',
      source: 'walk_in',
      tables: [{ number: '3' }],
      turn_minutes: 105,
      reservation_time: '18:00',
      name: 'Ana',
    })
    expect(await claimsOf(where, house)).toEqual(['3 walk_in 18:00-19:45'])
    expect(await eventsOf(where, seated.data.id)).toEqual([{ type: 'reservation.walked_in', why: null }])
    const done = await house.at('19:00', 'POST', `/reservations/${seated.data.id}/complete`)
    expect(done.data.status).toBe('completed')
    expect(await claimsOf(where, house)).toEqual([])
  })

  test('R101 is offered a table that is free for less than its turn, and seated for that long', async () => {
    const house = await openFloor(where, { tables: [{ number: '7', seats: 2 }] })
    await house.book('20:00', 2, { name: 'Bo' })
    const refused = await house.at('19:10', 'POST', '/walk-ins', { party_size: 2 })
    expect(refused.code).toBe('sold_out')
    expect(refused.body).toMatchObject({
      minutes: 50,
      alternatives: [{ tables: ['7'], minutes: 50, whole_turn: false }],
    })
    expect(refused.body.hint).toBe('Table 7 could be had until 20:00, for 50 minutes.')
    const named = await house.at('19:10', 'POST', '/walk-ins', { party_size: 2, table_id: house.table('7') })
    expect(named.code).toBe('table_taken')
    expect(named.body).toMatchObject({
      minutes: 50,
      in_the_way: [{ table: '7', kind: 'reservation', name: 'Bo', made_by: { kind: 'key' } }],
    })
    expect(named.body.detail).toMatch(/^Table 7 is taken by Bo from 20:00 to 21:30 \(party of 2, [A-Z0-9]{6}\)\.$/)
    const seated = await house.at('19:10', 'POST', '/walk-ins', { party_size: 2, minutes: 50 })
    expect(seated.status).toBe(201)
    expect(await claimsOf(where, house)).toEqual(['7 walk_in 19:10-20:00', '7 reservation 20:00-21:30'])
    const denied = await house.call('GET', '/denied-requests')
    expect(denied.data.map((one: { source: string }) => one.source)).toEqual(['walk_in', 'walk_in'])
  })

  test('R100 the house must be open, and long enough; the kitchen may be overridden, and the event says so', async () => {
    const house = await openFloor(where, {
      settings: {
        last_seating_minutes: 60,
        pacing: { max_parties_per_slot: 1 },
        min_notice_minutes: 120,
        max_party: 2,
      },
    })
    expect((await house.at('09:00', 'POST', '/walk-ins', { party_size: 2 })).code).toBe('closed')
    const late = await house.at('22:20', 'POST', '/walk-ins', { party_size: 2 })
    expect(late.body).toMatchObject({ code: 'past_closing', minutes: 40 })
    expect((await house.at('22:20', 'POST', '/walk-ins', { party_size: 2, minutes: 40 })).code).toBe(
      'after_last_seating',
    )
    const first = await house.at('18:00', 'POST', '/walk-ins', { party_size: 5 })
    expect(first.status, 'max_party is of bookings').toBe(201)
    expect((await house.at('18:20', 'POST', '/walk-ins', { party_size: 2 })).code).toBe('pacing_parties')
    const overridden = await house.at('18:20', 'POST', '/walk-ins', { party_size: 2, override_pacing: true })
    expect(overridden.status).toBe(201)
    expect(await eventsOf(where, overridden.data.id)).toEqual([
      { type: 'reservation.walked_in', why: 'pacing overridden' },
    ])
    expect((await house.at('19:00', 'POST', '/walk-ins', { party_size: 9 })).code).toBe('no_table_fits')
  })

  test('R102 staff join tables and seat more than the seats where they say so', async () => {
    const house = await openFloor(where)
    const table_ids = [house.table('2'), house.table('1')]
    expect((await house.at('18:00', 'POST', '/walk-ins', { party_size: 5, table_ids })).code).toBe('table_too_small')
    const seated = await house.at('18:00', 'POST', '/walk-ins', { party_size: 5, table_ids, allow_overfill: true })
    expect(seated.data.tables).toMatchObject([{ number: '2' }, { number: '1' }])
    expect(await overlaps(where, house.id)).toBe(0)
    for (const body of [
      { party_size: 2, table_id: '00000000-0000-4000-8000-000000000000' },
      { party_size: 0 },
      { party_size: 2, minutes: 5 },
      { party_size: 2, table_id: house.table('1'), table_ids },
      { party_size: 2, until: '20:00' },
    ])
      expect((await house.at('18:00', 'POST', '/walk-ins', body)).code, JSON.stringify(body)).toBe('validation_failed')
  })

  test('R26 a repeat is the same party; a phone finds its guest; another house has neither table nor guest', async () => {
    const house = await openFloor(where)
    const body = { party_size: 2, phone_number: '98207272', name: 'Ana' }
    const key = { 'idempotency-key': 'door-1' }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => house.at('18:00', 'POST', '/walk-ins', body, key)),
    )
    expect(new Set(answers.map((one) => one.data?.id)).size).toBe(1)
    expect((await house.at('18:00', 'POST', '/walk-ins', { ...body, party_size: 3 }, key)).code).toBe(
      'idempotency_key_reused',
    )
    const guest_id = answers[0]?.data.guest_id
    expect(guest_id).toBeTruthy()
    const other = await openFloor(where)
    expect((await other.at('18:00', 'POST', '/walk-ins', { party_size: 2, guest_id })).code).toBe('not_found')
    const foreign = await other.at('18:00', 'POST', '/walk-ins', { party_size: 2, table_id: house.table('1') })
    expect(foreign.code).toBe('validation_failed')
    const call = await stranger(where)
    expect((await call('POST', `/reservations/${answers[0]?.data.id}/complete`)).status).toBe(404)
  })

  test('R103 nobody is seated on top of a party that outstays its claim', async () => {
    const house = await openFloor(where, { tables: [{ number: '1', seats: 2 }] })
    const first = await house.at('18:00', 'POST', '/walk-ins', { party_size: 2 })
    expect(first.status).toBe(201)
    const second = await house.at('19:40', 'POST', '/walk-ins', { party_size: 2, table_id: house.table('1') })
    expect(second.body).toMatchObject({ code: 'table_taken', in_the_way: [{ owner: first.data.id, status: 'seated' }] })
    expect((await house.at('19:40', 'POST', '/walk-ins', { party_size: 2 })).code).toBe('sold_out')
    await house.at('19:45', 'POST', `/reservations/${first.data.id}/complete`)
    expect((await house.at('19:46', 'POST', '/walk-ins', { party_size: 2 })).status).toBe(201)
  })
})
