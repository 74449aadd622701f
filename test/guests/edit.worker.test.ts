import { describe, expect, inject, test } from 'vitest'
import { daysAhead, openHouse, withDatabase } from '../factories.ts'
import { eventsOf, meet } from './people.ts'

const where = inject('stack')
const nobody = '01890000-0000-7000-8000-000000000000'
const ana = {
  name: 'Ana Núñez',
  phone: '98207272',
  email: 'Ana@Example.com',
  language: 'es',
  notes: 'Likes the window.\nKnows the chef.',
  tags: ['wine', 'Wine', 'regular'],
  vip: true,
  allergies: ['花生 peanuts'],
  birthday: '1984-02-29',
}

describe('a new guest', () => {
  test('is kept as told, its phone in E.164, and the event says who did it', async () => {
    const house = await openHouse(where)
    const made = await house.call('POST', '/guests', ana)
    expect(made.status).toBe(201)
    expect(made.headers.get('etag')).toBe('"1"')
    expect(made.data).toMatchObject({
      ...ana,
      phone: '+6598207272',
      tags: ['wine', 'regular'],
      visits: 0,
      last_visit_at: null,
      version: 1,
      restaurant_id: house.id,
    })
    expect(made.data.created_at).toMatch(/\+08:00$/)
    expect(made.data).not.toHaveProperty('search_name')
    const read = await house.call('GET', `/guests/${made.data.id}`)
    expect(read.data).toEqual({ ...made.data, next_reservation: null })
    const [event, ...others] = await eventsOf(where, house, made.data.id)
    expect(others).toEqual([])
    expect(event).toMatchObject({
      type: 'guest.created',
      before: null,
      after: { name: 'Ana Núñez', vip: true },
      actor: { kind: 'key', name: 'First key' },
      request_id: made.headers.get('x-request-id'),
    })
    expect(event?.actor).not.toHaveProperty('scopes')
  })

  test.each([
    [{ name: 'Ana' }, 422, 'contact_required'],
    [{ name: 'Ana', phone: null, email: null }, 422, 'contact_required'],
    [{ phone: 'twelve' }, 422, 'invalid_phone'],
    [{ phone: '123' }, 422, 'invalid_phone'],
    [{ email: 'ana at example' }, 422, 'validation_failed'],
    [{ email: 'a@b.co', nickname: 'A' }, 422, 'validation_failed'],
    [{ email: 'a@b.co', birthday: '2023-02-29' }, 422, 'validation_failed'],
    [{ email: 'a@b.co', birthday: '2098-01-01' }, 422, 'validation_failed'],
    [{ email: 'a@b.co', birthday: '1800-01-01' }, 422, 'validation_failed'],
    [{ email: 'a@b.co', vip: 'yes' }, 422, 'validation_failed'],
    [{ email: 'a@b.co', tags: [''] }, 422, 'validation_failed'],
    [{ email: 'a@b.co', tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }, 422, 'validation_failed'],
    [{ email: 'a@b.co', name: 'A\u0000' }, 422, 'validation_failed'],
    [{ email: 'a@b.co', version: 1 }, 422, 'validation_failed'],
    ['{"email": ', 400, 'malformed_json'],
  ])('%j is refused: %i %s', async (body, status, code) => {
    const house = await openHouse(where)
    const answer = await house.call('POST', '/guests', body)
    expect([answer.status, answer.code]).toEqual([status, code])
    expect((await house.call('GET', '/guests')).data).toEqual([])
  })

  test('of a phone or e-mail that is there already is 409 with that guest', async () => {
    const house = await openHouse(where)
    const { data: first } = await house.call('POST', '/guests', ana)
    const samePhone = await house.call('POST', '/guests', { name: 'B', phone: '+65 9820 7272', email: 'b@b.co' })
    expect([samePhone.status, samePhone.code]).toEqual([409, 'already_exists'])
    expect(samePhone.body.current).toEqual(first)
    expect(samePhone.body.errors).toEqual([{ path: 'phone', message: 'belongs to another guest' }])
    const sameEmail = await house.call('POST', '/guests', { email: 'ANA@example.COM' })
    expect(sameEmail.body).toMatchObject({ status: 409, current: { id: first.id }, errors: [{ path: 'email' }] })
    // Another restaurant's guests are its own.
    const other = await openHouse(where)
    expect((await other.call('POST', '/guests', ana)).status).toBe(201)
  })

  test('twenty at once with one phone make one guest', async () => {
    const house = await openHouse(where)
    const booking = { date: `${daysAhead(5)}T19:00:00`, guests: 2, phone_number: '98207272' }
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, (_, i) => house.call('POST', '/guests', { name: `G${i}`, phone: '98207272' })),
      house.call('POST', '/reservations', booking),
    ])
    const made = answers.slice(0, 20).filter((answer) => answer.status === 201)
    expect(made.length).toBeLessThanOrEqual(1)
    const { data } = await house.call('GET', '/guests')
    expect(data).toHaveLength(1)
    for (const answer of answers.slice(0, 20)) {
      expect([201, 409]).toContain(answer.status)
      expect((answer.data ?? answer.body.current).id).toBe(data[0].id)
    }
    expect(answers[20]?.data.guest_id).toBe(data[0].id)
  })

  test('the same key answers the same; with another body it is refused', async () => {
    const house = await openHouse(where)
    const key = { 'idempotency-key': 'new-ana' }
    const first = await house.call('POST', '/guests', ana, key)
    const again = await house.call('POST', '/guests', ana, key)
    expect([again.status, again.data]).toEqual([201, first.data])
    const other = await house.call('POST', '/guests', { ...ana, vip: false }, key)
    expect([other.status, other.code]).toEqual([422, 'idempotency_key_reused'])
    expect((await eventsOf(where, house, first.data.id)).length).toBe(1)
  })
})

