import * as z from 'zod'

/** What the Worker is told by wrangler.toml and its secrets; parsed once per isolate, so that a bad deployment says so. */
export const Env = z.object({
  ENVIRONMENT: z.enum(['local', 'staging', 'production']),
  DATABASE_URL: z.string().min(1),
  /** host:port of a local stand-in for Neon's proxy; unset in production. */
  NEON_PROXY: z.string().optional(),
  UPSTASH_REDIS_REST_URL: z.url(),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
  /** Where the world finds this deployment; what signatures of webhooks and links are made for. */
  PUBLIC_ORIGIN: z.url(),
  /** Signs the tokens of members at a table. */
  TOKEN_SECRET: z.string().min(32),
  /** {"current": "k2", "keys": {"k1": "…", "k2": "…"}}: old stickers stay valid while their key is listed. */
  QR_KEYS: z.string().min(1),
  /** 32 bytes, base64: seals the secrets of integrations. */
  SEALING_KEY: z.string().min(40),
  QSTASH_URL: z.url(),
  QSTASH_TOKEN: z.string().min(1),
  QSTASH_CURRENT_SIGNING_KEY: z.string().min(1),
  QSTASH_NEXT_SIGNING_KEY: z.string().min(1),
})
export type Env = z.infer<typeof Env>

const parsed = new WeakMap<object, Env>()

/** Throws when a binding is missing or wrong: better at the first request than at the first Saturday. */
export function readEnv(bindings: object): Env {
  const known = parsed.get(bindings)
  if (known) return known
  const env = Env.parse(bindings)
  parsed.set(bindings, env)
  return env
}
