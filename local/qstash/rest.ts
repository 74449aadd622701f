import * as z from 'zod'
import { parseJson } from '../control.ts'
import type { Broker, Published } from './broker.ts'
import { limit, matching } from './filter.ts'
import { Refusal, type Headers } from './message.ts'
import { eventView, flowView, messageView, queueView, scheduleView } from './views.ts'

export type Call = { method: string; path: string; headers: Headers; body: Buffer }
export type Reply = { status: number; body?: unknown }
type Handler = (broker: Broker, call: Call & { rest: string; query: URLSearchParams }) => Reply

const notFound = (what: string): Reply => ({ status: 404, body: { error: `${what} not found` } })

/** Answers `/v2/…`; undefined where there is no such resource. A destination is taken from the raw path, never decoded. */
export function rest(broker: Broker, call: Call): Reply | undefined {
  const [, resource = '', raw = ''] = /^\/v2\/([^/?]+)\/?(.*)$/s.exec(call.path) ?? []
  const handler = handlers.get(resource)
  const question = raw.indexOf('?')
  const query = new URLSearchParams(question < 0 ? call.path.split('?')[1] : raw.slice(question))
  const takesUrl =
    resource === 'publish' || resource === 'enqueue' || (resource === 'schedules' && call.method === 'POST')
  const path = takesUrl || question < 0 ? raw : raw.slice(0, question)
  try {
    return handler?.(broker, { ...call, rest: path, query })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { status: 400, body: { error: error.message } }
  }
}

const publish: Handler = (broker, { rest: url, headers, body }) => ({
  status: 201,
  body: broker.publish(url, headers, body),
})

const enqueue: Handler = (broker, { rest: path, headers, body }) => {
  const slash = path.indexOf('/')
  const queue = decodeURIComponent(path.slice(0, Math.max(0, slash)))
  return { status: 201, body: broker.publish(path.slice(slash + 1), headers, body, { queue }) }
}

