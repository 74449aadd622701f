import { afterEach, expect, inject, test } from 'vitest'
import { hire, signedIn } from '../access/people.ts'
import { daysAhead, type House, openHouse, withDatabase } from '../factories.ts'
import { atRoot } from '../ordering/phones.ts'
import { Screen, until } from './screens.ts'

const stack = inject('stack')
const open: Screen[] = []
afterEach(() => {
  for (const screen of open.splice(0)) screen.drop()
})

function screenOf(house: House, how: ConstructorParameters<typeof Screen>[1] = {}): Screen {
  const screen = new Screen(stack.origin, { key: house.key, ...how })
  open.push(screen)
  return screen
}
const booking = (n = 0, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  phone_number: `+65812300${String(n).padStart(2, '0')}`,
  name: 'Ana',
  reservation_date: daysAhead(2),
  reservation_time: '19:00',
  party_size: 2,
  ...more,
})
async function keyWith(house: House, scopes: string[]): Promise<{ id: string; api_key: string }> {
  const made = await house.call('POST', '/keys', { name: 'one of few', scopes })
  expect(made.status).toBe(201)
  return made.data
}

test('R95: a change is at every console of its house, numbered, and at no other house’s', async () => {
  const [house, other] = [await openHouse(stack), await openHouse(stack)]
  const [first, second] = [await screenOf(house).connect(), await screenOf(house, { subprotocol: true }).connect()]
  const elsewhere = await screenOf(other).connect()
  await until(() => [first, second, elsewhere].every((one) => one.snapshots === 1))
  expect(second.protocol).toBe('tableside.floor.v1')
  const [snapshot] = first.heard.flatMap((one) => (one.type === 'snapshot' ? [one] : []))
  expect(snapshot?.tables).toHaveLength(3)

  const request_id = 'booked-by-the-test'
  const made = await house.call('POST', '/reservations', booking(), { 'x-request-id': request_id })
  expect(made.status).toBe(201)
  for (const screen of [first, second]) {
    const heard = await screen.event((one) => one.event === 'reservation.booked')
    expect(heard).toMatchObject({ subject_id: made.data.id, request_id, by: { kind: 'key' } })
    expect(heard.data).toMatchObject({ confirmation_code: made.data.confirmation_code, phone_number: '+6581230000' })
  }
  expect(first.events).toEqual(second.events)
  await house.call('DELETE', `/reservations/${made.data.id}`)
  await first.event((one) => one.event === 'reservation.cancel')
  expect([first.gaps, first.repeats, elsewhere.events.length]).toEqual([0, 0, 0])
})

test('R96: who was away hears what it missed; a number that is not kept brings a snapshot', async () => {
  const house = await openHouse(stack)
  const stays = await screenOf(house).connect()
  const away = await screenOf(house).connect()
  await until(() => away.snapshots === 1 && stays.snapshots === 1)
  away.drop()
  for (let n = 0; n < 3; n++) await house.call('POST', '/reservations', booking(n))
  await stays.event((one) => one.event === 'reservation.booked' && one.subject_id === stays.events.at(-1)?.subject_id)
  await away.resume()
  await until(() => away.seq === stays.seq && away.events.length >= 3)
  expect(away.events).toEqual(stays.events)
  expect([away.gaps, away.repeats, away.snapshots]).toEqual([0, 0, 1])
  const lost = await screenOf(house, { query: '?last_seq=99999' }).connect()
  await until(() => lost.snapshots === 1)
  expect(lost.heard[0]).toMatchObject({ type: 'hello', resumed: false })
})

test('R95: what happened while nobody looked on is not lost to who resumes', async () => {
  const house = await openHouse(stack)
  const screen = await screenOf(house).connect()
  await until(() => screen.snapshots === 1)
  screen.drop()
  await until(async () => {
    const floors = await openFloors(house)
    return floors === 1
  })
  const made = await house.call('POST', '/reservations', booking())
  await screen.resume()
  await screen.event((one) => one.subject_id === made.data.id)
  expect(screen.gaps).toBe(0)
})

function openFloors(house: House): Promise<number> {
  return withDatabase(stack, async (client) => {
    const found = await client.query('select 1 from open_floors where restaurant_id = $1', [house.id])
    return found.rowCount ?? 0
  })
}

