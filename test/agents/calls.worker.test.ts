import { describe, expect, inject, test } from 'vitest'
import { caller, daysAhead, overlaps, withDatabase } from '../factories.ts'
import { bookAs, openLine, ring, sayYes } from './lines.ts'

const where = inject('stack')
const ana = '+6598207272'
const ben = '+6591112222'
const soon = daysAhead(7)

async function rows<T extends Record<string, unknown>>(statement: string, ...values: unknown[]): Promise<T[]> {
  return withDatabase(where, async (client) => (await client.query<T>(statement, values)).rows)
}
const held = (house: { id: string }): Promise<{ status: string; cancel_reason: string | null }[]> =>
  rows('select status, cancel_reason from reservations where restaurant_id = $1 order by id', house.id)

describe('R220 a call', () => {
  test('is opened once, however often the vendor tells of it, and at once', async () => {
    const house = await openLine(where)
    const body = { vendor_call_id: 'CA-1', door: 'twilio', caller_phone: '98207272', locale: 'es-MX' }
    const opened = await Promise.all(Array.from({ length: 8 }, () => house.call('POST', '/agents/calls', body)))
    expect(new Set(opened.map((one) => one.status))).toEqual(new Set([201]))
    expect(new Set(opened.map((one) => one.data.call.id)).size).toBe(1)
    expect(opened[0]?.data.call).toMatchObject({ caller_phone: ana, door: 'twilio', recognised: false, ended_at: null })
    expect(opened[0]?.data.call.consent).toContain('asistente automático')
    const events = await rows("select 1 from events where restaurant_id = $1 and type = 'call.started'", house.id)
    expect(events).toHaveLength(1)
    const other = await house.call('POST', '/agents/calls', { ...body, door: 'vapi' })
    expect(other.data.call.id).not.toBe(opened[0]?.data.call.id)
  })

  test('the same key is the same call, another body under it 422; wrong input 422; wrong tenant 404', async () => {
    const [house, other] = [await openLine(where), await openLine(where)]
    const key = { 'idempotency-key': 'call-1' }
    const first = await house.call('POST', '/agents/calls', { caller_phone: ana }, key)
    expect((await house.call('POST', '/agents/calls', { caller_phone: ana }, key)).data.call.id).toBe(
      first.data.call.id,
    )
    expect((await house.call('POST', '/agents/calls', { caller_phone: ben }, key)).code).toBe('idempotency_key_reused')
    expect((await house.call('POST', '/agents/calls', { door: 'telegraph' })).code).toBe('validation_failed')
    const { id } = first.data.call
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['POST', '/turns', { turns: [{ speaker: 'caller', text: 'Hello' }] }],
      ['POST', '/handoffs', { from: 'main', to: 'reservation' }],
      ['POST', '/close', {}],
    ] as const)
      expect((await other.call(method, `/agents/calls/${id}${path}`, body)).code).toBe('not_found')
    expect((await other.call('POST', '/agents/operations/restaurant_info', { call_id: id, topic: 'hours' })).code).toBe(
      'not_found',
    )
    const line = await ring(where, house, ana)
    expect((await line.call('POST', `/agents/calls/${id}/close`, {})).code).toBe('not_found')
  })

  test('R221 the line of consent is the house’s own where it has one, and stays with the call', async () => {
    const house = await openLine(where, { settings: { voice: { consent: { fr: 'Cet appel est transcrit.' } } } })
    const french = await ring(where, house, ana, { locale: 'fr-CA' })
    expect(french.consent).toBe('Cet appel est transcrit.')
    expect((await ring(where, house, ana)).consent).toContain('automated assistant')
    await house.call('PATCH', '/restaurant', { settings: { voice: { transcript_days: 5 } } })
    const own = (await house.call('GET', '/restaurant')).data.settings.voice
    expect(own).toEqual({ consent: { fr: 'Cet appel est transcrit.' }, transcript_days: 5, transfer_number: null })
    const kept = await house.call('GET', `/agents/calls/${french.id}`)
    expect(kept.data).toMatchObject({ consent: 'Cet appel est transcrit.', consent_locale: 'fr', locale: 'fr-CA' })
  })
})

