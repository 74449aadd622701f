import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { answerControl } from './control.ts'
import { Broker } from './qstash/broker.ts'
import type { Headers, Message } from './qstash/message.ts'
import { rest, type Reply } from './qstash/rest.ts'
import { instant, messageReport } from './qstash/views.ts'
import { readBody, sendJson, type LocalService } from './service.ts'

/** The credentials that Upstash's own development server uses. Never accept them outside local mode. */
export const devQstash = {
  token: 'eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=',
  current_key: 'sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r',
  next_key: 'sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs',
}

const Fail = z.strictObject({
  on: z.boolean(),
  /** Without it, until switched off. */
  next: z.number().int().positive().optional(),
  status: z.number().int().min(400).max(599).default(500),
})
const Advance = z.strictObject({ seconds: z.number().min(0) })
const Duplicate = z.strictObject({ next: z.number().int().min(0) })
const Hold = z.strictObject({ on: z.boolean() })
const Signature = z.strictObject({ mode: z.enum(['current', 'next', 'wrong', 'expired']) })
const Deliver = z.strictObject({ message_id: z.string() })

type MessageReport = ReturnType<typeof messageReport>
type QstashReport = {
  now: string
  pending: MessageReport[]
  delivered: MessageReport[]
  failed: MessageReport[]
  cancelled: MessageReport[]
}

export type QstashService = LocalService & {
  /** Moves the clock and resolves when what fell due has been delivered, in order. */
  advance(seconds: number): Promise<MessageReport[]>
  messages(): QstashReport
  fail(fault: z.input<typeof Fail>): void
  duplicate(next: number): void
  hold(on: boolean): void
  signature(mode: z.output<typeof Signature>['mode']): void
  reset(): void
}

type Options = { token?: string; current_key?: string; next_key?: string; now?: () => number }

/**
 * QStash in memory: `/v2/…` as the SDK calls it. Control, without a token: `GET /messages`,
 * `POST /advance|hold|duplicate|deliver|signature|fail|reset`.
 */
export function qstashService({
  token = devQstash.token,
  current_key = devQstash.current_key,
  next_key = devQstash.next_key,
  now = Date.now,
}: Options = {}): QstashService {
  const broker = new Broker({ current: current_key, next: next_key }, now)
  let fault: z.output<typeof Fail> = { on: false, status: 500 }

  function refusesPublish(path: string): boolean {
    if (!fault.on || !/^\/v2\/(publish|enqueue|batch)\b/.test(path)) return false
    if (fault.next !== undefined) fault = { ...fault, on: fault.next > 1, next: fault.next - 1 }
    return true
  }

  async function answerRest(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const body = await readBody(request)
    const headers = plainHeaders(request)
    if (headers.authorization !== `Bearer ${token}`) {
      return sendJson(response, 401, { error: 'unauthorized: invalid token' })
    }
    if (refusesPublish(path)) return sendJson(response, fault.status, { error: 'internal error (fault injected)' })
    const reply: Reply | undefined = rest(broker, { method: request.method ?? 'GET', path, headers, body })
    sendJson(response, reply?.status ?? 404, reply ? reply.body : { error: 'not found' })
  }

  function control(request: IncomingMessage, response: ServerResponse, path: string): void | Promise<void> {
    const answer = <Shape extends z.ZodType>(shape: Shape, run: (wanted: z.output<Shape>) => unknown) =>
      answerControl(request, response, shape, run)
    switch (`${request.method} ${path.replace(/\?.*$/, '')}`) {
      case 'GET /messages':
        return sendJson(response, 200, report(broker))
      case 'POST /advance':
        return answer(Advance, async ({ seconds }) => {
          const deliveries = await service.advance(seconds)
          return { now: instant(broker.clock.now()), deliveries }
        })
      case 'POST /deliver':
        return answer(Deliver, async ({ message_id }) => {
          const message = broker.ledger.open.get(message_id)
          if (!message) throw new Error(`no message ${message_id} is waiting`)
          await broker.deliverNow(message)
          return messageReport(message)
        })
      case 'POST /hold':
        return answer(Hold, ({ on }) => service.hold(on))
      case 'POST /duplicate':
        return answer(Duplicate, ({ next }) => service.duplicate(next))
      case 'POST /signature':
        return answer(Signature, ({ mode }) => service.signature(mode))
      case 'POST /fail':
        return answer(Fail, (wanted) => service.fail(wanted))
      case 'POST /reset':
        return answer(z.unknown(), () => service.reset())
      default:
        return sendJson(response, 404, { error: `no such path: ${request.method} ${path}` })
    }
  }

  const service: QstashService = {
    handle: (request, response, path) =>
      path.startsWith('/v2/') ? answerRest(request, response, path) : control(request, response, path),
    close: () => broker.close(),
    advance: async (seconds) => (await broker.advance(seconds)).map(messageReport),
    messages: () => report(broker),
    fail: (wanted) => {
      fault = Fail.parse(wanted)
    },
    duplicate: (next) => {
      broker.faults.duplicates = next
    },
    hold: (on) => {
      broker.faults.hold = on
      broker.wake()
    },
    signature: (mode) => {
      broker.faults.signing = mode
    },
    reset: () => {
      fault = { on: false, status: 500 }
      broker.reset()
    },
  }
  return service
}

function report({ clock, ledger }: Broker): QstashReport {
  const finished = (state: Message['state']) => ledger.finished.filter((one) => one.state === state).map(messageReport)
  return {
    now: instant(clock.now()),
    pending: [...ledger.open.values()].map(messageReport),
    delivered: finished('delivered'),
    failed: finished('failed'),
    cancelled: finished('cancelled'),
  }
}

function plainHeaders(request: IncomingMessage): Headers {
  const entries = Object.entries(request.headers).map(([name, value]) => [name, String(value ?? '')] as const)
  return Object.fromEntries(entries)
}
