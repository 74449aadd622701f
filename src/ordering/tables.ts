import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { editTable } from '../restaurants/room.ts'
import type { Table } from '../restaurants/schema.ts'
import { askTable } from './at-table.ts'

/** Takes a table out of use, or back into it, and tells the phones that sit there at once. */
export async function switchTable(
  ctx: TenantCtx,
  id: string,
  enabled: boolean,
  if_match: number | null,
  once: Once,
): Promise<Result<Table>> {
  const done = await editTable(ctx, id, { enabled }, if_match, once)
  const at = { restaurant_id: ctx.restaurant.id, table_id: id }
  await askTable(ctx, at, (table) => table.notice(enabled ? 'table_enabled' : 'table_disabled'))
  return done
}
