import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { posService } from '../../local/pos.ts'
import { signWebhook, verifyWebhook } from '../../local/standard-webhooks.ts'
import { mount, type Mounted } from './mount.ts'
import { startReceiver } from './receiver.ts'

const now = Date.parse('2026-12-01T19:00:00Z')
const secret = `whsec_${Buffer.from('a secret of the till').toString('base64')}`
const service = posService({ now: () => now })
let mounted: Mounted
let receiver: Awaited<ReturnType<typeof startReceiver>>

beforeAll(async () => {
  mounted = await mount('/pos', service)
  receiver = await startReceiver()
})
beforeEach(() => {
  service.reset()
  service.setSecret(null)
  receiver.reset()
})
afterAll(async () => {
  await mounted.close()
  await receiver.close()
})

const order = (lines = 1) =>
  JSON.stringify({ type: 'order.fired', order_id: 'o1', lines: Array(lines).fill('bruschetta') })

function push(body = order(), headers: Record<string, string> = { 'idempotency-key': 'o1' }, path = 'orders') {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }
  return fetch(`${mounted.url}/${path}`, { ...init, signal: AbortSignal.timeout(5_000) })
}

async function control(path: string, body: unknown = {}): Promise<unknown> {
  const response = await fetch(`${mounted.url}/${path}`, { method: 'POST', body: JSON.stringify(body) })
  return response.json()
}

const outcomes = () => service.ledger().attempts.map(({ outcome }) => outcome)

describe('a push', () => {
  test('is one ticket, however often it comes', async () => {
    const first = await push()
    expect(first.status).toBe(201)
    expect(await first.json()).toEqual({ external_id: 'o1', ticket_number: 1, status: 'accepted' })
    expect((await push()).status).toBe(200)
    expect((await push(order(2), { 'idempotency-key': 'o2' }, 'hook/generic')).status).toBe(201)
    const response = await fetch(`${mounted.url}/tickets`)
    expect(await response.json()).toMatchObject({
      tickets: [
        { idempotency_key: 'o1', ticket_number: 1, pushes: 2, order: { order_id: 'o1' } },
        { idempotency_key: 'o2', ticket_number: 2, pushes: 1 },
      ],
      attempts: [
        { outcome: 'accepted', at: '2026-12-01T19:00:00.000Z' },
        { outcome: 'replayed' },
        { path: '/hook/generic' },
      ],
    })
  })

  test('without a key, or with a key that came with another order, is refused', async () => {
    expect((await push(order(), {})).status).toBe(400)
    await push()
    expect((await push(order(2))).status).toBe(422)
    expect(service.ledger().tickets).toHaveLength(1)
    expect(outcomes()).toEqual(['refused', 'accepted', 'refused'])
  })

  test('can be looked up by its key', async () => {
    await push()
    const found = await fetch(`${mounted.url}/orders/o1`)
    expect(await found.json()).toMatchObject({ idempotency_key: 'o1', ticket_number: 1 })
    expect((await fetch(`${mounted.url}/orders/o2`)).status).toBe(404)
  })

  test('has its signature checked once a secret is set', async () => {
    const signed = (key: string, seconds: number, body = order()) =>
      push(body, { 'idempotency-key': 'o1', ...signWebhook(key, 'msg_1', seconds, order()) })
    await push()
    await control('secret', { secret })
    await signed(secret, now / 1000)
    await signed('another', now / 1000)
    await signed(secret, now / 1000 - 301)
    await signed(secret, now / 1000, order(2))
    await push()
    const verdicts = service.ledger().attempts.map(({ signature }) => signature)
    expect(verdicts).toEqual(['not_checked', 'verified', 'invalid', 'invalid', 'invalid', 'missing'])
  })
})

describe('a till that misbehaves', () => {
  test('error: answers what it is told, so many times, and makes no ticket', async () => {
    await control('behave', { mode: 'error', status: 429, retry_after: 7, next: 1 })
    const refused = await push()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7'])
    expect(service.ledger().tickets).toHaveLength(0)
    expect((await push()).status).toBe(201)
    expect(outcomes()).toEqual(['not_understood', 'accepted'])
  })

  test('error with commit: answers 500 and has made the ticket', async () => {
    await control('behave', { mode: 'error', commit: true, next: 1 })
    expect((await push()).status).toBe(500)
    expect((await push()).status).toBe(200)
    expect(service.ledger().tickets).toMatchObject([{ pushes: 2 }])
  })

  test('timeout: never answers', async () => {
    await control('behave', { mode: 'timeout' })
    await expect(
      fetch(`${mounted.url}/orders`, {
        method: 'POST',
        headers: { 'idempotency-key': 'o1' },
        body: order(),
        signal: AbortSignal.timeout(50),
      }),
    ).rejects.toThrow('timeout')
    expect(service.ledger().tickets).toHaveLength(0)
    await control('behave', { mode: 'ok' })
    expect((await push()).status).toBe(201)
  })

  test('drop: cuts the line without a ticket; drop-after-accept: with one', async () => {
    await control('behave', { script: [{ mode: 'drop' }, { mode: 'drop-after-accept' }] })
    await expect(push()).rejects.toThrow('fetch failed')
    expect(service.ledger().tickets).toHaveLength(0)
    await expect(push()).rejects.toThrow('fetch failed')
    expect(service.ledger().tickets).toHaveLength(1)
    expect((await push()).status).toBe(200)
    expect(outcomes()).toEqual(['not_understood', 'accepted', 'replayed'])
  })

  test('slow: drips its answer byte by byte; cut: breaks off in the middle', async () => {
    await control('behave', { script: [{ mode: 'slow', ms: 1 }, { mode: 'cut' }] })
    const slow = await push()
    const pieces: Uint8Array[] = []
    for await (const piece of slow.body ?? []) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(1)
    const cut = await push()
    expect(cut.status).toBe(200)
    await expect(cut.text()).rejects.toThrow('terminated')
  })

  test('a mode that does not exist is refused, and reset empties the book', async () => {
    expect(await control('behave', { mode: 'fire' })).toHaveProperty('error')
    await push()
    await control('reset')
    expect(service.ledger()).toEqual({ tickets: [], attempts: [] })
  })
})

describe('a callback', () => {
  test('goes to the product signed as a Standard Webhook, exactly as given', async () => {
    receiver.answer(() => ({ status: 202, body: 'noted' }))
    const url = `${receiver.origin}/webhooks/pos/chianti`
    const body = { type: 'order.accepted', order_id: 'o1' }
    const sent = await control('callback', { url, secret, body, id: 'msg_9' })
    expect(sent).toEqual({ status: 202, body: 'noted', webhook_id: 'msg_9' })
    const [one] = receiver.received
    expect(one).toMatchObject({ url, body: JSON.stringify(body), headers: { 'webhook-id': 'msg_9' } })
    const verdict = (key: string) => verifyWebhook(key, one?.headers ?? {}, Buffer.from(one?.body ?? ''), now)
    expect(verdict(secret)).toBe('verified')
    expect(verdict('another')).toBe('invalid')
    await control('callback', { url, secret, body: '{ "spaced": 1 }', timestamp: 1 })
    expect(receiver.received[1]).toMatchObject({ body: '{ "spaced": 1 }', headers: { 'webhook-timestamp': '1' } })
  })

  test('that nobody takes is told', async () => {
    expect(await control('callback', { url: 'http://127.0.0.1:1/', secret, body: {} })).toHaveProperty('error')
  })

  test('is signed as the published example of Standard Webhooks', () => {
    const example = signWebhook(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    )
    expect(example['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })
})
