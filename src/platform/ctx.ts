import type { RestaurantFloorStub } from '../floor/feed-object.ts'
import type { TableSessionStub } from '../ordering/object.ts'
import type { QrKeys } from '../access/qr.ts'
import type { Role, Scope } from '../access/schema.ts'
import type { Db } from './db.ts'
import type { MailSettings } from './mail.ts'
import type { RedisStore } from './redis.ts'
import type { SmsSettings } from './sms.ts'

/** Who does something; written with every change. */
export type Actor =
  | { kind: 'key'; id: string; name: string; scopes: Scope[] }
  | { kind: 'member'; id: string; session_id: string }
  /** A guest on the web; with the reservation whose link it came by, where it did. */
  | { kind: 'guest'; reservation_id?: string }
  /** Somebody of the house who signed in. */
  | { kind: 'staff'; id: string; name: string; role: Role }
  /** A caller, through whatever agent took the call. */
  | { kind: 'call'; id: string }
  | { kind: 'cron' }
  | { kind: 'system'; name: string }

/** What every verb is handed: built once per request at the edge, nothing ambient. `now` is milliseconds. */
export type Ctx = {
  db: Db
  redis: RedisStore
  /** The Durable Object of a table. */
  table: (restaurant_id: string, table_id: string) => TableSessionStub
  /** The Durable Object of a restaurant: its staff's live feed. */
  floor: (restaurant_id: string) => RestaurantFloorStub
  actor: Actor
  now: number
  request_id: string
  secrets: Secrets
  /** Runs after the answer has been sent. */
  after: (work: Promise<unknown>) => void
}

/** What the deployment keeps secret, and where the world finds it; as `Env` says. Never logged, never in an answer. */
export type Secrets = {
  /** On one's own machine, where what would be careless elsewhere is allowed. */
  local: boolean
  public_origin: string
  token_secret: string
  qr_keys: QrKeys
  sealing_key: string
  openai_url: string
  qstash: { url: string; token: string; current_signing_key: string; next_signing_key: string }
  /** Null where no mail goes out. */
  mail: MailSettings | null
  /** Null where no text goes out. */
  sms: SmsSettings | null
}

/** One call of a write: the same key and fingerprint get the first answer again. */
export type Once = { key: string; fingerprint: string }
