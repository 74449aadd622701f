import type { Args } from './args.ts'
import { command, type Command, type Commands } from './command.ts'
import { range } from './lists.ts'
import { fromFloat, RedisError, syntaxError, toFloat, type Reply } from './reply.ts'
import type { Store } from './store.ts'

type Ranked = [member: string, score: number]

/** The members by score, equal scores by name. */
function ranked(store: Store, key: string): Ranked[] {
  const scores = store.read(key, 'zset') ?? new Map<string, number>()
  return [...scores].toSorted(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x - y))
}

function remove(store: Store, key: string, members: string[]): number {
  const scores = store.read(key, 'zset')
  return members.filter((member) => scores?.delete(member)).length
}

function plus(score: number, amount: number): number {
  const sum = score + amount
  if (Number.isNaN(sum)) throw new RedisError('ERR resulting score is not a number (NaN)')
  return sum
}

function add(store: Store, args: Args): Reply {
  const key = args.text()
  const options = new Set<string>()
  for (;;) {
    const option = args.option('NX', 'XX', 'GT', 'LT', 'CH', 'INCR')
    if (!option) break
    options.add(option)
  }
  const pairs = args.pairs().map(([score, member]): Ranked => [member, toFloat(score)])
  if (!pairs.length || (options.has('INCR') && pairs.length > 1)) throw syntaxError()
  const scores = store.change(key, 'zset', new Map())
  let added = 0
  let changed = 0
  let last: Reply = null
  for (const [member, given] of pairs) {
    const old = scores.get(member)
    const score = options.has('INCR') ? plus(old ?? 0, given) : given
    if (!mayReplace(old, score, options)) continue
    scores.set(member, score)
    if (old === undefined) added++
    if (old !== score) changed++
    last = fromFloat(score)
  }
  if (options.has('INCR')) return last
  return options.has('CH') ? changed : added
}

/** GT and LT hold back only a change of a member that is already there. */
function mayReplace(old: number | undefined, score: number, options: ReadonlySet<string>): boolean {
  if (old === undefined) return !options.has('XX')
  if (options.has('NX')) return false
  if (options.has('GT') && score <= old) return false
  return !(options.has('LT') && score >= old)
}

/** A bound of scores: `5`, `(5` (without 5), `-inf`, `+inf`. */
function scoreBound(text: string, compare: (score: number, bound: number) => boolean) {
  const open = text.startsWith('(')
  const bound = toFloat(open ? text.slice(1) : text)
  return ([, score]: Ranked) => (open ? score !== bound : true) && compare(score, bound)
}

/** A bound of names: `[a`, `(a` (without a), `-`, `+`. */
function nameBound(text: string, compare: (name: string, bound: string) => boolean) {
  if (text === '-' || text === '+') {
    const passes = text === '-' ? compare('b', 'a') : compare('a', 'b')
    return () => passes
  }
  if (!/^[[(]/.test(text)) throw new RedisError('ERR min or max not valid string range item')
  const bound = text.slice(1)
  return ([name]: Ranked) => (text.startsWith('(') ? name !== bound : true) && compare(name, bound)
}

function within(all: Ranked[], min: string, max: string, by: 'BYSCORE' | 'BYLEX'): Ranked[] {
  const above = by === 'BYSCORE' ? scoreBound(min, (a, b) => a >= b) : nameBound(min, (a, b) => a >= b)
  const below = by === 'BYSCORE' ? scoreBound(max, (a, b) => a <= b) : nameBound(max, (a, b) => a <= b)
  return all.filter((one) => above(one) && below(one))
}

type Preset = { by?: 'BYSCORE' | 'BYLEX'; reverse?: boolean }

/** ZRANGE, and the older commands it replaced, which say the order and the bounds by their name. */
function zrange({ by: presetBy, reverse: presetReverse = false }: Preset): Command {
  return command(-4, (store, args) => {
    const key = args.text()
    const first = args.text()
    const second = args.text()
    let by = presetBy
    let reverse = presetReverse
    let withScores = false
    let limit: [offset: number, count: number] | undefined
    args.eachOption(['BYSCORE', 'BYLEX', 'REV', 'LIMIT', 'WITHSCORES'], (option) => {
      if (option === 'BYSCORE' || option === 'BYLEX') by = option
      if (option === 'REV') reverse = true
      if (option === 'WITHSCORES') withScores = true
      if (option === 'LIMIT') limit = [args.integer(), args.integer()]
    })
    if (limit && !by) throw syntaxError()
    const all = ranked(store, key)
    let found: Ranked[]
    if (by) {
      found = reverse ? within(all, second, first, by).toReversed() : within(all, first, second, by)
    } else {
      found = range(reverse ? all.toReversed() : all, toIndex(first), toIndex(second))
    }
    if (limit) found = found.slice(limit[0], limit[1] < 0 ? undefined : limit[0] + limit[1])
    return flatten(found, withScores)
  })
}

function toIndex(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new RedisError('ERR value is not an integer or out of range')
  return Number(text)
}

function flatten(found: Ranked[], withScores: boolean): Reply {
  return found.flatMap(([member, score]) => (withScores ? [member, fromFloat(score)] : [member]))
}

const rank = (reverse: boolean) =>
  command(3, (store, args) => {
    const all = ranked(store, args.text())
    const member = args.text()
    const index = (reverse ? all.toReversed() : all).findIndex(([one]) => one === member)
    return index < 0 ? null : index
  })

const pop = (reverse: boolean) =>
  command(-2, (store, args) => {
    const key = args.text()
    const all = ranked(store, key)
    const found = (reverse ? all.toReversed() : all).slice(0, args.count ? args.integer() : 1)
    remove(
      store,
      key,
      found.map(([member]) => member),
    )
    return flatten(found, true)
  })

const removeFound = (find: (all: Ranked[], min: string, max: string) => Ranked[]) =>
  command(4, (store, args) => {
    const key = args.text()
    const found = find(ranked(store, key), args.text(), args.text())
    return remove(
      store,
      key,
      found.map(([member]) => member),
    )
  })

export const sortedSets: Commands = {
  zadd: command(-4, add),
  zincrby: command(4, (store, args) => {
    const scores = store.change(args.text(), 'zset', new Map())
    const amount = args.float()
    const member = args.text()
    const score = plus(scores.get(member) ?? 0, amount)
    scores.set(member, score)
    return fromFloat(score)
  }),
  zscore: command(3, (store, args) => {
    const score = store.read(args.text(), 'zset')?.get(args.text())
    return score === undefined ? null : fromFloat(score)
  }),
  zmscore: command(-3, (store, args) => {
    const scores = store.read(args.text(), 'zset')
    return args.rest().map((member) => {
      const score = scores?.get(member)
      return score === undefined ? null : fromFloat(score)
    })
  }),
  zcard: command(2, (store, args) => store.read(args.text(), 'zset')?.size ?? 0),
  zcount: command(4, (store, args) => within(ranked(store, args.text()), args.text(), args.text(), 'BYSCORE').length),
  zrem: command(-3, (store, args) => remove(store, args.text(), args.rest())),
  zrank: rank(false),
  zrevrank: rank(true),
  zrange: zrange({}),
  zrevrange: zrange({ reverse: true }),
  zrangebyscore: zrange({ by: 'BYSCORE' }),
  zrevrangebyscore: zrange({ by: 'BYSCORE', reverse: true }),
  zpopmin: pop(false),
  zpopmax: pop(true),
  zremrangebyscore: removeFound((all, min, max) => within(all, min, max, 'BYSCORE')),
  zremrangebyrank: removeFound((all, start, end) => range(all, toIndex(start), toIndex(end))),
}