describe('R222 R223 the table held during the call', () => {
  test('one a call: a second wish moves it, one that cannot be had keeps the first; hanging up gives it back', async () => {
    const house = await openLine(where, { tables: [{ number: '1', seats: 2 }] })
    await bookAs(house, { name: 'Ben', phone_number: ben }, soon, '12:00')
    const line = await ring(where, house, ana)
    const first = await line.ask('hold_table', { date: soon, time: '19:00', party_size: 2 })
    expect(first.data.output).toMatchObject({ date: soon, time: '19:00', party_size: 2 })
    expect(first.data.say).toMatch(/keeping a table for 2 people on \w+, \w+ \d+ at 7 PM/)
    const second = await line.ask('hold_table', { date: soon, time: '20:30', party_size: 2 })
    expect(second.data.output).toMatchObject({ hold_id: first.data.output.hold_id, time: '20:30' })
    const none = await line.ask('hold_table', { date: soon, time: '12:30', party_size: 2 })
    expect([none.status, none.code]).toEqual([409, 'sold_out'])
    expect(none.body.hint).toContain('I could offer')
    expect((await held(house)).filter((one) => one.status === 'held')).toHaveLength(1)
    const kept = await house.call('GET', `/availability?date=${soon}&guests=2&time=20:30`)
    expect(kept.data.tablesAvailable).toBe(0)

    const over = await line.hangUp()
    expect(over.data).toMatchObject({ hold_id: null, outcome: 'abandoned', ended_reason: 'hang_up' })
    expect((await house.call('GET', `/availability?date=${soon}&guests=2&time=20:30`)).data.tablesAvailable).toBe(1)
    expect((await held(house)).at(-1)).toEqual({ status: 'cancelled', cancel_reason: 'hang_up' })
    const again = await line.hangUp()
    expect(again.data).toMatchObject({ ended_at: over.data.ended_at, version: over.data.version })
    const ended = await rows("select 1 from events where restaurant_id = $1 and type = 'call.ended'", house.id)
    expect(ended).toHaveLength(1)
  })

  test('nothing is done in the name of a call that is over, by whatever operation', async () => {
    const house = await openLine(where)
    const mine = await bookAs(house, { name: 'Ana Garcia', phone_number: ana }, soon)
    const line = await ring(where, house, ana)
    const wish = { name: 'Ana Garcia', confirmation_code: mine.confirmation_code }
    const prepared = await line.ask('cancel_reservation', wish)
    const { commit_token } = prepared.data.output
    await line.hangUp()
    for (const [operation, input] of [
      ['hold_table', { date: soon, time: '19:00', party_size: 2 }],
      ['cancel_reservation', { ...wish, commit_token }],
      ['find_reservation', wish],
      ['mark_late', wish],
      ['escalate', { reason: 'other', urgency: 'low', summary: 'Too late' }],
    ] as const) {
      const answer = await line.ask(operation, input)
      expect([operation, answer.status, answer.code]).toEqual([operation, 409, 'call_over'])
    }
    expect((await house.call('GET', `/reservations/${mine.id}`)).data.status).toBe('confirmed')
    expect((await house.call('GET', `/availability?date=${soon}&guests=2&time=19:00`)).data.tablesAvailable).toBe(2)
  })

  test('holds and hang-ups at once leave no table held', async () => {
    const house = await openLine(where)
    const lines = await Promise.all(Array.from({ length: 6 }, () => ring(where, house, ana)))
    await Promise.all(
      lines.flatMap((line) => [
        line.ask('hold_table', { date: soon, time: '19:00', party_size: 2 }),
        line.ask('hold_table', { date: soon, time: '19:30', party_size: 2 }),
        line.hangUp(),
      ]),
    )
    expect((await held(house)).filter((one) => one.status === 'held')).toEqual([])
    expect(await overlaps(where, house.id)).toBe(0)
    const open = await rows('select 1 from voice_calls where restaurant_id = $1 and hold_id is not null', house.id)
    expect(open).toEqual([])
  })
})

