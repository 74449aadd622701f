import { describe, expect, inject, test } from 'vitest'
import { caller, daysAhead, overlaps, withDatabase } from '../factories.ts'
import { bookAs, openLine, ring, sayYes } from './lines.ts'

const where = inject('stack')
const ana = '+6598207272'
const ben = '+6591112222'
const soon = daysAhead(8)
const wish = { date: soon, time: '19:00', party_size: 2, name: 'Ana Garcia', requests: 'A high chair' }

async function statuses(house: { id: string }): Promise<string[]> {
  const statement = 'select status from reservations where restaurant_id = $1 order by id'
  return withDatabase(where, async (client) =>
    (await client.query<{ status: string }>(statement, [house.id])).rows.map((row) => row.status),
  )
}

describe('R228 what is read back, and nothing else', () => {
  test('is booked with its requests, by the number they call from; twenty yeses at once book one table', async () => {
    const house = await openLine(where)
    const line = await ring(where, house, ana)
    const prepared = await line.ask('make_reservation', wish)
    expect(prepared.data.output).toMatchObject({ status: 'prepared', reservation: null })
    expect(prepared.data.say).toMatch(
      /^That is a table for 2 people .* at 7 PM, in the name of Ana Garcia, with the request: A high chair\. Shall I book it\?$/,
    )
    expect(await statuses(house)).toEqual(['held'])
    const { commit_token } = prepared.data.output
    expect(commit_token).toMatch(/^[\w-]{54}$/)
    const said = await Promise.all(
      Array.from({ length: 20 }, () => line.ask('make_reservation', { ...wish, commit_token })),
    )
    expect(new Set(said.map((one) => one.status))).toEqual(new Set([200]))
    expect(new Set(said.map((one) => one.data.output.reservation.confirmation_code)).size).toBe(1)
    expect(await statuses(house)).toEqual(['confirmed'])
    const code: string = said[0]?.data.output.reservation.confirmation_code
    expect(said[0]?.data.say).toContain(code.split('').join(' '))
    const kept = await house.call('GET', `/reservations/${code}`)
    expect(kept.data).toMatchObject({
      phone_number: ana,
      other_info: 'A high chair',
      source: 'voice',
      reservation_time: '19:00',
    })
    // Said once more in the words of a model: the same fields.
    const loose = { ...wish, party_size: '2', time: '7:00 pm', email: null, area: '', commit_token }
    expect((await line.ask('make_reservation', loose)).data.output.reservation.confirmation_code).toBe(code)
  })

  test.each([
    ['another time', { time: '20:00' }],
    ['another name', { name: 'Anna Garcia' }],
    ['another number', { phone: '91112222' }],
    ['a request more', { requests: 'A high chair and a cake' }],
    ['no request', { requests: null }],
  ])('%s than was read back does nothing and is read back anew; that token then books', async (_what, other) => {
    const house = await openLine(where)
    const line = await ring(where, house, ana)
    const { commit_token } = (await line.ask('make_reservation', wish)).data.output
    const changed = { ...wish, ...other }
    const refused = await line.ask('make_reservation', { ...changed, commit_token })
    expect([refused.status, refused.code]).toEqual([409, 'commit_mismatch'])
    expect(refused.body.hint).toBe(refused.body.read_back)
    expect(await statuses(house)).toEqual(['held'])
    // The hold has moved on with the new wish: the first token books nothing any more.
    expect((await line.ask('make_reservation', { ...wish, commit_token })).code).toBe('commit_mismatch')
    const anew = await sayYes(line, 'make_reservation', changed)
    expect(anew.data.output.status).toBe('booked')
    expect(await statuses(house)).toEqual(['confirmed'])
  })

  test('a token that was tampered with, or is of another call, operation or house does nothing', async () => {
    const [house, other] = [await openLine(where), await openLine(where)]
    const [line, second, elsewhere] = [
      await ring(where, house, ana),
      await ring(where, house, ana),
      await ring(where, other, ana),
    ]
    const { commit_token } = (await line.ask('make_reservation', wish)).data.output
    const flipped = (at: number): string =>
      commit_token.slice(0, at) + (commit_token[at] === 'A' ? 'B' : 'A') + commit_token.slice(at + 1)
    for (const token of [flipped(0), flipped(7), flipped(20), flipped(45), `${commit_token}A`, 'yes', 'x'.repeat(54)])
      expect((await line.ask('make_reservation', { ...wish, commit_token: token })).code).toBe('commit_mismatch')
    expect((await second.ask('make_reservation', { ...wish, commit_token })).code).toBe('commit_mismatch')
    expect((await elsewhere.ask('make_reservation', { ...wish, commit_token })).code).toBe('commit_mismatch')
    expect(await statuses(house)).not.toContain('confirmed')
    const mine = await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, daysAhead(9))
    const own = { name: 'Ana Garcia', confirmation_code: mine.confirmation_code }
    const cancel = (await line.ask('cancel_reservation', own)).data.output.commit_token
    const moved = await line.ask('change_reservation', { ...own, new_time: '20:00', commit_token: cancel })
    expect(moved.code).toBe('commit_mismatch')
    expect((await house.call('GET', `/reservations/${mine.id}`)).data).toMatchObject({
      status: 'confirmed',
      reservation_time: '19:00',
    })
  })

  test('after ten minutes it is read back anew', async () => {
    const house = await openLine(where)
    const line = await ring(where, house, ana)
    const { commit_token, expires_at } = (await line.ask('make_reservation', wish)).data.output
    const later = { 'x-tableside-now': new Date(Date.parse(expires_at) + 1000).toISOString() }
    const late = await line.ask('make_reservation', { ...wish, commit_token }, later)
    expect([late.status, late.code]).toEqual([409, 'commit_expired'])
    const booked = await line.ask('make_reservation', { ...wish, commit_token: late.body.commit_token }, later)
    expect(booked.data.output.status).toBe('booked')
    expect((await statuses(house)).filter((one) => one === 'confirmed')).toHaveLength(1)
  })

  test('somebody else’s change meanwhile is read back, not overwritten', async () => {
    const house = await openLine(where)
    const mine = await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon)
    const line = await ring(where, house, ana)
    const change = { name: 'Ana Garcia', new_time: '20:00' }
    const prepared = await line.ask('change_reservation', change)
    expect(prepared.data.say).toMatch(/changes from .*7 PM \(2 people\) to .*8 PM \(2 people\)\. Shall I change it\?$/)
    await house.call('PUT', `/reservations/${mine.id}`, { party_size: 1 })
    const { commit_token } = prepared.data.output
    const stale = await line.ask('change_reservation', { ...change, commit_token })
    expect(stale.code).toBe('commit_mismatch')
    expect(stale.body.read_back).toContain('1 person')
    expect(JSON.stringify(stale.body)).not.toContain('current')
    const done = await line.ask('change_reservation', { ...change, commit_token: stale.body.commit_token })
    expect(done.data.output).toMatchObject({ status: 'changed', reservation: { time: '20:00', party_size: 1 } })
    const again = await line.ask('change_reservation', { ...change, commit_token: stale.body.commit_token })
    expect(again.data.output).toEqual(done.data.output)
  })

  test('a change that cannot be had is refused before it is read back, its own table counted as free', async () => {
    const house = await openLine(where, { tables: [{ number: '1', seats: 2 }] })
    await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon, '19:00')
    await bookAs(house, { name: 'Ben', phone_number: ben }, soon, '21:00')
    const line = await ring(where, house, ana)
    const earlier = await line.ask('change_reservation', { name: 'Ana Garcia', new_time: '19:30' })
    expect(earlier.data.output.status).toBe('prepared')
    const taken = await line.ask('change_reservation', { name: 'Ana Garcia', new_time: '20:30' })
    expect([taken.status, taken.code]).toEqual([409, 'sold_out'])
    expect(taken.body.alternatives.length).toBeGreaterThan(0)
    expect(taken.body.hint).toMatch(/fully booked.*I could offer/)
    const larger = await line.ask('change_reservation', { name: 'Ana Garcia', new_party_size: 3 })
    expect(larger.code).toBe('no_table_fits')
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('a hold that has run out is not booked, and the table may be somebody else’s by then', async () => {
    const house = await openLine(where, { tables: [{ number: '1', seats: 2 }], settings: { hold_minutes: 1 } })
    // Without a call: the house's own minute.
    const ask = (body: Record<string, unknown>, headers = {}): ReturnType<typeof house.call> =>
      house.call('POST', '/agents/operations/make_reservation', body, headers)
    const own = { ...wish, phone: ana }
    const { commit_token } = (await ask(own)).data.output
    const later = { 'x-tableside-now': new Date(Date.now() + 90_000).toISOString() }
    await bookAs(house, { name: 'Ben', phone_number: ben }, daysAhead(9))
    const taken = await house.call(
      'POST',
      '/reservations',
      { name: 'Ben', phone_number: ben, reservation_date: soon, reservation_time: '19:00', party_size: 2 },
      later,
    )
    expect(taken.status).toBe(201)
    expect((await ask({ ...own, commit_token }, later)).code).toBe('sold_out')
  })

  test('where the house approves each booking, it is a wish until then', async () => {
    const house = await openLine(where, { settings: { approval: 'manual' } })
    const line = await ring(where, house, ana)
    const made = await sayYes(line, 'make_reservation', wish)
    expect(made.data.output).toMatchObject({ status: 'requested', reservation: { status: 'pending' } })
    expect(made.data.say).toContain('will confirm it')
  })
})

