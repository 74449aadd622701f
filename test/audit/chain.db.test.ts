import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { daysAhead, givingWay, type House, openHouse } from '../factories.ts'
import { forger, known, sealAll, tampered, verify } from './chains.ts'

const where = inject('stack')
let client: pg.Client
let house: House
let other: House
let forge: pg.Client

/** A house with some history, in several seals. */
async function live(home: House): Promise<void> {
  for (const [i, name] of ['Ana', 'Bo', 'Cy', 'Di'].entries()) {
    const booking = { date: `${daysAhead(3 + i)}T19:00:00`, guests: 2, phone_number: `+659100000${i}`, name }
    const { data } = await home.call('POST', '/reservations', booking)
    await home.call('PUT', `/reservations/${data.id}`, { notes: `Window ${i}` })
    if (i === 2) await home.call('DELETE', `/reservations/${data.id}`)
    await sealAll(client, home)
  }
}

beforeAll(async () => {
  client = new pg.Client({ connectionString: where.database_url })
  await client.connect()
  house = await openHouse(where)
  other = await openHouse(where)
  await live(house)
  await live(other)
  forge = await forger(where, house)
})
afterAll(() => Promise.all([client.end(), forge.end()]))

/** The house is opened before the tests, and after their names are read. */
const of = (table: string): string => `${table}.restaurant_id = HOUSE`

describe('R201 the chain', () => {
  test('holds, however it was cut into seals, and sealing twice seals nothing twice', async () => {
    expect(await sealAll(client, house)).toBe(0)
    const sound = await verify(client, house)
    expect(sound).toMatchObject({ broken: [], seals: 4, unsealed: 0, unsigned: 0 })
    expect(sound.events).toBeGreaterThan(8)
    const small = await openHouse(where)
    for (let i = 0; i < 7; i++) await small.call('POST', '/guests', { name: `G ${i}`, phone: `+659120000${i}` })
    expect(await sealAll(client, small, 2)).toBe(4)
    expect(await verify(client, small)).toMatchObject({ broken: [], events: 7 })
  })

  test('takes what one transaction wrote as a whole, and waits for whoever is not done', async () => {
    const home = await openHouse(where)
    const slow = new pg.Client({ connectionString: where.database_url })
    await slow.connect()
    const write = `insert into events (restaurant_id, at, type, subject_id, actor, request_id)
                   select '${home.id}', now(), 'test.done', gen_random_uuid(), '{"kind": "cron"}', 'r' from generate_series(1, 5)`
    await slow.query('begin')
    await slow.query(write)
    await client.query(write)
    // The later one has committed, with higher numbers, and has to wait for the earlier one.
    expect(await sealAll(client, home)).toBe(0)
    await slow.query('commit')
    await slow.end()
    expect(await sealAll(client, home, 2)).toBe(2)
    expect(await verify(client, home)).toMatchObject({ broken: [], events: 10, unsealed: 0 })
  })

  test('goes on after a restore into a database that counts from the beginning', async () => {
    const home = await openHouse(where)
    await home.call('POST', '/guests', { name: 'Ana', phone: '+6591300001' })
    await sealAll(client, home)
    await client.query('begin')
    await client.query('alter table audit_seals disable trigger user')
    const far = `'9000000000000000000'`
    await client.query(`insert into events (restaurant_id, tx, at, type, subject_id, actor, request_id)
                        values ('${home.id}', ${far}, now(), 'test.before', gen_random_uuid(), '{"kind": "cron"}', 'r')`)
    await client.query(`update audit_seals set upto_tx = ${far} where restaurant_id = '${home.id}'`)
    await client.query(
      `update audit_seals s set digest = audit_seal_digest(s), signature = null where restaurant_id = '${home.id}'`,
    )
    expect(await sealAll(client, home)).toBe(1)
    expect(await sealAll(client, home)).toBe(0)
    const unsigned = { sealing_keys: [], head: null }
    expect(await verify(client, home, unsigned)).toMatchObject({ broken: [], events: 2, unsealed: 0 })
    await client.query('rollback')
  })
})

/** What somebody could do who knows all of this, and has all rights but the Worker's key. */
const chainAnew = (id: string): string => `do $$ declare s public.audit_seals; last bytea; begin
    for s in select * from audit_seals x where x.restaurant_id = '${id}' order by x.seal_no loop
      s.root := (select sha256(string_agg(int8send(n.event_id) || n.digest, '' order by n.event_id))
                   from audit_entries n where n.restaurant_id = s.restaurant_id and n.seal_no = s.seal_no);
      s.previous := last;
      s.digest := audit_seal_digest(s);
      last := s.digest;
      update audit_seals x set root = s.root, previous = s.previous, digest = s.digest
       where x.restaurant_id = s.restaurant_id and x.seal_no = s.seal_no;
    end loop; end $$`

