import * as z from 'zod'

const coalesceMs = 8

/** Who is at the other end; kept with the socket while the object sleeps. */
export const Attachment = z.object({
  session_id: z.string(),
  member_id: z.string(),
  /** Whether it takes several messages in one frame, as an array. */
  batch: z.boolean(),
  expires_at: z.number(),
  heard_at: z.number(),
})
export type Attachment = z.infer<typeof Attachment>

type Bucket = { tokens: number; at: number }

/**
 * The phones of a table. What all of them are told is sent at once, and then gathered for some milliseconds: a busy
 * table costs few frames and a quiet one no delay.
 */
export class TableSockets {
  private readonly ctx: DurableObjectState
  private readonly opsPerSecond: number
  private readonly buckets = new WeakMap<WebSocket, Bucket>()
  private pending: string[] = []
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(ctx: DurableObjectState, opsPerSecond: number) {
    this.ctx = ctx
    this.opsPerSecond = opsPerSecond
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"ping"}', '{"type":"pong"}'))
  }

  accept(socket: WebSocket, who: Attachment): void {
    this.ctx.acceptWebSocket(socket, [who.member_id])
    socket.serializeAttachment(who)
  }

  whoIs(socket: WebSocket): Attachment | null {
    const parsed = Attachment.safeParse(socket.deserializeAttachment())
    return parsed.success ? parsed.data : null
  }

  of(member_id: string): WebSocket[] {
    return this.ctx.getWebSockets(member_id).filter((socket) => socket.readyState === WebSocket.OPEN)
  }
  all(): WebSocket[] {
    return this.ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN)
  }

  broadcast(message: string): void {
    this.pending.push(message)
    if (this.timer !== null) return
    this.flush()
    this.timer = setTimeout(() => {
      this.timer = null
      this.flush()
    }, coalesceMs)
  }

  /** To one phone, after all that it was told before. */
  send(socket: WebSocket, messages: string[]): void {
    this.flush()
    this.sendFrames(socket, messages)
  }

  flush(): void {
    if (this.pending.length === 0) return
    const messages = this.pending
    this.pending = []
    for (const socket of this.all()) this.sendFrames(socket, messages)
  }

  private sendFrames(socket: WebSocket, messages: string[]): void {
    try {
      const together = messages.length > 1 && this.whoIs(socket)?.batch
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
    const bucket = this.buckets.get(socket) ?? { tokens: 2 * this.opsPerSecond, at: now }
    const refilled = bucket.tokens + ((now - bucket.at) / 1000) * this.opsPerSecond
    const tokens = Math.min(2 * this.opsPerSecond, refilled) - 1
    this.buckets.set(socket, { tokens, at: now })
    return tokens >= 0
  }

  /** When this phone was last heard of: a message, or a ping that was answered while the object slept. */
  heardAt(socket: WebSocket): number {
    const pinged = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
    return Math.max(pinged, this.whoIs(socket)?.heard_at ?? 0)
  }

  /** Written down now and then only: the attachment is there for when the object sleeps. */
  hear(socket: WebSocket, now: number): void {
    const who = this.whoIs(socket)
    if (who && now - who.heard_at > 10_000) socket.serializeAttachment({ ...who, heard_at: now })
  }
}
