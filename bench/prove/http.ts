import http from 'node:http'
import https from 'node:https'

export type Reply = { status: number; text: string }
export type Question = {
  method: string
  path: string
  headers: Record<string, string>
  body?: string | undefined
  /** After so many milliseconds nobody listens any more, whatever becomes of the question. */
  hangs_up_after_ms?: number | null
}
export type Sender = (question: Question) => Promise<Reply>

const patience_ms = 20_000

/** Connections that stay open, as many as there are clients; rejects where no answer came. */
export function sender(origin: string, clients: number): { send: Sender; close: () => void } {
  const secure = origin.startsWith('https:')
  const settings = { keepAlive: true, maxSockets: clients, scheduling: 'fifo' } as const
  const agent = secure ? new https.Agent(settings) : new http.Agent(settings)
  const { request } = secure ? https : http

  const send: Sender = ({ method, path, headers, body, hangs_up_after_ms = null }) =>
    new Promise((resolve, reject) => {
      const asking = request(`${origin}${path}`, { agent, method, headers, timeout: patience_ms }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
        answer.on('error', reject)
      })
      asking.on('timeout', () => asking.destroy(new Error(`no answer within ${patience_ms} ms`)))
      asking.on('error', reject)
      if (hangs_up_after_ms !== null) {
        const timer = setTimeout(() => asking.destroy(new Error('hung up')), hangs_up_after_ms)
        asking.on('close', () => clearTimeout(timer))
      }
      asking.end(body)
    })
  return { send, close: () => agent.destroy() }
}
