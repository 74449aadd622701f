import type { Ctx } from '../../src/platform/ctx.ts'
import { openRedis } from '../../src/platform/redis.ts'

/** What a measured verb is handed and does not use: no Redis, no objects, no secrets. */
export const nowhere: Pick<Ctx, 'redis' | 'table' | 'floor' | 'secrets'> = {
  redis: openRedis('http://nowhere.invalid', 'nothing'),
  table: () => {
    throw new Error('no table is asked in a measurement')
  },
  floor: () => {
    throw new Error('no floor is told in a measurement')
  },
  secrets: {
    local: true,
    mail: null,
    sms: null,
    public_origin: 'http://nowhere.invalid',
    token_secret: '',
    qr_keys: { current: 'k1', keys: { k1: '0123456789abcdef' } },
    openai_url: 'http://nowhere',
    sealing_key: '',
    qstash: { url: '', token: '', current_signing_key: '', next_signing_key: '' },
  },
}
