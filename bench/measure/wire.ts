import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/**
 * A PostgreSQL client that knows one prepared statement and spends next to nothing, so that what is measured is the
 * server: node-postgres on the same two cores would cost as much as the statement. Speaks the frontend protocol 3.0,
 * cleartext password only.
 */
export type Wire = {
  /** Binds, executes and waits; the rows of the answer as they came. Throws what the server says is wrong. */
  call(bound: Buffer): Promise<Buffer>
  end(): Promise<void>
}

/** What the server says is wrong; `code` is its SQLSTATE. */
export class Refusal extends Error {
  readonly code: string
  constructor(fields: Buffer) {
    const text = fields.toString('utf8').split('\0')
    const field = (letter: string): string => text.find((one) => one.startsWith(letter))?.slice(1) ?? ''
    super(field('M'))
    this.code = field('C')
  }
}

type Waiting = { resolve(answer: Buffer): void; reject(error: Error): void }

export async function openWire(database_url: string, statement: string): Promise<Wire> {
  const url = new URL(database_url)
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
  await once(socket, 'connect')
  const next = answers(socket)

  socket.write(startup(url))
  let answer = await next(isLogin)
  if (answer.length) {
    socket.write(message('p', cstring(decodeURIComponent(url.password))))
    answer = await next()
  }
  socket.write(Buffer.concat([message('P', cstring('it'), cstring(statement), Buffer.alloc(2)), message('S')]))
  await next()
  return {
    call(bound) {
      socket.write(bound)
      return next()
    },
    async end() {
      socket.end(message('X'))
      await once(socket, 'close')
    },
  }
}

/** Bind, Execute and Sync, made before the clock runs; parameters as text, arrays of what needs no quotes. */
export function bind(params: unknown[]): Buffer {
  const values = params.map((value) => {
    if (value === null) return int32(-1)
    const text = Buffer.from(typeof value === 'string' ? value : arrayLiteral(value))
    return Buffer.concat([int32(text.length), text])
  })
  const bound = [cstring(''), cstring('it'), int16(0), int16(params.length), ...values, int16(0)]
  return Buffer.concat([message('B', ...bound), message('E', cstring(''), int32(0)), message('S')])
}

function arrayLiteral(value: unknown): string {
  if (!Array.isArray(value)) throw new Error(`no parameter of ours is a ${typeof value}`)
  return `{${value.join(',')}}`
}

const isLogin = (type: string): boolean => type === 'R'

/** Resolves with the data rows when the server is ready again, or at a message that `stop` knows. */
function answers(socket: Socket): (stop?: (type: string) => boolean) => Promise<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  let rows: Buffer[] = []
  let failed: Error | undefined
  let waiting: (Waiting & { stop: ((type: string) => boolean) | undefined }) | undefined

  function hear(type: string, body: Buffer): void {
    if (type === 'E') failed = new Refusal(body)
    else if (type === 'D') rows.push(body)
    if (type !== 'Z' && !(waiting?.stop?.(type) ?? false)) return
    const whole = type === 'Z' ? (rows.length === 1 ? (rows[0] ?? body) : Buffer.concat(rows)) : body
    const [done, error] = [waiting, failed]
    waiting = undefined
    failed = undefined
    rows = []
    if (error) done?.reject(error)
    else done?.resolve(whole)
  }
  socket.on('data', (bytes: Buffer) => {
    rest = rest.length ? Buffer.concat([rest, bytes]) : bytes
    let at = 0
    while (rest.length - at >= 5) {
      const length = rest.readInt32BE(at + 1) + 1
      if (rest.length - at < length) break
      hear(String.fromCharCode(rest[at] ?? 0), rest.subarray(at + 5, at + length))
      at += length
    }
    rest = rest.subarray(at)
  })
  socket.on('error', (error) => waiting?.reject(error))
  socket.on('close', () => waiting?.reject(failed ?? new Error('the server closed the connection')))
  return (stop) => new Promise((resolve, reject) => (waiting = { resolve, reject, stop }))
}

function startup(url: URL): Buffer {
  const words = ['user', decodeURIComponent(url.username), 'database', url.pathname.slice(1)]
  const body = Buffer.concat([int32(196_608), ...words.map(cstring), Buffer.alloc(1)])
  return Buffer.concat([int32(body.length + 4), body])
}

function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

const cstring = (text: string): Buffer => Buffer.from(`${text}\0`)

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
