import type { Ctx } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import { log } from '../platform/log.ts'
import type { Menu, MenuItem } from '../restaurants/menu-schema.ts'
import { selectOpenTables } from './announce-queries.ts'
import type { TableSessionStub } from './object.ts'
import type { NoticeCode } from './schema.ts'

type Announcer = Pick<Ctx, 'db' | 'table' | 'request_id'>

/** An item as it is now, to every table where somebody sits. Never throws: the change itself is done. */
export async function announceItem(
  ctx: Announcer,
  restaurant: { id: string },
  item: MenuItem,
  menu_version?: number,
): Promise<void> {
  const change = menu_version === undefined ? { item } : { item, menu_version }
  await atOpenTables(ctx, restaurant.id, (table) => table.menuChanged(change))
}

/** As `announceItem`, of a menu that was replaced. */
export async function announceMenu(ctx: Announcer, restaurant: { id: string }, menu: Menu): Promise<void> {
  await atOpenTables(ctx, restaurant.id, (table) => table.setMenu(menu))
}

/** Said to every phone of the house. */
export async function announceNotice(ctx: Announcer, restaurant: { id: string }, code: NoticeCode): Promise<void> {
  await atOpenTables(ctx, restaurant.id, (table) => table.notice(code))
}

async function atOpenTables(
  ctx: Announcer,
  restaurantId: string,
  tell: (table: TableSessionStub) => Promise<void>,
): Promise<void> {
  try {
    const tables = await withRetry(() => selectOpenTables(ctx.db, restaurantId), ctx.request_id)
    const told = await Promise.allSettled(tables.map((id) => tell(ctx.table(restaurantId, id))))
    const failed = told.filter((one) => one.status === 'rejected').length
    if (failed > 0) log('warn', 'announce_failed', { request_id: ctx.request_id, tables: tables.length, failed })
  } catch (error) {
    log('warn', 'announce_failed', { request_id: ctx.request_id, reason: String(error) })
  }
}
