import type { Once } from '../platform/ctx.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import type { Guest, GuestEdit } from './schema.ts'
import { columnsOf, writeGuest } from './write.ts'

/** Edits what is named; `seen` is the version of an If-Match. What changes nothing leaves the version as it is. */
export async function changeGuest(
  ctx: TenantCtx,
  id: string,
  input: GuestEdit,
  seen: number | null,
  once: Once,
): Promise<Result<Guest>> {
  const { version, ...edit } = input
  return writeGuest(ctx, 'change_guest', { id, version: version ?? seen, fields: columnsOf(ctx, edit) }, once)
}
