import type { RestaurantFloorStub } from '../floor/feed-object.ts'
import type { TableSessionStub } from '../ordering/object.ts'
import type { Actor, Ctx, Secrets } from './ctx.ts'
import { openDb, ownDb } from './db.ts'
import type { Env } from './env.ts'
import { openRedis } from './redis.ts'

/** A request, a job or a cron tick as verbs want it: made of what the deployment was given and who is at work. */
export function openCtx(
  env: Env,
  bindings: object,
  work: { actor: Actor; now: number; request_id: string; after: Ctx['after'] },
): Ctx {
  return {
    db: ownDb(openDb(env.DATABASE_URL, env.NEON_PROXY)),
    redis: openRedis(env.UPSTASH_REDIS_REST_URL, env.UPSTASH_REDIS_REST_TOKEN),
    table: (restaurant_id, table_id) => tablesOf(bindings).getByName(`${restaurant_id}:${table_id}`),
    floor: (restaurant_id) => floorsOf(bindings).getByName(restaurant_id),
    secrets: {
      local: env.ENVIRONMENT === 'local',
      public_origin: env.PUBLIC_ORIGIN,
      token_secret: env.TOKEN_SECRET,
      qr_keys: env.QR_KEYS,
      sealing_key: env.SEALING_KEY,
      openai_url: env.OPENAI_URL,
      qstash: {
        url: env.QSTASH_URL,
        token: env.QSTASH_TOKEN,
        current_signing_key: env.QSTASH_CURRENT_SIGNING_KEY,
        next_signing_key: env.QSTASH_NEXT_SIGNING_KEY,
      },
      mail: mailOf(env),
      sms: smsOf(env),
    },
    ...work,
  }
}

function mailOf({ MAIL_URL: url, MAIL_TOKEN: token, MAIL_FROM: from }: Env): Secrets['mail'] {
  return url !== undefined && token !== undefined ? { url, token, from } : null
}

function smsOf({ SMS_URL: url, SMS_ACCOUNT: account, SMS_TOKEN: token, SMS_FROM: from }: Env): Secrets['sms'] {
  return account !== undefined && token !== undefined && from !== undefined ? { url, account, token, from } : null
}

type Tables = { getByName(name: string): TableSessionStub }

/** wrangler.toml binds TABLE_SESSION to the class TableSession, which implements TableObject: its stubs speak it. */
function tablesOf(bindings: object): Tables {
  if (!('TABLE_SESSION' in bindings)) throw new Error('wrangler.toml binds no TABLE_SESSION')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return bindings.TABLE_SESSION as Tables
}

type Floors = { getByName(name: string): RestaurantFloorStub }

/** RESTAURANT_FLOOR is bound to the class RestaurantFloor, which implements FloorObject: its stubs speak it. */
function floorsOf(bindings: object): Floors {
  if (!('RESTAURANT_FLOOR' in bindings)) throw new Error('wrangler.toml binds no RESTAURANT_FLOOR')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return bindings.RESTAURANT_FLOOR as Floors
}