describe('an edit', () => {
  test('changes what it names, clears what it makes null, and counts the version', async () => {
    const house = await openHouse(where)
    const { data: guest } = await house.call('POST', '/guests', ana)
    const edit = { name: 'Łukasz 王', email: null, tags: ['vegan'], birthday: null, version: 1 }
    const changed = await house.call('PUT', `/guests/${guest.id}`, edit)
    expect(changed.status).toBe(200)
    expect(changed.data).toMatchObject({ ...ana, ...edit, phone: '+6598207272', version: 2 })
    const found = await house.call('GET', `/guests?q=${encodeURIComponent('王')}`)
    expect(found.data.map((one: { id: string }) => one.id)).toEqual([guest.id])
    const [, event] = await eventsOf(where, house, guest.id)
    expect(event).toMatchObject({
      type: 'guest.changed',
      before: { name: 'Ana Núñez', version: 1 },
      after: { name: 'Łukasz 王', version: 2 },
    })
  })

  test('that changes nothing is no change', async () => {
    const house = await openHouse(where)
    const { data: guest } = await house.call('POST', '/guests', ana)
    const same = await house.call('PUT', `/guests/${guest.id}`, { phone: '9820 7272', tags: ['wine', 'regular'] })
    expect(same.data).toEqual(guest)
    expect((await eventsOf(where, house, guest.id)).length).toBe(1)
  })

  test('of an old version is 409 with the guest as it is, by body or If-Match', async () => {
    const house = await openHouse(where)
    const { data: guest } = await house.call('POST', '/guests', ana)
    const path = `/guests/${guest.id}`
    expect((await house.call('PUT', path, { vip: false }, { 'if-match': '"1"' })).data.version).toBe(2)
    for (const [body, headers] of [
      [{ vip: true, version: 1 }, {}],
      [{ vip: true }, { 'if-match': '"1"' }],
    ] as const) {
      const stale = await house.call('PUT', path, body, headers)
      expect([stale.status, stale.code]).toEqual([409, 'stale_version'])
      expect(stale.body.current).toMatchObject({ id: guest.id, vip: false, version: 2 })
    }
    const gone = await house.call('DELETE', path, undefined, { 'if-match': '1' })
    expect([gone.status, gone.code]).toEqual([409, 'stale_version'])
  })

  test('keeps one way to reach the guest, and takes nobody else’s', async () => {
    const house = await openHouse(where)
    const { data: guest } = await house.call('POST', '/guests', ana)
    const other = await meet(house, { name: 'Bob', email: 'bob@b.co' })
    const path = `/guests/${guest.id}`
    expect((await house.call('PUT', path, { email: null })).status).toBe(200)
    const unreachable = await house.call('PUT', path, { phone: null })
    expect([unreachable.status, unreachable.code]).toEqual([422, 'contact_required'])
    for (const [field, value] of [
      ['phone', other.phone],
      ['email', 'BOB@b.co'],
    ] as const) {
      const taken = await house.call('PUT', path, { [field]: value })
      expect([taken.status, taken.code]).toEqual([409, 'already_exists'])
      expect(taken.body).toMatchObject({ current: { id: other.id }, errors: [{ path: field }] })
    }
    expect((await house.call('PUT', path, { phone: 'x' })).code).toBe('invalid_phone')
    expect((await house.call('PUT', path, { nickname: 'x' })).code).toBe('validation_failed')
    expect((await house.call('PUT', `/guests/${nobody}`, { vip: true })).status).toBe(404)
  })

  test('two guests who exchange their phones at once are both answered', async () => {
    const house = await openHouse(where)
    const one = await meet(house, { name: 'One' })
    const two = await meet(house, { name: 'Two' })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        i % 2 === 0
          ? house.call('PUT', `/guests/${one.id}`, { phone: two.phone })
          : house.call('PUT', `/guests/${two.id}`, { phone: one.phone }),
      ),
    )
    for (const answer of answers) expect([200, 409]).toContain(answer.status)
  })

  test('under one key happens once', async () => {
    const house = await openHouse(where)
    const { data: guest } = await house.call('POST', '/guests', ana)
    const key = { 'idempotency-key': 'edit' }
    const first = await house.call('PUT', `/guests/${guest.id}`, { vip: false, version: 1 }, key)
    const again = await house.call('PUT', `/guests/${guest.id}`, { vip: false, version: 1 }, key)
    expect([again.status, again.data]).toEqual([200, first.data])
  })
})

