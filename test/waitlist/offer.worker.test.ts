import { describe, expect, inject, test } from 'vitest'
import { waitlistUrl } from '../../src/reservations/waitlist/link.ts'
import { type Answer, type House, openHouse, withDatabase } from '../factories.ts'
import { advance, clockAt, day, entry, join, until } from './queues.ts'

const where = inject('stack')
const at18 = clockAt('18:00')
// As local/stack.ts gives it to the Worker.
const secrets = { public_origin: where.origin, token_secret: 'tableside-local-token-secret-0123456789' }
const oneTable = { tables: [{ number: '1', seats: 4 }] }

/** A house whose one table is held for Ana. */
async function offered(changes: Record<string, unknown> = {}): Promise<{ house: House; ana: Answer['data'] }> {
  const house = await openHouse(where, { ...oneTable, ...changes })
  const { id } = await join(house, { notes: 'birthday' }, at18)
  const ana = await until(
    () => entry(house, id, at18),
    (one) => one.status === 'offered',
  )
  expect(ana.status).toBe('offered')
  return { house, ana }
}

/** Everything of the house that a step could change. */
async function stateOf(house: House): Promise<unknown> {
  const found = await withDatabase(where, (client) =>
    client.query(
      `select (select jsonb_agg(to_jsonb(r)) from reservations r where r.restaurant_id = $1) as reservations,
              (select jsonb_agg(to_jsonb(c)) from claims c where c.restaurant_id = $1) as claims,
              (select jsonb_agg(to_jsonb(w)) from waitlist_entries w where w.restaurant_id = $1) as entries,
              (select count(*) from waitlist_decisions where restaurant_id = $1) as decisions,
              (select count(*) from guests where restaurant_id = $1) as guests,
              (select count(*) from denied_requests where restaurant_id = $1) as denied,
              (select count(*) from events where restaurant_id = $1) as events`,
      [house.id],
    ),
  )
  return found.rows[0]
}

async function visit(url: string, action: string, time: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...clockAt(time), 'content-type': 'application/json' },
    body: JSON.stringify({ action }),
  })
  const body = JSON.parse(await response.text())
  return { status: response.status, headers: response.headers, body, data: body.data, code: body.code }
}

describe('R277 an offer that was accepted', () => {
  test('is accepted again, with or without the version it had, and nothing changes', async () => {
    const { house, ana } = await offered()
    const path = `/waitlist/${ana.id}/accept`
    const first = await house.call('POST', path, { version: ana.version }, clockAt('18:03'))
    expect(first).toMatchObject({ status: 200, data: { status: 'accepted', reservation: { status: 'confirmed' } } })
    const before = await stateOf(house)
    for (const [body, headers] of [
      [{}, {}],
      [{ version: ana.version }, {}],
      [{}, { 'if-match': `"${ana.version}"` }],
      [{}, { 'idempotency-key': 'again' }],
      [{}, { 'idempotency-key': 'again' }],
    ]) {
      const again = await house.call('POST', path, body, { ...clockAt('18:05'), ...headers })
      expect([again.status, again.data]).toEqual([200, first.data])
    }
    expect(await stateOf(house)).toEqual(before)
  })

  test('is so for the guest who taps twice', async () => {
    const { house, ana } = await offered()
    const url = await waitlistUrl(secrets, { restaurant_id: house.id, id: ana.id })
    const first = await visit(url, 'accept', '18:03')
    expect(first).toMatchObject({ status: 200, data: { status: 'accepted' } })
    const before = await stateOf(house)
    const again = await visit(url, 'accept', '18:04')
    expect([again.status, again.data]).toEqual([200, first.data])
    expect(again.data.confirmation_code).toBe(ana.reservation.confirmation_code)
    expect(await stateOf(house)).toEqual(before)
  })

  test.each([
    ['seated', 'POST', '/seat'],
    ['left', 'DELETE', ''],
  ])('and then %s cannot be accepted any more', async (status, method, step) => {
    const { house, ana } = await offered()
    await house.call('POST', `/waitlist/${ana.id}/accept`, {}, clockAt('18:03'))
    await house.call(method, `/waitlist/${ana.id}${step}`, undefined, clockAt('18:04'))
    expect(await house.call('POST', `/waitlist/${ana.id}/accept`, {}, clockAt('18:05'))).toMatchObject({
      status: 409,
      code: 'illegal_step',
      body: { current: { status } },
    })
  })

  test('cannot be declined, and another house knows nothing of it', async () => {
    const { house, ana } = await offered()
    const other = await openHouse(where)
    await house.call('POST', `/waitlist/${ana.id}/accept`, {}, clockAt('18:03'))
    expect((await house.call('POST', `/waitlist/${ana.id}/decline`, {}, clockAt('18:04'))).code).toBe('illegal_step')
    expect((await other.call('POST', `/waitlist/${ana.id}/accept`, {}, clockAt('18:04'))).status).toBe(404)
  })
})

