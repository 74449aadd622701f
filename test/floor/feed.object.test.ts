import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { FeedRead, RestaurantFloorStub, Turn } from '../../src/floor/feed-object.ts'
import { type Rendered, renderEvent } from '../../src/floor/feed-rules.ts'
import type { Console, FeedMessage } from '../../src/floor/feed-schema.ts'

const namespace = Object(env).RESTAURANT_FLOOR
const uuid = (): string => crypto.randomUUID()
const open = (): RestaurantFloorStub => namespace.getByName(uuid())

/** What the namespace gave is a stub of workerd's, whatever else it is known to speak. */
function asStub(floor: RestaurantFloorStub): DurableObjectStub {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return floor as unknown as DurableObjectStub
}
const putAway = (floor: RestaurantFloorStub, how: { webSockets?: 'close' } = {}): Promise<void> =>
  evictDurableObject(asStub(floor), how)

function happened(
  type = 'reservation.booked',
  after: Record<string, string> = { name: 'Ana', phone_number: '+651' },
): Rendered {
  const actor = { kind: 'key', id: uuid(), name: 'k' }
  return renderEvent({ type, subject_id: uuid(), at: '2026-12-01T12:00:00Z', actor, request_id: 'r', after })
}

type Heard = FeedMessage[]
type Screen = { heard: Heard; socket: WebSocket; console: Console; closed: () => number | null; begun: unknown }

async function look(
  floor: RestaurantFloorStub,
  more: Partial<Console> = {},
  last_seq: number | null = null,
): Promise<Screen> {
  const console: Console = {
    id: uuid(),
    tags: [`key:${uuid()}`],
    sees: 'full',
    batch: false,
    expires_at: Date.now() + 60_000,
    ...more,
  }
  const headers = { upgrade: 'websocket', 'x-tableside-console': JSON.stringify(console) }
  const { webSocket } = await floor.fetch(new Request('https://floor/', { headers }))
  if (!webSocket) throw new Error('no socket')
  const heard: Heard = []
  let code: number | null = null
  webSocket.addEventListener('message', (event) => {
    const said = JSON.parse(String(event.data))
    heard.push(...(Array.isArray(said) ? said : [said]))
  })
  webSocket.addEventListener('close', (event) => void (code = event.code))
  webSocket.accept()
  let begun: unknown = await floor.begin({ id: console.id, last_seq, snapshot: null })
  if (begun !== 'begun' && begun !== 'gone') {
    const { need_snapshot_from: seq } = Object(begun)
    await floor.begin({
      id: console.id,
      last_seq,
      snapshot: { seq, rest: '{"at":"2026-12-01T12:00:00Z","tables":[]}' },
    })
  }
  await until(() => heard.some((one) => one.type === (begun === 'begun' ? 'hello' : 'snapshot')), 'the beginning')
  return { heard, socket: webSocket, console, closed: () => code, begun }
}