describe('removing', () => {
  test('is refused while a reservation is to come; then past ones stay without their guest', async () => {
    const house = await openHouse(where)
    const booked = await house.call('POST', '/reservations', {
      date: `${daysAhead(3)}T19:00:00`,
      guests: 2,
      name: 'Ana',
      phone_number: '98207272',
    })
    const path = `/guests/${booked.data.guest_id}`
    const refused = await house.call('DELETE', path)
    expect([refused.status, refused.code]).toEqual([409, 'guest_has_upcoming'])
    expect(refused.body.upcoming).toEqual([booked.data.confirmation_code])

    const later = { 'x-tableside-now': `${daysAhead(4)}T12:00:00Z` }
    const removed = await house.call('DELETE', path, undefined, later)
    expect(removed.status).toBe(200)
    expect(removed.data).toMatchObject({ id: booked.data.guest_id, name: 'Ana' })
    const past = await house.call('GET', `/reservations/${booked.data.id}`)
    expect(past.data).toEqual({ ...booked.data, guest_id: null })
    expect((await house.call('GET', path)).status).toBe(404)
    expect((await house.call('DELETE', path)).status).toBe(404)
    const events = await eventsOf(where, house, booked.data.guest_id)
    expect(events).toMatchObject([{ type: 'guest.deleted', before: { name: 'Ana' }, after: null }])
  })

  test('a cancelled reservation keeps nobody', async () => {
    const house = await openHouse(where)
    const booked = await house.call('POST', '/reservations', {
      date: `${daysAhead(3)}T19:00:00`,
      guests: 2,
      email: 'ana@example.com',
    })
    await house.call('DELETE', `/reservations/${booked.data.id}`)
    expect((await house.call('DELETE', `/guests/${booked.data.guest_id}`)).status).toBe(200)
  })

  test('while the guest books leaves no reservation behind and nobody without an answer', async () => {
    const house = await openHouse(where, { settings: { per_phone: 'any' } })
    const guest = await meet(house, { name: 'Ana' })
    const answers = await Promise.all([
      ...Array.from({ length: 9 }, (_, i) =>
        house.call('POST', '/reservations', {
          date: `${daysAhead(9 + i)}T19:00:00`,
          guests: 2,
          phone_number: guest.phone,
        }),
      ),
      house.call('DELETE', `/guests/${guest.id}`),
    ])
    expect([200, 409]).toContain(answers[9]?.status)
    for (const answer of answers.slice(0, 9)) expect(answer.status).toBe(201)
    const lost = await withDatabase(where, (client) =>
      client.query('select id from reservations where restaurant_id = $1 and guest_id is null', [house.id]),
    )
    expect(lost.rows).toEqual([])
  })
})
