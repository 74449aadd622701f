import { log } from './log.ts'
import { Problem } from './problem.ts'

/**
 * Asks a Durable Object, again where it was only just restarting: every call there is safe to make twice. Throws
 * `unavailable`, and logs `event` with the facts, where it stays out of reach.
 */
export async function askObject<S, T>(
  event: string,
  facts: Record<string, unknown>,
  stub: () => S,
  ask: (object: S) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      // A stub that has failed stays broken: each attempt has its own.
      return await ask(stub())
    } catch (error) {
      if (attempt === 3 || !isPassing(error)) {
        log('error', event, { ...facts, reason: String(error) })
        throw new Problem('unavailable', { retry_after_seconds: 1 })
      }
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 100 * attempt))
    }
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const overloaded = 'overloaded' in error && error.overloaded === true
  return !overloaded && ('retryable' in error ? error.retryable === true : false)
}
