import * as z from 'zod'
import { Id, text } from '../platform/text.ts'
import { Allergen } from '../restaurants/menu-schema.ts'

export const Nickname = text(40)

export const Member = z
  .object({
    id: Id,
    nickname: z.string(),
    is_host: z.boolean(),
    allergies: z.array(Allergen),
    online: z.boolean(),
  })
  .meta({ id: 'Member' })
export type Member = z.infer<typeof Member>

/** What a member has chosen of a group: option ids. */
export const ChosenModifier = z.strictObject({ group_id: Id, option_ids: z.array(Id).max(20) })
export type ChosenModifier = z.infer<typeof ChosenModifier>

export const CartLine = z
  .object({
    id: Id,
    member_id: Id,
    menu_item_id: Id,
    variant_id: Id.nullable(),
    modifiers: z.array(ChosenModifier),
    qty: z.int(),
    note: z.string().nullable(),
    /** Allergies of the member that the line holds and that it was told of ("I know"). */
    acknowledged: z.array(Allergen),
    version: z.int(),
    /** What it was shown at; the order is priced by the server again. */
    name: z.string(),
    unit_price_minor: z.int(),
    allergens: z.array(Allergen),
    sold_out: z.boolean(),
  })
  .meta({ id: 'CartLine' })
export type CartLine = z.infer<typeof CartLine>

/** The whole cart of a session, as every phone holds it. */
export const Cart = z
  .object({
    session_id: Id,
    cart_version: z.int(),
    cart_hash: z.string(),
    lines: z.array(CartLine),
    members: z.array(Member),
    subtotal_minor: z.int(),
    currency: z.string(),
    seq: z.int(),
  })
  .meta({ id: 'Cart' })
export type Cart = z.infer<typeof Cart>

/** Socket messages in; anything else is answered `error` and changes nothing. */
export const CartMutate = z.strictObject({
  type: z.literal('cart_mutate'),
  request_id: z.string().min(1).max(64),
  op: z.enum(['create', 'update', 'delete']),
  line_id: Id.optional(),
  menu_item_id: Id.optional(),
  variant_id: Id.nullish(),
  qty: z.int().min(1).max(99).optional(),
  modifiers: z.array(ChosenModifier).max(20).optional(),
  note: text(200).nullish(),
  acknowledged: z.array(Allergen).max(14).optional(),
  version: z
    .int()
    .min(0)
    .meta({ description: 'create: the cart_version seen; update and delete: the version of the line' }),
})
export type CartMutate = z.infer<typeof CartMutate>
export const ClientMessage = z.discriminatedUnion('type', [
  CartMutate,
  z.strictObject({ type: z.literal('resume'), last_seq: z.int().min(0) }),
  z.strictObject({ type: z.literal('ping') }),
])
export type ClientMessage = z.infer<typeof ClientMessage>

export const OrderStatus = z.enum([
  'review',
  'fired',
  'accepted',
  'preparing',
  'ready',
  'served',
  'paid',
  'rejected',
  'pos_failed',
])
export type OrderStatus = z.infer<typeof OrderStatus>

/** Why a cart command was refused; each is a socket `error` or `cart_conflict`, and a problem code over HTTP. */
export const cartRefusals = [
  'stale_line',
  'not_your_line',
  'unknown_line',
  'unknown_item',
  'sold_out_item',
  'not_served_now',
  'bad_modifiers',
  'bad_variant',
  'allergy_not_acknowledged',
  'stale_cart',
  'cart_frozen',
  'cart_full',
  'cart_empty',
  'unknown_member',
  'session_closed',
  'pass_required',
  'malformed',
] as const
export const CartRefusal = z.enum(cartRefusals)
export type CartRefusal = z.infer<typeof CartRefusal>

export const NoticeCode = z.enum([
  'ordering_disabled',
  'ordering_enabled',
  'table_disabled',
  'table_enabled',
  'menu_changed',
])
export type NoticeCode = z.infer<typeof NoticeCode>

export const CallKind = z.enum(['waiter', 'bill', 'water'])
export type CallKind = z.infer<typeof CallKind>

/** Socket messages out; those with `seq` are numbered without gaps within a session. */
const numbered = { seq: z.int() }
export const ServerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('snapshot'), ...numbered, cart: Cart, you: Id }),
  z.object({ type: z.literal('member_join'), ...numbered, member: Member }),
  z.object({ type: z.literal('member_leave'), ...numbered, member_id: Id }),
  z.object({ type: z.literal('member_update'), ...numbered, member: Member }),
  z.object({
    type: z.literal('cart_update'),
    ...numbered,
    op: z.enum(['create', 'update', 'delete', 'ordered']),
    cart_version: z.int(),
    cart_hash: z.string(),
    line: CartLine.nullable(),
    line_ids: z.array(Id).optional().meta({ description: 'Of an order: the lines that left the cart' }),
    by: Id.nullable(),
    request_id: z.string().optional(),
  }),
  z.object({ type: z.literal('cart_conflict'), request_id: z.string(), code: CartRefusal, current: Cart }),
  z.object({ type: z.literal('order_fired'), ...numbered, order_id: Id, status: OrderStatus, pos_ticket: z.string() }),
  z.object({ type: z.literal('order_status'), ...numbered, order_id: Id, status: OrderStatus }),
  z.object({
    type: z.literal('menu_update'),
    ...numbered,
    menu_item_id: Id,
    sold_out: z.boolean(),
    stock: z.int().nullable(),
  }),
  z.object({
    type: z.literal('call_update'),
    ...numbered,
    call_id: Id,
    kind: CallKind,
    acknowledged: z.boolean(),
  }),
  z.object({
    type: z.literal('notice'),
    ...numbered,
    code: NoticeCode,
  }),
  z.object({ type: z.literal('session_closed'), ...numbered, why: z.string() }),
  z.object({ type: z.literal('pong') }),
  z.object({ type: z.literal('error'), request_id: z.string().optional(), code: CartRefusal, message: z.string() }),
])
export type ServerMessage = z.infer<typeof ServerMessage>
