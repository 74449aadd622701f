import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve as absolute } from 'node:path'
import { Readable } from 'node:stream'
import * as z from 'zod'
import { end, guard, hasEnded, portInUse, readFrom } from './process.ts'
import { WorkerSettings } from './worker/settings.ts'
import { workerdConfig } from './worker/workerd-config.ts'

export type WorkerOptions = {
  /** From buildWorker. */
  built: string
  /** 0 takes a free one, the same at each restart. */
  port: number
  /** Variables and secrets, over those of wrangler.toml. */
  bindings: Record<string, string>
  /** Durable Objects' storage and the log; kept from one start to the next. */
  directory: string
}

export type Worker = {
  origin: string
  port: number
  /** Of wrangler.toml. */
  crons: string[]
  /** What the Worker wrote to its console, and what workerd said. */
  log_file: string
  pid(): number | undefined
  /** SIGKILL, as if the machine had failed; objects keep what they had stored. */
  kill(): Promise<void>
  /** Stops it if it runs, and starts it again on the same port; `built` puts another build in its place. */
  restart(change?: { built?: string }): Promise<void>
  /** Fires a cron trigger and waits for its end; throws when the Worker does. */
  scheduled(tick: { cron: string; time?: Date }): Promise<void>
  stop(): Promise<void>
}

/** Serves the built Worker with plain workerd, as production does: `wrangler dev` is ten times slower. */
export async function serveWorker(options: WorkerOptions): Promise<Worker> {
  const directory = absolute(options.directory)
  const log_file = join(directory, 'worker.log')
  mkdirSync(directory, { recursive: true })
  writeFileSync(log_file, '')
  let running = await boot({ ...options, directory, log_file, gateway_port: 0 })
  const { port, gateway_port, crons } = running

  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    crons,
    log_file,
    pid: () => (hasEnded(running.child) ? undefined : running.child.pid),
    kill: () => end(running.child, 'SIGKILL'),
    async restart(change = {}) {
      await stop(running.child)
      running = await boot({ ...options, built: change.built, directory, log_file, port, gateway_port })
    },
    async scheduled({ cron, time = new Date() }) {
      const body = JSON.stringify({ cron, time: time.getTime() })
      const answer = await fetch(`http://127.0.0.1:${gateway_port}/`, { method: 'POST', body })
      const text = await answer.text()
      if (!answer.ok || !text.includes('"outcome":"ok"')) throw new Error(`The cron trigger ${cron} failed: ${text}`)
    },
    stop: () => stop(running.child),
  }
}

/** workerd waits for its last connection, and a socket may stay for hours. */
function stop(child: ChildProcess): Promise<void> {
  return end(child, 'SIGTERM', 1_000)
}

/** Without `built` the bundle that was served last is served again: its build may be gone meanwhile. */
type Boot = Omit<WorkerOptions, 'built'> & { built: string | undefined; log_file: string; gateway_port: number }
type Running = { child: ChildProcess; port: number; gateway_port: number; crons: string[] }

async function boot({ built, port, gateway_port, bindings, directory, log_file }: Boot): Promise<Running> {
  const folder = join(directory, 'bundle')
  if (built !== undefined) {
    rmSync(folder, { recursive: true, force: true })
    cpSync(built, folder, { recursive: true })
  }
  const settings = WorkerSettings.parse(JSON.parse(readFileSync(join(folder, 'worker.json'), 'utf8')))
  const objects_folder = join(directory, 'objects')
  mkdirSync(objects_folder, { recursive: true })
  const config_file = join(folder, 'workerd.capnp')
  writeFileSync(config_file, workerdConfig({ folder, settings, bindings, objects_folder }))

  const start = statSync(log_file).size
  const log = openSync(log_file, 'a')
  const sockets = [`--socket-addr=worker=127.0.0.1:${port}`, `--socket-addr=gateway=127.0.0.1:${gateway_port}`]
  // Experimental: the gateway's scheduled(). Verbose: exceptions nobody caught are logged with their stack.
  const args = ['serve', '--experimental', '--verbose', '--control-fd=3', ...sockets, config_file]
  const child = spawn(workerdBinary(), args, {
    stdio: ['ignore', log, log, 'pipe'],
    // Its own session: Ctrl-C is for us, who end things in order.
    detached: true,
  })
  closeSync(log)
  guard(child, 'SIGKILL')
  try {
    return { child, crons: settings.crons, ...(await listening(child)) }
  } catch (error) {
    await end(child, 'SIGKILL')
    const said = readFrom(log_file, start).trim()
    if (/address already in use/i.test(said)) {
      throw new Error(portInUse(port), { cause: error })
    }
    throw new Error(`The Worker did not start; ${log_file} says:\n${said}`, { cause: error })
  }
}

const Listening = z.object({ event: z.literal('listen'), socket: z.string(), port: z.int() })

/** workerd writes a line to its control pipe for each socket that is ready. */
function listening(child: ChildProcess): Promise<{ port: number; gateway_port: number }> {
  const control = child.stdio[3]
  if (!(control instanceof Readable)) throw new Error('workerd has no control pipe')
  return new Promise((resolve, reject) => {
    const ports = new Map<string, number>()
    let text = ''
    child.once('error', reject)
    child.once('exit', () => reject(new Error('workerd ended before it listened')))
    control.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        const event = Listening.safeParse(JSON.parse(line))
        if (event.success) ports.set(event.data.socket, event.data.port)
      }
      const [port, gateway_port] = [ports.get('worker'), ports.get('gateway')]
      if (port !== undefined && gateway_port !== undefined) resolve({ port, gateway_port })
    })
  })
}

/** The package has no types; its main export is the path of this platform's program. */
function workerdBinary(): string {
  return z.object({ default: z.string() }).parse(createRequire(import.meta.url)('workerd')).default
}
