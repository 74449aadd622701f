import type { Secrets } from './ctx.ts'

export type QueuedCall = {
  /** Below our own origin. */
  path: string
  body: unknown
  delay_seconds: number
  retries: number
  /** In QStash's expression language, in milliseconds; null: its own. */
  retry_delay: string | null
  /** Two publishes with one id are one message. */
  deduplication_id: string
}

/** Asks QStash to call us later. Throws when it does not take the message within two seconds: the SDK's client would wait. */
export async function queueCall(secrets: Pick<Secrets, 'qstash' | 'public_origin'>, call: QueuedCall): Promise<void> {
  const { url, token } = secrets.qstash
  const response = await fetch(`${url}/v2/publish/${secrets.public_origin}${call.path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'upstash-delay': `${call.delay_seconds}s`,
      'upstash-retries': String(call.retries),
      ...(call.retry_delay === null ? {} : { 'upstash-retry-delay': call.retry_delay }),
      'upstash-deduplication-id': call.deduplication_id,
    },
    body: JSON.stringify(call.body),
    signal: AbortSignal.timeout(2_000),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`QStash answered ${response.status}`)
}
