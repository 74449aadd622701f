import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { MemberFacts, SessionFacts, TableSessionStub } from '../../src/ordering/object.ts'
import { cartHash } from '../../src/ordering/rules.ts'
import type { CartMutate } from '../../src/ordering/schema.ts'
import { Menu } from '../../src/restaurants/menu-schema.ts'

const uuid = (): string => crypto.randomUUID()
const soup = uuid()
const menu: Menu = Menu.parse({
  version: 1,
  currency: 'SGD',
  categories: [
    {
      id: uuid(),
      name: 'Food',
      windows: [],
      items: [
        {
          id: soup,
          name: 'Soup',
          price_minor: 900,
          description: null,
          variants: [],
          modifiers: [],
          allergens: [],
          diets: [],
          available: true,
          sold_out: false,
          stock: null,
          tax_permille: 0,
          windows: [],
          version: 1,
        },
      ],
    },
  ],
})

type Sat = { table: TableSessionStub; session: SessionFacts; member: MemberFacts }
const namespace = Object(env).TABLE_SESSION

/** Puts the object away, as happens when nobody asks it anything for a while. */
function putAway(table: TableSessionStub, how: { webSockets?: 'close' } = {}): Promise<void> {
  return evictDurableObject(asStub(table), how)
}
/** What the namespace gave is a stub of workerd's, whatever else it is known to speak. */
function asStub(table: TableSessionStub): DurableObjectStub {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return table as unknown as DurableObjectStub
}

/** A table with a session, one member and the menu. */
async function sit(changes: Partial<SessionFacts> = {}): Promise<Sat> {
  const [restaurant_id, table_id] = [uuid(), uuid()]
  const table: TableSessionStub = namespace.getByName(`${restaurant_id}:${table_id}`)
  const session: SessionFacts = {
    id: uuid(),
    restaurant_id,
    table_id,
    opened_at: '2026-12-01T12:00:00Z',
    currency: 'SGD',
    timezone: 'Asia/Singapore',
    pass_required: false,
    version: 1,
    ...changes,
  }
  const member: MemberFacts = { id: uuid(), nickname: 'Ana', is_host: true, allergies: [], pass_ok: false }
  expect(await table.attach({ session, member, menu_version: 1 })).toEqual({ ok: true, need_menu: true })
  await table.setMenu(menu)
  return { table, session, member }
}

const create = (request_id: string, more: Partial<CartMutate> = {}): CartMutate => {
  return { type: 'cart_mutate', request_id, op: 'create', menu_item_id: soup, version: 0, ...more }
}
const who = ({ session, member }: Sat): { session_id: string; member_id: string } => {
  return { session_id: session.id, member_id: member.id }
}

async function connect(sat: Sat): Promise<{ heard: { type: string; seq: number }[]; socket: WebSocket }> {
  const connection = { ...who(sat), expires_at: Date.now() + 60_000, batch: false, last_seq: null }
  const headers = { upgrade: 'websocket', 'x-tableside-member': JSON.stringify(connection) }
  const { webSocket } = await sat.table.fetch(new Request('https://table/', { headers }))
  if (!webSocket) throw new Error('no socket')
  const heard: { type: string; seq: number }[] = []
  webSocket.addEventListener('message', (event) => void heard.push(JSON.parse(String(event.data))))
  webSocket.accept()
  return { heard, socket: webSocket }
}
async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; !holds(); n++) {
    if (n > 500) throw new Error('it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('an object that was put away between any two calls is the same object', async () => {
  const sat = await sit()
  const { table, session } = sat
  const first = await table.mutate(who(sat), create('a'))
  for (let n = 0; n < 5; n++) {
    await putAway(table)
    expect(await table.mutate(who(sat), create('a'))).toEqual({ ...first, replayed: true })
    await putAway(table)
    expect(await table.mutate(who(sat), create(`b${n}`, { qty: n + 1 }))).toMatchObject({
      ok: true,
      cart_version: n + 2,
    })
  }
  await putAway(table)
  const cart = await table.snapshot(session.id)
  expect(cart?.lines.map((line) => line.qty)).toEqual([1, 1, 2, 3, 4, 5])
  expect(cart).toMatchObject({ cart_version: 6, cart_hash: cartHash(cart?.lines ?? []), subtotal_minor: 16 * 900 })
})

test('a socket sleeps with its object and goes on where it was; its numbers have no gap', async () => {
  const sat = await sit()
  const { heard, socket } = await connect(sat)
  await until(() => heard.length === 1)
  for (let n = 0; n < 4; n++) {
    await putAway(sat.table)
    socket.send(JSON.stringify(create(`r${n}`)))
    await until(() => heard.filter((one) => one.type === 'cart_update').length === n + 1)
  }
  const numbers = heard.map((one) => one.seq)
  expect(numbers).toEqual(numbers.map((_seq, n) => (numbers[0] ?? 0) + n))
  socket.close()
})

test('sockets that die with their object are missed when it wakes', async () => {
  const sat = await sit()
  const { heard } = await connect(sat)
  await until(() => heard.length === 1)
  expect((await sat.table.snapshot(sat.session.id))?.members).toMatchObject([{ online: true }])
  await putAway(sat.table, { webSockets: 'close' })
  expect((await sat.table.snapshot(sat.session.id))?.members).toMatchObject([{ online: false }])
})