describe('R235 somebody else’s number', () => {
  test('the caller hears of their own table, and of nobody else’s', async () => {
    const house = await openLine(where)
    await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon)
    const [own, stranger] = [await ring(where, house, ana), await ring(where, house, ben)]
    expect((await own.ask('make_reservation', wish)).code).toBe('phone_overlap')
    const nosy = await stranger.ask('make_reservation', { ...wish, phone: ana })
    expect([nosy.code, nosy.body.hint]).toEqual(['needs_person', expect.stringContaining('colleague')])
    expect(await statuses(house)).toEqual(['confirmed'])
    expect((await stranger.ask('make_reservation', { ...wish, phone: '+6590001111' })).status).toBe(200)
  })

  test('a withheld number and no other way to be reached is asked for one', async () => {
    const house = await openLine(where)
    const line = await ring(where, house, null)
    expect((await line.ask('make_reservation', wish)).code).toBe('contact_required')
    expect((await line.ask('make_reservation', { ...wish, phone: 'twelve' })).code).toBe('invalid_phone')
    expect((await sayYes(line, 'make_reservation', { ...wish, email: 'ana@example.com' })).data.output.status).toBe(
      'booked',
    )
  })
})

describe('R226 a call’s token', () => {
  test('opens nothing but its call’s operations', async () => {
    const [house, other] = [await openLine(where), await openLine(where)]
    const [line, second] = [await ring(where, house, ana), await ring(where, other, ben)]
    for (const [method, path] of [
      ['GET', '/reservations'],
      ['GET', '/agents/calls'],
      ['GET', `/agents/calls/${line.id}`],
      ['GET', '/agents/operations'],
      ['GET', '/guests'],
      ['POST', '/agents/calls'],
      ['GET', '/context'],
    ] as const)
      expect([path, (await line.call(method, path, method === 'POST' ? {} : undefined)).code]).toEqual([
        path,
        'unauthorized',
      ])
    const info = { topic: 'hours' }
    expect((await line.ask('restaurant_info', { ...info, call_id: second.id })).code).toBe('not_found')
    const theirs = `/api/restaurants/${other.id}/agents/operations/restaurant_info`
    expect((await line.call('POST', theirs, info)).code).toBe('not_found')
    const late = { 'x-tableside-now': new Date(Date.now() + 3 * 3_600_000).toISOString() }
    expect((await line.ask('restaurant_info', info, late)).code).toBe('unauthorized')
    const [head, body, signature = ''] = line.token.split('.')
    const forged = caller(where.origin, `${head}.${body}.${signature.slice(0, -2)}AA`)
    expect((await forged('POST', '/agents/operations/restaurant_info', info)).code).toBe('unauthorized')
    expect((await caller(where.origin, null)('POST', '/agents/operations/restaurant_info', info)).code).toBe(
      'unauthorized',
    )
    expect((await line.ask('restaurant_info', info)).status).toBe(200)
  })

  test('a key that may only read does not write through an operation', async () => {
    const house = await openLine(where)
    const scopes = ['agents:read']
    const reader = caller(where.origin, (await house.call('POST', '/keys', { name: 'Reader', scopes })).data.api_key)
    expect((await reader('POST', '/agents/operations/restaurant_info', { topic: 'all' })).status).toBe(200)
    const slot = { date: soon, time: '19:00', party_size: 2 }
    expect((await reader('POST', '/agents/operations/hold_table', slot)).code).toBe('forbidden')
    const line = await ring(where, house, ana)
    expect((await reader('POST', '/agents/operations/hold_table', { ...slot, call_id: line.id })).code).toBe(
      'forbidden',
    )
    const scoped = ['reservations:read', 'reservations:write']
    const none = caller(where.origin, (await house.call('POST', '/keys', { name: 'N', scopes: scoped })).data.api_key)
    expect((await none('POST', '/agents/operations/restaurant_info', { topic: 'all' })).code).toBe('forbidden')
  })
})

test('R228 a key is its call’s own: two callers who send the same one get a table and a place each', async () => {
  const house = await openLine(where)
  const key = { 'idempotency-key': '1' }
  const [first, second] = [await ring(where, house, ana), await ring(where, house, ben)]
  const codes: string[] = []
  for (const line of [first, second]) {
    const { commit_token } = (await line.ask('make_reservation', wish, key)).data.output
    const booked = await line.ask('make_reservation', { ...wish, commit_token })
    expect(booked.status, JSON.stringify(booked.body)).toBe(200)
    codes.push(booked.data.output.reservation.confirmation_code)
  }
  expect(new Set(codes).size).toBe(2)
  const waits = { party_size: 2, name: 'Ana Garcia' }
  const again = { 'idempotency-key': '2' }
  const places = [first, second, second].map((line) => line.ask('join_waitlist', waits, again))
  const [one, other, repeat] = (await Promise.all(places)).map((place) => place.data.output.waitlist_id)
  expect(other).not.toBe(one)
  expect(repeat).toBe(other)
})
