import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertPlatformKey } from '../../local/keys.ts'
import { startStack, type Stack } from '../../local/stack.ts'
import type { CartLine, CartMutate, ServerMessage } from '../../src/ordering/schema.ts'
import { atRoot, openTavern, Phone, until } from './phones.ts'

const phoneCount = 8
const opsEach = Number(process.env['CART_MODEL_OPS'] ?? 200)
const kills = Number(process.env['CART_MODEL_KILLS'] ?? 12)
const seed = Number(process.env['CART_MODEL_SEED'] ?? Date.now() % 1_000_000)

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ postgres_settings: { fsync: 'off' }, bindings: { TABLE_OPS_PER_SECOND: '1000' } })
  await insertPlatformKey(stack.database_url)
})
afterAll(() => stack.stop())

/** Mulberry32: the same numbers for the same seed. */
function dice(from: number): () => number {
  let state = from >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

type Answer = Extract<ServerMessage, { type: 'cart_update' | 'cart_conflict' | 'error' }>
type Done = { phone: Phone; command: CartMutate; answer: Answer }

/** The model: a list of lines that knows nothing of versions, sockets or repeats; commands in the order they were numbered. */
function modelOf(done: Done[]): Map<string, { qty: number; note: string | null; member_id: string; changes: number }> {
  const model = new Map<string, { qty: number; note: string | null; member_id: string; changes: number }>()
  const acknowledged = done.flatMap((one) =>
    one.answer.type === 'cart_update' ? [{ ...one, answer: one.answer }] : [],
  )
  for (const { command, answer, phone } of acknowledged.toSorted(
    (a, b) => a.answer.cart_version - b.answer.cart_version,
  )) {
    const id = answer.line?.id ?? ''
    if (command.op === 'delete') model.delete(id)
    else if (command.op === 'create')
      model.set(id, { qty: command.qty ?? 1, note: command.note ?? null, member_id: phone.you ?? '', changes: 1 })
    else {
      const line = model.get(id)
      if (!line) throw new Error('an update was acknowledged of a line that was gone')
      if (command.qty !== undefined) line.qty = command.qty
      if (command.note !== undefined) line.note = command.note
      line.changes += 1
    }
  }
  return model
}

/** The documented hash, reckoned without any code of the product. */
function hashOf(model: ReturnType<typeof modelOf>, menu_item_id: string): string {
  const lines = [...model]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { qty, note, member_id, changes }]) => {
      return { id, member_id, menu_item_id, modifiers: [], note, qty, variant_id: null, version: changes }
    })
  return createHash('sha256').update(JSON.stringify(lines)).digest('hex')
}

async function reconnect(phone: Phone, random: () => number): Promise<void> {
  for (;;) {
    try {
      const whole = phone.you === null || random() < 0.2
      await phone.connect(whole ? {} : { query: `?last_seq=${phone.seq}${random() < 0.5 ? '&batch=1' : ''}` })
      if (phone.you === null) await phone.next('snapshot')
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20 + random() * 60))
    }
  }
}

function pick<T>(from: readonly T[], random: () => number): T | undefined {
  return from[Math.floor(random() * from.length)]
}

function nextCommand(phone: Phone, item: string, random: () => number): CartMutate {
  const base = { type: 'cart_mutate', request_id: randomUUID() } as const
  const dreamt = random() < 0.1
  const mine = phone.lines.filter((line) => line.member_id === phone.you)
  const line: CartLine | undefined = pick(random() < 0.8 ? mine : phone.lines, random)
  const chance = random()
  if (!line || (chance < 0.4 && phone.lines.length < 60))
    return { ...base, op: 'create', menu_item_id: item, qty: 1 + Math.floor(random() * 9), version: phone.cart_version }
  const version = dreamt ? line.version + 1 : line.version
  if (chance < 0.75) {
    const change =
      random() < 0.5 ? { qty: 1 + Math.floor(random() * 9) } : { note: `note ${Math.floor(random() * 99)}` }
    return { ...base, op: 'update', line_id: line.id, version, ...change }
  }
  return { ...base, op: 'delete', line_id: line.id, version }
}

