import { Redis } from '@upstash/redis/cloudflare'

/** What verbs need of Redis: it holds only what may vanish. Each call throws within a second when Redis is away. */
export type RedisStore = Pick<Redis, 'get' | 'set' | 'exists' | 'del' | 'incr' | 'expire' | 'eval' | 'pipeline'>

const opened = new Map<string, Redis>()

export function openRedis(url: string, token: string): RedisStore {
  const known = opened.get(url)
  if (known) return known
  const redis = new Redis({
    url,
    token,
    enableTelemetry: false,
    retry: false,
    signal: () => AbortSignal.timeout(1_000),
  })
  opened.set(url, redis)
  return redis
}