async function leads(floor: RestaurantFloorStub): Promise<Extract<Turn, { read: true }>> {
  const turn = await floor.turn(false)
  if (!turn.read) throw new Error(`nothing to read: ${turn.why}`)
  return turn
}
let snapshots = 100
async function tell(floor: RestaurantFloorStub, events: Rendered[], more: Partial<FeedRead> = {}): Promise<boolean> {
  const { lease, since } = await leads(floor)
  snapshots += 1
  const upto = `${snapshots}:${snapshots}:`
  return (await floor.take({ lease, since, upto, reset: false, events, ...more })).taken
}
async function until(holds: () => boolean, what = 'it'): Promise<void> {
  for (let n = 0; !holds(); n++) {
    if (n > 500) throw new Error(`${what} did not come about`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
const data = ({ heard }: Screen): unknown[] => heard.flatMap((one) => (one.type === 'event' ? [one.data] : []))
const numbers = ({ heard }: Screen): number[] => heard.flatMap((one) => (one.type === 'event' ? [one.seq] : []))

test('R95: numbers have no gap, whatever is put away between any two calls', async () => {
  const floor = open()
  const screen = await look(floor)
  expect(screen.heard.map((one) => one.type)).toEqual(['hello', 'snapshot'])
  for (let n = 0; n < 5; n++) {
    const { lease, since } = await leads(floor)
    await putAway(floor)
    const events = [happened(), happened('table.changed')]
    expect(await floor.take({ lease, since, upto: `${50 + n}:${50 + n}:`, reset: false, events })).toEqual({
      taken: true,
    })
    await putAway(floor)
  }
  await until(() => numbers(screen).length === 10, 'that all was heard')
  expect(numbers(screen)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  screen.socket.close()
})

test('R95: of two reads from one place one is taken; nothing is told twice, and the other is read again', async () => {
  const floor = open()
  const screen = await look(floor)
  await tell(floor, [])
  const turn = await leads(floor)
  const read: FeedRead = { lease: turn.lease, since: turn.since, upto: '200:200:', reset: false, events: [happened()] }
  expect(await floor.take(read)).toEqual({ taken: true })
  await putAway(floor)
  expect(await floor.take(read)).toEqual({ taken: false })
  expect(await floor.take({ ...read, upto: '300:300:', events: [happened(), happened()] })).toEqual({ taken: false })
  expect(await leads(floor)).toMatchObject({ since: '200:200:' })
  await until(() => numbers(screen).length === 1)
  expect((await floor.missedSince(0, 'full')).seq).toBe(1)
})

test('R95: where nobody looks on nothing is read, unless somebody asks', async () => {
  const floor = open()
  expect(await floor.turn(false)).toEqual({ read: false, why: 'nobody' })
  expect(await floor.turn(true)).toMatchObject({ read: true, since: null })
  const other = open()
  const screen = await look(other)
  expect(await other.turn(false)).toMatchObject({ read: true })
  await putAway(other, { webSockets: 'close' })
  expect(await other.turn(false)).toEqual({ read: false, why: 'nobody' })
  expect(screen.begun).not.toBe('gone')
})

test('R95: who comes while another reads is served by the next read, and all of them by one', async () => {
  const floor = open()
  await look(floor)
  const first = await leads(floor)
  const later = Array.from({ length: 20 }, () => floor.turn(false))
  // A call of our own that comes after theirs.
  expect(await floor.consoles()).toBe(1)
  await floor.take({ ...first, upto: '400:400:', reset: false, events: [happened()] })
  const next = await Promise.race(later)
  if (!next.read) throw new Error('the next one reads')
  expect(next.since).toBe('400:400:')
  await floor.take({ ...next, upto: '500:500:', reset: false, events: [happened()] })
  const answers = await Promise.all(later)
  expect(answers.filter((one) => one.read).length).toBe(1)
  expect(answers.filter((one) => !one.read && one.why === 'covered').length).toBe(19)
})

test('R95: a read that failed, or of which nothing is heard, is made by who waits', async () => {
  const floor = open()
  await look(floor)
  const failing = await leads(floor)
  const waiting = [floor.turn(false), floor.turn(false)]
  expect(await floor.consoles()).toBe(1)
  await floor.pass(failing.lease)
  const second = await Promise.race(waiting)
  expect(second).toMatchObject({ read: true, since: null })
  // Nothing is heard of the second: after three seconds the third reads.
  const both = await Promise.all(waiting)
  expect(both.filter((one) => one.read).length).toBe(2)
})

test('R96: who was away hears what it missed by number; who missed more than is kept gets a snapshot', async () => {
  const floor = open()
  const first = await look(floor)
  await tell(
    floor,
    Array.from({ length: 30 }, () => happened()),
  )
  await until(() => numbers(first).length === 30)
  first.socket.close()
  const back = await look(floor, {}, 27)
  expect(back.heard[0]).toEqual({ type: 'hello', seq: 30, resumed: true })
  await until(() => numbers(back).length === 3)
  expect(numbers(back)).toEqual([28, 29, 30])
  back.socket.send('{"type":"resume","last_seq":29}')
  await until(() => numbers(back).length === 4)
  expect(numbers(back).at(-1)).toBe(30)

  for (let n = 0; n < 4; n++)
    await tell(
      floor,
      Array.from({ length: 500 }, () => happened('table.changed', {})),
    )
  const late = await look(floor, {}, 29)
  expect(late.heard.map((one) => one.type)).toEqual(['hello', 'snapshot'])
  expect(late.heard[0]).toEqual({ type: 'hello', seq: 2030, resumed: false })
  expect((await floor.missedSince(30, 'full')).events).toHaveLength(2000)
  const future = await look(floor, {}, 4000)
  expect(future.heard.map((one) => one.type)).toEqual(['hello', 'snapshot'])
  // An open one that asks for what is no longer kept is sent to the door.
  late.socket.send('{"type":"resume","last_seq":3}')
  await until(() => late.closed() !== null, 'the close')
  expect(late.closed()).toBe(1012)
})

test('R96: what happens between its number and its snapshot a console hears once, after the snapshot', async () => {
  const floor = open()
  await look(floor)
  await tell(floor, [happened()])
  const console: Console = { id: uuid(), tags: ['key:x'], sees: 'full', batch: true, expires_at: Date.now() + 60_000 }
  const headers = { upgrade: 'websocket', 'x-tableside-console': JSON.stringify(console) }
  const { webSocket } = await floor.fetch(new Request('https://floor/', { headers }))
  const heard: FeedMessage[] = []
  webSocket?.addEventListener('message', (event) => void heard.push(...[JSON.parse(String(event.data))].flat()))
  webSocket?.accept()
  expect(await floor.begin({ id: console.id, last_seq: null, snapshot: null })).toEqual({ need_snapshot_from: 1 })
  await tell(floor, [happened(), happened()])
  await putAway(floor)
  const snapshot = { seq: 1, rest: '{"at":"2026-12-01T12:00:00Z","tables":[]}' }
  expect(await floor.begin({ id: console.id, last_seq: null, snapshot })).toBe('begun')
  expect(await floor.begin({ id: console.id, last_seq: null, snapshot })).toBe('begun')
  await tell(floor, [happened()])
  await until(() => heard.length === 5)
  expect(heard.map((one) => ('seq' in one ? `${one.type} ${one.seq}` : one.type))).toEqual([
    'hello 3',
    'snapshot 1',
    'event 2',
    'event 3',
    'event 4',
  ])
})

test('R96: when too much happened at once every console begins anew', async () => {
  const floor = open()
  const screen = await look(floor)
  await tell(floor, [happened()])
  await tell(floor, [], { reset: true })
  await until(() => screen.closed() !== null, 'the close')
  expect(screen.closed()).toBe(1012)
  const back = await look(floor, {}, 1)
  expect(back.heard).toMatchObject([
    { type: 'hello', seq: 2, resumed: false },
    { type: 'snapshot', seq: 2 },
  ])
})

test('R97: without guests:read a console hears the same numbers, and not how to reach a guest', async () => {
  const floor = open()
  const [full, plain] = [await look(floor), await look(floor, { sees: 'plain' })]
  await tell(floor, [happened(), happened('guest.changed', { name: 'Ana' })])
  await until(() => numbers(full).length === 2 && numbers(plain).length === 2)
  expect(data(full)).toEqual([{ name: 'Ana', phone_number: '+651' }, { name: 'Ana' }])
  expect(data(plain)).toEqual([{ name: 'Ana' }, null])
  const again = await look(floor, { sees: 'plain' }, 0)
  await until(() => numbers(again).length === 2)
  expect(data(again)).toEqual(data(plain))
})

test('R97: what is kept of a guest goes when they are forgotten', async () => {
  const floor = open()
  await look(floor)
  await tell(floor, [happened(), happened()])
  expect((await floor.missedSince(0, 'full')).events).toHaveLength(2)
  await tell(floor, [happened('guest.erased', {})])
  expect(await floor.missedSince(0, 'full')).toEqual({ seq: 3, events: null })
  expect((await floor.missedSince(2, 'full')).events).toHaveLength(1)
})

test('R98: a key that was revoked is cut off by the news of it, and hears nothing after', async () => {
  const floor = open()
  const key = uuid()
  const [theirs, other] = [await look(floor, { tags: [`key:${key}`] }), await look(floor)]
  const revoked = { ...happened('key.revoked', {}), ends: `key:${key}` }
  await tell(floor, [happened(), revoked, happened()])
  await until(() => theirs.closed() !== null && numbers(other).length === 3)
  expect(theirs.closed()).toBe(4403)
  expect(numbers(theirs)).toEqual([1, 2])
  const signed = await look(floor, { tags: ['staff:a', 'sid:b'] })
  await putAway(floor)
  await tell(floor, [
    { ...happened('staff.signed_out'), ends: 'sid:c' },
    { ...happened('staff.signed_out'), ends: 'sid:b' },
  ])
  await until(() => signed.closed() === 4403)
})

test('R98: who says what a console never says is told; who floods is cut off with 4429; who has expired with 4401', async () => {
  const floor = open()
  const screen = await look(floor)
  screen.socket.send('{"type":"cart_mutate"}')
  screen.socket.send('{')
  screen.socket.send('{"type": "ping"}')
  await until(() => screen.heard.length === 5)
  expect(screen.heard.slice(2).map((one) => one.type)).toEqual(['error', 'error', 'pong'])
  for (let n = 0; n < 60; n++) screen.socket.send('{"type":"resume","last_seq":0}')
  await until(() => screen.closed() !== null)
  expect(screen.closed()).toBe(4429)

  const expired = await look(floor, { expires_at: Date.now() - 1 })
  expect(await runDurableObjectAlarm(asStub(floor))).toBe(true)
  await until(() => expired.closed() !== null)
  expect(expired.closed()).toBe(4401)
})

test('R97: events are kept for twelve hours, and then no alarm is left', async () => {
  const floor = open()
  const screen = await look(floor)
  await tell(floor, [happened()])
  await putAway(floor, { webSockets: 'close' })
  expect(await runDurableObjectAlarm(asStub(floor))).toBe(true)
  expect((await floor.missedSince(0, 'full')).events).toHaveLength(1)
  await runInDurableObject(asStub(floor), (_object, state) => {
    state.storage.sql.exec('update events set at = at - 13 * 3600000')
  })
  expect(await runDurableObjectAlarm(asStub(floor))).toBe(true)
  expect(await floor.missedSince(0, 'full')).toEqual({ seq: 1, events: null })
  expect(await runDurableObjectAlarm(asStub(floor))).toBe(false)
  expect(screen.begun).not.toBe('gone')
})
