import { Args, wrongNumber } from './args.ts'
import type { Command, Commands } from './command.ts'
import { hashes } from './hashes.ts'
import { keys } from './keys.ts'
import { lists } from './lists.ts'
import { RedisError, type Reply } from './reply.ts'
import { scriptCommands } from './scripts.ts'
import { sets } from './sets.ts'
import { sortedSets } from './sorted-sets.ts'
import { Store } from './store.ts'
import { strings } from './strings.ts'

/** One in-memory database: words in, a reply out. Everything is synchronous, so a script or a transaction is atomic. */
export class Redis {
  readonly store: Store
  readonly #commands: ReadonlyMap<string, Command>

  constructor(now: () => number) {
    this.store = new Store(now)
    const scripts = scriptCommands((words) => this.call(words))
    const all: Commands = { ...strings, ...keys, ...hashes, ...sets, ...lists, ...sortedSets, ...scripts }
    this.#commands = new Map(Object.entries(all))
  }

  /** Does one command; throws RedisError. */
  call(words: readonly string[]): Reply {
    const command = this.check(words)
    const [name = '', ...rest] = words
    const args = new Args(name, rest)
    try {
      const reply = command.run(this.store, args)
      args.end()
      return reply
    } finally {
      this.store.settle()
    }
  }

  /** What Redis checks before it queues a command in a transaction: that it exists and has words enough. */
  check(words: readonly string[]): Command {
    const [name = ''] = words
    const command = this.#commands.get(name.toLowerCase())
    if (!command) throw new RedisError(`ERR unknown command '${name}'`)
    const { arity } = command
    if (arity < 0 ? words.length < -arity : words.length !== arity) throw wrongNumber(name)
    return command
  }
}
