import type { Ctx } from '../platform/ctx.ts'
import { log } from '../platform/log.ts'
import { Problem } from '../platform/problem.ts'
import { loadMenu } from '../restaurants/menu-load.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import type { MemberFacts, SessionFacts, TableSessionStub } from './object.ts'
import type { MemberRow, Session } from './session-schema.ts'

type Asking = Pick<Ctx, 'db' | 'table' | 'request_id'>

/** Asks a table's object, again where it was only just restarting: every call there is safe to make twice. */
export async function askTable<T>(
  ctx: Pick<Ctx, 'table' | 'request_id'>,
  at: { restaurant_id: string; table_id: string },
  ask: (table: TableSessionStub) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      // A stub that has failed stays broken: each attempt has its own.
      return await ask(ctx.table(at.restaurant_id, at.table_id))
    } catch (error) {
      if (attempt === 3 || !isPassing(error)) {
        log('error', 'table_unavailable', { request_id: ctx.request_id, ...at, reason: String(error) })
        throw new Problem('unavailable', { retry_after_seconds: 1 })
      }
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 100 * attempt))
    }
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const overloaded = 'overloaded' in error && error.overloaded === true
  return !overloaded && ('retryable' in error ? error.retryable === true : false)
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
  const { id, restaurant_id, table_id, opened_at, version } = session
  const { currency, timezone, settings } = restaurant
  const pass_required = settings.daily_pass === 'on'
  return { id, restaurant_id, table_id, opened_at, version, currency, timezone, pass_required }
}

export function memberFacts(member: MemberRow): MemberFacts {
  const { id, nickname, is_host, allergies, pass_accepted_at } = member
  return { id, nickname, is_host, allergies, pass_ok: pass_accepted_at !== null }
}
