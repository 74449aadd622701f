import { describe, expect, inject, test } from 'vitest'
import { type Answer, daysAhead, withDatabase } from '../factories.ts'
import { bookAs, openLine, ring, sayYes } from './lines.ts'

const where = inject('stack')
const ana = '+6598207272'
const ben = '+6591112222'
const soon = daysAhead(6)

/** All that a caller could tell two answers apart by. */
function toldBy(answer: Answer): unknown {
  const { request_id: _request, ...body } = answer.body
  return [answer.status, body]
}

describe('R227 whose bookings', () => {
  test('a wrong name at a number we know, and any name at one we do not, are told the same', async () => {
    const house = await openLine(where)
    await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon)
    const [known, unknown, withheld] = [
      await ring(where, house, ana),
      await ring(where, house, ben),
      await ring(where, house, null),
    ]
    for (const input of [{}, { name: 'Boris' }, { name: 'A' }, { name: 'Maria Garcia' }, { name: 'Zoe' }]) {
      const [a, b, c] = await Promise.all([known, unknown, withheld].map((line) => line.ask('find_reservation', input)))
      expect(a && toldBy(a)).toEqual(b && toldBy(b))
      expect(b && toldBy(b)).toEqual(c && toldBy(c))
    }
    // The tries are spent: the right name comes too late in this call, and not in the next.
    expect((await known.ask('find_reservation', { name: 'Ana Garcia' })).code).toBe('lookups_spent')
    const next = await ring(where, house, ana)
    expect((await next.ask('find_reservation', { name: 'Ana Garcia' })).status).toBe(200)
  })

  test('thirty guesses at once are three', async () => {
    const house = await openLine(where)
    await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon)
    const line = await ring(where, house, ana)
    const names = Array.from({ length: 30 }, (_one, i) => `Guess ${String.fromCodePoint(97 + (i % 26))}${i}x`)
    const answers = await Promise.all(names.map((name) => line.ask('find_reservation', { name })))
    const codes = answers.map((one) => one.code)
    expect(codes.filter((code) => code === 'not_found')).toHaveLength(3)
    expect(codes.filter((code) => code === 'lookups_spent')).toHaveLength(27)
  })

  test('a number has nine wrong names a day, however many calls', async () => {
    const house = await openLine(where)
    for (const round of [1, 2, 3]) {
      const line = await ring(where, house, ana)
      for (const name of ['Xavier', 'Yolanda', 'Quentin'])
        expect([round, (await line.ask('find_reservation', { name })).code]).toEqual([round, 'not_found'])
    }
    const line = await ring(where, house, ana)
    expect((await line.ask('find_reservation', { name: 'Ana' })).code).toBe('lookups_spent')
    const tomorrow = { 'x-tableside-now': new Date(Date.now() + 25 * 3_600_000).toISOString() }
    const later = await ring(where, house, ana, {}, tomorrow)
    expect((await later.ask('find_reservation', { name: 'Ana' })).code).toBe('not_found')
  })

  test('whatever the model is talked into, another’s booking is not found: by code, id, number or name', async () => {
    const house = await openLine(where)
    const theirs = await bookAs(house, { name: 'Ben Okafor', phone_number: ben }, soon)
    const line = await ring(where, house, ana)
    await sayYes(line, 'make_reservation', { date: soon, time: '12:00', party_size: 2, name: 'Ana Garcia' })
    const code = theirs.confirmation_code
    for (const [operation, input] of [
      ['find_reservation', { confirmation_code: code, name: 'Ben Okafor' }],
      ['cancel_reservation', { confirmation_code: code }],
      ['cancel_reservation', { confirmation_code: code, phone: ben, name: 'Ben Okafor' }],
      ['change_reservation', { confirmation_code: code, new_time: '21:00' }],
      ['mark_late', { confirmation_code: theirs.id.slice(0, 20) }],
    ] as const)
      expect([operation, (await line.ask(operation, input)).code]).toEqual([operation, 'not_found'])
    expect((await house.call('GET', `/reservations/${theirs.id}`)).data).toMatchObject({
      status: 'confirmed',
      version: 1,
    })
    // What was made in the call needs no name.
    const own = await line.ask('find_reservation', {})
    expect(own.data.output.reservations).toMatchObject([{ name: 'Ana Garcia', time: '12:00' }])
    expect(Object.keys(own.data.output.reservations[0]).toSorted()).toEqual(
      'area,confirmation_code,date,late_minutes,name,party_size,requests,status,time'.split(','),
    )
  })

  test('a name that was accepted need not be said again; a shared number tells each name its own', async () => {
    const house = await openLine(where, { settings: { per_phone: 'any' } })
    await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon, '12:00')
    await bookAs(house, { name: 'Tan Wei Ming', phone_number: ana }, soon, '19:00')
    const line = await ring(where, house, ana)
    expect((await line.ask('mark_late', { minutes: 10 })).code).toBe('name_required')
    expect((await line.ask('find_reservation', { name: 'Mr Tan' })).data.output.reservations).toMatchObject([
      { time: '19:00' },
    ])
    expect((await house.call('GET', `/agents/calls/${line.id}`)).data.recognised).toBe(true)
    const late = await line.ask('mark_late', { minutes: 20 })
    expect(late.data.output).toMatchObject({ reservation: { late_minutes: 20, time: '19:00' }, kept_until: '19:35' })
    expect(late.data.say).toContain('7:35 PM')
    expect((await line.ask('find_reservation', { name: 'Ana Garcia' })).data.output.reservations).toMatchObject([
      { time: '12:00' },
    ])
  })

  test('of several bookings nothing is done to any before it is said which', async () => {
    const house = await openLine(where)
    await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon)
    const second = await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, daysAhead(12))
    const line = await ring(where, house, ana)
    const which = await line.ask('cancel_reservation', { name: 'Ana Garcia' })
    expect([which.status, which.code]).toEqual([409, 'which_booking'])
    expect(which.body.bookings).toHaveLength(2)
    const found = await line.ask('find_reservation', { name: 'Ana Garcia' })
    expect(found.data.say).toMatch(/more than one booking: .* and .*Which one/)
    const done = await sayYes(line, 'cancel_reservation', { date: daysAhead(12) })
    expect(done.data.output).toMatchObject({ status: 'cancelled' })
    expect((await house.call('GET', `/reservations/${second.id}`)).data.status).toBe('cancelled')
    const gone = await line.ask('find_reservation', { confirmation_code: second.confirmation_code })
    expect(gone.data.say).toContain('was cancelled')
    expect((await line.ask('mark_late', { confirmation_code: second.confirmation_code })).code).toBe('illegal_step')
  })

  test('another house’s booking of the same number and name is not found', async () => {
    const [house, other] = [await openLine(where), await openLine(where)]
    const theirs = await bookAs(other, { name: 'Ana Garcia', phone_number: ana }, soon)
    const line = await ring(where, house, ana)
    const input = { name: 'Ana Garcia', confirmation_code: theirs.confirmation_code }
    expect((await line.ask('find_reservation', input)).code).toBe('not_found')
  })
})

