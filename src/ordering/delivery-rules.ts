/** R76. Five attempts a round: at once, then after 30 s, 2 min, 8 min and 32 min. */
export const mostAttempts = 5
const firstWaitMs = 30_000

/** How long to wait after an attempt (1 is the first) has failed; null after the last. */
export function waitAfterMs(attempt: number): number | null {
  return attempt >= mostAttempts ? null : firstWaitMs * 4 ** (attempt - 1)
}

export type Queued = { first_attempt: number; delay_seconds: number; retries: number; retry_delay: string | null }

/**
 * What to ask of QStash once an attempt has failed, so that what is left of the round happens at its times. Its own
 * first delivery is our next attempt: the delay is that wait, the retry delay begins with the one after. Null: none left.
 */
export function queueAfter(attempt: number): Queued | null {
  const delay = waitAfterMs(attempt)
  if (delay === null) return null
  const next = waitAfterMs(attempt + 1)
  return {
    first_attempt: attempt + 1,
    delay_seconds: delay / 1000,
    retries: mostAttempts - attempt - 1,
    // `retried` is 0 before the first retry; the value is in milliseconds.
    retry_delay: next === null ? null : `${next} * pow(4, retried)`,
  }
}

/** From when on the sweep makes an attempt that nobody has made: a fresh one may still be under way. */
export const sweepAfterMs = 20_000
/** How late QStash may be before the sweep takes over what it holds. */
export const queueGraceMs = 120_000
