import type { Args } from './args.ts'
import { command, type Commands } from './command.ts'
import { OK, RedisError, syntaxError, type Reply } from './reply.ts'
import type { Store } from './store.ts'

type End = 'LEFT' | 'RIGHT'

/** The part of a list that Redis's inclusive, possibly negative bounds speak of. */
export function range<T>(items: readonly T[], start: number, stop: number): T[] {
  const from = start < 0 ? Math.max(0, items.length + start) : start
  const to = stop < 0 ? items.length + stop : stop
  return items.slice(from, Math.max(from, to + 1))
}

const read = (store: Store, key: string): readonly string[] => store.read(key, 'list') ?? []

const push = (end: End, onlyIfThere: boolean) =>
  command(-3, (store, args) => {
    const key = args.text()
    if (onlyIfThere && !store.read(key, 'list')) return 0
    const items = store.change(key, 'list', [])
    for (const item of args.rest()) {
      if (end === 'LEFT') items.unshift(item)
      else items.push(item)
    }
    return items.length
  })

function take(store: Store, key: string, end: End): string | undefined {
  const items = store.read(key, 'list')
  const item = end === 'LEFT' ? items?.shift() : items?.pop()
  return item
}

const pop = (end: End) =>
  command(-2, (store, args) => {
    const key = args.text()
    if (!args.count) return take(store, key, end) ?? null
    const count = args.integer()
    if (count < 0) throw new RedisError('ERR value is out of range, must be positive')
    if (!store.read(key, 'list')) return null
    const items = Math.min(count, read(store, key).length)
    return Array.from({ length: items }, () => take(store, key, end) ?? null)
  })

function move(store: Store, from: string, to: string, takeFrom: End, addTo: End): Reply {
  store.read(to, 'list')
  const item = take(store, from, takeFrom)
  if (item === undefined) return null
  const items = store.change(to, 'list', [])
  if (addTo === 'LEFT') items.unshift(item)
  else items.push(item)
  return item
}

function side(args: Args): End {
  const end = args.option('LEFT', 'RIGHT')
  if (!end) throw syntaxError()
  return end
}

/** LREM: a positive count from the head, a negative one from the tail, 0 for all. */
function removeItems(store: Store, args: Args): number {
  const key = args.text()
  const count = args.integer()
  const item = args.text()
  const items = store.read(key, 'list') ?? []
  let left = count === 0 ? items.length : Math.abs(count)
  const keeps = (one: string) => one !== item || left-- <= 0
  const kept = count < 0 ? items.toReversed().filter(keeps).toReversed() : items.filter(keeps)
  const gone = items.length - kept.length
  items.splice(0, items.length, ...kept)
  return gone
}

export const lists: Commands = {
  lpush: push('LEFT', false),
  rpush: push('RIGHT', false),
  lpushx: push('LEFT', true),
  rpushx: push('RIGHT', true),
  lpop: pop('LEFT'),
  rpop: pop('RIGHT'),
  llen: command(2, (store, args) => read(store, args.text()).length),
  lrange: command(4, (store, args) => range(read(store, args.text()), args.integer(), args.integer())),
  lindex: command(3, (store, args) => read(store, args.text()).at(args.integer()) ?? null),
  lset: command(4, (store, args) => {
    const items = store.read(args.text(), 'list')
    if (!items) throw new RedisError('ERR no such key')
    const given = args.integer()
    const index = given < 0 ? items.length + given : given
    if (index < 0 || index >= items.length) throw new RedisError('ERR index out of range')
    items[index] = args.text()
    return OK
  }),
  ltrim: command(4, (store, args) => {
    const key = args.text()
    const items = store.read(key, 'list')
    items?.splice(0, items.length, ...range(items, args.integer(), args.integer()))
    return OK
  }),
  lrem: command(4, removeItems),
  lmove: command(5, (store, args) => move(store, args.text(), args.text(), side(args), side(args))),
  rpoplpush: command(3, (store, args) => move(store, args.text(), args.text(), 'RIGHT', 'LEFT')),
}