test(`R56 seed ${seed}: ${phoneCount} phones, ${opsEach} commands each and more, ${kills} × kill −9: one cart, the model’s`, async () => {
  const house = await openTavern(stack)
  const phones: Phone[] = []
  for (let n = 0; n < phoneCount; n++) {
    const joined = await atRoot(stack.origin, house.key, 'POST', '/table_session', { table_number: '1' })
    phones.push(new Phone(stack.origin, joined.data.ws_token))
  }
  const done: Done[] = []
  let drops = 0
  let repeats = 0
  let sent = 0
  const killedAt: number[] = []

  const live = async (phone: Phone, random: () => number): Promise<void> => {
    await reconnect(phone, random)
    for (let n = 0; n < opsEach || killedAt.length < kills; n++) {
      sent += 1
      const command = nextCommand(phone, house.menu.soup, random)
      for (let attempt = 0; ; attempt++) {
        if (attempt > 0) repeats += 1
        const cut = random()
        try {
          if (phone.closed) await reconnect(phone, random)
          const answering = phone.mutate(command)
          // Lost with the answer on its way, or before the command had left.
          if (cut < 0.03) {
            drops += 1
            if (cut < 0.015) await new Promise((resolve) => setTimeout(resolve, random() * 4))
            phone.drop()
          }
          const answer = await answering
          if (answer.type !== 'cart_update' && answer.type !== 'cart_conflict' && answer.type !== 'error')
            throw new Error(`an answer of another kind: ${answer.type}`)
          done.push({ phone, command, answer })
          break
        } catch (error) {
          if (attempt > 200) throw error
          phone.drop()
          await reconnect(phone, random)
        }
      }
      // So that the killer finds them in the middle of it.
      if (kills > 0) await new Promise((resolve) => setTimeout(resolve, random() * 12))
    }
  }

  // Each time in the middle of it: after the one before, phones have been heard again.
  const killer = async (): Promise<void> => {
    const random = dice(seed + 99)
    for (let killed = 0; killed < kills; killed++) {
      const before = done.length
      await until(() => done.length >= before + 2 * phoneCount, 'that the phones are at it')
      await new Promise((resolve) => setTimeout(resolve, random() * 300))
      await stack.worker.kill()
      killedAt.push(done.length)
      await stack.worker.restart()
    }
  }
  await Promise.all([killer(), ...phones.map((phone, n) => live(phone, dice(seed + n)))])

  for (const phone of phones) if (phone.closed) await reconnect(phone, () => 0.9)
  const cart = (await atRoot(stack.origin, phones[0]?.token ?? '', 'GET', '/cart_snapshot')).data
  await until(() => phones.every((phone) => phone.seq >= cart.seq), 'that every phone has heard everything')

  // Nothing acknowledged was lost and nothing was done twice: the versions are one row without a gap.
  expect(done.length).toBe(sent)
  expect(new Set(killedAt).size).toBe(kills)
  const updates = done.flatMap((one) => (one.answer.type === 'cart_update' ? [one.answer] : []))
  const versions = updates.map((one) => one.cart_version).toSorted((a, b) => a - b)
  expect(versions).toEqual(Array.from({ length: cart.cart_version }, (_none, n) => n + 1))
  expect(new Set(updates.map((one) => one.request_id)).size).toBe(updates.length)

  const model = modelOf(done)
  const hash = hashOf(model, house.menu.soup)
  expect(cart.lines.length).toBe(model.size)
  expect([cart.cart_hash, ...phones.map((phone) => phone.hash())]).toEqual(
    Array.from({ length: phoneCount + 1 }, () => hash),
  )
  expect(phones.map((phone) => phone.gaps)).toEqual(phones.map(() => 0))
  const refused = done.length - updates.length
  expect(refused).toBeGreaterThan(0)
  if (opsEach >= 100) expect([drops > 0, repeats > 0]).toEqual([true, true])
  console.log(`${updates.length} done, ${refused} refused, ${drops} drops, ${kills} kills, ${repeats} repeats`)
})
