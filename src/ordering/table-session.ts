import { DurableObject } from 'cloudflare:workers'
import * as z from 'zod'
import { readEnv } from '../platform/env.ts'
import { log } from '../platform/log.ts'
import type { Menu } from '../restaurants/menu-schema.ts'
import type { Attached, Frozen, FreezeWish, Mutated, Mutator, TableObject } from './object.ts'
import {
  type Cart,
  type CartMutate,
  type CartRefusal,
  ClientMessage,
  type Member,
  type ServerMessage,
} from './schema.ts'
import { Connection, socketCodes } from './socket-schema.ts'
import { type Attachment, TableSockets } from './table-sockets.ts'
import { TableState } from './table-state.ts'
import { TableStore } from './table-store.ts'

const longestMessage = 16_384
const soonestAlarmMs = 1_000
/** Refused because the cart is not as the phone thought: it gets the cart. */
const conflicts: readonly CartRefusal[] = ['stale_line', 'unknown_line', 'cart_frozen', 'stale_cart']

type First<K extends keyof TableObject> = Parameters<TableObject[K]>[0]

/** One table: transport and storage. What may happen to a cart is decided in rules.ts. */
export class TableSession extends DurableObject<Record<string, unknown>> implements TableObject {
  private readonly state: TableState
  private readonly sockets: TableSockets
  private readonly silentMs: number

  constructor(ctx: DurableObjectState, bindings: Record<string, unknown>) {
    super(ctx, bindings)
    const env = readEnv(bindings)
    this.silentMs = env.TABLE_SILENT_SECONDS * 1000
    this.sockets = new TableSockets(ctx, env.TABLE_OPS_PER_SECOND)
    this.state = new TableState(new TableStore(ctx.storage), (message) => this.sockets.broadcast(message))
    this.sayAwake()
    this.forgetAbsent()
  }

  /** Phones that were here before this object was: it slept with their sockets open, and something woke it. */
  private sayAwake(): void {
    const phones = this.sockets.all().length
    const { restaurant_id, table_id } = this.state.session ?? {}
    if (phones > 0) log('info', 'table_woke', { restaurant_id, table_id, phones })
  }

  /** Sockets that died with the process said no goodbye. */
  private forgetAbsent(): void {
    for (const id of this.state.onlineMembers()) if (this.sockets.of(id).length === 0) this.state.setOnline(id, false)
  }

  // What the Worker asks ---------------------------------------------------------------------------------------------

  async attach(arrival: First<'attach'>): Promise<Attached> {
    const before = this.sockets.all()
    const { replaced, ...attached } = this.state.attach(arrival, Date.now())
    if (replaced) this.endAll(before, 'replaced')
    return attached
  }
  async setMenu(menu: Menu): Promise<void> {
    this.state.setMenu(menu)
  }
  async rename(change: First<'rename'>): Promise<Member | null> {
    return this.state.rename(change)
  }
  async leave(who: First<'leave'>): Promise<void> {
    this.state.leave(who)
    this.sockets.flush()
    for (const socket of this.sockets.of(who.member_id)) this.sockets.close(socket, socketCodes.closed, 'removed')
  }
  async mutate(by: Mutator, command: CartMutate): Promise<Mutated> {
    const { message: _message, ...mutated } = this.state.mutate(by, command, Date.now(), crypto.randomUUID())
    return mutated
  }
  async snapshot(session_id: string): Promise<Cart | null> {
    const cart = this.state.cart()
    return cart?.session_id === session_id ? cart : null
  }
  async freeze(wish: FreezeWish): Promise<Frozen> {
    return this.state.freeze(wish, Date.now())
  }
  async markOrdered(done: First<'markOrdered'>): ReturnType<TableObject['markOrdered']> {
    return this.state.markOrdered(done)
  }
  async unfreeze(gone: First<'unfreeze'>): Promise<void> {
    this.state.unfreeze(gone)
  }
  async orderStatus({ session_id, order_id, status }: First<'orderStatus'>): Promise<void> {
    this.state.say(session_id, { type: 'order_status', order_id, status })
  }
  async menuChanged(change: First<'menuChanged'>): Promise<void> {
    this.state.menuChanged(change)
  }
  async notice(code: First<'notice'>): Promise<void> {
    this.state.say(null, { type: 'notice', code })
  }
  async callUpdate({ session_id, ...call }: First<'callUpdate'>): Promise<void> {
    this.state.say(session_id, { type: 'call_update', ...call })
  }
  async passAccepted(by: First<'passAccepted'>): Promise<void> {
    this.state.passAccepted(by)
  }
  async close(end: First<'close'>): Promise<void> {
    this.state.close(end)
    if (this.state.session?.id === end.session_id) this.endAll(this.sockets.all(), end.why)
  }
  async restore({ session }: First<'restore'>): Promise<{ cart_kept: boolean }> {
    return this.state.restore(session, Date.now())
  }
  async lastActivity(session_id: string): Promise<number | null> {
    const { session } = this.state
    return session?.id === session_id ? session.last_activity_at : null
  }