describe('R232 the record', () => {
  test('keeps what was said once, what was handed on, which tools were asked and what is known', async () => {
    const house = await openLine(where)
    const line = await ring(where, house, ana)
    const turns = [
      { key: 't1', speaker: 'caller', text: 'A table for two on Friday' },
      { key: 't2', speaker: 'agent', text: 'At what time?' },
    ]
    expect((await line.call('POST', `/agents/calls/${line.id}/turns`, { turns })).data).toEqual({ noted: 2 })
    expect((await line.call('POST', `/agents/calls/${line.id}/turns`, { turns })).data).toEqual({ noted: 0 })
    await line.call('POST', `/agents/calls/${line.id}/handoffs`, {
      key: 'h1',
      from: 'main',
      to: 'reservation',
      data: { party_size: 2, date: soon, time: null, name: 'Ana', requests: '' },
    })
    const booked = await sayYes(line, 'make_reservation', { date: soon, time: '19:00', party_size: '2', name: 'Ana' })
    expect(booked.data.output).toMatchObject({ status: 'booked', reservation: { date: soon, time: '19:00' } })
    await expect
      .poll(async () => (await house.call('GET', `/agents/calls/${line.id}`)).data.tools.length, { timeout: 5000 })
      .toBe(2)
    const { data } = await house.call('GET', `/agents/calls/${line.id}`)
    expect(data.turns.map((one: { text: string }) => one.text)).toEqual(['A table for two on Friday', 'At what time?'])
    expect(data.handoffs).toMatchObject([
      { from: 'main', to: 'reservation', entities_filled: ['date', 'name', 'party_size'] },
    ])
    expect(data.state).toMatchObject({ party_size: 2, date: soon, time: '19:00', name: 'Ana' })
    expect(data.tools).toMatchObject([
      { operation: 'make_reservation', outcome: 'ok', input: { name: '…', date: soon } },
      { operation: 'make_reservation', outcome: 'ok' },
    ])
    expect(JSON.stringify(data.tools)).not.toContain('Ana')
    expect(data).toMatchObject({ outcome: 'booked', hold_id: null })
    expect(data.reservation_id).toBe((await house.call('GET', `/reservations?date=${soon}`)).data[0].id)
    // What was said is nowhere in the audit trail, nor is the number in what it says of calls.
    const events = await rows<{ after: unknown }>(
      "select after from events where restaurant_id = $1 and type like 'call.%'",
      house.id,
    )
    expect(events.length).toBeGreaterThan(3)
    expect(JSON.stringify(events)).not.toMatch(/Friday|98207272|Ana/)
  })

  test('R234 figures say what became of calls; a key without the scope reads none', async () => {
    const house = await openLine(where)
    const [one, two] = [await ring(where, house, ana), await ring(where, house, ben, { door: 'vapi' })]
    const handoff = { from: 'main', to: 'escalation', data: { reason: 'complaint' } }
    await two.call('POST', `/agents/calls/${two.id}/handoffs`, handoff)
    await two.ask('escalate', { reason: 'complaint', urgency: 'high', summary: 'Cold soup' })
    await one.ask('restaurant_info', { topic: 'hours' })
    await one.ask('hold_table', { date: soon, time: '04:00', party_size: 2 })
    await expect
      .poll(async () => (await house.call('GET', `/agents/calls/${one.id}`)).data.tools.length, { timeout: 5000 })
      .toBe(2)
    await one.hangUp()
    await two.hangUp()
    const today = new Date().toLocaleDateString('sv', { timeZone: house.timezone })
    const { data } = await house.call('GET', `/agents/analytics?from=${today}&to=${today}`)
    expect(data).toMatchObject({
      calls: 2,
      ended: 2,
      escalated: 1,
      containment: 0.5,
      outcomes: { informed: 1, abandoned: 1 },
      doors: { rest: 1, vapi: 1 },
      escalation_reasons: { complaint: 1 },
      handoffs: [{ from: 'main', to: 'escalation', count: 1, entities: { reason: 1 } }],
    })
    expect(data.tools).toContainEqual(expect.objectContaining({ operation: 'hold_table', refused: { closed: 1 } }))
    expect((await house.call('GET', `/agents/analytics?from=2026-01-01&to=2026-12-31`)).code).toBe('validation_failed')
    const listed = await house.call('GET', '/agents/calls?escalated=true')
    expect(listed.data.map((call: { id: string }) => call.id)).toEqual([two.id])
    const page = await house.call('GET', '/agents/calls?limit=1')
    expect(page.data[0].id).toBe(two.id)
    const next = await house.call('GET', `/agents/calls?limit=1&cursor=${page.body.meta.next_cursor}`)
    expect(next.data[0].id).toBe(one.id)
    const scopes = ['reservations:read']
    const blind = caller(where.origin, (await house.call('POST', '/keys', { name: 'Blind', scopes })).data.api_key)
    expect((await blind('GET', '/agents/calls')).code).toBe('forbidden')
    expect((await blind('GET', `/agents/analytics?from=${today}&to=${today}`)).code).toBe('forbidden')
  })
})
