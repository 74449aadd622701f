import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { answerControl } from '../control.ts'
import { readBody, sendJson, type LocalService } from '../service.ts'
import { page, type Row } from './page.ts'

export type Sent = { id: string; sent_at: string }
export type Incoming = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
}
export type Answer<T> = { status: number; body: unknown; message?: T }

/** A provider's REST: reads a call and answers it; `message` is what has thereby been sent. */
export type Api<T extends Sent> = {
  title: string
  /** Undefined where the provider has no such path. */
  call(incoming: Incoming, sent: readonly T[]): Answer<T> | undefined
  problem(status: number): unknown
  isTo(message: T, wanted: string): boolean
  row(message: T): Row
}

const Fail = z.strictObject({
  next: z.number().int().min(0),
  status: z.number().int().min(400).max(599).default(500),
})

export type InboxService<T extends Sent> = LocalService & {
  /** Newest first. */
  sent(to?: string): T[]
  /** Refuses the next n messages with a status. */
  fail(next: number, status?: number): void
  clear(): void
}

const kept = 1000

/** A provider that sends nothing: what comes in is kept to be read by people and tests. */
export function inboxOf<T extends Sent>(api: Api<T>): InboxService<T> {
  let messages: T[] = []
  let fault = { next: 0, status: 500 }

  const service: InboxService<T> = {
    sent: (to) => messages.filter((message) => to === undefined || api.isTo(message, to)),
    fail(next, status = 500) {
      fault = { next, status }
    },
    clear() {
      messages = []
    },
    handle(request, response, path) {
      const url = new URL(path || '/', 'http://inbox')
      switch (`${request.method} ${url.pathname}`) {
        case 'GET /':
          return list(request, response, url.searchParams.get('to'))
        case 'DELETE /':
          service.clear()
          return sendJson(response, 200, [])
        case 'POST /fail':
          return answerControl(request, response, Fail, ({ next, status }) => service.fail(next, status))
        default:
          return callApi(request, response, url)
      }
    },
  }

  function list(request: IncomingMessage, response: ServerResponse, to: string | null): void {
    const found = service.sent(to ?? undefined)
    if (!prefersHtml(request.headers.accept)) return sendJson(response, 200, found)
    // Mail may carry any HTML: nothing in it may run or load.
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'",
    })
    response.end(
      page(
        api.title,
        found.map((message) => api.row(message)),
      ),
    )
  }

  async function callApi(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const path = url.pathname
    const incoming = {
      method: request.method ?? 'GET',
      path,
      query: url.searchParams,
      headers: request.headers,
      body: await readBody(request),
    }
    if (fault.next > 0 && incoming.method === 'POST') {
      fault.next--
      return sendJson(response, fault.status, api.problem(fault.status))
    }
    const answer = api.call(incoming, messages)
    if (!answer) return sendJson(response, 404, { error: `no such path: ${incoming.method} ${path}` })
    if (answer.message) messages = [answer.message, ...messages].slice(0, kept)
    sendJson(response, answer.status, answer.body)
  }

  return service
}

function prefersHtml(accept = ''): boolean {
  const html = accept.indexOf('text/html')
  const json = accept.indexOf('application/json')
  return html >= 0 && (json < 0 || html < json)
}
