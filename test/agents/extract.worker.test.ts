import { expect, inject, test } from 'vitest'
import { caller, openHouse } from '../factories.ts'

const where = inject('stack')
const everyDay = [1, 2, 3, 4, 5, 6, 7]
// A Wednesday evening in Singapore, still morning in New York.
const evening = { 'x-tableside-now': '2026-12-02T23:30:00+08:00' }

test('R210 a sentence is understood against the clock, hours and country of the restaurant', async () => {
  const house = await openHouse(where, { hours: [{ days: everyDay, opens: '17:00', closes: '23:00' }] })
  const utterance = 'Hi, a table for four tomorrow at half past seven, under Smith, 98207272'
  const { status, data } = await house.call('POST', '/agents/extract', { utterance }, evening)
  expect(status).toBe(200)
  expect(data).toMatchObject({
    date: '2026-12-03',
    time: '19:30',
    party_size: 4,
    name: 'Smith',
    phone: '+6598207272',
    intent: 'book',
    language: 'en',
  })
  for (const { start, end, text } of data.spans) expect(utterance.slice(start, end)).toBe(text)
  expect(data.spans.map((span: { slot: string }) => span.slot)).toEqual(['party_size', 'date', 'time', 'name', 'phone'])
})

test('R211 the same words mean the morning where breakfast is served', async () => {
  const house = await openHouse(where, { hours: [{ days: everyDay, opens: '07:00', closes: '11:00' }] })
  const { data } = await house.call('POST', '/agents/extract', { utterance: 'half past seven' }, evening)
  expect(data.time).toBe('07:30')
})

test('R212 the day is the speaker’s where a time zone or a reference date says so', async () => {
  const house = await openHouse(where)
  const ask = async (more: object): Promise<string> =>
    (
      await house.call(
        'POST',
        '/agents/extract',
        { utterance: 'tomorrow at 8 pm', ...more },
        { 'x-tableside-now': '2026-12-02T17:00:00Z' },
      )
    ).data.date
  expect(await ask({})).toBe('2026-12-04')
  expect(await ask({ timezone: 'America/New_York' })).toBe('2026-12-03')
  expect(await ask({ reference_date: '2027-02-28' })).toBe('2027-03-01')
})

test('what is not right is refused before anything is read', async () => {
  const house = await openHouse(where)
  for (const body of [
    {},
    { utterance: 4 },
    { utterance: 'x'.repeat(10_001) },
    { utterance: 'hello', timezone: 'Mars/Olympus' },
    { utterance: 'hello', reference_date: '2026-02-30' },
    { utterance: 'hello', locale: '!' },
    { utterance: 'hello', asked: 'salary' },
    { utterance: 'hello', surprise: true },
  ]) {
    expect((await house.call('POST', '/agents/extract', body)).code, JSON.stringify(body)).toBe('validation_failed')
  }
})

test('it needs agents:read, and speaks for no other house', async () => {
  const [house, other] = [await openHouse(where), await openHouse(where)]
  const { api_key } = (await house.call('POST', '/keys', { name: 'Floor', scopes: ['floor:*'] })).data
  const body = { utterance: 'hello' }
  expect((await caller(where.origin, api_key)('POST', '/agents/extract', body)).code).toBe('forbidden')
  expect((await other.call('POST', `/restaurants/${house.id}/agents/extract`, body)).code).toBe('not_found')
})