describe('R202 whatever is tampered with is found', () => {
  const otherValue: Record<string, string> = {
    bigint: '+ 1000000007',
    integer: '+ 1',
    xid8: '::text::bigint + 1',
    text: "|| 'x'",
    uuid: '',
    jsonb: `|| '{"x": 1}'`,
    bytea: "|| '\\x00'",
    'timestamp with time zone': "+ interval '1 microsecond'",
  }

  /** A statement for each column of a table: the column of one row is another by the least there is. */
  async function changes(table: string): Promise<[string, string][]> {
    const { rows } = await client.query(
      `select a.attname as name, format_type(a.atttypid, null) as type from pg_attribute a
        where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      [table],
    )
    return rows.map(({ name, type }) => {
      const value =
        name === 'restaurant_id'
          ? `'${other.id}'`
          : type === 'uuid'
            ? 'gen_random_uuid()'
            : type === 'xid8'
              ? `(${name}::text::bigint + 1)::text::xid8`
              : `${name} ${otherValue[type] ?? '?'}`
      const from = table === 'events' ? `${name} is not null and e.type like 'reservation.%'` : `${name} is not null`
      const set =
        name === 'id'
          ? ''
          : `update ${table} set ${name} = ${value} where ctid = (
        select e.ctid from ${table} e where e.restaurant_id = '${house.id}' and ${from} order by random() limit 1)`
      return [`${table}.${name}`, set]
    })
  }

  test('every column of an event, an entry and a seal, each by the least there is', async () => {
    const all = [...(await changes('events')), ...(await changes('audit_entries')), ...(await changes('audit_seals'))]
    const missed: string[] = []
    for (const [what, statement] of all) {
      if (statement === '') continue
      for (let i = 0; i < 4; i++) {
        const { rows, broken } = await tampered(forge, house, [statement])
        if (rows === 0 && what === 'events.why') continue
        expect(rows, what).toBe(1)
        if (broken.length === 0) missed.push(what)
      }
    }
    expect(all.length).toBeGreaterThan(28)
    expect(missed).toEqual([])
  })

  test.each([
    [
      'a number that is another',
      `update events set id = default where ${of('events')} and id = (select max(id) from events where ${of('events')})`,
    ],
    [
      'null for a reason',
      `update events set before = null where ctid = (select ctid from events where ${of('events')} and before is not null limit 1)`,
    ],
    [
      'an empty object for null',
      `update events set before = '{}' where ctid = (select ctid from events where ${of('events')} and before is null limit 1)`,
    ],
    [
      'an event that is gone',
      `delete from events where ctid = (select ctid from events where ${of('events')} order by random() limit 1)`,
    ],
    [
      'an entry that is gone',
      `delete from audit_entries where ctid = (select ctid from audit_entries where ${of('audit_entries')} order by random() limit 1)`,
    ],
    ['a seal that is gone', `delete from audit_seals where ${of('audit_seals')} and seal_no = 2`],
    ['the first seal that is gone', `delete from audit_seals where ${of('audit_seals')} and seal_no = 1`],
    [
      'an event put among what was sealed',
      `insert into events (restaurant_id, tx, at, type, subject_id, actor, request_id)
       select restaurant_id, tx, at, type, subject_id, actor, request_id from events where ${of('events')} order by id limit 1`,
    ],
  ])('%s', async (_what, statement) => {
    for (let i = 0; i < 3; i++) {
      const { rows, broken } = await tampered(forge, house, [statement])
      expect(rows).toBe(1)
      expect(broken).not.toEqual([])
    }
  })

  test('two events that change places, in what they say or in their numbers', async () => {
    const { rows } = await forge.query(`select id from events where restaurant_id = '${house.id}' order by id limit 3`)
    const [a, , b] = rows.map((row) => row.id)
    const says = [
      `update events x set after = y.after, before = y.before from events y
        where x.restaurant_id = y.restaurant_id and ${of('x')} and (x.id, y.id) in ((${a}, ${b}), (${b}, ${a}))`,
    ]
    expect((await tampered(forge, house, says)).broken).not.toEqual([])
    const numbers = [
      `insert into events (restaurant_id, id, tx, at, type, subject_id, actor, request_id, before, after, why) overriding system value
        select restaurant_id, case id when ${a} then -1 else -2 end, tx, at, type, subject_id, actor, request_id, before, after, why
          from events where ${of('events')} and id in (${a}, ${b})`,
      `delete from events where ${of('events')} and id in (${a}, ${b})`,
      `insert into events (restaurant_id, id, tx, at, type, subject_id, actor, request_id, before, after, why) overriding system value
        select restaurant_id, case id when -1 then ${b} else ${a} end, tx, at, type, subject_id, actor, request_id, before, after, why
          from events where ${of('events')} and id in (-1, -2)`,
      `delete from events where ${of('events')} and id in (-1, -2)`,
    ]
    expect((await tampered(forge, house, numbers)).broken).not.toEqual([])
  })

  test('R203 a chain made anew throughout: it was not signed by us, and does not go through a head that was kept', async () => {
    const change = `update events set after = after || '{"party_size": 9}' where ctid = (
      select ctid from events where ${of('events')} and type = 'reservation.booked' order by id limit 1)`
    const entries = `update audit_entries n set digest = audit_digest(row(e.*)::public.events, audit_content(row(e.*)::public.events, n.salt)) from events e
      where ${of('n')} and e.restaurant_id = n.restaurant_id and e.id = n.event_id`
    const anew = [change, entries, chainAnew(house.id)]
    // Without either the forger has won: this is what they are for.
    expect((await tampered(forge, house, anew, { sealing_keys: [], head: null })).broken).toEqual([])
    expect((await tampered(forge, house, anew)).broken[0]).toMatch(/was not signed by us/)
    const { head } = await verify(client, house)
    expect((await tampered(forge, house, anew, { sealing_keys: [], head })).broken[0]).toMatch(/another than the one/)
  })

  test('R203 a tail that is cut off: a head that was kept says so', async () => {
    const { head } = await verify(client, house)
    const cut = [
      `delete from events e using audit_entries n where ${of('n')} and n.seal_no = 4 and e.restaurant_id = n.restaurant_id and e.id = n.event_id`,
      `delete from audit_entries where ${of('audit_entries')} and seal_no = 4`,
      `delete from audit_seals where ${of('audit_seals')} and seal_no = 4`,
    ]
    expect((await tampered(forge, house, cut, { ...known, head })).broken).toEqual(['seal 4: is gone'])
  })

  test('none of it can be done by mistake', async () => {
    for (const table of ['events', 'audit_entries', 'audit_seals']) {
      for (const statement of [
        `update ${table} set restaurant_id = restaurant_id where restaurant_id = '${house.id}'`,
        `delete from ${table} where restaurant_id = '${house.id}'`,
        `truncate ${table}`,
      ]) {
        await expect(givingWay(client, statement), statement).rejects.toThrow(/append-only/)
      }
    }
    await expect(
      client.query(`update audit_seals set signature = 'x' where restaurant_id = '${house.id}'`),
    ).rejects.toThrow()
  })
})

describe('R204 purging', () => {
  test('takes whole seals that are old enough, leaves the chain whole, and says so', async () => {
    const home = await openHouse(where)
    await live(home)
    const { rows } = await client.query('select sealed_at from audit_seals where restaurant_id = $1 and seal_no = 3', [
      home.id,
    ])
    const purge = 'select purge_events($1, $2, now(), $3, 50) as n'
    const gone = (await client.query(purge, [home.id, rows[0].sealed_at, 'night'])).rows[0].n
    expect(gone).toBeGreaterThan(3)
    expect((await client.query(purge, [home.id, rows[0].sealed_at, 'night'])).rows[0].n).toBe(0)
    await sealAll(client, home)
    expect(await verify(client, home)).toMatchObject({ broken: [], seals: 5, purged_seals: 2 })
    const silent = `delete from events where restaurant_id = '${home.id}' and type = 'audit.purged'`
    const forgeHome = await forger(where, home)
    expect((await tampered(forgeHome, home, [silent])).broken).not.toEqual([])
    await forgeHome.end()
    const forgeOther = await forger(where, other)
    const cut = [
      `delete from events e using audit_entries n where n.restaurant_id = '${other.id}' and n.seal_no = 1 and e.restaurant_id = n.restaurant_id and e.id = n.event_id`,
      `delete from audit_entries where restaurant_id = '${other.id}' and seal_no = 1`,
    ]
    expect((await tampered(forgeOther, other, cut)).broken).not.toEqual([])
    await forgeOther.end()
  })
})
