import { askObject } from '../platform/ask-object.ts'
import type { Ctx } from '../platform/ctx.ts'
import { Problem } from '../platform/problem.ts'
import { loadMenu } from '../restaurants/menu-load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import type { MemberFacts, SessionFacts, TableSessionStub } from './object.ts'
import type { MemberRow, Session } from './session-schema.ts'

type Asking = Pick<Ctx, 'db' | 'table' | 'request_id'>

/** Asks a table's object; throws `unavailable` where it stays out of reach. */
export function askTable<T>(
  ctx: Pick<Ctx, 'table' | 'request_id'>,
  at: { restaurant_id: string; table_id: string },
  ask: (table: TableSessionStub) => Promise<T>,
): Promise<T> {
  const { restaurant_id, table_id } = at
  const facts = { request_id: ctx.request_id, restaurant_id, table_id }
  return askObject('table_unavailable', facts, () => ctx.table(restaurant_id, table_id), ask)
}

/** Makes the object know a session that Postgres holds, one of its members, and the menu it is to check against. */
export async function attachToTable(
  ctx: Asking,
  restaurant: Restaurant,
  session: Session,
  member: MemberRow | null,
): Promise<void> {
  const menu = await loadMenu(ctx, restaurant)
  const arrival = {
    session: sessionFacts(session, restaurant),
    member: member ? memberFacts(member) : null,
    menu_version: menu.version,
  }
  const attached = await askTable(ctx, session, (table) => table.attach(arrival))
  if (!attached.ok) throw new Problem(attached.code)
  if (attached.need_menu) await askTable(ctx, session, (table) => table.setMenu(menu))
}

export function sessionFacts(session: Session, restaurant: Restaurant): SessionFacts {
  const { id, restaurant_id, table_id, version } = session
  // Of two sessions of a table the later one is the present one: what counts is since when it is here.
  const opened_at = session.at_table_since ?? session.opened_at
  const { currency, timezone, settings } = restaurant
  const pass_required = settings.daily_pass === 'on'
  return { id, restaurant_id, table_id, opened_at, version, currency, timezone, pass_required }
}

export function memberFacts(member: MemberRow): MemberFacts {
  const { id, nickname, is_host, allergies, pass_accepted_at } = member
  return { id, nickname, is_host, allergies, pass_ok: pass_accepted_at !== null }
}
