import { describe, expect, inject, test } from 'vitest'
import { platformKey } from '../../local/keys.ts'
import { caller, daysAhead, openHouse, overlaps, withDatabase } from '../factories.ts'

const where = inject('stack')
const platform = caller(where.origin, platformKey)
const date = daysAhead(10)
const always = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '11:00', closes: '23:00' }]
const noon = { opens: '11:00', closes: '12:00' }
const dinner = { date: `${date}T19:00:00`, guests: 2 }

describe('reading a restaurant', () => {
  test('by its key, under both paths, and by the platform', async () => {
    const house = await openHouse(where)
    const own = await house.call('GET', '/restaurant')
    expect(own.status).toBe(200)
    expect(own.data).toMatchObject({ id: house.id, slug: house.slug, timezone: 'Asia/Singapore', hours: always })
    expect(own.data.settings).toMatchObject({ slot_minutes: 30, hold_minutes: 5, per_phone: 'no_overlap' })
    expect(own.headers.get('etag')).toBe(`"${own.data.version}"`)
    expect((await house.call('GET', `/restaurants/${house.id}`)).data).toEqual(own.data)
    expect((await platform('GET', `/restaurants/${house.id}`)).data).toEqual(own.data)
  })

  test("another's is not to be found, and the platform must say which", async () => {
    const [house, other] = [await openHouse(where), await openHouse(where)]
    expect((await house.call('GET', `/restaurants/${other.id}`)).code).toBe('not_found')
    expect((await house.call('PATCH', `/restaurants/${other.id}`, { name: 'Mine' })).status).toBe(404)
    expect((await platform('GET', '/restaurants/00000000-0000-7000-8000-000000000000')).code).toBe('not_found')
    expect((await platform('GET', '/restaurants/nonsense')).code).toBe('not_found')
    expect((await platform('GET', '/restaurant')).code).toBe('restaurant_required')
    expect((await caller(where.origin, null)('GET', '/restaurant')).code).toBe('unauthorized')
  })

  test('the platform lists them by pages, in the order they opened; nobody else', async () => {
    const houses = [await openHouse(where), await openHouse(where), await openHouse(where)]
    const seen: string[] = []
    let cursor = ''
    for (let pages = 0; pages < 1000; pages++) {
      const page = await platform('GET', `/restaurants?limit=7${cursor && `&cursor=${cursor}`}`)
      expect(page.data.length).toBeLessThanOrEqual(7)
      seen.push(...page.data.map((one: { id: string }) => one.id))
      cursor = page.body.meta.next_cursor ?? ''
      if (!cursor) break
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((id) => houses.some((house) => house.id === id))).toEqual(houses.map((house) => house.id))
    expect((await houses[0]?.call('GET', '/restaurants'))?.code).toBe('forbidden')
    expect((await platform('GET', '/restaurants?limit=201')).code).toBe('validation_failed')
    expect((await platform('GET', '/restaurants?cursor=rubbish')).code).toBe('validation_failed')
  })
})

