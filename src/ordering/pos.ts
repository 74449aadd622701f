import type { Pos } from '../restaurants/integrations-schema.ts'
import type { Order } from './order-schema.ts'

export type PosRequest = { method: 'GET' | 'POST'; url: string; headers: Record<string, string>; body: string | null }

/**
 * One kind of till: how an order is put to it, and how it is asked whether it has one. The body is made of the order
 * alone, so that each attempt says the same: a till that has seen the key refuses another body under it.
 */
export type PosAdapter<P extends Pos> = {
  /** `at` is the real hour, in milliseconds: tills check signatures by their own clocks. */
  push: (order: Order, pos: P, at: number) => Promise<PosRequest>
  /** Null where it cannot be asked: then a repeat under the same key is the question. */
  lookup: (order_id: string, pos: P, at: number) => Promise<PosRequest | null>
  /** What the till calls the order by, in the text that it accepted it with; absent where that is our own id. */
  idIn?: (answer: string) => string | null
}
