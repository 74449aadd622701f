import type { Args } from './args.ts'
import { command, type Commands } from './command.ts'
import { glob } from './glob.ts'
import { syntaxError } from './reply.ts'
import type { Store } from './store.ts'

const none: ReadonlySet<string> = new Set()
const read = (store: Store, key: string) => store.read(key, 'set') ?? none

type Algebra = (first: Set<string>, second: Set<string>) => Set<string>

function combine(store: Store, keys: string[], join: Algebra): Set<string> {
  const sets = keys.map((key) => new Set(read(store, key)))
  return sets.reduce(join)
}

const combined = (join: Algebra) => command(-2, (store, args) => [...combine(store, args.rest(), join)])

const stored = (join: Algebra) =>
  command(-3, (store, args) => {
    const to = args.text()
    const members = combine(store, args.rest(), join)
    store.put(to, 'set', members)
    return members.size
  })

const intersect: Algebra = (first, second) => new Set([...first].filter((member) => second.has(member)))
const unite: Algebra = (first, second) => new Set([...first, ...second])
const subtract: Algebra = (first, second) => new Set([...first].filter((member) => !second.has(member)))

/** SPOP and SRANDMEMBER choose at random; here the oldest members are chosen, so that a run repeats. */
function choose(store: Store, args: Args): { key: string; members: string[]; single: boolean } {
  const key = args.text()
  const single = args.count === 0
  const count = single ? 1 : args.integer()
  return { key, single, members: [...read(store, key)].slice(0, Math.abs(count)) }
}

export const sets: Commands = {
  sadd: command(-3, (store, args) => {
    const members = store.change(args.text(), 'set', new Set())
    const before = members.size
    for (const member of args.rest()) members.add(member)
    return members.size - before
  }),
  srem: command(-3, (store, args) => {
    const members = store.read(args.text(), 'set')
    return args.rest().filter((member) => members?.delete(member)).length
  }),
  smembers: command(2, (store, args) => [...read(store, args.text())]),
  sismember: command(3, (store, args) => (read(store, args.text()).has(args.text()) ? 1 : 0)),
  smismember: command(-3, (store, args) => {
    const members = read(store, args.text())
    return args.rest().map((member) => (members.has(member) ? 1 : 0))
  }),
  scard: command(2, (store, args) => read(store, args.text()).size),
  spop: command(-2, (store, args) => {
    const { key, members, single } = choose(store, args)
    for (const member of members) store.read(key, 'set')?.delete(member)
    return single ? (members[0] ?? null) : members
  }),
  srandmember: command(-2, (store, args) => {
    const { members, single } = choose(store, args)
    return single ? (members[0] ?? null) : members
  }),
  smove: command(4, (store, args) => {
    const from = args.text()
    const to = store.change(args.text(), 'set', new Set())
    const member = args.text()
    if (!store.read(from, 'set')?.delete(member)) return 0
    to.add(member)
    return 1
  }),
  sinter: combined(intersect),
  sunion: combined(unite),
  sdiff: combined(subtract),
  sinterstore: stored(intersect),
  sunionstore: stored(unite),
  sdiffstore: stored(subtract),
  sscan: command(-3, (store, args) => {
    const members = read(store, args.text())
    args.integer()
    let names = glob('*')
    args.eachOption(['MATCH', 'COUNT'], (option) => {
      if (option === 'MATCH') names = glob(args.text())
      else if (args.integer() < 1) throw syntaxError()
    })
    return ['0', [...members].filter((member) => names.test(member))]
  }),
}
