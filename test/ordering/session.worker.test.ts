import { randomUUID } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { type Answer, overlaps, withDatabase } from '../factories.ts'
import { atRoot, openTavern, Phone, until } from './phones.ts'

const where = inject('stack')
const { origin } = where
type Tavern = Awaited<ReturnType<typeof openTavern>>

const as = (token: string | null) => (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  atRoot(origin, token, method, path, body, headers)

/** Staff show somebody to a table. */
function arrive(house: Tavern, more: Record<string, unknown> = {}): Promise<Answer> {
  return as(house.key)('POST', '/table_session', { table_number: '1', ...more })
}
async function phoneAt(house: Tavern, more: Record<string, unknown> = {}): Promise<Phone & { token: string }> {
  const joined = await arrive(house, more)
  if (joined.status !== 201) throw new Error(`not joined: ${JSON.stringify(joined.body)}`)
  const phone = await new Phone(origin, joined.data.ws_token).connect()
  await phone.next('snapshot')
  return Object.assign(phone, { token: String(joined.data.ws_token) })
}

const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()

/** The code that a socket with this token is closed with. */
async function codeFor(token: string | null, how: Parameters<Phone['connect']>[0] = {}): Promise<number> {
  const phone = new Phone(origin, token)
  await phone.connect(how).catch(() => null)
  return phone.gone()
}

describe('coming to a table', () => {
  test('R59: fifty phones at once make one session, one host, one claim', async () => {
    const house = await openTavern(where)
    const [qr] = (await house.call('GET', '/tables')).data
    const asked: [token: string | null, body: Record<string, unknown>][] = [
      [null, { qr_token: qr.qr_token }],
      // Through no limiter, and so all in the same moment.
      [house.key, { table_number: '2' }],
    ]
    for (const [token, body] of asked) {
      const joined = await Promise.all(
        Array.from({ length: 50 }, (_none, i) =>
          as(token)('POST', '/table_session', { ...body, device_id: `device-${i}-of-fifty` }),
        ),
      )
      expect(joined.map((one) => one.status)).toEqual(Array.from({ length: 50 }, () => 201))
      expect(new Set(joined.map((one) => one.data.session.id)).size).toBe(1)
      expect(joined.filter((one) => one.data.created).length).toBe(1)
      expect(joined.filter((one) => one.data.member.is_host).length).toBe(1)
      expect(new Set(joined.map((one) => one.data.member.id)).size).toBe(50)
      expect(new Set(joined.map((one) => one.data.member.nickname)).size).toBe(50)
      const { id, table_id } = joined[0]?.data.session ?? {}
      const claims = await withDatabase(where, (client) =>
        client.query('select kind, owner from claims where table_id = $1 and blocking', [table_id]),
      )
      expect(claims.rows).toEqual([{ kind: 'session', owner: id }])
    }
    expect(await overlaps(where, house.id)).toBe(0)
  })

  test('R60: the same phone finds its member and its lines again; a new one is somebody else', async () => {
    const house = await openTavern(where)
    const first = await phoneAt(house, { device_id: 'my-old-phone', nickname: 'Ana' })
    const line = await first.order(house.menu.soup, { qty: 2, note: 'hot' })
    first.drop()
    const again = await arrive(house, { device_id: 'my-old-phone' })
    expect(again.data).toMatchObject({ created: false, rejoined: true, member: { id: first.you, nickname: 'Ana' } })
    const back = await new Phone(origin, again.data.ws_token).connect()
    expect((await back.next('snapshot')).cart.lines).toEqual([line])
    const byToken = await as(first.token)('POST', '/table_session', { restaurant_name: house.slug, table_number: '1' })
    expect(byToken.data).toMatchObject({ rejoined: true, member: { id: first.you } })
    const other = await arrive(house, { device_id: 'her-new-phone' })
    expect(other.data).toMatchObject({ rejoined: false, created: false, member: { is_host: false } })
    expect(other.data.member.id).not.toBe(first.you)
  })

  test('a repeat of a join is the same join', async () => {
    const house = await openTavern(where)
    const key = { 'idempotency-key': 'scan-1' }
    const body = { table_number: '1', nickname: 'Ana' }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => as(house.key)('POST', '/table_session', body, key)),
    )
    expect(new Set(answers.map((one) => JSON.stringify(one.data))).size).toBe(1)
    expect((await as(house.key)('POST', '/table_session', { ...body, nickname: 'Bo' }, key)).code).toBe(
      'idempotency_key_reused',
    )
  })

  test('by name and number: staff, or where the house lets guests; never another house', async () => {
    const house = await openTavern(where)
    const other = await openTavern(where)
    const asked = { restaurant_name: house.slug, table_number: '2' }
    expect((await as(null)('POST', '/table_session', asked)).code).toBe('qr_required')
    expect((await as(other.key)('POST', '/table_session', asked)).status).toBe(404)
    expect((await as(house.key)('POST', '/table_session', { ...asked, table_number: '99' })).status).toBe(404)
    expect((await as(null)('POST', '/table_session', { ...asked, restaurant_name: 'nowhere' })).status).toBe(404)
    const open = await openTavern(where, { settings: { join_without_qr: 'on' } })
    expect((await as(null)('POST', '/table_session', { ...asked, restaurant_name: open.slug })).status).toBe(201)
    const reader = await house.call('POST', '/keys', { name: 'reader', scopes: ['orders:read'] })
    expect((await as(reader.data.api_key)('POST', '/table_session', asked)).code).toBe('forbidden')
  })

  test('a closed house opens no session to a guest; staff may, and whoever sits there may be joined', async () => {
    const closed = { hours: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '12:00', closes: '13:00' }] }
    const house = await openTavern(where, { ...closed, settings: { join_without_qr: 'on' }, timezone: 'Etc/UTC' })
    const asked = { restaurant_name: house.slug, table_number: '1' }
    const night = { 'x-tableside-now': '2026-12-01T03:00:00Z' }
    const refused = await as(null)('POST', '/table_session', asked, night)
    expect(refused).toMatchObject({
      status: 403,
      code: 'restaurant_closed',
      body: { next_opens_at: '2026-12-01T12:00:00+00:00', next_closes_at: '2026-12-01T13:00:00+00:00' },
    })
    const door = `/is_open?restaurant_name=${house.slug}&table_number=1`
    const { request_id: _door, ...said } = (await as(null)('GET', door, undefined, night)).body
    const { request_id: _join, ...same } = refused.body
    expect(same).toEqual(said)
    expect((await as(house.key)('POST', '/table_session', asked, night)).status).toBe(201)
    expect((await as(null)('POST', '/table_session', asked, night)).data.created).toBe(false)
  })

  test('R61: a session claims a free table until the next claim, and leaves a booked party its own', async () => {
    const house = await openTavern(where)
    const [table] = house.tables
    const booked = await house.call('POST', '/reservations', { date: at(60), guests: 2, table_id: table?.id })
    expect(booked.status).toBe(201)
    const joined = await arrive(house)
    const claims = async (): Promise<unknown[]> => {
      const found = await withDatabase(where, (client) =>
        client.query(
          `select kind, owner, upper(during) = (select min(lower(d.during)) from claims d
             where d.table_id = c.table_id and d.kind = 'reservation') as until_next
             from claims c where c.restaurant_id = $1 and c.blocking order by kind`,
          [house.id],
        ),
      )
      return found.rows
    }
    expect(await claims()).toMatchObject([
      { kind: 'reservation' },
      { kind: 'session', owner: joined.data.session.id, until_next: true },
    ])
    await as(house.key)('PATCH', `/session/${joined.data.session.id}/close`)
    expect(await claims()).toMatchObject([{ kind: 'reservation' }])

    const seated = await openTavern(where)
    const now = await seated.call('POST', '/reservations', { date: at(1), guests: 2, table_id: seated.tables[0]?.id })
    expect(now.status).toBe(201)
    await as(seated.key)('POST', '/table_session', { table_number: '1' }, { 'x-tableside-now': at(5) })
    const kinds = await withDatabase(where, (client) =>
      client.query('select kind from claims where restaurant_id = $1 and blocking', [seated.id]),
    )
    expect(kinds.rows).toEqual([{ kind: 'reservation' }])
  })

  test('force closes what is open: for the host and staff, and for nobody else', async () => {
    const house = await openTavern(where)
    const host = await phoneAt(house, { device_id: 'host-phone' })
    const guest = await phoneAt(house, { device_id: 'guest-phone' })
    await guest.order(house.menu.soup)
    const asked = { restaurant_name: house.slug, table_number: '1', force: true }
    expect((await as(guest.token)('POST', '/table_session', asked)).code).toBe('forbidden')
    const anew = await as(host.token)('POST', '/table_session', asked)
    expect(anew.data).toMatchObject({ created: true })
    expect([await host.gone(), await guest.gone()]).toEqual([4403, 4403])
    const fresh = await new Phone(origin, anew.data.ws_token).connect()
    expect((await fresh.next('snapshot')).cart).toMatchObject({ lines: [], cart_version: 0 })
    const old = await new Phone(origin, guest.token).connect().catch(() => null)
    expect(await old?.gone()).toBe(4403)
    expect((await arrive(house, { force: true })).data.created).toBe(true)
  })

  test('force ends nothing where nothing could be opened instead: ordering is switched off', async () => {
    const house = await openTavern(where)
    const host = await phoneAt(house)
    await as(house.key)('POST', '/admin/system/disable_ordering')
    const asked = { restaurant_name: house.slug, table_number: '1', force: true }
    expect((await as(host.token)('POST', '/table_session', asked)).code).toBe('ordering_disabled')
    expect((await as(host.token)('GET', '/table_session_details')).data.session.closed_at).toBeNull()
  })

  test('a second person joins by what the first knows: a token, the QR, a key; a stranger does not', async () => {
    const house = await openTavern(where)
    const other = await openTavern(where)
    const host = await phoneAt(house, { nickname: 'Ana' })
    const { session } = (await as(host.token)('GET', '/table_session_details')).data
    const body = { session_id: session.id, nickname: 'Bo' }
    const friend = await as(host.token)('POST', '/member', body)
    expect([friend.status, friend.data.member.nickname]).toEqual([201, 'Bo'])
    expect(friend.data.member.id).not.toBe(host.you)
    expect((await host.next('member_join', (one) => one.member.nickname === 'Bo')).member.id).toBe(
      friend.data.member.id,
    )
    expect((await as(house.key)('POST', '/member', { session_id: session.id })).data.member.nickname).toMatch(
      /^\w+ \w+/,
    )
    const table = (await house.call('GET', '/tables')).data[0]
    expect((await as(null)('POST', '/member', { ...body, qr_token: table.qr_token })).status).toBe(201)
    expect((await as(null)('POST', '/member', body)).status).toBe(401)
    expect((await as(other.key)('POST', '/member', body)).status).toBe(404)
  })
})