  private endAll(sockets: WebSocket[], why: string): void {
    this.sockets.flush()
    for (const socket of sockets) this.sockets.close(socket, socketCodes.closed, why.slice(0, 100))
  }

  // Sockets ----------------------------------------------------------------------------------------------------------

  /** The Worker has read the token; 409 asks it to attach the member first. */
  override async fetch(request: Request): Promise<Response> {
    const { last_seq, ...who } = Connection.parse(JSON.parse(request.headers.get('x-tableside-member') ?? 'null'))
    if (!this.state.knows(who.session_id, who.member_id) || !this.state.isActive(who.session_id))
      return new Response(null, { status: 409 })
    if (this.state.isRemoved(who.member_id)) return new Response(null, { status: 403 })

    const { 0: client, 1: server } = new WebSocketPair()
    this.state.setOnline(who.member_id, true)
    this.sockets.flush()
    this.sockets.accept(server, { ...who, heard_at: Date.now() }, [who.member_id])
    this.catchUp(server, who.member_id, last_seq)
    if ((await this.ctx.storage.getAlarm()) === null) await this.setAlarm()
    return new Response(null, { status: 101, webSocket: client })
  }

  private catchUp(socket: WebSocket, member_id: string, last_seq: number | null): void {
    const missed = last_seq === null ? null : this.state.missedSince(last_seq)
    const cart = this.state.cart()
    if (missed) this.sockets.send(socket, missed)
    else if (cart) this.reply(socket, { type: 'snapshot', seq: cart.seq, cart, you: member_id })
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const now = Date.now()
    const who = this.sockets.whoIs(socket)
    if (!who || who.expires_at <= now) return this.sockets.close(socket, socketCodes.bad_token, 'expired')
    if (!this.state.isActive(who.session_id) || this.state.isRemoved(who.member_id))
      return this.sockets.close(socket, socketCodes.closed, 'closed')
    if (!this.sockets.mayAct(socket, now)) return this.sockets.close(socket, socketCodes.flooding, 'flooding')
    this.sockets.hear(socket, now)

    const message = readMessage(data)
    if (!message.success) {
      const { request_id, why } = message
      return this.reply(socket, {
        type: 'error',
        ...(request_id ? { request_id } : {}),
        code: 'malformed',
        message: why,
      })
    }
    if (message.data.type === 'ping') return this.reply(socket, { type: 'pong' })
    if (message.data.type === 'resume') return this.catchUp(socket, who.member_id, message.data.last_seq)
    this.mutateFor(socket, who, message.data, now)
  }

