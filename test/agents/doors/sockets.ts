import { WebSocket } from 'ws'
import { until } from '../../floor/screens.ts'
import type { Told } from './vendors.ts'

/** One end of a socket that speaks JSON: what was heard stays, in its order. */
export class Wire {
  readonly heard: Told[] = []
  closed: number | null = null
  readonly socket: WebSocket
  private next = 0

  constructor(url: string, headers: Record<string, string> = {}, protocols: string[] = []) {
    this.socket = new WebSocket(url, protocols, { headers })
    this.socket.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString())))
    this.socket.on('close', (code) => {
      this.closed = code
    })
  }

  /** Rejects where the handshake is refused, with its status. */
  open(): Promise<this> {
    if (this.socket.readyState === WebSocket.OPEN) return Promise.resolve(this)
    return new Promise((resolve, reject) => {
      this.socket.on('open', () => resolve(this))
      this.socket.on('unexpected-response', (_request, response) => reject(new Error(`refused ${response.statusCode}`)))
      this.socket.on('error', reject)
    })
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The next that was not taken yet. */
  async take(): Promise<Told> {
    await until(() => this.heard.length > this.next, 'a message')
    const frame = this.heard[this.next]
    this.next += 1
    if (!frame) throw new Error('what was heard is there')
    return frame
  }

  async ask(message: unknown): Promise<Told> {
    this.say(message)
    return this.take()
  }

  async gone(): Promise<number> {
    await until(() => this.closed !== null, 'the close')
    return this.closed ?? 0
  }

  hangUp(): void {
    this.socket.close()
  }
}