describe('members', () => {
  let house: Tavern
  beforeAll(async () => {
    house = await openTavern(where)
  })

  test('are renamed by themselves and by staff; others see it; versions are kept', async () => {
    const me = await phoneAt(house, { nickname: 'Ana' })
    const you = await phoneAt(house, { nickname: 'Bo' })
    const renamed = await as(me.token)('PUT', `/member/${me.you}`, {
      nickname: 'Anna',
      allergies: ['nuts'],
      version: 1,
    })
    expect(renamed.data).toMatchObject({ nickname: 'Anna', allergies: ['nuts'], version: 2, online: true })
    const seen = await you.next('member_update')
    expect(seen.member).toMatchObject({ id: me.you, nickname: 'Anna', allergies: ['nuts'] })
    const stale = await as(me.token)('PUT', `/member/${me.you}`, { nickname: 'Annie', version: 1 })
    expect([stale.code, stale.body.current.nickname]).toEqual(['stale_version', 'Anna'])
    expect((await as(you.token)('PUT', `/member/${me.you}`, { nickname: 'X' })).status).toBe(404)
    expect((await as(house.key)('PUT', `/member/${me.you}`, { nickname: 'Table one' })).status).toBe(200)
    const other = await openTavern(where)
    expect((await as(other.key)('PUT', `/member/${me.you}`, { nickname: 'X' })).status).toBe(404)
  })

  test('who is sent away is cut off and stays out; the lines stay for the host', async () => {
    const table = await openTavern(where)
    const host = await phoneAt(table, { device_id: 'host-phone' })
    const guest = await phoneAt(table, { device_id: 'rude-phone' })
    const line = await guest.order(table.menu.soup)
    expect((await as(guest.token)('DELETE', `/member/${host.you}`)).code).toBe('forbidden')
    expect((await as(host.token)('DELETE', `/member/${guest.you}`)).status).toBe(200)
    expect(await guest.gone()).toBe(4403)
    const back = await new Phone(origin, guest.token).connect().catch(() => null)
    expect(await back?.gone()).toBe(4403)
    expect((await as(guest.token)('GET', '/cart_snapshot')).status).toBe(401)
    const [{ qr_token }] = (await table.call('GET', '/tables')).data
    const scanned = await as(null)('POST', '/table_session', { qr_token, device_id: 'rude-phone' })
    expect([scanned.status, scanned.code]).toEqual([403, 'member_removed'])
    await host.next('member_leave', (one) => one.member_id === guest.you)
    const gone = await host.mutate({ op: 'delete', line_id: line.id, version: line.version })
    expect(gone).toMatchObject({ type: 'cart_update', op: 'delete', by: host.you })
  })

  test('when the host leaves, whoever came next is the host; staff may bring back who was sent away', async () => {
    const table = await openTavern(where)
    const host = await phoneAt(table, { device_id: 'host-phone' })
    const [second, third] = [await phoneAt(table), await phoneAt(table)]
    expect((await as(host.token)('DELETE', `/member/${host.you}`)).status).toBe(200)
    expect(await host.gone()).toBe(4403)
    const heir = await third.next('member_update', (one) => one.member.is_host)
    expect(heir.member.id).toBe(second.you)
    const line = await third.order(table.menu.soup)
    expect(await second.mutate({ op: 'delete', line_id: line.id, version: 1 })).toMatchObject({ type: 'cart_update' })
    const back = await arrive(table, { device_id: 'host-phone' })
    expect(back.data).toMatchObject({ rejoined: true, member: { id: host.you, is_host: false } })
    const again = await new Phone(origin, back.data.ws_token).connect()
    expect((await again.next('snapshot')).you).toBe(host.you)
  })

  test('come and go as their phones do', async () => {
    const me = await phoneAt(house)
    const you = await phoneAt(house)
    const left = me.next('member_leave', (one) => one.member_id === you.you)
    you.drop()
    await left
    const before = me.heard.length
    await you.connect()
    expect((await me.next('member_join', (one) => one.member.id === you.you, before)).member.online).toBe(true)
  })
})

