import * as z from 'zod'
import { QrKeys } from '../access/qr.ts'
import { isSealingKey } from '../access/seal.ts'

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
  QR_KEYS: z.string().transform(parseJson).pipe(QrKeys),
  /** 32 bytes, base64: seals the secrets of integrations. */
  SEALING_KEY: z.string().refine(isSealingKey, 'must be 32 bytes in base64'),
  QSTASH_URL: z.url(),
  QSTASH_TOKEN: z.string().min(1),
  QSTASH_CURRENT_SIGNING_KEY: z.string().min(1),
  QSTASH_NEXT_SIGNING_KEY: z.string().min(1),
  /** Resend's API, or what speaks it; without it no mail goes out. */
  MAIL_URL: z.url().optional(),
  MAIL_TOKEN: z.string().min(1).optional(),
  MAIL_FROM: z.string().min(3).default('Tableside <no-reply@tableside.test>'),
  /** Twilio's API, or what speaks it: account, token and the number (or messaging service) it texts from; all or none. */
  SMS_URL: z.url().default('https://api.twilio.com'),
  SMS_ACCOUNT: z.string().min(1).optional(),
  SMS_TOKEN: z.string().min(1).optional(),
  SMS_FROM: z.string().min(1).optional(),
  /** Where calls that come to OpenAI by SIP are answered; another than its own only for a stand-in. */
  OPENAI_URL: z.url().default('https://api.openai.com'),
  /** Messages a phone at a table may send; twice as many at once. */
  TABLE_OPS_PER_SECOND: z.coerce.number().positive().default(20),
  /** After so long without a word or a ping a phone's socket is closed. */
  TABLE_SILENT_SECONDS: z.coerce.number().positive().default(75),
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

function parseJson(text: string, ctx: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text)
  } catch {
    ctx.addIssue('must be JSON')
    return z.NEVER
  }
}