describe('R227 without a call', () => {
  test('a code or a number and the name; wrong names are five a minute, and right ones free', async () => {
    const house = await openLine(where)
    const mine = await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon)
    const find = (input: Record<string, unknown>): Promise<Answer> =>
      house.call('POST', '/agents/operations/find_reservation', input)
    expect((await find({ confirmation_code: mine.confirmation_code })).code).toBe('name_required')
    expect((await find({ name: 'Ana Garcia' })).code).toBe('validation_failed')
    const spoken = mine.confirmation_code.toLowerCase().split('').join(' ')
    for (const input of [
      { confirmation_code: spoken, name: 'Ana Garcia' },
      { phone: '98207272', name: 'Garcia' },
    ]) {
      const found = await find(input)
      expect(found.body).toMatchObject({ data: { output: { reservations: [{ name: 'Ana Garcia' }] } } })
    }
    for (let i = 0; i < 5; i++) expect((await find({ phone: ana, name: 'Zoltan' })).code).toBe('not_found')
    expect((await find({ phone: ana, name: 'Zoltan' })).code).toBe('rate_limited')
    expect((await find({ phone: ana, name: 'Ana Garcia' })).code).toBe('rate_limited')
  })
})

describe('R231 a person', () => {
  test('is told of it with a summary; put through to the house’s number, or rung back', async () => {
    const house = await openLine(where)
    const noon = { 'x-tableside-now': `${daysAhead(1)}T12:00:00+08:00` }
    const night = { 'x-tableside-now': `${daysAhead(1)}T03:00:00+08:00` }
    const line = await ring(where, house, ana, {}, noon)
    const wish = { reason: 'allergy', urgency: 'high', summary: 'A child with a nut allergy, party of nine' }
    const open = await line.ask('escalate', wish)
    expect(open.data).toMatchObject({ output: { transfer_to: '+6562272727', call_id: line.id } })
    expect(open.data.say).toContain('putting you through')
    const closed = await house.call('POST', '/agents/operations/escalate', wish, night)
    expect(closed.data.output.transfer_to).toBeNull()
    expect(closed.data.say).toContain('call you back')
    await house.call('PATCH', '/restaurant', { settings: { voice: { transfer_number: '62270000' } } })
    expect((await line.ask('escalate', wish)).data.output.transfer_to).toBe('+6562270000')
    const calls = await house.call('GET', '/agents/calls?escalated=true')
    expect(calls.data).toHaveLength(2)
    expect(calls.data[0].escalation).toEqual(wish)
    const events = await withDatabase(where, (client) =>
      client.query(`select after from events where restaurant_id = $1 and type = 'call.escalated'`, [house.id]),
    )
    expect(events.rows.length).toBeGreaterThanOrEqual(3)
    expect(JSON.stringify(events.rows)).not.toContain('nut')
    expect(JSON.stringify(events.rows)).toContain('allergy')
  })

  test('is seen to once, by the version that was seen; not where nobody was asked for', async () => {
    const [house, other] = [await openLine(where), await openLine(where)]
    const [line, calm] = [await ring(where, house, ana), await ring(where, house, ben)]
    await line.ask('escalate', { reason: 'complaint', urgency: 'high', summary: 'Cold soup' })
    const path = `/agents/calls/${line.id}/handled`
    expect((await other.call('POST', path, {})).code).toBe('not_found')
    expect((await line.call('POST', path, {})).code).toBe('unauthorized')
    const stale = await house.call('POST', path, { version: 99 })
    expect([stale.status, stale.code, stale.body.current.id]).toEqual([409, 'stale_version', line.id])
    expect((await house.call('POST', path, { versions: 1 })).code).toBe('validation_failed')
    expect((await house.call('POST', `/agents/calls/${calm.id}/handled`, {})).code).toBe('illegal_step')
    expect((await house.call('GET', '/agents/calls?escalated=true&handled=false')).data).toHaveLength(1)
    const waiting = await house.call('GET', '/floor/alerts')
    expect(waiting.data).toMatchObject([{ kind: 'escalation', urgent: true, call_id: line.id, name: null }])
    expect(waiting.data[0].sentence).toBe('A caller asked for a person (complaint).')
    expect((await other.call('GET', '/floor/alerts')).data).toEqual([])
    const key = { 'idempotency-key': 'handled-1' }
    const { data } = await house.call('POST', path, {}, key)
    expect(data).toMatchObject({ id: line.id, handled_by: { kind: 'key' } })
    expect((await house.call('POST', path, {}, key)).data).toEqual(data)
    expect((await house.call('POST', path, {})).data.handled_at).toBe(data.handled_at)
    expect((await house.call('GET', '/agents/calls?escalated=true&handled=false')).data).toEqual([])
    expect((await house.call('GET', '/floor/alerts')).data).toEqual([])
  })
})
