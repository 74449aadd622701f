import type { Args } from './args.ts'
import { command, type Commands } from './command.ts'
import { glob } from './glob.ts'
import { OK, RedisError, syntaxError, toInteger, type Reply } from './reply.ts'
import type { Store } from './store.ts'

/** EXPIRE and its relatives: `instant` turns the number given into the millisecond at which the key goes. */
function expire(instant: (amount: number, now: number) => number) {
  return command(-3, (store, args) => {
    const key = args.text()
    const at = instant(args.integer(), store.now())
    const entry = store.find(key)
    if (!entry) return 0
    const current = entry.expires_at ?? Infinity
    let allowed = true
    args.eachOption(['NX', 'XX', 'GT', 'LT'], (option) => {
      if (option === 'NX') allowed &&= entry.expires_at === null
      if (option === 'XX') allowed &&= entry.expires_at !== null
      if (option === 'GT') allowed &&= at > current
      if (option === 'LT') allowed &&= at < current
    })
    if (!allowed) return 0
    if (at <= store.now()) store.remove(key)
    else entry.expires_at = at
    return 1
  })
}

/** TTL and its relatives: -2 no such key, -1 no end. */
function lifetime(tell: (expiresAt: number, now: number) => number) {
  return command(2, (store, args) => {
    const entry = store.find(args.text())
    if (!entry) return -2
    return entry.expires_at === null ? -1 : tell(entry.expires_at, store.now())
  })
}

/**
 * The cursor is the serial of the last key looked at, so that a key that stays is told exactly once,
 * whatever is added or deleted between two calls.
 */
function scan(store: Store, args: Args): Reply {
  const after = toInteger(args.text())
  let count = 10
  let names = glob('*')
  let kind: string | undefined
  args.eachOption(['MATCH', 'COUNT', 'TYPE'], (option) => {
    if (option === 'MATCH') names = glob(args.text())
    if (option === 'COUNT') count = args.integer()
    if (option === 'TYPE') kind = args.text().toLowerCase()
  })
  if (count < 1) throw syntaxError()
  const ahead = store
    .keys()
    .filter(({ entry }) => entry.serial > after)
    .toSorted((a, b) => a.entry.serial - b.entry.serial)
  const page = ahead.slice(0, count)
  const cursor = ahead.length > page.length ? (page.at(-1)?.entry.serial ?? 0) : 0
  const found = page.filter(({ key, entry }) => names.test(key) && (!kind || entry.kind === kind))
  return [String(cursor), found.map(({ key }) => key)]
}

const remove = command(-2, (store, args) => args.rest().filter((key) => store.remove(key)).length)
const clear = command(-1, (store) => {
  store.clear()
  return OK
})

export const keys: Commands = {
  ping: command(-1, (_store, args) => (args.count ? args.text() : { status: 'PONG' })),
  echo: command(2, (_store, args) => args.text()),
  time: command(1, (store) => [
    String(Math.floor(store.now() / 1000)),
    String(Math.round((store.now() % 1000) * 1000)),
  ]),
  publish: command(3, () => 0),
  del: remove,
  unlink: remove,
  exists: command(-2, (store, args) => args.rest().filter((key) => store.find(key)).length),
  touch: command(-2, (store, args) => args.rest().filter((key) => store.find(key)).length),
  type: command(2, (store, args) => ({ status: store.find(args.text())?.kind ?? 'none' })),
  expire: expire((seconds, now) => now + seconds * 1000),
  pexpire: expire((ms, now) => now + ms),
  expireat: expire((seconds) => seconds * 1000),
  pexpireat: expire((ms) => ms),
  ttl: lifetime((expiresAt, now) => Math.round((expiresAt - now) / 1000)),
  pttl: lifetime((expiresAt, now) => Math.ceil(expiresAt - now)),
  expiretime: lifetime((expiresAt) => Math.round(expiresAt / 1000)),
  pexpiretime: lifetime((expiresAt) => Math.ceil(expiresAt)),
  persist: command(2, (store, args) => {
    const entry = store.find(args.text())
    if (!entry || entry.expires_at === null) return 0
    entry.expires_at = null
    return 1
  }),
  rename: command(3, (store, args) => {
    if (!store.rename(args.text(), args.text())) throw new RedisError('ERR no such key')
    return OK
  }),
  keys: command(2, (store, args) => {
    const names = glob(args.text())
    return store.keys().flatMap(({ key }) => (names.test(key) ? [key] : []))
  }),
  scan: command(-2, scan),
  dbsize: command(1, (store) => store.keys().length),
  flushdb: clear,
  flushall: clear,
}
