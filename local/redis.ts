import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { answerControl, parseJson, pause } from './control.ts'
import { Redis } from './redis/database.ts'
import type { Reply } from './redis/reply.ts'
import { outcome, transaction, Words } from './redis/wire.ts'
import { readBody, sendJson, type LocalService } from './service.ts'

const Fail = z.strictObject({
  on: z.boolean(),
  mode: z.enum(['error', 'hang', 'wrong_json']).default('error'),
  /** How long `hang` holds each request before doing it; without it, until the fault is switched off. */
  ms: z.number().int().positive().optional(),
})
type Fail = z.output<typeof Fail>

export type RedisService = LocalService & {
  /** Does a command without HTTP, for tests that look inside. */
  call(...words: string[]): Reply
  flush(): void
  fail(fault: z.input<typeof Fail>): void
}

/**
 * Upstash Redis over REST, in memory: `POST /`, `/pipeline`, `/multi-exec` as the SDK sends them.
 * Control, without a token: `POST /fail`, `POST /flush`, `GET /keys`. Path commands (`/get/key`) are not served,
 * so that no control path can ever be mistaken for one.
 */
export function redisService({ token, now = Date.now }: { token: string; now?: () => number }): RedisService {
  const redis = new Redis(now)
  let fault: Fail = { on: false, mode: 'error' }
  const held = new Set<() => void>()

  function setFault(next: Fail): void {
    fault = next
    for (const release of held) release()
    held.clear()
  }

  /** Applies the fault that is on; true where the request has had its answer. */
  async function faulty(response: ServerResponse): Promise<boolean> {
    if (!fault.on) return false
    if (fault.mode === 'error') sendJson(response, 500, { error: 'ERR internal error (fault injected)' })
    else if (fault.mode === 'wrong_json') response.end('<html><body>502 Bad Gateway</body></html>')
    else await Promise.race([released(held), ...(fault.ms ? [pause(fault.ms)] : [])])
    return response.writableEnded || response.destroyed
  }

  async function command(request: IncomingMessage, response: ServerResponse, route: string): Promise<void> {
    const body = (await readBody(request)).toString()
    if (request.headers.authorization !== `Bearer ${token}`) {
      return sendJson(response, 401, { error: 'WRONGPASS invalid or missing auth token' })
    }
    if (await faulty(response)) return
    const base64 = request.headers['upstash-encoding'] === 'base64'
    response.setHeader('upstash-sync-token', String(request.headers['upstash-sync-token'] ?? ''))
    if (route === '/') {
      const words = Words.safeParse(parseJson(body))
      if (!words.success) return sendJson(response, 400, { error: 'ERR failed to parse command' })
      const answer = outcome(redis, words.data, base64)
      return sendJson(response, 'error' in answer ? 400 : 200, answer)
    }
    const list = z.array(Words).safeParse(parseJson(body))
    if (!list.success) return sendJson(response, 400, { error: 'ERR failed to parse pipeline request' })
    const answer =
      route === '/pipeline'
        ? list.data.map((words) => outcome(redis, words, base64))
        : transaction(redis, list.data, base64)
    sendJson(response, 'error' in answer ? 400 : 200, answer)
  }

  return {
    call: (...words) => redis.call(words),
    flush: () => redis.store.clear(),
    fail: (wanted) => setFault(Fail.parse(wanted)),
    async handle(request, response, path) {
      const route = `/${path.replace(/\?.*$/, '').replace(/^\/+|\/+$/g, '')}`
      switch (`${request.method} ${route}`) {
        case 'POST /':
        case 'POST /pipeline':
        case 'POST /multi-exec':
          return command(request, response, route)
        case 'POST /fail':
          return answerControl(request, response, Fail, setFault)
        case 'POST /flush':
          return answerControl(request, response, z.unknown(), () => redis.store.clear())
        case 'GET /keys':
          return sendJson(response, 200, { keys: describeKeys(redis) })
        default:
          return sendJson(response, 404, { error: `ERR no such path: ${request.method} ${route}` })
      }
    },
    async close() {
      setFault({ on: false, mode: 'error' })
    },
  }
}

function released(held: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    held.add(resolve)
  })
}

function describeKeys(redis: Redis) {
  return redis.store.keys().map(({ key, entry }) => ({
    key,
    kind: entry.kind,
    expires_in_ms: entry.expires_at === null ? null : Math.ceil(entry.expires_at - redis.store.now()),
  }))
}
