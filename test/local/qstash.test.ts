import { Client, Receiver } from '@upstash/qstash'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { devQstash, qstashService } from '../../local/qstash.ts'
import { mount, type Mounted } from './mount.ts'
import { startReceiver } from './receiver.ts'

// Held, so that nothing moves but by `advance`: the tests know no real time.
const service = qstashService()
const signatures = new Receiver({ currentSigningKey: devQstash.current_key, nextSigningKey: devQstash.next_key })
let mounted: Mounted
let receiver: Awaited<ReturnType<typeof startReceiver>>
let client: Client

const minute = 60

beforeAll(async () => {
  mounted = await mount('/qstash', service)
  receiver = await startReceiver()
  client = new Client({ baseUrl: mounted.url, token: devQstash.token, enableTelemetry: false })
  // The SDK reports each refusal on the console.
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
beforeEach(() => {
  service.reset()
  service.hold(true)
  receiver.reset()
})
afterAll(async () => {
  await mounted.close()
  await receiver.close()
  vi.restoreAllMocks()
})

async function control(path: string, body: unknown = {}): Promise<unknown> {
  const response = await fetch(`${mounted.url}/${path}`, { method: 'POST', body: JSON.stringify(body) })
  return response.json()
}

type Options = {
  body?: unknown
  headers?: Record<string, string>
  label?: string
  delay?: number | `${bigint}h` | `${bigint}m`
  notBefore?: number
  deduplicationId?: string
  contentBasedDeduplication?: boolean
  retries?: number
  retryDelay?: string
  callback?: string
  failureCallback?: string
  flowControl?: { key: string; parallelism: number } | { key: string; rate: number; period: `${bigint}s` }
}

const publish = (path: string, options: Options = {}) =>
  client.publishJSON({ url: receiver.origin + path, body: { order: 7 }, ...options })

/** Seconds between the first attempt and each of the others. */
function waits(state: 'delivered' | 'failed' | 'pending'): number[] {
  const attempts = service.messages()[state][0]?.attempts ?? []
  const times = attempts.map(({ at }) => Date.parse(at) / 1000)
  return times.slice(1).map((time) => Math.round(time - (times[0] ?? 0)))
}

describe('a delivery', () => {
  test('comes signed for the exact destination, with what the publisher gave', async () => {
    await publish('/jobs?x=1&y=a%20b', { headers: { 'x-tenant': 'chianti' }, label: 'orders' })
    await service.advance(0)
    const [one] = receiver.received
    expect(one).toMatchObject({
      method: 'POST',
      url: `${receiver.origin}/jobs?x=1&y=a%20b`,
      body: '{"order":7}',
      headers: { 'content-type': 'application/json', 'x-tenant': 'chianti', 'upstash-retried': '0' },
    })
    const signature = String(one?.headers['upstash-signature'])
    const verify = (url: string, body: string) => signatures.verify({ signature, url, body })
    expect(await verify(`${receiver.origin}/jobs?x=1&y=a%20b`, '{"order":7}')).toBe(true)
    await expect(verify(`${receiver.origin}/jobs`, '{"order":7}')).rejects.toThrow('subject')
    await expect(verify(`${receiver.origin}/jobs?x=1&y=a%20b`, '{"order":8}')).rejects.toThrow('body')
  })

  test('happens by itself when nothing holds it', async () => {
    service.hold(false)
    const arrived = new Promise<void>((resolve) => {
      receiver.answer(() => {
        resolve()
        return {}
      })
    })
    await publish('/soon')
    await arrived
  })

  test('waits for its delay, or for its hour, and comes in the order of those', async () => {
    const inTwoHours = Math.floor(Date.now() / 1000) + 2 * 3600
    await publish('/third', { notBefore: inTwoHours })
    await publish('/second', { delay: '90m' })
    await publish('/first', { delay: 60 })
    await service.advance(59)
    expect(receiver.received).toHaveLength(0)
    await service.advance(2 * 3600)
    expect(receiver.received.map(({ url }) => new URL(url).pathname)).toEqual(['/first', '/second', '/third'])
  })

  test('can be cancelled while it waits', async () => {
    const { messageId } = await publish('/later', { delay: '1h' })
    expect((await client.messages.get(messageId)).url).toBe(`${receiver.origin}/later`)
    expect(await client.messages.cancel(messageId)).toEqual({ cancelled: 1 })
    await service.advance(2 * 3600)
    expect(receiver.received).toHaveLength(0)
    await expect(client.messages.get(messageId)).rejects.toThrow('not found')
    expect(service.messages().cancelled).toHaveLength(1)
  })

  test('cancelled while it is under way is not tried again', async () => {
    const { messageId } = await publish('/down')
    receiver.answer(async () => {
      await client.messages.cancel(messageId)
      return { status: 500 }
    })
    await service.advance(86_400)
    expect(receiver.received).toHaveLength(1)
    expect(service.messages()).toMatchObject({ pending: [], failed: [], cancelled: [{ state: 'cancelled' }] })
  })

  test('is accepted once for one deduplication id', async () => {
    const first = await publish('/once', { deduplicationId: 'order-7' })
    const again = await publish('/once', { deduplicationId: 'order-7' })
    expect(again).toMatchObject({ messageId: first.messageId, deduplicated: true })
    await publish('/same', { contentBasedDeduplication: true })
    await publish('/same', { contentBasedDeduplication: true })
    await publish('/same', { contentBasedDeduplication: true, body: { order: 8 } })
    await service.advance(0)
    expect(receiver.received.map(({ body }) => body)).toEqual(['{"order":7}', '{"order":7}', '{"order":8}'])
  })

  test('is refused where the destination, the delay or the token is wrong', async () => {
    await expect(client.publish({ url: 'ftp://till' })).rejects.toThrow('scheme')
    await expect(publish('/x', { callback: 'told' })).rejects.toThrow('callback')
    await expect(publish('/x', { retryDelay: 'retried ^ 2' })).rejects.toThrow('retry delay')
    await expect(publish('/x', { delay: '-1h' })).rejects.toThrow('upstash-delay')
    const stranger = new Client({ baseUrl: mounted.url, token: 'stolen' })
    await expect(stranger.publishJSON({ url: receiver.origin, body: {} })).rejects.toThrow('unauthorized')
  })

  test('comes in batches and queues, a queue one after the other', async () => {
    await client.batchJSON([
      { url: `${receiver.origin}/a`, body: { n: 1 } },
      { url: `${receiver.origin}/b`, body: { n: 2 }, delay: '1h' },
    ])
    const queue = client.queue({ queueName: 'till' })
    await queue.enqueueJSON({ url: `${receiver.origin}/q1`, body: {}, retries: 1, retryDelay: '60000' })
    await queue.enqueueJSON({ url: `${receiver.origin}/q2`, body: {} })
    receiver.answer(({ url }) => ({ status: url.endsWith('/q1') ? 500 : 200 }))
    const paths = () => receiver.received.map(({ url }) => new URL(url).pathname)
    await service.advance(0)
    expect(paths()).toEqual(['/a', '/q1'])
    await service.advance(minute)
    expect(paths()).toEqual(['/a', '/q1', '/q1', '/q2'])
  })
})

describe('retries', () => {
  test("come after QStash's own waits, then the message is dead", async () => {
    receiver.answer(() => ({ status: 500, body: 'out of order' }))
    await publish('/down')
    await service.advance(86_400)
    expect(waits('failed')).toEqual([12, 161, 1969])
    expect(receiver.received.map(({ headers }) => headers['upstash-retried'])).toEqual(['0', '1', '2', '3'])
    const { messages } = await client.dlq.listMessages()
    expect(messages).toMatchObject([{ responseStatus: 500, responseBody: 'out of order', maxRetries: 3 }])
  })

  test("come after the publisher's own waits: the till's 30 s, 2, 8 and 32 min", async () => {
    receiver.answer(() => ({ status: 503 }))
    await publish('/till', { retries: 4, retryDelay: '30000 * pow(4, retried)' })
    await service.advance(30 + 120 + 480)
    expect(waits('pending')).toEqual([30, 150, 630])
    receiver.answer(() => ({ status: 200 }))
    await service.advance(1920)
    expect(waits('delivered')).toEqual([30, 150, 630, 2550])
  })

  test.for([
    ['Retry-After', '90', 90],
    ['Retry-After', '6m5s', 365],
    ['X-RateLimit-Reset-Tokens', '7', 7],
    ['Retry-After', '200000', 12],
  ] as const)('heed %s: %s', async ([name, value, wait]) => {
    receiver.answer(({ headers }) =>
      headers['upstash-retried'] === '0' ? { status: 429, headers: { [name]: value } } : {},
    )
    await publish('/busy')
    await service.advance(3600)
    expect(waits('delivered')).toEqual([wait])
  })

  test('end at once with 489, or with the last of them, or with success', async () => {
    receiver.answer(({ url }) =>
      url.endsWith('/never') ? { status: 489, headers: { 'Upstash-NonRetryable-Error': 'true' } } : { status: 302 },
    )
    await publish('/never')
    await publish('/moved', { retries: 0 })
    await service.advance(86_400)
    expect(receiver.received).toHaveLength(2)
    expect(service.messages().failed.map(({ attempts }) => attempts[0]?.status)).toEqual([489, 302])
  })

  test('follow a line that was cut, which is status 0', async () => {
    receiver.answer(({ headers }) => (headers['upstash-retried'] === '0' ? 'hang up' : {}))
    await publish('/cut')
    await service.advance(minute)
    expect(service.messages().delivered[0]?.attempts.map(({ status }) => status)).toEqual([0, 200])
  })

  test('from the dead letters begin anew; a dead letter can be deleted', async () => {
    receiver.answer(() => ({ status: 500 }))
    await publish('/down', { retries: 0, deduplicationId: 'd' })
    await publish('/gone', { retries: 0 })
    await service.advance(0)
    const { messages } = await client.dlq.listMessages({ filter: { url: `${receiver.origin}/gone` } })
    await client.dlq.delete(String(messages[0]?.dlqId))
    receiver.answer(() => ({}))
    const { responses } = await client.dlq.retry({ all: true })
    expect(responses).toHaveLength(1)
    await service.advance(0)
    expect(service.messages().delivered.map(({ url }) => url)).toEqual([`${receiver.origin}/down`])
    expect((await client.dlq.listMessages()).messages).toEqual([])
  })
})

describe('callbacks', () => {
  const Report = z.object({
    status: z.number(),
    body: z.string(),
    retried: z.number(),
    sourceMessageId: z.string(),
    sourceBody: z.string(),
    dlqId: z.string().optional(),
  })
  const callbacks = (path: string) =>
    receiver.received.filter(({ url }) => url.endsWith(path)).map(({ body }) => Report.parse(JSON.parse(body)))

  test('tell each attempt, and the failure callback the end; both are signed', async () => {
    receiver.answer(({ url }) => (url.endsWith('/down') ? { status: 500, body: 'no' } : {}))
    const { messageId } = await publish('/down', {
      retries: 1,
      callback: `${receiver.origin}/told`,
      failureCallback: `${receiver.origin}/dead`,
    })
    await service.advance(minute)
    expect(callbacks('/told').map(({ status, retried }) => [status, retried])).toEqual([
      [500, 0],
      [500, 1],
    ])
    const [dead] = callbacks('/dead')
    expect(dead).toMatchObject({ status: 500, sourceMessageId: messageId, dlqId: expect.any(String) })
    expect(Buffer.from(dead?.body ?? '', 'base64').toString()).toBe('no')
    expect(Buffer.from(dead?.sourceBody ?? '', 'base64').toString()).toBe('{"order":7}')
    const last = receiver.received.at(-1)
    const signature = String(last?.headers['upstash-signature'])
    expect(await signatures.verify({ signature, body: last?.body ?? '', url: `${receiver.origin}/dead` })).toBe(true)
  })
})

describe('flow control', () => {
  test('lets no more through at once than its parallelism', async () => {
    service.hold(false)
    let active = 0
    let most = 0
    const all = Promise.withResolvers<void>()
    receiver.answer(async () => {
      most = Math.max(most, ++active)
      await new Promise((resolve) => {
        setTimeout(resolve, 5)
      })
      active--
      if (receiver.received.length === 6) all.resolve()
      return {}
    })
    await Promise.all(
      Array.from({ length: 6 }, () => publish('/flow', { flowControl: { key: 'till', parallelism: 2 } })),
    )
    await all.promise
    expect(most).toBe(2)
  })

  test('lets no more through in a period than its rate', async () => {
    for (let index = 0; index < 5; index++) {
      await publish('/rate', { flowControl: { key: 'till', rate: 2, period: '10s' } })
    }
    const arrived: number[] = []
    for (const seconds of [0, 9, 1, 10]) {
      await service.advance(seconds)
      arrived.push(receiver.received.length)
    }
    expect(arrived).toEqual([2, 2, 4, 5])
  })
})

describe('schedules', () => {
  test('run by their cron, rest while paused, and end when deleted', async () => {
    const create = { destination: `${receiver.origin}/cron`, cron: '*/5 * * * *', scheduleId: 'sweep', body: '{}' }
    expect(await client.schedules.create(create)).toEqual({ scheduleId: 'sweep' })
    await service.advance(15 * minute)
    expect(receiver.received).toHaveLength(3)
    expect(receiver.received[0]?.headers['upstash-schedule-id']).toBe('sweep')
    await client.schedules.pause({ schedule: 'sweep' })
    expect((await client.schedules.get('sweep')).isPaused).toBe(true)
    await service.advance(15 * minute)
    expect(receiver.received).toHaveLength(3)
    await client.schedules.resume({ schedule: 'sweep' })
    await service.advance(5 * minute)
    expect(receiver.received).toHaveLength(4)
    await client.schedules.delete('sweep')
    expect(await client.schedules.list()).toEqual([])
  })
})

describe('the other resources of the SDK', () => {
  test('queues, flow control and logs', async () => {
    const queue = client.queue({ queueName: 'till' })
    await queue.upsert({ parallelism: 2 })
    await queue.pause()
    expect(await queue.get()).toMatchObject({ name: 'till', parallelism: 2, paused: true, lag: 0 })
    await queue.enqueueJSON({ url: `${receiver.origin}/q`, body: {} })
    await service.advance(0)
    expect(receiver.received).toHaveLength(0)
    await queue.resume()
    await service.advance(0)
    expect(receiver.received).toHaveLength(1)
    await queue.delete()
    expect(await queue.list()).toEqual([])
    await publish('/f', { flowControl: { key: 'k', parallelism: 3 }, delay: '1h' })
    expect(await client.flowControl.get('k')).toMatchObject({ waitListSize: 1, parallelismMax: 3 })
    const { logs } = await client.logs({ filter: { queueName: 'till' } })
    expect(logs.map(({ state }) => state)).toEqual(['DELIVERED', 'ACTIVE', 'CREATED'])
  })
})

describe('faults', () => {
  test('fail: a publish is refused with 500', async () => {
    await control('fail', { on: true, next: 2 })
    await expect(publish('/lost')).rejects.toThrow('fault injected')
    await expect(publish('/lost')).rejects.toThrow('fault injected')
    await publish('/kept')
    await control('fail', { on: true })
    await expect(client.batchJSON([{ url: receiver.origin, body: {} }])).rejects.toThrow('fault injected')
    await control('fail', { on: false })
    expect(service.messages().pending).toHaveLength(1)
  })

  test('duplicate: one message is delivered twice with one id', async () => {
    await control('duplicate', { next: 1 })
    await publish('/twice')
    await publish('/once')
    await service.advance(0)
    const ids = receiver.received.map(({ headers }) => headers['upstash-message-id'])
    expect(ids).toHaveLength(3)
    expect(new Set(ids).size).toBe(2)
    expect(service.messages().delivered[0]?.attempts.map(({ duplicate }) => duplicate)).toEqual([false, true])
  })

  test('hold: accepted, but delivered only by advance; deliver: out of order', async () => {
    await publish('/first')
    const { messageId } = await publish('/second', { delay: '72h' })
    const report = await fetch(`${mounted.url}/messages`)
    expect(await report.json()).toMatchObject({ pending: [{ state: 'pending' }, { state: 'pending' }], delivered: [] })
    await control('deliver', { message_id: messageId })
    await control('advance', { seconds: 0 })
    expect(receiver.received.map(({ url }) => new URL(url).pathname)).toEqual(['/second', '/first'])
  })

  test.for([
    ['next', true],
    ['wrong', false],
    ['expired', false],
  ] as const)('signature %s', async ([mode, good]) => {
    await control('signature', { mode })
    await publish('/signed')
    // Three days late: the signature is of the real hour, since that is what the receiver's clock shows.
    await service.advance(3 * 86_400)
    const [one] = receiver.received
    const signature = String(one?.headers['upstash-signature'])
    const verified = await signatures.verify({ signature, body: one?.body ?? '' }).catch(() => false)
    expect(verified).toBe(good)
  })

  test('advance answers when what fell due is done, and says what it did', async () => {
    await publish('/a', { delay: 10 })
    expect(await control('advance', { seconds: 10 })).toMatchObject({ deliveries: [{ state: 'delivered' }] })
    expect(await control('advance', { seconds: -1 })).toEqual({ error: expect.stringContaining('seconds') })
  })
})
