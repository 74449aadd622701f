import type { IncomingHttpHeaders } from 'node:http'
import { readBody } from '../../local/service.ts'
import { listen } from './mount.ts'

export type Received = { method: string; url: string; headers: IncomingHttpHeaders; body: string }
type Answer = { status?: number; headers?: Record<string, string>; body?: string } | 'hang up'

const thanks = (): Answer => ({})

/** A server that notes each request and answers as told. */
export async function startReceiver() {
  const received: Received[] = []
  let answer: (request: Received) => Answer | Promise<Answer> = thanks
  const server = await listen((request, response) => {
    const serve = async () => {
      const body = (await readBody(request)).toString()
      const one = { method: request.method ?? '', url: server.origin + request.url, headers: request.headers, body }
      received.push(one)
      const told = await answer(one)
      if (told === 'hang up') response.destroy()
      else response.writeHead(told.status ?? 200, told.headers ?? {}).end(told.body ?? 'thanks')
    }
    void serve()
  })
  return {
    ...server,
    received,
    answer(next: typeof answer) {
      answer = next
    },
    reset() {
      received.length = 0
      answer = thanks
    },
  }
}
