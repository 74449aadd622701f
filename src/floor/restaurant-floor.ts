import { DurableObject } from 'cloudflare:workers'
import { socketCodes } from '../ordering/socket-schema.ts'
import { readEnv } from '../platform/env.ts'
import type { Begun, FeedRead, FloorObject, Start, Turn } from './feed-object.ts'
import { behindCode, Console, ConsoleMessage, type FeedMessage, type Sees } from './feed-schema.ts'
import { FeedSockets } from './feed-sockets.ts'
import { FeedStore, numbered } from './feed-store.ts'
import { FeedTurns } from './feed-turns.ts'

const longestMessage = 1_024

/** R95–R99. The live feed of one restaurant: numbers what the Worker reads from the events, keeps it, and sends it on. */
export class RestaurantFloor extends DurableObject<Record<string, unknown>> implements FloorObject {
  private readonly store: FeedStore
  private readonly sockets: FeedSockets
  private readonly turns: FeedTurns
  private readonly silentMs: number

  constructor(ctx: DurableObjectState, bindings: Record<string, unknown>) {
    super(ctx, bindings)
    const env = readEnv(bindings)
    this.silentMs = env.TABLE_SILENT_SECONDS * 1000
    this.store = new FeedStore(ctx.storage)
    this.sockets = new FeedSockets(ctx, env.TABLE_OPS_PER_SECOND)
    this.turns = new FeedTurns(() => this.store.since)
  }

  // What the Worker asks ---------------------------------------------------------------------------------------------

  async turn(anyway: boolean): Promise<Turn> {
    if (!anyway && this.sockets.all().length === 0) return { read: false, why: 'nobody' }
    return this.turns.ask(Date.now())
  }

  async take(read: FeedRead): Promise<{ taken: boolean }> {
    const taken = read.since === this.store.since
    if (taken) this.advance(read)
    this.turns.end(read.lease, taken, Date.now())
    return { taken }
  }

  private advance({ since, upto, reset, events }: FeedRead): void {
    if (reset) {
      this.store.skipTo(upto)
      for (const socket of this.sockets.all()) this.sendAway(socket)
      return
    }
    // Reading nothing new moves nothing on: what was seen stays seen, and nothing is written.
    if (since !== null && events.length === 0) return
    const numbers = this.store.append(events, upto, Date.now())
    events.forEach((event, n) => {
      const seq = numbers[n] ?? 0
      this.sockets.broadcast({ full: numbered(seq, event, 'full'), plain: numbered(seq, event, 'plain') })
      if (event.ends !== null) this.cutOff(event.ends)
    })
  }

  async pass(lease: number): Promise<void> {
    this.turns.end(lease, false, Date.now())
  }

  async begin({ id, last_seq, snapshot }: Start): Promise<Begun> {
    const socket = this.sockets.connection(id)
    const who = socket && this.sockets.whoIs(socket)
    if (!socket || !who) return 'gone'
    if (who.begun) return 'begun'
    const from = snapshot ? snapshot.seq : last_seq
    const missed = from === null ? null : this.store.after(from, who.sees)
    if (missed === null) return { need_snapshot_from: this.store.seq }
    const hello: FeedMessage = { type: 'hello', seq: this.store.seq, resumed: snapshot === null }
    const whole = snapshot ? [`{"type":"snapshot","seq":${snapshot.seq},${snapshot.rest.slice(1)}`] : []
    // What others are still to be sent is among what it missed.
    this.sockets.flush()
    this.sockets.begin(socket, who)
    this.sockets.send(socket, [JSON.stringify(hello), ...whole, ...missed])
    return 'begun'
  }

  async missedSince(last_seq: number, sees: Sees): Promise<{ seq: number; events: string[] | null }> {
    return { seq: this.store.seq, events: this.store.after(last_seq, sees) }
  }

  async consoles(): Promise<number> {
    return this.sockets.all().length
  }

  private cutOff(tag: string): void {
    // What happened before they were cut off they may know.
    this.sockets.flush()
    for (const socket of this.sockets.of(tag)) this.sockets.close(socket, socketCodes.closed, 'revoked')
  }
  private sendAway(socket: WebSocket): void {
    this.sockets.close(socket, behindCode, 'begin anew')
  }

  // Sockets ----------------------------------------------------------------------------------------------------------

  /** The Worker knows who it is. The console hears nothing before `begin`. */
  override async fetch(request: Request): Promise<Response> {
    const console = Console.parse(JSON.parse(request.headers.get('x-tableside-console') ?? 'null'))
    const { 0: client, 1: server } = new WebSocketPair()
    const now = Date.now()
    this.sockets.open(server, console, now)
    // One that was set for what is kept, hours from now, is too late for who is silent.
    const alarm = await this.ctx.storage.getAlarm()
    if (alarm === null || alarm > now + this.silentMs) await this.ctx.storage.setAlarm(now + this.silentMs)
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const now = Date.now()
    const who = this.sockets.whoIs(socket)
    if (!who || who.expires_at <= now) return this.sockets.close(socket, socketCodes.bad_token, 'expired')
    if (!this.sockets.mayAct(socket, now)) return this.sockets.close(socket, socketCodes.flooding, 'flooding')
    this.sockets.hear(socket, now)
    const message = readMessage(data)
    if (message === null)
      return this.reply(socket, { type: 'error', code: 'malformed', message: 'Not a message of a console.' })
    if (message.type === 'ping') return this.reply(socket, { type: 'pong' })
    if (!who.begun) return
    const missed = this.store.after(message.last_seq, who.sees)
    // The object cannot read the floor: at the door there is a snapshot.
    if (missed === null) return this.sendAway(socket)
    this.sockets.send(socket, missed)
  }

  private reply(socket: WebSocket, message: FeedMessage): void {
    this.sockets.send(socket, [JSON.stringify(message)])
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    this.sockets.close(socket, code === 1005 || code === 1006 ? 1000 : code, '')
    this.gone()
  }
  override async webSocketError(): Promise<void> {
    this.gone()
  }
  private gone(): void {
    if (this.sockets.all().length === 0) this.turns.release()
  }

  /** Consoles that were not heard of for a while, those whose token has run out, and events kept long enough. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    for (const socket of this.sockets.all()) {
      const who = this.sockets.whoIs(socket)
      if (!who || who.expires_at <= now) this.sockets.close(socket, socketCodes.bad_token, 'expired')
      else if (now - this.sockets.heardAt(socket) > this.silentMs)
        this.sockets.close(socket, socketCodes.silent, 'silent')
    }
    this.store.forgetOld(now)
    const next = this.sockets.all().length > 0 ? now + this.silentMs / 2 : this.store.forgetAt()
    if (next !== null) await this.ctx.storage.setAlarm(next)
  }
}

function readMessage(data: string | ArrayBuffer): ConsoleMessage | null {
  if (typeof data !== 'string' || data.length > longestMessage) return null
  try {
    return ConsoleMessage.safeParse(JSON.parse(data)).data ?? null
  } catch {
    return null
  }
}
