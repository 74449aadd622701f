import { describe, expect, inject, test } from 'vitest'
import { daysAhead, type House, openHouse, overlaps, withDatabase } from '../factories.ts'

const where = inject('stack')
const date = daysAhead(10)
const booking = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  date: `${date}T19:00:00`,
  guests: 2,
  ...more,
})
const later = (minutes: number): Record<string, string> => ({
  'x-tableside-now': new Date(Date.now() + minutes * 60_000).toISOString(),
})
/** When the parties of these tests are due. */
const due = { 'x-tableside-now': `${date}T11:00:00Z` }
const at = (time: string): Record<string, string> => ({ 'x-tableside-now': `${date}T${time}+08:00` })
const oneTable = { tables: [{ number: '1', seats: 4 }] }

async function book(
  house: House,
  more: Record<string, unknown> = {},
): Promise<{ id: string; confirmation_code: string; version: number }> {
  const answer = await house.call('POST', '/reservations', booking(more))
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.data
}

describe('finding', () => {
  test('by id, by code in any case, by phone the next to come; under both path families', async () => {
    const house = await openHouse(where)
    const soon = await book(house, { phone_number: '98207272', name: 'Ana' })
    await book(house, { date: `${daysAhead(20)}T19:00:00`, phone_number: '98207272', name: 'Ana' })
    for (const ref of [soon.id, soon.confirmation_code.toLowerCase(), '98207272', '%2B6598207272']) {
      const found = await house.call('GET', `/reservations/${ref}`)
      expect(found.data?.id, ref).toBe(soon.id)
    }
    const nested = await house.call('GET', `/api/restaurants/${house.id}/reservations/${soon.confirmation_code}`)
    expect(nested.data.id).toBe(soon.id)
    for (const ref of ['ZZZZZZ', 'nobody', '99999999', '00000000-0000-4000-8000-000000000000'])
      expect((await house.call('GET', `/reservations/${ref}`)).code, ref).toBe('not_found')
  })

  test('lists by day, status and search, page by page without gap or repeat', async () => {
    const house = await openHouse(where, { tables: Array.from({ length: 12 }, (_, i) => ({ number: i, seats: 2 })) })
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => book(house, { name: `Guest ${i}`, phone_number: `9820${1000 + i}` })),
    )
    await book(house, { date: `${daysAhead(11)}T12:00:00`, name: 'Núñez', phone_number: '98209999' })
    const seen: string[] = []
    let cursor = ''
    do {
      const page = await house.call('GET', `/reservations?date=${date}&limit=5${cursor}`)
      seen.push(...page.data.map((one: { id: string }) => one.id))
      cursor = page.body.meta.next_cursor ? `&cursor=${page.body.meta.next_cursor}` : ''
    } while (cursor)
    expect(seen).toHaveLength(12)
    expect(new Set(seen).size).toBe(12)
    expect((await house.call('GET', '/reservations?q=nunez')).data).toMatchObject([{ name: 'Núñez' }])
    expect((await house.call('GET', '/reservations?q=98209999')).data).toHaveLength(1)
    expect((await house.call('GET', `/reservations?date=${date}&status=cancelled,seated`)).data).toHaveLength(0)
    expect((await house.call('GET', '/reservations?cursor=nonsense')).code).toBe('validation_failed')
  })
})

