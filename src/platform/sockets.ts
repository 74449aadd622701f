import type * as z from 'zod'

const coalesceMs = 8

/** What every socket's attachment says, whatever else it does: it is kept while the object sleeps. */
export type Attached = {
  /** Whether it takes several messages in one frame, as an array. */
  batch: boolean
  /** Milliseconds, as is `heard_at`. */
  expires_at: number
  heard_at: number
}
type Bucket = { tokens: number; at: number }

export type SocketsOptions<A, M> = {
  attachment: z.ZodType<A>
  /** Messages a socket may send a second; twice as many at once. */
  opsPerSecond: number
  /** A message as this socket is to hear it; null where it is not for it. */
  textFor: (message: M, who: A) => string | null
}

/**
 * The hibernating sockets of an object. What all of them are told is sent at once, and then gathered for some
 * milliseconds: a busy object costs few frames and a quiet one no delay.
 */
export class ObjectSockets<A extends Attached, M> {
  private readonly ctx: DurableObjectState
  private readonly options: SocketsOptions<A, M>
  private readonly attachments = new WeakMap<WebSocket, A>()
  private readonly buckets = new WeakMap<WebSocket, Bucket>()
  private pending: M[] = []
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(ctx: DurableObjectState, options: SocketsOptions<A, M>) {
    this.ctx = ctx
    this.options = options
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"ping"}', '{"type":"pong"}'))
  }

  /** `tags`: the names it is found by again. */
  accept(socket: WebSocket, who: A, tags: string[]): void {
    this.ctx.acceptWebSocket(socket, tags)
    this.know(socket, who)
  }
  know(socket: WebSocket, who: A): void {
    socket.serializeAttachment(who)
    this.attachments.set(socket, who)
  }

  whoIs(socket: WebSocket): A | null {
    const known = this.attachments.get(socket)
    if (known) return known
    const parsed = this.options.attachment.safeParse(socket.deserializeAttachment())
    if (!parsed.success) return null
    this.attachments.set(socket, parsed.data)
    return parsed.data
  }

  of(tag: string): WebSocket[] {
    return this.ctx.getWebSockets(tag).filter((socket) => socket.readyState === WebSocket.OPEN)
  }
  all(): WebSocket[] {
    return this.ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN)
  }

  broadcast(message: M): void {
    this.pending.push(message)
    if (this.timer !== null) return
    this.flush()
    this.timer = setTimeout(() => {
      this.timer = null
      this.flush()
    }, coalesceMs)
  }

  /** To one of them, after all that it was told before. */
  send(socket: WebSocket, messages: string[]): void {
    this.flush()
    this.sendFrames(socket, this.whoIs(socket), messages)
  }

  flush(): void {
    if (this.pending.length === 0) return
    const messages = this.pending
    this.pending = []
    for (const socket of this.all()) {
      const who = this.whoIs(socket)
      const texts = who ? messages.map((one) => this.options.textFor(one, who)).filter((one) => one !== null) : []
      this.sendFrames(socket, who, texts)
    }
  }

  private sendFrames(socket: WebSocket, who: A | null, messages: string[]): void {
    try {
      const together = messages.length > 1 && who?.batch
      for (const frame of together ? [`[${messages.join(',')}]`] : messages) socket.send(frame)
    } catch {
      // It closed meanwhile; it will ask for what it missed.
    }
  }

  /** Closing one that is closed already is nothing. */
  close(socket: WebSocket, code: number, reason: string): void {
    try {
      socket.close(code, reason)
    } catch {
      return
    }
  }

  /** One message's share of the second's; false when it sends more than a hand can. Bursts of two seconds are let by. */
  mayAct(socket: WebSocket, now: number): boolean {
    const { opsPerSecond } = this.options
    const bucket = this.buckets.get(socket) ?? { tokens: 2 * opsPerSecond, at: now }
    const refilled = bucket.tokens + ((now - bucket.at) / 1000) * opsPerSecond
    const tokens = Math.min(2 * opsPerSecond, refilled) - 1
    this.buckets.set(socket, { tokens, at: now })
    return tokens >= 0
  }

  /** When it was last heard of: a message, or a ping that was answered while the object slept. */
  heardAt(socket: WebSocket): number {
    const pinged = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
    return Math.max(pinged, this.whoIs(socket)?.heard_at ?? 0)
  }

  /** Written down now and then only: the attachment is there for when the object sleeps. */
  hear(socket: WebSocket, now: number): void {
    const who = this.whoIs(socket)
    if (who && now - who.heard_at > 10_000) this.know(socket, { ...who, heard_at: now })
  }
}
