import { describe, expect, inject, test } from 'vitest'
import { daysAhead, openHouse, withDatabase } from '../factories.ts'
import { eventsOf, meet, visits } from './people.ts'

const where = inject('stack')
const nobody = '01890000-0000-7000-8000-000000000000'

describe('merging', () => {
  test('keeps all history of both, unites what they are known by, and fills what was missing', async () => {
    const house = await openHouse(where)
    const kept = await meet(house, { name: 'Ana', notes: 'Window', tags: ['wine', 'regular'], allergies: ['Nuts'] })
    const gone = await meet(house, {
      name: 'Ana Núñez',
      email: 'ana@example.com',
      language: 'es',
      birthday: '1984-02-29',
      notes: 'By the fire',
      tags: ['Wine', 'press'],
      allergies: ['nuts', 'shellfish'],
      vip: true,
    })
    const ids = [...(await visits(house, kept.phone, 2)), ...(await visits(house, gone.phone, 3, 10))]
    const before = await Promise.all(ids.map((id) => house.call('GET', `/reservations/${id}`)))

    const merged = await house.call('POST', `/guests/${kept.id}/merge`, { from_id: gone.id, version: 1 })
    expect(merged.status).toBe(200)
    expect(merged.data).toMatchObject({
      id: kept.id,
      name: 'Ana',
      phone: kept.phone,
      email: 'ana@example.com',
      language: 'es',
      birthday: '1984-02-29',
      notes: 'Window\nBy the fire',
      tags: ['wine', 'regular', 'press'],
      allergies: ['Nuts', 'shellfish'],
      vip: true,
      visits: 5,
      version: 2,
    })
    const timeline = await house.call('GET', `/guests/${kept.id}/bookings`)
    expect(timeline.data.map((one: { id: string }) => one.id)).toEqual(ids.toReversed())
    const after = await Promise.all(ids.map((id) => house.call('GET', `/reservations/${id}`)))
    expect(after.map((one) => one.data)).toEqual(before.map((one) => ({ ...one.data, guest_id: kept.id })))
    expect((await house.call('GET', `/guests/${gone.id}`)).status).toBe(404)

    const events = (await eventsOf(where, house, kept.id)).slice(1)
    expect(events).toMatchObject([
      {
        type: 'guest.merged',
        before: { kept: { name: 'Ana' }, from: { id: gone.id, phone: gone.phone }, reservation_ids: { length: 3 } },
        after: { email: 'ana@example.com', version: 2 },
      },
    ])
    expect((await eventsOf(where, house, gone.id)).at(-1)).toMatchObject({
      type: 'guest.deleted',
      why: `merged into ${kept.id}`,
    })
  })

  test('a guest with an e-mail only takes over name and phone, and is found by them', async () => {
    const house = await openHouse(where)
    const gone = await meet(house, { name: 'Ana Núñez' })
    const { data: kept } = await house.call('POST', '/guests', { email: 'a@b.co' })
    const merged = await house.call('POST', `/clients/${kept.id}/merge`, { from_id: gone.id })
    expect(merged.data).toMatchObject({ id: kept.id, name: 'Ana Núñez', phone: gone.phone, email: 'a@b.co' })
    expect((await house.call('GET', '/guests?q=nunez')).data).toMatchObject([{ id: kept.id }])
    const booking = { date: `${daysAhead(2)}T19:00:00`, guests: 2, phone_number: gone.phone }
    expect((await house.call('POST', '/reservations', booking)).data.guest_id).toBe(kept.id)
  })

  test('is refused with itself, with nobody, with another tenant’s guest, and when stale', async () => {
    const house = await openHouse(where)
    const other = await openHouse(where)
    const kept = await meet(house, { name: 'Ana' })
    const gone = await meet(house, { name: 'Ana B' })
    const theirs = await meet(other, { name: 'Ana' })
    const path = `/guests/${kept.id}/merge`
    const itself = await house.call('POST', path, { from_id: kept.id.toUpperCase() })
    expect([itself.status, itself.code, itself.body.errors[0].path]).toEqual([422, 'validation_failed', 'from_id'])
    expect((await house.call('POST', path, {})).status).toBe(422)
    expect((await house.call('POST', path, { from_id: gone.id, into: 1 })).code).toBe('validation_failed')
    expect((await house.call('POST', path, { from_id: nobody })).status).toBe(404)
    expect((await house.call('POST', path, { from_id: theirs.id })).status).toBe(404)
    expect((await house.call('POST', `/guests/${theirs.id}/merge`, { from_id: gone.id })).status).toBe(404)
    expect((await other.call('GET', `/guests/${theirs.id}`)).status).toBe(200)
    await house.call('PUT', `/guests/${kept.id}`, { vip: true })
    for (const [body, headers] of [
      [{ from_id: gone.id, version: 1 }, {}],
      [{ from_id: gone.id }, { 'if-match': '"1"' }],
    ] as const) {
      const stale = await house.call('POST', path, body, headers)
      expect([stale.status, stale.code, stale.body.current.version]).toEqual([409, 'stale_version', 2])
    }
    expect((await house.call('GET', `/guests/${gone.id}`)).status).toBe(200)
  })

  test('under one key happens once; another body under it is refused', async () => {
    const house = await openHouse(where)
    const kept = await meet(house, { name: 'Ana' })
    const gone = await meet(house, { name: 'Ana B' })
    const path = `/guests/${kept.id}/merge`
    const key = { 'idempotency-key': 'one-ana' }
    const first = await house.call('POST', path, { from_id: gone.id }, key)
    const again = await house.call('POST', path, { from_id: gone.id }, key)
    expect([again.status, again.data]).toEqual([200, first.data])
    const reused = await house.call('POST', path, { from_id: nobody }, key)
    expect([reused.status, reused.code]).toEqual([422, 'idempotency_key_reused'])
    expect((await house.call('POST', path, { from_id: gone.id })).status).toBe(404)
  })

  test('of two into each other at once: one is kept', async () => {
    const house = await openHouse(where)
    const [a, b] = await Promise.all([meet(house, { name: 'Ana' }), meet(house, { name: 'Ana B' })])
    const answers = await Promise.all([
      house.call('POST', `/guests/${a.id}/merge`, { from_id: b.id }),
      house.call('POST', `/guests/${b.id}/merge`, { from_id: a.id }),
    ])
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200, 404]))
    expect((await house.call('GET', '/guests')).data).toHaveLength(1)
  })

  test('while the guest that goes books twenty times: nothing is lost, nobody gets a 5xx', async () => {
    for (let round = 0; round < 5; round++) {
      const house = await openHouse(where, { settings: { per_phone: 'any' } })
      const kept = await meet(house, { name: 'Ana' })
      const gone = await meet(house, { name: 'Ana B' })
      const bookings = Array.from({ length: 20 }, (_, i) =>
        house.call('POST', '/reservations', {
          date: `${daysAhead(5 + i)}T19:00:00`,
          guests: 2,
          phone_number: gone.phone,
          // Some name the guest, as a client would that still shows it.
          ...(i % 4 === 0 ? { client_id: gone.id } : {}),
        }),
      )
      const [merged, ...answers] = await Promise.all([
        house.call('POST', `/guests/${kept.id}/merge`, { from_id: gone.id }),
        ...bookings,
      ])
      expect(merged.status).toBe(200)
      const booked = answers.filter((answer) => answer.status === 201)
      for (const [i, answer] of answers.entries()) expect(i % 4 === 0 ? [201, 404] : [201]).toContain(answer.status)
      const { rows } = await withDatabase(where, (client) =>
        client.query(
          `select r.id, r.guest_id, g.phone from reservations r left join guests g on g.id = r.guest_id
            where r.restaurant_id = $1`,
          [house.id],
        ),
      )
      expect(rows).toHaveLength(booked.length)
      expect(new Set(rows.map((row) => row.id))).toEqual(new Set(booked.map((answer) => answer.data.id)))
      // The one who was kept, or one who came with that phone after the other was gone.
      for (const row of rows) expect(row.guest_id === kept.id || row.phone === gone.phone).toBe(true)
    }
  })
})
