import * as z from 'zod'
import { announceItem } from '../ordering/announce.ts'
import type { Once } from '../platform/ctx.ts'
import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { causeOf } from '../platform/events.ts'
import { writtenRow } from './change-house.ts'
import { forgetMenu } from './menu-load.ts'
import { MenuItem, type MenuItemEdit } from './menu-schema.ts'
import { callPatchMenuItem } from './queries.ts'
import { withoutUndefined } from './room-rules.ts'

/** The version that the menu got by it; null where nothing changed. */
const Changed = z.object({ menu_version: z.int().nullable() })

/**
 * R42. The kitchen's switch (86), how many are left, whether it is on the menu at all. Every phone at a table is told.
 * 404 for what is not on the menu; 409 `stale_version` with the item as it is.
 */
export async function editMenuItem(
  ctx: TenantCtx,
  id: string,
  edit: MenuItemEdit,
  if_match: number | null,
  once: Once,
): Promise<Result<MenuItem>> {
  const { version, ...fields } = edit
  const change = {
    ...causeOf(ctx),
    restaurant_id: ctx.restaurant.id,
    id,
    ...once,
    version: version ?? if_match,
    fields: withoutUndefined(fields),
  }
  const answer = await withRetry(() => callPatchMenuItem(ctx.db, change), ctx.request_id)
  const item = writtenRow(answer, MenuItem)
  const { menu_version } = Changed.parse(answer)
  if (menu_version !== null) {
    forgetMenu(ctx.restaurant.id)
    ctx.after(announceItem(ctx, ctx.restaurant, item, menu_version))
  }
  return { data: item }
}
