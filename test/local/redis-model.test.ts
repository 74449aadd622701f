import * as fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { redisService } from '../../local/redis.ts'

const service = redisService({ token: 'local', now: () => 0 })
beforeEach(() => service.flush())

const member = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const score = fc.integer({ min: -5, max: 5 })
const index = fc.integer({ min: -7, max: 7 })

/** The answer of Redis's documentation for "the elements from start to stop, both included, negative from the end". */
function slice<T>(items: T[], start: number, stop: number): T[] {
  return items.filter((_, at) => {
    const from = start < 0 ? items.length + start : start
    const to = stop < 0 ? items.length + stop : stop
    return at >= from && at <= to
  })
}

const change = fc.oneof(
  fc.record({ do: fc.constant('add' as const), member, score }),
  fc.record({ do: fc.constant('by' as const), member, score }),
  fc.record({ do: fc.constant('rem' as const), member, score }),
)

test('a sorted set answers as a sorted list of pairs would', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), index, index, score, score, (changes, start, stop, min, max) => {
      service.flush()
      const model = new Map<string, number>()
      for (const one of changes) {
        if (one.do === 'add') {
          const added = service.call('ZADD', 'z', String(one.score), one.member)
          expect(added).toBe(model.has(one.member) ? 0 : 1)
          model.set(one.member, one.score)
        } else if (one.do === 'by') {
          model.set(one.member, (model.get(one.member) ?? 0) + one.score)
          expect(service.call('ZINCRBY', 'z', String(one.score), one.member)).toBe(String(model.get(one.member)))
        } else {
          expect(service.call('ZREM', 'z', one.member)).toBe(model.delete(one.member) ? 1 : 0)
        }
      }
      const sorted = [...model].toSorted(([a, x], [b, y]) => x - y || a.localeCompare(b))
      const names = sorted.map(([name]) => name)
      const between = sorted.filter(([, one]) => one >= min && one < max).map(([name]) => name)
      expect(service.call('ZRANGE', 'z', String(start), String(stop))).toEqual(slice(names, start, stop))
      expect(service.call('ZRANGE', 'z', String(start), String(stop), 'REV')).toEqual(
        slice(names.toReversed(), start, stop),
      )
      expect(service.call('ZRANGEBYSCORE', 'z', String(min), `(${max}`)).toEqual(between)
      expect(service.call('ZREVRANGEBYSCORE', 'z', `(${max}`, String(min))).toEqual(between.toReversed())
      expect(service.call('ZCARD', 'z')).toBe(model.size)
      expect(service.call('EXISTS', 'z')).toBe(model.size ? 1 : 0)
      for (const name of ['a', 'e']) {
        expect(service.call('ZRANK', 'z', name)).toBe(model.has(name) ? names.indexOf(name) : null)
      }
      expect(service.call('ZREMRANGEBYSCORE', 'z', String(min), `(${max}`)).toBe(between.length)
      expect(service.call('ZCARD', 'z')).toBe(model.size - between.length)
    }),
  )
})

test('a hash answers as a map would, whatever the texts', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 5 })
  const step = fc.record({ field: fc.oneof(member, text), text, remove: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      service.flush()
      const model = new Map<string, string>()
      for (const { field, text: value, remove } of steps) {
        if (remove) {
          expect(service.call('HDEL', 'h', field)).toBe(model.delete(field) ? 1 : 0)
        } else {
          expect(service.call('HSET', 'h', field, value)).toBe(model.has(field) ? 0 : 1)
          model.set(field, value)
        }
      }
      const answer = service.call('HGETALL', 'h')
      expect(answer).toEqual([...model].flat())
      expect(service.call('HMGET', 'h', 'a', 'b')).toEqual([model.get('a') ?? null, model.get('b') ?? null])
      // A script sees the same bytes.
      expect(service.call('EVAL', 'return redis.call("HGETALL", KEYS[1])', '1', 'h')).toEqual(answer)
      expect(service.call('EXISTS', 'h')).toBe(model.size ? 1 : 0)
    }),
  )
})

test('a list answers as an array would', () => {
  const step = fc.record({ do: fc.constantFrom('LPUSH', 'RPUSH', 'LPOP', 'RPOP'), item: member })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), index, index, member, (steps, start, stop, wanted) => {
      service.flush()
      const model: string[] = []
      for (const { do: command, item } of steps) {
        if (command === 'LPUSH') expect(service.call('LPUSH', 'l', item)).toBe(model.unshift(item))
        if (command === 'RPUSH') expect(service.call('RPUSH', 'l', item)).toBe(model.push(item))
        if (command === 'LPOP') expect(service.call('LPOP', 'l')).toBe(model.shift() ?? null)
        if (command === 'RPOP') expect(service.call('RPOP', 'l')).toBe(model.pop() ?? null)
      }
      expect(service.call('LRANGE', 'l', String(start), String(stop))).toEqual(slice(model, start, stop))
      expect(service.call('LREM', 'l', '-1', wanted)).toBe(model.includes(wanted) ? 1 : 0)
      if (model.includes(wanted)) model.splice(model.lastIndexOf(wanted), 1)
      expect(service.call('LRANGE', 'l', '0', '-1')).toEqual(model)
    }),
  )
})
