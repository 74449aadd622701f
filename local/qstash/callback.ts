import { withoutPrefix, type Answer, type Headers, type Message } from './message.ts'
import { headerLists } from './views.ts'

export type Callback = { url: string; headers: Headers; body: Buffer }

/** The message that tells `callback` (every attempt) or `failureCallback` (the last) what came of a delivery. */
export function callbackFor(kind: 'callback' | 'failure-callback', message: Message, answer: Answer): Callback | null {
  const url = kind === 'callback' ? message.callback : message.failure_callback
  if (!url) return null
  const settings = withoutPrefix(message.options, `upstash-${kind}-`)
  const headers = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`upstash-${name}`, value]))
  const body = {
    status: answer.status,
    header: headerLists(answer.headers),
    body: answer.body.toString('base64'),
    retried: message.retried,
    maxRetries: message.max_retries,
    sourceMessageId: message.id,
    url: message.url,
    method: message.method,
    sourceHeader: headerLists(message.headers),
    sourceBody: message.body.toString('base64'),
    notBefore: String(message.due_at),
    createdAt: String(message.created_at),
    scheduleId: message.schedule_id ?? undefined,
    callerIP: '127.0.0.1',
    dlqId: kind === 'failure-callback' ? message.dead?.dlq_id : undefined,
  }
  return { url, headers: { ...headers, 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) }
}
