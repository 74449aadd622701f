import type pg from 'pg'
import { describe, expect, inject, test } from 'vitest'
import { forger, sealAll, tampered, verify } from '../audit/chains.ts'
import { daysAhead, type House, openHouse, type Where, withDatabase } from '../factories.ts'
import { openTavern } from '../ordering/phones.ts'
import { dump, lifeOf, marks, zeb } from './lives.ts'
import { eventsOf, meet, withScopes } from './people.ts'

const where = inject('stack')

async function withClient<T>(at: Where, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return withDatabase(at, work)
}

const rowsIn = (tables: Map<string, string[]>): number => [...tables.values()].flat().length

/** What is kept of the house, once what its answers left to do after them is done. */
async function settled(house: House): Promise<Map<string, string[]>> {
  let now = await dump(where, house)
  for (let before = -1; before !== rowsIn(now); now = await dump(where, house)) {
    before = rowsIn(now)
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  return now
}

describe('R180 the right to be forgotten', () => {
  test('leaves nothing of a person in a dump, and all that the house counts', async () => {
    const house = await openTavern(where)
    const stranger = await meet(house, { name: 'Ana Núñez', notes: 'zq likes the window' })
    const id = await lifeOf(where, house)
    // Some of it is sealed before, some is not.
    await withClient(where, (client) => sealAll(client, house))
    await house.call('PUT', `/guests/${id}`, { notes: 'zqx once more' })

    const before = await settled(house)
    const held = [...before].filter(([, rows]) => rows.some((row) => marks.test(row))).map(([name]) => name)
    expect(held.toSorted()).toEqual([
      'blocks',
      'events',
      'floor_notes',
      'guests',
      'idempotency_keys',
      'message_optouts',
      'messages',
      'order_lines',
      'orders',
      'reservation_series',
      'reservations',
      'session_members',
      'table_calls',
      'voice_calls',
      'voice_handoffs',
      'voice_teams',
      'voice_tool_calls',
      'voice_turns',
      'waitlist_decisions',
      'waitlist_entries',
    ])

    const erased = await house.call('DELETE', `/guests/${id}?erase=true`)
    expect([erased.status, erased.body.detail]).toEqual([200, undefined])
    expect(erased.data).toEqual({
      id,
      // Whether the queue had a table to offer at this hour is nothing to this.
      erased: { reservations: expect.any(Number), waitlist_entries: 1, series: 1, calls: 1, orders: 1, messages: 1 },
    })
    const after = await dump(where, house)
    const left = [...after].flatMap(([name, rows]) =>
      rows.filter((row) => marks.test(row)).map((row) => `${name}: ${row}`),
    )
    expect(left).toEqual([])
    // Nothing is gone but the guest, the mails and the words that were said.
    for (const [name, rows] of before) {
      const gone =
        { guests: 1, messages: 1, message_optouts: 2, voice_turns: 1, voice_teams: 1, guest_stats: 1 }[name] ?? 0
      const made =
        { events: 1, idempotency_keys: 1, audit_redactions: after.get('audit_redactions')?.length ?? 0 }[name] ?? 0
      expect(after.get(name)?.length, name).toBe(rows.length - gone + made)
    }
    expect((await house.call('GET', `/guests/${id}`)).status).toBe(404)
    expect((await house.call('GET', `/guests/${stranger.id}`)).data.notes).toBe('zq likes the window')
    expect((await house.call('GET', `/floor/notes/${daysAhead(5)}`)).data.note).toBe('[erased] comes; 12 oysters')
    const listed = await house.call('GET', `/reservations?from=${daysAhead(-1)}&to=${daysAhead(30)}`)
    expect(listed.data).toHaveLength(erased.data.erased.reservations)
    expect((await house.call('GET', '/orders')).data[0]).toMatchObject({ total_minor: 900, lines: [{ name: 'Soup' }] })
    expect((await house.call('GET', '/reservations/series')).status).toBe(200)

    const [event] = (await eventsOf(where, house, id)).slice(-1)
    expect(event).toMatchObject({ type: 'guest.erased', before: null, after: { erased: erased.data.erased } })
  })

  test('R181 the trail holds: when, who and of what stays proven, and what was erased cannot be changed or undone', async () => {
    const house = await openTavern(where)
    const id = await lifeOf(where, house)
    await withClient(where, async (client) => {
      await sealAll(client, house)
      await house.call('DELETE', `/guests/${id}?erase=true`)
      const unsealed = await verify(client, house)
      expect(unsealed).toMatchObject({ broken: [], erasures: 1, unsealed: 1 })
      await sealAll(client, house)
      expect(await verify(client, house)).toMatchObject({ broken: [], erasures: 1, unsealed: 0 })
    })
    const forge = await forger(where, house)
    const one = `ctid = (select e.ctid from events e join audit_redactions d on d.event_id = e.id
      where e.restaurant_id = HOUSE order by random() limit 1)`
    for (const statement of [
      `update events set after = '{}' where ${one}`,
      `update events set before = '{"name": "Another"}' where ${one}`,
      `update events set type = 'guest.seen' where ${one}`,
      `update events set at = at + interval '1 second' where ${one}`,
      `update events set actor = '{"kind": "cron"}' where ${one}`,
      `delete from audit_redactions where ctid = (select ctid from audit_redactions limit 1)`,
      `delete from audit_redactions`,
      `update audit_redactions set old_content = old_content || '\\x00' where ctid = (select ctid from audit_redactions limit 1)`,
      `update audit_redactions set new_content = new_content || '\\x00' where ctid = (select ctid from audit_redactions limit 1)`,
      `update audit_redactions set erasure_id = erasure_id + 1`,
      `delete from events where type = 'guest.erased'`,
      `update events set after = '{"redacted": 0}' where type = 'guest.erased'`,
    ]) {
      const { rows, broken } = await tampered(forge, house, [statement])
      expect(rows, statement).toBeGreaterThan(0)
      expect(broken, statement).not.toEqual([])
    }
    // What was said cannot be tried until it fits: the salt it was sealed with is gone.
    const { rows } = await forge.query(
      'select count(*)::int as n from audit_redactions d join audit_entries n using (event_id)',
    )
    expect(rows[0].n).toBeGreaterThan(5)
    await forge.end()
  })

  test('two who shared a number, an event erased twice: the trail holds', async () => {
    const house = await openHouse(where, { settings: { per_phone: 'any' } })
    const [one, two] = [
      await meet(house, { name: 'Zebulon Quixworthy' }),
      await meet(house, { name: 'Mona Quixworthy' }),
    ]
    const booking = { date: `${daysAhead(3)}T19:00:00`, guests: 2, client_id: two.id, phone_number: one.phone }
    const { data } = await house.call('POST', '/reservations', booking)
    await house.call('DELETE', `/reservations/${data.id}`)
    await withClient(where, async (client) => {
      await sealAll(client, house)
      expect((await house.call('DELETE', `/guests/${one.id}?erase=true`)).status).toBe(200)
      await sealAll(client, house)
      const shared = (await house.call('GET', `/reservations/${data.id}`)).data
      expect(shared).toMatchObject({ guest_id: two.id, phone_number: null })
      expect((await house.call('DELETE', `/guests/${two.id}?erase=true`)).status).toBe(200)
      await sealAll(client, house)
      expect(await verify(client, house)).toMatchObject({ broken: [], erasures: 2 })
    })
    const said = [...(await dump(where, house)).values()].flat().join('\n')
    expect(said).not.toMatch(/quixworthy/i)
    for (const { phone } of [one, two]) expect(said).not.toContain(phone.slice(1))
  })

  test('is refused while they are expected, for another tenant, when stale; done once under a key', async () => {
    const house = await openHouse(where)
    const other = await openHouse(where)
    const { id, phone } = await meet(house, { name: 'Ana' })
    const path = `/guests/${id}?erase=true`
    const booking = { date: `${daysAhead(2)}T19:00:00`, guests: 2, phone_number: phone }
    const { data } = await house.call('POST', '/reservations', booking)
    const expected = await house.call('DELETE', path)
    expect([expected.status, expected.code, expected.body.upcoming]).toEqual([
      409,
      'guest_has_upcoming',
      [data.confirmation_code],
    ])
    await house.call('DELETE', `/reservations/${data.id}`)
    const joined = await house.call('POST', '/waitlist', { name: 'Ana', phone_number: phone, party_size: 2 })
    expect((await house.call('DELETE', path)).body.upcoming).toEqual(['waitlist'])
    await house.call('DELETE', `/waitlist/${joined.data.id}`)

    expect((await other.call('DELETE', path)).status).toBe(404)
    expect((await house.call('DELETE', `/guests/${id}?erase=perhaps`)).code).toBe('validation_failed')
    expect((await house.call('DELETE', `/guests/no?erase=true`)).code).toBe('validation_failed')
    await house.call('PUT', `/guests/${id}`, { vip: true })
    const stale = await house.call('DELETE', path, undefined, { 'if-match': '"1"' })
    expect([stale.status, stale.code, stale.body.current.version]).toEqual([409, 'stale_version', 2])
    const reader = await withScopes(where, house, ['guests:read'])
    expect((await reader('DELETE', path)).status).toBe(403)

    const key = { 'idempotency-key': 'forget-ana' }
    const first = await house.call('DELETE', path, undefined, key)
    const again = await house.call('DELETE', path, undefined, key)
    expect([first.status, again.status, again.data]).toEqual([200, 200, first.data])
    expect((await house.call('DELETE', `/guests/${id}`, undefined, key)).code).toBe('idempotency_key_reused')
    expect((await house.call('DELETE', path)).status).toBe(404)
    expect((await eventsOf(where, house, id)).filter((event) => event.type === 'guest.erased')).toHaveLength(1)
  })

  test('who comes back is a new guest, and a booking that races it is nobody’s loss', async () => {
    for (let round = 0; round < 4; round++) {
      const house = await openHouse(where)
      const { id, phone } = await meet(house, { name: 'Ana' })
      const booking = { date: `${daysAhead(4)}T19:00:00`, guests: 2, phone_number: phone }
      const [erased, booked] = await Promise.all([
        house.call('DELETE', `/guests/${id}?erase=true`),
        house.call('POST', '/reservations', booking),
      ])
      expect(booked.status).toBe(201)
      expect([200, 409]).toContain(erased.status)
      const { data } = await house.call('GET', `/guests/${booked.data.guest_id}`)
      expect(data.phone).toBe(phone)
      expect(data.id === id).toBe(erased.status === 409)
    }
  })

  test('every column that can hold words is said to be about a guest, or not', async () => {
    const missing = await withDatabase(where, (client) =>
      client.query(
        `select coalesce(d.name, k.table_name || '.' || k.column_name) as column, d.name is null as is_gone
           from (select c.relname, a.attname, c.relname || '.' || a.attname as name
                   from pg_class c join pg_attribute a on a.attrelid = c.oid
                  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
                    and (format_type(a.atttypid, null) in ('text', 'text[]', 'jsonb', 'json', 'bytea', 'inet', 'character varying')
                         or (c.relname, a.attname::text) in (select table_name, column_name from column_contents))) d
           full join column_contents k on k.table_name = d.relname and k.column_name = d.attname
          where d.name is null or k.table_name is null`,
      ),
    )
    expect(missing.rows).toEqual([])
  })

  test('every column that is about a guest holds something of the one who is forgotten here', async () => {
    const house = await openTavern(where)
    await lifeOf(where, house)
    const empty = await withDatabase(where, async (client) => {
      const { rows } = await client.query("select table_name, column_name from column_contents where about = 'guest'")
      const found: string[] = []
      for (const { table_name: table, column_name: column } of rows) {
        const scope = table === 'idempotency_keys' ? 'scope' : 'restaurant_id'
        const { rowCount } = await client.query(
          `select from ${table} where ${scope} = $1 and coalesce(${column}::text, '') not in ('', '{}', '[]')`,
          [house.id],
        )
        if (rowCount === 0) found.push(`${table}.${column}`)
      }
      return found
    })
    expect(empty).toEqual([])
  })
})

describe('R183 the right to know', () => {
  test('everything that is held, in one answer; nobody else’s, and of another tenant nothing', async () => {
    const house = await openTavern(where)
    const other = await openHouse(where)
    await meet(house, { name: 'Somebody Else' })
    const id = await lifeOf(where, house)
    const { status, data } = await house.call('GET', `/guests/${id}/data`)
    expect(status).toBe(200)
    expect(data.guest).toMatchObject({ id, phone: zeb.phone })
    for (const [name, most] of Object.entries({
      series: 1,
      waitlist: 1,
      orders: 1,
      messages: 1,
      calls: 1,
    }))
      expect(data[name], name).toHaveLength(most)
    expect(data.calls[0].turns).toMatchObject([{ text: 'zqx says hello' }])
    expect(data.orders[0].lines[0].note).toBe('zqx no salt')
    expect(data.events.length).toBeGreaterThan(10)
    expect(JSON.stringify(data)).not.toContain('Somebody Else')
    expect((await other.call('GET', `/guests/${id}/data`)).status).toBe(404)
  })
})