describe('editing a restaurant', () => {
  test('changes what it names, in one version, and says who did it', async () => {
    const house = await openHouse(where)
    const before = (await house.call('GET', '/restaurant')).data
    const special_days = [
      { date: daysAhead(20), hours: [{ opens: '12:00', closes: '15:00' }], reason: 'Wedding' },
      { date: daysAhead(21), hours: [], reason: null },
    ]
    const edit = {
      name: 'Chianti',
      phone: '98207272',
      settings: { slot_minutes: 15, pacing: { max_covers_per_slot: 20 } },
      special_days,
      version: before.version,
    }
    const edited = await house.call('PATCH', '/restaurant', edit, { 'x-request-id': 'edit-1' })
    expect(edited.status).toBe(200)
    expect(edited.data).toEqual({
      ...before,
      name: 'Chianti',
      phone: '+6598207272',
      settings: {
        ...before.settings,
        slot_minutes: 15,
        pacing: { max_covers_per_slot: 20, max_parties_per_slot: null },
      },
      special_days,
      version: before.version + 1,
    })
    expect((await house.call('GET', '/restaurant')).data).toEqual(edited.data)

    const second = await platform('PATCH', `/restaurants/${house.id}`, {
      settings: { pacing: { max_parties_per_slot: 4 } },
      special_days: [],
    })
    expect(second.data.settings.pacing).toEqual({ max_covers_per_slot: 20, max_parties_per_slot: 4 })
    expect(second.data).toMatchObject({ special_days: [], phone: '+6598207272', version: before.version + 2 })

    const events = await withDatabase(where, (client) =>
      client.query("select * from events where restaurant_id = $1 and type = 'restaurant.changed' order by id", [
        house.id,
      ]),
    )
    expect(events.rows).toHaveLength(2)
    expect(events.rows[0]).toMatchObject({
      subject_id: house.id,
      request_id: 'edit-1',
      actor: { kind: 'key', name: 'First key' },
      before: { name: before.name, special_days: [], version: before.version },
      after: { name: 'Chianti', special_days, version: before.version + 1 },
    })
    expect(events.rows[0].actor).not.toHaveProperty('scopes')
    expect(events.rows[1].actor).toMatchObject({ kind: 'key', name: 'Platform' })
  })

  test('leaves the special days of the past as they were', async () => {
    const house = await openHouse(where)
    await withDatabase(where, (client) =>
      client.query("insert into special_days (restaurant_id, date) values ($1, '2026-01-01')", [house.id]),
    )
    const edited = await house.call('PATCH', '/restaurant', { special_days: [{ date, hours: [] }] })
    expect(edited.data.special_days).toEqual([{ date, hours: [], reason: null }])
    const kept = await withDatabase(where, (client) =>
      client.query('select date::text from special_days where restaurant_id = $1 order by 1', [house.id]),
    )
    expect(kept.rows).toEqual([{ date: '2026-01-01' }, { date }])
  })

  test('null clears; an edit of nothing is fine', async () => {
    const house = await openHouse(where, { address: 'Tanjong Pagar', email: 'hello@chianti.test' })
    const cleared = await house.call('PATCH', '/restaurant', { address: null, phone: null })
    expect(cleared.data).toMatchObject({ address: null, phone: null, email: 'hello@chianti.test' })
    expect((await house.call('PATCH', '/restaurant', {})).data).toMatchObject({ email: 'hello@chianti.test' })
  })

  test.each([
    [{ hours: [...always, { days: [3], opens: '22:00', closes: '23:30' }] }, 'hours'],
    [{ special_days: [{ date, hours: [noon, noon] }] }, 'special_days'],
    [{ special_days: [{ date }, { date }] }, 'special_days'],
    [{ timezone: 'Mars/Olympus' }, 'timezone'],
    [{ settings: { turn_rules: [] } }, 'settings.turn_rules'],
    [{ settings: { colour: 'red' } }, 'settings.colour'],
    [{ slug: 'elsewhere' }, 'slug'],
    [{ name: '' }, 'name'],
    [{ version: 0 }, 'version'],
  ])('refuses %j', async (edit, path) => {
    const house = await openHouse(where)
    const refused = await house.call('PATCH', '/restaurant', edit)
    expect([refused.status, refused.code]).toEqual([422, 'validation_failed'])
    expect(refused.body.errors[0].path).toBe(path)
  })

  test('refuses a phone that is none, reading it in the country of the edit', async () => {
    const house = await openHouse(where)
    expect((await house.call('PATCH', '/restaurant', { phone: '12' })).code).toBe('invalid_phone')
    const moved = await house.call('PATCH', '/restaurant', { country: 'IT', phone: '06 6982' })
    expect(moved.data.phone).toMatch(/^\+39/)
  })

  test('by a stale version is 409 with the restaurant as it is, by If-Match or in the body', async () => {
    const house = await openHouse(where)
    const { version } = (await house.call('GET', '/restaurant')).data
    expect((await house.call('PATCH', '/restaurant', { name: 'First' }, { 'if-match': `"${version}"` })).status).toBe(
      200,
    )
    for (const [body, headers] of [
      [{ name: 'Second' }, { 'if-match': `"${version}"` }],
      [{ name: 'Second', version }, {}],
    ] as const) {
      const stale = await house.call('PATCH', '/restaurant', body, headers)
      expect([stale.status, stale.code]).toEqual([409, 'stale_version'])
      expect(stale.body.current).toMatchObject({ name: 'First', version: version + 1 })
    }
    // Nothing was done under the key, so it may be tried again with the version that is.
    const key = { 'idempotency-key': 'rename' }
    expect((await house.call('PATCH', '/restaurant', { name: 'x' }, { ...key, 'if-match': `${version}` })).status).toBe(
      409,
    )
    const again = await house.call('PATCH', '/restaurant', { name: 'x' }, { ...key, 'if-match': `${version + 1}` })
    expect(again.data).toMatchObject({ name: 'x', version: version + 2 })
    const repeat = await house.call('PATCH', '/restaurant', { name: 'x' }, { ...key, 'if-match': `${version + 1}` })
    expect(repeat.data).toEqual(again.data)
  })

  test('needs floor:write', async () => {
    const house = await openHouse(where)
    const { api_key } = (await house.call('POST', '/keys', { name: 'Reader', scopes: ['floor:read'] })).data
    const reader = caller(where.origin, api_key)
    expect((await reader('GET', '/restaurant')).status).toBe(200)
    expect((await reader('PATCH', '/restaurant', { name: 'No' })).code).toBe('forbidden')
  })

  test('loses no edit of several at once', async () => {
    const house = await openHouse(where)
    const { version } = (await house.call('GET', '/restaurant')).data
    const edits = [{ slot_minutes: 15 }, { buffer_minutes: 10 }, { grace_minutes: 20 }, { hold_minutes: 7 }]
    const answers = await Promise.all(edits.map((settings) => house.call('PATCH', '/restaurant', { settings })))
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200])
    const { settings, version: after } = (await house.call('GET', '/restaurant')).data
    expect(settings).toMatchObject({ slot_minutes: 15, buffer_minutes: 10, grace_minutes: 20, hold_minutes: 7 })
    expect(after).toBe(version + 4)
  })
})

