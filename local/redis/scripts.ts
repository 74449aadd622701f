import { createHash } from 'node:crypto'
import type { Args } from './args.ts'
import { command, type Commands } from './command.ts'
import { Lua } from './lua.ts'
import { OK, RedisError, type Reply } from './reply.ts'

/** EVAL, EVALSHA and SCRIPT. A script's hash covers its whole text, the shebang line included. */
export function scriptCommands(call: (words: string[]) => Reply): Commands {
  const lua = new Lua(call)
  const known = new Map<string, string>()

  function remember(source: string): string {
    const sha = createHash('sha1').update(source).digest('hex')
    known.set(sha, source)
    return sha
  }

  function run(sha: string, args: Args): Reply {
    const source = known.get(sha)
    if (source === undefined) throw new RedisError('NOSCRIPT No matching script. Please use EVAL.')
    const count = args.integer()
    const words = args.rest()
    if (count < 0) throw new RedisError(`ERR Number of keys can't be negative`)
    if (count > words.length) throw new RedisError(`ERR Number of keys can't be greater than number of args`)
    return lua.run(sha, source, words.slice(0, count), words.slice(count))
  }

  const evalText = command(-3, (_store, args) => run(remember(args.text()), args))
  const evalHash = command(-3, (_store, args) => run(args.text().toLowerCase(), args))
  return {
    eval: evalText,
    eval_ro: evalText,
    evalsha: evalHash,
    evalsha_ro: evalHash,
    script: command(-2, (_store, args) => {
      switch (args.option('LOAD', 'EXISTS', 'FLUSH')) {
        case 'LOAD':
          return remember(args.text())
        case 'EXISTS':
          return args.rest().map((sha) => (known.has(sha.toLowerCase()) ? 1 : 0))
        case 'FLUSH':
          args.option('ASYNC', 'SYNC')
          known.clear()
          return OK
        default:
          throw new RedisError('ERR unknown subcommand of SCRIPT')
      }
    }),
  }
}
