import type { Args } from './args.ts'
import type { Reply } from './reply.ts'
import type { Store } from './store.ts'

/** How a command is done. `arity` counts the name too; a negative one means "at least", as in Redis's own table. */
export type Command = { arity: number; run(store: Store, args: Args): Reply }
export type Commands = Record<string, Command>

export function command(arity: number, run: Command['run']): Command {
  return { arity, run }
}