describe('R278 the hold behind an offer', () => {
  test.each([{ approval: 'auto' }, { approval: 'manual' }])(
    'is confirmed in nobody else’s name; the answer says how it is accepted (%j)',
    async (settings) => {
      const { house, ana } = await offered({ settings })
      const hold = `/reservations/holds/${ana.reservation.id}`
      const before = await stateOf(house)
      for (const body of [{}, { name: 'Eve', phone_number: '91112222' }, { name: 'Ana' }]) {
        const refused = await house.call('POST', `${hold}/confirm`, body, clockAt('18:02'))
        expect(refused).toMatchObject({
          status: 409,
          code: 'illegal_step',
          body: { waitlist_id: ana.id, accept: `/api/waitlist/${ana.id}/accept` },
        })
        expect(refused.body.detail).toContain('waitlist')
        expect(JSON.stringify(refused.body)).not.toMatch(/birthday|phone_number/)
      }
      expect(await stateOf(house)).toEqual(before)
      const refused = await house.call('POST', `${hold}/confirm`, {}, clockAt('18:02'))
      const accepted = await house.call('POST', refused.body.accept, {}, clockAt('18:03'))
      expect(accepted.data).toMatchObject({ status: 'accepted', reservation: { id: ana.reservation.id } })
      expect((await house.call('GET', `/reservations/${ana.reservation.id}`)).data).toMatchObject({
        name: 'Ana',
        status: 'confirmed',
      })
    },
  )

  test('is not confirmed by the agents’ way either', async () => {
    const { house, ana } = await offered()
    const before = await stateOf(house)
    const plan = {
      restaurant_id: house.id,
      key: 'auto:agent',
      fingerprint: '',
      now: `${day}T18:02:00+08:00`,
      actor: { kind: 'call', id: house.id },
      request_id: 'test',
      id: ana.reservation.id,
      version: 1,
      name: 'Eve',
      per_phone: 'any',
      status: 'confirmed',
    }
    const { rows } = await withDatabase(where, (client) =>
      client.query('select confirm_for_agent($1::jsonb) as answer', [JSON.stringify(plan)]),
    )
    expect(rows[0].answer).toMatchObject({ outcome: 'illegal', waitlist_id: ana.id })
    expect(await stateOf(house)).toEqual(before)
  })

  test('lapsed it is hold_expired; and a hold of nobody who waits is confirmed as ever', async () => {
    const { house, ana } = await offered()
    const late = await house.call('POST', `/reservations/holds/${ana.reservation.id}/confirm`, {}, clockAt('18:11'))
    expect(late.code).toBe('hold_expired')
    await house.call('DELETE', `/waitlist/${ana.id}`, undefined, clockAt('18:12'))
    await advance(house, clockAt('18:12'))
    const slot = { date: day, time: '19:00', party_size: 2 }
    const held = await house.call('POST', '/reservations/holds', slot, clockAt('18:13'))
    const path = `/reservations/holds/${held.data.hold_id}/confirm`
    const confirmed = await house.call('POST', path, { name: 'Bo' }, clockAt('18:14'))
    expect(confirmed).toMatchObject({ status: 201, data: { status: 'confirmed', name: 'Bo' } })
  })
})
