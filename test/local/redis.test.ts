import { Ratelimit } from '@upstash/ratelimit'
import { Redis } from '@upstash/redis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { redisService } from '../../local/redis.ts'
import { mount, type Mounted } from './mount.ts'

let now = Date.parse('2026-12-01T19:00:00Z')
const service = redisService({ token: 'local', now: () => now })
let mounted: Mounted
let redis: Redis

/** What the SDK would send, by hand. */
function post(
  body: unknown,
  { path = '', ...headers }: Record<string, string> = {},
  signal = AbortSignal.timeout(5000),
): Promise<Response> {
  const init = { method: 'POST', headers: { authorization: 'Bearer local', ...headers }, signal }
  return fetch(`${mounted.url}/${path}`, { ...init, body: JSON.stringify(body) })
}

async function listKeys(): Promise<unknown> {
  const response = await fetch(`${mounted.url}/keys`)
  const { keys }: { keys: unknown } = await response.json()
  return keys
}

async function control(path: string, body: unknown = {}): Promise<void> {
  await fetch(`${mounted.url}/${path}`, { method: 'POST', body: JSON.stringify(body) })
}

beforeAll(async () => {
  mounted = await mount('/redis', service)
  redis = new Redis({ url: mounted.url, token: 'local', enableTelemetry: false })
})
beforeEach(() => service.flush())
afterAll(() => mounted.close())

describe('the wire', () => {
  test('answers in base64, except an answer that is exactly OK', async () => {
    const commands = [
      ['SET', 'k', 'OK'],
      ['GET', 'k'],
      ['MGET', 'k', 'nothing'],
      ['HGETALL', 'nothing'],
      ['STRLEN', 'k'],
    ]
    const response = await post(commands, { path: 'pipeline', 'upstash-encoding': 'base64' })
    const results = ['OK', 'OK', ['T0s=', null], [], 2]
    expect(await response.json()).toEqual(results.map((result) => ({ result })))
  })

  test('refuses a wrong token with 401 and a wrong command with 400, in JSON', async () => {
    const wrongToken = await post(['GET', 'k'], { authorization: 'Bearer stolen' })
    expect(wrongToken.status).toBe(401)
    expect(await wrongToken.json()).toEqual({ error: expect.stringContaining('WRONGPASS') })
    const wrongCommand = await post(['GET'])
    expect(wrongCommand.status).toBe(400)
    expect(await wrongCommand.json()).toEqual({ error: "ERR wrong number of arguments for 'get' command" })
    expect((await post(['GET', {}])).status).toBe(400)
    expect((await post('GET')).status).toBe(400)
  })

  test('joins the commands of one tick, as the SDK does by default', async () => {
    await Promise.all([redis.set('a', 1), redis.set('b', { of: 2 })])
    expect(await Promise.all([redis.get('a'), redis.get('b'), redis.get('c')])).toEqual([1, { of: 2 }, null])
  })

  test('keeps the good commands of a pipeline and tells the bad one', async () => {
    await redis.set('text', 'x')
    const results = await redis.pipeline().set('a', 1).incr('text').get('a').exec({ keepErrors: true })
    expect(results.map(({ result }) => result)).toEqual(['OK', undefined, 1])
    expect(results[1]?.error).toContain('not an integer')
  })

  test('does nothing of a transaction that holds a command that cannot run', async () => {
    await redis.set('a', 1)
    expect(await redis.multi().incr('a').incr('a').exec()).toEqual([2, 3])
    const broken = await post([['INCR', 'a'], ['NONSENSE']], { path: 'multi-exec' })
    expect(broken.status).toBe(400)
    expect(await redis.get('a')).toBe(3)
  })
})