describe('the cart', () => {
  test('R50–R57: every phone has the same lines, version and hash, and so has the snapshot over HTTP', async () => {
    const house = await openTavern(where)
    const [me, you] = [await phoneAt(house), await phoneAt(house)]
    const soup = await me.order(house.menu.soup)
    const [mine, yours] = await Promise.all([
      me.order(house.menu.wine, { variant_id: house.menu.bottle, note: 'two glasses' }),
      you.order(house.menu.pasta, { modifiers: [{ group_id: house.menu.cheese, option_ids: [house.menu.pecorino] }] }),
    ])
    expect([mine.unit_price_minor, yours.unit_price_minor]).toEqual([5200, 2000])
    const changed = await me.mutate({ op: 'update', line_id: soup.id, qty: 3, version: soup.version })
    expect(changed).toMatchObject({ line: { qty: 3, version: 2 }, by: me.you, cart_version: 4 })
    await you.next('cart_update', (one) => one.cart_version === 4)
    expect(you.lines).toEqual(me.lines)
    const cart = (await as(you.token)('GET', '/cart_snapshot')).data
    expect(cart).toMatchObject({ cart_version: 4, cart_hash: me.hash(), subtotal_minor: 5200 + 2000 + 2700 })
    expect(you.hash()).toBe(me.hash())
    expect(me.heard.filter((one) => one.type === 'cart_update').at(-1)).toMatchObject({ cart_hash: me.hash() })
    const { session_id } = cart
    expect((await as(house.key)('GET', `/cart_snapshot?sessionId=${session_id}`)).data.cart_hash).toBe(me.hash())
    const other = await openTavern(where)
    expect((await as(other.key)('GET', `/cart_snapshot?sessionId=${session_id}`)).status).toBe(404)
  })

  test('R51, R52: another’s line, a stale line and a line that is gone are refused and change nothing', async () => {
    const house = await openTavern(where)
    const [host, guest] = [await phoneAt(house), await phoneAt(house)]
    const line = await host.order(house.menu.soup)
    const before = host.hash()
    const theirs = await guest.mutate({ op: 'update', line_id: line.id, qty: 9, version: 1 })
    expect(theirs).toMatchObject({ type: 'error', code: 'not_your_line' })
    expect(await guest.mutate({ op: 'delete', line_id: line.id, version: 1 })).toMatchObject({ code: 'not_your_line' })
    const stale = await host.mutate({ op: 'update', line_id: line.id, qty: 2, version: 7 })
    expect(stale).toMatchObject({
      type: 'cart_conflict',
      code: 'stale_line',
      current: { lines: [line], cart_hash: before },
    })
    const unknown = await host.mutate({ op: 'update', line_id: randomUUID(), qty: 2, version: 1 })
    expect(unknown).toMatchObject({ type: 'cart_conflict', code: 'unknown_line' })
    expect((await as(host.token)('GET', '/cart_snapshot')).data).toMatchObject({ cart_version: 1, cart_hash: before })
    const own = await guest.order(house.menu.soup)
    const removed = await host.mutate({ op: 'delete', line_id: own.id, version: 1 })
    expect(removed).toMatchObject({ type: 'cart_update', op: 'delete' })
  })

  test('R56: the same request_id is done once, whatever it asks the second time, also on another socket', async () => {
    const house = await openTavern(where)
    const me = await phoneAt(house)
    const request_id = 'once-only'
    const first = await me.mutate({ op: 'create', menu_item_id: house.menu.soup, version: 0, request_id })
    const again = await me.mutate({ op: 'create', menu_item_id: house.menu.soup, qty: 5, version: 0, request_id })
    expect(again).toEqual(first)
    me.drop()
    await me.connect()
    expect(await me.mutate({ op: 'create', menu_item_id: house.menu.wine, version: 0, request_id })).toEqual(first)
    expect((await as(me.token)('GET', '/cart_snapshot')).data).toMatchObject({ cart_version: 1 })
  })

  test('R53: what a member must not have is ordered only with "I know"; the line keeps that it was said', async () => {
    const house = await openTavern(where)
    const me = await phoneAt(house, { allergies: ['nuts', 'milk'] })
    const wish = { op: 'create', menu_item_id: house.menu.cake, version: 0 } as const
    expect(await me.mutate(wish)).toMatchObject({ type: 'error', code: 'allergy_not_acknowledged' })
    expect(await me.mutate({ ...wish, acknowledged: ['milk'] })).toMatchObject({ code: 'allergy_not_acknowledged' })
    const line = await me.order(house.menu.cake, { acknowledged: ['nuts', 'sesame'] })
    expect(line).toMatchObject({ acknowledged: ['nuts'], allergens: ['eggs', 'nuts'] })
    const pasta = await me.order(house.menu.pasta)
    const modifiers = [{ group_id: house.menu.cheese, option_ids: [house.menu.parmesan] }]
    const cheese = await me.mutate({ op: 'update', line_id: pasta.id, modifiers, version: 1 })
    expect(cheese).toMatchObject({ code: 'allergy_not_acknowledged' })
  })

  test('R54: what runs out is marked in every cart at once, and no more of it can be had', async () => {
    const house = await openTavern(where)
    const [me, you] = [await phoneAt(house), await phoneAt(house)]
    const line = await me.order(house.menu.soup, { qty: 2 })
    expect((await house.call('PATCH', `/menu/items/${house.menu.soup}`, { sold_out: true })).status).toBe(200)
    for (const phone of [me, you]) {
      expect(await phone.next('menu_update')).toMatchObject({ menu_item_id: house.menu.soup, sold_out: true })
      expect(phone.lines).toMatchObject([{ id: line.id, sold_out: true, version: 1 }])
    }
    expect((await as(me.token)('GET', '/cart_snapshot')).data.lines).toMatchObject([{ sold_out: true, version: 1 }])
    const wish = { op: 'create', menu_item_id: house.menu.soup, version: 1 } as const
    expect(await you.mutate(wish)).toMatchObject({ type: 'error', code: 'sold_out_item' })
    const more = { op: 'update', line_id: line.id, version: 1 } as const
    expect(await me.mutate({ ...more, qty: 3 })).toMatchObject({ code: 'sold_out_item' })
    expect(await me.mutate({ ...more, qty: 1 })).toMatchObject({ type: 'cart_update' })
    await house.call('PATCH', `/menu/items/${house.menu.soup}`, { sold_out: false, stock: 2 })
    await you.next('menu_update', (one) => !one.sold_out)
    expect(await you.mutate({ ...wish, qty: 2 })).toMatchObject({ code: 'sold_out_item' })
    expect(await you.mutate(wish)).toMatchObject({ type: 'cart_update' })
  })

  test('bad messages are answered and change nothing', async () => {
    const house = await openTavern(where)
    const me = await phoneAt(house)
    const bad = [
      'not json',
      '[]',
      '{}',
      '{"type":"nothing"}',
      '{"type":"resume","last_seq":-1}',
      JSON.stringify({ type: 'cart_mutate', request_id: 'r', op: 'create', menu_item_id: 'x', version: 0 }),
      JSON.stringify({ type: 'cart_mutate', request_id: 'r', op: 'explode', version: 0 }),
      JSON.stringify({ type: 'cart_mutate', request_id: 'r', op: 'create', version: 0, price_minor: 1 }),
      `{"type":"${'x'.repeat(20_000)}"}`,
    ]
    for (const [i, one] of bad.entries()) {
      me.say(one)
      await until(() => me.heard.filter((message) => message.type === 'error').length === i + 1, `error ${i}`)
    }
    expect(me.heard.filter((one) => one.type === 'error').every((one) => one.code === 'malformed')).toBe(true)
    const nothing = await me.mutate({ op: 'create', version: 0 })
    expect(nothing).toMatchObject({ type: 'error', code: 'malformed' })
    me.say({ type: 'ping' })
    me.say('{ "type": "ping" }')
    await until(() => me.heard.filter((message) => message.type === 'pong').length === 3)
    expect((await as(me.token)('GET', '/cart_snapshot')).data.cart_version).toBe(0)
  })
})

