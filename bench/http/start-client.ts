import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Figures } from '../measure/figures.ts'
import { type Setting, type Stretch, Told } from './protocol.ts'

export type Client = { measure(stretch: Stretch): Promise<Figures>; stop(): void }

/** A process of its own that makes the load. */
export async function startClient(setting: Setting): Promise<Client> {
  const child = fork(join(import.meta.dirname, 'client.ts'), [JSON.stringify(setting)], { execArgv: [] })
  let waiting = Promise.withResolvers<Told>()
  child.on('message', (message) => waiting.resolve(Told.parse(message)))
  child.on('exit', () => waiting.reject(new Error('the load generator ended')))
  await waiting.promise
  return {
    async measure(stretch) {
      waiting = Promise.withResolvers<Told>()
      child.send(stretch)
      const told = await waiting.promise
      if (!('figures' in told)) throw new Error('the load generator answered something else')
      return told.figures
    },
    stop() {
      waiting.promise.catch(() => {})
      child.disconnect()
    },
  }
}
