import { WebSocket } from 'ws'
import { type FeedEvent, FeedMessage } from '../../src/floor/feed-schema.ts'

type How = {
  key?: string | undefined
  /** Begins with a question mark. */
  query?: string
  subprotocol?: boolean
  headers?: Record<string, string>
}

/** What a console does: one socket at a time, and every event by its number, wherever it was heard. */
export class Screen {
  /** In the order heard, without those heard before. */
  readonly events: FeedEvent[] = []
  readonly heard: FeedMessage[] = []
  seq: number | null = null
  /** Every time a number did not follow the one before. */
  gaps = 0
  repeats = 0
  snapshots = 0
  closed: number | null = null
  /** Hears of each event as it comes. */
  onEvent: (event: FeedEvent) => void = () => {}
  private socket: WebSocket | null = null
  private readonly origin: string
  private readonly how: How

  constructor(origin: string, how: How) {
    this.origin = origin.replace('http', 'ws')
    this.how = how
  }

  /** Resolves when the upgrade was answered. */
  connect(how: How = {}): Promise<this> {
    const { key, query = '', subprotocol = false, headers = {} } = { ...this.how, ...how }
    const protocols = subprotocol ? ['tableside.floor.v1', `bearer.${key}`] : []
    const shown = subprotocol || key === undefined ? headers : { authorization: `Bearer ${key}`, ...headers }
    const socket = new WebSocket(`${this.origin}/admin/ws${query}`, protocols, { headers: shown })
    this.socket = socket
    this.closed = null
    socket.on('message', (data: Buffer) => {
      if (this.socket !== socket) return
      const parsed: unknown = JSON.parse(data.toString())
      for (const one of Array.isArray(parsed) ? parsed : [parsed]) this.hear(FeedMessage.parse(one))
    })
    return new Promise((resolve, reject) => {
      socket.on('open', () => {
        // As the page does: workerd ends a connection at once only where it has been spoken to.
        socket.send('{"type":"ping"}')
        resolve(this)
      })
      socket.on('error', reject)
      socket.on('close', (code) => {
        if (this.socket === socket) this.closed = code
        reject(new Error(`closed with ${code}`))
      })
    })
  }

  /** Again and again, from the last number heard, as the page does. */
  async resume(batch = false): Promise<void> {
    for (;;) {
      try {
        const from = this.seq === null ? [] : [`last_seq=${this.seq}`]
        const query = [...from, ...(batch ? ['batch=1'] : [])].join('&')
        await this.connect({ query: query === '' ? '' : `?${query}` })
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60))
      }
    }
  }

  get protocol(): string {
    return this.socket?.protocol ?? ''
  }

  private hear(message: FeedMessage): void {
    this.heard.push(message)
    if (message.type === 'snapshot') {
      this.snapshots += 1
      this.seq = message.seq
    }
    if (message.type !== 'event') return
    if (this.seq !== null && message.seq <= this.seq) {
      this.repeats += 1
      return
    }
    if (this.seq !== null && message.seq !== this.seq + 1) this.gaps += 1
    this.seq = message.seq
    this.events.push(message)
    this.onEvent(message)
  }

  say(message: unknown): void {
    this.socket?.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The first event that is wanted, of those heard already or to come. */
  async event(wanted: (event: FeedEvent) => boolean, what = 'that event'): Promise<FeedEvent> {
    await until(() => this.events.some(wanted), what)
    const found = this.events.find(wanted)
    if (!found) throw new Error('what was found is there')
    return found
  }

  /** The code of the close that is to come, or has come. */
  async gone(): Promise<number> {
    await until(() => this.closed !== null, 'the close')
    return this.closed ?? 0
  }

  /** As a console that lost its network: nothing is said. */
  drop(): void {
    this.socket?.terminate()
  }
}

/** Until it holds, as it must within ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