describe('a booking after an edit', () => {
  test('is decided on the house as it is now, whatever the isolate remembers', async () => {
    const house = await openHouse(where)
    expect((await house.call('POST', '/reservations', dinner)).status).toBe(201)
    expect((await house.call('PATCH', '/restaurant', { hours: [] })).status).toBe(200)
    expect((await house.call('POST', '/reservations', dinner)).code).toBe('closed')
    expect((await house.call('PATCH', '/restaurant', { hours: always })).status).toBe(200)
    expect((await house.call('POST', '/reservations', dinner)).status).toBe(201)
  })

  test('so too where another isolate made the edit', async () => {
    const house = await openHouse(where)
    expect((await house.call('POST', '/reservations', dinner)).status).toBe(201)
    // Another isolate's edit: this Worker's memory does not hear of it.
    const setHours = (hours: unknown): Promise<unknown> =>
      withDatabase(where, (client) =>
        client.query('update restaurants set hours = $2, version = version + 1 where id = $1', [
          house.id,
          JSON.stringify(hours),
        ]),
      )
    await setHours([])
    expect((await house.call('POST', '/reservations', dinner)).code).toBe('closed')
    await setHours(always)
    expect((await house.call('POST', '/reservations', dinner)).status).toBe(201)
    await setHours([])
    expect((await house.call('PATCH', '/restaurant', { settings: { slot_minutes: 15 } })).data).toMatchObject({
      hours: [],
      settings: { slot_minutes: 15 },
    })
  })

  test('on a special day goes by its hours', async () => {
    const house = await openHouse(where)
    await house.call('PATCH', '/restaurant', { special_days: [{ date, hours: [{ opens: '12:00', closes: '15:00' }] }] })
    expect((await house.call('POST', '/reservations', dinner)).code).toBe('closed')
    expect((await house.call('POST', '/reservations', { ...dinner, date: `${date}T12:00:00` })).status).toBe(201)
  })

  test('in another time zone still finds every table that was taken before', async () => {
    const house = await openHouse(where, {
      hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
      tables: [{ number: '1', seats: 2 }],
      settings: { max_party: 2 },
    })
    const instants = Array.from({ length: 12 }, (_, i) => `${date}T${String(i * 2).padStart(2, '0')}:00:00Z`)
    for (const at of instants) {
      expect((await house.call('POST', '/reservations', { date: at, guests: 2 })).status).toBe(201)
    }
    for (const timezone of ['America/New_York', 'Pacific/Auckland']) {
      expect((await house.call('PATCH', '/restaurant', { timezone })).data.timezone).toBe(timezone)
      for (const at of instants) {
        expect((await house.call('POST', '/reservations', { date: at, guests: 2 })).code).toBe('sold_out')
      }
    }
    // What is cancelled finds its claims under the day they are now filed under.
    const list = await house.call('GET', `/reservations?from=${daysAhead(5)}`)
    expect(list.data).toHaveLength(instants.length)
    for (const { id } of list.data) expect((await house.call('DELETE', `/reservations/${id}`)).status).toBe(200)
    for (const at of instants) {
      expect((await house.call('POST', '/reservations', { date: at, guests: 2 })).status).toBe(201)
    }
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('never commits on settings that were edited while it was under way', async () => {
    const house = await openHouse(where, {
      tables: Array.from({ length: 20 }, (_, i) => ({ number: i + 1, seats: 2 })),
    })
    const bookings = Array.from({ length: 20 }, () => house.call('POST', '/reservations', dinner))
    const closing = await house.call('PATCH', '/restaurant', { hours: [] })
    expect(closing.status).toBe(200)
    const late = await withDatabase(where, (client) =>
      client.query(
        `select count(*)::int as n from events b join events c using (restaurant_id)
          where b.restaurant_id = $1 and b.type = 'reservation.booked' and c.type = 'restaurant.changed'
            and b.id > c.id`,
        [house.id],
      ),
    )
    const codes = (await Promise.all(bookings)).map((answer) => answer.code ?? answer.status)
    expect(codes.every((code) => code === 201 || code === 'closed')).toBe(true)
    expect(late.rows[0].n).toBe(0)
  })
})
