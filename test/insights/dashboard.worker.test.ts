import { beforeAll, expect, inject, test } from 'vitest'
import { date, type FloorHouse, openFloor } from '../floor/houses.ts'

const where = inject('stack')
type Word = 'vip' | 'allergy' | 'late' | 'overstay' | 'forgotten'
type Counts = Record<Word, number>

const counts = (count: (word: Word) => number): Counts => ({
  vip: count('vip'),
  allergy: count('allergy'),
  late: count('late'),
  overstay: count('overstay'),
  forgotten: count('forgotten'),
})

let house: FloorHouse

beforeAll(async () => {
  house = await openFloor(where, { tables: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => ({ number, seats: 4 })) })
  let phones = 0
  const come = async (time: string, guest: Record<string, unknown>, seatAt?: string): Promise<void> => {
    phones += 1
    const known = await house.call('POST', '/guests', { name: `Guest ${phones}`, phone: `9111000${phones}`, ...guest })
    expect(known.status, JSON.stringify(known.body)).toBe(201)
    const booked = await house.book(time, 2, { client_id: known.data.id, name: `Guest ${phones}` })
    if (seatAt) expect((await house.at(seatAt, 'POST', `/reservations/${booked.id}/seat`)).status).toBe(200)
  }
  // Never came, and nobody said so.
  await come('11:30', { vip: true })
  await come('12:00', { vip: true }, '12:05')
  await come('15:30', { allergies: ['nuts'] }, '15:30')
  await come('17:00', { vip: true, allergies: ['milk'] })
  await come('18:00', {})
  await come('18:30', { vip: true })
  await come('20:00', { vip: true, allergies: ['nuts'] })
})

async function counted(time: string): Promise<{ dashboard: Counts; alerts: Counts; vips_to_come: number }> {
  const [board, list] = [await house.at(time, 'GET', '/dashboard'), await house.at(time, 'GET', '/floor/alerts')]
  expect([board.status, list.status]).toEqual([200, 200])
  const kinds: string[] = list.data.map((one: { kind: string }) => one.kind)
  return {
    dashboard: counts((word) => board.data.alerts[word]),
    alerts: counts((word) => kinds.filter((kind) => kind === word).length),
    vips_to_come: board.data.vips_to_come,
  }
}

test.each([
  ['15:31', { vip: 3, allergy: 2, late: 1, overstay: 0, forgotten: 1 }],
  ['17:00', { vip: 3, allergy: 2, late: 0, overstay: 0, forgotten: 1 }],
  ['17:01', { vip: 3, allergy: 2, late: 1, overstay: 1, forgotten: 1 }],
  ['17:30', { vip: 2, allergy: 2, late: 1, overstay: 1, forgotten: 0 }],
  ['18:45', { vip: 3, allergy: 3, late: 3, overstay: 1, forgotten: 0 }],
  ['19:00', { vip: 3, allergy: 3, late: 3, overstay: 0, forgotten: 1 }],
])('R279 at %s the dashboard counts what the alerts list', async (time, expected) => {
  const { dashboard, alerts, vips_to_come } = await counted(time)
  expect(dashboard).toEqual(alerts)
  expect(alerts).toEqual(expected)
  // All the evening, at whatever hour they come.
  expect(vips_to_come).toBe(4)
})

test('R279 who comes tomorrow is in neither', async () => {
  const own = await openFloor(where)
  const guest = await own.call('POST', '/guests', { name: 'Dee', phone: '98207272', vip: true })
  await own.book('19:00', 2, { client_id: guest.data.id })
  const before = { 'x-tableside-now': `${date}T00:30:00+08:00` }
  const board = await own.call('GET', '/dashboard', undefined, before)
  expect(board.data).toMatchObject({ vips_to_come: 0, alerts: { vip: 0 } })
})