const Batch = z.array(
  z.object({
    destination: z.string(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().default(''),
    queue: z.string().optional(),
  }),
)

/** Each for itself: one that is refused does not keep the others back. */
const batch: Handler = (broker, { body }) => {
  const parsed = Batch.safeParse(parseJson(body.toString()))
  if (!parsed.success) throw new Refusal('invalid batch request')
  const answers = parsed.data.map((one) => {
    const headers = Object.fromEntries(Object.entries(one.headers).map(([name, value]) => [name.toLowerCase(), value]))
    try {
      return broker.publish(one.destination, headers, Buffer.from(one.body), one.queue ? { queue: one.queue } : {})
    } catch (error) {
      if (error instanceof Refusal) return { error: error.message }
      throw error
    }
  })
  return { status: 200, body: answers }
}

const messages: Handler = (broker, { method, rest: id, query }) => {
  const { open } = broker.ledger
  if (id) {
    const message = open.get(id)
    if (!message) return notFound(`message ${id}`)
    if (method === 'GET') return { status: 200, body: messageView(message) }
    broker.cancel(message)
    return { status: 200, body: { cancelled: 1 } }
  }
  const chosen = [...open.values()].filter(matching(query)).slice(0, limit(query))
  for (const message of chosen) broker.cancel(message)
  return { status: 200, body: { cancelled: chosen.length } }
}

const dlq: Handler = (broker, { method, rest: id, query }) => {
  const { dead } = broker.ledger
  const one = dead.get(id)
  if (id && id !== 'retry') {
    if (!one) return notFound(`dlq message ${id}`)
    if (method === 'DELETE') dead.delete(id)
    return { status: 200, body: method === 'DELETE' ? { deleted: 1 } : messageView(one) }
  }
  const chosen = [...dead].filter(([, message]) => matching(query)(message)).slice(0, limit(query))
  if (id === 'retry') {
    const responses = chosen.map(([dlqId]): Published | undefined => broker.revive(dlqId))
    return { status: 200, body: { responses } }
  }
  if (method === 'GET') return { status: 200, body: { messages: chosen.map(([, message]) => messageView(message)) } }
  for (const [dlqId] of chosen) dead.delete(dlqId)
  return { status: 200, body: { deleted: chosen.length } }
}

const schedules: Handler = (broker, { method, rest: path, headers, body }) => {
  if (method === 'POST') {
    const { id } = broker.schedules.put(path, headers, body, broker.clock.now())
    broker.wake()
    return { status: 200, body: { scheduleId: id } }
  }
  if (!path) return { status: 200, body: broker.schedules.all().map(scheduleView) }
  const [id = '', action] = path.split('/')
  const schedule = broker.schedules.get(id)
  if (!schedule) return notFound(`schedule ${id}`)
  if (method === 'GET') return { status: 200, body: scheduleView(schedule) }
  if (method === 'DELETE') broker.schedules.remove(id)
  else if (action === 'pause') broker.schedules.pause(schedule)
  else broker.schedules.resume(schedule, broker.clock.now())
  broker.wake()
  return { status: 200, body: {} }
}

const queues: Handler = (broker, { method, rest: path, body }) => {
  const { queues: all } = broker.gates
  const now = broker.clock.now()
  if (!path && method === 'GET')
    return { status: 200, body: [...all.values()].map((queue) => queueView(queue, lag(broker, queue.name))) }
  const [name = '', action] = path ? path.split('/') : []
  if (method === 'GET' || method === 'DELETE') {
    const queue = all.get(name)
    if (method === 'DELETE') all.delete(name)
    return queue
      ? { status: 200, body: method === 'GET' ? queueView(queue, lag(broker, name)) : {} }
      : notFound(`queue ${name}`)
  }
  const wanted = action ? { name, parallelism: undefined } : readQueue(body)
  const old = all.get(wanted.name) ?? {
    name: wanted.name,
    parallelism: 1,
    paused: false,
    created_at: now,
    updated_at: now,
  }
  const paused = action ? action === 'pause' : old.paused
  all.set(wanted.name, { ...old, paused, parallelism: wanted.parallelism ?? old.parallelism, updated_at: now })
  broker.wake()
  return { status: 200, body: {} }
}

const flowControl: Handler = (broker, { method, rest: path }) => {
  const [key = '', action] = path.split('/').map(decodeURIComponent)
  const { paused_flows: paused } = broker.gates
  if (method === 'GET') return { status: 200, body: flow(broker, key) }
  if (action === 'pause') paused.add(key)
  else if (action === 'resume') paused.delete(key)
  else return notFound(`flow control action ${action}`)
  broker.wake()
  return { status: 200, body: {} }
}

const events: Handler = (broker, { query }) => {
  const state = query.get('state')
  const found = broker.ledger.events.filter(
    (event) => matching(query)(event.message) && (!state || event.state === state),
  )
  return { status: 200, body: { events: found.slice(0, limit(query)).map(eventView) } }
}

const handlers = new Map<string, Handler>([
  ['publish', publish],
  ['enqueue', enqueue],
  ['batch', batch],
  ['messages', messages],
  ['dlq', dlq],
  ['schedules', schedules],
  ['queues', queues],
  ['flowControl', flowControl],
  ['events', events],
  ['keys', (broker) => ({ status: 200, body: broker.keys })],
])

const Queue = z.object({ queueName: z.string().min(1), parallelism: z.number().int().positive().optional() })

function readQueue(body: Buffer): { name: string; parallelism: number | undefined } {
  const parsed = Queue.safeParse(parseJson(body.toString()))
  if (!parsed.success) throw new Refusal('invalid queue request')
  return { name: parsed.data.queueName, parallelism: parsed.data.parallelism }
}

function lag(broker: Broker, queue: string): number {
  return [...broker.ledger.open.values()].filter((message) => message.queue === queue).length
}

/** What a flow-control key is doing, by the settings of its newest message. */
function flow(broker: Broker, key: string) {
  const inFlow = [...broker.ledger.open.values()].filter((message) => message.flow?.key === key)
  const newest = inFlow.at(-1)?.flow ?? null
  const active = broker.gates.activeIn(key)
  const starts = newest ? broker.gates.startsIn(newest, broker.clock.now()) : 0
  return flowView(key, newest, { waiting: inFlow.length - active, active, starts })
}