describe('keys', () => {
  test('SET takes its options in lower case and in any order', async () => {
    expect(await redis.set('seat', 'ada', { nx: true, px: 1000 })).toBe('OK')
    expect(await redis.set('seat', 'bob', { nx: true, px: 1000 })).toBeNull()
    expect(await redis.set('seat', 'cyd', { xx: true, get: true, keepTtl: true })).toBe('ada')
    expect(await redis.pttl('seat')).toBe(1000)
    expect(service.call('SET', 'seat', 'dan', 'PX', '5', 'XX')).toEqual({ status: 'OK' })
    await expect(redis.set('seat', 'x', { ex: 0 })).rejects.toThrow('invalid expire time')
  })

  test('a key is gone at the end of its time, and counting does not prolong it', async () => {
    await redis.set('n', 1, { ex: 10 })
    now += 9_999
    expect(await redis.incr('n')).toBe(2)
    expect(await redis.ttl('n')).toBe(0)
    now += 1
    expect(await redis.exists('n')).toBe(0)
    expect(await redis.ttl('n')).toBe(-2)
    expect(await redis.incr('n')).toBe(1)
    expect(await redis.ttl('n')).toBe(-1)
  })

  test('EXPIRE has its conditions, and a time that is past deletes', async () => {
    await redis.set('k', 1)
    expect(await redis.expire('k', 10, 'XX')).toBe(0)
    expect(await redis.expire('k', 10, 'NX')).toBe(1)
    expect(await redis.expire('k', 5, 'GT')).toBe(0)
    expect(await redis.expire('k', 5, 'LT')).toBe(1)
    expect(await redis.persist('k')).toBe(1)
    expect(await redis.expireat('k', 1)).toBe(1)
    expect(await redis.get('k')).toBeNull()
  })

  test.for([false, true])('SCAN tells each key once; what it told is deleted on the way: %s', async (deleting) => {
    for (let index = 0; index < 35; index++) service.call('SET', `scan:${index}`, 'x')
    service.call('SET', 'other', 'x')
    const seen: string[] = []
    let cursor = '0'
    let pages = 0
    do {
      const [next, found]: [string, string[]] = await redis.scan(cursor, { match: 'scan:*', count: 10 })
      seen.push(...found)
      if (deleting && found.length) await redis.del(...found)
      cursor = next
      pages++
    } while (cursor !== '0')
    expect(pages).toBe(4)
    expect(seen.toSorted()).toEqual(Array.from({ length: 35 }, (_, index) => `scan:${index}`).toSorted())
    expect(await redis.dbsize()).toBe(deleting ? 1 : 36)
  })

  test('refuses a command on a key of another kind and leaves no empty key behind', async () => {
    await redis.set('text', 'x')
    await expect(redis.hset('text', { a: 1 })).rejects.toThrow('WRONGTYPE')
    expect(() => service.call('ZINCRBY', 'board', 'much', 'ada')).toThrow('not a valid float')
    await redis.sadd('set', 'only')
    await redis.srem('set', 'only')
    expect(await redis.keys('*')).toEqual(['text'])
  })
})

const lua = (script: string, ...words: string[]) => service.call('EVAL', script, '1', 'key', ...words)

describe('scripts', () => {
  test('are known by the hash of their whole text, the shebang included', async () => {
    const script = '#!lua flags=allow-key-locking\nreturn {KEYS[1], ARGV[1]}'
    const sha = await redis.scriptLoad(script)
    expect(await redis.evalsha(sha, ['k'], ['v'])).toEqual(['k', 'v'])
    await expect(redis.evalsha('0'.repeat(40), [], [])).rejects.toThrow('NOSCRIPT')
    expect(await redis.scriptExists(sha, '0'.repeat(40))).toEqual([1, 0])
  })

  test('see Redis with the eyes of Lua 5.1', () => {
    expect(lua('return redis.call("GET", KEYS[1]) == false')).toBe(1)
    expect(lua('return redis.call("SET", KEYS[1], 3).ok')).toBe('OK')
    expect(lua('return redis.call("SET", KEYS[1], 2 ^ 40)')).toEqual({ status: 'OK' })
    expect(service.call('GET', 'key')).toBe('1099511627776')
    expect(lua('return {1, 7 / 2, false, 4, nil, 5}')).toEqual([1, 3, null, 4])
    expect(lua('return "n" .. 10 / 2 .. tonumber("86400000") * 40')).toBe('n53456000000')
    expect(lua('return string.format("%d", ARGV[1] + 1)', '1796151600000')).toBe('1796151600001')
  })

  test('may catch what Redis refuses, or fail with it', () => {
    service.call('SET', 'key', 'text')
    expect(lua('return redis.pcall("INCR", KEYS[1]).err')).toContain('not an integer')
    expect(() => lua('redis.call("INCR", KEYS[1])')).toThrow('not an integer')
    expect(() => lua('return redis.pcall("INCR", KEYS[1])')).toThrow('not an integer')
    expect(() => lua('return {')).toThrow('compiling')
  })

  test('may not run each other', () => {
    expect(() => lua('return redis.call("EVAL", "return 1", 0)')).toThrow('not allowed from script')
    expect(lua('return 1')).toBe(1)
  })

  test('may have no global variables, since Redis refuses them', () => {
    expect(() => lua('counter = 1')).toThrow("global variable 'counter'")
    expect(() => lua('return counter')).toThrow("global variable 'counter'")
    expect(lua('local counter = 1 return counter')).toBe(1)
  })
})