describe('a phone that was away', () => {
  test('R63: gets what it missed by number, and the whole cart when that is too much', async () => {
    const house = await openTavern(where)
    const [me, away] = [await phoneAt(house), await phoneAt(house)]
    await me.order(house.menu.soup)
    await away.next('cart_update')
    away.drop()
    await me.next('member_leave')
    const { seq } = away
    await me.order(house.menu.wine, { variant_id: house.menu.glass })
    await me.order(house.menu.cake)
    const before = away.heard.length
    await away.connect({ query: `?last_seq=${seq}` })
    await away.next('cart_update', (one) => one.cart_version === 3, before)
    expect(away.heard.slice(before).some((one) => one.type === 'snapshot')).toBe(false)
    expect([away.gaps, away.lines]).toEqual([0, me.lines])
    away.say({ type: 'resume', last_seq: 1 })
    await until(() => away.heard.filter((one) => one.type === 'cart_update' && one.cart_version === 1).length === 2)
    expect(away.lines).toEqual(me.lines)
    const so_far = away.heard.length
    away.say({ type: 'resume', last_seq: 1_000_000 })
    expect((await away.next('snapshot', undefined, so_far)).cart.lines).toEqual(me.lines)

    // More than the log keeps, by as many hands as that takes.
    away.hangUp()
    const hands = await Promise.all(Array.from({ length: 8 }, () => phoneAt(house)))
    await Promise.all(
      hands.map(async (hand) => {
        let line = await hand.order(house.menu.soup)
        for (let i = 0; i < 64; i++) {
          const changed = await hand.mutate({ op: 'update', line_id: line.id, qty: 1 + (i % 9), version: line.version })
          if (changed.type !== 'cart_update' || !changed.line) throw new Error(JSON.stringify(changed))
          line = changed.line
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
      }),
    )
    const missed_all = away.heard.length
    await away.connect({ query: `?last_seq=${seq}` })
    expect((await away.next('snapshot', undefined, missed_all)).cart.cart_version).toBe(3 + 8 * 65)
    await until(() => me.seq === away.seq)
    expect([away.hash(), me.gaps]).toEqual([me.hash(), 0])
  }, 60_000)

  test('may ask for several messages in one frame', async () => {
    const house = await openTavern(where)
    const me = await phoneAt(house)
    const { seq } = me
    for (let i = 0; i < 5; i++) await me.order(house.menu.soup)
    const joined = await as(me.token)('POST', '/member', { session_id: (await me.next('snapshot')).cart.session_id })
    const batched = await new Phone(origin, joined.data.ws_token).connect({ query: `?batch=1&last_seq=${seq}` })
    await until(() => batched.lines.length === 5)
    expect(batched.hash()).toBe(me.hash())
  })
})

describe('sockets are closed with the code that says why', () => {
  test('R62: no token, a forged one, an expired one, another audience’s: 4401', async () => {
    const house = await openTavern(where)
    const me = await phoneAt(house)
    const [head = '', body = '', mac = ''] = me.token.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const secret = new TextEncoder().encode('tableside-local-token-secret-0123456789')
    const { exp: _exp, iat: _iat, aud: _aud, iss: _iss, ...rest } = claims
    const forge = (change: (jwt: SignJWT) => SignJWT, key = secret, alg = 'HS256'): Promise<string> =>
      change(
        new SignJWT(rest)
          .setProtectedHeader({ alg, typ: 'JWT' })
          .setAudience('table')
          .setIssuer('tableside')
          .setExpirationTime('1h'),
      ).sign(key)
    expect(await codeFor(await forge((jwt) => jwt.setExpirationTime('-1s')))).toBe(4401)
    expect(await codeFor(await forge((jwt) => jwt.setAudience('console')))).toBe(4401)
    expect(await codeFor(await forge((jwt) => jwt.setIssuer('elsewhere')))).toBe(4401)
    expect(await codeFor(await forge((jwt) => jwt, new TextEncoder().encode('x'.repeat(40))))).toBe(4401)
    expect(await codeFor(await forge((jwt) => jwt, secret, 'HS384'))).toBe(4401)
    expect(await codeFor(new UnsecuredJWT(claims).encode())).toBe(4401)
    const other = Buffer.from(JSON.stringify({ ...claims, sub: randomUUID() })).toString('base64url')
    expect(await codeFor(`${head}.${other}.${mac}`)).toBe(4401)
    expect(await codeFor(null)).toBe(4401)
    expect(await codeFor(house.key)).toBe(4401)
    expect(await codeFor('eyJ.eyJ.x', { subprotocol: true })).toBe(4401)
    for (const path of ['/cart_snapshot', '/table_session_details'])
      expect((await as(`${head}.${other}.${mac}`)('GET', path)).status).toBe(401)
    // A token that is well made, for a member nobody knows.
    const nobody = await forge((jwt) => jwt.setSubject(randomUUID()))
    expect(await codeFor(nobody)).toBe(4403)
  })

  test('both ways of carrying the token work, and the protocol is answered', async () => {
    const house = await openTavern(where)
    const me = await phoneAt(house)
    const browser = await new Phone(origin, me.token).connect({ subprotocol: true })
    expect(browser.protocol).toBe('tableside.v1')
    await browser.next('snapshot')
    expect((await as(me.token)('GET', '/ws')).code).toBe('upgrade_required')
  })

  test('R58: closing tells the phones and cuts them off; restoring brings the cart back to those who scan again', async () => {
    const house = await openTavern(where)
    const me = await phoneAt(house, { device_id: 'same-phone' })
    const line = await me.order(house.menu.soup)
    const { session_id } = (await me.next('snapshot')).cart
    const other = await openTavern(where)
    expect((await as(other.key)('PATCH', `/session/${session_id}/close`)).status).toBe(404)
    expect((await as(me.token)('PATCH', `/session/${session_id}/close`)).status).toBe(401)
    expect((await as(house.key)('PATCH', `/session/${session_id}/close`, { version: 9 })).code).toBe('stale_version')
    const closed = await as(house.key)('PATCH', `/session/${session_id}/close`, { why: 'they went home' })
    expect(closed.data).toMatchObject({ status: 'closed', close_reason: 'they went home', version: 2 })
    expect(await me.next('session_closed').catch(() => null)).toMatchObject({ why: 'they went home' })
    expect(await me.gone()).toBe(4403)
    expect(await codeFor(me.token)).toBe(4403)
    expect((await as(me.token)('GET', '/cart_snapshot')).status).toBe(401)
    expect((await as(house.key)('PATCH', `/session/${session_id}/close`)).status).toBe(200)

    const restored = await as(house.key)('PATCH', `/session/${session_id}/restore`)
    expect(restored.data).toMatchObject({ status: 'active', version: 3 })
    expect(await codeFor(me.token)).toBe(4403)
    const back = await arrive(house, { device_id: 'same-phone' })
    expect(back.data).toMatchObject({ created: false, rejoined: true, member: { id: me.you } })
    const again = await new Phone(origin, back.data.ws_token).connect()
    expect((await again.next('snapshot')).cart.lines).toEqual([line])

    await as(house.key)('PATCH', `/session/${session_id}/close`)
    const next = await arrive(house)
    expect(next.data.created).toBe(true)
    const refused = await as(house.key)('PATCH', `/session/${session_id}/restore`)
    expect([refused.code, refused.body.current.id]).toEqual(['session_open', next.data.session.id])
  })

  test('R64: a phone that sends more than a hand can is cut off with 4429, and the others go on', async () => {
    const house = await openTavern(where)
    const [loud, quiet] = [await phoneAt(house), await phoneAt(house)]
    for (let i = 0; i < 80; i++) loud.say({ type: 'resume', last_seq: loud.seq })
    expect(await loud.gone()).toBe(4429)
    expect(await quiet.order(house.menu.soup)).toMatchObject({ qty: 1 })
  })
})

describe('staff', () => {
  test('see the open sessions, close one by force, switch a table and the house; phones hear of it at once', async () => {
    const house = await openTavern(where)
    const other = await openTavern(where)
    const me = await phoneAt(house)
    const elsewhere = await phoneAt(other)
    const staff = as(house.key)
    const [active, ...more] = (await staff('GET', '/admin/sessions/active')).data
    expect(more).toEqual([])
    expect(active).toMatchObject({ table_number: '1', members: 1, open_minutes: 0, idle_minutes: 0, status: 'active' })

    const table = house.tables[0]?.id
    expect((await as(other.key)('POST', `/admin/table/${table}/disable`)).status).toBe(404)
    expect((await staff('POST', `/admin/table/${table}/disable`)).data).toMatchObject({ enabled: false })
    await me.next('notice', (one) => one.code === 'table_disabled')
    const { qr_token } = (await house.call('GET', '/tables')).data[0]
    expect((await as(null)('POST', '/table_session', { qr_token })).code).toBe('table_disabled')
    await staff('POST', `/admin/table/${table}/enable`)
    await me.next('notice', (one) => one.code === 'table_enabled')

    expect((await staff('POST', '/admin/system/disable_ordering')).data).toEqual({ ordering_enabled: false })
    await me.next('notice', (one) => one.code === 'ordering_disabled')
    const second = (await house.call('GET', '/tables')).data[1]
    expect((await as(null)('POST', '/table_session', { qr_token: second.qr_token })).code).toBe('ordering_disabled')
    expect((await staff('POST', '/admin/system/enable_ordering', {})).data).toEqual({ ordering_enabled: true })
    await me.next('notice', (one) => one.code === 'ordering_enabled')
    expect(elsewhere.heard.filter((one) => one.type === 'notice')).toEqual([])

    expect((await as(other.key)('POST', `/admin/session/${active.id}/force_close`)).status).toBe(404)
    expect((await staff('POST', `/admin/session/${active.id}/force_close`)).data.close_reason).toBe('force_closed')
    expect(await me.gone()).toBe(4403)
    expect((await staff('GET', '/admin/sessions/active')).data).toEqual([])
    const reader = await house.call('POST', '/keys', { name: 'reader', scopes: ['orders:read', 'floor:read'] })
    for (const path of ['/admin/system/disable_ordering', `/admin/table/${table}/disable`])
      expect((await as(reader.data.api_key)('POST', path)).code).toBe('forbidden')
  })
})

test('R58 a token that was taken back is remembered for as long as it could be valid, and then forgotten', async () => {
  const house = await openTavern(where)
  const joined = await as(house.key)('POST', '/table_session', { table_number: '1' })
  const { session, ws_token } = joined.data
  const { jti, exp } = JSON.parse(Buffer.from(ws_token.split('.')[1], 'base64url').toString())
  expect((await as(house.key)('PATCH', `/session/${session.id}/close`, {})).status).toBe(200)
  const asked = await fetch(`${where.control_origin}/redis`, {
    method: 'POST',
    headers: { authorization: 'Bearer local' },
    body: JSON.stringify(['TTL', `revoked:${jti}`]),
  })
  const seconds = Object(await asked.json()).result
  expect(seconds).toBeGreaterThanOrEqual(exp - Math.ceil(Date.now() / 1000))
  expect(seconds).toBeLessThanOrEqual(12 * 3600)
})
