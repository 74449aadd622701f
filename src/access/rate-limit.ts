import { Ratelimit } from '@upstash/ratelimit'
import { Redis } from '@upstash/redis/cloudflare'
import { log } from '../platform/log.ts'
import { Problem } from '../platform/problem.ts'

type Lease = { left: number; until: number; remaining: number; reset: number }
export type Allowance = { limit: number; remaining: number; reset_seconds: number }

const windowMs = 60_000
const leases = new Map<string, Lease>()
/** Until when a lease may be on its way, in case the request that fetches it is cut off. */
const fetching = new Map<string, number>()
const limiters = new Map<string, Ratelimit>()

/**
 * So many requests a minute for one key. An isolate takes a twentieth of the minute's tokens from Redis at a time and
 * spends them from memory, so that most requests make no call at all; the sum over all isolates stays exact. Throws
 * `rate_limited` with the seconds to wait. With Redis out of reach the request goes on: a limit is no reason to be down.
 */
export async function spendOne(
  redis: { url: string; token: string },
  keyId: string,
  perMinute: number,
  now: number,
  requestId: string,
): Promise<Allowance> {
  const kept = leases.get(keyId)
  const lease =
    kept && kept.left > 0 && kept.until > now ? kept : await takeLease(redis, keyId, perMinute, now, requestId)
  lease.left -= 1
  return {
    limit: perMinute,
    remaining: Math.max(0, lease.remaining + lease.left),
    reset_seconds: Math.max(0, Math.ceil((lease.reset - now) / 1000)),
  }
}

async function takeLease(
  redis: { url: string; token: string },
  keyId: string,
  perMinute: number,
  now: number,
  requestId: string,
): Promise<Lease> {
  // Whoever comes while a lease is on its way takes one token: a crowd at a cold isolate would else draw all twenty.
  const first = (fetching.get(keyId) ?? 0) <= now
  const most = first ? Math.max(1, Math.floor(perMinute / 20)) : 1
  if (first) fetching.set(keyId, now + 1_000)
  try {
    return await fetchLease(redis, keyId, perMinute, most, now, requestId)
  } finally {
    if (first) fetching.delete(keyId)
  }
}

async function fetchLease(
  redis: { url: string; token: string },
  keyId: string,
  perMinute: number,
  most: number,
  now: number,
  requestId: string,
): Promise<Lease> {
  // Near the end of the window a whole lease may be refused while single tokens are left.
  for (const tokens of most > 1 ? [most, 1] : [1]) {
    const answer = await limiterOf(redis, perMinute)
      .limit(keyId, { rate: tokens })
      .catch((error: unknown) => {
        log('warn', 'rate_limit_unavailable', { request_id: requestId, reason: String(error) })
        return null
      })
    if (answer === null) {
      const left = Math.max(1, Math.floor(perMinute / 20))
      return keep(keyId, { left, until: now + 5_000, remaining: perMinute, reset: now + windowMs })
    }
    if (answer.success) {
      const lease = { left: tokens, until: answer.reset, remaining: answer.remaining, reset: answer.reset }
      return keep(keyId, lease)
    }
    if (tokens === 1) {
      // What is refused there may have come here meanwhile.
      const kept = leases.get(keyId)
      if (kept && kept.left > 0 && kept.until > now) return kept
      const seconds = Math.max(1, Math.ceil((answer.reset - now) / 1000))
      throw new Problem('rate_limited', {
        detail: `At most ${perMinute} such requests a minute.`,
        retry_after_seconds: seconds,
      })
    }
  }
  throw new Problem('rate_limited', { retry_after_seconds: 60 })
}

/** Added to what is left of the same minute's lease, which may have come meanwhile. */
function keep(keyId: string, lease: Lease): Lease {
  const kept = leases.get(keyId)
  if (kept && kept.until === lease.until) {
    kept.left += lease.left
    kept.remaining = Math.min(kept.remaining, lease.remaining)
    return kept
  }
  if (leases.size > 10_000) leases.clear()
  leases.set(keyId, lease)
  return lease
}

function limiterOf(redis: { url: string; token: string }, perMinute: number): Ratelimit {
  const name = `${redis.url}|${perMinute}`
  const known = limiters.get(name)
  if (known) return known
  const limiter = new Ratelimit({
    redis: new Redis({ ...redis, enableTelemetry: false, retry: false, signal: () => AbortSignal.timeout(1_000) }),
    limiter: Ratelimit.fixedWindow(perMinute, '1 m'),
    prefix: 'limit:key',
    ephemeralCache: false,
    timeout: 0,
  })
  limiters.set(name, limiter)
  return limiter
}
