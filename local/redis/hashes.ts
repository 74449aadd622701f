import type { Args } from './args.ts'
import { command, type Commands } from './command.ts'
import { glob } from './glob.ts'
import { fromFloat, OK, RedisError, syntaxError, toFloat, toInteger } from './reply.ts'
import type { Store } from './store.ts'

const none: ReadonlyMap<string, string> = new Map()
const read = (store: Store, args: Args) => store.read(args.text(), 'hash') ?? none

/** Sets fields and answers how many of them are new. */
function set(store: Store, args: Args): number {
  const key = args.text()
  const pairs = args.pairs()
  const fields = store.change(key, 'hash', new Map())
  const before = fields.size
  for (const [field, text] of pairs) fields.set(field, text)
  return fields.size - before
}

/** Replaces one field by what `next` makes of it. */
function update(store: Store, args: Args, next: (text: string, amount: string) => string): string {
  const fields = store.change(args.text(), 'hash', new Map())
  const field = args.text()
  const text = next(fields.get(field) ?? '0', args.text())
  fields.set(field, text)
  return text
}

function sum(text: string, amount: string): string {
  if (!/^-?\d+$/.test(text)) throw new RedisError('ERR hash value is not an integer')
  return String(toInteger(text) + toInteger(amount))
}

export const hashes: Commands = {
  hset: command(-4, set),
  hmset: command(-4, (store, args) => {
    set(store, args)
    return OK
  }),
  hsetnx: command(4, (store, args) => {
    const fields = store.change(args.text(), 'hash', new Map())
    const field = args.text()
    if (fields.has(field)) return 0
    fields.set(field, args.text())
    return 1
  }),
  hget: command(3, (store, args) => read(store, args).get(args.text()) ?? null),
  hmget: command(-3, (store, args) => {
    const fields = read(store, args)
    return args.rest().map((field) => fields.get(field) ?? null)
  }),
  hgetall: command(2, (store, args) => [...read(store, args)].flat()),
  hkeys: command(2, (store, args) => [...read(store, args).keys()]),
  hvals: command(2, (store, args) => [...read(store, args).values()]),
  hlen: command(2, (store, args) => read(store, args).size),
  hexists: command(3, (store, args) => (read(store, args).has(args.text()) ? 1 : 0)),
  hstrlen: command(3, (store, args) => Buffer.byteLength(read(store, args).get(args.text()) ?? '')),
  hdel: command(-3, (store, args) => {
    const fields = store.read(args.text(), 'hash')
    return args.rest().filter((field) => fields?.delete(field)).length
  }),
  hincrby: command(4, (store, args) => toInteger(update(store, args, sum))),
  hincrbyfloat: command(4, (store, args) =>
    update(store, args, (text, amount) => fromFloat(toFloat(text) + toFloat(amount))),
  ),
  // The whole hash in one page, whatever COUNT says: Redis allows it, and does it for small ones.
  hscan: command(-3, (store, args) => {
    const fields = read(store, args)
    args.integer()
    let names = glob('*')
    args.eachOption(['MATCH', 'COUNT'], (option) => {
      if (option === 'MATCH') names = glob(args.text())
      else if (args.integer() < 1) throw syntaxError()
    })
    return ['0', [...fields].filter(([field]) => names.test(field)).flat()]
  }),
}
