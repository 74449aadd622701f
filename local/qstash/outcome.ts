import { dayMs, durationMs } from './duration.ts'
import type { Answer, Message } from './message.ts'
import { retryDelayMs } from './retry-delay.ts'

export type Outcome = { kind: 'delivered' } | { kind: 'dead' } | { kind: 'retry'; after_ms: number }

/** What an answer means: 2xx is delivered, a 489 that says so is dead, all else waits for another try while tries are left. */
export function outcomeOf(message: Message, answer: Answer, realNow: number): Outcome {
  if (answer.status >= 200 && answer.status < 300) return { kind: 'delivered' }
  const final = answer.status === 489 && answer.headers['upstash-nonretryable-error']?.toLowerCase() === 'true'
  if (final || message.retried >= message.max_retries) return { kind: 'dead' }
  return { kind: 'retry', after_ms: wanted(answer, realNow) ?? backoff(message) }
}

const resets = ['retry-after', 'x-ratelimit-reset', 'x-ratelimit-reset-requests', 'x-ratelimit-reset-tokens']

/** The wait the receiver asked for: seconds, `6m5s` or a date. More than a day is ignored, as QStash does. */
function wanted(answer: Answer, realNow: number): number | undefined {
  for (const name of resets) {
    const text = answer.headers[name]
    if (text === undefined) continue
    const ms = durationMs(text) ?? Date.parse(text) - realNow
    if (!Number.isNaN(ms) && ms <= dayMs) return Math.max(0, ms)
  }
  return undefined
}

/** QStash's own: e^(2.5 n) seconds before the nth retry, a day at most. */
function backoff({ retry_delay, retried }: Message): number {
  const ms = retry_delay === null ? Math.exp(2.5 * (retried + 1)) * 1000 : retryDelayMs(retry_delay, retried)
  return Math.min(dayMs, Math.max(0, ms))
}