describe('changing', () => {
  test('moves time, party and table at once and frees the old place', async () => {
    const house = await openHouse(where)
    const made = await book(house)
    const moved = await house.call('PUT', `/reservations/${made.id}`, { time: '20:30', party_size: 5, version: 1 })
    expect(moved.data).toMatchObject({
      reservation_time: '20:30',
      party_size: 5,
      tables: [{ number: '3' }],
      version: 2,
    })
    const before = await house.call('GET', `/availability?date=${date}&guests=2&time=19:00`)
    expect(before.data.tablesAvailable).toBe(3)
    const beside = await house.call('GET', `/availability?date=${date}&guests=2&time=19:30`)
    expect(beside.data.tablesAvailable).toBe(2)
  })

  test('keeps its table when only the time changes, and the old place when the new cannot be had', async () => {
    const house = await openHouse(where, {
      tables: [
        { number: '1', seats: 2 },
        { number: '2', seats: 2 },
      ],
    })
    await book(house, { date: `${date}T12:00:00` })
    const made = await book(house, { date: `${date}T12:00:00` })
    const moved = await house.call('PUT', `/reservations/${made.id}`, { time: '15:00' })
    expect(moved.data.tables).toMatchObject([{ number: '2' }])
    await book(house)
    await book(house)
    const refused = await house.call('PUT', `/reservations/${made.id}`, { time: '19:00' })
    expect(refused).toMatchObject({ status: 409, code: 'sold_out' })
    const kept = await house.call('GET', `/reservations/${made.id}`)
    expect(kept.data).toMatchObject({
      reservation_time: '15:00',
      tables: [{ number: '2' }],
      version: moved.data.version,
    })
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('a stale version is 409 with the reservation as it is; If-Match says the same', async () => {
    const house = await openHouse(where)
    const made = await book(house)
    await house.call('PUT', `/reservations/${made.id}`, { notes: 'by the window' })
    const stale = await house.call('PUT', `/reservations/${made.id}`, { notes: 'no', version: 1 })
    expect(stale).toMatchObject({
      status: 409,
      code: 'stale_version',
      body: { current: { version: 2, notes: 'by the window' } },
    })
    const header = await house.call('PUT', `/reservations/${made.id}`, { notes: 'no' }, { 'if-match': '"1"' })
    expect(header.code).toBe('stale_version')
    const cancel = await house.call('DELETE', `/reservations/${made.id}`, undefined, { 'if-match': '"1"' })
    expect(cancel.code).toBe('stale_version')
  })

  test('R305 what changes nothing writes nothing: the version that others saw is still the one', async () => {
    const house = await openHouse(where)
    const made = await book(house, { name: 'Ana', phone_number: '98207272', notes: 'by the window' })
    const same = { time: '19:00', date, party_size: 2, name: 'Ana', phone_number: '9820 7272', notes: 'by the window' }
    for (const edit of [{}, { version: 1 }, same]) {
      const answer = await house.call('PUT', `/reservations/${made.id}`, edit)
      expect(answer, JSON.stringify(edit)).toMatchObject({ status: 200, data: { id: made.id, version: 1 } })
    }
    expect((await house.call('PUT', `/reservations/${made.id}`, { version: 9 })).code).toBe('stale_version')
    const saved = await house.call('PUT', `/reservations/${made.id}`, { notes: 'outside', version: 1 })
    expect(saved).toMatchObject({ status: 200, data: { version: 2 } })
    const events = await withDatabase(where, (client) =>
      client.query('select type from events where subject_id = $1 order by id', [made.id]),
    )
    expect(events.rows.map((row) => row.type)).toEqual(['reservation.booked', 'reservation.changed'])

    // The key of an edit that was made says what it said then, though by now it would change nothing.
    const key = { 'idempotency-key': 'edit-1' }
    const edit = { notes: 'inside' }
    const first = await house.call('PUT', `/reservations/${made.id}`, edit, key)
    await house.call('PUT', `/reservations/${made.id}`, { other_info: 'a cake' })
    const again = await house.call('PUT', `/reservations/${made.id}`, edit, key)
    expect(again.data).toEqual(first.data)
    await house.call('DELETE', `/reservations/${made.id}`)
    expect((await house.call('PUT', `/reservations/${made.id}`, {})).code).toBe('illegal_step')
  })

  test('ten hosts move ten parties onto one table: one has it, the others keep theirs', async () => {
    const house = await openHouse(where, { tables: Array.from({ length: 11 }, (_, i) => ({ number: i, seats: 2 })) })
    const target = house.tables.find((table) => table.number === '10')
    const made = await Promise.all(Array.from({ length: 10 }, () => book(house)))
    const answers = await Promise.all(
      made.map((one) => house.call('PUT', `/reservations/${one.id}`, { table_id: target?.id })),
    )
    expect(answers.filter((one) => one.status === 200)).toHaveLength(1)
    expect(answers.filter((one) => one.code === 'sold_out')).toHaveLength(9)
    expect(await overlaps(where, house.id)).toBe(0)
  })
})

describe('the life of a reservation', () => {
  test('pending → confirmed → seated → completed; an illegal step is 409 and says where it is', async () => {
    const house = await openHouse(where, { settings: { approval: 'manual' } })
    const made = await book(house)
    const states: string[] = []
    for (const step of ['confirm', 'seat', 'complete']) {
      const answer = await house.call('POST', `/reservations/${made.id}/${step}`, undefined, due)
      states.push(answer.data.status)
    }
    expect(states).toEqual(['confirmed', 'seated', 'completed'])
    for (const step of ['confirm', 'seat', 'complete', 'no-show', 'late']) {
      const answer = await house.call('POST', `/reservations/${made.id}/${step}`)
      expect(answer, step).toMatchObject({
        status: 409,
        code: 'illegal_step',
        body: { current: { status: 'completed' } },
      })
    }
    expect((await house.call('DELETE', `/reservations/${made.id}`)).code).toBe('illegal_step')
  })

  test('cancelled, completed and never come free the table at once', async () => {
    const house = await openHouse(where, oneTable)
    for (const end of [
      ['DELETE', ''],
      ['POST', '/no-show'],
    ] as const) {
      const made = await book(house)
      expect((await house.call('POST', '/reservations', booking())).code).toBe('sold_out')
      expect((await house.call(end[0], `/reservations/${made.id}${end[1]}`, undefined, due)).status).toBe(200)
    }
    const seated = await book(house)
    await house.call('POST', `/reservations/${seated.id}/seat`, undefined, due)
    await house.call('POST', `/reservations/${seated.id}/complete`, undefined, due)
    await book(house)
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('a party marked as not come may still be seated, unless its table is another’s by then', async () => {
    const house = await openHouse(where, oneTable)
    const made = await book(house)
    await house.call('POST', `/reservations/${made.id}/no-show`, undefined, due)
    expect((await house.call('POST', `/reservations/${made.id}/seat`, undefined, due)).data.status).toBe('seated')
    expect((await house.call('POST', '/reservations', booking())).code).toBe('sold_out')
    await house.call('POST', `/reservations/${made.id}/complete`, undefined, due)

    const again = await book(house)
    await house.call('POST', `/reservations/${again.id}/no-show`, undefined, due)
    const other = await book(house)
    const refused = await house.call('POST', `/reservations/${again.id}/seat`, undefined, due)
    expect(refused).toMatchObject({ status: 409, code: 'table_taken', body: { claim: { owner: other.id } } })
  })

  test('R301 nobody sits more than four hours before their time, and nobody has stayed away before it', async () => {
    const house = await openHouse(where, { tables: [{ number: '1', seats: 4 }] })
    const made = await book(house)
    const path = `/reservations/${made.id}`
    const early = await house.call('POST', `${path}/seat`, undefined, at('14:59:59'))
    expect(early).toMatchObject({ status: 409, code: 'illegal_step', body: { current: { status: 'confirmed' } } })
    const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' })
    for (const said of [early.body.detail, early.body.hint])
      expect(said).toMatch(new RegExp(`19:00 on \\w+ ${day.format(Date.parse(date))} ${date.slice(0, 4)}`))
    for (const before of [undefined, at('18:59:59')])
      expect((await house.call('POST', `${path}/no-show`, undefined, before)).code).toBe('illegal_step')
    expect((await house.call('GET', path)).data).toMatchObject({ version: 1, no_show_at: null, seated_at: null })

    expect((await house.call('POST', `${path}/no-show`, undefined, at('19:00:00'))).status).toBe(200)
    expect((await house.call('POST', `${path}/seat`)).code).toBe('illegal_step')
    expect((await house.call('POST', `${path}/seat`, undefined, at('15:00:00'))).data.status).toBe('seated')
  })

  test('R301 a table that was accepted for another day is not sat at today', async () => {
    const house = await openHouse(where, oneTable)
    const taken = await book(house)
    const wish = { name: 'Bo', phone_number: '98207001', party_size: 2, date, from: '19:00', to: '19:00' }
    const waits = await house.call('POST', '/waitlist', wish)
    await house.call('DELETE', `/reservations/${taken.id}`)
    await expect.poll(async () => (await house.call('GET', `/waitlist/${waits.data.id}`)).data.status).toBe('offered')
    expect((await house.call('POST', `/waitlist/${waits.data.id}/accept`)).data.status).toBe('accepted')
    const early = await house.call('POST', `/waitlist/${waits.data.id}/seat`)
    expect(early).toMatchObject({ status: 409, code: 'illegal_step', body: { current: { status: 'accepted' } } })
    expect((await house.call('POST', `/waitlist/${waits.data.id}/seat`, {}, due)).data.status).toBe('seated')
  })

  test('late says how late, and only of somebody expected', async () => {
    const house = await openHouse(where)
    const made = await book(house)
    expect((await house.call('POST', `/reservations/${made.id}/late`, { minutes: 30 })).data.late_minutes).toBe(30)
    expect((await house.call('POST', `/reservations/${made.id}/late`)).data.late_minutes).toBe(15)
    expect((await house.call('PUT', `/reservations/${made.id}`, { time: '20:00' })).data.late_minutes).toBeNull()
  })
})

describe('holds', () => {
  const hold = { date, time: '19:00', party_size: 2 }

  test('keep the table; confirming makes it a reservation in a name, once', async () => {
    const house = await openHouse(where, oneTable)
    const held = await house.call('POST', '/reservations/holds', hold)
    expect(held.status).toBe(201)
    expect(Date.parse(held.data.expires_at) - Date.now()).toBeGreaterThan(4 * 60_000)
    expect((await house.call('POST', '/reservations', booking())).code).toBe('sold_out')
    const confirm = { name: 'Ana', phone_number: '98207272' }
    const made = await house.call('POST', `/reservations/holds/${held.data.hold_id}/confirm`, confirm)
    expect(made).toMatchObject({ status: 201, data: { status: 'confirmed', name: 'Ana', tables: [{ number: '1' }] } })
    expect((await house.call('POST', `/reservations/holds/${held.data.hold_id}/confirm`, confirm)).code).toBe(
      'illegal_step',
    )
    expect((await house.call('GET', '/reservations/98207272')).data.id).toBe(held.data.hold_id)
  })

  test('lapsed, refuses nobody with no job having run, and cannot be confirmed or extended', async () => {
    const house = await openHouse(where, oneTable)
    const held = await house.call('POST', '/reservations/holds', hold)
    const day = await house.call('GET', `/availability?date=${date}&guests=2&time=19:00`, undefined, later(6))
    expect(day.data.tablesAvailable).toBe(1)
    const other = await house.call('POST', '/reservations', booking(), later(6))
    expect(other.status).toBe(201)
    for (const step of ['confirm', 'extend'])
      expect(
        (await house.call('POST', `/reservations/holds/${held.data.hold_id}/${step}`, {}, later(6))).code,
        step,
      ).toBe('hold_expired')
    const gone = await house.call('GET', `/reservations/${held.data.hold_id}`)
    expect(gone.data).toMatchObject({ status: 'cancelled', cancel_reason: 'hold_lapsed' })
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('are extended while they last, and given back', async () => {
    const house = await openHouse(where, oneTable)
    const held = await house.call('POST', '/reservations/holds', hold)
    const extended = await house.call('POST', `/reservations/holds/${held.data.hold_id}/extend`, undefined, later(4))
    expect(Date.parse(extended.data.expires_at)).toBeGreaterThan(Date.parse(held.data.expires_at))
    expect((await house.call('POST', '/reservations', booking(), later(7))).code).toBe('sold_out')
    expect((await house.call('DELETE', `/reservations/holds/${held.data.hold_id}`)).status).toBe(200)
    expect((await house.call('POST', '/reservations', booking())).status).toBe(201)
  })
})

describe('rules of the house', () => {
  test('pacing: covers and parties that start in a slot', async () => {
    const tables = Array.from({ length: 9 }, (_, i) => ({ number: i, seats: 2 }))
    const covers = await openHouse(where, { tables, settings: { pacing: { max_covers_per_slot: 5 } } })
    const answers = await Promise.all(Array.from({ length: 6 }, () => covers.call('POST', '/reservations', booking())))
    expect(answers.map((one) => one.code ?? 'booked').toSorted()).toEqual([
      'booked',
      'booked',
      ...Array.from({ length: 4 }, () => 'pacing_covers'),
    ])
    expect((await covers.call('POST', '/reservations', booking({ date: `${date}T19:29:00` }))).code).toBe(
      'pacing_covers',
    )
    expect((await covers.call('POST', '/reservations', booking({ date: `${date}T19:30:00` }))).status).toBe(201)
    const parties = await openHouse(where, { tables, settings: { pacing: { max_parties_per_slot: 1 } } })
    await book(parties)
    expect((await parties.call('POST', '/reservations', booking())).code).toBe('pacing_parties')
  })

  test('one phone: no two tables at once, or only one booking to come, or as many as it likes', async () => {
    const ana = { name: 'Ana', phone_number: '98207272' }
    const plain = await openHouse(where)
    const tabs = await Promise.all(Array.from({ length: 3 }, () => plain.call('POST', '/reservations', booking(ana))))
    expect(tabs.map((one) => one.code ?? 'booked').toSorted()).toEqual(['booked', 'phone_overlap', 'phone_overlap'])
    expect((await plain.call('POST', '/reservations', booking({ ...ana, date: `${date}T21:00:00` }))).status).toBe(201)

    const strict = await openHouse(where, { settings: { per_phone: 'one_upcoming' } })
    const days = await Promise.all(
      [11, 12, 13, 14].map((n) =>
        strict.call('POST', '/reservations', booking({ ...ana, date: `${daysAhead(n)}T19:00:00` })),
      ),
    )
    expect(days.map((one) => one.code ?? 'booked').toSorted()).toEqual([
      'booked',
      'phone_has_upcoming',
      'phone_has_upcoming',
      'phone_has_upcoming',
    ])

    const any = await openHouse(where, { settings: { per_phone: 'any' } })
    await book(any, ana)
    await book(any, ana)
  })

  test('a large party takes a combination, all of it, and the answer lists its tables', async () => {
    const house = await openHouse(where)
    const [, four, six] = house.tables
    await withDatabase(where, (client) =>
      client.query('insert into combinations (restaurant_id, table_ids, min_party, max_party) values ($1, $2, 7, 10)', [
        house.id,
        [four?.id, six?.id],
      ]),
    )
    const made = await book(house, { guests: 9 })
    expect(made).toMatchObject({ tables: [{ number: '2' }, { number: '3' }] })
    const day = await house.call('GET', `/availability?date=${date}&guests=4&time=19:00`)
    expect(day.data).toMatchObject({ tablesAvailable: 0, reason: 'sold_out' })
    expect((await house.call('POST', '/reservations', booking({ guests: 11 }))).code).toBe('no_table_fits')
  })

  test.each([
    [{ date: '2020-01-01T19:00:00' }, 'in_past'],
    [{ date: `${daysAhead(900)}T19:00:00` }, 'too_far_ahead'],
    [{ date: `${date}T09:00:00` }, 'closed'],
    [{ date: `${date}T22:00:00` }, 'past_closing'],
    [{ guests: 7 }, 'no_table_fits'],
    [{ area: 'moon' }, 'validation_failed'],
    [{ client_id: '00000000-0000-4000-8000-000000000000' }, 'not_found'],
    [{ phone_number: '12' }, 'invalid_phone'],
  ])('%j is refused as %s, and writes nothing but the ledger', async (changes, code) => {
    const house = await openHouse(where)
    const answer = await house.call('POST', '/reservations', booking(changes))
    expect(answer.code).toBe(code)
    expect(answer.body.hint).toMatch(/\w/)
    const counted = await withDatabase(where, (client) =>
      client.query(
        'select (select count(*)::int from reservations where restaurant_id = $1) + (select count(*)::int from claims where restaurant_id = $1) + (select count(*)::int from guests where restaurant_id = $1) as n',
        [house.id],
      ),
    )
    expect(counted.rows[0].n).toBe(0)
  })

  test('the ledger of denied demand says what was asked and which rule said no', async () => {
    const house = await openHouse(where, oneTable)
    await book(house)
    await house.call('POST', '/reservations', booking({ guests: 7, notes: 'too many' }))
    await house.call('POST', '/reservations', booking())
    // What the rules refuse is written after the answer.
    const ledger = async () => (await house.call('GET', '/denied-requests')).data
    await expect.poll(ledger, { timeout: 10_000 }).toMatchObject([
      { kind: 'booking', reason: 'sold_out', party_size: 2, starts_at: `${date}T19:00:00+08:00` },
      { kind: 'booking', reason: 'no_table_fits', party_size: 7, area: null },
    ])
  })
})
