import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { end, hasEnded } from './process.ts'
import { FromChild, type FromParent, type OnCommand, type ServicesOptions } from './services/protocol.ts'

export type Services = {
  origin: string
  port: number
  pid(): number | undefined
  kill(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the managed services of production on one port, in a process of their own, so that a load generator does
 * not share its event loop with the database proxy that it measures. `onCommand` does what they cannot.
 */
export async function startServices(options: ServicesOptions, onCommand: OnCommand): Promise<Services> {
  const child = fork(fileURLToPath(new URL('./services/main.ts', import.meta.url).href), [JSON.stringify(options)], {
    execArgv: [],
    // Its own session: Ctrl-C is for us, who end the Worker before what it calls.
    detached: true,
  })
  const port = await listening(child)
  child.on('message', (message) => {
    const asked = FromChild.parse(message)
    if (!('command' in asked)) return
    const { id } = asked
    onCommand(asked.command, asked.argument).then(
      (result) => tell(child, { id, result }),
      (error: unknown) => tell(child, { id, error: error instanceof Error ? error.message : String(error) }),
    )
  })
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    pid: () => (hasEnded(child) ? undefined : child.pid),
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM', 5_000),
  }
}

function tell(child: ChildProcess, words: FromParent): void {
  if (child.connected) child.send(words)
}

function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`The local services ended with ${code} before they listened`)))
    child.once('message', (message) => {
      const first = FromChild.parse(message)
      if ('listening' in first) resolve(first.listening)
      else if ('failed' in first) reject(new Error(first.failed))
    })
  })
}
