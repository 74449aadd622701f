/** The process that startServices forks. */
import { serveServices } from './server.ts'
import { FromParent, ServicesOptions, type Command, type CommandArgument, type FromChild } from './protocol.ts'

type Caller = { resolve(value: unknown): void; reject(error: Error): void }
const callers = new Map<number, Caller>()
let last_id = 0

function tell(words: FromChild, then: () => void = () => {}): void {
  process.send?.(words, undefined, undefined, then)
}

function askParent(command: Command, argument: CommandArgument): Promise<unknown> {
  const id = ++last_id
  return new Promise((resolve, reject) => {
    callers.set(id, { resolve, reject })
    tell({ id, command, argument })
  })
}

process.on('message', (message) => {
  const { id, result, error } = FromParent.parse(message)
  const caller = callers.get(id)
  callers.delete(id)
  if (error === undefined) caller?.resolve(result)
  else caller?.reject(new Error(error))
})
// The parent is gone, however it went.
process.on('disconnect', () => process.exit(0))

try {
  const server = await serveServices(ServicesOptions.parse(JSON.parse(process.argv[2] ?? '{}')), askParent)
  process.on('SIGTERM', () => void server.close().finally(() => process.exit(0)))
  tell({ listening: server.port })
} catch (error) {
  tell({ failed: error instanceof Error ? error.message : String(error) }, () => process.exit(1))
}