  private mutateFor(socket: WebSocket, who: Attachment, command: CartMutate, now: number): void {
    const done = this.state.mutate(who, command, now, crypto.randomUUID())
    const { request_id } = command
    if (done.ok) {
      // The first time all were told, this phone among them.
      if (done.replayed && done.message) this.reply(socket, done.message)
    } else if (conflicts.includes(done.code) && done.current) {
      this.reply(socket, { type: 'cart_conflict', request_id, code: done.code, current: done.current })
    } else {
      this.reply(socket, { type: 'error', request_id, code: done.code, message: sentences[done.code] })
    }
  }

  private reply(socket: WebSocket, message: ServerMessage): void {
    this.sockets.send(socket, [JSON.stringify(message)])
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    this.sockets.close(socket, code === 1005 || code === 1006 ? 1000 : code, '')
    this.gone(socket)
  }
  override async webSocketError(socket: WebSocket): Promise<void> {
    this.gone(socket)
  }

  private gone(socket: WebSocket): void {
    const who = this.sockets.whoIs(socket)
    if (!who || !this.state.isActive(who.session_id)) return
    if (this.sockets.of(who.member_id).every((one) => one === socket)) this.state.setOnline(who.member_id, false)
  }

  /** Phones that were not heard of for a while, and tokens that have run out. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    try {
      for (const socket of this.sockets.all()) {
        const who = this.sockets.whoIs(socket)
        if (!who || who.expires_at <= now) this.sockets.close(socket, socketCodes.bad_token, 'expired')
        else if (now - this.sockets.heardAt(socket) > this.silentMs)
          this.sockets.close(socket, socketCodes.silent, 'silent')
      }
      this.forgetAbsent()
    } finally {
      await this.setAlarm()
    }
  }

  /** For when the first of the phones may have been silent for too long: until then the object sleeps. */
  private async setAlarm(): Promise<void> {
    const ends = this.sockets.all().map((socket) => {
      const silent = this.sockets.heardAt(socket) + this.silentMs
      return Math.min(silent, this.sockets.whoIs(socket)?.expires_at ?? 0)
    })
    // Just past it, since at the very moment nobody has been silent for longer; and not over and over.
    const soonest = Date.now() + soonestAlarmMs
    if (ends.length > 0) await this.ctx.storage.setAlarm(Math.max(soonest, Math.min(...ends) + 1))
  }
}

const Named = z.looseObject({ request_id: z.string().max(64) })

function readMessage(
  data: string | ArrayBuffer,
): { success: true; data: ClientMessage } | { success: false; why: string; request_id?: string } {
  if (typeof data !== 'string' || data.length > longestMessage) return { success: false, why: 'Not a text of 16 KiB.' }
  let json: unknown
  try {
    json = JSON.parse(data)
  } catch {
    return { success: false, why: 'Not JSON.' }
  }
  const parsed = ClientMessage.safeParse(json)
  if (parsed.success) return parsed
  const [issue] = parsed.error.issues
  const named = Named.safeParse(json)
  const why = `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not understood'}`
  return { success: false, why, ...(named.success ? { request_id: named.data.request_id } : {}) }
}

const sentences: Record<CartRefusal, string> = {
  stale_line: 'Somebody changed that line meanwhile.',
  not_your_line: 'That line is somebody else’s.',
  unknown_line: 'That line is no longer in the cart.',
  unknown_item: 'That is not on the menu.',
  sold_out_item: 'That has run out.',
  not_served_now: 'That is not served at this hour.',
  bad_modifiers: 'Those choices do not go together.',
  bad_variant: 'There is no such size.',
  allergy_not_acknowledged: 'That holds something you said you must not have.',
  stale_cart: 'The cart has changed meanwhile.',
  cart_frozen: 'An order is just being placed.',
  cart_full: 'The cart is full.',
  cart_empty: 'The cart is empty.',
  unknown_member: 'You are not at this table any more.',
  session_closed: 'This session is over.',
  pass_required: 'Please enter the pass of the day first.',
  malformed: 'That was not understood.',
}
