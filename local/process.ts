import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { createServer } from 'node:net'

/** A port of the loopback interface that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}

/** Whether the port can be listened on; in between, another program may still take it. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

export function portInUse(port: number): string {
  return `Port ${port} is in use: another program listens on it`
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Signals the child and waits until it has ended; a child that takes longer than `patience_ms` is killed. */
export async function end(child: ChildProcess, signal: NodeJS.Signals, patience_ms = 10_000): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), patience_ms)
  await ended
  clearTimeout(timer)
}

/**
 * Ends the child when this process dies, even by SIGKILL, when no exit handler runs: a shell waits on a pipe that
 * only we hold open, and the pipe's end is our death.
 */
export function guard(child: ChildProcess, signal: NodeJS.Signals): void {
  const script = 'read -r line || kill -s "$1" "$2"'
  const shell = spawn('/bin/sh', ['-c', script, 'guard', signal.slice(3), String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  shell.unref()
  shell.stdin.on('error', () => {})
  // A socket underneath, which keeps the event loop alive although the type does not tell.
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref()
  child.once('exit', () => shell.stdin.end('done\n'))
}

/** What was written to the file from byte `start` on. */
export function readFrom(file: string, start: number): string {
  const descriptor = openSync(file, 'r')
  try {
    const rest = Buffer.alloc(Math.max(0, statSync(file).size - start))
    const length = readSync(descriptor, rest, 0, rest.length, start)
    return rest.toString('utf8', 0, length)
  } finally {
    closeSync(descriptor)
  }
}