test('an order freezes, is placed and leaves the cart, each step once, whatever is put away between them', async () => {
  const sat = await sit()
  const { table, session } = sat
  await table.mutate(who(sat), create('a', { qty: 2 }))
  const cart = await table.snapshot(session.id)
  const wish = { ...who(sat), key: 'k1', cart_version: cart?.cart_version ?? 0, cart_hash: cart?.cart_hash ?? '' }
  expect(await table.freeze({ ...wish, cart_version: 7 })).toMatchObject({
    ok: false,
    code: 'stale_cart',
    current: cart,
  })
  expect(await table.freeze({ ...wish, cart_hash: 'x' })).toMatchObject({ ok: false, code: 'stale_cart' })
  const frozen = await table.freeze(wish)
  expect(frozen).toMatchObject({ ok: true, replayed: false, lines: cart?.lines, order_id: null })
  await putAway(table)
  expect(await table.freeze(wish)).toEqual({ ...frozen, replayed: true })
  expect(await table.freeze({ ...wish, key: 'k2' })).toMatchObject({ code: 'cart_frozen', held_by: { key: 'k1' } })
  expect(await table.mutate(who(sat), create('b'))).toMatchObject({ ok: false, code: 'cart_frozen' })

  await table.unfreeze({ key: 'k1' })
  await putAway(table)
  expect(await table.mutate(who(sat), create('c'))).toMatchObject({ ok: true })
  const next = await table.snapshot(session.id)
  const again = { ...wish, cart_version: next?.cart_version ?? 0, cart_hash: next?.cart_hash ?? '' }
  expect(await table.freeze(again)).toMatchObject({ ok: true, lines: next?.lines })

  const order = { key: 'k1', order_id: uuid(), status: 'fired' as const, pos_ticket: '007' }
  expect(await table.markOrdered({ ...order, key: 'nobody’s' })).toEqual({ ok: false, code: 'unknown_key' })
  expect(await table.markOrdered(order)).toEqual({ ok: true, replayed: false })
  await putAway(table)
  expect(await table.markOrdered(order)).toEqual({ ok: true, replayed: true })
  await table.unfreeze({ key: 'k1' })
  expect(await table.freeze(again)).toMatchObject({ ok: true, replayed: true, order_id: order.order_id })
  const after = await table.snapshot(session.id)
  expect(after).toMatchObject({ lines: [], cart_version: (next?.cart_version ?? 0) + 1, cart_hash: cartHash([]) })
  const empty = { ...wish, key: 'k3', cart_version: after?.cart_version ?? 0, cart_hash: after?.cart_hash ?? '' }
  expect(await table.freeze(empty)).toMatchObject({ ok: false, code: 'cart_empty' })
})

test('a pass that is owed keeps the cart shut for its member, until it is accepted', async () => {
  const sat = await sit({ pass_required: true })
  expect(await sat.table.mutate(who(sat), create('a'))).toMatchObject({ ok: false, code: 'pass_required' })
  await sat.table.passAccepted(who(sat))
  await putAway(sat.table)
  expect(await sat.table.mutate(who(sat), create('b'))).toMatchObject({ ok: true })
  const bo: MemberFacts = { ...sat.member, id: uuid(), is_host: false }
  await sat.table.attach({ session: sat.session, member: bo, menu_version: 1 })
  const theirs = { session_id: sat.session.id, member_id: bo.id }
  expect(await sat.table.mutate(theirs, create('c'))).toMatchObject({ ok: false, code: 'pass_required' })
})

test('of two sessions the later is the table’s; a late word of the earlier changes nothing', async () => {
  const sat = await sit()
  const { table, session, member } = sat
  await table.mutate(who(sat), create('a'))
  const later = { ...session, id: uuid(), opened_at: '2026-12-01T14:00:00Z' }
  expect(await table.attach({ session: later, member, menu_version: 1 })).toEqual({ ok: true, need_menu: false })
  expect(await table.attach({ session, member, menu_version: 1 })).toEqual({ ok: false, code: 'session_closed' })
  await table.close({ session_id: session.id, why: 'late' })
  expect(await table.mutate(who(sat), create('b'))).toMatchObject({ ok: false, code: 'session_closed' })
  const now = { session_id: later.id, member_id: member.id }
  expect(await table.mutate(now, create('a'))).toMatchObject({ ok: true, replayed: false, cart_version: 1 })

  await table.close({ session_id: later.id, why: 'over' })
  await table.close({ session_id: later.id, why: 'over' })
  await putAway(table)
  expect(await table.mutate(now, create('c'))).toMatchObject({ ok: false, code: 'session_closed' })
  expect(await table.attach({ session: later, member, menu_version: 1 })).toEqual({ ok: false, code: 'session_closed' })
  expect(await table.restore({ session: { ...later, version: 3 } })).toEqual({ cart_kept: true })
  expect(await table.mutate(now, create('d'))).toMatchObject({ ok: true, cart_version: 2 })
})

test('a menu that is older changes nothing; the alarm may come twice', async () => {
  const sat = await sit()
  const [category] = menu.categories
  const gone = { ...menu, version: 2, categories: category ? [{ ...category, items: [] }] : [] }
  await sat.table.mutate(who(sat), create('a'))
  await sat.table.setMenu(gone)
  await sat.table.setMenu(menu)
  expect((await sat.table.snapshot(sat.session.id))?.lines).toMatchObject([{ sold_out: true, version: 1 }])
  expect(await sat.table.mutate(who(sat), create('b'))).toMatchObject({ ok: false, code: 'unknown_item' })
  const { heard } = await connect(sat)
  await until(() => heard.length === 1)
  expect(await runDurableObjectAlarm(asStub(sat.table))).toBe(true)
  expect(await runDurableObjectAlarm(asStub(sat.table))).toBe(true)
  expect(await sat.table.mutate(who(sat), create('c'))).toMatchObject({ code: 'unknown_item' })
})
