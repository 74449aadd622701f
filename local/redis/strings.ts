import type { Args } from './args.ts'
import { command, type Commands } from './command.ts'
import { fromFloat, OK, RedisError, syntaxError, toFloat, toInteger, type Reply } from './reply.ts'
import type { Store } from './store.ts'

type Lifetime = 'EX' | 'PX' | 'EXAT' | 'PXAT'
const lifetimes: Lifetime[] = ['EX', 'PX', 'EXAT', 'PXAT']

/** The instant in milliseconds that `EX 10` or `PXAT 1764547200000` speaks of. */
function expiry(unit: Lifetime, amount: number, now: number): number {
  if (amount <= 0) throw new RedisError(`ERR invalid expire time in 'set' command`)
  const ms = unit.startsWith('EX') ? amount * 1000 : amount
  return unit.endsWith('AT') ? ms : now + ms
}

/** SET and its relatives: the key, the value, then options in any order and either case. */
function set(store: Store, args: Args): Reply {
  const key = args.text()
  const text = args.text()
  let only: 'NX' | 'XX' | undefined
  let expiresAt: number | null | undefined
  let answerOld = false
  args.eachOption([...lifetimes, 'KEEPTTL', 'NX', 'XX', 'GET'], (option) => {
    if (option === 'GET') answerOld = true
    else if (option === 'NX' || option === 'XX') {
      if (only && only !== option) throw syntaxError()
      only = option
    } else {
      if (expiresAt !== undefined) throw syntaxError()
      expiresAt = option === 'KEEPTTL' ? null : expiry(option, args.integer(), store.now())
      if (option === 'KEEPTTL') expiresAt = store.find(key)?.expires_at ?? null
    }
  })
  const old = answerOld ? (store.read(key, 'string') ?? null) : null
  const exists = store.find(key) !== undefined
  const refused = only === 'NX' ? exists : only === 'XX' && !exists
  if (!refused) store.put(key, 'string', text, expiresAt ?? null)
  return answerOld ? old : refused ? null : OK
}

function setFor(unit: 'EX' | 'PX') {
  return command(4, (store, args) => {
    const key = args.text()
    const expiresAt = expiry(unit, args.integer(), store.now())
    store.put(key, 'string', args.text(), expiresAt)
    return OK
  })
}

function add(store: Store, key: string, amount: number): number {
  const sum = toInteger(store.read(key, 'string') ?? '0') + amount
  if (!Number.isSafeInteger(sum)) throw new RedisError('ERR increment or decrement would overflow')
  store.putText(key, String(sum))
  return sum
}

/** GETRANGE and STRLEN count bytes, not characters. */
function slice(text: string, start: number, end: number): string {
  const bytes = Buffer.from(text)
  const from = start < 0 ? Math.max(0, bytes.length + start) : start
  const to = end < 0 ? bytes.length + end : end
  return bytes.subarray(from, Math.max(from, to + 1)).toString()
}

export const strings: Commands = {
  get: command(2, (store, args) => store.read(args.text(), 'string') ?? null),
  set: command(-3, set),
  setex: setFor('EX'),
  psetex: setFor('PX'),
  setnx: command(3, (store, args) => {
    const key = args.text()
    if (store.find(key)) return 0
    store.put(key, 'string', args.text())
    return 1
  }),
  getset: command(3, (store, args) => {
    const key = args.text()
    const old = store.read(key, 'string') ?? null
    store.put(key, 'string', args.text())
    return old
  }),
  getdel: command(2, (store, args) => {
    const key = args.text()
    const old = store.read(key, 'string') ?? null
    store.remove(key)
    return old
  }),
  getex: command(-2, (store, args) => {
    const key = args.text()
    const text = store.read(key, 'string')
    const entry = store.find(key)
    if (text === undefined || !entry) return null
    args.eachOption([...lifetimes, 'PERSIST'], (option) => {
      entry.expires_at = option === 'PERSIST' ? null : expiry(option, args.integer(), store.now())
    })
    return text
  }),
  mget: command(-2, (store, args) =>
    args.rest().map((key) => {
      const entry = store.find(key)
      return entry?.kind === 'string' ? entry.value : null
    }),
  ),
  mset: command(-3, (store, args) => {
    for (const [key, text] of args.pairs()) store.put(key, 'string', text)
    return OK
  }),
  msetnx: command(-3, (store, args) => {
    const pairs = args.pairs()
    if (pairs.some(([key]) => store.find(key))) return 0
    for (const [key, text] of pairs) store.put(key, 'string', text)
    return 1
  }),
  incr: command(2, (store, args) => add(store, args.text(), 1)),
  decr: command(2, (store, args) => add(store, args.text(), -1)),
  incrby: command(3, (store, args) => add(store, args.text(), args.integer())),
  decrby: command(3, (store, args) => add(store, args.text(), -args.integer())),
  incrbyfloat: command(3, (store, args) => {
    const key = args.text()
    const sum = fromFloat(toFloat(store.read(key, 'string') ?? '0') + args.float())
    store.putText(key, sum)
    return sum
  }),
  append: command(3, (store, args) => {
    const key = args.text()
    const text = (store.read(key, 'string') ?? '') + args.text()
    store.putText(key, text)
    return Buffer.byteLength(text)
  }),
  strlen: command(2, (store, args) => Buffer.byteLength(store.read(args.text(), 'string') ?? '')),
  getrange: command(4, (store, args) => slice(store.read(args.text(), 'string') ?? '', args.integer(), args.integer())),
}
