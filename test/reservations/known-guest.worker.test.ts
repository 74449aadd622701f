import { beforeAll, describe, expect, inject, test } from 'vitest'
import { daysAhead, type House, openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')
const date = daysAhead(10)
const slot = { date: `${date}T19:00:00`, guests: 2 }

let house: House
let ana: { id: string }
beforeAll(async () => {
  house = await openHouse(where, { tables: Array.from({ length: 8 }, (_, i) => ({ number: `${i}`, seats: 2 })) })
  const answer = await house.call('POST', '/guests', { name: 'Ana', phone: '98207272', email: 'ana@example.com' })
  ana = answer.data
})

const known = { name: 'Ana', phone_number: '+6598207272', email: 'ana@example.com' }

describe('R300 a booking for a guest of the house', () => {
  test('bears the name and the contact of that guest, is found by them, and keeps to the phone rule', async () => {
    const made = await house.call('POST', '/reservations', { ...slot, client_id: ana.id })
    expect(made).toMatchObject({ status: 201, data: { ...known, guest_id: ana.id } })
    expect((await house.call('GET', '/reservations/98207272')).data.id).toBe(made.data.id)
    expect((await house.call('GET', '/reservations?q=ana')).data).toMatchObject([{ id: made.data.id }])
    const again = await Promise.all(
      Array.from({ length: 3 }, () => house.call('POST', '/reservations', { ...slot, client_id: ana.id })),
    )
    expect(again.map((one) => one.code)).toEqual(['phone_overlap', 'phone_overlap', 'phone_overlap'])
  })

  test('a hold that is confirmed for them likewise', async () => {
    const hold = async (time: string) =>
      (await house.call('POST', '/reservations/holds', { date, time, party_size: 2 })).data
    const [kept, refused] = [await hold('12:00'), await hold('19:00')]
    const client = { client_id: ana.id }
    const made = await house.call('POST', `/reservations/holds/${kept.hold_id}/confirm`, client)
    expect(made).toMatchObject({ status: 201, data: { ...known, guest_id: ana.id } })
    expect((await house.call('POST', `/reservations/holds/${refused.hold_id}/confirm`, client)).code).toBe(
      'phone_overlap',
    )
    const nobody = { client_id: '00000000-0000-4000-8000-000000000000' }
    expect((await house.call('POST', `/reservations/holds/${refused.hold_id}/confirm`, nobody)).code).toBe('not_found')
  })

  test('another’s name and number stay as said, and the booking that guest’s', async () => {
    const said = { name: 'Bo', phone_number: '+6598201111' }
    const made = await house.call('POST', '/reservations', { ...slot, ...said, client_id: ana.id })
    expect(made).toMatchObject({ status: 201, data: { ...said, email: 'ana@example.com', guest_id: ana.id } })
    const guests = await withDatabase(where, (client) =>
      client.query('select name, phone from guests where restaurant_id = $1', [house.id]),
    )
    expect(guests.rows).toEqual([{ name: 'Ana', phone: '+6598207272' }])
  })

  test('nobody of another house is known', async () => {
    const other = await openHouse(where)
    const made = await other.call('POST', '/reservations', { ...slot, client_id: ana.id })
    expect(made).toMatchObject({ status: 404, code: 'not_found' })
    expect((await other.call('GET', '/denied-requests')).data).toEqual([])
  })
})
