import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { answerControl } from './control.ts'
import { answerAs, Behaviour, type PushAnswer } from './pos/behaviour.ts'
import { Till, type Push } from './pos/till.ts'
import { readBody, sendJson, type LocalService } from './service.ts'
import { signWebhook, verifyWebhook } from './standard-webhooks.ts'

/** One behaviour (for every push, or for the `next` n), or a script: one behaviour for each coming push, then ok. */
const Behave = z.union([
  Behaviour.extend({ next: z.number().int().positive().optional() }),
  z.strictObject({ script: z.array(Behaviour) }),
])
const Secret = z.strictObject({ secret: z.string().min(1).nullable() })
const Callback = z.strictObject({
  url: z.url(),
  secret: z.string().min(1),
  /** Sent exactly as it is where it is text, else as JSON. */
  body: z.union([z.string(), z.record(z.string(), z.unknown())]),
  id: z.string().optional(),
  /** Seconds since 1970; now, where it is left out. */
  timestamp: z.number().int().optional(),
})

export type PosService = LocalService & {
  behave(wanted: z.input<typeof Behave>): void
  setSecret(secret: string | null): void
  ledger(): ReturnType<Till['report']>
  callback(wanted: z.input<typeof Callback>): Promise<{ status: number; body: string; webhook_id: string }>
  reset(): void
}

/**
 * A programmable till: takes Tableside's order push on `POST /orders…` or `/hook…`, one ticket for each
 * `Idempotency-Key`, and misbehaves as told. Control: `GET /tickets`, `POST /behave|secret|callback|reset`.
 */
export function posService({
  now = Date.now,
  secret = null,
}: { now?: () => number; secret?: string | null } = {}): PosService {
  const till = new Till(now)
  const closing = new AbortController()
  let signingSecret = secret
  let standing: Behaviour = Behaviour.parse({ mode: 'ok' })
  let script: Behaviour[] = []

  const service: PosService = {
    behave(input) {
      const wanted = Behave.parse(input)
      if ('script' in wanted) [standing, script] = [Behaviour.parse({ mode: 'ok' }), wanted.script]
      else if (wanted.next) script = Array.from({ length: wanted.next }, () => wanted)
      else [standing, script] = [wanted, []]
    },
    setSecret(next) {
      signingSecret = next
    },
    ledger: () => till.report(),
    async callback(input) {
      const { url, secret: key, body, id = `msg_${randomUUID()}`, timestamp } = Callback.parse(input)
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const signed = signWebhook(key, id, timestamp ?? Math.floor(now() / 1000), text)
      const headers = { 'content-type': 'application/json', ...signed }
      const response = await fetch(url, { method: 'POST', headers, body: text, signal: AbortSignal.timeout(30_000) })
      return { status: response.status, body: await response.text(), webhook_id: id }
    },
    reset() {
      till.clear()
      standing = Behaviour.parse({ mode: 'ok' })
      script = []
    },
    handle(request, response, path) {
      const [route = '', key] = path.replace(/\?.*$/, '').split('/').slice(1)
      if (request.method === 'POST' && (route === 'orders' || route === 'hook'))
        return takePush(request, response, path)
      switch (`${request.method} /${route}`) {
        case 'GET /orders': {
          const ticket = till.find(decodeURIComponent(key ?? ''))
          return sendJson(response, ticket ? 200 : 404, ticket ?? { error: 'no such order' })
        }
        case 'GET /tickets':
          return sendJson(response, 200, till.report())
        case 'POST /behave':
          return answerControl(request, response, Behave, (wanted) => service.behave(wanted))
        case 'POST /secret':
          return answerControl(request, response, Secret, (wanted) => service.setSecret(wanted.secret))
        case 'POST /callback':
          return answerControl(request, response, Callback, (wanted) => service.callback(wanted))
        case 'POST /reset':
          return answerControl(request, response, z.unknown(), () => service.reset())
        default:
          return sendJson(response, 404, { error: `no such path: ${request.method} ${path}` })
      }
    },
    async close() {
      closing.abort()
    },
  }

  async function takePush(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const push = await readPush(request, path)
    const behaviour = script.shift() ?? standing
    const answer = accepts(behaviour) ? till.accept(push) : null
    till.record(push, behaviour, answer)
    await answerAs(behaviour, answer ?? refused(behaviour), response, closing.signal)
  }

  async function readPush(request: IncomingMessage, path: string): Promise<Push> {
    const body = await readBody(request)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const signature = signingSecret === null ? 'not_checked' : verifyWebhook(signingSecret, headers, body, now())
    return { path, headers, body: body.toString(), key: headers['idempotency-key'] ?? null, signature }
  }

  return service
}

/** Whether a push under this behaviour becomes a ticket, whatever the caller gets to hear. */
function accepts({ mode, commit }: Behaviour): boolean {
  return mode === 'ok' || mode === 'slow' || mode === 'drop-after-accept' || mode === 'cut' || commit
}

function refused({ status }: Behaviour): PushAnswer {
  return { status, body: { error: 'the till is out of order' } }
}