describe('the limiters of @upstash/ratelimit', () => {
  const limiters = {
    fixedWindow: Ratelimit.fixedWindow(5, '30 d'),
    slidingWindow: Ratelimit.slidingWindow(5, '30 d'),
    tokenBucket: Ratelimit.tokenBucket(5, '30 d', 5),
    cachedFixedWindow: Ratelimit.cachedFixedWindow(5, '30 d'),
  }

  test.for(Object.entries(limiters))('%s counts, refuses, tells and resets', async ([name, limiter]) => {
    const cache = name === 'cachedFixedWindow' ? new Map<string, number>() : false
    const limit = new Ratelimit({ redis, limiter, prefix: name, ephemeralCache: cache })
    const one = await limit.limit('guest')
    expect([one.success, one.remaining]).toEqual([true, 4])
    const three = await limit.limit('guest', { rate: 3 })
    expect([three.success, three.remaining]).toEqual([true, 1])
    expect((await limit.limit('guest')).success).toBe(true)
    expect((await limit.limit('guest')).success).toBe(false)
    expect((await limit.limit('another')).success).toBe(true)
    expect((await limit.getRemaining('guest')).remaining).toBe(0)
    await limit.resetUsedTokens('guest')
    expect((await limit.getRemaining('guest')).remaining).toBe(5)
    expect((await limit.limit('guest')).success).toBe(true)
  })
})

describe('faults', () => {
  test('error: 500 for each command until it is switched off', async () => {
    await control('fail', { on: true })
    await expect(redis.get('k')).rejects.toThrow('fault injected')
    await control('fail', { on: false })
    expect(await redis.get('k')).toBeNull()
  })

  test('wrong_json: a page that is no JSON', async () => {
    await control('fail', { on: true, mode: 'wrong_json' })
    await expect(redis.get('k')).rejects.toThrow('Unable to parse')
    await control('fail', { on: false })
  })

  test('hang: no answer while it lasts, and then the command is done', async () => {
    await control('fail', { on: true, mode: 'hang' })
    const waiting = redis.set('patient', 1)
    await expect(post(['SET', 'impatient', 1], {}, AbortSignal.timeout(50))).rejects.toThrow('timeout')
    expect(await listKeys()).toEqual([])
    await control('fail', { on: false })
    expect(await waiting).toBe('OK')
    expect(await listKeys()).toMatchObject([{ key: 'patient' }])
  })

  test('hang with ms: slow, but done', async () => {
    await control('fail', { on: true, mode: 'hang', ms: 1 })
    expect(await redis.set('k', 1)).toBe('OK')
    await control('fail', { on: false })
  })

  test('flush empties it, and keys tells what there is', async () => {
    await redis.set('k', 1, { px: 500 })
    expect(await listKeys()).toEqual([{ key: 'k', kind: 'string', expires_in_ms: 500 }])
    await control('flush')
    expect(await redis.dbsize()).toBe(0)
  })

  test('a fault that does not exist is refused', async () => {
    const response = await fetch(`${mounted.url}/fail`, { method: 'POST', body: '{"on":true,"mode":"fire"}' })
    expect(response.status).toBe(400)
    expect(await redis.get('k')).toBeNull()
  })
})
