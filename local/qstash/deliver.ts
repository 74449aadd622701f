import type { Answer, Message } from './message.ts'

/** Makes the one HTTP call of an attempt. It never throws: no answer is status 0 with the reason. */
export async function deliver(message: Message, signature: string, closing: AbortSignal): Promise<Answer> {
  const headers = {
    ...message.headers,
    'user-agent': 'Upstash-QStash',
    'upstash-message-id': message.id,
    'upstash-retried': String(message.retried),
    'upstash-caller-ip': '127.0.0.1',
    'upstash-signature': signature,
    ...(message.schedule_id ? { 'upstash-schedule-id': message.schedule_id } : {}),
    ...(message.queue ? { 'upstash-queue-name': message.queue } : {}),
  }
  const bodiless = message.method === 'GET' || message.method === 'HEAD'
  try {
    const response = await fetch(message.url, {
      method: message.method,
      headers,
      body: bodiless ? null : new Uint8Array(message.body),
      redirect: 'manual',
      signal: AbortSignal.any([closing, AbortSignal.timeout(message.timeout_ms)]),
    })
    const body = Buffer.from(await response.arrayBuffer())
    return { status: response.status, headers: Object.fromEntries(response.headers), body, error: null }
  } catch (error) {
    return { status: 0, headers: {}, body: Buffer.alloc(0), error: reason(error) }
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