test('R95: a change that no Worker told of is told by the next, by whoever asks, and by the tick', async () => {
  const house = await openHouse(stack)
  const screen = await screenOf(house).connect()
  await until(() => screen.snapshots === 1)
  // As a Worker that died between its commit and its telling.
  const slip = (type: string): Promise<string> =>
    withDatabase(stack, async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
         values ($1, now(), $2, gen_random_uuid(), '{"kind": "cron"}', 'lost', '{"number": "1"}') returning subject_id as id`,
        [house.id, type],
      )
      return rows[0]?.id ?? ''
    })
  const first = await slip('table.changed')
  const made = await house.call('POST', '/reservations', booking())
  await screen.event((one) => one.subject_id === first)
  await screen.event((one) => one.subject_id === made.data.id)

  const second = await slip('table.changed')
  const asked = await atRoot(stack.origin, house.key, 'GET', `/admin/feed?last_seq=${screen.seq}`)
  expect(asked.data).toMatchObject({ complete: true, events: [{ subject_id: second, data: { number: '1' } }] })
  await screen.event((one) => one.subject_id === second)

  const third = await slip('table.changed')
  const ticked = await fetch(`${stack.control_origin}/worker/cron`, { method: 'POST', body: '{"cron":"*/5 * * * *"}' })
  expect(ticked.ok).toBe(true)
  await screen.event((one) => one.subject_id === third)
  expect(screen.events.map((one) => one.seq)).toEqual(screen.events.map((_one, n) => (screen.events[0]?.seq ?? 0) + n))
})

test('R95: a transaction that commits late is told when it commits, and holds up nobody meanwhile', async () => {
  const house = await openHouse(stack)
  const screen = await screenOf(house).connect()
  await until(() => screen.snapshots === 1)
  await withDatabase(stack, async (client) => {
    await client.query('begin')
    const { rows } = await client.query<{ subject_id: string }>(
      `insert into events (restaurant_id, at, type, subject_id, actor, request_id)
       values ($1, now(), 'table.changed', gen_random_uuid(), '{"kind": "cron"}', 'late') returning subject_id`,
      [house.id],
    )
    const made = await house.call('POST', '/reservations', booking())
    await screen.event((one) => one.subject_id === made.data.id, 'the booking beside the open transaction')
    await client.query('commit')
    await house.call('POST', '/reservations', booking(1, { reservation_time: '21:30' }))
    await screen.event((one) => one.subject_id === rows[0]?.subject_id, 'the late one')
    expect([screen.gaps, screen.repeats]).toEqual([0, 0])
  })
})

test('R95: what happened to one thing is told in the order in which it happened, whoever began first', async () => {
  const house = await openHouse(stack)
  const screen = await screenOf(house).connect()
  await until(() => screen.snapshots === 1)
  const [subject] = house.tables
  const insert = `insert into events (restaurant_id, at, type, subject_id, actor, request_id, after)
                  values ($1, now(), 'table.changed', $2, '{"kind": "cron"}', 'r', $3)`
  await withDatabase(stack, async (waits) => {
    await waits.query('begin')
    // It has its number, and now waits for what the other has locked.
    await waits.query('select pg_current_xact_id()')
    await withDatabase(stack, (goes) => goes.query(insert, [house.id, subject?.id, { number: 'first' }]))
    await waits.query(insert, [house.id, subject?.id, { number: 'second' }])
    await waits.query('commit')
  })
  await atRoot(stack.origin, house.key, 'GET', '/admin/feed?last_seq=0')
  await until(() => screen.events.length === 2)
  expect(screen.events.map((one) => one.data)).toEqual([{ number: 'first' }, { number: 'second' }])
})

test('R98: who shows no good key is closed with 4401, who may not look on with 4403', async () => {
  const house = await openHouse(stack)
  const codeOf = async (how: ConstructorParameters<typeof Screen>[1]): Promise<number> => {
    const screen = new Screen(stack.origin, how)
    open.push(screen)
    await screen.connect().catch(() => undefined)
    return screen.gone()
  }
  expect(await codeOf({})).toBe(4401)
  expect(await codeOf({ key: 'tsk_nobodyknowsthis' })).toBe(4401)
  expect(await codeOf({ key: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' })).toBe(4401)
  expect(await codeOf({ key: (await keyWith(house, ['reservations:read'])).api_key })).toBe(4403)
  const plain = await fetch(`${stack.origin}/admin/ws`, { headers: { authorization: `Bearer ${house.key}` } })
  expect(plain.status).toBe(426)
  const wrong = await fetch(`${stack.origin}/admin/ws?last_seq=x`, { headers: { upgrade: 'websocket' } }).catch(
    () => null,
  )
  expect(wrong?.status ?? 422).toBe(422)
})

test('R97: without guests:read nobody is told how to reach a guest, by socket or otherwise', async () => {
  const house = await openHouse(stack)
  const { api_key: key } = await keyWith(house, ['floor:read'])
  const screen = await screenOf(house, { key }).connect()
  await until(() => screen.snapshots === 1)
  const made = await house.call('POST', '/reservations', booking(7, { email: 'ana@example.com' }))
  const heard = await screen.event((one) => one.subject_id === made.data.id)
  expect(heard.data).toMatchObject({ name: 'Ana', party_size: 2 })
  const asked = await atRoot(stack.origin, key, 'GET', '/admin/feed?last_seq=0')
  expect(asked.data.complete).toBe(true)
  for (const said of [JSON.stringify(screen.heard), JSON.stringify(asked.body)]) {
    expect(said).not.toContain('81230007')
    expect(said).not.toContain('ana@example.com')
  }
  expect((await atRoot(stack.origin, key, 'GET', '/admin/feed')).status).toBe(422)
  const stranger = await keyWith(house, ['orders:read'])
  expect((await atRoot(stack.origin, stranger.api_key, 'GET', '/admin/feed?last_seq=0')).status).toBe(403)
})

test('R98: a revoked key’s consoles are cut off at once', async () => {
  const house = await openHouse(stack)
  const key = await keyWith(house, ['floor:read'])
  const theirs = await screenOf(house, { key: key.api_key }).connect()
  const ours = await screenOf(house).connect()
  await until(() => theirs.snapshots === 1 && ours.snapshots === 1)
  expect((await house.call('DELETE', `/keys/${key.id}`)).status).toBe(200)
  expect(await theirs.gone()).toBe(4403)
  await ours.event((one) => one.event === 'key.revoked' && one.data === null)
  const again = screenOf(house, { key: key.api_key })
  await again.connect().catch(() => undefined)
  expect(await again.gone()).toBe(4401)
})

test('R98: who signed in looks on from our own pages alone, by what their role may see, until they sign out', async () => {
  const house = await openHouse(stack)
  const [host, kitchen] = [await hire(stack, house, 'host'), await hire(stack, house, 'kitchen')]
  const browser = await signedIn(stack, host)
  const cookie = `ts_access=${browser.jar.access}`
  const theirs = screenOf(house, { key: undefined, headers: { cookie, origin: stack.origin } })
  await theirs.connect()
  const elsewhere = screenOf(house, { key: undefined, headers: { cookie, origin: 'https://evil.example' } })
  await elsewhere.connect().catch(() => undefined)
  expect(await elsewhere.gone()).toBe(4403)
  const cook = await signedIn(stack, kitchen)
  const byToken = await screenOf(house, { key: cook.jar.access ?? '', subprotocol: true }).connect()
  await until(() => theirs.snapshots === 1 && byToken.snapshots === 1)

  const made = await house.call('POST', '/reservations', booking(4))
  const seen = async (screen: Screen): Promise<unknown> =>
    (await screen.event((one) => one.subject_id === made.data.id)).data?.['phone_number']
  expect([await seen(theirs), await seen(byToken)]).toEqual(['+6581230004', undefined])

  expect((await browser.call('POST', '/api/auth/sign-out')).status).toBe(200)
  expect(await theirs.gone()).toBe(4403)
  const again = screenOf(house, { key: undefined, headers: { cookie, origin: stack.origin } })
  await again.connect().catch(() => undefined)
  expect(await again.gone()).toBe(4401)
  expect(byToken.closed).toBeNull()
})

test('R95: what a phone at a table, a till and a tick do is in the feed too', async () => {
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }]
  const house = await openHouse(stack, { hours, settings: { join_without_qr: 'on' } })
  const screen = await screenOf(house).connect()
  await until(() => screen.snapshots === 1)
  const joined = await atRoot(stack.origin, null, 'POST', '/table_session', {
    restaurant_name: house.slug,
    table_number: '1',
  })
  expect(joined.status).toBe(201)
  await screen.event((one) => one.event === 'session.opened')
  const { ws_token, session } = joined.data
  expect((await atRoot(stack.origin, ws_token, 'POST', `/session/${session.id}/call`, { kind: 'bill' })).status).toBe(
    201,
  )
  await screen.event((one) => one.event === 'call.made')
})

test('R95: in a house without consoles nothing is read; who asks first begins there', async () => {
  const house = await openHouse(stack)
  expect((await house.call('POST', '/reservations', booking())).status).toBe(201)
  const asked = await atRoot(stack.origin, house.key, 'GET', '/admin/feed?last_seq=0')
  expect(asked.data).toEqual({ seq: 0, complete: true, events: [] })
  const made = await house.call('POST', '/reservations', booking(1))
  const again = await atRoot(stack.origin, house.key, 'GET', '/admin/feed?last_seq=0')
  expect(again.data.events.map((one: { subject_id: string }) => one.subject_id)).toContain(made.data.id)
})
