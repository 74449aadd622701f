/** What an object is given when it is tested alone, in workerd but without a stack: nothing it could call. */
export const objectBindings = {
  DATABASE_URL: 'postgres://nobody:nothing@nowhere.invalid/none',
  UPSTASH_REDIS_REST_URL: 'http://nowhere.invalid',
  UPSTASH_REDIS_REST_TOKEN: 'none',
  PUBLIC_ORIGIN: 'http://nowhere.invalid',
  TOKEN_SECRET: 'a-secret-that-signs-nothing-that-matters',
  QR_KEYS: JSON.stringify({ current: 'k1', keys: { k1: '0123456789abcdef' } }),
  SEALING_KEY: Buffer.alloc(32).toString('base64'),
  QSTASH_URL: 'http://nowhere.invalid',
  QSTASH_TOKEN: 'none',
  QSTASH_CURRENT_SIGNING_KEY: 'none',
  QSTASH_NEXT_SIGNING_KEY: 'none',
}
