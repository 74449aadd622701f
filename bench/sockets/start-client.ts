import { fork } from 'node:child_process'
import { join } from 'node:path'
import { type Measured, type Setting, type Stretch, Told } from './protocol.ts'

export type Crowd = { measure(stretch: Stretch): Promise<Measured>; stop(): void }

/** A process of its own that is all the phones. */
export async function startCrowd(setting: Setting): Promise<Crowd> {
  const child = fork(join(import.meta.dirname, 'client.ts'), [], { execArgv: [] })
  let waiting = Promise.withResolvers<Told>()
  child.on('message', (message) => waiting.resolve(Told.parse(message)))
  child.on('exit', () => waiting.reject(new Error('the phones ended')))
  child.send(setting)
  await waiting.promise
  return {
    async measure(stretch) {
      waiting = Promise.withResolvers<Told>()
      child.send(stretch)
      const told = await waiting.promise
      if (!('figures' in told)) throw new Error('the phones answered something else')
      return told
    },
    stop() {
      waiting.promise.catch(() => {})
      child.disconnect()
    },
  }
}
