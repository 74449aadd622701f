import { randomUUID } from 'node:crypto'
import type { WebSocket } from 'ws'

const updateBegins = '{"type":"cart_update"'

/** What its table has under way: when each change was sent, and how many phones have yet to see it. */
export type Table = {
  phones: Phone[]
  waiting: Map<string, { at: number; left: number }>
  times: number[]
  bytes: number
}

/**
 * One phone, with one line of its own. It reads no more of a message than whose command it was about: that is the least
 * a client can do, and the same for both sides.
 */
export class Phone {
  readonly table: Table
  readonly number: number
  private readonly socket: WebSocket
  private line_id: string = randomUUID()
  private version = 1
  private sent = 0
  /** The end of the last change it has seen. */
  last = ''
  /** Its own change has come back. */
  onOwn: () => void = () => {}

  constructor(table: Table, number: number, socket: WebSocket) {
    this.table = table
    this.number = number
    this.socket = socket
    socket.on('message', (data: Buffer) => this.hear(data.toString('latin1')))
    socket.on('close', (code) => fail(`phone ${number} was cut off with ${code}`))
  }

  private hear(text: string): void {
    const batch = text.startsWith('[')
    if (!text.startsWith(updateBegins, batch ? 1 : 0)) return this.hearOther(text)
    const now = performance.now()
    const { table } = this
    table.bytes += text.length
    for (let at = text.indexOf('"request_id":"'); at !== -1; at = text.indexOf('"request_id":"', at)) {
      const end = text.indexOf('"', at + 14)
      this.see(text.slice(at + 14, end), now)
      at = end
    }
    this.last = text.slice(text.lastIndexOf('"cart_hash"'))
  }

  private see(request_id: string, now: number): void {
    const { table } = this
    const change = table.waiting.get(request_id)
    // The line that each phone begins with; or somebody has seen a change twice.
    if (!change) return request_id.startsWith('first-') ? undefined : fail(`${request_id} was seen too often`)
    table.times.push(now - change.at)
    change.left -= 1
    if (change.left === 0) table.waiting.delete(request_id)
    if (request_id.startsWith(`${this.number}-`)) this.onOwn()
  }

  private hearOther(text: string): void {
    if (/"type":"(error|cart_conflict)"/.test(text)) fail(`a change was refused: ${text}`)
  }

  /** Sends the next change of its line; the version follows, since nobody else changes it. */
  change(): void {
    this.sent += 1
    const request_id = `${this.number}-${this.sent}`
    this.table.waiting.set(request_id, { at: performance.now(), left: this.table.phones.length })
    const { line_id, version } = this
    this.version += 1
    const qty = 1 + (this.sent % 9)
    this.socket.send(JSON.stringify({ type: 'cart_mutate', request_id, op: 'update', line_id, qty, version }))
  }

  /** A line to change from now on. */
  async begin(menu_item_id: string): Promise<void> {
    const request_id = `first-${this.number}`
    const made = new Promise<string>((resolve) => {
      const look = (data: Buffer): void => {
        const parsed: unknown = JSON.parse(data.toString())
        for (const one of Array.isArray(parsed) ? parsed : [parsed]) {
          if (Object(one).request_id !== request_id) continue
          this.socket.off('message', look)
          resolve(Object(one).line.id)
        }
      }
      this.socket.on('message', look)
    })
    const command = { type: 'cart_mutate', request_id, op: 'create', menu_item_id, qty: 1, version: 0 }
    this.socket.send(JSON.stringify(command))
    this.line_id = await made
  }

  ping(): void {
    this.socket.send('{"type":"ping"}')
  }
}

export function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
}

/** What is measured would be worth nothing. */
function fail(why: string): never {
  console.error(why)
  process.exit(1)
}
