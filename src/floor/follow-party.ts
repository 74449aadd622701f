import { revokeTokens } from '../access/member-token.ts'
import { askTable, attachToTable } from '../ordering/at-table.ts'
import type { Cart, CartLine } from '../ordering/schema.ts'
import type { TenantCtx } from '../platform/endpoint.ts'
import type { FollowedSession, SessionMove } from './schema.ts'

/**
 * The phones go with their party: each session's cart is carried to the object of its new table, the old one is closed
 * with the reason `moved`, its tokens are taken back. A phone that scans the code of the new table is the member it was.
 * A repeat carries only what the first did not get to.
 */
export async function followParty(ctx: TenantCtx, moves: SessionMove[], replayed: boolean): Promise<FollowedSession[]> {
  // All are closed first, so that of two that change places neither is overtaken at its new table.
  const carts: (Cart | null)[] = []
  for (const { from_table_id, session, revoked } of moves) {
    await revokeTokens(ctx, revoked)
    const from = { restaurant_id: ctx.restaurant.id, table_id: from_table_id }
    await askTable(ctx, from, (table) =>
      table.close({ session_id: session.id, why: 'moved', version: session.version }),
    )
    carts.push(await askTable(ctx, from, (table) => table.snapshot(session.id)))
  }
  const followed: FollowedSession[] = []
  for (const [index, move] of moves.entries()) followed.push(await carry(ctx, move, carts[index] ?? null, replayed))
  return followed
}

async function carry(
  ctx: TenantCtx,
  { from_table_id, session, members }: SessionMove,
  cart: Cart | null,
  replayed: boolean,
): Promise<FollowedSession> {
  const numberOf = (id: string): string => ctx.restaurant.tables.find((table) => table.id === id)?.number ?? '?'
  const answer = { session_id: session.id, from_table: numberOf(from_table_id), to_table: numberOf(session.table_id) }
  const lines = cart?.lines ?? []
  const there = await askTable(ctx, session, (table) => table.snapshot(session.id))
  // Carried before; whatever is there now, phones may have put there since.
  if (replayed && there) return { ...answer, lines: lines.length, lines_left: 0 }

  // Where the session was at this table before, its old lines are still there.
  await attachToTable(ctx, ctx.restaurant, session, null)
  for (const line of there?.lines ?? []) await changeCart(ctx, session, null, deletion(line))
  for (const member of members) await attachToTable(ctx, ctx.restaurant, session, member)
  let carried = 0
  for (const line of lines) {
    if (members.some((one) => one.id === line.member_id)) {
      if (await changeCart(ctx, session, line.member_id, creation(line))) carried += 1
    }
  }
  return { ...answer, lines: carried, lines_left: lines.length - carried }
}

type Command = Parameters<Parameters<Parameters<typeof askTable>[2]>[0]['mutate']>[1]

async function changeCart(
  ctx: TenantCtx,
  session: SessionMove['session'],
  member_id: string | null,
  command: Command,
): Promise<boolean> {
  const done = await askTable(ctx, session, (table) => table.mutate({ session_id: session.id, member_id }, command))
  return done.ok
}

function creation(line: CartLine): Command {
  const { menu_item_id, variant_id, qty, modifiers, note, acknowledged } = line
  const request_id = crypto.randomUUID()
  const what = { menu_item_id, variant_id, qty, modifiers, note, acknowledged }
  return { type: 'cart_mutate', request_id, op: 'create', version: 0, ...what }
}

function deletion({ id, version }: CartLine): Command {
  return { type: 'cart_mutate', request_id: crypto.randomUUID(), op: 'delete', line_id: id, version }
}
