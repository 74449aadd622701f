import type { Allergen, Menu, MenuItem } from '../restaurants/menu-schema.ts'
import type { CallKind, Cart, CartLine, CartMutate, CartRefusal, Member, NoticeCode, OrderStatus } from './schema.ts'

/**
 * What a table's Durable Object can be asked. Verbs and tests know this and not the class. Every call is safe to make
 * twice: a repeat changes nothing and gets the same answer.
 */
export type TableObject = {
  /** A session that Postgres holds, and one of its members. A newer session takes the place of an older one. */
  attach(arrival: { session: SessionFacts; member: MemberFacts | null; menu_version: number }): Promise<Attached>
  /** The menu that carts are checked against; an older one than it has changes nothing. */
  setMenu(menu: Menu): Promise<void>
  /** A member went for good or was sent away: its sockets close, its lines stay. */
  leave(who: { session_id: string; member_id: string }): Promise<void>
  rename(change: { session_id: string; member: MemberFacts }): Promise<Member | null>
  /** One command on the cart, by the rules of the socket. */
  mutate(by: Mutator, command: CartMutate): Promise<Mutated>
  snapshot(session_id: string): Promise<Cart | null>
  /**
   * Locks the cart for an order. The same key gets the same lines again, also after the order; while another key holds
   * the cart it is `cart_frozen`, with that key and how old it is, so that the caller can find out what became of it.
   */
  freeze(wish: FreezeWish): Promise<Frozen>
  /** The order is in Postgres: its lines leave the cart, every phone hears of it. */
  markOrdered(done: {
    key: string
    order_id: string
    status: OrderStatus
    pos_ticket: string
  }): Promise<{ ok: true; replayed: boolean } | { ok: false; code: 'unknown_key' }>
  /** The order was refused: the cart is open again. Nothing once it was ordered. */
  unfreeze(gone: { key: string }): Promise<void>
  orderStatus(change: { session_id: string; order_id: string; status: OrderStatus }): Promise<void>
  /** An item as it is now: sold out, back again, fewer left. */
  menuChanged(change: { item: MenuItem; menu_version?: number }): Promise<void>
  notice(code: NoticeCode): Promise<void>
  callUpdate(call: { session_id: string; call_id: string; kind: CallKind; acknowledged: boolean }): Promise<void>
  /** The session is over: every phone is told, its sockets close with 4403. */
  close(end: { session_id: string; why: string; version?: number }): Promise<void>
  /** Staff took the closing back: the cart is as it was. */
  restore(again: { session: SessionFacts }): Promise<{ cart_kept: boolean }>
  passAccepted(by: { session_id: string; member_id: string }): Promise<void>
  /** When somebody last did something at this table, in milliseconds; null where it does not know the session. */
  lastActivity(session_id: string): Promise<number | null>
}

export type SessionFacts = {
  id: string
  restaurant_id: string
  table_id: string
  /** ISO 8601; of two sessions of a table the later one is the present one. */
  opened_at: string
  currency: string
  timezone: string
  pass_required: boolean
  /** Of the session in Postgres: closing and restoring move it on. */
  version: number
}
export type MemberFacts = { id: string; nickname: string; is_host: boolean; allergies: Allergen[]; pass_ok: boolean }

export type Attached = { ok: true; need_menu: boolean } | { ok: false; code: 'session_closed' }

/** Who changes a cart: a member, or staff (who may remove any line). */
export type Mutator = { session_id: string; member_id: string | null }

/** What a command came to. `replayed`: it was done before, by the same member under the same request_id. */
export type Mutated =
  | { ok: true; replayed: boolean; seq: number; cart_version: number; cart_hash: string; line: CartLine | null }
  | { ok: false; replayed: boolean; code: CartRefusal; current: Cart | null }

export type FreezeWish = {
  key: string
  session_id: string
  member_id: string | null
  cart_version: number
  cart_hash: string
}
export type Frozen =
  | {
      ok: true
      replayed: boolean
      lines: CartLine[]
      members: Member[]
      /** Who at the table must not have what, for the ticket. */
      allergies: { member_id: string; nickname: string; allergies: Allergen[] }[]
      /** Where the key was ordered already. */
      order_id: string | null
    }
  | { ok: false; code: CartRefusal; current: Cart | null; held_by?: { key: string; age_ms: number } }

/** As the Worker reaches it; `fetch` takes the upgrade of a socket. */
export type TableSessionStub = TableObject & { fetch(request: Request): Promise<Response> }
