import * as z from 'zod'
import { answerControl } from './control.ts'
import { readBody, sendJson, type LocalService } from './service.ts'

const Fail = z.strictObject({ next: z.int().min(0), status: z.int().min(400).max(599).default(500) })
type Accepted = { id: string; path: string; authorization: string | null; status: number; body: unknown }

/**
 * The part of OpenAI's API that answers a call by SIP: `POST /v1/realtime/calls/{id}/accept` and
 * `POST /v1/live/sessions/{id}/accept`. Control: `GET /accepted[?id]`, `POST /fail {next, status}`.
 */
export function openaiService(): LocalService {
  const accepted: Accepted[] = []
  let failing = { next: 0, status: 500 }
  return {
    async handle(request, response, path) {
      const [, id] = /^\/v1\/(?:realtime\/calls|live\/sessions)\/([\w-]+)\/accept$/.exec(path) ?? []
      if (request.method === 'POST' && id !== undefined) {
        const body: unknown = JSON.parse((await readBody(request)).toString())
        const status = failing.next > 0 ? failing.status : 200
        failing = { ...failing, next: Math.max(0, failing.next - 1) }
        accepted.push({ id, path, authorization: request.headers.authorization ?? null, status, body })
        return sendJson(response, status, status === 200 ? {} : { error: { message: 'fault injected' } })
      }
      if (request.method === 'GET' && path.startsWith('/accepted')) {
        const wanted = new URL(path, 'http://local').searchParams.get('id')
        return sendJson(response, 200, { accepted: accepted.filter((one) => wanted === null || one.id === wanted) })
      }
      if (request.method === 'POST' && path === '/fail')
        return answerControl(request, response, Fail, (wanted) => {
          failing = wanted
        })
      return sendJson(response, 404, { error: `no such path: ${request.method} ${path}` })
    },
  }
}
